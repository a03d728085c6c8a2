//! The files of the log: their names, their order, and reading them whether
//! compressed or not.
//!
//! A file is named by the number of its first record, in twenty digits. The newest one is being written; older ones are
//! compressed by and by. While one is replaced by its compressed form both may be there; they say the same.

use std::fs::{self, File as StdFile};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;

use crate::chain::{self, Hash};
use crate::disk::{self, DRAFT_EXTENSION};
use crate::record::{LINE_BYTES_MAX, Note};

const PLAIN: &str = ".jsonl";
const PACKED: &str = ".jsonl.gz";
/// The file that says where the chain last stood.
pub(crate) const HEAD_FILE: &str = "head";
/// What a file may unpack to; more is not ours.
const UNPACKED_BYTES_MAX: u64 = 256 << 20;

/// A file of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// The number of its first record.
    pub(crate) first: u64,
    pub(crate) path: PathBuf,
    pub(crate) is_packed: bool,
}

impl File {
    /// The plain file that begins with that record.
    pub(crate) fn plain(dir: &Path, first: u64) -> Self {
        Self { first, path: dir.join(format!("{first:020}{PLAIN}")), is_packed: false }
    }

    pub(crate) fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Its lines from the beginning; of a file that was compressed since it was listed, from that form.
    pub(crate) fn open(&self) -> io::Result<Lines> {
        match self.open_form() {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.is_packed => {
                Self { path: self.packed_path(), is_packed: true, ..self.clone() }.open_form()
            }
            opened => opened,
        }
    }

    fn packed_path(&self) -> PathBuf {
        self.path.with_file_name(format!("{}{PACKED}", self.name().trim_end_matches(PLAIN)))
    }

    fn open_form(&self) -> io::Result<Lines> {
        let file = StdFile::open(&self.path)?;
        let source: Box<dyn BufRead + Send> = if self.is_packed {
            let unpacked = MultiGzDecoder::new(BufReader::new(file));
            Box::new(BufReader::new(unpacked.take(UNPACKED_BYTES_MAX)))
        } else {
            Box::new(BufReader::new(file))
        };
        Ok(Lines { source, position: 0 })
    }

    /// Its lines from a place that [`Lines::position`] gave; a compressed file is read from the beginning.
    pub(crate) fn open_at(&self, position: u64) -> io::Result<Lines> {
        if self.is_packed {
            return self.open();
        }
        let mut file = StdFile::open(&self.path)?;
        file.seek(SeekFrom::Start(position))?;
        Ok(Lines { source: Box::new(BufReader::new(file)), position })
    }

    /// When it was begun, and the hash of the record before it: what its first record says.
    pub(crate) fn begin(&self) -> io::Result<Option<(Timestamp, Hash)>> {
        let Some(RawLine { bytes, .. }) = self.open()?.next()? else { return Ok(None) };
        let begin = chain::unseal(&bytes).and_then(|sealed| {
            let Some(Note::Begin { previous }) = &sealed.record.chain else { return None };
            Some((sealed.record.at, Hash::parse(previous)?))
        });
        Ok(begin)
    }
}

/// All files of the log, oldest first; none when there is no folder.
pub(crate) fn list(dir: &Path) -> io::Result<Vec<File>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let packed = name.strip_suffix(PACKED).map(|digits| (digits, true));
        let parsed = packed.or_else(|| name.strip_suffix(PLAIN).map(|digits| (digits, false)));
        let Some((digits, is_packed)) = parsed else { continue };
        if digits.len() == 20
            && let Ok(first) = digits.parse()
        {
            files.push(File { first, path, is_packed });
        }
    }
    // Of two forms of one file the plain one, which is the one that was written.
    files.sort_by_key(|file| (file.first, file.is_packed));
    files.dedup_by_key(|file| file.first);
    Ok(files)
}

/// A line, or the part of one at the end of a file.
#[derive(Debug)]
pub(crate) struct RawLine {
    /// Its bytes without the line feed; of a line that is too long, the beginning.
    pub(crate) bytes: Vec<u8>,
    /// Where it begins in the (unpacked) file.
    pub(crate) start: u64,
    /// Whether it ends in a line feed.
    pub(crate) is_whole: bool,
}

