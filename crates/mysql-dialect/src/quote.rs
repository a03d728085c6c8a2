//! Literals and names in the engine's form, where only quotes are doubled.

use sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart, Value};

/// A text as a literal.
pub(crate) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// A name between quotes.
pub(crate) fn name(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

/// A piece of SQL in the engine's form, in the place of an expression. What the parser's own writer would quote in its way is put
/// into the tree by this, so that it never decides how a literal is escaped.
pub(crate) fn raw(sql: String) -> Expr {
    Expr::Identifier(raw_name(sql))
}

/// The same in the place of a name.
pub(crate) fn raw_name(sql: String) -> Ident {
    Ident { value: sql, quote_style: None, span: sqlparser::tokenizer::Span::empty() }
}

/// What a name was before it was quoted.
pub(crate) fn plain(ident: &Ident) -> String {
    match ident.value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) if ident.quote_style.is_none() => inner.replace("\"\"", "\""),
        _ => ident.value.clone(),
    }
}

/// The parts of a name before they were quoted.
pub(crate) fn parts(name: &ObjectName) -> Vec<String> {
    let plain = |part: &ObjectNamePart| part.as_ident().map(plain).unwrap_or_default();
    name.0.iter().map(plain).collect()
}

/// The text of a literal that was quoted already.
pub(crate) fn literal(expr: &Expr) -> Option<String> {
    let Expr::Value(value) = expr else { return None };
    let Value::Number(sql, _) = &value.value else { return None };
    let inner = sql.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(inner.replace("''", "'"))
}
