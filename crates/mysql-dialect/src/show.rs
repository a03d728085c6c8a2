//! SHOW in its forms.

use sqlparser::ast::{
    ObjectName, ShowCreateObject, ShowStatementFilter, ShowStatementFilterPosition,
    ShowStatementIn, ShowStatementOptions, Statement as Tree,
};

use crate::{
    DialectError, Filter, Session, Show, TableName,
    quote::{self, plain},
    translate,
};

/// The list a statement asks for, or `None` when it asks for none.
pub(crate) fn read(tree: &Tree, session: &Session<'_>) -> Result<Option<Show>, DialectError> {
    let which = |filter: &Option<ShowStatementFilter>| {
        filter.as_ref().map(|filter| translated(filter, session)).transpose()
    };
    Ok(Some(match tree {
        Tree::ShowVariables { filter, .. } => Show::Variables(which(filter)?),
        Tree::ShowStatus { filter, .. } => Show::Status(which(filter)?),
        Tree::ShowCollation { filter } => Show::Collations(which(filter)?),
        Tree::ShowCharset(charset) => Show::Charsets(which(&charset.filter)?),
        Tree::ShowProcessList { full } => Show::Processes { full: *full },
        Tree::ShowDatabases { show_options, .. } | Tree::ShowSchemas { show_options, .. } => {
            Show::Databases(of_options(show_options, session)?)
        }
        Tree::ShowTables { full, show_options, .. } => Show::Tables {
            full: *full,
            database: show_options.show_in.as_ref().and_then(parent).map(|name| last(&name)),
            filter: of_options(show_options, session)?,
        },
        Tree::ShowColumns { full, show_options, .. } => {
            let name = show_options.show_in.as_ref().and_then(parent);
            let name = name.ok_or_else(|| DialectError::Syntax("no table is named".to_owned()))?;
            let table = TableName::of(&name)?;
            Show::Columns { full: *full, table, filter: of_options(show_options, session)? }
        }
        Tree::ShowCreate { obj_type, obj_name } => match obj_type {
            ShowCreateObject::Table | ShowCreateObject::View => {
                Show::CreateTable(TableName::of(obj_name)?)
            }
            _ => return Err(DialectError::unsupported("SHOW CREATE of this kind")),
        },
        Tree::ShowFunctions { .. } => Show::None,
        Tree::ShowVariable { variable } => {
            let words: Vec<String> = variable.iter().map(plain).collect();
            return words_of(&words).map(Some);
        }
        _ => return Ok(None),
    }))
}

/// Forms that the parser only reads as words.
fn words_of(words: &[String]) -> Result<Show, DialectError> {
    let upper: Vec<String> = words.iter().map(|word| word.to_uppercase()).collect();
    let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
    let word = |at: usize| words.get(at).cloned().unwrap_or_default();
    Ok(match upper.as_slice() {
        ["WARNINGS", ..] => Show::Warnings,
        ["ERRORS", ..] => Show::Errors,
        ["ENGINES"] | ["STORAGE", "ENGINES"] => Show::Engines,
        ["PLUGINS"] => Show::Plugins,
        ["GRANTS", ..] => Show::Grants,
        ["INDEX" | "INDEXES" | "KEYS", "FROM" | "IN", _] => {
            Show::Indexes(TableName { database: None, table: word(2) })
        }
        ["INDEX" | "INDEXES" | "KEYS", "FROM" | "IN", _, "FROM" | "IN", _] => {
            Show::Indexes(TableName { database: Some(word(4)), table: word(2) })
        }
        ["TRIGGERS" | "EVENTS" | "PROCEDURE" | "FUNCTION", ..] | ["OPEN", "TABLES", ..] => {
            Show::None
        }
        ["MASTER" | "SLAVE" | "REPLICA" | "BINARY", ..] => Show::None,
        _ => return Err(DialectError::unsupported(format!("SHOW {}", words.join(" ")))),
    })
}

fn parent(within: &ShowStatementIn) -> Option<ObjectName> {
    within.parent_name.clone()
}

fn last(name: &ObjectName) -> String {
    quote::parts(name).pop().unwrap_or_default()
}

fn of_options(
    options: &ShowStatementOptions,
    session: &Session<'_>,
) -> Result<Option<Filter>, DialectError> {
    match &options.filter_position {
        Some(
            ShowStatementFilterPosition::Infix(filter)
            | ShowStatementFilterPosition::Suffix(filter),
        ) => translated(filter, session).map(Some),
        None => Ok(None),
    }
}

fn translated(filter: &ShowStatementFilter, session: &Session<'_>) -> Result<Filter, DialectError> {
    Ok(match filter {
        ShowStatementFilter::Like(pattern)
        | ShowStatementFilter::ILike(pattern)
        | ShowStatementFilter::NoKeyword(pattern) => Filter::Like(pattern.clone()),
        ShowStatementFilter::Where(condition) => {
            let mut condition = condition.clone();
            translate::rewrite(&mut condition, session)?;
            Filter::Where(condition.to_string())
        }
    })
}
