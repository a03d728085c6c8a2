//! One commit, and what is done when it fails.

use journal::{Entry, Journal, Offset, ReadError};
use warehouse::{WriteError, Writer};

use super::batch::Batch;
use super::quarantine::Quarantine;
use super::tables::{self, OpenVisitsError};
use super::{LoaderConfig, LoaderError, Progress};
use crate::live::LiveFeed;
use crate::seen::Seen;
use crate::visits::Visits;

/// What a step found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// There may be more.
    More,
    /// Everything that was durable when the step began is loaded; the last commit had this many records.
    Done(usize),
}

/// Why a step has to be done again later.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error("the journal cannot be read")]
    Journal(#[source] ReadError),
    #[error("the warehouse takes nothing now")]
    Warehouse(#[from] WriteError),
    #[error("the open visits cannot be read")]
    OpenVisits(#[from] OpenVisitsError),
    #[error("the quarantine cannot be written")]
    Quarantine(#[source] std::io::Error),
}

/// The loader without its thread: each step is one commit.
pub(super) struct Engine {
    config: LoaderConfig,
    journal: Journal,
    writer: Writer,
    live: LiveFeed,
    quarantine: Quarantine,
    /// The state after everything committed. `None` after a failure, until it was read again.
    state: Option<State>,
    /// The most records of the next commit: halved while the warehouse refuses rows, until the one to blame stands alone.
    events_max: usize,
    checkpoint_at: u64,
    is_failing: bool,
}

struct State {
    visits: Visits,
    seen: Seen,
}

impl Engine {
    pub(super) fn new(
        config: LoaderConfig,
        journal: Journal,
        mut writer: Writer,
        live: LiveFeed,
    ) -> Result<Self, LoaderError> {
        let (committed, durable) = (writer.offset(), journal.durable().0);
        if durable < committed {
            return Err(LoaderError::JournalBehind { committed, durable });
        }
        let state = State::read(&mut writer).map_err(|error| match error {
            OpenVisitsError::Warehouse(error) => LoaderError::Warehouse(error),
            OpenVisitsError::Row => LoaderError::OpenVisits,
        })?;
        Ok(Self {
            quarantine: Quarantine::new(&config.quarantine_file),
            state: Some(state),
            events_max: config.events_max,
            checkpoint_at: committed.saturating_add(config.checkpoint_bytes),
            is_failing: false,
            config,
            journal,
            writer,
            live,
        })
    }

    pub(super) fn config(&self) -> &LoaderConfig {
        &self.config
    }

    pub(super) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Whether everything durable by now is loaded.
    pub(super) fn is_level(&self) -> bool {
        self.writer.offset() >= self.journal.durable().0
    }

    pub(super) fn progress(&self) -> Progress {
        Progress {
            committed: self.writer.offset(),
            quarantined: self.quarantine.count(),
            is_failing: self.is_failing,
        }
    }

    /// Loads the next entries. After an error the same step may be tried again.
    pub(super) fn step(&mut self) -> Result<Step, StepError> {
        let done = self.try_step();
        self.is_failing = done.is_err();
        done
    }

    fn try_step(&mut self) -> Result<Step, StepError> {
        let mut state = match self.state.take() {
            Some(state) => state,
            None => State::read(&mut self.writer)?,
        };
        let durable = self.journal.durable();
        let mut batch = Batch::new();
        let mut at = Offset(self.writer.offset());
        // Read in parts, so that a large commit does not hold all its records beside its rows.
        while batch.records() < self.events_max {
            let entries = match self.entries_from(at, self.events_max - batch.records())? {
                Next::Entries(entries) => entries,
                // What is whole is loaded first; the next step begins at the loss.
                Next::Lost { .. } if batch.records() > 0 => break,
                Next::Lost { until } => {
                    self.lose(at, until)?;
                    self.state = Some(state);
                    return Ok(Step::More);
                }
            };
            let Some(last) = entries.last() else { break };
            at = last.next;
            if let Err(error) = batch.add_all(&entries, &mut state.visits, &mut state.seen) {
                return self.refused(batch.first(), batch.records(), error);
            }
        }
        if batch.records() == 0 {
            self.state = Some(state);
            return Ok(Step::Done(0));
        }
        let (next, records, first) = (at.0, batch.records(), batch.first().cloned());
        if let Err(error) = batch.end(&mut state.visits, &mut state.seen) {
            return self.refused(first.as_ref(), records, error);
        }
        for record in &batch.unreadable {
            self.quarantine
                .put(record.offset, &record.reason, &record.bytes)
                .map_err(StepError::Quarantine)?;
        }
        let (sites, counted) = (batch.sites.clone(), batch.counted);
        if let Err(error) = batch.commit(&mut self.writer, next) {
            return self.refused(first.as_ref(), records, error);
        }
        self.state = Some(state);
        self.events_max = self.events_max.saturating_mul(2).min(self.config.events_max);
        metrics::counter!("shelduck_web_events_loaded_total").increment(counted);
        for (site, last_at) in &sites {
            self.live.publish(site, *last_at);
        }
        self.checkpoint();
        Ok(if next < durable.0 { Step::More } else { Step::Done(records) })
    }

    fn entries_from(&self, from: Offset, entries_max: usize) -> Result<Next, StepError> {
        match self.journal.read(from, self.config.read_bytes_max) {
            Ok(mut entries) => {
                entries.truncate(entries_max.max(1));
                Ok(Next::Entries(entries))
            }
            Err(ReadError::Trimmed { oldest, .. }) => Ok(Next::Lost { until: oldest }),
            Err(ReadError::Damaged(hole)) => Ok(Next::Lost { until: hole.to }),
            Err(
                error @ (ReadError::Ahead { .. }
                | ReadError::NotABoundary(_)
                | ReadError::Io { .. }),
            ) => Err(StepError::Journal(error)),
        }
    }

    /// Goes on behind a stretch of the journal that cannot be read any more.
    fn lose(&mut self, from: Offset, until: Offset) -> Result<(), StepError> {
        tracing::error!(from = from.0, until = until.0, "a stretch of the journal is lost");
        metrics::counter!("shelduck_web_journal_bytes_lost_total")
            .increment(until.0.saturating_sub(from.0));
        Ok(self.writer.commit(until.0, |_| Ok(()))?)
    }

    /// Decides what a failed commit means. The state is read again in any case: it holds rows that were not committed.
    fn refused(
        &mut self,
        first: Option<&Entry>,
        records: usize,
        error: WriteError,
    ) -> Result<Step, StepError> {
        let before = self.writer.offset();
        // After a fatal error the engine is opened again here, and the offset with it: the commit may have been done after all.
        self.writer.query("SELECT 1", &[])?;
        if self.writer.offset() != before {
            tracing::warn!(
                before,
                now = self.writer.offset(),
                "the warehouse was opened again at another offset"
            );
            return Ok(Step::More);
        }
        // If the warehouse takes an empty commit, it is well, and some row is to blame.
        if is_passing(&error) || self.writer.commit(before, |_| Ok(())).is_err() {
            return Err(StepError::Warehouse(error));
        }
        match first {
            Some(alone) if records == 1 => {
                let reason = format!("the warehouse refuses it: {}", chain(&error));
                self.quarantine
                    .put(alone.offset.0, &reason, &alone.bytes)
                    .map_err(StepError::Quarantine)?;
                self.writer.commit(alone.next.0, |_| Ok(()))?;
            }
            _ => {
                self.events_max = records / 2;
                tracing::warn!(
                    events = records,
                    "the warehouse refuses some row; trying with fewer"
                );
            }
        }
        Ok(Step::More)
    }

    /// Now and then empties the database's own log and trims the journal. The journal is needed from the last time the database
    /// file was whole without its log, and for as long as the operator wants to be able to fill a lost file again.
    fn checkpoint(&mut self) {
        let committed = self.writer.offset();
        if committed < self.checkpoint_at {
            return;
        }
        self.checkpoint_at = committed.saturating_add(self.config.checkpoint_bytes);
        if let Err(error) = self.writer.checkpoint() {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "no checkpoint now; the journal is kept"
            );
            return;
        }
        let below = Offset(committed.saturating_sub(self.config.keep_bytes));
        match self.journal.trim(below) {
            Ok(bytes) => tracing::debug!(bytes, "journal trimmed"),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the journal cannot be trimmed now"
                );
            }
        }
    }
}

enum Next {
    Entries(Vec<Entry>),
    /// What is between the committed offset and this one cannot be read any more.
    Lost {
        until: Offset,
    },
}

impl State {
    fn read(writer: &mut Writer) -> Result<Self, OpenVisitsError> {
        let visits = Visits::rebuild(tables::open_visits(writer)?);
        let seen = Seen::restore(|sql, params| writer.query(sql, params))?;
        Ok(Self { visits, seen })
    }
}

/// Whether an error says nothing of the rows and goes by itself: no space, no memory, engine closed.
fn is_passing(error: &WriteError) -> bool {
    const WORDS: &[&str] = &[
        "FATAL",
        "IO Error",
        "No space left",
        "Could not",
        "could not",
        "Out of Memory",
        "allocate",
        "failed to pin",
        "INTERRUPT",
    ];
    match error {
        WriteError::Column { .. } => false,
        WriteError::Engine(_) => {
            let text = chain(error);
            WORDS.iter().any(|word| text.contains(word))
        }
        WriteError::NoWriter(_) | WriteError::OffsetBehind { .. } | WriteError::Closed => true,
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
