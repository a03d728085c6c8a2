//! Foreign SQL: read by the engine's own parser, looked at node by node, and
//! only then allowed to run.
//!
//! A text becomes [`Admitted`] when the engine's parser sees exactly one SELECT in it, every node of its tree is of a kind that is
//! known to only read, every function is on the list ([`functions`]), and every table is one of a database that the caller may
//! read. Whatever is not known is refused. Only an [`Admitted`] can be run ([`Warehouse::answer`]), in a read-only transaction on a
//! connection of its own that is thrown away afterwards.
//!
//! # Invariants
//! - What is looked at is what runs: the same parser reads the same text both times.
//! - A table of a database without a grant and a table that does not exist are refused in the same words.
//! - A name counts as a common table expression only where the engine would take it for one.
//!
//! # Not here
//! Who has which grants, and how often somebody may ask: the gate. Memory that one function call can take (`concat` of `concat`
//! of ...) is the engine's matter: SQL is for those who are trusted with the machine's time.

mod functions;
mod tree;

use std::collections::BTreeSet;
use std::sync::PoisonError;

use crate::engine::Warehouse;
use crate::error::ReadError;

/// The longest text of a statement, in bytes.
pub const SQL_BYTES_MAX: usize = 256 << 10;
/// The warehouse's own table in each database.
const OWN_TABLE: &str = "warehouse_state";

/// The databases that somebody's SQL may read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants(BTreeSet<String>);

impl Grants {
    /// Grants for these databases.
    pub fn of<T: Into<String>>(databases: impl IntoIterator<Item = T>) -> Self {
        Self(databases.into_iter().map(Into::into).collect())
    }

    /// The databases, by name.
    pub fn databases(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    fn shows(&self, name: &TableName) -> bool {
        self.0.contains(&name.database) && name.table != OWN_TABLE
    }

    /// The granted database of this name, whose letters may be of either case.
    fn find(&self, name: &str) -> Option<&str> {
        self.databases().find(|database| database.eq_ignore_ascii_case(name))
    }
}

/// A statement that may run. Only [`Warehouse::admit`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    sql: String,
    database: String,
    tables: Vec<TableName>,
}

impl Admitted {
    /// The statement's text.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The database in which names without one are looked up.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The tables it reads, each once.
    pub fn tables(&self) -> &[TableName] {
        &self.tables
    }
}

/// A table by its full name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableName {
    /// The database.
    pub database: String,
    /// The table.
    pub table: String,
}

/// Why a statement may not run. The words are for whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than [`SQL_BYTES_MAX`].
    #[error("The statement is longer than {SQL_BYTES_MAX} bytes.")]
    TooLong,
    /// Nested deeper than the tree may be.
    #[error("The statement is nested too deeply. Split long chains of operators, or use WITH.")]
    TooDeep,
    /// The parser does not understand it; its own words follow.
    #[error("{0}")]
    Syntax(String),
    /// None, or more than one.
    #[error("Send one statement at a time; this text has {0}.")]
    NotOne(usize),
    /// Something else than a SELECT.
    #[error("Only SELECT can be asked here: nothing can be changed, and no setting.")]
    NotSelect,
    /// A part of a SELECT that is not known to be harmless.
    #[error("{0} cannot be used here.")]
    Node(String),
    /// A function that is not on the list.
    #[error("The function {0} cannot be used here.")]
    Function(String),
    /// A function on the list, used so that it could take all memory.
    #[error("{0}")]
    Shape(&'static str),
    /// No table of that name, or none the caller may see.
    #[error("There is no table {0}.")]
    NoTable(String),
    /// No database of that name, or none the caller may see.
    #[error("There is no database {0}.")]
    NoDatabase(String),
}

/// Why a statement was not admitted.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// It may not run.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be looked at.
    #[error("the statement could not be read")]
    Read(#[from] ReadError),
}

impl Warehouse {
    /// Decides whether a statement may run, on the calling thread. `database` is where names without one are looked up; when
    /// none is chosen, it is the first of the grants by name.
    ///
    /// # Errors
    /// [`AdmitError::Refused`] with words for whoever wrote it; [`AdmitError::Read`] when the engine is not open.
    pub fn admit(
        &self,
        sql: &str,
        database: Option<&str>,
        grants: &Grants,
    ) -> Result<Admitted, AdmitError> {
        if sql.len() > SQL_BYTES_MAX {
            return Err(Refusal::TooLong.into());
        }
        if sql.contains('\0') {
            return Err(Refusal::Syntax("The statement has a zero byte in it.".to_owned()).into());
        }
        let database = default_database(database, grants)?;
        let tree = self.parse(sql)?;
        let named = tree::walk(&tree)?;
        let tables = self.resolve(named, database, grants)?;
        Ok(Admitted { sql: sql.to_owned(), database: database.to_owned(), tables })
    }

    /// The tables that the grants show, sorted.
    pub fn tables(&self, grants: &Grants) -> Vec<TableName> {
        let catalogue = self.shared.catalogue.read().unwrap_or_else(PoisonError::into_inner);
        catalogue.iter().filter(|name| grants.shows(name)).cloned().collect()
    }

    /// The tree of the text, as the engine's parser sees it.
    fn parse(&self, sql: &str) -> Result<serde_json::Value, AdmitError> {
        let shared = &self.shared;
        let _running = shared.running.read().unwrap_or_else(PoisonError::into_inner);
        let idle = shared.parsers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let parser = match idle {
            Some(parser) => parser,
            None => shared.connect().ok_or(ReadError::Closed)?.map_err(ReadError::Engine)?,
        };
        // The serialiser complains of what it cannot write down by failing.
        let text: String = parser
            .prepare_cached("SELECT json_serialize_sql(?::VARCHAR)::VARCHAR")
            .and_then(|mut statement| statement.query_row([sql], |row| row.get(0)))
            .map_err(|_| Refusal::NotSelect)?;
        shared.parsers.lock().unwrap_or_else(PoisonError::into_inner).push(parser);
        // The parser of the tree stops at a depth, which is the limit on nesting.
        Ok(serde_json::from_str(&text).map_err(|_| Refusal::TooDeep)?)
    }

    /// The tables behind the names, if the caller may see each of them.
    fn resolve(
        &self,
        named: BTreeSet<tree::Reference>,
        database: &str,
        grants: &Grants,
    ) -> Result<Vec<TableName>, Refusal> {
        let catalogue = self.shared.catalogue.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = BTreeSet::new();
        for reference in named {
            let there = reference.database(database).and_then(|database| {
                catalogue.iter().find(|name| {
                    grants.shows(name)
                        && name.database.eq_ignore_ascii_case(database)
                        && name.table.eq_ignore_ascii_case(&reference.table)
                })
            });
            let name = there.ok_or_else(|| Refusal::NoTable(reference.to_string()))?;
            found.insert(name.clone());
        }
        Ok(found.into_iter().collect())
    }
}

/// Where names without a database are looked up.
fn default_database<'a>(wanted: Option<&str>, grants: &'a Grants) -> Result<&'a str, Refusal> {
    match wanted {
        Some(name) => grants.find(name).ok_or_else(|| Refusal::NoDatabase(name.to_owned())),
        None => grants.databases().next().ok_or_else(|| Refusal::NoDatabase("to ask".to_owned())),
    }
}
