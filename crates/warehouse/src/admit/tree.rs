//! The walk over the tree of a statement: what is not named here is refused.
//!
//! The tree is what DuckDB's `json_serialize_sql` writes: query nodes, table references and result modifiers are objects with a
//! `type`, expressions are objects with a `class`. Everything else (values, types, lists) is looked through for those.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

use super::Refusal;
use super::functions;

/// Kinds of expressions that only compute.
const EXPRESSIONS: &[&str] = &[
    "BETWEEN",
    "CASE",
    "CAST",
    "COLLATE",
    "COLUMN_REF",
    "COMPARISON",
    "CONJUNCTION",
    "CONSTANT",
    "DEFAULT",
    "FUNCTION",
    "LAMBDA",
    "LAMBDA_REF",
    "OPERATOR",
    "PARAMETER",
    "POSITIONAL_REFERENCE",
    "STAR",
    "SUBQUERY",
    "WINDOW",
];
/// Kinds of table references beside the ones that are looked at more closely.
const TABLES: &[&str] = &["EMPTY", "EXPRESSION_LIST", "JOIN", "PIVOT", "SUBQUERY"];
/// Kinds of result modifiers and of the entries of an ORDER BY.
const MODIFIERS: &[&str] = &[
    "ASCENDING",
    "DESCENDING",
    "DISTINCT_MODIFIER",
    "LIMIT_MODIFIER",
    "LIMIT_PERCENT_MODIFIER",
    "ORDER_ASCENDING",
    "ORDER_DEFAULT",
    "ORDER_DESCENDING",
    "ORDER_MODIFIER",
];
/// Kinds of type descriptions.
const TYPES: &[&str] = &[
    "ARRAY_TYPE_INFO",
    "DECIMAL_TYPE_INFO",
    "ENUM_TYPE_INFO",
    "GENERIC_TYPE_INFO",
    "LIST_TYPE_INFO",
    "STRING_TYPE_INFO",
    "STRUCT_TYPE_INFO",
    "UNBOUND_TYPE_INFO",
];
/// The engine's own views answer to names like these wherever no table of a database does. A common table expression of such a
/// name has no honest use.
const RESERVED: &[&str] = &["duckdb_", "pg_", "pragma_", "sqlite_"];

/// A table as the statement names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    catalog: String,
    schema: String,
    pub(super) table: String,
}

impl Reference {
    /// The database it is in, when names without one are of `default`; `None` when it can be in none.
    pub(super) fn database<'a>(&'a self, default: &'a str) -> Option<&'a str> {
        let is_main = self.schema.eq_ignore_ascii_case("main");
        match (self.catalog.as_str(), self.schema.as_str()) {
            ("", "") => Some(default),
            ("", _) if is_main => Some(default),
            // The engine reads `one.two` as schema and table first; no database has another schema than `main`.
            ("", database) => Some(database),
            (database, "") => Some(database),
            (database, _) => is_main.then_some(database),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.catalog, &self.schema] {
            if !part.is_empty() {
                write!(formatter, "{part}.")?;
            }
        }
        formatter.write_str(&self.table)
    }
}

/// Looks at every node of the one statement; the tables it names.
pub(super) fn walk(tree: &Value) -> Result<BTreeSet<Reference>, Refusal> {
    if tree.get("error").and_then(Value::as_bool) != Some(false) {
        return Err(complaint(tree));
    }
    let statements = tree.get("statements").and_then(Value::as_array);
    let statement = match statements.map(Vec::as_slice) {
        Some([statement]) => statement,
        other => return Err(Refusal::NotOne(other.map_or(0, <[Value]>::len))),
    };
    let mut walk = Walk::default();
    walk.visit(statement)?;
    Ok(walk.tables)
}

/// What the parser says of a text that has no tree.
fn complaint(tree: &Value) -> Refusal {
    let words = |name| tree.get(name).and_then(Value::as_str).unwrap_or_default();
    match words("error_type") {
        "parser" | "syntax" => Refusal::Syntax(words("error_message").to_owned()),
        _ => Refusal::NotSelect,
    }
}

#[derive(Default)]
struct Walk {
    tables: BTreeSet<Reference>,
    /// The common table expressions that can be seen from here.
    expressions: Vec<String>,
}

