//! Filters: which visits and events a report is about.
//!
//! Written as JSON, `[["is", "country", ["DE", "FR"]], ["contains_not", "page", ["/admin"]]]`: all filters must hold, and within
//! one filter any of its values. The empty value means "not set". Letters must match exactly, as in Plausible.
//!
//! A filter on a visit's dimension selects visits. A filter on an event's dimension selects events; what is said about visits
//! is then said about those with such an event in the range, and page views and events are counted only where they match.
//!
//! # Invariants
//! - Values are bound, never part of the text of a statement.
//! - A filter is bounded in every direction: [`FILTERS_MAX`], [`VALUES_MAX`], [`VALUE_BYTES_MAX`], [`TEXT_BYTES_MAX`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dimensions::{Dimension, Level};
use crate::report::ParameterError;
use crate::sql::Sql;

/// The most filters one report takes.
pub const FILTERS_MAX: usize = 12;
/// The most values one filter takes.
pub const VALUES_MAX: usize = 50;
/// The longest value, in bytes.
pub const VALUE_BYTES_MAX: usize = 2_000;
/// The longest text of all filters together, in bytes.
pub const TEXT_BYTES_MAX: usize = 32_768;

/// How a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Equal to one of the values.
    Is,
    /// Equal to none of them.
    IsNot,
    /// One of the values is a part of it.
    Contains,
    /// None of them is.
    ContainsNot,
}

impl Operator {
    /// All operators.
    pub const ALL: [Self; 4] = [Self::Is, Self::IsNot, Self::Contains, Self::ContainsNot];

    /// The name in filters.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::IsNot => "is_not",
            Self::Contains => "contains",
            Self::ContainsNot => "contains_not",
        }
    }
}

/// One filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// How it compares.
    pub operator: Operator,
    /// What it compares.
    pub dimension: &'static Dimension,
    /// With what; never empty texts.
    pub values: Vec<String>,
    /// Whether "not set" is among the values.
    pub not_set: bool,
}

/// Filters that must all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters(Vec<Filter>);

impl Filters {
    /// Reads the JSON of the parameter `filters`.
    ///
    /// # Errors
    /// When it is not of that shape, names an unknown operator or dimension, or passes a bound.
    pub fn parse(text: &str) -> Result<Self, ParameterError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(wrong(format!("must not be longer than {TEXT_BYTES_MAX} bytes")));
        }
        let raw: Vec<(String, String, Vec<String>)> = serde_json::from_str(text).map_err(|_| {
            wrong("must be a JSON list of filters, each [operator, dimension, [values]]")
        })?;
        if raw.len() > FILTERS_MAX {
            return Err(wrong(format!("must not hold more than {FILTERS_MAX} filters")));
        }
        raw.into_iter().map(Filter::new).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is no filter.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The filters.
    pub fn iter(&self) -> std::slice::Iter<'_, Filter> {
        self.0.iter()
    }

    /// Whether one of them is on an event's dimension.
    pub fn any_on_events(&self) -> bool {
        self.0.iter().any(|filter| filter.dimension.level == Level::Event)
    }

    /// The conditions on a row of `visits`, each behind ` AND `.
    pub(crate) fn on_visits(&self) -> Sql {
        self.conditions(|filter| filter.dimension.level == Level::Visit)
    }

    /// The conditions on a row of `events` that it can answer itself, each behind ` AND `.
    pub(crate) fn on_events(&self) -> Sql {
        self.conditions(|filter| filter.dimension.on_events)
    }

    /// The conditions only a row of `visits` can answer, each behind ` AND `.
    pub(crate) fn only_on_visits(&self) -> Sql {
        self.conditions(|filter| !filter.dimension.on_events)
    }

    fn conditions(&self, wanted: impl Fn(&Filter) -> bool) -> Sql {
        let mut sql = Sql::default();
        for filter in self.0.iter().filter(|filter| wanted(filter)) {
            sql.push(" AND ").part(&filter.condition(&filter.dimension.expression()));
        }
        sql
    }
}

impl Filter {
    fn new(raw: (String, String, Vec<String>)) -> Result<Self, ParameterError> {
        let (operator, dimension, mut values) = raw;
        let operator =
            Operator::ALL.into_iter().find(|known| known.id() == operator).ok_or_else(|| {
                wrong("has an operator that is not is, is_not, contains, contains_not")
            })?;
        let dimension = Dimension::find(&dimension)
            .ok_or_else(|| wrong("names a dimension that does not exist"))?;
        if values.is_empty() || values.len() > VALUES_MAX {
            return Err(wrong(format!("must give each filter 1 to {VALUES_MAX} values")));
        }
        if values.iter().any(|value| value.len() > VALUE_BYTES_MAX) {
            return Err(wrong(format!("must not hold values over {VALUE_BYTES_MAX} bytes")));
        }
        let given = values.len();
        values.retain(|value| !value.is_empty());
        let not_set = values.len() < given;
        if not_set && matches!(operator, Operator::Contains | Operator::ContainsNot) {
            return Err(wrong("cannot ask whether a value contains nothing"));
        }
        Ok(Self { operator, dimension, values, not_set })
    }

