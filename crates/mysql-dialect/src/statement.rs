//! What a statement is: a query for the engine, or a request of the session.

use std::thread;

use sqlparser::ast::{
    ContextModifier, Expr, Ident, KillType, ObjectName, Set, Statement as Tree,
    TransactionAccessMode, TransactionMode, Use,
};

use crate::{
    DialectError, Session,
    quote::{self, literal, plain},
    session::Scalar,
    show, tokens, translate,
};

/// A statement of a session.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// Nothing but comments.
    Nothing,
    /// A query for the engine.
    Query(Query),
    /// How a query would be run.
    Explain(Explained),
    /// Something to be listed.
    Show(Show),
    /// Variables to be set, in their order.
    Set(Vec<Assignment>),
    /// The character set of the connection.
    SetNames {
        /// The character set, in lower case; `None` for the default.
        charset: Option<String>,
        /// The collation, when it is said.
        collation: Option<String>,
    },
    /// The kind of the next transactions; nothing here depends on it but writing.
    SetTransaction,
    /// Another database.
    Use(String),
    /// A transaction begins; `read_write` when it says so itself.
    Begin {
        /// Whether it asks to write.
        read_write: bool,
    },
    /// A transaction ends and keeps its work, of which there is none.
    Commit,
    /// A transaction ends, or goes back to a savepoint.
    Rollback,
    /// A savepoint is set or given up.
    Savepoint,
    /// Another connection is to end, or its query.
    Kill(Kill),
}

/// A query in the engine's dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The SQL; parameters are `$1`, `$2`.
    pub sql: String,
}

/// What is to be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explained {
    /// The plan of a query.
    Query(Query),
    /// The columns of a table.
    Table(TableName),
}

/// A table, with its database when it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    /// The database.
    pub database: Option<String>,
    /// The table.
    pub table: String,
}

impl TableName {
    pub(crate) fn of(name: &ObjectName) -> Result<Self, DialectError> {
        match quote::parts(name).as_slice() {
            [table] => Ok(Self { database: None, table: table.clone() }),
            [database, table] => {
                Ok(Self { database: Some(database.clone()), table: table.clone() })
            }
            _ => Err(DialectError::unsupported("a name of three parts")),
        }
    }
}

/// Which connection, and what of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kill {
    /// The number of the connection.
    pub connection: u64,
    /// Whether only its query is to end.
    pub query_only: bool,
}

/// Whose variable is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Of this session.
    Session,
    /// Of the server.
    Global,
    /// The user's own, `@name`.
    User,
}

/// A variable and its new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Whose variable.
    pub scope: Scope,
    /// Its name, in lower case.
    pub name: String,
    /// The value; `None` when it is an expression, which is not computed for a SET.
    pub value: Option<Scalar>,
}

/// What is to be listed.
#[derive(Debug, Clone, PartialEq)]
pub enum Show {
    /// System variables.
    Variables(Option<Filter>),
    /// Counters.
    Status(Option<Filter>),
    /// Databases.
    Databases(Option<Filter>),
    /// Tables of a database.
    Tables {
        /// With their kind.
        full: bool,
        /// The database; the current one when it is not said.
        database: Option<String>,
        /// Which.
        filter: Option<Filter>,
    },
    /// Columns of a table.
    Columns {
        /// With collation, privileges and comment.
        full: bool,
        /// The table.
        table: TableName,
        /// Which.
        filter: Option<Filter>,
    },
    /// The statement that would make a table or view.
    CreateTable(TableName),
    /// Indexes of a table.
    Indexes(TableName),
    /// Collations.
    Collations(Option<Filter>),
    /// Character sets.
    Charsets(Option<Filter>),
    /// Connections.
    Processes {
        /// With the whole statement.
        full: bool,
    },
    /// Warnings of the last statement.
    Warnings,
    /// Errors of the last statement.
    Errors,
    /// Storage engines.
    Engines,
    /// Plugins.
    Plugins,
    /// Rights of the user.
    Grants,
    /// What a server of this kind has none of: triggers, events, routines.
    None,
}

/// Which rows of a list.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// A pattern of the name.
    Like(String),
    /// A condition, in the engine's dialect.
    Where(String),
}

/// Reads a statement of a session.
///
/// # Errors
/// The statement cannot be read, is too long or deep or more than one, would write, or asks for what is not done here.
pub fn read(sql: &str, session: &Session<'_>) -> Result<Statement, DialectError> {
    thread::scope(|scope| {
        let reader = thread::Builder::new().stack_size(STACK_BYTES);
        let reading = reader.spawn_scoped(scope, || on_this_stack(sql, session));
        reading.map_err(|_| DialectError::Busy)?.join().unwrap_or(Err(DialectError::Busy))
    })
}

/// Room for [`crate::CHAIN_MAX`] and [`crate::NESTING_MAX`] levels of a tree, even without optimisation; only what is used is taken.
const STACK_BYTES: usize = 64 << 20;

