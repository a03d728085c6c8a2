//! Collations by number, and the character sets behind them that matter here.

/// A character set as far as a server that speaks UTF-8 must tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Charset {
    /// UTF-8.
    Utf8mb4,
    /// UTF-8 without what needs four bytes.
    Utf8mb3,
    /// ASCII, which is UTF-8 too.
    Ascii,
    /// Windows-1252, under the name of Latin-1.
    Latin1,
    /// Bytes.
    Binary,
}

impl Charset {
    /// Its name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8mb4 => "utf8mb4",
            Self::Utf8mb3 => "utf8mb3",
            Self::Ascii => "ascii",
            Self::Latin1 => "latin1",
            Self::Binary => "binary",
        }
    }
}

/// A collation by its number, which also says the character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Collation(pub u16);

impl Collation {
    /// Numbers, times and bytes.
    pub const BINARY: Self = Self(63);
    /// What clients that know UTF-8 ask for.
    pub const UTF8MB4_GENERAL_CI: Self = Self(45);
    /// Text compared by its bytes.
    pub const UTF8MB4_BIN: Self = Self(46);
    /// The default of MySQL 8.
    pub const UTF8MB4_0900_AI_CI: Self = Self(255);

    /// The character set of a collation that is known here; others are of character sets no client needs.
    pub const fn charset(self) -> Option<Charset> {
        Some(match self.0 {
            45 | 46 | 224..=247 | 255..=323 => Charset::Utf8mb4,
            33 | 76 | 83 | 192..=215 | 223 => Charset::Utf8mb3,
            11 | 65 => Charset::Ascii,
            5 | 8 | 15 | 31 | 47..=49 | 94 => Charset::Latin1,
            63 => Charset::Binary,
            _ => return None,
        })
    }
}
