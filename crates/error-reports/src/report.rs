//! What is reported, and the bounded way to who sends it.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Reports that wait to be sent.
pub const QUEUE_MAX: usize = 32;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A panic.
    Panic,
    /// A line of the log at the level `error`.
    Error,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Error => "error",
        }
    }
}

/// That something went wrong, and where in the source.
#[derive(Debug, Clone)]
pub struct Report {
    id: Arc<OnceLock<Uuid>>,
    pub(crate) kind: Kind,
    pub(crate) at: Timestamp,
    /// File and line, as known when this program was compiled.
    pub(crate) place: String,
}

impl Report {
    /// One that was noticed now.
    pub(crate) fn new(kind: Kind, file: Option<&str>, line: Option<u32>) -> Self {
        let place = match (file.and_then(in_source), line) {
            (Some(file), Some(line)) => format!("{file}:{line}"),
            _ => "unknown".to_owned(),
        };
        Self { id: Arc::default(), kind, at: Timestamp::now(), place }
    }

    /// Its id: the request's if one was named, else one that is drawn.
    pub(crate) fn id(&self) -> Uuid {
        *self.id.get_or_init(Uuid::new_v4)
    }

    /// Gives it the id of a request; false when it has one already.
    pub(crate) fn name(&self, id: Uuid) -> bool {
        self.id.set(id).is_ok()
    }
}

/// The part of a file's name that is the same wherever the program was built.
fn in_source(file: &str) -> Option<&str> {
    if let Some((_, rest)) = file.rsplit_once("/registry/src/") {
        return rest.split_once('/').map(|(_, file)| file);
    }
    if let Some(rest) = file.strip_prefix("/rustc/") {
        return rest.split_once('/').map(|(_, file)| file);
    }
    (!file.starts_with('/')).then_some(file)
}

/// Takes reports, never waiting.
#[derive(Clone)]
pub struct Reporter(mpsc::Sender<Report>);

/// The way from who reports to who sends.
#[must_use]
pub fn channel() -> (Reporter, mpsc::Receiver<Report>) {
    metrics::counter!("shelduck_error_reports_sent_total").absolute(0);
    metrics::counter!("shelduck_error_reports_dropped_total").absolute(0);
    let (sender, receiver) = mpsc::channel(QUEUE_MAX);
    (Reporter(sender), receiver)
}

impl Reporter {
    /// Takes it, or drops and counts it when too many wait.
    pub(crate) fn take(&self, report: Report) {
        if self.0.try_send(report).is_err() {
            metrics::counter!("shelduck_error_reports_dropped_total").increment(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_there_is_room_for_wait_and_one_more_is_dropped() {
        let (reporter, mut waiting) = channel();
        for line in 0..=u32::try_from(QUEUE_MAX).unwrap() {
            reporter.take(Report::new(Kind::Error, Some("a.rs"), Some(line)));
        }
        let mut places = Vec::new();
        while let Ok(report) = waiting.try_recv() {
            places.push(report.place);
        }
        assert_eq!((places.len(), places[0].as_str()), (QUEUE_MAX, "a.rs:0"));
        // Whoever sends may be gone: reporting is still harmless.
        drop(waiting);
        reporter.take(Report::new(Kind::Error, None, None));
    }

    #[test]
    fn a_place_tells_nothing_of_where_the_program_was_built() {
        for (file, expected) in [
            ("crates/web/src/loader.rs", "crates/web/src/loader.rs:7"),
            (
                "/srv/ada/.cargo/registry/src/packages.example-1949cf8c/bytes-1.0.0/src/x.rs",
                "bytes-1.0.0/src/x.rs:7",
            ),
            ("/rustc/59807616e1fa/library/core/src/option.rs", "library/core/src/option.rs:7"),
            ("/srv/ada/shelduck/target/debug/build/x/out/y.rs", "unknown"),
        ] {
            assert_eq!(Report::new(Kind::Panic, Some(file), Some(7)).place, expected);
        }
    }

    #[test]
    fn an_id_is_given_once() {
        let report = Report::new(Kind::Panic, None, None);
        let copy = report.clone();
        let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
        assert!(report.name(one) && !report.name(two));
        assert_eq!((report.id(), copy.id()), (one, one));
        let drawn = Report::new(Kind::Panic, None, None);
        assert_eq!(drawn.id(), drawn.id());
        assert!(!drawn.name(one));
    }
}
