//! The form in which Sentry takes a report: an envelope with one event.

use bytes::Bytes;
use serde::Serialize;
use serde_json::json;

use crate::report::Report;

/// Everything that is ever sent about an event.
#[derive(Serialize)]
struct Event<'a> {
    event_id: String,
    timestamp: String,
    platform: &'static str,
    level: &'static str,
    release: &'a str,
    exception: Exceptions<'a>,
}

#[derive(Serialize)]
struct Exceptions<'a> {
    values: [Exception<'a>; 1],
}

#[derive(Serialize)]
struct Exception<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// Where in the source: what Sentry groups by.
    value: &'a str,
}

/// Writes it: three lines of JSON.
pub(crate) fn write(report: &Report, release: &str) -> Bytes {
    let event_id = report.id().simple().to_string();
    let event = Event {
        event_id: event_id.clone(),
        timestamp: report.at.to_string(),
        platform: "native",
        level: "error",
        release,
        exception: Exceptions {
            values: [Exception { kind: report.kind.name(), value: &report.place }],
        },
    };
    let event = serde_json::to_string(&event).unwrap_or_default();
    let head = json!({"event_id": event_id});
    let item = json!({"type": "event", "length": event.len()});
    Bytes::from(format!("{head}\n{item}\n{event}\n"))
}

#[cfg(test)]
mod tests {
    use sentry_types::protocol::v7::{Envelope, Event, Level};

    use super::*;
    use crate::report::Kind;

    #[test]
    fn sentrys_own_library_reads_it_and_finds_nothing_else() {
        let report = Report::new(Kind::Panic, Some("crates/web/src/loader.rs"), Some(12));
        let written = write(&report, "shelduck@1.2.3");
        let envelope = Envelope::from_slice(&written).unwrap();
        assert_eq!(envelope.items().count(), 1);
        let event = envelope.event().unwrap();
        assert_eq!(event.event_id, report.id());
        assert_eq!(event.release.as_deref(), Some("shelduck@1.2.3"));
        assert_eq!(event.level, Level::Error);
        let [exception] = &event.exception.values[..] else { panic!("{event:?}") };
        assert_eq!(
            (exception.ty.as_str(), exception.value.as_deref()),
            ("panic", Some("crates/web/src/loader.rs:12"))
        );
        // Nothing but what was named above: the rest is as in an event about which nothing is known.
        let bare = Event {
            event_id: event.event_id,
            timestamp: event.timestamp,
            level: event.level,
            platform: event.platform.clone(),
            release: event.release.clone(),
            exception: event.exception.clone(),
            ..Event::default()
        };
        assert_eq!(event, &bare);
    }
}
