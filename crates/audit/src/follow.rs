//! Reading the log as it grows.

use std::io;
use std::path::PathBuf;

use crate::chain;
use crate::file::{self, File};
use crate::page::PAGE_RECORDS_MAX;
use crate::record::Record;

/// A reader that has got somewhere and goes on from there, through whatever files are begun and compressed meanwhile.
#[derive(Debug)]
pub struct Follow {
    dir: PathBuf,
    /// The last record that was read.
    last: u64,
    /// In which file it stood, and where it ended.
    place: Option<(u64, u64)>,
}

impl Follow {
    /// Begins behind the record of that number; 0 is the beginning.
    #[must_use]
    pub const fn after(dir: PathBuf, last: u64) -> Self {
        Self { dir, last, place: None }
    }

    /// What was written since, oldest first, [`PAGE_RECORDS_MAX`] at most; blocks for reading and does not wait.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn more(&mut self) -> io::Result<Vec<Record>> {
        self.collect(|record, _| record)
    }

    /// The same, with each record's line.
    pub(crate) fn lines(&mut self) -> io::Result<Vec<(Record, Vec<u8>)>> {
        self.collect(|record, line| (record, line.to_owned()))
    }

    fn collect<T>(&mut self, keep: impl Fn(Record, &[u8]) -> T) -> io::Result<Vec<T>> {
        let files = file::list(&self.dir)?;
        let begin = files.iter().rposition(|file| file.first <= self.last + 1).unwrap_or(0);
        let mut found = Vec::new();
        for file in files.iter().skip(begin) {
            match self.read(file, &mut found, &keep) {
                // It was compressed a moment ago, and its other form is there the next time.
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                done => done?,
            }
            if found.len() >= PAGE_RECORDS_MAX {
                break;
            }
        }
        Ok(found)
    }

    fn read<T>(
        &mut self,
        file: &File,
        found: &mut Vec<T>,
        keep: &impl Fn(Record, &[u8]) -> T,
    ) -> io::Result<()> {
        let place = self.place.filter(|(first, _)| *first == file.first && !file.is_packed);
        let mut lines = file.open_at(place.map_or(0, |(_, position)| position))?;
        while found.len() < PAGE_RECORDS_MAX
            && let Some(line) = lines.next()?
        {
            // A line without its end is being written.
            if !line.is_whole {
                break;
            }
            self.place = Some((file.first, lines.position()));
            let Some(sealed) = chain::unseal(&line.bytes) else { continue };
            if sealed.record.sequence > self.last {
                self.last = sealed.record.sequence;
                found.push(keep(sealed.record, &line.bytes));
            }
        }
        Ok(())
    }
}
