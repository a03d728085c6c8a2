//! Functions of time that take a unit, an interval or a format.

use sqlparser::ast::Expr;

use super::{Call, Translated};
use crate::{
    DialectError, format,
    quote::{self, literal, raw},
};

/// Units of MySQL that the engine has under the same name.
pub(super) const UNITS: &[&str] =
    &["MICROSECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"];

pub(super) fn translate(call: &Call<'_>) -> Translated {
    Ok(Some(raw(match (call.name.as_str(), call.arguments.len()) {
        ("date_add" | "adddate", 2) => format!("({} + {})", call.moment(0), interval(call, 1)),
        ("date_sub" | "subdate", 2) => format!("({} - {})", call.moment(0), interval(call, 1)),
        ("timestampadd", 3) => {
            format!("({} + INTERVAL ({}) {})", call.moment(2), call.sql(1), unit(call)?)
        }
        // Whole units that passed, which is what the engine calls a subtraction.
        ("timestampdiff", 3) => format!(
            "date_sub('{}', CAST({} AS TIMESTAMP), CAST({} AS TIMESTAMP))",
            unit(call)?,
            call.sql(1),
            call.sql(2)
        ),
        ("date_format", 2) => {
            let format = format::translate(&literal_format(call, 1)?)?;
            format!("strftime({}, {})", call.moment(0), quote::text(&format.text))
        }
        ("from_unixtime", 2) => {
            let format = format::translate(&literal_format(call, 1)?)?;
            let moment = format!(
                "make_timestamp(CAST(CAST({} AS DECIMAL(20, 6)) * 1000000 AS BIGINT))",
                call.sql(0)
            );
            format!("strftime({moment}, {})", quote::text(&format.text))
        }
        ("str_to_date", 2) => {
            let format = format::translate(&literal_format(call, 1)?)?;
            let read = format!("try_strptime({}, {})", call.sql(0), quote::text(&format.text));
            if format.has_time { read } else { format!("CAST({read} AS DATE)") }
        }
        // Weeks of ISO 8601; the other ways of counting are MySQL's own.
        ("week", 2) if literal_number(call, 1) == Some(3) => {
            format!("weekofyear({})", call.moment(0))
        }
        ("yearweek", 2) if matches!(literal_number(call, 1), Some(1 | 3)) => {
            format!("yearweek({})", call.moment(0))
        }
        ("week" | "yearweek", _) => {
            return Err(DialectError::unsupported("this way of counting weeks"));
        }
        ("convert_tz", 3) => {
            let utc = |at: usize| {
                let zone = call.arguments.get(at).and_then(|expr| literal(expr));
                zone.is_some_and(|zone| matches!(zone.as_str(), "UTC" | "+00:00" | "SYSTEM"))
            };
            if !(utc(1) && utc(2)) {
                return Err(DialectError::unsupported("a time zone other than UTC"));
            }
            call.moment(0)
        }
        _ => return Ok(None),
    })))
}

/// The second argument of an addition: an interval, which was translated before, or a number of days.
fn interval(call: &Call<'_>, at: usize) -> String {
    let sql = call.arguments.get(at).map(ToString::to_string).unwrap_or_default();
    if sql.starts_with("INTERVAL ") { sql } else { format!("INTERVAL ({sql}) DAY") }
}

fn unit(call: &Call<'_>) -> Result<&'static str, DialectError> {
    let named = match call.arguments.first() {
        Some(Expr::Identifier(ident)) => quote::plain(ident).to_uppercase(),
        _ => String::new(),
    };
    let named = named.strip_prefix("SQL_TSI_").unwrap_or(&named);
    UNITS
        .iter()
        .find(|known| **known == named)
        .copied()
        .ok_or_else(|| DialectError::unsupported("this unit of time"))
}

fn literal_format(call: &Call<'_>, at: usize) -> Result<String, DialectError> {
    call.arguments
        .get(at)
        .and_then(|expr| literal(expr))
        .ok_or_else(|| DialectError::unsupported("a format that is no literal"))
}

fn literal_number(call: &Call<'_>, at: usize) -> Option<u8> {
    call.arguments.get(at)?.to_string().parse().ok()
}
