//! One record: what is handed in, what is read back, and how it is written.
//!
//! A record is one JSON object on one line. Texts that come from outside are cut to a bound and written in printable ASCII,
//! everything else escaped, so that no name can end a line, hide itself or talk to the terminal of who reads.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::ser::{Formatter, Serializer};

/// What a text may take on its line, escapes included; longer ones are cut and end in three dots.
pub const TEXT_BYTES_MAX: usize = 256;
/// What a line may take.
pub const LINE_BYTES_MAX: usize = 2048;
/// The longest list of counts in a record of lost ones.
const LOST_NAMES_MAX: usize = 16;

/// How much it matters that a record is kept at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Something was changed.
    Act,
    /// Something was tried or noticed. A flood of these is summed up instead of filling the disk.
    Notice,
}

/// One event, as it is handed in.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: &'static str,
    /// How it ended.
    pub outcome: &'static str,
    /// Who.
    pub actor: String,
    /// What was asked.
    pub action: Option<String>,
    /// To what.
    pub object: Option<String>,
    /// In which database.
    pub database: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// From where, as a code.
    pub origin: Option<String>,
    /// The network around that place.
    pub network: Option<String>,
    /// How much it matters.
    pub weight: Weight,
}

/// One record, as it is written and read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its number; one more than that of the record before.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: String,
    /// How it ended.
    pub outcome: String,
    /// Who.
    pub actor: String,
    /// What was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// To what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// In which database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// In which request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// From where, as a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The network around that place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// What the log says about itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<Note>,
}

/// What the log says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// The first record of a file.
    Begin {
        /// The hash of the last record of the file before; zeros in the very first.
        previous: String,
    },
    /// Where the chain stands, signed.
    Head {
        /// The hash of the record before this one.
        attests: String,
        /// The public key that the signature is to be checked with.
        key: String,
        /// Ed25519 over the number of this record and that hash.
        signature: String,
    },
    /// Records that found no room.
    Lost {
        /// How many of each event.
        counts: BTreeMap<String, u64>,
    },
    /// A crash left a part of a line, which was cut off.
    Torn {
        /// How many bytes.
        bytes: u64,
        /// Their SHA-256.
        sha256: String,
    },
    /// The server found the log changed when it started, and goes on behind it.
    Break {
        /// What it found.
        found: String,
    },
    /// A file was old enough to be deleted, and is deleted after this record.
    Retire {
        /// Its name.
        file: String,
        /// The number of its last record.
        through: u64,
        /// The hash of its last record.
        last: String,
    },
    /// The signing key is another one from here on, and the server knows that the one before was its own.
    Succession {
        /// The public key of before: trusted for the heads before this record, when the next head is.
        predecessor: String,
    },
}

impl Note {
    /// The events that the log records about itself.
    pub const EVENTS: [&str; 7] = [
        "audit_begin",
        "audit_head",
        "audit_lost",
        "audit_torn",
        "audit_break",
        "audit_retire",
        "audit_succession",
    ];

    /// The event a record of this kind is.
    pub(crate) const fn event(&self) -> &'static str {
        match self {
            Self::Begin { .. } => "audit_begin",
            Self::Head { .. } => "audit_head",
            Self::Lost { .. } => "audit_lost",
            Self::Torn { .. } => "audit_torn",
            Self::Break { .. } => "audit_break",
            Self::Retire { .. } => "audit_retire",
            Self::Succession { .. } => "audit_succession",
        }
    }
}

impl Record {
    /// The record of an entry.
    pub(crate) fn of(sequence: u64, entry: &Entry) -> Self {
        let bounded = |text: &Option<String>| text.as_deref().map(bound);
        Self {
            sequence,
            at: entry.at,
            event: bound(entry.event),
            outcome: bound(entry.outcome),
            actor: bound(&entry.actor),
            action: bounded(&entry.action),
            object: bounded(&entry.object),
            database: bounded(&entry.database),
            request_id: bounded(&entry.request_id),
            origin: bounded(&entry.origin),
            network: bounded(&entry.network),
            chain: None,
        }
    }

    /// The record of something the log says about itself.
    pub(crate) fn note(sequence: u64, at: Timestamp, note: Note) -> Self {
        let failed = matches!(note, Note::Break { .. } | Note::Lost { .. } | Note::Torn { .. });
        Self {
            sequence,
            at,
            event: note.event().to_owned(),
            outcome: if failed { "failure" } else { "success" }.to_owned(),
            actor: "audit".to_owned(),
            action: None,
            object: None,
            database: None,
            request_id: None,
            origin: None,
            network: None,
            chain: Some(note),
        }
    }

    /// The record without the closing brace: what its hash covers.
    pub(crate) fn body(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        // Neither a writer into memory nor these types can fail.
        let _infallible = self.serialize(&mut Serializer::with_formatter(&mut bytes, Ascii));
        bytes.pop();
        bytes
    }
}

