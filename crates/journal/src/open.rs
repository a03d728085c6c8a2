//! Opening a folder: what is there, what is torn, what is lost.
//!
//! Older segments are checked by header and length; the last one record by record, because only it can be torn. Bad
//! bytes deep inside an older segment are found by the reader, which checks every record.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Offset;
use crate::config::{Config, OFFSET_MAX};
use crate::disk::{self, Disk};
use crate::error::{Hole, HoleCause, OpenError};
use crate::record::{self, Place};
use crate::segment::{self, HEADER_BYTES, Header, Segment, Stop, View};

/// What an open found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Bytes cut off the end: the write that was under way when the last process stopped. They were never acknowledged,
    /// unless the disk lost its last group.
    pub torn_bytes: u64,
    /// Where the next record will be.
    pub next: Offset,
    /// Where the log begins.
    pub oldest: Offset,
    /// Stretches found lost, in order; reported by each open until they are trimmed.
    pub holes: Vec<Hole>,
}

/// A log made ready for its writer.
pub(crate) struct Recovered {
    pub(crate) lock: File,
    pub(crate) segments: Vec<Segment>,
    pub(crate) salt: u32,
    pub(crate) opened: Opened,
}

/// Locks the folder, checks its segments, cuts a torn tail, and leaves a last segment that can be written to.
pub(crate) fn recover(config: &Config, disk: &dyn Disk) -> Result<Recovered, OpenError> {
    config.check()?;
    let dir = config.dir.as_path();
    create_dir(dir)?;
    let lock = lock(dir)?;
    let names = list(dir)?;
    let mut survey =
        Survey { segments: Vec::new(), holes: Vec::new(), end: config.first_offset, torn_bytes: 0 };
    let mut is_writable = false;
    for (index, first) in names.iter().enumerate() {
        is_writable = match names.get(index + 1) {
            Some(next) => survey.add_older(dir, *first, *next).map(|()| true)?,
            None => survey.add_last(dir, *first, disk)?,
        };
    }
    if !names.is_empty() && survey.end < config.first_offset {
        let (from, to) = (Offset(survey.end), Offset(config.first_offset));
        survey.holes.push(Hole { from, to, cause: HoleCause::BehindConsumer });
        survey.end = config.first_offset;
        is_writable = false;
    }
    let salt = match survey.segments.last() {
        Some(segment) => segment.salt,
        None => new_salt()?,
    };
    if !is_writable {
        let segment = create(disk, dir, survey.end, salt)?;
        survey.segments.retain(|old| old.first != segment.first);
        survey.segments.push(segment);
    }
    disk::sync_dir(dir).map_err(io_error("sync", dir))?;
    let oldest = survey.segments.first().map_or(survey.end, |segment| segment.first);
    let opened = Opened {
        torn_bytes: survey.torn_bytes,
        next: Offset(survey.end),
        oldest: Offset(oldest),
        holes: survey.holes,
    };
    Ok(Recovered { lock, segments: survey.segments, salt, opened })
}

/// Creates an empty segment that starts at `first`.
pub(crate) fn create(
    disk: &dyn Disk,
    dir: &Path,
    first: u64,
    salt: u32,
) -> Result<Segment, OpenError> {
    let path = segment::path(dir, first);
    let file =
        disk.create(&path, &segment::header(first, salt)).map_err(io_error("create", &path))?;
    Ok(Segment { first, salt, path, file: Arc::new(file), is_damaged: false })
}

struct Survey {
    segments: Vec<Segment>,
    holes: Vec<Hole>,
    end: u64,
    torn_bytes: u64,
}

impl Survey {
    /// Takes in a segment that another one, at `next`, follows.
    fn add_older(&mut self, dir: &Path, first: u64, next: u64) -> Result<(), OpenError> {
        let Some((mut segment, length)) = open_segment(dir, first)? else {
            self.hole(first, next, HoleCause::SetAside);
            return Ok(());
        };
        if first + length < next {
            let view = View { file: &segment.file, first, salt: segment.salt, end: first + length };
            let (end, holes) =
                survey_records(view, Tail::Durable).map_err(io_error("read", &segment.path))?;
            self.holes.extend(holes);
            self.hole(end, next, HoleCause::Missing);
            segment.is_damaged = true;
        }
        self.segments.push(segment);
        Ok(())
    }

