//! Passwords found in breaches, looked up in a list the operator supplies.
//!
//! The list is a sorted text file of hashes, one a line in hexadecimal, SHA-1 or SHA-256 of the password in UTF-8; whatever
//! follows a colon, such as a count, is passed over: so the downloadable "Pwned Passwords" file ordered by hash works as it is.
//! It may weigh tens of gigabytes, so it is searched by bisection where it lies and never read whole.

use std::cmp::Ordering;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::secret::hex;

/// Longest line: a SHA-256, a colon, a count, a line end.
const LINE_BYTES_MAX: usize = 128;
/// Places at which the order is looked at when the file is opened.
const SAMPLES: u64 = 64;

/// Passwords found in breaches.
pub trait BreachedPasswords: Send + Sync + 'static {
    /// Whether that password, in UTF-8, is among them; may wait for a disk.
    ///
    /// # Errors
    /// The list cannot be read.
    fn holds(&self, password: &[u8]) -> io::Result<bool>;
}

/// A sorted file of hashes.
pub struct BreachedFile {
    file: File,
    bytes: u64,
    digits: usize,
}

impl fmt::Debug for BreachedFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BreachedFile").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl BreachedFile {
    /// Opens a file, and looks at its form and, in places, at its order.
    ///
    /// # Errors
    /// It cannot be read, is empty, holds something else than hashes of one kind, or is not sorted.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let mut list = Self { file, bytes, digits: 0 };
        let (first, _) = list.line(0)?;
        list.digits = first.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        if list.digits != 40 && list.digits != 64 {
            return Err(invalid("its first line is no SHA-1 or SHA-256 in hexadecimal"));
        }
        let mut before = Vec::new();
        for sample in 0..=SAMPLES {
            let place = bytes / SAMPLES * sample;
            let Some((line, _)) = list.line_from(place.min(bytes))? else {
                break;
            };
            let hash = list.hash(&line)?.to_ascii_uppercase();
            if hash < before {
                return Err(invalid("its lines are not sorted"));
            }
            before = hash;
        }
        Ok(list)
    }

    /// The hash a line begins with.
    fn hash<'a>(&self, line: &'a [u8]) -> io::Result<&'a [u8]> {
        let (hash, rest) =
            line.split_at_checked(self.digits).ok_or_else(|| invalid("a line is too short"))?;
        let ends = rest.first().is_none_or(|byte| *byte == b':');
        if ends && hash.iter().all(u8::is_ascii_hexdigit) {
            Ok(hash)
        } else {
            Err(invalid("a line does not begin with a hash"))
        }
    }

    /// The line that begins at that place, without its end, and where the next one begins.
    fn line(&self, place: u64) -> io::Result<(Vec<u8>, u64)> {
        let mut buffer = [0; LINE_BYTES_MAX];
        let mut filled = 0;
        while let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty()) {
            match self.file.read_at(free, place + to_u64(filled))? {
                0 => break,
                read => filled += read,
            }
        }
        let read = buffer.get(..filled).unwrap_or_default();
        let end = read.iter().position(|byte| *byte == b'\n');
        let whole = end.is_some() || place + to_u64(filled) >= self.bytes;
        if !whole {
            return Err(invalid("a line is too long"));
        }
        let line = read.get(..end.unwrap_or(filled)).unwrap_or_default();
        let next = place + to_u64(end.map_or(filled, |end| end + 1));
        Ok((line.strip_suffix(b"\r").unwrap_or(line).to_vec(), next))
    }

    /// The first line that begins at that place or behind it, and where it begins; none at the end.
    fn line_from(&self, place: u64) -> io::Result<Option<(Vec<u8>, u64)>> {
        // Beginning one byte before tells whether a line begins exactly here.
        let begin = match place {
            0 => 0,
            place => self.line(place - 1)?.1,
        };
        if begin >= self.bytes {
            return Ok(None);
        }
        let (line, _) = self.line(begin)?;
        Ok((!line.is_empty()).then_some((line, begin)))
    }

    fn search(&self, wanted: &[u8]) -> io::Result<bool> {
        // The wanted line begins in `low..high`, if it is there.
        let (mut low, mut high) = (0, self.bytes);
        while low < high {
            let middle = low + (high - low) / 2;
            let Some((line, begin)) = self.line_from(middle)? else {
                high = middle;
                continue;
            };
            match self.hash(&line)?.to_ascii_lowercase().as_slice().cmp(wanted) {
                Ordering::Equal => return Ok(true),
                Ordering::Less => low = begin + 1,
                Ordering::Greater => high = middle,
            }
        }
        Ok(false)
    }
}

impl BreachedPasswords for BreachedFile {
    fn holds(&self, password: &[u8]) -> io::Result<bool> {
        let wanted = match self.digits {
            40 => hex(&Sha1::digest(password)),
            _ => hex(&Sha256::digest(password)),
        };
        self.search(wanted.as_bytes())
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn open(text: &str) -> io::Result<BreachedFile> {
        BreachedFile::open(file(text).path())
    }

    /// A list of these passwords, in the forms in which such lists are found.
    fn list(passwords: &[String], form: impl Fn(&str) -> String) -> BreachedFile {
        let mut lines: Vec<String> = passwords.iter().map(|text| form(text)).collect();
        lines.sort();
        open(&lines.concat()).unwrap()
    }

    #[test]
    fn published_hashes_are_found() {
        // SHA-1 and SHA-256 of "password", as everybody knows them.
        let sha1 = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8";
        let sha256 = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";
        for text in [
            format!("{sha1}:9545824\n"),
            format!("{sha1}\r\n"),
            sha1.to_ascii_lowercase(),
            format!("{sha256}\n"),
            format!("0{}\n{sha1}:1\nF{}\n", "0".repeat(39), "0".repeat(39)),
        ] {
            let list = open(&text).unwrap();
            assert!(list.holds(b"password").unwrap(), "{text}");
            assert!(!list.holds(b"passwore").unwrap(), "{text}");
        }
    }

    #[test]
    fn what_is_no_sorted_list_of_hashes_is_refused() {
        let (low, high) = ("0".repeat(40), "f".repeat(40));
        for text in [
            String::new(),
            "password\n".to_owned(),
            "5baa61\n".to_owned(),
            format!("{high}\n{low}\n"),
            format!("{low}\npassword\n{high}\n"),
            format!("{low}{low}{low}{low}\n"),
        ] {
            assert!(open(&text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn exactly_what_is_in_the_list_is_found(
            known in prop::collection::btree_set("[a-z]{1,8}", 1..60),
            others in prop::collection::vec("[a-z]{1,8}", 20),
            counts in any::<bool>(),
            upper in any::<bool>(),
        ) {
            let known: Vec<String> = known.into_iter().collect();
            let list = list(&known, |text| {
                let hash = hex(&Sha1::digest(text));
                let hash = if upper { hash.to_ascii_uppercase() } else { hash };
                let count = if counts { format!(":{}", text.len() * 7_919) } else { String::new() };
                format!("{hash}{count}\n")
            });
            for text in &known {
                prop_assert!(list.holds(text.as_bytes()).unwrap());
            }
            for text in &others {
                prop_assert_eq!(list.holds(text.as_bytes()).unwrap(), known.contains(text));
            }
        }
    }
}