fn on_this_stack(sql: &str, session: &Session<'_>) -> Result<Statement, DialectError> {
    let Some(tree) = tokens::parse(sql)? else { return Ok(Statement::Nothing) };
    match tree {
        Tree::Query(mut query) => {
            translate::query(&mut query, session).map(|sql| Statement::Query(Query { sql }))
        }
        Tree::Explain { analyze: false, statement, .. } => match *statement {
            Tree::Query(mut query) => translate::query(&mut query, session)
                .map(|sql| Statement::Explain(Explained::Query(Query { sql }))),
            _ => Err(DialectError::Write),
        },
        Tree::Explain { .. } => Err(DialectError::unsupported("EXPLAIN ANALYZE")),
        Tree::ExplainTable { table_name, .. } => {
            Ok(Statement::Explain(Explained::Table(TableName::of(&table_name)?)))
        }
        Tree::Set(set) => assignments(set),
        Tree::Use(Use::Object(name)) => match quote::parts(&name).as_slice() {
            [database] => Ok(Statement::Use(database.clone())),
            _ => Err(DialectError::unsupported("a name of several parts")),
        },
        Tree::StartTransaction { modes, .. } => {
            let writes = TransactionMode::AccessMode(TransactionAccessMode::ReadWrite);
            Ok(Statement::Begin { read_write: modes.contains(&writes) })
        }
        Tree::Commit { .. } => Ok(Statement::Commit),
        Tree::Rollback { .. } => Ok(Statement::Rollback),
        Tree::Savepoint { .. } | Tree::ReleaseSavepoint { .. } => Ok(Statement::Savepoint),
        Tree::UnlockTables => Ok(Statement::Nothing),
        Tree::Kill { modifier, id } => Ok(Statement::Kill(Kill {
            connection: id,
            query_only: modifier == Some(KillType::Query),
        })),
        other => match show::read(&other, session)? {
            Some(show) => Ok(Statement::Show(show)),
            None => Err(refused(&other)),
        },
    }
}

/// What any other statement is refused with.
fn refused(tree: &Tree) -> DialectError {
    match tree {
        Tree::Prepare { .. } | Tree::Execute { .. } | Tree::Deallocate { .. } => {
            DialectError::unsupported("PREPARE in SQL")
        }
        Tree::Call(_) => DialectError::unsupported("CALL"),
        _ => DialectError::Write,
    }
}

fn assignments(set: Set) -> Result<Statement, DialectError> {
    match set {
        Set::SingleAssignment { scope, variable, values, .. } => {
            let [value] = values.as_slice() else {
                return Err(DialectError::unsupported("a list of values"));
            };
            Ok(Statement::Set(vec![assignment(scope, &variable, value)?]))
        }
        Set::MultipleAssignments { assignments } => assignments
            .iter()
            .map(|one| assignment(one.scope, &one.name, &one.value))
            .collect::<Result<_, _>>()
            .map(Statement::Set),
        Set::SetNames { charset_name, collation_name } => Ok(Statement::SetNames {
            charset: Some(plain(&charset_name).to_lowercase()),
            collation: collation_name.map(|name| name.trim_matches('\'').to_lowercase()),
        }),
        Set::SetNamesDefault {} => Ok(Statement::SetNames { charset: None, collation: None }),
        Set::SetTransaction { .. } => Ok(Statement::SetTransaction),
        Set::SetTimeZone { value, .. } => Ok(Statement::Set(vec![Assignment {
            scope: Scope::Session,
            name: "time_zone".to_owned(),
            value: scalar(&value),
        }])),
        _ => Err(DialectError::unsupported("this SET")),
    }
}

fn assignment(
    scope: Option<ContextModifier>,
    name: &ObjectName,
    value: &Expr,
) -> Result<Assignment, DialectError> {
    let parts: Vec<String> = quote::parts(name).iter().map(|part| part.to_lowercase()).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let said = match scope {
        Some(ContextModifier::Global) => Scope::Global,
        Some(ContextModifier::Session | ContextModifier::Local) | None => Scope::Session,
    };
    let (scope, name) = match parts.as_slice() {
        ["@@global", name] => (Scope::Global, *name),
        ["@@session" | "@@local", name] => (Scope::Session, *name),
        [name] => match (name.strip_prefix("@@"), name.strip_prefix('@')) {
            (Some(name), _) => (said, name),
            (None, Some(name)) => (Scope::User, name),
            (None, None) => (said, *name),
        },
        _ => return Err(DialectError::UnknownVariable(parts.join("."))),
    };
    Ok(Assignment { scope, name: name.to_owned(), value: scalar(value) })
}

/// A literal or a bare word as a value.
fn scalar(expr: &Expr) -> Option<Scalar> {
    use sqlparser::ast::{UnaryOperator, Value};
    match expr {
        Expr::Identifier(Ident { value, .. }) if !value.starts_with('@') => {
            Some(Scalar::Text(value.clone()))
        }
        Expr::Value(value) => {
            match &value.value {
                Value::Number(digits, _) => digits.parse().map(Scalar::Int).ok().or_else(|| {
                    Some(Scalar::Text(literal(expr).unwrap_or_else(|| digits.clone())))
                }),
                Value::SingleQuotedString(text) => Some(Scalar::Text(text.clone())),
                Value::Boolean(value) => Some(Scalar::Int(i64::from(*value))),
                Value::Null => Some(Scalar::Null),
                _ => None,
            }
        }
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match scalar(expr) {
            Some(Scalar::Int(value)) => value.checked_neg().map(Scalar::Int),
            _ => None,
        },
        _ => None,
    }
}
