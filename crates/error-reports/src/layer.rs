//! Where errors are noticed: the log's error lines, and panics.

use std::cell::RefCell;
use std::fmt;
use std::panic;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use uuid::Uuid;

use crate::report::{Kind, Report, Reporter};

/// The one field of a line that is read.
const REQUEST_ID: &str = "request.id";

thread_local! {
    /// The last panic of this thread that no line of the log has spoken of yet.
    static PANIC: RefCell<Option<Report>> = const { RefCell::new(None) };
}

/// Reports each line of the log at the level `error`.
pub struct ErrorLayer(Reporter);

impl ErrorLayer {
    /// To that reporter.
    #[must_use]
    pub fn new(reporter: Reporter) -> Self {
        Self(reporter)
    }
}

impl<S: Subscriber> Layer<S> for ErrorLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if *metadata.level() != Level::ERROR {
            return;
        }
        let mut named = Named(None);
        event.record(&mut named);
        // The request that panicked fails on the same thread: that is one thing that happened, not two.
        let panicked = PANIC.with(|last| last.try_borrow_mut().ok()?.take());
        if let (Some(panicked), Some(id)) = (panicked, named.0)
            && panicked.name(id)
        {
            return;
        }
        let report = Report::new(Kind::Error, metadata.file(), metadata.line());
        if let Some(id) = named.0 {
            report.name(id);
        }
        self.0.take(report);
    }
}

/// Reports each panic of this process from now on, besides what is done about it already.
pub fn watch_panics(reporter: Reporter) {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| {
        let place = panicked.location();
        let file = place.map(panic::Location::file);
        let report = Report::new(Kind::Panic, file, place.map(panic::Location::line));
        PANIC.with(|last| {
            if let Ok(mut last) = last.try_borrow_mut() {
                *last = Some(report.clone());
            }
        });
        reporter.take(report);
        before(panicked);
    }));
}

/// The id of the request that a line is about, if it is one.
struct Named(Option<Uuid>);

impl Visit for Named {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == REQUEST_ID {
            self.0 = Uuid::try_parse(&format!("{value:?}")).ok();
        }
    }
}
