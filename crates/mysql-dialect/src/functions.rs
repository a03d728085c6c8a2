//! Functions of MySQL in the engine's words: names, templates, a few in code.
//!
//! The arguments are translated before; a function that is in no list keeps its name, and the engine decides whether there is one.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, ObjectName, ObjectNamePart,
};

use crate::{
    DialectError, Session,
    quote::{self, literal, raw},
    session::Scalar,
};

mod many;
mod times;

/// Whether the engine knows the unit of time by this name.
pub(crate) fn is_unit(name: &str) -> bool {
    times::UNITS.contains(&name)
}

type Translated = Result<Option<Expr>, DialectError>;

/// Other names for the same.
const RENAMED: &[(&str, &str)] = &[
    // For the engine these are no functions whose name could be quoted.
    ("coalesce", "coalesce"),
    ("nullif", "nullif"),
    ("ucase", "upper"),
    ("lcase", "lower"),
    ("ceiling", "ceil"),
    ("character_length", "length"),
    ("char_length", "length"),
    ("mid", "substring"),
    ("pow", "power"),
    ("rand", "random"),
    ("std", "stddev_pop"),
    ("stddev", "stddev_pop"),
    ("variance", "var_pop"),
    ("dayofmonth", "day"),
    ("json_arrayagg", "json_group_array"),
    ("json_objectagg", "json_group_object"),
];

/// The moment of the statement, without the time zone that the engine's bundled form cannot cast.
const NOW: &str = "make_timestamp(epoch_us(now()))";

/// Name, number of arguments, and the engine's form. `{0}` is the first argument, `{s0}` the same as text, `{t0}` as a moment.
const TEMPLATES: &[(&str, usize, &str)] = &[
    ("ifnull", 2, "coalesce({0}, {1})"),
    ("isnull", 1, "({0} IS NULL)"),
    ("if", 3, "CASE WHEN {0} THEN {1} ELSE {2} END"),
    ("length", 1, "strlen({s0})"),
    ("octet_length", 1, "strlen({s0})"),
    ("locate", 2, "instr({1}, {0})"),
    ("space", 1, "repeat(' ', {0})"),
    ("strcmp", 2, "CASE WHEN {0} < {1} THEN -1 WHEN {0} > {1} THEN 1 WHEN {0} = {1} THEN 0 END"),
    ("find_in_set", 2, "coalesce(list_position(string_split({1}, ','), {s0}), 0)"),
    ("mod", 2, "({0} % nullif({1}, 0))"),
    ("log", 1, "ln({0})"),
    ("log", 2, "(ln({1}) / ln({0}))"),
    ("truncate", 2, "(trunc({0} * power(10, {1})) / power(10, {1}))"),
    ("format", 2, "format('{:,.' || {s1} || 'f}', CAST({0} AS DOUBLE))"),
    ("sha", 1, "sha1({s0})"),
    ("json_unquote", 1, "({0} ->> '$')"),
    ("json_length", 1, "json_array_length({0})"),
    ("unix_timestamp", 0, "(epoch_us(now()) // 1000000)"),
    ("unix_timestamp", 1, "(epoch_us({t0}) // 1000000)"),
    ("from_unixtime", 1, "make_timestamp(CAST(CAST({0} AS DECIMAL(20, 6)) * 1000000 AS BIGINT))"),
    ("now", 0, NOW),
    ("now", 1, NOW),
    ("current_timestamp", 0, NOW),
    ("current_timestamp", 1, NOW),
    ("localtime", 0, NOW),
    ("localtimestamp", 0, NOW),
    ("sysdate", 0, NOW),
    ("utc_timestamp", 0, NOW),
    ("curdate", 0, "CAST(make_timestamp(epoch_us(now())) AS DATE)"),
    ("current_date", 0, "CAST(make_timestamp(epoch_us(now())) AS DATE)"),
    ("utc_date", 0, "CAST(make_timestamp(epoch_us(now())) AS DATE)"),
    ("curtime", 0, "CAST(make_timestamp(epoch_us(now())) AS TIME)"),
    ("current_time", 0, "CAST(make_timestamp(epoch_us(now())) AS TIME)"),
    ("date", 1, "CAST({0} AS DATE)"),
    ("time", 1, "CAST({0} AS TIME)"),
    ("timestamp", 1, "CAST({0} AS TIMESTAMP)"),
    ("year", 1, "year({t0})"),
    ("quarter", 1, "quarter({t0})"),
    ("month", 1, "month({t0})"),
    ("day", 1, "day({t0})"),
    ("hour", 1, "hour({t0})"),
    ("minute", 1, "minute({t0})"),
    ("second", 1, "second({t0})"),
    ("microsecond", 1, "(microsecond({t0}) % 1000000)"),
    ("dayofyear", 1, "dayofyear({t0})"),
    ("dayofweek", 1, "(dayofweek({t0}) + 1)"),
    ("weekday", 1, "(isodow({t0}) - 1)"),
    ("weekofyear", 1, "weekofyear({t0})"),
    ("dayname", 1, "dayname({t0})"),
    ("monthname", 1, "monthname({t0})"),
    ("last_day", 1, "last_day({t0})"),
    ("week", 1, "CAST(strftime({t0}, '%U') AS INTEGER)"),
    ("datediff", 2, "date_diff('day', CAST({1} AS DATE), CAST({0} AS DATE))"),
    ("to_days", 1, "(date_diff('day', DATE '1970-01-01', CAST({0} AS DATE)) + 719528)"),
    ("makedate", 2, "CAST(make_date({0}, 1, 1) + INTERVAL ({1} - 1) DAY AS DATE)"),
    ("time_to_sec", 1, "(epoch_us(CAST({0} AS TIME)) // 1000000)"),
];

