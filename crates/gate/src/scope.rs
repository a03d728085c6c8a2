//! What may be done where: actions, places and scopes.
//!
//! A scope is written `action:place`, and a place `*`, `database` or `database/object`: `read:web`, `admin:*`,
//! `read:web/shop.example`. The place is never optional: "everywhere" is said with `*`. A grant is a place alone: the role
//! says which actions, the grant says where. Which actions exist, and how an object is spelt, is the product's business
//! (see [`crate::Vocabulary`]); the four actions named here are those that the constructors of [`crate::Policy`] need.

use std::fmt;
use std::sync::Arc;

/// Longest database name in a scope.
const DATABASE_NAME_MAX: usize = 63;
/// Longest text that is looked at as the name of an object, in bytes.
pub(crate) const OBJECT_NAME_BYTES_MAX: usize = 1_024;

/// A kind of act, such as `read`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Action(&'static str);

impl Action {
    /// Seeing what is there.
    pub const READ: Self = Self("read");
    /// Asking in the warehouse's own language.
    pub const QUERY: Self = Self("query");
    /// Changing what is there.
    pub const WRITE: Self = Self("write");
    /// Everything, users and keys included.
    pub const ADMIN: Self = Self("admin");

    /// An action of the product's own.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// Its written form.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// Where something may be done.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Every database, those to come included.
    Everywhere,
    /// One database by its name, with everything in it.
    Database(Arc<str>),
    /// One object in one database, both by their canonical names.
    Object(Arc<str>, Arc<str>),
}

impl Place {
    /// Whether all of the other place lies in this one.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match other {
            Self::Everywhere => *self == Self::Everywhere,
            Self::Database(database) => self.covers_database(database),
            Self::Object(database, object) => self.covers_object(database, object),
        }
    }

    /// What lies in both places; of two that share anything, one lies in the other.
    #[must_use]
    pub fn shared_with(&self, other: &Self) -> Option<Self> {
        if self.covers(other) {
            Some(other.clone())
        } else {
            other.covers(self).then(|| self.clone())
        }
    }

    pub(crate) fn covers_database(&self, name: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Database(database) => &**database == name,
            Self::Object(..) => false,
        }
    }

    pub(crate) fn covers_object(&self, database: &str, object: &str) -> bool {
        match self {
            Self::Object(own, name) => &**own == database && &**name == object,
            Self::Everywhere | Self::Database(_) => self.covers_database(database),
        }
    }

    /// Whether it has anything to do with that database.
    pub(crate) fn touches(&self, name: &str) -> bool {
        match self {
            Self::Object(database, _) => &**database == name,
            Self::Everywhere | Self::Database(_) => self.covers_database(name),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere => formatter.write_str("*"),
            Self::Database(database) => formatter.write_str(database),
            Self::Object(database, object) => write!(formatter, "{database}/{object}"),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

impl serde::Serialize for Place {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Whether a database can have that name: letters, digits, `_` and `-`.
pub(crate) fn is_database_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=DATABASE_NAME_MAX).contains(&text.len()) && text.bytes().all(plain)
}

/// An action at a place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// What may be done.
    pub action: Action,
    /// Where.
    pub place: Place,
}

impl Scope {
    /// An action on one database; what is not a database name stands for no database at all.
    #[must_use]
    pub fn on(action: Action, database: &str) -> Self {
        Self { action, place: Place::Database(Arc::from(database)) }
    }

    /// An action on one object of a database, by its canonical name; any other name stands for no object at all.
    #[must_use]
    pub fn of(action: Action, database: &str, object: &str) -> Self {
        Self { action, place: Place::Object(Arc::from(database), Arc::from(object)) }
    }

    /// An action on every database.
    #[must_use]
    pub const fn everywhere(action: Action) -> Self {
        Self { action, place: Place::Everywhere }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.action, self.place)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

impl serde::Serialize for Scope {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
