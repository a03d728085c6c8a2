//! What may be done to which database: actions and scopes.
//!
//! A scope is written `action:database`, `read:web` or `admin:*`. The database part is never optional: "all" is
//! said with `*`. Which actions exist is the product's business (see [`crate::Vocabulary`]); the four named here
//! are those that the constructors of [`crate::Policy`] need.

use std::fmt;
use std::sync::Arc;

/// Longest database name in a scope.
const DATABASE_NAME_MAX: usize = 63;

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

/// The database half of a scope.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Database {
    /// Every database, those to come included.
    All,
    /// One database by its name.
    One(Arc<str>),
}

impl Database {
    /// Reads `*` or a name of letters, digits, `_` and `-`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        let fits = (1..=DATABASE_NAME_MAX).contains(&text.len());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        (fits && text.bytes().all(plain)).then(|| Self::One(Arc::from(text)))
    }

    pub(crate) fn covers(&self, other: &str) -> bool {
        match self {
            Self::All => true,
            Self::One(name) => &**name == other,
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::All => "*",
            Self::One(name) => name,
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// An action on a database.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// What may be done.
    pub action: Action,
    /// To what.
    pub database: Database,
}

impl Scope {
    /// An action on one database; what is not a database name stands for no database at all.
    #[must_use]
    pub fn on(action: Action, database: &str) -> Self {
        Self { action, database: Database::One(Arc::from(database)) }
    }

    /// An action on every database.
    #[must_use]
    pub const fn everywhere(action: Action) -> Self {
        Self { action, database: Database::All }
    }

    /// Whether this scope's database half reaches all of the other's.
    #[must_use]
    pub fn reaches(&self, database: &Database) -> bool {
        match database {
            Database::All => self.database == Database::All,
            Database::One(name) => self.database.covers(name),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.action, self.database)
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
