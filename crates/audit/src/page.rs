//! Reading the log backwards, in bounded pieces.

use std::collections::VecDeque;
use std::io;
use std::path::Path;

use jiff::Timestamp;

use crate::chain;
use crate::file;
use crate::record::Record;

/// Most records of a page.
pub const PAGE_RECORDS_MAX: usize = 1000;
/// Records looked at for one page; what is not found by then is looked for by the next.
const SCANNED_MAX: usize = 200_000;

/// What is looked for; what is left out is not asked.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// This event.
    pub event: Option<String>,
    /// By this actor.
    pub actor: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// With lower numbers than this.
    pub before: Option<u64>,
}

impl Query {
    fn matches(&self, record: &Record) -> bool {
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found)
        };
        is(&self.event, &record.event)
            && is(&self.actor, &record.actor)
            && is(&self.outcome, &record.outcome)
            && self.from.is_none_or(|from| record.at >= from)
            && self.to.is_none_or(|to| record.at < to)
            && self.before.is_none_or(|before| record.sequence < before)
    }
}

/// Some records, newest first.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The records.
    pub records: Vec<Record>,
    /// What to ask for with [`Query::before`] to go on; none: there is nothing further.
    pub next: Option<u64>,
}

/// Reads a page; blocks.
///
/// # Errors
/// A file cannot be read.
pub fn page(dir: &Path, query: &Query, limit: usize) -> io::Result<Page> {
    let limit = limit.clamp(1, PAGE_RECORDS_MAX);
    let mut page = Page::default();
    let mut scanned = 0;
    let files = file::list(dir)?;
    let files = files.iter().rev();
    for file in files.filter(|file| query.before.is_none_or(|before| file.first < before)) {
        // Of a file the last matches are kept, and no more of them than there is place for.
        let wanted = limit - page.records.len();
        let mut found: VecDeque<Record> = VecDeque::with_capacity(wanted.min(64));
        let mut lines = file.open()?;
        let mut dropped = false;
        while let Some(line) = lines.next()? {
            scanned += 1;
            let Some(sealed) = chain::unseal(&line.bytes) else { continue };
            if query.matches(&sealed.record) {
                found.push_back(sealed.record);
                if found.len() > wanted {
                    found.pop_front();
                    dropped = true;
                }
            }
        }
        page.records.extend(found.into_iter().rev());
        if page.records.len() == limit || scanned >= SCANNED_MAX {
            let last = page.records.last().map_or(file.first, |record| record.sequence);
            let next = if dropped || page.records.len() == limit { last } else { file.first };
            page.next = (next > 1).then_some(next);
            break;
        }
    }
    Ok(page)
}
