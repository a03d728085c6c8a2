//! One order: from the names to a chain and a key that were looked at.

use std::io;
use std::time::Duration;

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Identifier, NewOrder, Order, OrderStatus, Problem,
    RetryPolicy,
};
use jiff::Timestamp;
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use zeroize::Zeroizing;

use crate::challenges::{Challenges, Proof};
use crate::held::{Held, joined};

/// How long the authority may take to look at proofs, and to make the certificate.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));
/// Longest text of an authority that gets into our log.
const TEXT_CHARS_MAX: usize = 300;
const NO_ACCOUNT: &str = "accountDoesNotExist";

/// Why there is no new certificate.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The authority says no.
    #[error("the authority refuses ({kind}): {detail}")]
    Refused {
        /// Which kind of refusal (RFC 8555 6.7).
        kind: String,
        /// In its words, shortened.
        detail: String,
    },
    /// The authority did not get the proof of a name.
    #[error("the authority could not verify {name} ({kind}): {detail}")]
    Unverified {
        /// The name.
        name: String,
        /// Why not.
        kind: String,
        /// In its words, shortened.
        detail: String,
    },
    /// The authority wants a proof that we do not give.
    #[error("the authority does not offer tls-alpn-01 for {0}")]
    NoChallenge(String),
    /// The authority asks about what was not ordered.
    #[error("the authority asks for the proof of another name")]
    ForeignName,
    /// The authority's digest is none.
    #[error("the digest to prove is not one of SHA-256")]
    Digest,
    /// What the authority made is not for the names, not of the key, or not valid.
    #[error("the authority's certificate is not the one that was ordered")]
    Wrong,
    /// The authority cannot be reached, or does not speak ACME.
    #[error("the order failed")]
    Acme(#[source] instant_acme::Error),
    /// The authority took too long.
    #[error("the order took too long")]
    Late,
    /// A certificate or a request for one cannot be made.
    #[error("cannot make a certificate")]
    Making(#[source] rcgen::Error),
    /// A proof cannot be given over TLS.
    #[error("cannot set up TLS")]
    Tls(#[source] rustls::Error),
    /// The folder cannot be read or written.
    #[error("cannot use the folder of certificates")]
    Files(#[from] io::Error),
    /// What is kept of the account cannot be read.
    #[error("what is kept of the account cannot be read")]
    Account(#[from] serde_json::Error),
}

impl From<instant_acme::Error> for OrderError {
    fn from(error: instant_acme::Error) -> Self {
        match error {
            instant_acme::Error::Api(problem) => {
                let (kind, detail) = words(&problem);
                Self::Refused { kind, detail }
            }
            instant_acme::Error::Timeout(_) => Self::Late,
            other => Self::Acme(other),
        }
    }
}

impl OrderError {
    /// Whether the authority does not know the account we have.
    pub(crate) fn is_no_account(&self) -> bool {
        matches!(self, Self::Refused { kind, .. } if kind == NO_ACCOUNT)
    }
}

/// Orders a certificate; gives the content of the file.
pub(crate) async fn place(
    account: &Account,
    names: &[String],
    challenges: &Challenges,
    now: Timestamp,
) -> Result<Zeroizing<Vec<u8>>, OrderError> {
    let identifiers: Vec<_> = names.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
    let proofs = prove(&mut order, names, challenges).await?;
    // One that was proved before needs no proof, and is ready at once.
    if order.state().status == OrderStatus::Pending {
        let ready = order.poll_ready(&PATIENCE).await;
        if !matches!(ready, Ok(OrderStatus::Ready)) {
            return Err(unverified(&mut order, ready.err()).await);
        }
    }
    drop(proofs);
    let mut params = CertificateParams::new(names).map_err(OrderError::Making)?;
    params.distinguished_name = DistinguishedName::new();
    let key = KeyPair::generate().map_err(OrderError::Making)?;
    let request = params.serialize_request(&key).map_err(OrderError::Making)?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&PATIENCE).await?;
    let made = joined(&chain, &key);
    match Held::of(&made) {
        Some(held) if held.is_valid(names, now) => Ok(made),
        _ => Err(OrderError::Wrong),
    }
}

/// Gives the proofs that the order asks for, for as long as they are held.
async fn prove(
    order: &mut Order,
    names: &[String],
    challenges: &Challenges,
) -> Result<Vec<Proof>, OrderError> {
    let mut proofs = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status != AuthorizationStatus::Pending {
            continue;
        }
        let name = authorization.identifier().to_string();
        if !names.contains(&name) {
            return Err(OrderError::ForeignName);
        }
        let challenge = authorization.challenge(ChallengeType::TlsAlpn01);
        let mut challenge = challenge.ok_or_else(|| OrderError::NoChallenge(name.clone()))?;
        proofs.push(challenges.prove(&name, challenge.key_authorization().digest().as_ref())?);
        challenge.set_ready().await?;
    }
    Ok(proofs)
}

/// Which name failed, and why; the order itself does not always say.
async fn unverified(order: &mut Order, error: Option<instant_acme::Error>) -> OrderError {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let name = authorization.identifier().to_string();
        let Ok(state) = authorization.refresh().await else { break };
        let problem = state.challenges.iter().find_map(|challenge| challenge.error.as_ref());
        if let Some((kind, detail)) = problem.map(words) {
            return OrderError::Unverified { name, kind, detail };
        }
    }
    error.map_or(OrderError::Late, OrderError::from)
}

/// The kind of a problem and what it says, fit for a log: short, and without control characters.
fn words(problem: &Problem) -> (String, String) {
    let kind = problem.r#type.as_deref().unwrap_or("unknown");
    let kind = kind.rsplit(':').next().unwrap_or(kind);
    (plain(kind), plain(problem.detail.as_deref().unwrap_or_default()))
}

fn plain(text: &str) -> String {
    let visible = |character: char| if character.is_control() { ' ' } else { character };
    text.chars().map(visible).take(TEXT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: Option<&str>, detail: &str) -> Problem {
        let value = serde_json::json!({"type": kind, "detail": detail, "status": 400});
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_an_authority_says_is_shortened_and_made_plain() {
        let long = "x".repeat(TEXT_CHARS_MAX + 1);
        let (kind, detail) = words(&problem(Some("urn:ietf:params:acme:error:malformed"), &long));
        assert_eq!((kind.as_str(), detail.len()), ("malformed", TEXT_CHARS_MAX));
        let (kind, detail) = words(&problem(None, "a\nb\u{1b}[31mc"));
        assert_eq!((kind.as_str(), detail.as_str()), ("unknown", "a b [31mc"));
    }

    #[test]
    fn an_account_that_is_gone_is_told_from_other_refusals() {
        let error = |kind: &str| {
            let kind = format!("urn:ietf:params:acme:error:{kind}");
            OrderError::from(instant_acme::Error::Api(problem(Some(&kind), "no")))
        };
        assert!(error(NO_ACCOUNT).is_no_account());
        assert!(!error("rateLimited").is_no_account());
    }
}
