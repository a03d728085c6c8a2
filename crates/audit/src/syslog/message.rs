//! A record as a message of RFC 5424.
//!
//! ```text
//! <PRI>1 TIME HOST shelduck PROCESS EVENT [origin software="shelduck" swVersion="…"][meta sequenceId="N"] LINE
//! ```
//!
//! The message is the line as it stands in the file, its hash included, so that the chain and its heads can be checked from
//! what was received. It is one message whatever is in the record: every byte is printable ASCII.

use crate::record::Record;

/// What the sender says of itself in each message.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    host: String,
    process: String,
}

/// Security and authorisation messages that are not for everybody.
const FACILITY: u8 = 10;
/// RFC 5424, 7.3.1: a sequence begins at 1 again behind this.
const SEQUENCE_ID_MAX: u64 = 2_147_483_647;
const HOST_BYTES_MAX: usize = 255;
const EVENT_BYTES_MAX: usize = 32;

impl Sender {
    /// This machine, this process.
    pub(super) fn this() -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        Self::new(host.trim(), std::process::id())
    }

    fn new(host: &str, process: u32) -> Self {
        Self { host: word(host, HOST_BYTES_MAX), process: process.to_string() }
    }

    /// The message of a record and its line.
    pub(super) fn message(&self, record: &Record, line: &[u8]) -> Vec<u8> {
        let head = format!(
            "<{}>1 {} {} shelduck {} {} [origin software=\"shelduck\" swVersion=\"{}\"][meta sequenceId=\"{}\"] ",
            FACILITY * 8 + severity(&record.outcome),
            record.at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
            self.host,
            self.process,
            word(&record.event, EVENT_BYTES_MAX),
            env!("CARGO_PKG_VERSION"),
            record.sequence.saturating_sub(1) % SEQUENCE_ID_MAX + 1,
        );
        let mut message = head.into_bytes();
        // Somebody who can write the file could have put anything there.
        message.extend(line.iter().map(|byte| if is_plain(*byte) { *byte } else { b'?' }));
        message
    }
}

/// How bad it is, as syslog counts.
fn severity(outcome: &str) -> u8 {
    match outcome {
        "failure" => 3,
        "denied" => 4,
        "shadow" => 5,
        _ => 6,
    }
}

const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

/// A text as a field of the head; the sign for "not known" where it cannot be one.
fn word(text: &str, bytes_max: usize) -> String {
    let fits = !text.is_empty() && text.len() <= bytes_max;
    let is_one = fits && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_one { text.to_owned() } else { "-".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Entry;
    use crate::record::tests::entry;

    fn message(record: &Record, line: &[u8]) -> String {
        String::from_utf8(Sender::new("stats.example.com", 8710).message(record, line)).unwrap()
    }

    #[test]
    fn a_message_is_as_the_standard_writes_it() {
        let record = Record::of(7, &entry("authn_login_success"));
        let expected = format!(
            "<86>1 2027-01-15T08:00:00.000000Z stats.example.com shelduck 8710 authn_login_success \
             [origin software=\"shelduck\" swVersion=\"{}\"][meta sequenceId=\"7\"] {{\"a\":1}}",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(message(&record, b"{\"a\":1}"), expected);
        for (outcome, priority) in
            [("success", 86), ("shadow", 85), ("denied", 84), ("failure", 83)]
        {
            let record = Record { outcome: outcome.to_owned(), ..record.clone() };
            assert!(message(&record, b"").starts_with(&format!("<{priority}>1 ")), "{outcome}");
        }
    }

    #[test]
    fn nothing_in_a_record_or_its_line_can_begin_another_message() {
        let evil = "x\n<0>1 - - - - - -\r\u{0}\u{1b}é";
        let record = Record::of(7, &Entry { object: Some(evil.to_owned()), ..entry("e") });
        let forged = Record { event: "a b".to_owned(), ..record };
        let text = message(&forged, evil.as_bytes());
        assert!(text.bytes().all(is_plain), "{text:?}");
        assert!(text.contains(" shelduck 8710 - [origin "), "{text}");
        assert_eq!(Sender::new("a host", 1).host, "-");
        assert_eq!(Sender::new(&"h".repeat(256), 1).host, "-");
    }

    #[test]
    fn the_number_of_a_message_stays_within_the_standard() {
        let numbered = |sequence: u64| message(&Record::of(sequence, &entry("e")), b"");
        for (sequence, written) in
            [(1, 1), (SEQUENCE_ID_MAX, SEQUENCE_ID_MAX), (SEQUENCE_ID_MAX + 1, 1)]
        {
            assert!(numbered(sequence).contains(&format!("sequenceId=\"{written}\"")));
        }
    }
}