    /// Takes in the last segment and cuts its torn tail; says whether it can be written on.
    fn add_last(&mut self, dir: &Path, first: u64, disk: &dyn Disk) -> Result<bool, OpenError> {
        let Some((mut segment, length)) = open_segment(dir, first)? else {
            let path = segment::path(dir, first).with_extension(segment::DAMAGED_EXTENSION);
            let size = fs::metadata(&path).map_err(io_error("read", &path))?.len();
            self.end = first + size.saturating_sub(HEADER_BYTES);
            self.hole(first, self.end, HoleCause::SetAside);
            return Ok(false);
        };
        let view = View { file: &segment.file, first, salt: segment.salt, end: first + length };
        let (end, holes) =
            survey_records(view, Tail::MayBeTorn).map_err(io_error("read", &segment.path))?;
        // Zeros at the end are space the writer laid out and did not come to fill.
        let written = segment::written(&segment.file).map_err(io_error("read", &segment.path))?;
        self.torn_bytes = (first + written).saturating_sub(end);
        self.end = end;
        if first + length > end {
            disk.truncate(&segment.file, HEADER_BYTES + (end - first))
                .map_err(io_error("truncate", &segment.path))?;
        }
        // Records that a killed process wrote but never synced are read as durable from here on.
        disk.sync(&segment.file).map_err(io_error("sync", &segment.path))?;
        let is_whole = holes.is_empty();
        segment.is_damaged = !is_whole;
        self.holes.extend(holes);
        self.segments.push(segment);
        Ok(is_whole)
    }

    fn hole(&mut self, from: u64, to: u64, cause: HoleCause) {
        if from < to {
            self.holes.push(Hole { from: Offset(from), to: Offset(to), cause });
        }
    }
}

/// Whether the end of a stretch is known to have been acknowledged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    Durable,
    MayBeTorn,
}

/// Walks all records of a stretch: where they end, and the holes between them.
pub(crate) fn survey_records(view: View<'_>, tail: Tail) -> io::Result<(u64, Vec<Hole>)> {
    const STEP_BYTES: usize = 1 << 20;
    let mut holes = Vec::new();
    let mut at = view.first;
    loop {
        match view.walk(at, STEP_BYTES, |_| {})? {
            Stop::Enough(next) => at = next,
            Stop::End => return Ok((view.end, holes)),
            Stop::Bad(bad) => {
                if tail == Tail::MayBeTorn && view.search(bad, Some(Place::First))?.is_none() {
                    return Ok((bad, holes));
                }
                let Some(next) = view.search(bad, None)? else { return Ok((bad, holes)) };
                holes.push(Hole { from: Offset(bad), to: Offset(next), cause: HoleCause::Damaged });
                at = next;
            }
        }
    }
}

/// Opens a segment; gives the bytes of records in it. One with a bad header is renamed, and gives nothing.
fn open_segment(dir: &Path, first: u64) -> Result<Option<(Segment, u64)>, OpenError> {
    let path = segment::path(dir, first);
    let file =
        OpenOptions::new().read(true).write(true).open(&path).map_err(io_error("open", &path))?;
    match segment::read_header(&file, first).map_err(io_error("read", &path))? {
        Header::Good { salt } => {
            let length = file
                .metadata()
                .map_err(io_error("read", &path))?
                .len()
                .saturating_sub(HEADER_BYTES);
            Ok(Some((
                Segment { first, salt, path, file: Arc::new(file), is_damaged: false },
                length,
            )))
        }
        Header::OtherFormat(version) => {
            Err(OpenError::Version { path, version, known: segment::FORMAT })
        }
        Header::Bad => {
            let aside = path.with_extension(segment::DAMAGED_EXTENSION);
            fs::rename(&path, &aside).map_err(io_error("rename", &path))?;
            Ok(None)
        }
    }
}

