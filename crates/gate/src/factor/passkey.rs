//! Passkeys (`WebAuthn`), as second factor and as the only one.
//!
//! The two ceremonies are a library's. Ours is what surrounds them: under which name and origin the server is known, that the
//! authenticator must verify its user, that a challenge is used once, whose a credential is, and that its counter moves on.
//!
//! # Failure
//! `WebAuthn` needs a domain name and, but on this machine itself, TLS. A server that is reached by an address or unencrypted has
//! no passkeys and says so ([`PasskeySite`]).

use std::fmt;

use passki::{
    AuthenticationCredential, AuthenticationOptions, AuthenticationState, Passki, PasskiError,
    RegistrationCredential, RegistrationOptions, RegistrationState, ResidentKeyRequirement,
    StoredPasskey, UserVerificationRequirement,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::{Host, Url};
use uuid::Uuid;

use crate::principal::UserId;
use crate::random::{self, Random, RandomError};
use crate::store::factors::PasskeyRecord;

/// Longest name an authenticator may give a credential (`WebAuthn`, section 4).
pub const CREDENTIAL_ID_BYTES_MAX: usize = 1023;
/// How long a browser may wait for its user.
const TIMEOUT_MS: u64 = 120_000;
/// How the product is called in a browser's question.
const PRODUCT: &str = "Shelduck";

/// A passkey as its owner sees it in a list; it opens nothing.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct PasskeyId(#[schemars(with = "String")] pub Uuid);

impl fmt::Display for PasskeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What a browser answers to a ceremony: the JSON form of its `PublicKeyCredential`.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct PasskeyAnswer(Value);

impl PasskeyAnswer {
    /// Takes what the browser sent.
    #[must_use]
    pub const fn new(json: Value) -> Self {
        Self(json)
    }

    /// Which credential it is of; none when that cannot be read.
    pub(crate) fn credential_id(&self) -> Option<Vec<u8>> {
        let id = Passki::base64_decode(self.0.get("rawId")?.as_str()?).ok()?;
        (id.len() <= CREDENTIAL_ID_BYTES_MAX).then_some(id)
    }
}

impl fmt::Debug for PasskeyAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasskeyAnswer(hidden)")
    }
}

impl JsonSchema for PasskeyAnswer {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PasskeyAnswer".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "description": "What the browser's `credential.toJSON()` gives",
        })
    }
}

/// What is put before a browser: the JSON form of its creation or request options.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct PasskeyOptions(Value);

impl JsonSchema for PasskeyOptions {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PasskeyOptions".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "description": "What `PublicKeyCredential.parseCreationOptionsFromJSON` and `.parseRequestOptionsFromJSON` take",
        })
    }
}

/// Whether passkeys work here, and where a page must have been opened from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasskeySite {
    /// They work in pages of this origin.
    Ready {
        /// The domain that passkeys are bound to.
        domain: String,
        /// The origin as browsers write it.
        origin: String,
    },
    /// They do not.
    Unavailable(PasskeyObstacle),
}

/// Why passkeys do not work here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PasskeyObstacle {
    /// The server does not know its public address.
    NoPublicUrl,
    /// The public address has no domain name, which passkeys are bound to.
    NoDomain,
    /// The public address is not encrypted.
    NotEncrypted,
}

impl PasskeySite {
    /// What the public address allows.
    ///
    /// A loopback address stands for `localhost`, the one name a passkey can have on this machine: pages must then be opened
    /// there.
    #[must_use]
    pub fn of(public_url: Option<&str>) -> Self {
        let Some(mut url) = public_url.and_then(|text| Url::parse(text).ok()) else {
            return Self::Unavailable(PasskeyObstacle::NoPublicUrl);
        };
        let loopback = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            _ => false,
        };
        if loopback && url.set_host(Some("localhost")).is_err() {
            return Self::Unavailable(PasskeyObstacle::NoDomain);
        }
        let Some(Host::Domain(domain)) = url.host() else {
            return Self::Unavailable(PasskeyObstacle::NoDomain);
        };
        let here = domain == "localhost" || domain.ends_with(".localhost");
        if url.scheme() != "https" && !here {
            return Self::Unavailable(PasskeyObstacle::NotEncrypted);
        }
        Self::Ready { domain: domain.to_owned(), origin: url.origin().ascii_serialization() }
    }
}