/// Counts of lost records, the most frequent ones by name and the others together.
pub(crate) fn lost(counts: &BTreeMap<&'static str, u64>) -> Note {
    let mut sorted: Vec<_> = counts.iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let mut kept: BTreeMap<String, u64> = BTreeMap::new();
    for (place, (name, count)) in sorted.into_iter().enumerate() {
        let name = if place < LOST_NAMES_MAX - 1 { bound(name) } else { "others".to_owned() };
        *kept.entry(name).or_default() += count;
    }
    Note::Lost { counts: kept }
}

/// The bytes a character takes on the line.
const fn written_bytes(character: char) -> usize {
    match character {
        '"' | '\\' => 2,
        ' '..='~' => 1,
        '\u{10000}'.. => 12,
        _ => 6,
    }
}

/// Cuts a text so that it fits, escapes included.
pub(crate) fn bound(text: &str) -> String {
    let mut bytes = 0;
    let mut end = 0;
    for (place, character) in text.char_indices() {
        bytes += written_bytes(character);
        if bytes > TEXT_BYTES_MAX {
            return format!("{}...", text.get(..end).unwrap_or_default());
        }
        if bytes <= TEXT_BYTES_MAX - 3 {
            end = place + character.len_utf8();
        }
    }
    text.to_owned()
}

/// Writes JSON in printable ASCII.
struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for character in fragment.chars() {
            if matches!(character, ' '..='~') {
                write!(writer, "{character}")?;
                continue;
            }
            let mut units = [0_u16; 2];
            for unit in character.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn entry(event: &'static str) -> Entry {
        Entry {
            at: Timestamp::from_second(1_800_000_000).unwrap(),
            event,
            outcome: "success",
            actor: "user:1".to_owned(),
            action: Some("create_user".to_owned()),
            object: Some("user:2".to_owned()),
            database: None,
            request_id: None,
            origin: None,
            network: None,
            weight: Weight::Act,
        }
    }

    #[test]
    fn nothing_in_a_text_can_leave_its_line() {
        let evil = "a\nb\r\t\u{0}\u{7f}\u{85}\u{1b}[2J\u{2028}\u{202e}\"\\\u{1f986}é";
        let record = Record::of(1, &Entry { object: Some(evil.to_owned()), ..entry("e") });
        let body = record.body();
        assert!(body.iter().all(|byte| (0x20..=0x7e).contains(byte)), "{body:?}");
        let text = String::from_utf8(body).unwrap() + "}";
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap().object.as_deref(), Some(evil));
    }

    #[test]
    fn every_note_has_its_event_in_the_list() {
        let text = String::new;
        let notes = [
            Note::Begin { previous: text() },
            Note::Head { attests: text(), key: text(), signature: text() },
            Note::Lost { counts: BTreeMap::new() },
            Note::Torn { bytes: 0, sha256: text() },
            Note::Break { found: text() },
            Note::Retire { file: text(), through: 0, last: text() },
            Note::Succession { predecessor: text() },
        ];
        assert_eq!(notes.map(|note| note.event()), Note::EVENTS);
    }

    #[test]
    fn a_text_is_cut_at_its_bound() {
        let longest = "x".repeat(TEXT_BYTES_MAX);
        assert_eq!(bound(&longest), longest);
        let cut = bound(&(longest + "x"));
        assert_eq!((cut.len(), cut.ends_with("x...")), (TEXT_BYTES_MAX, true));
        for character in ["\n", "é", "\u{1f986}", "\"", "\\"] {
            let written = Record::of(1, &Entry { actor: character.repeat(500), ..entry("e") });
            let actor = serde_json::to_string(&written.actor).unwrap();
            assert!(actor.contains("...") && written.body().len() < TEXT_BYTES_MAX + 200);
        }
    }

    #[test]
    fn the_longest_record_fits_a_line() {
        let long = || "\u{1f986}".repeat(500);
        let worst = Entry {
            actor: long(),
            action: Some(long()),
            object: Some(long()),
            database: Some(long()),
            request_id: Some("x".repeat(36)),
            origin: Some("x".repeat(32)),
            network: Some("x".repeat(43)),
            ..entry("malicious_extraneous_and_so_on")
        };
        assert!(Record::of(u64::MAX, &worst).body().len() + 80 <= LINE_BYTES_MAX);
        let names: Vec<&'static str> =
            (0..40).map(|number| &*format!("{number:032}").leak()).collect();
        let counts = names.iter().map(|name| (*name, u64::MAX / 64)).collect();
        let note = lost(&counts);
        assert!(
            Record::note(u64::MAX, Timestamp::MAX, note.clone()).body().len() + 80
                <= LINE_BYTES_MAX
        );
        let Note::Lost { counts: kept } = note else { panic!() };
        assert_eq!(kept.values().sum::<u64>(), counts.values().sum::<u64>());
        assert_eq!(kept.len(), LOST_NAMES_MAX);
    }
}
