//! The tables of the database `web`, and their migrations.
//!
//! An event is written once, with the attributes of its visit copied onto it, so that most reports touch one table. A visit
//! changes while it is open: open visits live in a small table that is rewritten as they change, closed ones in a table that is
//! only appended to. Readers ask the view `visits`, which is both.
//!
//! Counting distinct visitors is the dear part of every report: over ten million events it costs four fifths of a page of
//! reports. So the loader, which sees a visitor's visits in order, writes down what was *not* new ([`crate::seen`]): a visit or
//! event whose bit in `repeats` is clear is the visitor's first with that value, and counting those is exact. `visitor_since` says
//! from when on that is known; 1970 means "not known", and then reports count the visitor ids themselves.
//!
//! # Invariants
//! - No primary keys, indexes or sequences (one writer keeps things unique; see DESIGN decision 3).
//! - All times are `TIMESTAMP` in UTC with microseconds.
//! - There is no column an address could be written to.

use warehouse::{DatabaseSpec, Kind, Migration};

/// The database of this plane, as the warehouse opens it.
pub const DATABASE: DatabaseSpec = DatabaseSpec { name: "web", migrations: MIGRATIONS };

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, sql: include_str!("schema/0001_events_and_visits.sql") }];

/// A column of a table: its name and what the appender expects.
pub type Column = (&'static str, Kind);

/// What a visit brings with it: written on the visit and copied onto each of its events, in this order.
pub const VISIT_ATTRIBUTES: &[Column] = &[
    ("referrer", Kind::Text),
    ("source", Kind::Text),
    ("channel", Kind::Text),
    ("utm_source", Kind::Text),
    ("utm_medium", Kind::Text),
    ("utm_campaign", Kind::Text),
    ("utm_content", Kind::Text),
    ("utm_term", Kind::Text),
    ("country", Kind::Text),
    ("region", Kind::Text),
    ("city", Kind::Text),
    ("browser", Kind::Text),
    ("browser_version", Kind::Text),
    ("os", Kind::Text),
    ("os_version", Kind::Text),
    ("device", Kind::Text),
    ("screen", Kind::Text),
    ("language", Kind::Text),
];

/// The columns of `events` before the visit's attributes.
pub const EVENT_COLUMNS: &[Column] = &[
    ("site", Kind::Text),
    ("timestamp", Kind::Timestamp),
    ("name", Kind::Text),
    ("hostname", Kind::Text),
    ("pathname", Kind::Text),
    ("visitor_id", Kind::U64),
    ("visit_id", Kind::U64),
    ("interactive", Kind::Bool),
    ("scroll_depth", Kind::U8),
    ("engaged_ms", Kind::U32),
    ("props", Kind::Text),
    ("revenue_amount", Kind::Decimal),
    ("revenue_currency", Kind::Text),
    ("visitor_since_hour", Kind::U32),
    ("repeats", Kind::U32),
];

/// The columns of `open_visits` and `closed_visits` before the visit's attributes.
pub const VISIT_COLUMNS: &[Column] = &[
    ("site", Kind::Text),
    ("visit_id", Kind::U64),
    ("visitor_id", Kind::U64),
    ("started_at", Kind::Timestamp),
    ("last_at", Kind::Timestamp),
    ("pageviews", Kind::U32),
    ("events", Kind::U32),
    ("bounce", Kind::Bool),
    ("entry_hostname", Kind::Text),
    ("entry_page", Kind::Text),
    ("exit_page", Kind::Text),
    ("visitor_since", Kind::Timestamp),
    ("repeats", Kind::U32),
];

/// The one column `dropped_events` has more than `events`, after all others.
pub const DROPPED_REASON: Column = ("reason", Kind::Text);
