//! The chain: how a record is tied to the one before it.
//!
//! ```text
//! line = body ,"hash":" HEX "} LF        hash = SHA-256(hash of the record before, body)
//! ```
//!
//! The body is the record's JSON up to there, byte by byte as it stands in the file, so that nobody has to agree on how JSON
//! is written to check it.

use std::fmt;
use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::record::Record;

const HASH_KEY: &[u8] = b",\"hash\":\"";
const LINE_END: &[u8] = b"\"}";

/// The hash of a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the very first record follows.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash of a body that follows a record.
    #[must_use]
    pub fn link(previous: &Self, body: &[u8]) -> Self {
        Self(Sha256::new().chain_update(previous.0).chain_update(body).finalize().into())
    }

    /// SHA-256 of some bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        unhex(text).map(Self)
    }

    pub(crate) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads exactly that many bytes of lower-case hexadecimal.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let nibble = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || pairs.len() != N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = (nibble(*high)? << 4) | nibble(*low)?;
    }
    Some(bytes)
}

/// Ties a record to the one before it: its line, with the line feed, and its hash.
pub(crate) fn seal(previous: &Hash, record: &Record) -> (Vec<u8>, Hash) {
    let mut line = record.body();
    let hash = Hash::link(previous, &line);
    line.extend_from_slice(HASH_KEY);
    line.extend_from_slice(hash.to_string().as_bytes());
    line.extend_from_slice(LINE_END);
    line.push(b'\n');
    (line, hash)
}

/// A line taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Sealed<'a> {
    pub(crate) record: Record,
    pub(crate) body: &'a [u8],
    pub(crate) hash: Hash,
}

impl Sealed<'_> {
    /// Whether it follows the record of that hash.
    pub(crate) fn follows(&self, previous: &Hash) -> bool {
        Hash::link(previous, self.body) == self.hash
    }
}

/// Numbers that a record can have: each has one before it and one behind it.
const NUMBERS: Range<u64> = 1..u64::MAX;

/// Takes a line apart, without its line feed; none when it is no record.
pub(crate) fn unseal(line: &[u8]) -> Option<Sealed<'_>> {
    let rest = line.strip_suffix(LINE_END)?;
    let (rest, hash) = rest.split_at_checked(rest.len().checked_sub(64)?)?;
    let hash = Hash::parse(std::str::from_utf8(hash).ok()?)?;
    let body = rest.strip_suffix(HASH_KEY)?;
    let record: Record = serde_json::from_slice(&[body, b"}"].concat()).ok()?;
    NUMBERS.contains(&record.sequence).then_some(Sealed { record, body, hash })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::entry;

    #[test]
    fn the_hash_is_the_standard_one() {
        // FIPS 180-4: SHA-256 of "abc".
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Hash::of(b"abc").to_string(), abc);
        assert_eq!(Hash::parse(abc), Some(Hash::of(b"abc")));
        let mut both = vec![0; 32];
        both.extend_from_slice(b"abc");
        assert_eq!(Hash::link(&Hash::ZERO, b"abc"), Hash::of(&both));
    }

    #[test]
    fn a_sealed_line_opens_and_follows_its_own_predecessor_only() {
        let record = Record::of(7, &entry("e"));
        let before = Hash::of(b"before");
        let (line, hash) = seal(&before, &record);
        let opened = unseal(line.strip_suffix(b"\n").unwrap()).unwrap();
        assert_eq!((&opened.record, opened.hash), (&record, hash));
        assert!(opened.follows(&before) && !opened.follows(&Hash::ZERO));
        assert_eq!(serde_json::from_slice::<Record>(&line).unwrap(), record, "it is plain JSON");
    }

    #[test]
    fn what_is_no_record_does_not_open() {
        let (line, _) = seal(&Hash::ZERO, &Record::of(7, &entry("e")));
        let line = line.strip_suffix(b"\n").unwrap();
        for cut in 0..line.len() {
            assert!(unseal(&line[..cut]).is_none(), "{cut}");
        }
        assert!(unseal(&[0; 4096]).is_none());
        for (number, is_one) in [(0, false), (1, true), (u64::MAX - 1, true), (u64::MAX, false)] {
            let (line, _) = seal(&Hash::ZERO, &Record::of(number, &entry("e")));
            let line = line.strip_suffix(b"\n").unwrap();
            assert_eq!(unseal(line).is_some(), is_one, "{number}");
        }
        let upper = String::from_utf8(line.to_vec()).unwrap().to_uppercase();
        assert!(unseal(upper.as_bytes()).is_none());
    }
}
