//! Finding out what the last run left, and repairing what a crash may leave.
//!
//! Only the newest file and the head are looked at here, so that a start does not read a year; [`crate::verify`] reads it all.
//! What a crash leaves is a part of a line at the very end: it is cut off, and that is recorded. What no crash leaves (a record
//! that does not follow on the one before it, an end before the place that was attested) is not touched: the log goes on behind
//! it in a new file, whose first records say what was found.

use std::fs;
use std::io;
use std::path::Path;

use crate::chain::{self, Hash, Sealed};
use crate::config::Config;
use crate::disk;
use crate::error::OpenError;
use crate::file::{self, File, HEAD_FILE, RawLine};
use crate::head::{self, Signer};
use crate::record::Note;

/// What was found at the opening.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened {
    /// The number of the last record that was there; none in a new log.
    pub last: Option<u64>,
    /// Bytes of a torn line that were cut off.
    pub torn_bytes: u64,
    /// What is wrong with the log, if something is.
    pub broken: Option<String>,
}

/// Where the log goes on.
#[derive(Debug)]
pub(crate) struct Recovered {
    /// The number of the next record.
    pub(crate) next: u64,
    /// The hash it follows.
    pub(crate) last: Hash,
    /// The file to go on in, with its length; none: a new one is begun.
    pub(crate) active: Option<(File, u64)>,
    /// What has to be recorded first.
    pub(crate) notes: Vec<Note>,
    pub(crate) opened: Opened,
}

/// Looks at the folder, for who signs from now on.
pub(crate) fn recover(config: &Config, signer: &Signer) -> Result<Recovered, OpenError> {
    let dir = &config.dir;
    disk::make_dir(dir).map_err(OpenError::io("make", dir))?;
    file::remove_drafts(dir).map_err(OpenError::io("clean up", dir))?;
    let files = file::list(dir).map_err(OpenError::io("list", dir))?;
    let mut found = match files.last() {
        Some(newest) => {
            let survey = Survey::of(newest).map_err(OpenError::io("read", &newest.path))?;
            survey.recovered(newest).map_err(OpenError::io("repair", &newest.path))?
        }
        None => Recovered {
            next: 1,
            last: Hash::ZERO,
            active: None,
            notes: Vec::new(),
            opened: Opened::default(),
        },
    };
    let head = read_head(dir).map_err(OpenError::io("read the head of", dir))?;
    let last = head.as_ref().and_then(|head| head::read(head.sequence, &head.note));
    found.notes.extend(last.and_then(|last| signer.succeeds(&last)));
    if let Some(head) = head.filter(|head| head.sequence >= found.next) {
        let found_through = found.next - 1;
        found.broken(format!(
            "the log ends at record {found_through}, and record {} was attested",
            head.sequence
        ));
        // No number is ever given twice.
        found.next = head.sequence + 1;
    }
    Ok(found)
}

impl Recovered {
    /// Goes on in a new file, behind what is wrong.
    fn broken(&mut self, found: String) {
        self.active = None;
        self.notes.push(Note::Break { found: found.clone() });
        self.opened.broken.get_or_insert(found);
    }
}

/// What the newest file holds.
#[derive(Debug, Default)]
struct Survey {
    /// The last record that follows on the one before it.
    good: Option<(u64, Hash)>,
    /// Where it ends.
    good_end: u64,
    /// The highest number any line carries.
    highest: u64,
    /// The bytes behind it.
    rest: Vec<u8>,
    /// A line behind it that is a whole record all the same.
    wrong: Option<u64>,
}

impl Survey {
    fn of(file: &File) -> io::Result<Self> {
        let mut survey = Self::default();
        let mut lines = file.open()?;
        while let Some(line) = lines.next()? {
            survey.add(&line);
        }
        Ok(survey)
    }

    fn add(&mut self, line: &RawLine) {
        let sealed = chain::unseal(&line.bytes).filter(|_| line.is_whole);
        if let Some(sealed) = &sealed {
            self.highest = self.highest.max(sealed.record.sequence);
        }
        match sealed {
            Some(sealed) if self.wrong.is_none() && self.rest.is_empty() && self.fits(&sealed) => {
                self.good = Some((sealed.record.sequence, sealed.hash));
                self.good_end = line.start + line.bytes.len() as u64 + 1;
            }
            Some(sealed) => {
                self.wrong.get_or_insert(sealed.record.sequence);
            }
            None => {
                self.rest.extend_from_slice(&line.bytes);
                self.rest.extend(line.is_whole.then_some(b'\n'));
            }
        }
    }

    /// Whether a record follows on the last one, or begins the file.
    fn fits(&self, sealed: &Sealed<'_>) -> bool {
        match (&self.good, &sealed.record.chain) {
            (Some((sequence, hash)), _) => {
                sealed.record.sequence == sequence + 1 && sealed.follows(hash)
            }
            (None, Some(Note::Begin { previous })) => {
                Hash::parse(previous).is_some_and(|previous| sealed.follows(&previous))
            }
            (None, _) => false,
        }
    }

    fn recovered(self, file: &File) -> io::Result<Recovered> {
        let (sequence, last) = self.good.unwrap_or((file.first.saturating_sub(1), Hash::ZERO));
        let mut recovered = Recovered {
            next: sequence.max(self.highest) + 1,
            last,
            active: Some((file.clone(), self.good_end)),
            notes: Vec::new(),
            opened: Opened { last: Some(sequence), ..Opened::default() },
        };
        if let Some(wrong) = self.wrong {
            recovered.broken(format!("record {wrong} does not follow on the one before it"));
        } else if self.good.is_none() {
            recovered.broken(format!("the file {} has no first record", file.name()));
        } else if !self.rest.is_empty() {
            let bytes = self.rest.len() as u64;
            recovered.opened.torn_bytes = bytes;
            recovered.notes.push(Note::Torn { bytes, sha256: Hash::of(&self.rest).to_string() });
            if !file.is_packed {
                let open = fs::OpenOptions::new().write(true).open(&file.path)?;
                open.set_len(self.good_end)?;
                open.sync_all()?;
            }
        }
        if file.is_packed {
            recovered.active = None;
        }
        Ok(recovered)
    }
}

/// The last head, as the head file keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptHead {
    pub(crate) sequence: u64,
    pub(crate) note: Note,
}

/// Reads the head file; none when there is none, or when it holds no head.
pub(crate) fn read_head(dir: &Path) -> io::Result<Option<KeptHead>> {
    let bytes = match fs::read(dir.join(HEAD_FILE)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let sealed = chain::unseal(bytes.strip_suffix(b"\n").unwrap_or(&bytes));
    Ok(sealed.and_then(|sealed| {
        Some(KeptHead { sequence: sealed.record.sequence, note: sealed.record.chain? })
    }))
}
