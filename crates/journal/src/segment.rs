//! One segment file: its name, its header, and walking over its records.
//!
//! A file is `magic, format u32, salt u32, first offset u64, CRC-32C of these u32, zero u32` (all little-endian) and
//! then records. It is named by the offset of its first record, in twenty digits.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::record::{self, Decoded, Place};

/// Bytes before the first record.
pub(crate) const HEADER_BYTES: u64 = HEADER_LEN as u64;
/// The format this program writes.
pub(crate) const FORMAT: u32 = 1;
/// The ending of a segment's name.
pub(crate) const EXTENSION: &str = "journal";
/// The ending of a segment that was set aside.
pub(crate) const DAMAGED_EXTENSION: &str = "damaged";

const HEADER_LEN: usize = 32;
const MAGIC: &[u8; 8] = b"SHLDJRNL";

/// A segment that is part of the log.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) first: u64,
    pub(crate) salt: u32,
    pub(crate) path: PathBuf,
    pub(crate) file: Arc<File>,
    /// Holds bytes that are lost; kept aside instead of deleted.
    pub(crate) is_damaged: bool,
}

/// What a segment's header says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Header {
    Good { salt: u32 },
    Bad,
    OtherFormat(u32),
}

/// The header of the segment that starts at `first`.
pub(crate) fn header(first: u64, salt: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_LEN);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&salt.to_le_bytes());
    bytes.extend_from_slice(&first.to_le_bytes());
    let sum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes
}

/// Reads the header of `file`, which is named as starting at `first`.
pub(crate) fn read_header(file: &File, first: u64) -> io::Result<Header> {
    let found = read_at(file, 0, HEADER_LEN)?;
    let (Some(format), Some(salt)) = (u32_at(&found, 8), u32_at(&found, 12)) else {
        return Ok(Header::Bad);
    };
    if found == header(first, salt) {
        return Ok(Header::Good { salt });
    }
    let is_ours =
        found.starts_with(MAGIC) && found.get(..24).map(crc32c::crc32c) == u32_at(&found, 24);
    Ok(if is_ours && format != FORMAT { Header::OtherFormat(format) } else { Header::Bad })
}

/// Bytes behind the header up to the last that is not zero.
pub(crate) fn written(file: &File) -> io::Result<u64> {
    const STEP_BYTES: u64 = 64 << 10;
    let mut end = file.metadata()?.len();
    while end > HEADER_BYTES {
        let start = end.saturating_sub(STEP_BYTES).max(HEADER_BYTES);
        let length = usize::try_from(end - start).unwrap_or(usize::MAX);
        let bytes = read_at(file, start, length)?;
        if let Some(last) = bytes.iter().rposition(|byte| *byte != 0) {
            return Ok(start + last as u64 + 1 - HEADER_BYTES);
        }
        end = start;
    }
    Ok(0)
}

/// The file of the segment that starts at `first`.
pub(crate) fn path(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:020}.{EXTENSION}"))
}

/// The offset a segment's file name gives.
pub(crate) fn first_of_name(stem: &str) -> Option<u64> {
    if stem.len() == 20 && stem.bytes().all(|byte| byte.is_ascii_digit()) {
        stem.parse().ok()
    } else {
        None
    }
}

/// Where the records of one segment are, up to a known end.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) file: &'a File,
    pub(crate) first: u64,
    pub(crate) salt: u32,
    /// Exclusive end of the stretch, as an offset.
    pub(crate) end: u64,
}

/// One record in a segment.
pub(crate) struct Found<'a> {
    pub(crate) offset: u64,
    pub(crate) next: u64,
    pub(crate) payload: &'a [u8],
}

/// Why a walk stopped, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Enough bytes were visited.
    Enough(u64),
    /// The view's end.
    End,
    /// No record starts here.
    Bad(u64),
}

impl View<'_> {
    /// Visits the records from offset `from` on: as many as fit `bytes_max`, but at least one.
    pub(crate) fn walk(
        &self,
        from: u64,
        bytes_max: usize,
        mut visit: impl FnMut(Found<'_>),
    ) -> io::Result<Stop> {
        if from >= self.end {
            return Ok(Stop::End);
        }
        let mut bytes = self.bytes(from, bytes_max.max(record::HEAD_BYTES))?;
        if let Decoded::Short(wanted) = record::decode(self.salt, &bytes)
            && wanted as u64 <= self.end - from
        {
            bytes = self.bytes(from, wanted)?;
        }
        let mut rest = bytes.as_slice();
        let mut at = from;
        while !rest.is_empty() {
            match record::decode(self.salt, rest) {
                Decoded::Record { payload, .. } => {
                    let length = record::HEAD_BYTES + payload.len();
                    let next = at + length as u64;
                    visit(Found { offset: at, next, payload });
                    rest = rest.get(length..).unwrap_or_default();
                    at = next;
                }
                // The first record always fits if the file has it; a later one may just be cut by the budget.
                Decoded::Short(wanted) if at > from && wanted as u64 <= self.end - at => break,
                Decoded::Short(_) | Decoded::Bad => return Ok(Stop::Bad(at)),
            }
        }
        Ok(match at {
            _ if at >= self.end => Stop::End,
            // The file ends before the view does.
            _ if at == from => Stop::Bad(at),
            _ => Stop::Enough(at),
        })
    }

    /// The first record behind `bad`, by trying each byte; with [`Place::First`] only one that opens a group.
    ///
    /// Reads the rest of the segment into memory; only damage and torn tails lead here.
    pub(crate) fn search(&self, bad: u64, place: Option<Place>) -> io::Result<Option<u64>> {
        let from = bad + 1;
        let length = usize::try_from(self.end.saturating_sub(from)).unwrap_or(usize::MAX);
        let bytes = self.bytes(from, length)?;
        let hit = (0..bytes.len()).find(|start| {
            match record::decode(self.salt, bytes.get(*start..).unwrap_or_default()) {
                Decoded::Record { place: found, .. } => place.is_none_or(|wanted| wanted == found),
                Decoded::Short(_) | Decoded::Bad => false,
            }
        });
        Ok(hit.map(|start| from + start as u64))
    }

    /// Whether the file has a byte at `offset` at all.
    pub(crate) fn reaches(&self, offset: u64) -> io::Result<bool> {
        Ok(self.file.metadata()?.len() > HEADER_BYTES + (offset - self.first))
    }

    /// Up to `length` bytes at offset `from`, fewer at the view's or the file's end.
    fn bytes(&self, from: u64, length: usize) -> io::Result<Vec<u8>> {
        let left = usize::try_from(self.end.saturating_sub(from)).unwrap_or(usize::MAX);
        read_at(self.file, HEADER_BYTES + (from - self.first), length.min(left))
    }
}

