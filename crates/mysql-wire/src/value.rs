//! Values in the binary protocol, as parameters and in rows.

use crate::{
    ColumnType, DecodeError,
    read::Reader,
    temporal::{self, Date, DateTime, Time},
    write::Put,
};

/// One value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// None.
    Null,
    /// A whole number with a sign.
    Int(i64),
    /// A whole number without one.
    UInt(u64),
    /// A FLOAT.
    Float(f32),
    /// A DOUBLE.
    Double(f64),
    /// Text, decimals, JSON, geometries, bits: bytes as they were sent.
    Bytes(&'a [u8]),
    /// A day.
    Date(Date),
    /// A moment.
    DateTime(DateTime),
    /// A span of time.
    Time(Time),
    /// A parameter whose bytes came before, piece by piece.
    LongData,
}

/// The type of a value, as parameters name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ValueType {
    /// The type.
    pub kind: ColumnType,
    /// Whether whole numbers have no sign.
    pub unsigned: bool,
}

const UNSIGNED: u8 = 0x80;

impl ValueType {
    /// The type in which this value can be sent whole.
    pub const fn of(value: &Value<'_>) -> Self {
        let kind = match value {
            Value::Null => ColumnType::Null,
            Value::Int(_) | Value::UInt(_) => ColumnType::LongLong,
            Value::Float(_) => ColumnType::Float,
            Value::Double(_) => ColumnType::Double,
            Value::Bytes(_) => ColumnType::VarString,
            Value::Date(_) => ColumnType::Date,
            Value::DateTime(_) => ColumnType::DateTime,
            Value::Time(_) => ColumnType::Time,
            Value::LongData => ColumnType::Blob,
        };
        Self { kind, unsigned: matches!(value, Value::UInt(_)) }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [kind, flags] = reader.array("parameter type")?;
        let kind = ColumnType::from_number(kind).ok_or(DecodeError::Invalid("parameter type"))?;
        Ok(Self { kind, unsigned: flags & UNSIGNED != 0 })
    }

    pub(crate) fn encode(self, payload: &mut Vec<u8>) {
        payload.put_bytes(&[self.kind.number(), if self.unsigned { UNSIGNED } else { 0 }]);
    }
}

impl<'a> Value<'a> {
    /// Reads a value of this type in the binary form; it is not NULL, for which no bytes are sent.
    pub(crate) fn read(reader: &mut Reader<'a>, of: ValueType) -> Result<Self, DecodeError> {
        const WHAT: &str = "value";
        let signed = !of.unsigned;
        Ok(match of.kind {
            ColumnType::Null => Self::Null,
            ColumnType::Tiny if signed => {
                Self::Int(reader.array(WHAT).map(i8::from_le_bytes)?.into())
            }
            ColumnType::Tiny => Self::UInt(reader.u8(WHAT)?.into()),
            ColumnType::Short if signed => {
                Self::Int(reader.array(WHAT).map(i16::from_le_bytes)?.into())
            }
            ColumnType::Short | ColumnType::Year => Self::UInt(reader.u16(WHAT)?.into()),
            ColumnType::Long | ColumnType::Int24 if signed => {
                Self::Int(reader.array(WHAT).map(i32::from_le_bytes)?.into())
            }
            ColumnType::Long | ColumnType::Int24 => Self::UInt(reader.u32(WHAT)?.into()),
            ColumnType::LongLong if signed => {
                Self::Int(reader.array(WHAT).map(i64::from_le_bytes)?)
            }
            ColumnType::LongLong => Self::UInt(reader.u64(WHAT)?),
            ColumnType::Float => Self::Float(reader.array(WHAT).map(f32::from_le_bytes)?),
            ColumnType::Double => Self::Double(reader.array(WHAT).map(f64::from_le_bytes)?),
            ColumnType::Date => Self::Date(temporal::read_date_time(reader)?.date),
            ColumnType::DateTime | ColumnType::Timestamp => {
                Self::DateTime(temporal::read_date_time(reader)?)
            }
            ColumnType::Time => Self::Time(temporal::read_time(reader)?),
            ColumnType::Decimal
            | ColumnType::VarChar
            | ColumnType::Bit
            | ColumnType::Vector
            | ColumnType::Json
            | ColumnType::NewDecimal
            | ColumnType::Enum
            | ColumnType::Set
            | ColumnType::TinyBlob
            | ColumnType::MediumBlob
            | ColumnType::LongBlob
            | ColumnType::Blob
            | ColumnType::VarString
            | ColumnType::String
            | ColumnType::Geometry => Self::Bytes(reader.lenenc_bytes(WHAT)?),
        })
    }

    /// Appends the value in the binary form of this type; a whole number loses what its type has no room for.
    pub(crate) fn encode(&self, payload: &mut Vec<u8>, of: ValueType) {
        match *self {
            Self::Null | Self::LongData => {}
            Self::Int(value) => put_whole(payload, value.to_le_bytes(), of.kind),
            Self::UInt(value) => put_whole(payload, value.to_le_bytes(), of.kind),
            Self::Float(value) => payload.put_bytes(&value.to_le_bytes()),
            Self::Double(value) => payload.put_bytes(&value.to_le_bytes()),
            Self::Bytes(bytes) => payload.put_lenenc_bytes(bytes),
            Self::Date(date) => temporal::put_date(payload, date),
            Self::DateTime(value) => temporal::put_date_time(payload, value),
            Self::Time(value) => temporal::put_time(payload, value),
        }
    }
}

fn put_whole(payload: &mut Vec<u8>, bytes: [u8; 8], kind: ColumnType) {
    let width = match kind {
        ColumnType::Tiny => 1,
        ColumnType::Short | ColumnType::Year => 2,
        ColumnType::Long | ColumnType::Int24 => 4,
        _ => 8,
    };
    payload.put_bytes(bytes.get(..width).unwrap_or(&bytes));
}
