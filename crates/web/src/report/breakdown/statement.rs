//! The statement of a breakdown.

use super::super::scope::{Names, Part, Scope};
use super::super::visits::{self, DURATION};
use super::params::{Order, Page};
use crate::dimensions::{Dimension, Level};
use crate::seen::event_bits;
use crate::sql::Sql;

/// One row per value asked for, and at least one row: `total_rows`, `total_visitors`, the columns of [`found`], and where there
/// is a comparison the visitors of the value there.
pub(super) fn statement(scope: &Scope, dimension: &Dimension, page: &Page) -> Sql {
    let mut parts = scope.parts();
    let mut sql = Sql::new("WITH found AS MATERIALIZED (");
    if let Some(part) = parts.next() {
        sql.part(&found(&part, dimension, page))
            .push("), total AS MATERIALIZED (")
            .part(&visits::total_visitors(&part))
            .push(")");
    }
    let compared = parts.next();
    if let Some(part) = &compared {
        sql.push(", before AS MATERIALIZED (SELECT value, sum(visitors) AS visitors FROM (")
            .part(&value_rows(part, dimension))
            .push(") GROUP BY value)");
    }
    sql.push(" SELECT (SELECT count(*) FROM found), (SELECT * FROM total), item.*");
    sql.push(if compared.is_some() { ", before.visitors" } else { "" });
    sql.push(format_args!(
        " FROM (SELECT 1) LEFT JOIN (SELECT * FROM found {} LIMIT {} OFFSET {}) AS item ON true",
        order(page, ""),
        page.limit,
        page.offset
    ));
    if compared.is_some() {
        sql.push(" LEFT JOIN before ON before.value IS NOT DISTINCT FROM item.value");
    }
    sql.push(" ").push(order(page, "item."));
    sql
}

/// All values with their metrics.
fn found(part: &Part<'_>, dimension: &Dimension, page: &Page) -> Sql {
    let mut sql = Sql::new(
        "SELECT value, visitors, visits, pageviews, events, bounce_rate, visit_duration FROM (",
    );
    match dimension.level {
        Level::Visit => sql.part(&by_visit(part, dimension)),
        Level::Event => sql.part(&by_event(part, dimension)),
    };
    sql.push(")");
    if let Some(search) = &page.search {
        sql.push(" WHERE contains(lower(value), ").bind(search.as_str()).push(")");
    }
    sql
}

fn by_visit(part: &Part<'_>, dimension: &Dimension) -> Sql {
    let mut sql = Sql::new(
        "SELECT value, sum(visitors) AS visitors, sum(visits) AS visits, sum(pageviews) AS pageviews, sum(events) AS events",
    );
    sql.push(", ")
        .push(RATES)
        .push(" FROM (")
        .part(&value_rows(part, dimension))
        .push(") GROUP BY value");
    sql
}

const RATES: &str = "100.0 * sum(bounces) / nullif(sum(entries), 0) AS bounce_rate, \
    sum(duration) / 1e6 / nullif(sum(visits), 0) AS visit_duration";

/// Rows of at least `value` and `visitors`; a value may have several.
fn value_rows(part: &Part<'_>, dimension: &Dimension) -> Sql {
    match dimension.level {
        Level::Visit => visits::rows(part, Some(&dimension.expression()), dimension.mark),
        Level::Event => event_rows(part, dimension),
    }
}

fn by_event(part: &Part<'_>, dimension: &Dimension) -> Sql {
    let Some(entry) = entry_column(dimension) else {
        let mut sql = Sql::new("SELECT *, NULL AS bounce_rate, NULL AS visit_duration FROM (");
        sql.part(&event_rows(part, dimension)).push(")");
        return sql;
    };
    let mut sql = Sql::new("SELECT seen.*, entered.bounce_rate, entered.visit_duration FROM (");
    sql.part(&event_rows(part, dimension))
        .push(format_args!(") AS seen LEFT JOIN (SELECT {entry} AS value"))
        .push(", 100.0 * count_if(bounce) / count(*) AS bounce_rate")
        .push(format_args!(", sum({DURATION}) / 1e6 / count(*) AS visit_duration "))
        .part(&part.matching_visits_clause())
        .push(" GROUP BY value) AS entered USING (value)");
    sql
}

/// The column of `visits` that says with which value a visit began.
fn entry_column(dimension: &Dimension) -> Option<&'static str> {
    match dimension.id {
        "page" => Some("entry_page"),
        "hostname" => Some("entry_hostname"),
        _ => None,
    }
}

/// One row per value: `value`, `visitors`, `visits`, `pageviews`, `events`.
fn event_rows(part: &Part<'_>, dimension: &Dimension) -> Sql {
    let is_page = entry_column(dimension).is_some();
    let asks_for_events = part.filters().iter().any(|filter| filter.dimension.id == "event");
    // A page is what was viewed, unless it is asked where certain events happened.
    let names = if is_page && !asks_for_events { Names::Pageviews } else { Names::Events };
    let (pageviews, events) = match (is_page, names) {
        (true, Names::Pageviews) => ("count(*)", "NULL"),
        (true, Names::Events) => ("count_if(name = 'pageview')", "count(*)"),
        (false, _) => ("NULL", "count(*)"),
    };
    let mut sql = Sql::new("SELECT ");
    sql.push(dimension.expression())
        .push(" AS value, ")
        .push(distinct(part, dimension, "visitor_id"))
        .push(" AS visitors, ")
        .push(distinct(part, dimension, "visit_id"))
        .push(format_args!(" AS visits, {pageviews} AS pageviews, {events} AS events "))
        .part(&part.events_clause(names))
        .push(" GROUP BY value");
    sql
}

/// Distinct visitors or visits of rows of `events`.
fn distinct(part: &Part<'_>, dimension: &Dimension, id: &str) -> String {
    if !part.has_marks() {
        return format!("count(DISTINCT {id})");
    }
    let (by_visitor, by_visit, unsure) = event_bits(dimension);
    let mark = if id == "visit_id" { by_visit } else { by_visitor };
    let start = part.range.start.as_second();
    let hour = start.div_euclid(3_600) + i64::from(start.rem_euclid(3_600) > 0);
    format!(
        "count_if(visitor_since_hour >= {hour} AND repeats & {} = 0) \
         + count(DISTINCT {id}) FILTER (WHERE visitor_since_hour < {hour} OR repeats & {unsure} <> 0)",
        mark | unsure
    )
}

fn order(page: &Page, table: &str) -> String {
    let direction = match page.order {
        Order::Desc => "DESC",
        Order::Asc => "ASC",
    };
    let sort = page.sort.id();
    format!(
        "ORDER BY {table}{sort} {direction} NULLS LAST, {table}visitors DESC, {table}value ASC NULLS LAST"
    )
}