impl Walk {
    fn visit(&mut self, value: &Value) -> Result<(), Refusal> {
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.visit(item)),
            Value::Object(node) => self.node(node),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }

    fn node(&mut self, node: &Map<String, Value>) -> Result<(), Refusal> {
        if let Some(class) = node.get("class") {
            return self.expression(node, class.as_str().unwrap_or_default());
        }
        match node.get("type") {
            // In a value, the type is an object.
            None | Some(Value::Object(_)) => self.parts(node),
            Some(Value::String(kind)) => self.kind(node, kind),
            Some(_) => Err(Refusal::Node("This".to_owned())),
        }
    }

    fn kind(&mut self, node: &Map<String, Value>, kind: &str) -> Result<(), Refusal> {
        match kind {
            "SELECT_NODE" | "SET_OPERATION_NODE" | "CTE_NODE" | "RECURSIVE_CTE_NODE" => {
                self.query(node, kind)
            }
            "BASE_TABLE" => self.table(node),
            "TABLE_FUNCTION" => {
                let call = node.get("function").and_then(Value::as_object);
                functions::check_table(call.ok_or_else(|| not_here(kind))?)?;
                self.parts_of_call(node)
            }
            _ if TYPES.contains(&kind) => self.named_type(node),
            _ if TABLES.contains(&kind) || MODIFIERS.contains(&kind) => self.parts(node),
            _ => Err(not_here(kind)),
        }
    }

    /// The call of a table function was looked at, its arguments were not.
    fn parts_of_call(&mut self, node: &Map<String, Value>) -> Result<(), Refusal> {
        for (name, part) in node {
            match (name.as_str(), part) {
                ("function", Value::Object(call)) => self.parts(call)?,
                _ => self.visit(part)?,
            }
        }
        Ok(())
    }

    /// The name of a type is looked up as a table is; only the engine's own need no database.
    fn named_type(&mut self, node: &Map<String, Value>) -> Result<(), Refusal> {
        let is_set =
            |key| node.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        if is_set("catalog") || is_set("schema") {
            return Err(Refusal::Node("A type of a database".to_owned()));
        }
        self.parts(node)
    }

    fn expression(&mut self, node: &Map<String, Value>, class: &str) -> Result<(), Refusal> {
        if !EXPRESSIONS.contains(&class) {
            return Err(not_here(class));
        }
        if class == "FUNCTION" || class == "WINDOW" {
            functions::check(node)?;
        }
        self.parts(node)
    }

    fn parts(&mut self, node: &Map<String, Value>) -> Result<(), Refusal> {
        node.values().try_for_each(|part| self.visit(part))
    }

    /// A query, with the common table expressions it brings. Each sees those before it, and itself only where it is recursive.
    fn query(&mut self, node: &Map<String, Value>, kind: &str) -> Result<(), Refusal> {
        let seen_before = self.expressions.len();
        if let Some(map) = node.get("cte_map") {
            for entry in map.get("map").and_then(Value::as_array).into_iter().flatten() {
                self.visit(entry.get("value").unwrap_or(&Value::Null))?;
                self.see(entry.get("key"))?;
            }
        }
        // The part that may see the name comes last.
        let (first, second) = match kind {
            "CTE_NODE" => (Some("query"), Some("child")),
            "RECURSIVE_CTE_NODE" => (Some("left"), Some("right")),
            _ => (None, None),
        };
        for (name, part) in node {
            if name != "cte_map" && Some(name.as_str()) != second {
                self.visit(part)?;
            }
        }
        if let (Some(_), Some(second)) = (first, second) {
            self.see(node.get("cte_name"))?;
            self.visit(node.get(second).unwrap_or(&Value::Null))?;
        }
        self.expressions.truncate(seen_before);
        Ok(())
    }

    fn see(&mut self, name: Option<&Value>) -> Result<(), Refusal> {
        let name = name.and_then(Value::as_str).ok_or_else(|| not_here("WITH"))?;
        let lower = name.to_ascii_lowercase();
        if RESERVED.iter().any(|prefix| lower.starts_with(prefix)) {
            return Err(Refusal::Node(format!("WITH {name}")));
        }
        self.expressions.push(lower);
        Ok(())
    }

    fn table(&mut self, node: &Map<String, Value>) -> Result<(), Refusal> {
        let text = |name| node.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let reference = Reference {
            catalog: text("catalog_name"),
            schema: text("schema_name"),
            table: text("table_name"),
        };
        if node.get("at_clause").is_some_and(|clause| !clause.is_null()) {
            return Err(Refusal::Node("AT".to_owned()));
        }
        let bare = reference.catalog.is_empty() && reference.schema.is_empty();
        let lower = reference.table.to_ascii_lowercase();
        if !(bare && self.expressions.contains(&lower)) {
            self.tables.insert(reference);
        }
        self.parts(node)
    }
}

fn not_here(kind: &str) -> Refusal {
    Refusal::Node(kind.to_ascii_lowercase().replace('_', " "))
}