/// A call with its arguments as SQL.
pub(crate) struct Call<'f> {
    pub(crate) name: String,
    pub(crate) function: &'f Function,
    pub(crate) arguments: Vec<&'f Expr>,
}

impl Call<'_> {
    /// The argument as SQL that stands by itself wherever it is put.
    pub(crate) fn sql(&self, at: usize) -> String {
        self.arguments.get(at).map(|expr| alone(expr)).unwrap_or_default()
    }

    /// The argument as a moment: a literal is no moment by itself for the engine.
    pub(crate) fn moment(&self, at: usize) -> String {
        self.arguments.get(at).map(|expr| moment(expr)).unwrap_or_default()
    }
}

pub(crate) fn moment(expr: &Expr) -> String {
    let sql = alone(expr);
    if literal(expr).is_some() { format!("CAST({sql} AS TIMESTAMP)") } else { sql }
}

/// The expression between parentheses, unless nothing in it could bind to what is around.
pub(crate) fn alone(expr: &Expr) -> String {
    match expr {
        Expr::Value(_) | Expr::Nested(_) | Expr::CompoundIdentifier(_) | Expr::Function(_) => {
            expr.to_string()
        }
        Expr::Identifier(ident) if ident.value.starts_with('"') => expr.to_string(),
        _ => format!("({expr})"),
    }
}

/// The call in the engine's words, or `None` when it can stay as it is.
pub(crate) fn translate(function: &mut Function, session: &Session<'_>) -> Translated {
    let parts = quote::parts(&function.name);
    let [name] = parts.as_slice() else { return Ok(None) };
    let name = name.to_lowercase();
    let arguments = match &function.args {
        FunctionArguments::None => Vec::new(),
        FunctionArguments::Subquery(_) => return Ok(None),
        FunctionArguments::List(list) => {
            let unnamed = |argument: &FunctionArg| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
                _ => None,
            };
            match list.args.iter().map(unnamed).collect::<Option<Vec<Expr>>>() {
                Some(arguments) => arguments,
                None => return Ok(None),
            }
        }
    };
    let call = Call { name, function, arguments: arguments.iter().collect() };
    if call.arguments.is_empty()
        && let Some(value) = session.function(&call.name)
    {
        return Ok(Some(scalar(&value)));
    }
    if let Some(found) = by_template(&call) {
        return Ok(Some(found));
    }
    if let Some(found) = many::translate(&call)? {
        return Ok(Some(found));
    }
    if let Some(found) = times::translate(&call)? {
        return Ok(Some(found));
    }
    let renamed = RENAMED.iter().find(|(old, _)| *old == call.name);
    if let Some((_, new)) = renamed {
        let part = ObjectNamePart::Identifier(quote::raw_name((*new).to_owned()));
        function.name = ObjectName(vec![part]);
    }
    Ok(None)
}

/// A value of the session as a literal.
pub(crate) fn scalar(value: &Scalar) -> Expr {
    raw(match value {
        Scalar::Null => "NULL".to_owned(),
        Scalar::Int(value) => value.to_string(),
        Scalar::Text(text) => quote::text(text),
    })
}

fn by_template(call: &Call<'_>) -> Option<Expr> {
    let (_, _, template) = TEMPLATES
        .iter()
        .find(|(name, count, _)| *name == call.name && *count == call.arguments.len())?;
    let mut sql = String::new();
    let mut rest = *template;
    while let Some((before, behind)) = rest.split_once('{') {
        sql.push_str(before);
        let placed = behind.split_once('}').and_then(|(place, after)| {
            let digit = |text: &str| text.parse::<usize>().ok();
            let filled = match place.split_at_checked(1) {
                Some(("s", at)) => format!("CAST({} AS VARCHAR)", call.sql(digit(at)?)),
                Some(("t", at)) => call.moment(digit(at)?),
                _ => call.sql(digit(place)?),
            };
            Some((filled, after))
        });
        match placed {
            Some((filled, after)) => {
                sql.push_str(&filled);
                rest = after;
            }
            None => {
                sql.push('{');
                rest = behind;
            }
        }
    }
    sql.push_str(rest);
    Some(raw(sql))
}

/// What stands in a call besides its arguments: DISTINCT and clauses.
pub(crate) fn list(function: &Function) -> (Option<DuplicateTreatment>, &[FunctionArgumentClause]) {
    match &function.args {
        FunctionArguments::List(list) => (list.duplicate_treatment, &list.clauses),
        FunctionArguments::None | FunctionArguments::Subquery(_) => (None, &[]),
    }
}
