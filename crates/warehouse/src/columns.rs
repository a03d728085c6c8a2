//! Rows on their way into a table, held by column.

use std::sync::Arc;

use duckdb::arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, Decimal128Builder, Float64Builder, Int64Builder,
    RecordBatch, StringBuilder, TimestampMicrosecondBuilder, UInt8Builder, UInt32Builder,
    UInt64Builder,
};
use duckdb::arrow::datatypes::{DataType, Field, Schema, TimeUnit};

use crate::error::WriteError;

/// What a column holds. Every kind may be NULL where the table allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// VARCHAR.
    Text,
    /// UBIGINT.
    U64,
    /// UINTEGER.
    U32,
    /// UTINYINT.
    U8,
    /// BIGINT.
    I64,
    /// BOOLEAN.
    Bool,
    /// DOUBLE.
    F64,
    /// TIMESTAMP, as microseconds since 1970 in UTC.
    Timestamp,
    /// DECIMAL(18, 3), as thousandths.
    Decimal,
}

/// Rows in the making. Values are pushed in column order; [`Columns::end_row`] checks that the row is whole.
///
/// A value of the wrong kind is remembered and reported by [`Columns::end_row`], which then drops the row, so that one bad row
/// never takes its neighbours with it.
pub struct Columns {
    builders: Vec<Builder>,
    next: usize,
    rows: usize,
    wrong: Option<usize>,
}

enum Builder {
    Text(StringBuilder),
    U64(UInt64Builder),
    U32(UInt32Builder),
    U8(UInt8Builder),
    I64(Int64Builder),
    Bool(BooleanBuilder),
    F64(Float64Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Decimal(Decimal128Builder),
}

const DECIMAL: DataType = DataType::Decimal128(18, 3);

macro_rules! push {
    ($($(#[$doc:meta])* $name:ident, $opt:ident: $type:ty => $variant:ident;)*) => {
        $(
            $(#[$doc])*
            pub fn $name(&mut self, value: $type) {
                self.$opt(Some(value));
            }

            /// The same, or NULL.
            pub fn $opt(&mut self, value: Option<$type>) {
                if let Some(Builder::$variant(builder)) = self.builders.get_mut(self.next) {
                    builder.append_option(value);
                } else {
                    self.wrong.get_or_insert(self.next);
                }
                self.next += 1;
            }
        )*
    };
}

impl Columns {
    /// Columns of these kinds, in the table's order, with no rows yet.
    pub fn new(kinds: &[Kind]) -> Self {
        Self {
            builders: kinds.iter().map(|kind| Builder::new(*kind)).collect(),
            next: 0,
            rows: 0,
            wrong: None,
        }
    }

    /// How many whole rows there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    push! {
        /// Pushes a text.
        text, opt_text: &str => Text;
        /// Pushes an unsigned 64-bit integer.
        u64, opt_u64: u64 => U64;
        /// Pushes an unsigned 32-bit integer.
        u32, opt_u32: u32 => U32;
        /// Pushes an unsigned 8-bit integer.
        u8, opt_u8: u8 => U8;
        /// Pushes a signed 64-bit integer.
        i64, opt_i64: i64 => I64;
        /// Pushes a boolean.
        bool, opt_bool: bool => Bool;
        /// Pushes a floating-point number.
        f64, opt_f64: f64 => F64;
        /// Pushes a time, in microseconds since 1970 in UTC.
        timestamp, opt_timestamp: i64 => Timestamp;
        /// Pushes a decimal, in thousandths.
        decimal, opt_decimal: i128 => Decimal;
    }

    /// Ends the row.
    ///
    /// # Errors
    /// [`WriteError::Column`] when a value had the wrong kind or the row the wrong length; the row is dropped.
    pub fn end_row(&mut self) -> Result<(), WriteError> {
        let wrong = self.wrong.take().or((self.next != self.builders.len()).then_some(self.next));
        self.next = 0;
        let Some(column) = wrong else {
            self.rows += 1;
            return Ok(());
        };
        for builder in &mut self.builders {
            builder.truncate(self.rows);
        }
        Err(WriteError::Column { column })
    }

    pub(crate) fn finish(mut self) -> Result<RecordBatch, WriteError> {
        let fields: Vec<Field> = self
            .builders
            .iter()
            .enumerate()
            .map(|(position, builder)| Field::new(position.to_string(), builder.data_type(), true))
            .collect();
        let arrays: Vec<ArrayRef> = self.builders.iter_mut().map(Builder::finish).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
            .map_err(|_| WriteError::Column { column: self.next })
    }
}

macro_rules! each {
    ($self:expr, $builder:ident => $do:expr) => {
        match $self {
            Self::Text($builder) => $do,
            Self::U64($builder) => $do,
            Self::U32($builder) => $do,
            Self::U8($builder) => $do,
            Self::I64($builder) => $do,
            Self::Bool($builder) => $do,
            Self::F64($builder) => $do,
            Self::Timestamp($builder) => $do,
            Self::Decimal($builder) => $do,
        }
    };
}

impl Builder {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text(StringBuilder::new()),
            Kind::U64 => Self::U64(UInt64Builder::new()),
            Kind::U32 => Self::U32(UInt32Builder::new()),
            Kind::U8 => Self::U8(UInt8Builder::new()),
            Kind::I64 => Self::I64(Int64Builder::new()),
            Kind::Bool => Self::Bool(BooleanBuilder::new()),
            Kind::F64 => Self::F64(Float64Builder::new()),
            Kind::Timestamp => Self::Timestamp(TimestampMicrosecondBuilder::new()),
            Kind::Decimal => Self::Decimal(Decimal128Builder::new().with_data_type(DECIMAL)),
        }
    }

    fn data_type(&self) -> DataType {
        match self {
            Self::Text(_) => DataType::Utf8,
            Self::U64(_) => DataType::UInt64,
            Self::U32(_) => DataType::UInt32,
            Self::U8(_) => DataType::UInt8,
            Self::I64(_) => DataType::Int64,
            Self::Bool(_) => DataType::Boolean,
            Self::F64(_) => DataType::Float64,
            Self::Timestamp(_) => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Decimal(_) => DECIMAL,
        }
    }

    /// Drops rows from the end. Builders cannot shrink, so the rows before are copied once; bad rows are rare.
    fn truncate(&mut self, rows: usize) {
        if each!(self, builder => builder.len()) <= rows {
            return;
        }
        macro_rules! keep {
            ($builder:ident) => {{
                let kept = $builder.finish();
                for value in kept.iter().take(rows) {
                    $builder.append_option(value);
                }
            }};
        }
        each!(self, builder => keep!(builder));
    }

    fn finish(&mut self) -> ArrayRef {
        each!(self, builder => ArrayBuilder::finish(builder))
    }
}
