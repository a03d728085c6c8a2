//! Reading the whole log and saying what is wrong with it.
//!
//! Each way of changing a log has its own words: a changed record, one that is gone, one in the wrong place, a whole file that is
//! gone, a beginning or an end that is gone, a chain that was made anew. What a crash leaves is told apart and is no fault.
//!
//! A key that is trusted vouches for the one it succeeded (see [`Note::Succession`]), and only for heads from before: a log is
//! verified with the newest key alone, and an old one that leaked signs nothing any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::Path;

use crate::chain::{self, Hash, Sealed};
use crate::file::{self, RawLine};
use crate::head::{self, PublicKey};
use crate::open;
use crate::record::Note;
use crate::writer::UNSIGNED_RECORDS_MAX;

/// Something wrong with the log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Finding {
    /// A record, or the one before it, says something else than what was chained.
    Changed {
        /// Its number.
        sequence: u64,
        /// In which file.
        file: String,
    },
    /// Records inside a file are gone.
    Removed {
        /// The first.
        from: u64,
        /// The last.
        through: u64,
        /// In which file.
        file: String,
    },
    /// A whole file is gone.
    FileRemoved {
        /// The first record.
        from: u64,
        /// The last.
        through: u64,
    },
    /// A record stands behind one with a higher number.
    Reordered {
        /// Its number.
        sequence: u64,
        /// In which file.
        file: String,
    },
    /// A record is there twice.
    Repeated {
        /// Its number.
        sequence: u64,
        /// In which file.
        file: String,
    },
    /// A line in the middle is no record.
    NotARecord {
        /// In which file.
        file: String,
        /// Which line.
        line: u64,
    },
    /// The first files are gone, and no record says that they were old enough.
    BeginningRemoved {
        /// The last record that is gone.
        through: u64,
    },
    /// The end is gone.
    Truncated {
        /// The last record that is there.
        found: u64,
        /// The one that was attested.
        attested: u64,
    },
    /// A signed head does not attest what stands before it.
    Rewritten {
        /// The head.
        sequence: u64,
    },
    /// A head is not signed by the key it names.
    BadSignature {
        /// The head.
        sequence: u64,
    },
    /// A head is signed by a key that is not trusted.
    UnknownKey {
        /// The head.
        sequence: u64,
        /// The key.
        key: String,
    },
    /// More records are without a head than the server ever leaves.
    Unsigned {
        /// How many.
        records: u64,
    },
    /// The file that attests the end is gone or unreadable.
    NoHead,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { sequence, file } => write!(
                formatter,
                "record {sequence} in {file} does not follow on the one before it: it or that one was changed"
            ),
            Self::Removed { from, through, file } => {
                write!(formatter, "records {from} to {through} were taken out of {file}")
            }
            Self::FileRemoved { from, through } => {
                write!(formatter, "records {from} to {through} are gone: a file was deleted")
            }
            Self::Reordered { sequence, file } => {
                write!(formatter, "record {sequence} in {file} is in the wrong place")
            }
            Self::Repeated { sequence, file } => {
                write!(formatter, "record {sequence} in {file} is there twice")
            }
            Self::NotARecord { file, line } => {
                write!(formatter, "line {line} of {file} is no record")
            }
            Self::BeginningRemoved { through } => write!(
                formatter,
                "records 1 to {through} are gone, and no signed record says that their files were old enough"
            ),
            Self::Truncated { found, attested } => write!(
                formatter,
                "the log ends at record {found}, and record {attested} was attested: its end was cut off"
            ),
            Self::Rewritten { sequence } => write!(
                formatter,
                "the signed head {sequence} does not attest what stands before it: the log was written anew"
            ),
            Self::BadSignature { sequence } => {
                write!(formatter, "the head {sequence} is not signed by the key it names")
            }
            Self::UnknownKey { sequence, key } => {
                write!(formatter, "the head {sequence} is signed by {key}, which is not trusted")
            }
            Self::Unsigned { records } => write!(
                formatter,
                "{records} records are without a signed head, more than the server ever leaves"
            ),
            Self::NoHead => formatter
                .write_str("the file `head` is gone or unreadable: a cut end could not be seen"),
        }
    }
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// How many files.
    pub files: u64,
    /// How many records.
    pub records: u64,
    /// How many signed heads.
    pub heads: u64,
    /// The first record.
    pub first: u64,
    /// The last.
    pub last: u64,
    /// Records behind the last head.
    pub unsigned: u64,
    /// Bytes of a line that a crash left at the end, or that is being written; no fault.
    pub torn_bytes: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Reads the whole log; blocks. Without a trusted key every signature is still checked against the key it names.
