//! Sums over visits, as a whole or by a value: what overview and breakdown are
//! made of.
//!
//! A visit carries the counts of its events, so the events themselves need not be read, but for the few visits that cross an edge
//! of the range (only a part of their events lies in it) and under filters on events (only matching ones count).

use super::scope::{Names, Part};
use crate::seen::RETURNING;
use crate::sql::Sql;

/// The sums, in order, after `value`.
pub(super) const SUMS: [&str; 7] =
    ["visitors", "visits", "pageviews", "events", "bounces", "entries", "duration"];

/// A column after [`SUMS`]: visitors of the whole range whose first visit this is, where marks are used.
pub(super) const FIRSTS: &str = "firsts";

/// Microseconds between the first and the last event.
pub(super) const DURATION: &str = "epoch_us(last_at) - epoch_us(started_at)";

/// Rows of `value` and [`SUMS`]; a value may have several rows. `mark` is the bit of `repeats` for the value.
pub(super) fn rows(part: &Part<'_>, value: Option<&str>, mark: u32) -> Sql {
    if part.filters().any_on_events() {
        return matching_rows(part, value);
    }
    let inside = format!("started_at >= {} AND last_at < {}", part.start(), part.end());
    let mut sql = select(value);
    sql.push(part.visitors(mark))
        .push(" AS visitors, count(*) AS visits")
        .push(format_args!(", sum(pageviews) FILTER (WHERE {inside}) AS pageviews"))
        .push(format_args!(", sum(events) FILTER (WHERE {inside}) AS events"))
        .push(", count_if(bounce) AS bounces, count(*) AS entries")
        .push(format_args!(", sum({DURATION}) AS duration, {} AS {FIRSTS} ", firsts(part)))
        .part(&part.visits_clause())
        .push(group(value));
    let (start, end) = (part.start(), part.end());
    for edge in
        [format!("started_at < {start}"), format!("started_at >= {start} AND last_at >= {end}")]
    {
        sql.push(" UNION ALL ").part(&edge_rows(part, value, &edge));
    }
    sql
}

/// What visits over one edge of the range did within it. Few visits, close in number: the join leaves out almost all events.
fn edge_rows(part: &Part<'_>, value: Option<&str>, edge: &str) -> Sql {
    let mut sql = select(value.map(|_| "value"));
    sql.push("0, 0, count_if(name = 'pageview'), count(*), 0, 0, 0, 0 FROM (SELECT visit_id, name FROM web.events WHERE ")
        .part(&part.events_in_range())
        .push(format_args!(" AND {}) JOIN (SELECT visit_id, ", Names::Events.condition()))
        .push(value.unwrap_or("NULL"))
        .push(" AS value ")
        .part(&part.visits_clause())
        .push(format_args!(" AND {edge}) USING (visit_id)"))
        .push(group(value));
    sql
}

/// The same under filters on events: only visits with a matching event, and only their matching events.
fn matching_rows(part: &Part<'_>, value: Option<&str>) -> Sql {
    let entry = part.entry();
    let mut sql = select(value);
    sql.push("count(DISTINCT visitor_id) AS visitors, count(*) AS visits")
        .push(", sum(matching_pageviews) AS pageviews, sum(matching_events) AS events")
        .push(", count_if(bounce AND ")
        .part(&entry)
        .push(") AS bounces, count_if(")
        .part(&entry)
        .push(format_args!(") AS entries, sum({DURATION}) AS duration, 0 AS {FIRSTS} FROM (SELECT * "))
        .part(&part.visits_clause())
        .push(") JOIN (SELECT visit_id, count_if(name = 'pageview') AS matching_pageviews, count(*) AS matching_events ")
        .part(&part.events_clause(Names::Events))
        .push(" GROUP BY visit_id) USING (visit_id)")
        .push(group(value));
    sql
}

/// The visits that began with each value of `column`: `value`, `bounce_rate`, `visit_duration` and [`FIRSTS`].
pub(super) fn entered(part: &Part<'_>, column: &str) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(column)
        .push(" AS value, 100.0 * count_if(bounce) / count(*) AS bounce_rate")
        .push(format_args!(", sum({DURATION}) / 1e6 / count(*) AS visit_duration"))
        .push(format_args!(", {} AS {FIRSTS} ", firsts(part)))
        .part(&part.matching_visits_clause())
        .push(" GROUP BY value");
    sql
}

/// The visitors of the whole range, as a statement; `sums` is a table with all [`FIRSTS`] of the range, if there is one.
pub(super) fn total_visitors(part: &Part<'_>, sums: Option<&str>) -> Sql {
    let mut sql = Sql::new("SELECT ");
    if let (Some(sums), true) = (sums, part.has_marks()) {
        sql.push(format_args!("coalesce(sum({FIRSTS}), 0) + (SELECT count(DISTINCT visitor_id) "))
            .part(&part.visits_clause())
            .push(format_args!(" AND visitor_since < {}) FROM {sums}", part.start()));
        return sql;
    }
    sql.push(part.visitors(RETURNING)).push(" ").part(&part.matching_visits_clause());
    sql
}

fn firsts(part: &Part<'_>) -> String {
    if part.has_marks() { part.firsts(RETURNING) } else { "0".to_owned() }
}

fn select(value: Option<&str>) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(value.unwrap_or("NULL")).push(" AS value, ");
    sql
}

fn group(value: Option<&str>) -> &'static str {
    if value.is_some() { " GROUP BY value" } else { "" }
}
