//! Functions of any number of arguments.

use sqlparser::ast::{DuplicateTreatment, FunctionArgumentClause, OrderBySort, Value};

use super::{Call, Translated, list};
use crate::{DialectError, quote::raw};

pub(super) fn translate(call: &Call<'_>) -> Translated {
    let count = call.arguments.len();
    let all = |each: &dyn Fn(usize) -> String, between: &str| {
        (0..count).map(each).collect::<Vec<_>>().join(between)
    };
    Ok(Some(raw(match (call.name.as_str(), count) {
        // NULL when any argument is, which the engine's own functions of these names are not.
        ("concat", 1..) => {
            let joined = all(&|at| format!("CAST({} AS VARCHAR)", call.sql(at)), " || ");
            format!("({joined})")
        }
        ("greatest" | "least", 1..) => {
            let nulls = all(&|at| format!("{} IS NULL", call.sql(at)), " OR ");
            let values = all(&|at| call.sql(at), ", ");
            format!("CASE WHEN {nulls} THEN NULL ELSE {}({values}) END", call.name)
        }
        ("field", 2..) => {
            let whens: String =
                (1..count).map(|at| format!(" WHEN {} THEN {at}", call.sql(at))).collect();
            format!("CASE {}{whens} ELSE 0 END", call.sql(0))
        }
        ("elt", 2..) => {
            let whens: String =
                (1..count).map(|at| format!(" WHEN {at} THEN {}", call.sql(at))).collect();
            format!("CASE {}{whens} END", call.sql(0))
        }
        ("substring_index", 3) => {
            let (text, separator, number) = (call.sql(0), call.sql(1), call.sql(2));
            let parts = format!("string_split({text}, {separator})");
            format!(
                "CASE WHEN {number} > 0 THEN array_to_string({parts}[1:{number}], {separator}) \
                 WHEN {number} < 0 THEN array_to_string({parts}[{number}:], {separator}) \
                 ELSE '' END"
            )
        }
        ("sha2", 2) if matches!(call.sql(1).as_str(), "256" | "0") => {
            format!("sha256(CAST({} AS VARCHAR))", call.sql(0))
        }
        ("sha2", _) => return Err(DialectError::unsupported("this length of SHA2")),
        ("group_concat", 1..) => group_concat(call)?,
        _ => return Ok(None),
    })))
}

fn group_concat(call: &Call<'_>) -> Result<String, DialectError> {
    let parts: Vec<String> =
        (0..call.arguments.len()).map(|at| format!("CAST({} AS VARCHAR)", call.sql(at))).collect();
    let value = parts.join(" || ");
    let mut separator = "','".to_owned();
    let mut order = String::new();
    let (treatment, clauses) = list(call.function);
    let distinct = matches!(treatment, Some(DuplicateTreatment::Distinct));
    for clause in clauses {
        match clause {
            FunctionArgumentClause::Separator(text) => {
                separator = match &text.value {
                    Value::Number(sql, _) => sql.clone(),
                    _ => return Err(DialectError::unsupported("this separator")),
                };
            }
            FunctionArgumentClause::OrderBy(by) => {
                let by = by.iter().map(|by| {
                    let same = distinct && call.arguments.iter().any(|value| **value == by.expr);
                    let expr = if same { value.clone() } else { by.expr.to_string() };
                    let descending = by.options.sort == Some(OrderBySort::Desc);
                    let end = if descending { " DESC NULLS LAST" } else { " NULLS FIRST" };
                    format!("{expr}{end}")
                });
                order = format!(" ORDER BY {}", by.collect::<Vec<_>>().join(", "));
            }
            _ => return Err(DialectError::unsupported("this clause of GROUP_CONCAT")),
        }
    }
    let distinct = if distinct { "DISTINCT " } else { "" };
    Ok(format!("string_agg({distinct}{value}, {separator}{order})"))
}
