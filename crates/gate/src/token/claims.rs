//! What an access token says: every claim once, each of one type, none besides.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::TokenId;
use crate::principal::{SessionId, UserId};

/// The claims as they are written. A missing, repeated or unknown one, or one of another JSON type, is an error of the reader.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) iss: String,
    pub(super) aud: String,
    pub(super) sub: String,
    pub(super) iat: u64,
    pub(super) nbf: u64,
    pub(super) exp: u64,
    pub(super) jti: String,
    pub(super) sid: String,
    pub(super) auth_time: u64,
    pub(super) amr: Vec<String>,
    pub(super) scope: String,
    pub(super) epoch: u64,
    pub(super) era: u64,
}

/// How often everything of a user, or of everybody, was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epochs {
    /// The server's.
    pub era: u64,
    /// The user's.
    pub user: u64,
}

/// What an access token says, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims {
    /// Whose it is.
    pub(crate) user: UserId,
    /// When it was made; it is not good before.
    pub(crate) made_at: Timestamp,
    /// When it ends.
    pub(crate) expires_at: Timestamp,
    /// Its own id.
    pub(crate) id: TokenId,
    /// Its family.
    pub(crate) family: SessionId,
    /// When the user proved who they are.
    pub(crate) authenticated_at: Timestamp,
    /// By what they proved it.
    pub(crate) factors: Vec<String>,
    /// What it is for, as written.
    pub(crate) scopes: Vec<String>,
    /// Which epochs it was made in.
    pub(crate) epochs: Epochs,
}

impl Claims {
    pub(super) fn write(&self, issuer: &str) -> Written {
        let seconds = |at: Timestamp| u64::try_from(at.as_second()).unwrap_or(0);
        Written {
            iss: issuer.to_owned(),
            aud: issuer.to_owned(),
            sub: self.user.to_string(),
            iat: seconds(self.made_at),
            nbf: seconds(self.made_at),
            exp: seconds(self.expires_at),
            jti: self.id.0.to_string(),
            sid: self.family.to_string(),
            auth_time: seconds(self.authenticated_at),
            amr: self.factors.clone(),
            scope: self.scopes.join(" "),
            epoch: self.epochs.user,
            era: self.epochs.era,
        }
    }

    /// Reads what is written; none when a value is not in its one spelling.
    pub(super) fn read(written: Written) -> Option<Self> {
        let time = |seconds: u64| Timestamp::from_second(i64::try_from(seconds).ok()?).ok();
        let (made_at, expires_at) = (time(written.iat)?, time(written.exp)?);
        let ordered = written.nbf == written.iat && made_at < expires_at;
        let scopes: Vec<String> = written.scope.split(' ').map(str::to_owned).collect();
        ordered.then_some(Self {
            user: UserId(id(&written.sub)?),
            made_at,
            expires_at,
            id: TokenId(id(&written.jti)?),
            family: SessionId(id(&written.sid)?),
            authenticated_at: time(written.auth_time)?,
            factors: written.amr,
            scopes,
            epochs: Epochs { era: written.era, user: written.epoch },
        })
    }
}

/// An id in the one spelling we write: others would be other tokens with the same meaning.
fn id(text: &str) -> Option<Uuid> {
    let id: Uuid = text.parse().ok()?;
    (id.to_string() == text).then_some(id)
}