/// A ceremony that did not come to an end.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// There are no passkeys on this server.
    #[error("passkeys do not work at this server's address")]
    Unavailable(PasskeyObstacle),
    /// The answer proves nothing.
    #[error("the passkey's answer proves nothing")]
    Refused(#[source] PasskiError),
    /// The authenticator's counter went back: there may be two of it.
    #[error("the passkey's counter went back")]
    Cloned,
    /// What is stored of the passkey, or the options, cannot be written or read.
    #[error("a passkey cannot be written or read")]
    Unreadable(#[source] serde_json::Error),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl From<PasskiError> for PasskeyError {
    fn from(error: PasskiError) -> Self {
        match error {
            PasskiError::CounterRegression => Self::Cloned,
            error => Self::Refused(error),
        }
    }
}

/// A credential that has just been made.
pub(crate) struct NewCredential {
    pub(crate) id: Vec<u8>,
    pub(crate) json: String,
    pub(crate) counter: u32,
}

/// The server as authenticators know it.
pub(crate) struct Passkeys {
    party: Result<Passki, PasskeyObstacle>,
}

impl Passkeys {
    pub(crate) fn new(site: &PasskeySite) -> Self {
        let party = match site {
            PasskeySite::Ready { domain, origin } => Ok(Passki::new(domain, &[origin], PRODUCT)),
            PasskeySite::Unavailable(obstacle) => Err(*obstacle),
        };
        Self { party }
    }

    /// Whether there are any.
    pub(crate) const fn work(&self) -> bool {
        self.party.is_ok()
    }

    fn party(&self) -> Result<&Passki, PasskeyError> {
        self.party.as_ref().map_err(|obstacle| PasskeyError::Unavailable(*obstacle))
    }

    /// Asks a browser to make a passkey for that user.
    pub(crate) fn begin_enrolment(
        &self,
        user: (UserId, &str),
        known: &[PasskeyRecord],
        random: &dyn Random,
    ) -> Result<(PasskeyOptions, RegistrationState), PasskeyError> {
        let known = known.iter().map(stored).collect::<Result<Vec<_>, _>>()?;
        let mut options = RegistrationOptions::default();
        options.timeout = TIMEOUT_MS;
        options.resident_key = ResidentKeyRequirement::Preferred;
        options.user_verification = UserVerificationRequirement::Required;
        options.exclude_credentials = Some(&known);
        let (id, name) = user;
        let begun =
            self.party()?.start_passkey_registration(id.0.as_bytes(), name, name, options)?;
        let (mut asked, mut state) = begun;
        (asked.challenge, state.challenge) = challenge(random)?;
        Ok((written(&asked)?, state))
    }

    /// The credential the browser made.
    pub(crate) fn finish_enrolment(
        &self,
        answer: &PasskeyAnswer,
        state: &RegistrationState,
    ) -> Result<NewCredential, PasskeyError> {
        let credential = RegistrationCredential::deserialize(&answer.0);
        let credential = credential.map_err(PasskiError::from)?;
        let made = self.party()?.finish_passkey_registration(&credential, state)?;
        if made.credential_id.len() > CREDENTIAL_ID_BYTES_MAX {
            return Err(PasskiError::InvalidAuthenticatorData.into());
        }
        let json = serde_json::to_string(&made).map_err(PasskeyError::Unreadable)?;
        Ok(NewCredential { id: made.credential_id, json, counter: made.counter })
    }

    /// Asks a browser to use one of those passkeys; without any, whichever it has of ours.
    pub(crate) fn begin_proof(
        &self,
        known: &[PasskeyRecord],
        random: &dyn Random,
    ) -> Result<(PasskeyOptions, AuthenticationState), PasskeyError> {
        let known = known.iter().map(stored).collect::<Result<Vec<_>, _>>()?;
        let mut options = AuthenticationOptions::default();
        options.timeout = TIMEOUT_MS;
        options.user_verification = UserVerificationRequirement::Required;
        let (mut asked, mut state) = self.party()?.start_passkey_authentication(&known, options)?;
        (asked.challenge, state.challenge) = challenge(random)?;
        Ok((written(&asked)?, state))
    }

    /// The counter of the passkey that proved itself.
    pub(crate) fn finish_proof(
        &self,
        answer: &PasskeyAnswer,
        state: &AuthenticationState,
        passkey: &PasskeyRecord,
    ) -> Result<u32, PasskeyError> {
        let credential = AuthenticationCredential::deserialize(&answer.0);
        let credential = credential.map_err(PasskiError::from)?;
        let proved =
            self.party()?.finish_passkey_authentication(&credential, state, &stored(passkey)?)?;
        // An authenticator that names its user names this one; where nobody said before who it is, it must name one
        // (WebAuthn, section 7.2, step 6).
        let named = proved.user_handle.filter(|handle| !handle.is_empty());
        let known_before = !state.allowed_credentials.is_empty();
        if named.map_or(known_before, |handle| handle == passkey.user.0.as_bytes()) {
            Ok(proved.counter)
        } else {
            Err(PasskiError::CredentialNotAllowed.into())
        }
    }
}

impl fmt::Debug for Passkeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Passkeys").finish_non_exhaustive()
    }
}

/// What the library needs of a passkey, with the counter as the store has it.
fn stored(passkey: &PasskeyRecord) -> Result<StoredPasskey, PasskeyError> {
    let mut stored: StoredPasskey =
        serde_json::from_str(&passkey.credential).map_err(PasskeyError::Unreadable)?;
    stored.counter = passkey.counter;
    Ok(stored)
}

/// A challenge from the gate's own randomness, as written and as compared.
fn challenge(random: &dyn Random) -> Result<(String, Vec<u8>), RandomError> {
    let bytes = random::array::<32>(random)?;
    Ok((Passki::base64_encode(&bytes), bytes.to_vec()))
}

fn written(options: &impl Serialize) -> Result<PasskeyOptions, PasskeyError> {
    serde_json::to_value(options).map(PasskeyOptions).map_err(PasskeyError::Unreadable)
}

#[cfg(test)]
mod tests;
