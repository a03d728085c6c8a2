//! What the journal keeps of an event: everything that is counted, nothing
//! that identifies.
//!
//! The first byte is the version of the format, the rest is postcard. A record holds all events of one request (one per site), so that they are
//! accepted together or not at all. Texts are borrowed on both ways: from the request when written, from the journal's bytes when read.
//!
//! # Invariants
//! - There is no field an address could be put into.
//! - Version 1 stays readable: a changed layout gets a new version and its own reader; `golden` in the tests holds bytes of each.
//! - Names of visits are unique: an event is at least as long as one byte, so `offset + position` of a record's events never
//!   reaches the next record.

use serde::{Deserialize, Serialize};

use crate::event::Revenue;
use crate::identity::VisitorIds;

/// The version written.
pub const VERSION: u8 = 1;

/// One accepted request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Record<'a> {
    /// Its events: the same, once per site it is for.
    Events(#[serde(borrow)] Vec<EventRecord<'a>>),
}

/// One event of one site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventRecord<'a> {
    /// When it came in, in microseconds since 1970.
    pub at_micros: i64,
    /// The site.
    pub site: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The host of the page.
    pub hostname: &'a str,
    /// The path of the page.
    pub pathname: &'a str,
    /// Who it is from.
    pub visitor: VisitorIds,
    /// Whether it ends a bounce.
    pub interactive: bool,
    /// 0 to 100, on engagement events.
    pub scroll_depth: Option<u8>,
    /// On engagement events.
    pub engaged_ms: Option<u32>,
    /// The text of a JSON object.
    pub props: Option<&'a str>,
    /// What it was worth.
    pub revenue: Option<Revenue>,
    /// What a visit that begins with it has.
    #[serde(borrow)]
    pub attributes: Attributes<'a>,
    /// Why it is not counted; kept apart with this reason.
    pub dropped: Option<&'a str>,
}

impl EventRecord<'_> {
    /// Whether the tables can hold it. What this program accepted always fits; the journal may have been written by another.
    pub fn fits(&self) -> bool {
        /// The end of the year 9999.
        const AT_MICROS_MAX: i64 = 253_402_300_799_999_999;
        let amount_max = crate::event::AMOUNT_MAX.saturating_mul(1000).unsigned_abs();
        (0..=AT_MICROS_MAX).contains(&self.at_micros)
            && self.revenue.is_none_or(|revenue| revenue.thousandths.unsigned_abs() <= amount_max)
    }
}

macro_rules! attributes {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// What a visit has from its first event; in the order of [`crate::schema::VISIT_ATTRIBUTES`].
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
        pub struct Attributes<'a> {
            $($(#[$doc])* pub $name: Option<&'a str>,)*
        }

        /// How many attributes there are.
        pub const ATTRIBUTES: usize = [$(stringify!($name)),*].len();

        impl<'a> Attributes<'a> {
            /// The names, in order.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// The values, in order.
            pub fn values(&self) -> [Option<&'a str>; ATTRIBUTES] {
                [$(self.$name),*]
            }
        }
    };
}

attributes! {
    /// Host and path of the referring page.
    referrer,
    /// Where the visit came from.
    source,
    /// The kind of road it came by.
    channel,
    /// Campaign parameter.
    utm_source,
    /// Campaign parameter.
    utm_medium,
    /// Campaign parameter.
    utm_campaign,
    /// Campaign parameter.
    utm_content,
    /// Campaign parameter.
    utm_term,
    /// ISO 3166-1.
    country,
    /// English name.
    region,
    /// English name.
    city,
    /// Such as `Chrome`.
    browser,
    /// `major.minor`.
    browser_version,
    /// Such as `Windows`.
    os,
    /// `major.minor`.
    os_version,
    /// Such as `Mobile`.
    device,
    /// Class of the viewport's width.
    screen,
    /// ISO 639.
    language,
}

