//! The list of dimensions: what reports can be broken down and filtered by.
//!
//! One row per dimension; the filter parser, the SQL of every report, the loader's marks of what repeats, the list the dashboard
//! asks for and the documentation derive from it. To add one: a migration for its column, an extractor that fills it, a row here.
//!
//! A dimension of a *visit* has one value per visit (its source, its country, its first page). A dimension of an *event* may have
//! several in one visit (the pages seen). Reports by a visit's dimension read `visits`, by an event's dimension `events`.
//!
//! # Invariants
//! - An id and a mark never change their meaning once released: marks are stored in the column `repeats`.
//! - Expressions are constants of this file; nothing a caller sends becomes SQL.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::filter::Operator;

/// Whether a dimension has one value per visit or one per event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// May differ between the events of a visit.
    Event,
    /// The same for the whole visit.
    Visit,
}

/// What a value is, so that a reader can show it well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A text without further meaning.
    Text,
    /// The path of a page.
    Page,
    /// A host name.
    Hostname,
    /// The address of a page elsewhere.
    Url,
    /// ISO 3166-1 alpha-2.
    Country,
    /// A language as browsers name it (BCP 47).
    Language,
}

/// A dimension.
#[derive(Debug, PartialEq, Eq)]
pub struct Dimension {
    /// The name in paths, filters and answers.
    pub id: &'static str,
    /// The name for people.
    pub label: &'static str,
    /// Per event or per visit.
    pub level: Level,
    /// What a value is.
    pub kind: Kind,
    /// The columns of `events` or `visits` that make the value; two are joined by a space, and both must be set.
    pub columns: &'static [&'static str],
    /// Whether `events` has the columns of a visit's dimension too.
    pub on_events: bool,
    /// The bit of `repeats` that says: this visitor had this value before.
    pub mark: u32,
    /// The version that brought it.
    pub since: &'static str,
}

/// All dimensions, in the order they are shown.
pub const DIMENSIONS: &[Dimension] = &[
    event("page", "Page", Kind::Page, &["pathname"], 0),
    visit("entry_page", "Entry page", Kind::Page, &["entry_page"], 0).only_on_visits(),
    visit("exit_page", "Exit page", Kind::Page, &["exit_page"], 1).only_on_visits(),
    event("hostname", "Hostname", Kind::Hostname, &["hostname"], 1),
    visit("source", "Source", Kind::Text, &["source"], 2),
    visit("referrer", "Referrer", Kind::Url, &["referrer"], 3),
    visit("channel", "Channel", Kind::Text, &["channel"], 4),
    visit("utm_source", "UTM source", Kind::Text, &["utm_source"], 5),
    visit("utm_medium", "UTM medium", Kind::Text, &["utm_medium"], 6),
    visit("utm_campaign", "UTM campaign", Kind::Text, &["utm_campaign"], 7),
    visit("utm_content", "UTM content", Kind::Text, &["utm_content"], 8),
    visit("utm_term", "UTM term", Kind::Text, &["utm_term"], 9),
    visit("country", "Country", Kind::Country, &["country"], 10),
    visit("region", "Region", Kind::Text, &["region"], 11),
    visit("city", "City", Kind::Text, &["city"], 12),
    visit("browser", "Browser", Kind::Text, &["browser"], 13),
    visit("browser_version", "Browser version", Kind::Text, &["browser", "browser_version"], 14),
    visit("os", "Operating system", Kind::Text, &["os"], 15),
    visit("os_version", "Operating system version", Kind::Text, &["os", "os_version"], 16),
    visit("device", "Device", Kind::Text, &["device"], 17),
    visit("screen", "Screen size", Kind::Text, &["screen"], 18),
    visit("language", "Language", Kind::Language, &["language"], 19),
    event("event", "Event", Kind::Text, &["name"], 2),
];

