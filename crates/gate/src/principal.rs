//! Who is asking.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::key::KeyId;
use crate::policy::{Reach, Required};
use crate::requirement::Requirements;
use crate::scope::{Place, Scope};
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
        /// What the role may do where the grants say.
        scopes: Arc<[Scope]>,
        /// The session that carried the request.
        session: SessionId,
        /// What it must do before anything else.
        required: Requirements,
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

    /// Whether it may do what a route asks, on the object it names if it names one.
    pub(crate) fn right(
        &self,
        vocabulary: &Vocabulary,
        wanted: Required,
        reach: Reach,
        object: Option<&str>,
    ) -> Right {
        let scopes = match self {
            Self::Operator => return Right::Held,
            Self::Anonymous => return Right::Lacking,
            Self::User { scopes, .. } | Self::Key { scopes, .. } => scopes,
        };
        let held = |there: &dyn Fn(&Place) -> bool| {
            scopes
                .iter()
                .any(|held| there(&held.place) && vocabulary.includes(held.action, wanted.action))
        };
        let Some(database) = wanted.database else {
            return Right::of(held(&|place| *place == Place::Everywhere));
        };
        if held(&|place| place.covers_database(database)) {
            return Right::Held;
        }
        match reach {
            Reach::Whole => Right::Lacking,
            Reach::Listed => Right::of(held(&|place| place.touches(database))),
            Reach::Object(_) => {
                let name = object.and_then(|text| vocabulary.object(text));
                let reached = |place: &Place| {
                    name.as_deref().is_some_and(|name| place.covers_object(database, name))
                };
                let somewhere =
                    |test: &dyn Fn(&Place) -> bool| scopes.iter().any(|scope| test(&scope.place));
                if held(&reached) {
                    Right::Held
                } else if !somewhere(&reached) && somewhere(&|place| place.touches(database)) {
                    Right::Hidden
                } else {
                    Right::Lacking
                }
            }
        }
    }

    /// What it must do before anything else.
    #[must_use]
    pub const fn required(&self) -> Requirements {
        match self {
            Self::User { required, .. } => *required,
            Self::Anonymous | Self::Key { .. } | Self::Operator => Requirements::NONE,
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

/// What the gate finds when it looks for a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    /// It is there.
    Held,
    /// It is not there, and the caller may know of the thing.
    Lacking,
    /// It is not there, and the caller may not know whether the thing is. Whether it is was not looked at.
    Hidden,
}

impl Right {
    const fn of(held: bool) -> Self {
        if held { Self::Held } else { Self::Lacking }
    }
}
