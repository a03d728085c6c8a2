//! Columns of results: their types and what is told of them.

use crate::{
    Capabilities, Collation, ColumnFlags, DecodeError, packet::Encode, read::Reader, reply::Agreed,
    write::Put,
};

/// The longest name in a description of a column: 256 letters of four bytes, as MySQL allows for an alias.
pub const NAME_BYTES_MAX: usize = 1024;

/// One table of the types: number, name, and what their values look like in the binary protocol.
macro_rules! types {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        /// The type of a column or parameter.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ColumnType {
            $($(#[$doc])* $name,)*
        }

        impl ColumnType {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its number in packets.
            pub const fn number(self) -> u8 {
                match self {
                    $(Self::$name => $number,)*
                }
            }

            /// The type with this number.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

types! {
    /// DECIMAL of versions before 5.0; as text.
    Decimal = 0x00;
    /// TINYINT and BOOLEAN: one byte.
    Tiny = 0x01;
    /// SMALLINT: two bytes.
    Short = 0x02;
    /// INT: four bytes.
    Long = 0x03;
    /// FLOAT.
    Float = 0x04;
    /// DOUBLE.
    Double = 0x05;
    /// Nothing but NULL.
    Null = 0x06;
    /// TIMESTAMP.
    Timestamp = 0x07;
    /// BIGINT: eight bytes.
    LongLong = 0x08;
    /// MEDIUMINT: three bytes, sent as four.
    Int24 = 0x09;
    /// DATE.
    Date = 0x0a;
    /// TIME: a span of up to 838 hours, with a sign.
    Time = 0x0b;
    /// DATETIME.
    DateTime = 0x0c;
    /// YEAR: two bytes.
    Year = 0x0d;
    /// VARCHAR of tables; results have `VarString`.
    VarChar = 0x0f;
    /// BIT: bytes, the highest first.
    Bit = 0x10;
    /// MariaDB's vectors and MySQL's: bytes.
    Vector = 0xf2;
    /// JSON, as text.
    Json = 0xf5;
    /// DECIMAL, as text.
    NewDecimal = 0xf6;
    /// ENUM of tables; results have `String`.
    Enum = 0xf7;
    /// SET of tables; results have `String`.
    Set = 0xf8;
    /// TINYBLOB and TINYTEXT.
    TinyBlob = 0xf9;
    /// MEDIUMBLOB and MEDIUMTEXT.
    MediumBlob = 0xfa;
    /// LONGBLOB and LONGTEXT.
    LongBlob = 0xfb;
    /// BLOB and TEXT.
    Blob = 0xfc;
    /// VARCHAR and VARBINARY.
    VarString = 0xfd;
    /// CHAR and BINARY.
    String = 0xfe;
    /// Geometries, as bytes.
    Geometry = 0xff;
}

/// What is told of a column, in the form since 4.1.
///
/// Drivers branch on nearly all of it: text and bytes differ by the collation only, whole numbers have a sign unless the flag
/// says otherwise, buffers are made by the length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<'a> {
    /// The database it comes from; empty for an expression.
    pub schema: &'a [u8],
    /// The table, as the query names it.
    pub table: &'a [u8],
    /// The table's own name.
    pub original_table: &'a [u8],
    /// The column, as the query names it.
    pub name: &'a [u8],
    /// The column's own name.
    pub original_name: &'a [u8],
    /// The collation; [`Collation::BINARY`] for what is no text.
    pub collation: Collation,
    /// The most bytes of a value as text.
    pub length: u32,
    /// The type.
    pub kind: ColumnType,
    /// What is known of it.
    pub flags: ColumnFlags,
    /// Digits behind the point: 0 for whole numbers, 0 to 6 for times, 31 for floating-point numbers without a fixed number.
    pub decimals: u8,
}

/// [`Column::decimals`] of a floating-point number without a fixed number of digits.
pub const DECIMALS_FLOATING: u8 = 31;

const CATALOG: &[u8] = b"def";
const FIXED_BYTES: u64 = 12;

impl<'a> Column<'a> {
    /// A column of an expression.
    pub const fn named(name: &'a [u8], kind: ColumnType) -> Self {
        Self {
            schema: b"",
            table: b"",
            original_table: b"",
            name,
            original_name: b"",
            collation: Collation::BINARY,
            length: 0,
            kind,
            flags: ColumnFlags::from_bits(0),
            decimals: 0,
        }
    }

    /// Whether values have no sign.
    pub const fn is_unsigned(&self) -> bool {
        self.flags.contains(ColumnFlags::UNSIGNED)
    }

    /// Reads the description of a column, as a client. What an answer to `FIELD_LIST` has behind it, a default value, is passed over.
    ///
    /// # Errors
    /// A type that is not known, or a field that is cut or too long.
    pub fn decode(payload: &'a [u8], agreed: Agreed) -> Result<Self, DecodeError> {
        if !agreed.contains(Capabilities::PROTOCOL_41) {
            return Err(DecodeError::Invalid("protocol"));
        }
        let mut reader = Reader::new(payload);
        let mut name = |what| reader.lenenc_bytes_max(NAME_BYTES_MAX, what);
        name("catalog")?;
        let schema = name("schema")?;
        let table = name("table")?;
        let original_table = name("table")?;
        let column = name("column")?;
        let original_name = name("column")?;
        if reader.lenenc_int("column description")? < FIXED_BYTES {
            return Err(DecodeError::Truncated("column description"));
        }
        Ok(Self {
            schema,
            table,
            original_table,
            name: column,
            original_name,
            collation: Collation(reader.u16("collation")?),
            length: reader.u32("column length")?,
            kind: ColumnType::from_number(reader.u8("column type")?)
                .ok_or(DecodeError::Invalid("column type"))?,
            flags: ColumnFlags::from_bits(reader.u16("column flags")?),
            decimals: reader.u8("decimals")?,
        })
    }
}

impl Encode for Column<'_> {
    fn encode(&self, payload: &mut Vec<u8>) {
        payload.put_lenenc_bytes(CATALOG);
        for name in [self.schema, self.table, self.original_table, self.name, self.original_name] {
            payload.put_lenenc_bytes(cut(name));
        }
        payload.put_lenenc_int(FIXED_BYTES);
        payload.put_u16(self.collation.0);
        payload.put_u32(self.length);
        payload.put_u8(self.kind.number());
        payload.put_u16(self.flags.bits());
        payload.put_u8(self.decimals);
        payload.put_zeros::<2>();
    }
}

/// A name within the bound.
fn cut(name: &[u8]) -> &[u8] {
    let mut end = NAME_BYTES_MAX.min(name.len());
    while name.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end -= 1;
    }
    name.get(..end).unwrap_or_default()
}

/// A column of a table as `FIELD_LIST` wants it: with a default value, which is never told.
pub struct ListedColumn<'a>(pub Column<'a>);

impl Encode for ListedColumn<'_> {
    fn encode(&self, payload: &mut Vec<u8>) {
        self.0.encode(payload);
        payload.put_u8(crate::read::NULL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_a_number_of_its_own() {
        for kind in ColumnType::ALL {
            assert_eq!(ColumnType::from_number(kind.number()), Some(*kind));
        }
        assert_eq!(ColumnType::from_number(0x0e), None);
    }

    #[test]
    fn a_name_beyond_the_bound_is_cut_when_written_and_refused_when_read() {
        let name = vec![b'n'; NAME_BYTES_MAX + 1];
        let mut payload = Vec::new();
        Column::named(&name, ColumnType::Long).encode(&mut payload);
        let read = Column::decode(&payload, Capabilities::PROTOCOL_41).unwrap();
        assert_eq!(read.name.len(), NAME_BYTES_MAX);
        let mut long = Vec::new();
        for name in [&b"def"[..], b"", b"", b"", &name] {
            long.put_lenenc_bytes(name);
        }
        assert!(Column::decode(&long, Capabilities::PROTOCOL_41).is_err());
    }
}
