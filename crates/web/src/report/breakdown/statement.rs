//! The statement of a breakdown.

use super::super::scope::{Names, Part, Scope};
use super::super::visits::{self, FIRSTS};
use super::params::{Order, Page};
use crate::dimensions::{Dimension, Level};
use crate::seen::event_bits;
use crate::sql::Sql;

/// One row per value asked for, and at least one row: `total_rows`, `total_visitors`, `value` and the metrics, and where there is
/// a comparison the visitors of the value there.
pub(super) fn statement(scope: &Scope, dimension: &Dimension, page: &Page) -> Sql {
    let mut parts = scope.parts();
    let mut sql = Sql::new("WITH ");
    if let Some(part) = parts.next() {
        let firsts = push_all(&mut sql, &part, dimension);
        push_found(&mut sql, page);
        sql.push(", total AS MATERIALIZED (")
            .part(&visits::total_visitors(&part, firsts))
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

/// Adds the table `everything`: all values with their metrics. Answers which table has the first visits of all visitors.
///
/// Materialised, because the engine would else filter one side of the join by the values of the other, which costs more than the join.
fn push_all(sql: &mut Sql, part: &Part<'_>, dimension: &Dimension) -> Option<&'static str> {
    if dimension.level == Level::Visit {
        sql.push("everything AS MATERIALIZED (").part(&by_visit(part, dimension)).push(")");
        return Some("everything");
    }
    sql.push("happened AS MATERIALIZED (").part(&event_rows(part, dimension));
    let Some(entry) = entry_column(dimension) else {
        sql.push("), everything AS (SELECT *, NULL AS bounce_rate, NULL AS visit_duration FROM happened)");
        return None;
    };
    sql.push("), entered AS MATERIALIZED (")
        .part(&visits::entered(part, entry))
        .push("), everything AS (SELECT happened.*, bounce_rate, visit_duration")
        .push(" FROM happened LEFT JOIN entered USING (value))");
    Some("entered")
}

/// Adds the table `found`: the values that were searched for.
fn push_found(sql: &mut Sql, page: &Page) {
    sql.push(", found AS MATERIALIZED (SELECT value, visitors, visits, pageviews, events, bounce_rate, visit_duration FROM everything");
    if let Some(search) = &page.search {
        sql.push(" WHERE contains(lower(value), ").bind(search.as_str()).push(")");
    }
    sql.push(")");
}

fn by_visit(part: &Part<'_>, dimension: &Dimension) -> Sql {
    let mut sql = Sql::new(
        "SELECT value, sum(visitors) AS visitors, sum(visits) AS visits, sum(pageviews) AS pageviews, sum(events) AS events",
    );
    sql.push(", 100.0 * sum(bounces) / nullif(sum(entries), 0) AS bounce_rate")
        .push(", sum(duration) / 1e6 / nullif(sum(visits), 0) AS visit_duration")
        .push(format_args!(", sum({FIRSTS}) AS {FIRSTS} FROM ("))
        .part(&value_rows(part, dimension))
        .push(") GROUP BY value");
    sql
}

/// Rows of at least `value` and `visitors`; a value may have several.
fn value_rows(part: &Part<'_>, dimension: &Dimension) -> Sql {
    match dimension.level {
        Level::Visit => visits::rows(part, Some(&dimension.expression()), dimension.mark),
        Level::Event => event_rows(part, dimension),
    }
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
    let (names, pageviews, events) = match (is_page, asks_for_events) {
        (true, false) => (Names::Pageviews, "count(*)", "NULL"),
        (true, true) => (Names::Events, "count_if(name = 'pageview')", "count(*)"),
        (false, false) => (Names::Custom, "NULL", "count(*)"),
        (false, true) => (Names::Events, "NULL", "count(*)"),
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