/// Up to `length` bytes at `position`, fewer at the file's end.
fn read_at(file: &File, position: u64, length: usize) -> io::Result<Vec<u8>> {
    let size = file.metadata()?.len().saturating_sub(position);
    let mut bytes = vec![0; length.min(usize::try_from(size).unwrap_or(usize::MAX))];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..)
        && !rest.is_empty()
    {
        match file.read_at(rest, position + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn u32_at(bytes: &[u8], start: usize) -> Option<u32> {
    bytes.get(start..)?.first_chunk().copied().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    #[test]
    fn header_is_read_back_and_every_flipped_bit_is_noticed() {
        let good = header(1234, 99);
        assert_eq!(good.len() as u64, HEADER_BYTES);
        assert_eq!(read_header(&file(&good), 1234).unwrap(), Header::Good { salt: 99 });
        assert_eq!(read_header(&file(&good), 1235).unwrap(), Header::Bad);
        assert_eq!(read_header(&file(&good[..31]), 1234).unwrap(), Header::Bad);
        assert_eq!(read_header(&file(&[]), 1234).unwrap(), Header::Bad);
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read_header(&file(&bytes), 1234).unwrap(), Header::Bad, "bit {bit}");
        }
    }

    #[test]
    fn zeros_at_the_end_are_not_written() {
        let header = header(0, 1);
        let check = |behind: &[u8], expected: u64| {
            let bytes = [header.as_slice(), behind].concat();
            assert_eq!(written(&file(&bytes)).unwrap(), expected);
        };
        check(&[], 0);
        check(&[0; 200_000], 0);
        check(b"a", 1);
        check(&[b"a".as_slice(), &[0; 200_000]].concat(), 1);
        check(&[&[0; 200_000], b"a".as_slice(), &[0; 70_000]].concat(), 200_001);
    }

    #[test]
    fn header_of_a_newer_format_is_not_called_damage() {
        let mut bytes = header(5, 1);
        bytes[8] = 2;
        let sum = crc32c::crc32c(&bytes[..24]);
        bytes[24..28].copy_from_slice(&sum.to_le_bytes());
        assert_eq!(read_header(&file(&bytes), 5).unwrap(), Header::OtherFormat(2));
    }

    #[test]
    fn names_are_twenty_digits() {
        assert_eq!(first_of_name("00000000000000000042"), Some(42));
        assert_eq!(first_of_name("42"), None);
        assert_eq!(first_of_name("0000000000000000004x"), None);
        assert_eq!(first_of_name("99999999999999999999"), None);
        assert_eq!(path(Path::new("d"), 42), Path::new("d/00000000000000000042.journal"));
    }

    #[test]
    fn walk_keeps_to_its_budget_but_always_moves() {
        let mut bytes = header(100, 7);
        let mut starts = vec![100];
        for size in [10, 200, 0, 30] {
            let payload = vec![b'x'; size];
            bytes.extend_from_slice(&record::head(7, Place::Later, &payload));
            bytes.extend_from_slice(&payload);
            starts.push(100 + bytes.len() as u64 - HEADER_BYTES);
        }
        let file = file(&bytes);
        let view = View { file: &file, first: 100, salt: 7, end: starts[4] };
        let visited = |from, budget| {
            let mut offsets = Vec::new();
            let stop = view.walk(from, budget, |found| offsets.push(found.offset)).unwrap();
            (offsets, stop)
        };
        assert_eq!(visited(100, 1000), (starts[..4].to_vec(), Stop::End));
        assert_eq!(visited(100, 0), (vec![100], Stop::Enough(starts[1])));
        assert_eq!(visited(starts[1], 20), (vec![starts[1]], Stop::Enough(starts[2])));
        assert_eq!(visited(starts[2], 1000), (starts[2..4].to_vec(), Stop::End));
        assert_eq!(visited(starts[4], 10), (vec![], Stop::End));
        assert_eq!(visited(101, 1000), (vec![], Stop::Bad(101)));
        let cut = View { end: starts[4] - 1, ..view };
        let mut seen = 0;
        assert_eq!(cut.walk(starts[2], 1000, |_| seen += 1).unwrap(), Stop::Bad(starts[3]));
        assert_eq!(seen, 1);
    }
}
