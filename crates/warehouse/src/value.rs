//! One value, as it goes into a statement and comes out of a result.

use duckdb::types::{ToSql, ToSqlOutput, Value as EngineValue, ValueRef};

/// A value of the warehouse, free of the engine's own types.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// BOOLEAN.
    Bool(bool),
    /// Any signed integer up to 64 bits.
    I64(i64),
    /// Any unsigned integer up to 64 bits.
    U64(u64),
    /// HUGEINT, as sums of integers are.
    I128(i128),
    /// FLOAT or DOUBLE.
    F64(f64),
    /// VARCHAR.
    Text(String),
    /// BLOB.
    Blob(Vec<u8>),
    /// TIMESTAMP: microseconds since 1970 in UTC.
    Timestamp(i64),
    /// DATE: days since 1970.
    Date(i32),
    /// DECIMAL: `unscaled / 10^scale`.
    Decimal {
        /// All digits as one integer.
        unscaled: i128,
        /// How many of them stand after the point.
        scale: u8,
    },
    /// LIST.
    List(Vec<Self>),
}

impl Value {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The value as an unsigned integer, if it is a whole number that fits.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::U64(number) => Some(*number),
            Self::I64(number) => u64::try_from(*number).ok(),
            Self::I128(number) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    /// The value as a signed integer, if it is a whole number that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::I64(number) => Some(*number),
            Self::U64(number) => i64::try_from(*number).ok(),
            Self::I128(number) => i64::try_from(*number).ok(),
            _ => None,
        }
    }

    /// The value as a floating-point number, if it is any number.
    #[expect(clippy::cast_precision_loss, reason = "the caller asks for a floating-point number")]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::F64(number) => Some(*number),
            Self::I64(number) => Some(*number as f64),
            Self::U64(number) => Some(*number as f64),
            Self::I128(number) => Some(*number as f64),
            Self::Decimal { unscaled, scale } => {
                Some(*unscaled as f64 / 10_f64.powi(i32::from(*scale)))
            }
            _ => None,
        }
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// Microseconds since 1970 in UTC, if it is a timestamp.
    pub fn as_timestamp(&self) -> Option<i64> {
        if let Self::Timestamp(micros) = self { Some(*micros) } else { None }
    }

    /// Whether it is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub(crate) fn from_engine(value: ValueRef<'_>) -> Result<Self, duckdb::Error> {
        Ok(match value {
            ValueRef::Null => Self::Null,
            ValueRef::Boolean(value) => Self::Bool(value),
            ValueRef::TinyInt(number) => Self::I64(number.into()),
            ValueRef::SmallInt(number) => Self::I64(number.into()),
            ValueRef::Int(number) => Self::I64(number.into()),
            ValueRef::BigInt(number) => Self::I64(number),
            ValueRef::HugeInt(number) => Self::I128(number),
            ValueRef::UTinyInt(number) => Self::U64(number.into()),
            ValueRef::USmallInt(number) => Self::U64(number.into()),
            ValueRef::UInt(number) => Self::U64(number.into()),
            ValueRef::UBigInt(number) => Self::U64(number),
            ValueRef::Float(number) => Self::F64(number.into()),
            ValueRef::Double(number) => Self::F64(number),
            ValueRef::Timestamp(unit, number) => Self::Timestamp(unit.to_micros(number)),
            ValueRef::Date32(days) => Self::Date(days),
            ValueRef::Text(bytes) => {
                Self::Text(std::str::from_utf8(bytes).map_err(duckdb::Error::Utf8Error)?.to_owned())
            }
            ValueRef::Blob(bytes) => Self::Blob(bytes.to_vec()),
            ValueRef::Decimal(decimal) => {
                Self::Decimal { unscaled: decimal.value(), scale: decimal.scale() }
            }
            other => Self::from_owned(other.to_owned())?,
        })
    }

    fn from_owned(value: EngineValue) -> Result<Self, duckdb::Error> {
        match value {
            EngineValue::List(items) | EngineValue::Array(items) => items
                .into_iter()
                .map(|item| Self::from_engine(ValueRef::from(&item)))
                .collect::<Result<_, _>>()
                .map(Self::List),
            EngineValue::Enum(text) => Ok(Self::Text(text)),
            other => Err(duckdb::Error::FromSqlConversionFailure(
                0,
                duckdb::types::Type::Any,
                format!("results with values like {other:?} are not read here").into(),
            )),
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> duckdb::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Null => ValueRef::Null,
            Self::Bool(value) => ValueRef::Boolean(*value),
            Self::I64(number) => ValueRef::BigInt(*number),
            Self::U64(number) => ValueRef::UBigInt(*number),
            Self::I128(number) => ValueRef::HugeInt(*number),
            Self::F64(number) => ValueRef::Double(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
            Self::Timestamp(micros) => {
                ValueRef::Timestamp(duckdb::types::TimeUnit::Microsecond, *micros)
            }
            Self::Date(days) => ValueRef::Date32(*days),
            Self::Decimal { .. } | Self::List(_) => {
                return Err(duckdb::Error::ToSqlConversionFailure(
                    "a list or decimal cannot be a parameter".into(),
                ));
            }
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

macro_rules! from {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

from!(bool => Bool, i32 => I64, i64 => I64, u32 => U64, u64 => U64, f64 => F64, &str => Text, String => Text);

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