    /// The filter as a condition on an expression that is NULL where the value is not set.
    pub(crate) fn condition(&self, expression: &str) -> Sql {
        let mut sql = Sql::default();
        match self.operator {
            Operator::Is => self.push_equal(&mut sql, expression),
            Operator::IsNot => {
                sql.push("NOT ");
                self.push_equal(&mut sql, expression);
            }
            Operator::Contains => self.push_contains(&mut sql, expression),
            Operator::ContainsNot => {
                sql.push("NOT ");
                self.push_contains(&mut sql, expression);
            }
        }
        sql
    }

    /// Never NULL, so that it can be negated.
    fn push_equal(&self, sql: &mut Sql, expression: &str) {
        let null = if self.not_set { " IS NULL OR " } else { " IS NOT NULL AND " };
        sql.push("(").push(expression);
        if self.values.is_empty() {
            sql.push(" IS NULL)");
            return;
        }
        sql.push(null).push(expression).push(" IN (");
        for (position, value) in self.values.iter().enumerate() {
            sql.push(if position > 0 { ", " } else { "" }).bind(value.as_str());
        }
        sql.push("))");
    }

    /// Never NULL, so that it can be negated.
    fn push_contains(&self, sql: &mut Sql, expression: &str) {
        sql.push("(").push(expression).push(" IS NOT NULL AND (");
        for (position, value) in self.values.iter().enumerate() {
            sql.push(if position > 0 { " OR contains(" } else { "contains(" })
                .push(expression)
                .push(", ")
                .bind(value.as_str())
                .push(")");
        }
        sql.push("))");
    }
}

fn wrong(reason: impl Into<std::borrow::Cow<'static, str>>) -> ParameterError {
    ParameterError::new("filters", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(text: &str) -> (String, usize) {
        let filters = Filters::parse(text).unwrap();
        let filter = filters.iter().next().unwrap();
        let (sql, params) = filter.condition(&filter.dimension.expression()).into_statement();
        (sql, params.len())
    }

    #[test]
    fn conditions_are_never_null() {
        for (text, sql, params) in [
            (r#"[["is","country",["DE"]]]"#, "(country IS NOT NULL AND country IN (?))", 1),
            (r#"[["is","country",[""]]]"#, "(country IS NULL)", 0),
            (r#"[["is","country",["DE","","FR"]]]"#, "(country IS NULL OR country IN (?, ?))", 2),
            (r#"[["is_not","country",["DE"]]]"#, "NOT (country IS NOT NULL AND country IN (?))", 1),
            (r#"[["is_not","country",[""]]]"#, "NOT (country IS NULL)", 0),
            (
                r#"[["contains","page",["a%","b"]]]"#,
                "(pathname IS NOT NULL AND (contains(pathname, ?) OR contains(pathname, ?)))",
                2,
            ),
            (
                r#"[["contains_not","city",["a"]]]"#,
                "NOT (city IS NOT NULL AND (contains(city, ?)))",
                1,
            ),
        ] {
            assert_eq!(condition(text), (sql.to_owned(), params), "{text}");
        }
    }

    #[test]
    fn shapes_that_are_not_filters_are_refused() {
        for text in [
            "",
            "null",
            "{}",
            r#"["is","page",["/"]]"#,
            r#"[["is","page"]]"#,
            r#"[["is","page","/"]]"#,
            r#"[["is","page",[]]]"#,
            r#"[["is","page",[1]]]"#,
            r#"[["is","page",["/"],{}]]"#,
            r#"[["matches","page",["/"]]]"#,
            r#"[["is","pathname",["/"]]]"#,
            r#"[["contains","page",[""]]]"#,
            r#"[["is","page",["/"]]] x"#,
        ] {
            assert_eq!(Filters::parse(text).unwrap_err().field, "filters", "{text}");
        }
        assert!(Filters::parse("[]").unwrap().is_empty());
    }

    fn text(filters: usize, values: usize, bytes: usize) -> String {
        let values = vec!["x".repeat(bytes); values];
        serde_json::to_string(&vec![("is", "page", values); filters]).unwrap()
    }

    #[test]
    fn bounds_hold_at_the_limit_and_not_one_past_it() {
        assert!(Filters::parse(&text(FILTERS_MAX, 1, 1)).is_ok());
        assert!(Filters::parse(&text(FILTERS_MAX + 1, 1, 1)).is_err());
        assert!(Filters::parse(&text(1, VALUES_MAX, 1)).is_ok());
        assert!(Filters::parse(&text(1, VALUES_MAX + 1, 1)).is_err());
        assert!(Filters::parse(&text(1, 1, VALUE_BYTES_MAX)).is_ok());
        assert!(Filters::parse(&text(1, 1, VALUE_BYTES_MAX + 1)).is_err());
        let longest = format!("[]{}", " ".repeat(TEXT_BYTES_MAX - 2));
        assert!(Filters::parse(&longest).is_ok());
        assert!(Filters::parse(&format!("{longest} ")).is_err());
    }

    #[test]
    fn levels_are_kept_apart() {
        let text = r#"[["is","page",["/"]],["is","country",["DE"]],["is","entry_page",["/"]]]"#;
        let filters = Filters::parse(text).unwrap();
        let text = |sql: Sql| sql.into_statement().0;
        assert!(filters.any_on_events());
        assert_eq!(text(filters.on_visits()).matches(" AND (").count(), 2);
        assert_eq!(text(filters.on_events()).matches(" AND (").count(), 2);
        assert!(text(filters.only_on_visits()).contains("entry_page"));
    }
}