impl Dimension {
    /// The dimension with this id.
    pub fn find(id: &str) -> Option<&'static Self> {
        DIMENSIONS.iter().find(|dimension| dimension.id == id)
    }

    /// The dimensions of a visit.
    pub fn of_visits() -> impl Iterator<Item = &'static Self> {
        DIMENSIONS.iter().filter(|dimension| dimension.level == Level::Visit)
    }

    /// The value as SQL over the columns of its table; NULL means "not set".
    pub fn expression(&self) -> String {
        self.columns.join(" || ' ' || ")
    }

    /// The operators filters may use on it.
    pub fn filter_operators(&self) -> &'static [Operator] {
        &Operator::ALL
    }

    /// As the API lists it.
    pub fn item(&self) -> DimensionItem {
        DimensionItem {
            id: self.id.to_owned(),
            label: self.label.to_owned(),
            level: self.level,
            kind: self.kind,
            filter_operators: self.filter_operators().to_vec(),
            since: self.since.to_owned(),
        }
    }

    const fn only_on_visits(mut self) -> Self {
        self.on_events = false;
        self
    }
}

/// A dimension as the API lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DimensionItem {
    /// The name in paths, filters and answers.
    pub id: String,
    /// The name for people.
    pub label: String,
    /// Per event or per visit.
    pub level: Level,
    /// What a value is.
    pub kind: Kind,
    /// The operators filters may use on it.
    pub filter_operators: Vec<Operator>,
    /// The version that brought it.
    pub since: String,
}

const fn visit(
    id: &'static str,
    label: &'static str,
    kind: Kind,
    columns: &'static [&'static str],
    bit: u32,
) -> Dimension {
    let level = Level::Visit;
    Dimension { id, label, level, kind, columns, on_events: true, mark: 1 << bit, since: "0.1" }
}

const fn event(
    id: &'static str,
    label: &'static str,
    kind: Kind,
    columns: &'static [&'static str],
    bit: u32,
) -> Dimension {
    let level = Level::Event;
    Dimension { id, label, level, kind, columns, on_events: true, mark: 1 << bit, since: "0.1" }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::schema::{EVENT_COLUMNS, VISIT_ATTRIBUTES, VISIT_COLUMNS};

    fn has_columns(dimension: &Dimension, table: &[crate::schema::Column]) -> bool {
        dimension
            .columns
            .iter()
            .all(|column| table.iter().chain(VISIT_ATTRIBUTES).any(|(name, _)| name == column))
    }

    #[test]
    fn ids_and_marks_are_unique() {
        let ids: HashSet<_> = DIMENSIONS.iter().map(|dimension| dimension.id).collect();
        assert_eq!(ids.len(), DIMENSIONS.len());
        for level in [Level::Event, Level::Visit] {
            let marks: Vec<_> =
                DIMENSIONS.iter().filter(|d| d.level == level).map(|d| d.mark).collect();
            assert_eq!(marks.iter().collect::<HashSet<_>>().len(), marks.len());
            assert!(marks.iter().all(|mark| mark.count_ones() == 1));
        }
    }

    #[test]
    fn columns_exist_where_they_are_read() {
        for dimension in DIMENSIONS {
            let on_visits = has_columns(dimension, VISIT_COLUMNS);
            let on_events = has_columns(dimension, EVENT_COLUMNS);
            assert_eq!(dimension.on_events, on_events, "{}", dimension.id);
            assert_eq!(dimension.level == Level::Visit, on_visits, "{}", dimension.id);
        }
    }

    #[test]
    fn every_attribute_of_a_visit_is_a_dimension() {
        for (column, _) in VISIT_ATTRIBUTES {
            assert!(Dimension::of_visits().any(|d| d.columns.last() == Some(column)), "{column}");
        }
    }

    #[test]
    fn versions_are_told_apart_by_their_product() {
        assert_eq!(
            Dimension::find("browser_version").unwrap().expression(),
            "browser || ' ' || browser_version"
        );
    }
}