///
/// # Errors
/// A file cannot be read.
pub fn verify(dir: &Path, trusted: &[PublicKey]) -> io::Result<Report> {
    let mut trust = Trust(trusted.iter().map(|key| (*key, u64::MAX)).collect());
    loop {
        let (report, vouched) = walk(dir, &trust)?;
        // A log whose keys changed is read twice: who vouches for a head stands behind it.
        if !trust.learn(vouched) {
            return Ok(report);
        }
    }
}

/// Which keys are trusted, each for the heads before a number; without any, every key is.
struct Trust(BTreeMap<PublicKey, u64>);

/// What a signed head says about the key of before.
struct Vouched {
    predecessor: PublicKey,
    /// For the heads before this number.
    until: u64,
    by: PublicKey,
    /// The number of the head that attests it.
    at: u64,
}

impl Trust {
    fn covers(&self, key: &PublicKey, sequence: u64) -> bool {
        self.0.is_empty() || self.0.get(key).is_some_and(|until| sequence < *until)
    }

    /// Takes in what trusted heads vouch for; whether any key is trusted further than before.
    fn learn(&mut self, mut vouched: Vec<Vouched>) -> bool {
        if self.0.is_empty() {
            return false;
        }
        vouched.sort_by_key(|vouched| std::cmp::Reverse(vouched.at));
        let mut has_learnt = false;
        for Vouched { predecessor, until, by, at } in vouched {
            if self.covers(&by, at) {
                let known = self.0.entry(predecessor).or_default();
                has_learnt |= until > *known;
                *known = until.max(*known);
            }
        }
        has_learnt
    }
}

fn walk(dir: &Path, trust: &Trust) -> io::Result<(Report, Vec<Vouched>)> {
    let kept = open::read_head(dir)?;
    let files = file::list(dir)?;
    let mut walk = Walk::new(trust);
    walk.attested = kept.as_ref().and_then(|kept| {
        let head = head::read(kept.sequence, &kept.note)?;
        head.is_signed.then_some((kept.sequence, head.attests))
    });
    for (place, file) in files.iter().enumerate() {
        walk.begin_file(file.name());
        let mut lines = file.open()?;
        while let Some(line) = lines.next()? {
            walk.line(&line);
        }
        walk.end_file(place + 1 == files.len());
    }
    walk.report.files = files.len() as u64;
    let vouched = std::mem::take(&mut walk.vouched);
    Ok((walk.finish(), vouched))
}

struct Walk<'a> {
    trust: &'a Trust,
    report: Report,
    file: String,
    line: u64,
    is_file_start: bool,
    /// Lines that are no records, until it is known whether one follows.
    strange: Vec<(u64, u64)>,
    last: Option<(u64, Hash)>,
    /// Numbers that were passed over, and whether at the start of a file.
    gaps: Vec<(BTreeSet<u64>, Option<String>)>,
    /// What is missing at the very beginning.
    beginning: Option<(u64, Hash)>,
    retired: Vec<(u64, Hash)>,
    attested: Option<(u64, Hash)>,
    /// Successions that no head attests yet.
    successions: Vec<(u64, PublicKey)>,
    vouched: Vec<Vouched>,
}

/// The largest gap whose numbers are looked for one by one.
const GAP_MAX: u64 = 1 << 20;

impl<'a> Walk<'a> {
    fn new(trust: &'a Trust) -> Self {
        Self {
            trust,
            report: Report::default(),
            file: String::new(),
            line: 0,
            is_file_start: true,
            strange: Vec::new(),
            last: None,
            gaps: Vec::new(),
            beginning: None,
            retired: Vec::new(),
            attested: None,
            successions: Vec::new(),
            vouched: Vec::new(),
        }
    }

    fn begin_file(&mut self, name: String) {
        self.file = name;
        self.line = 0;
        self.is_file_start = true;
    }

    fn line(&mut self, line: &RawLine) {
        self.line += 1;
        match chain::unseal(&line.bytes).filter(|_| line.is_whole) {
            None => self.strange.push((self.line, line.bytes.len() as u64)),
            Some(sealed) => {
                self.tell_strange();
                self.record(&sealed);
                self.is_file_start = false;
            }
        }
    }

    fn end_file(&mut self, is_newest: bool) {
        if is_newest {
            self.report.torn_bytes = self.strange.drain(..).map(|(_, bytes)| bytes).sum();
        } else {
            self.tell_strange();
        }
    }

    fn tell_strange(&mut self) {
        for (line, _) in std::mem::take(&mut self.strange) {
            self.find(Finding::NotARecord { file: self.file.clone(), line });
        }
    }

    fn find(&mut self, finding: Finding) {
        self.report.findings.push(finding);
    }

