//! The rows of the tables: writing them, and reading the open visits back.

use warehouse::{Columns, Kind, Rows, Value, WriteError, Writer};

use crate::record::EventRecord;
use crate::schema::{Column, DROPPED_REASON, EVENT_COLUMNS, VISIT_ATTRIBUTES, VISIT_COLUMNS};
use crate::seen::{EventMarks, VisitMarks};
use crate::visits::{Visit, VisitAttributes};

/// Empty columns of `events`.
pub(super) fn event_columns() -> Columns {
    columns(&[EVENT_COLUMNS, VISIT_ATTRIBUTES])
}

/// Empty columns of `dropped_events`.
pub(super) fn dropped_columns() -> Columns {
    columns(&[EVENT_COLUMNS, VISIT_ATTRIBUTES, &[DROPPED_REASON]])
}

/// Empty columns of `open_visits` and `closed_visits`.
pub(super) fn visit_columns() -> Columns {
    columns(&[VISIT_COLUMNS, VISIT_ATTRIBUTES])
}

fn columns(parts: &[&[Column]]) -> Columns {
    let kinds: Vec<Kind> =
        parts.iter().flat_map(|part| part.iter().map(|(_, kind)| *kind)).collect();
    Columns::new(&kinds)
}

/// Writes an event that belongs to a visit.
pub(super) fn push_event(
    rows: &mut Columns,
    event: &EventRecord<'_>,
    visit: &Visit,
    marks: EventMarks,
) -> Result<(), WriteError> {
    push_event_start(rows, event, visit.visit_id, marks);
    for value in visit.attributes.values() {
        rows.opt_text(value);
    }
    rows.end_row()
}

/// Writes an event that is kept apart.
pub(super) fn push_dropped(
    rows: &mut Columns,
    event: &EventRecord<'_>,
    reason: &str,
) -> Result<(), WriteError> {
    push_event_start(rows, event, 0, EventMarks { since_hour: 0, repeats: 0 });
    for value in event.attributes.values() {
        rows.opt_text(value);
    }
    rows.text(reason);
    rows.end_row()
}

fn push_event_start(rows: &mut Columns, event: &EventRecord<'_>, visit_id: u64, marks: EventMarks) {
    rows.text(event.site);
    rows.timestamp(event.at_micros);
    rows.text(event.name);
    rows.text(event.hostname);
    rows.text(event.pathname);
    rows.u64(event.visitor.today);
    rows.u64(visit_id);
    rows.bool(event.interactive);
    rows.opt_u8(event.scroll_depth);
    rows.opt_u32(event.engaged_ms);
    rows.opt_text(event.props);
    rows.opt_decimal(event.revenue.map(|revenue| revenue.thousandths.into()));
    rows.opt_text(event.revenue.as_ref().map(|revenue| revenue.currency.as_str()));
    rows.u32(marks.since_hour);
    rows.u32(marks.repeats);
}

/// Writes a visit as it now is.
pub(super) fn push_visit(
    rows: &mut Columns,
    visit: &Visit,
    marks: VisitMarks,
) -> Result<(), WriteError> {
    rows.text(&visit.site);
    rows.u64(visit.visit_id);
    rows.u64(visit.visitor_id);
    rows.timestamp(visit.started_at);
    rows.timestamp(visit.last_at);
    rows.u32(visit.pageviews);
    rows.u32(visit.events);
    rows.bool(visit.bounce);
    rows.text(&visit.entry_hostname);
    rows.opt_text(visit.entry_page.as_deref());
    rows.opt_text(visit.exit_page.as_deref());
    rows.timestamp(marks.since);
    rows.u32(marks.repeats);
    for value in visit.attributes.values() {
        rows.opt_text(value);
    }
    rows.end_row()
}

/// The visits that were open at the committed offset.
pub(super) fn open_visits(writer: &mut Writer) -> Result<Vec<Visit>, OpenVisitsError> {
    let names: Vec<&str> =
        VISIT_COLUMNS.iter().chain(VISIT_ATTRIBUTES).map(|(name, _)| *name).collect();
    let sql = format!("SELECT {} FROM web.open_visits", names.join(", "));
    let rows: Rows = writer.query(&sql, &[])?;
    rows.rows.iter().map(|row| visit_of(row).ok_or(OpenVisitsError::Row)).collect()
}

/// Why there are no open visits to go on with.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenVisitsError {
    #[error(transparent)]
    Warehouse(#[from] WriteError),
    #[error("a row of open_visits is not as the schema says")]
    Row,
}

fn visit_of(row: &[Value]) -> Option<Visit> {
    let (own, attributes) = row.split_at_checked(VISIT_COLUMNS.len())?;
    let [
        site,
        visit_id,
        visitor_id,
        started_at,
        last_at,
        pageviews,
        events,
        bounce,
        entry_hostname,
        entry_page,
        exit_page,
        _since,
        _repeats,
    ] = own
    else {
        return None;
    };
    let optional = |value: &Value| value.as_text().map(Into::into);
    let count = |value: &Value| value.as_u64().and_then(|count| u32::try_from(count).ok());
    Some(Visit {
        site: site.as_text()?.into(),
        visit_id: visit_id.as_u64()?,
        visitor_id: visitor_id.as_u64()?,
        started_at: started_at.as_timestamp()?,
        last_at: last_at.as_timestamp()?,
        pageviews: count(pageviews)?,
        events: count(events)?,
        bounce: bounce.as_bool()?,
        entry_hostname: entry_hostname.as_text()?.into(),
        entry_page: optional(entry_page),
        exit_page: optional(exit_page),
        attributes: VisitAttributes::new(attributes.iter().map(Value::as_text)),
    })
}