/// The lines of a file.
pub(crate) struct Lines {
    source: Box<dyn BufRead + Send>,
    position: u64,
}

impl Lines {
    /// Where the next line begins.
    pub(crate) const fn position(&self) -> u64 {
        self.position
    }

    /// The next line.
    pub(crate) fn next(&mut self) -> io::Result<Option<RawLine>> {
        let start = self.position;
        let mut bytes = Vec::new();
        let bound = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
        let mut read = (&mut self.source).take(bound).read_until(b'\n', &mut bytes)?;
        let mut is_whole = bytes.last() == Some(&b'\n');
        if is_whole {
            bytes.pop();
        }
        // The rest of a line that is too long is passed over.
        while !is_whole && read > 0 {
            let mut rest = Vec::new();
            let more = (&mut self.source).take(bound).read_until(b'\n', &mut rest)?;
            if more == 0 {
                break;
            }
            read += more;
            is_whole = rest.last() == Some(&b'\n');
        }
        self.position += u64::try_from(read).unwrap_or(u64::MAX);
        Ok((read > 0).then_some(RawLine { bytes, start, is_whole }))
    }
}

/// Replaces a file by its compressed form: the new one is durable before the old one goes.
pub(crate) fn pack(file: &File) -> io::Result<()> {
    if file.is_packed {
        return Ok(());
    }
    let packed = file.packed_path();
    let draft = disk::draft_of(&file.path);
    let mut source = StdFile::open(&file.path)?;
    let target = private(&draft)?;
    let mut encoder = GzEncoder::new(target, Compression::default());
    io::copy(&mut source, &mut encoder)?;
    let mut target = encoder.finish()?;
    target.flush()?;
    target.sync_all()?;
    fs::rename(&draft, &packed)?;
    disk::sync_parent(&packed)?;
    fs::remove_file(&file.path)
}

/// A new file that only its owner can read.
pub(crate) fn private(path: &Path) -> io::Result<StdFile> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Removes what a crash left half made.
pub(crate) fn remove_drafts(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == DRAFT_EXTENSION) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names_and_read_in_both_forms() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(list(&dir.path().join("none")).unwrap(), []);
        for name in ["head", "1.jsonl", "00000000000000000001.jsonl.bak", "x.draft"] {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        let (one, two) = (File::plain(dir.path(), 1), File::plain(dir.path(), 20));
        for file in [&two, &one] {
            fs::write(&file.path, "a\nb\nc").unwrap();
        }
        pack(&one).unwrap();
        let files = list(dir.path()).unwrap();
        let seen: Vec<_> = files.iter().map(|file| (file.first, file.is_packed)).collect();
        assert_eq!(seen, [(1, true), (20, false)]);
        for file in &files {
            let mut lines = file.open().unwrap();
            let mut read = Vec::new();
            while let Some(line) = lines.next().unwrap() {
                read.push((line.bytes, line.start, line.is_whole));
            }
            let expected =
                [(b"a".to_vec(), 0, true), (b"b".to_vec(), 2, true), (b"c".to_vec(), 4, false)];
            assert_eq!(read, expected);
        }
        assert!(one.open().unwrap().next().unwrap().is_some(), "listed before it was compressed");
        fs::write(&one.path, "a\n").unwrap();
        assert!(!list(dir.path()).unwrap()[0].is_packed, "the plain form goes first");
        remove_drafts(dir.path()).unwrap();
        assert!(!dir.path().join("x.draft").exists());
    }

    #[test]
    fn a_line_without_end_takes_no_more_memory_than_one_with() {
        let dir = tempfile::tempdir().unwrap();
        let file = File::plain(dir.path(), 1);
        let long = "x".repeat(5 * LINE_BYTES_MAX);
        fs::write(&file.path, format!("{long}\nb\n")).unwrap();
        let mut lines = file.open().unwrap();
        let first = lines.next().unwrap().unwrap();
        assert_eq!((first.bytes.len(), first.is_whole), (LINE_BYTES_MAX, true));
        let second = lines.next().unwrap().unwrap();
        assert_eq!((second.bytes, second.start), (b"b".to_vec(), long.len() as u64 + 1));
        assert!(lines.next().unwrap().is_none());
    }
}