    fn record(&mut self, sealed: &Sealed<'_>) {
        let sequence = sealed.record.sequence;
        self.report.records += 1;
        let previous = match self.last {
            None => self.first(sealed),
            Some((last, hash)) if sequence == last + 1 => Some(hash),
            Some((last, _)) if sequence > last => {
                self.gap(last + 1, sequence - 1);
                begin_of(sealed)
            }
            Some(_) => return self.misplaced(sequence),
        };
        if previous.is_some_and(|previous| !sealed.follows(&previous)) {
            self.successions.clear();
            self.find(Finding::Changed { sequence, file: self.file.clone() });
        }
        self.note(sealed, self.last.map_or(previous, |(_, hash)| Some(hash)));
        self.last = Some((sequence, sealed.hash));
        self.report.last = sequence;
    }

    /// The first record of all: the very first, or one whose predecessors were retired.
    fn first(&mut self, sealed: &Sealed<'_>) -> Option<Hash> {
        let sequence = sealed.record.sequence;
        self.report.first = sequence;
        if sequence == 1 {
            return Some(Hash::ZERO);
        }
        let previous = begin_of(sealed).unwrap_or(Hash::ZERO);
        self.beginning = Some((sequence - 1, previous));
        Some(previous)
    }

    fn gap(&mut self, from: u64, through: u64) {
        let numbers = (from..=through.min(from.saturating_add(GAP_MAX))).collect();
        let inside = (!self.is_file_start).then(|| self.file.clone());
        self.gaps.push((numbers, inside));
    }

    fn misplaced(&mut self, sequence: u64) {
        let file = self.file.clone();
        let missed = self.gaps.iter_mut().any(|(numbers, _)| numbers.remove(&sequence));
        self.find(if missed {
            Finding::Reordered { sequence, file }
        } else {
            Finding::Repeated { sequence, file }
        });
    }

    fn note(&mut self, sealed: &Sealed<'_>, previous: Option<Hash>) {
        let sequence = sealed.record.sequence;
        self.report.unsigned += 1;
        if let Some((attested, hash)) = self.attested
            && attested == sequence
            && previous.is_some_and(|previous| previous != hash)
        {
            self.find(Finding::Rewritten { sequence });
        }
        match &sealed.record.chain {
            Some(Note::Retire { through, last, .. }) => {
                self.retired.extend(Hash::parse(last).map(|last| (*through, last)));
            }
            Some(Note::Succession { predecessor }) => {
                self.successions.extend(predecessor.parse().ok().map(|key| (sequence, key)));
            }
            Some(note @ Note::Head { .. }) => self.head(sequence, note, previous),
            _ => {}
        }
    }

    fn head(&mut self, sequence: u64, note: &Note, previous: Option<Hash>) {
        let Some(head) = head::read(sequence, note).filter(|head| head.is_signed) else {
            return self.find(Finding::BadSignature { sequence });
        };
        let attests = previous == Some(head.attests);
        let vouch =
            |(until, predecessor)| Vouched { predecessor, until, by: head.key, at: sequence };
        let successions = std::mem::take(&mut self.successions);
        self.vouched.extend(successions.into_iter().filter(|_| attests).map(vouch));
        if !self.trust.covers(&head.key, sequence) {
            return self.find(Finding::UnknownKey { sequence, key: head.key.to_string() });
        }
        if previous.is_some_and(|previous| previous != head.attests)
            && self.attested.is_none_or(|(attested, _)| attested != sequence)
        {
            self.find(Finding::Rewritten { sequence });
        }
        self.report.heads += 1;
        self.report.unsigned = 0;
    }

    fn finish(mut self) -> Report {
        for (numbers, inside) in std::mem::take(&mut self.gaps) {
            let (Some(from), Some(through)) = (numbers.first(), numbers.last()) else { continue };
            let (from, through) = (*from, *through);
            self.find(match inside {
                Some(file) => Finding::Removed { from, through, file },
                None => Finding::FileRemoved { from, through },
            });
        }
        if let Some(beginning) = self.beginning
            && !self.retired.contains(&beginning)
        {
            self.find(Finding::BeginningRemoved { through: beginning.0 });
        }
        let found = self.report.last;
        match self.attested {
            Some((attested, _)) if attested > found => {
                self.find(Finding::Truncated { found, attested });
            }
            None if self.report.heads > 0 => self.find(Finding::NoHead),
            _ => {}
        }
        if self.report.unsigned > 2 * UNSIGNED_RECORDS_MAX {
            self.find(Finding::Unsigned { records: self.report.unsigned });
        }
        self.report
    }
}

/// What a file's first record says it follows.
fn begin_of(sealed: &Sealed<'_>) -> Option<Hash> {
    match &sealed.record.chain {
        Some(Note::Begin { previous }) => Hash::parse(previous),
        _ => None,
    }
}