/// The first offsets of all segments, in order. Drafts of a crashed creation are removed.
fn list(dir: &Path) -> Result<Vec<u64>, OpenError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_error("list", dir))? {
        let path = entry.map_err(io_error("list", dir))?.path();
        match path.extension().and_then(OsStr::to_str) {
            Some(segment::EXTENSION) => {
                match path.file_stem().and_then(OsStr::to_str).and_then(segment::first_of_name) {
                    Some(first) if first <= OFFSET_MAX => names.push(first),
                    Some(_) | None => return Err(OpenError::ForeignFile(path)),
                }
            }
            Some(disk::DRAFT_EXTENSION) => {
                fs::remove_file(&path).map_err(io_error("remove", &path))?
            }
            Some(_) | None => {}
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Creates the folder and its missing parents, durably.
fn create_dir(dir: &Path) -> Result<(), OpenError> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|path| !path.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io_error("create", dir))?;
    for parent in missing.iter().filter_map(|path| path.parent()) {
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        disk::sync_dir(parent).map_err(io_error("sync", parent))?;
    }
    Ok(())
}

fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join("lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(io_error("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(dir.to_path_buf())),
        Err(TryLockError::Error(source)) => Err(OpenError::Io { step: "lock", path, source }),
    }
}

fn new_salt() -> Result<u32, OpenError> {
    loop {
        let salt = getrandom::u32().map_err(OpenError::Random)?;
        if !record::salt_accepts_zeros(salt) {
            return Ok(salt);
        }
    }
}

fn io_error(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = PathBuf::from(path);
    move |source| OpenError::Io { step, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::RealDisk;

    const SALT: u32 = 5;
    const RECORD_BYTES: u64 = 58;

    /// A folder whose only segment holds records of fifty bytes, of which those named were lost to zeros.
    fn opened(places: &[Place], zeroed: &[usize]) -> Opened {
        let dir = tempfile::tempdir().unwrap();
        let mut bytes = segment::header(0, SALT);
        for (index, place) in places.iter().enumerate() {
            let record = [&record::head(SALT, *place, &[b'x'; 50])[..], &[b'x'; 50]].concat();
            if zeroed.contains(&index) {
                bytes.extend(vec![0; record.len()])
            } else {
                bytes.extend(record)
            }
        }
        fs::write(segment::path(dir.path(), 0), bytes).unwrap();
        recover(&Config::new(dir.path()), &RealDisk).unwrap().opened
    }

    fn check(places: &[Place], zeroed: &[usize], next: u64, torn: u64, holes: &[(u64, u64)]) {
        let opened = opened(places, zeroed);
        let wanted: Vec<_> = holes
            .iter()
            .map(|(from, to)| (Offset(from * RECORD_BYTES), Offset(to * RECORD_BYTES)))
            .collect();
        let found: Vec<_> = opened.holes.iter().map(|hole| (hole.from, hole.to)).collect();
        assert_eq!(opened.next, Offset(next * RECORD_BYTES), "{zeroed:?}");
        assert_eq!((opened.torn_bytes, found), (torn * RECORD_BYTES, wanted), "{zeroed:?}");
    }

    #[test]
    fn pages_missing_from_the_last_group_are_torn_but_before_it_are_damage() {
        use Place::{First, Later};
        let places = [First, First, Later, First, Later, Later];
        check(&places, &[], 6, 0, &[]);
        // The last group was under way: its pages may reach the disk in any order.
        check(&places, &[5], 5, 0, &[]);
        check(&places, &[4], 4, 2, &[]);
        check(&places, &[3], 3, 3, &[]);
        check(&places, &[3, 5], 3, 2, &[]);
        // That it had begun proves that the groups before it were durable.
        check(&places, &[2], 6, 0, &[(2, 3)]);
        check(&places, &[1], 6, 0, &[(1, 2)]);
        check(&places, &[0, 1], 6, 0, &[(0, 2)]);
        check(&places, &[0, 2], 6, 0, &[(0, 1), (2, 3)]);
        check(&places, &[1, 4], 4, 2, &[(1, 2)]);
        check(&[First, Later, Later], &[0], 0, 3, &[]);
        // Zeros behind the last byte that is none are space laid out ahead, nothing that was written.
        check(&[First, Later, Later], &[0, 1, 2], 0, 0, &[]);
    }
}
