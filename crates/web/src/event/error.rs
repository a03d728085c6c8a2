//! Why an event was refused, by field.

use std::fmt;

/// A field of the wire, by its long name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// `n`, `name`.
    Name,
    /// `u`, `url`.
    Url,
    /// `d`, `domain`.
    Domain,
    /// `r`, `referrer`.
    Referrer,
    /// `p`, `props`, `m`, `meta`.
    Props,
    /// `$`, `revenue`.
    Revenue,
    /// `ra`: the amount alone.
    RevenueAmount,
    /// `rc`: the currency alone.
    RevenueCurrency,
    /// `i`, `interactive`.
    Interactive,
    /// `h`, `hashMode`.
    HashMode,
    /// `v`.
    Version,
    /// `sd`.
    ScrollDepth,
    /// `e`.
    EngagedMs,
    /// `w`.
    Width,
}

impl Field {
    /// How many there are.
    pub(super) const COUNT: usize = 14;

    /// The field a key of the body stands for; `None` for keys that are ignored.
    pub(super) fn from_key(key: &str) -> Option<Self> {
        Some(match key {
            "n" | "name" => Self::Name,
            "u" | "url" => Self::Url,
            "d" | "domain" => Self::Domain,
            "r" | "referrer" => Self::Referrer,
            "p" | "props" | "m" | "meta" => Self::Props,
            "$" | "revenue" => Self::Revenue,
            "ra" => Self::RevenueAmount,
            "rc" => Self::RevenueCurrency,
            "i" | "interactive" => Self::Interactive,
            "h" | "hashMode" => Self::HashMode,
            "v" => Self::Version,
            "sd" => Self::ScrollDepth,
            "e" => Self::EngagedMs,
            "w" => Self::Width,
            _ => return None,
        })
    }

    /// Whether a pixel's query may have it.
    pub(super) fn is_of_pixel(self) -> bool {
        matches!(self, Self::Domain | Self::Url | Self::Name | Self::Referrer | Self::Width)
    }

    /// The name shown to the caller.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Url => "url",
            Self::Domain => "domain",
            Self::Referrer => "referrer",
            Self::Props => "props",
            Self::Revenue => "revenue",
            Self::RevenueAmount => "revenue.amount",
            Self::RevenueCurrency => "revenue.currency",
            Self::Interactive => "interactive",
            Self::HashMode => "hashMode",
            Self::Version => "v",
            Self::ScrollDepth => "sd",
            Self::EngagedMs => "e",
            Self::Width => "w",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The rule a field broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// It is not there, or empty.
    #[error("is required")]
    Missing,
    /// Two keys of the body mean this field.
    #[error("is given twice")]
    Twice,
    /// It is not a text.
    #[error("must be a text")]
    NotText,
    /// It is not a boolean, 0 or 1.
    #[error("must be true, false, 0 or 1")]
    NotABoolean,
    /// It is not a whole number from 0 to a bound.
    #[error("must be a whole number from 0 to {max}")]
    NotWhole {
        /// The largest value allowed.
        max: u64,
    },
    /// It has too many characters.
    #[error("must have at most {chars_max} characters")]
    TooManyChars {
        /// The allowed number.
        chars_max: usize,
    },
    /// It has too many bytes.
    #[error("must have at most {bytes_max} bytes")]
    TooManyBytes {
        /// The allowed number.
        bytes_max: usize,
    },
    /// It lists too many things.
    #[error("must list at most {count_max}")]
    TooMany {
        /// The allowed number.
        count_max: usize,
    },
    /// It has a character below space, or another control character.
    #[error("must not contain control characters")]
    ControlCharacter,
    /// It is not an address with scheme and host.
    #[error("must be an absolute address with a host")]
    NotAnAddress,
    /// Its scheme is one no page has.
    #[error("must not have this scheme")]
    Scheme,
    /// It is not the name of a site.
    #[error("must be the domain of a site")]
    NotADomain,
    /// It is neither an object nor the text of one.
    #[error("must be an object, or the text of one")]
    NotAnObject,
    /// A property is a list or an object.
    #[error("must have texts, numbers and booleans as values")]
    NotScalar,
    /// A property's key is empty or too long.
    #[error("must have keys of 1 to {bytes_max} bytes")]
    KeyLength {
        /// The allowed number of bytes.
        bytes_max: usize,
    },
    /// A property's value is too long.
    #[error("must have values of at most {bytes_max} bytes")]
    ValueLength {
        /// The allowed number of bytes.
        bytes_max: usize,
    },
    /// It is not an amount of money.
    #[error("must be a decimal number, such as 12.50")]
    NotAnAmount,
    /// It is more money than is believed.
    #[error("must be between -{max} and {max}")]
    AmountRange {
        /// The largest amount allowed, in whole units.
        max: i64,
    },
    /// It is not a currency.
    #[error("must be a currency of three letters (ISO 4217)")]
    NotACurrency,
    /// An engagement event has neither a scroll depth nor an engaged time.
    #[error("an engagement event needs a scroll depth (sd) or an engaged time (e)")]
    NothingMeasured,
}

/// One field and the rule it broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} {rule}")]
pub struct FieldError {
    /// The field.
    pub field: Field,
    /// What is wrong with it.
    pub rule: Rule,
}

/// Why a body gave no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is not one JSON object in UTF-8, or nests deeper than JSON is read.
    #[error("the body is not a JSON object")]
    NotAnObject,
    /// Fields broke their rules; at least one.
    #[error("{} fields are not as they must be", .0.len())]
    Fields(Vec<FieldError>),
}
