//! Who is asking.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::key::KeyId;
use crate::policy::Required;
use crate::scope::Scope;
use crate::vocabulary::Vocabulary;

/// A user's identity, stable for the life of the account.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct UserId(#[schemars(with = "String")] pub Uuid);

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A session as its owner sees it in a list; it opens nothing.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct SessionId(#[schemars(with = "String")] pub Uuid);

impl fmt::Display for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Who is asking, proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Nobody in particular.
    Anonymous,
    /// A person behind a session.
    User {
        /// The account.
        id: UserId,
        /// Its canonical name.
        name: Arc<str>,
        /// Its role.
        role: Arc<str>,
        /// What the role stands for.
        scopes: Arc<[Scope]>,
        /// The session that carried the request.
        session: SessionId,
    },
    /// A program behind an API key.
    Key {
        /// The key's public id.
        id: KeyId,
        /// What its maker called it.
        name: Arc<str>,
        /// What it may do: never more than its owner.
        scopes: Arc<[Scope]>,
        /// Who made it; none for keys made by the operator.
        owner: Option<UserId>,
    },
    /// Whoever controls the machine: the local admin socket, the command line.
    Operator,
}

impl Principal {
    /// What it may do; the operator's rights are not a list.
    #[must_use]
    pub fn scopes(&self) -> &[Scope] {
        match self {
            Self::User { scopes, .. } | Self::Key { scopes, .. } => scopes,
            Self::Anonymous | Self::Operator => &[],
        }
    }

    /// Whether it may do that, by those tables.
    #[must_use]
    pub fn allows(&self, vocabulary: &Vocabulary, wanted: &Scope) -> bool {
        match self {
            Self::Operator => true,
            Self::Anonymous => false,
            Self::User { scopes, .. } | Self::Key { scopes, .. } => {
                vocabulary.any_satisfies(scopes, wanted)
            }
        }
    }

    /// Whether it may do what a route asks.
    pub(crate) fn allows_required(&self, vocabulary: &Vocabulary, wanted: Required) -> bool {
        match self {
            Self::Operator => true,
            Self::Anonymous => false,
            Self::User { scopes, .. } | Self::Key { scopes, .. } => scopes
                .iter()
                .any(|held| vocabulary.satisfies_required(held, wanted.action, wanted.database)),
        }
    }

    /// The account behind it, if there is one.
    #[must_use]
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(*id),
            Self::Key { owner, .. } => *owner,
            Self::Anonymous | Self::Operator => None,
        }
    }

    /// Whether it proved anything.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        !matches!(self, Self::Anonymous)
    }

    /// A short label for logs and audit: kind and id, never a secret.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::User { id, .. } => format!("user:{id}"),
            Self::Key { id, .. } => format!("key:{id}"),
            Self::Operator => "operator".to_owned(),
        }
    }
}