/// Why bytes of the journal are no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// There is not a single byte.
    #[error("the record is empty")]
    Empty,
    /// A later version of this program wrote it.
    #[error(
        "the record has format {0}, this program knows up to format {VERSION}; use the newer program"
    )]
    UnknownVersion(u8),
    /// The bytes do not follow the format they name.
    #[error("the record does not follow format {version}")]
    Malformed {
        /// The format named.
        version: u8,
        /// What the reader said.
        source: postcard::Error,
    },
    /// The record goes on after its end.
    #[error("the record has {0} bytes after its end")]
    Trailing(usize),
}

impl<'a> Record<'a> {
    /// The bytes for the journal.
    ///
    /// # Errors
    /// Whatever postcard says; it has nothing to say of these types.
    pub fn encode(&self) -> Result<Vec<u8>, postcard::Error> {
        let mut bytes = Vec::with_capacity(512);
        bytes.push(VERSION);
        postcard::to_extend(self, bytes)
    }

    /// Reads the bytes of any version.
    ///
    /// # Errors
    /// [`DecodeError`], by what is wrong.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let (version, rest) = bytes.split_first().ok_or(DecodeError::Empty)?;
        match *version {
            1 => {
                let malformed = |source| DecodeError::Malformed { version: 1, source };
                let (record, rest) = postcard::take_from_bytes(rest).map_err(malformed)?;
                if rest.is_empty() { Ok(record) } else { Err(DecodeError::Trailing(rest.len())) }
            }
            unknown => Err(DecodeError::UnknownVersion(unknown)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::Currency;

    fn golden() -> Record<'static> {
        Record::Events(vec![EventRecord {
            at_micros: 1_795_305_600_000_000,
            site: "a.example",
            name: "Purchase",
            hostname: "shop.a.example",
            pathname: "/thanks",
            visitor: VisitorIds { today: u64::MAX, yesterday: Some(7) },
            interactive: true,
            scroll_depth: Some(100),
            engaged_ms: Some(1500),
            props: Some(r#"{"plan":"pro"}"#),
            revenue: Some(Revenue {
                thousandths: -12_500,
                currency: Currency::parse("EUR").unwrap(),
            }),
            attributes: Attributes {
                referrer: Some("b.example"),
                language: Some("de"),
                ..Attributes::default()
            },
            dropped: None,
        }])
    }

    /// `golden()` as version 1 wrote it. Must never change.
    const GOLDEN_1: &str = "0100018080e988c5b4b00609612e6578616d706c650850757263686173650e73686f702e612e6578616d706c65072f7468616e6b73ffffffffffffffffff01010701016401dc0b010e7b22706c616e223a2270726f227d01a7c3014555520109622e6578616d706c65000000000000000000000000000000000102646500";

    #[test]
    fn version_1_reads_and_writes_the_same_bytes_for_ever() {
        let hex: String =
            golden().encode().unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, GOLDEN_1);
        let bytes = golden().encode().unwrap();
        assert_eq!(Record::decode(&bytes), Ok(golden()));
    }

    #[test]
    fn attributes_stand_in_the_order_of_the_tables() {
        let columns: Vec<_> =
            crate::schema::VISIT_ATTRIBUTES.iter().map(|(name, _)| *name).collect();
        assert_eq!(Attributes::NAMES, columns);
    }

    #[test]
    fn other_bytes_are_errors_by_name() {
        assert_eq!(Record::decode(&[]), Err(DecodeError::Empty));
        assert_eq!(Record::decode(&[2, 0, 0]), Err(DecodeError::UnknownVersion(2)));
        assert!(matches!(Record::decode(&[1]), Err(DecodeError::Malformed { version: 1, .. })));
        let mut bytes = golden().encode().unwrap();
        bytes.push(0);
        assert_eq!(Record::decode(&bytes), Err(DecodeError::Trailing(1)));
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_fail_cleanly(mut bytes in prop::collection::vec(any::<u8>(), 0..400), known: bool) {
            if let (true, Some(version)) = (known, bytes.first_mut()) {
                *version = VERSION;
            }
            // A length in the bytes must not make the reader reserve more than there is.
            let _ = Record::decode(&bytes);
        }

        #[test]
        fn a_cut_record_is_an_error(cut in any::<prop::sample::Index>()) {
            let bytes = golden().encode().unwrap();
            prop_assert!(Record::decode(&bytes[..cut.index(bytes.len())]).is_err());
        }
    }
}
