//! Some entries of the journal as rows.

use std::collections::HashMap;

use journal::Entry;
use warehouse::{Columns, Value, WriteError, Writer};

use super::tables;
use crate::record::{DecodeError, EventRecord, Record};
use crate::seen::{EventValues, Seen, VisitKey, VisitValues};
use crate::visits::{Applied, Changes, Visit, Visits};

/// The rows of one commit.
pub(super) struct Batch {
    first: Option<Entry>,
    records: usize,
    events: Columns,
    dropped: Columns,
    open: Columns,
    closed: Columns,
    /// The names of visits whose row in `open_visits` is replaced or removed, with commas between.
    touched: String,
    /// The time of the last counted event by site.
    pub(super) sites: HashMap<Box<str>, i64>,
    pub(super) counted: u64,
    pub(super) unreadable: Vec<Unreadable>,
}

/// A record that is no event.
pub(super) struct Unreadable {
    pub(super) offset: u64,
    pub(super) reason: String,
    pub(super) bytes: Vec<u8>,
}

impl Batch {
    pub(super) fn new() -> Self {
        Self {
            first: None,
            records: 0,
            events: tables::event_columns(),
            dropped: tables::dropped_columns(),
            open: tables::visit_columns(),
            closed: tables::visit_columns(),
            touched: String::new(),
            sites: HashMap::new(),
            counted: 0,
            unreadable: Vec::new(),
        }
    }

    /// How many records it is made of.
    pub(super) fn records(&self) -> usize {
        self.records
    }

    /// The first of them.
    pub(super) fn first(&self) -> Option<&Entry> {
        self.first.as_ref()
    }

    /// Applies the entries, in order. What cannot be read is left out and listed.
    pub(super) fn add_all(
        &mut self,
        entries: &[Entry],
        visits: &mut Visits,
        seen: &mut Seen,
    ) -> Result<(), WriteError> {
        if self.first.is_none() {
            self.first = entries.first().cloned();
        }
        self.records += entries.len();
        for entry in entries {
            match readable(&entry.bytes) {
                Ok(events) => {
                    for (event, event_id) in events.iter().zip(entry.offset.0..) {
                        self.add(event, event_id, visits, seen)?;
                    }
                }
                Err(reason) => self.unreadable.push(Unreadable {
                    offset: entry.offset.0,
                    reason,
                    bytes: entry.bytes.clone(),
                }),
            }
        }
        Ok(())
    }

    /// Adds the visits that the events changed. After this come no more entries.
    pub(super) fn end(&mut self, visits: &mut Visits, seen: &mut Seen) -> Result<(), WriteError> {
        self.add_visits(&visits.take_changes(), visits, seen)?;
        seen.end_batch();
        Ok(())
    }

    fn add(
        &mut self,
        event: &EventRecord<'_>,
        event_id: u64,
        visits: &mut Visits,
        seen: &mut Seen,
    ) -> Result<(), WriteError> {
        let visit = match visits.apply(event, event_id) {
            Applied::Counted(visit) => visit,
            Applied::Dropped(reason) => {
                let family = reason.split(':').next().unwrap_or_default().to_owned();
                metrics::counter!("shelduck_web_dropped_total", "reason" => family).increment(1);
                return tables::push_dropped(&mut self.dropped, event, reason);
            }
        };
        let values = EventValues {
            at: event.at_micros,
            yesterday: event.visitor.yesterday,
            name: event.name,
            hostname: event.hostname,
            pathname: event.pathname,
        };
        let marks = seen.event(&key_of(visit), &values);
        tables::push_event(&mut self.events, event, visit, marks)?;
        self.counted += 1;
        match self.sites.get_mut(event.site) {
            Some(last_at) => *last_at = event.at_micros.max(*last_at),
            None => {
                self.sites.insert(event.site.into(), event.at_micros);
            }
        }
        Ok(())
    }

    fn add_visits(
        &mut self,
        changes: &Changes,
        visits: &Visits,
        seen: &mut Seen,
    ) -> Result<(), WriteError> {
        let still_open = changes.touched.iter().filter_map(|visit_id| visits.get(*visit_id));
        let mut changed: Vec<(&Visit, bool)> = still_open.map(|visit| (visit, true)).collect();
        changed.extend(changes.closed.iter().map(|visit| (visit, false)));
        changed.sort_unstable_by_key(|(visit, _)| visit.visit_id);
        for (visit, is_open) in changed {
            let mut attributes = [None; crate::record::ATTRIBUTES];
            for (slot, value) in attributes.iter_mut().zip(visit.attributes.values()) {
                *slot = value;
            }
            let values = VisitValues {
                entry_page: visit.entry_page.as_deref(),
                exit_page: visit.exit_page.as_deref(),
                attributes,
            };
            let marks = seen.visit(&key_of(visit), &values);
            let rows = if is_open { &mut self.open } else { &mut self.closed };
            tables::push_visit(rows, visit, marks)?;
        }
        let names: Vec<String> = changes.touched.iter().map(u64::to_string).collect();
        self.touched = names.join(",");
        Ok(())
    }

    /// Writes all rows and the offset, or nothing.
    pub(super) fn commit(self, writer: &mut Writer, offset: u64) -> Result<(), WriteError> {
        writer.commit(offset, |batch| {
            batch.append("events", self.events)?;
            batch.append("dropped_events", self.dropped)?;
            if !self.touched.is_empty() {
                batch.execute(
                    "DELETE FROM web.open_visits WHERE visit_id IN \
                     (SELECT unnest(string_split(?, ','))::UBIGINT)",
                    &[Value::Text(self.touched)],
                )?;
            }
            batch.append("open_visits", self.open)?;
            batch.append("closed_visits", self.closed)
        })
    }
}

fn readable(bytes: &[u8]) -> Result<Vec<EventRecord<'_>>, String> {
    let Record::Events(events) = Record::decode(bytes).map_err(|error| describe(&error))?;
    if events.iter().all(EventRecord::fits) {
        Ok(events)
    } else {
        Err("a time or an amount no table can hold".to_owned())
    }
}

fn describe(error: &DecodeError) -> String {
    match error {
        DecodeError::Malformed { source, .. } => format!("{error}: {source}"),
        DecodeError::Empty | DecodeError::UnknownVersion(_) | DecodeError::Trailing(_) => {
            error.to_string()
        }
    }
}

fn key_of(visit: &Visit) -> VisitKey<'_> {
    VisitKey {
        site: &visit.site,
        visitor_id: visit.visitor_id,
        visit_id: visit.visit_id,
        started_at: visit.started_at,
    }
}
