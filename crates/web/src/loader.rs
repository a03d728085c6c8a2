//! The journal into the warehouse: the one consumer of the one, and the one
//! writer of the other.
//!
//! Twice a second, every few seconds under load, everything new in the journal becomes one commit: rows of events, visits
//! that began, went on or ended, and the offset up to which this is all of the journal. So nothing is lost and nothing
//! doubled, whenever the process ends: the next start reads the open visits and goes on at the offset. After an error it
//! does exactly that too, without a restart.
//!
//! # Failure
//! - A record that cannot be read, or a row the warehouse refuses whatever is tried, goes to the quarantine file with the reason, and the
//!   rest goes on. Both are counted and logged as errors.
//! - A lost stretch of the journal is logged and counted, and reading goes on behind it.
//! - While the disk is full or the engine closed the loader tries again, ever more slowly, and loses nothing: the journal holds what it has
//!   not committed.
//! - A journal that ends before the committed offset is of another installation or was restored alone: [`LoaderError::JournalBehind`] at
//!   start, because its next events would be taken for known ones.
//!
//! # Not here
//! What a visit is: [`crate::visits`]. What a report reads: [`crate::schema`].

mod batch;
mod quarantine;
mod step;
mod tables;

use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use journal::{Journal, Offset, Opened};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use warehouse::{WriteError, Writer};

use self::step::{Engine, Step};
use crate::live::LiveFeed;

/// What the loader is set up with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoaderConfig {
    /// How long events are gathered before a commit.
    pub interval: Duration,
    /// The most records of one commit.
    pub events_max: usize,
    /// The most bytes of the journal read at once.
    pub read_bytes_max: usize,
    /// How much of the journal is kept below the committed offset, for a database that has to be filled again.
    pub keep_bytes: u64,
    /// After how many bytes of journal the database writes its own log into its file, and the journal is trimmed.
    pub checkpoint_bytes: u64,
    /// Where records go that cannot be loaded.
    pub quarantine_file: PathBuf,
}

impl LoaderConfig {
    /// The usual: two commits a second, 256 MiB of journal kept.
    ///
    /// A commit writes each open visit that changed once, however many events changed it, and rows enough to fill a row group of
    /// the database go into its file without its log: large commits are cheap by the event.
    pub fn new(data_dir: &Path) -> Self {
        Self {
            interval: Duration::from_millis(500),
            events_max: 250_000,
            read_bytes_max: 4 << 20,
            keep_bytes: 256 << 20,
            checkpoint_bytes: 128 << 20,
            quarantine_file: data_dir.join("quarantine.jsonl"),
        }
    }
}

/// Why the loader does not start.
#[derive(Debug, thiserror::Error)]
pub enum LoaderError {
    /// The warehouse has seen more than the journal holds.
    #[error(
        "the warehouse has events up to offset {committed}, but the journal ends at {durable}: the two are not of one \
         installation, or only one was restored"
    )]
    JournalBehind {
        /// The committed offset.
        committed: u64,
        /// The end of the journal.
        durable: u64,
    },
    /// The warehouse does not answer.
    #[error("the state of the visits cannot be read")]
    Warehouse(#[from] WriteError),
    /// The table of open visits is not as the schema says.
    #[error("a row of open_visits is not as the schema says")]
    OpenVisits,
    /// The thread did not start.
    #[error("cannot start the loader's thread")]
    Thread(#[source] std::io::Error),
}

/// How far the loader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Everything before this offset is in the warehouse.
    pub committed: u64,
    /// How many records went to quarantine since the start.
    pub quarantined: u64,
    /// Whether the last try to commit failed.
    pub is_failing: bool,
}

/// The running loader.
pub struct Loader {
    stop: watch::Sender<bool>,
    progress: watch::Receiver<Progress>,
    thread: Option<JoinHandle<()>>,
}

impl Loader {
    /// Reads the open visits and starts the loader's thread. Blocking.
    ///
    /// # Errors
    /// [`LoaderError`].
    pub fn start(
        config: LoaderConfig,
        journal: Journal,
        opened: &Opened,
        writer: Writer,
        live: LiveFeed,
    ) -> Result<Self, LoaderError> {
        report(opened);
        let (tell, progress) = watch::channel(Progress::default());
        let (stop, stopped) = watch::channel(false);
        let engine = Engine::new(config, journal, writer, live)?;
        tell.send_replace(engine.progress());
        let run = Run { engine, tell, stopped };
        let thread = thread::Builder::new()
            .name("loader".to_owned())
            .spawn(move || run.until_stopped())
            .map_err(LoaderError::Thread)?;
        Ok(Self { stop, progress, thread: Some(thread) })
    }

    /// Follows how far it is.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Loads what the journal holds by now and ends. Blocking. While the warehouse refuses, it gives up after some
    /// seconds: the journal keeps the rest for the next start.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the loader's thread panicked");
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.end();
    }
}

fn report(opened: &Opened) {
    if opened.torn_bytes > 0 {
        tracing::warn!(
            bytes = opened.torn_bytes,
            "the journal ended in a record that was never acknowledged"
        );
    }
    for hole in &opened.holes {
        tracing::error!(from = hole.from.0, to = hole.to.0, cause = ?hole.cause, "the journal has a hole");
    }
}

/// The loader on its thread.
struct Run {
    engine: Engine,
    tell: watch::Sender<Progress>,
    stopped: watch::Receiver<bool>,
}

/// The first and the longest pause after a failure.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// How many times as long as it worked the loader rests, so that taking events in goes before showing them; and how long at most,
/// so that they are shown soon.
const REST_FACTOR: u32 = 3;
const REST_MAX: Duration = Duration::from_millis(1_500);
/// A commit of so many records shows a server under load, which gathers longer.
const BUSY_RECORDS: usize = 20_000;
const REST_BUSY: Duration = Duration::from_secs(5);
/// How often a commit is tried after the loader was told to end.
const LAST_TRIES: u32 = 5;

impl Run {
    fn until_stopped(mut self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        match runtime {
            Ok(runtime) => runtime.block_on(self.run()),
            Err(error) => {
                tracing::error!(%error, "the loader cannot wait for the journal; it ends")
            }
        }
    }

    async fn run(&mut self) {
        let mut durable = self.engine.journal().subscribe();
        let interval = self.engine.config().interval;
        let mut pause = PAUSE_MIN;
        let mut last_tries = LAST_TRIES;
        let mut begun = Instant::now();
        loop {
            durable.mark_unchanged();
            let step = self.engine.step();
            let is_stopping = *self.stopped.borrow();
            self.tell.send_if_modified(|told| {
                let now = self.engine.progress();
                let is_news = *told != now;
                *told = now;
                is_news
            });
            match step {
                Ok(Step::More) => pause = PAUSE_MIN,
                Ok(Step::Done(_)) if is_stopping => {
                    if self.engine.is_level() {
                        return;
                    }
                }
                Ok(Step::Done(records)) => {
                    pause = PAUSE_MIN;
                    let rest = rest_after(begun.elapsed(), records);
                    let next = (begun + interval).max(Instant::now() + rest);
                    self.wait(&mut durable, next).await;
                    begun = Instant::now();
                }
                Err(_) if is_stopping && last_tries == 0 => {
                    tracing::error!(
                        "the loader ends without having loaded all; the next start goes on"
                    );
                    return;
                }
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                        "events cannot be loaded now; the journal keeps them"
                    );
                    if is_stopping {
                        last_tries -= 1;
                    }
                    tokio::time::sleep(pause).await;
                    begun = Instant::now();
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }

    /// Waits until there is something new, and then until the time of the next commit; less when the loader is told to end.
    async fn wait(&mut self, durable: &mut watch::Receiver<Offset>, next: Instant) {
        tokio::select! {
            _ = durable.changed() => {}
            _ = self.stopped.wait_for(|is_stopping| *is_stopping) => return,
        }
        let rest = next.saturating_duration_since(Instant::now());
        // Whether time or the end comes first makes no difference: the next step loads what there is.
        let _ = timeout(rest, self.stopped.wait_for(|is_stopping| *is_stopping)).await;
    }
}

fn rest_after(worked: Duration, records: usize) -> Duration {
    if records >= BUSY_RECORDS { REST_BUSY } else { (worked * REST_FACTOR).min(REST_MAX) }
}

#[cfg(test)]
mod tests;
