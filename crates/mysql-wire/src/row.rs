//! Rows of results in both forms, written straight into the packet buffer.
//!
//! A caller writes each value by the method of its type, once for both forms: `writer.row::<Text>(n, |row| row.i32(7))`. Nothing is
//! allocated per row or value once the buffer has grown.
//!
//! # Invariants
//! - A value is written as MySQL would: what it has no value for (NaN, infinities) is NULL in both forms.
//! - A row of the binary form has as many values as it was begun with; what the caller leaves out is NULL, and what is too much
//!   is left out.

use crate::{
    Column, DecodeError, PacketWriter, Value, ValueType, number,
    read::{NULL, Reader},
    temporal::{self, Date, DateTime, Time},
    write::Put,
};

/// Writes the values of one row, in their order.
pub trait RowWriter {
    /// NULL.
    fn null(&mut self);
    /// A TINYINT.
    fn i8(&mut self, value: i8);
    /// A TINYINT without a sign.
    fn u8(&mut self, value: u8);
    /// A SMALLINT.
    fn i16(&mut self, value: i16);
    /// A SMALLINT without a sign.
    fn u16(&mut self, value: u16);
    /// An INT or MEDIUMINT.
    fn i32(&mut self, value: i32);
    /// An INT or MEDIUMINT without a sign.
    fn u32(&mut self, value: u32);
    /// A BIGINT.
    fn i64(&mut self, value: i64);
    /// A BIGINT without a sign.
    fn u64(&mut self, value: u64);
    /// A FLOAT; as text it has six digits.
    fn f32(&mut self, value: f32);
    /// A DOUBLE.
    fn f64(&mut self, value: f64);
    /// Text, JSON, blobs, geometries, bits, decimals as text.
    fn bytes(&mut self, value: &[u8]);
    /// A DECIMAL: `unscaled` divided by ten to the power of `scale`, of which 38 is the most.
    fn decimal(&mut self, unscaled: i128, scale: u8);
    /// A YEAR.
    fn year(&mut self, value: u16);
    /// A DATE.
    fn date(&mut self, value: Date);
    /// A DATETIME or TIMESTAMP; as text with so many digits of its second's fraction.
    fn date_time(&mut self, value: DateTime, decimals: u8);
    /// A TIME; as text with so many digits of its second's fraction.
    fn time(&mut self, value: Time, decimals: u8);
}

/// A form of rows: [`Text`] after a query, [`Binary`] after an execution.
pub trait RowFormat {
    /// What writes a row of this form.
    type Row<'b>: RowWriter;

    /// Begins a row of `columns` values at the end of the buffer.
    fn begin(buffer: &mut Vec<u8>, columns: usize) -> Self::Row<'_>;
}

/// Rows as text.
pub enum Text {}

/// Rows in the binary form.
pub enum Binary {}

impl PacketWriter {
    /// Appends one row of `columns` values.
    #[inline]
    pub fn row<F: RowFormat>(&mut self, columns: usize, write: impl FnOnce(&mut F::Row<'_>)) {
        self.payload(|buffer| write(&mut F::begin(buffer, columns)));
    }
}

/// A row as text.
pub struct TextRow<'b> {
    buffer: &'b mut Vec<u8>,
}

impl RowFormat for Text {
    type Row<'b> = TextRow<'b>;

    #[inline]
    fn begin(buffer: &mut Vec<u8>, _columns: usize) -> TextRow<'_> {
        TextRow { buffer }
    }
}

/// The methods that write a whole number of each width as its digits.
macro_rules! digits {
    ($($name:ident)*) => {
        $(#[inline]
        fn $name(&mut self, value: $name) {
            number::put_int_text(self.buffer, value);
        })*
    };
}

impl RowWriter for TextRow<'_> {
    digits! { i8 u8 i16 u16 i32 u32 i64 u64 }

    #[inline]
    fn null(&mut self) {
        self.buffer.put_u8(NULL);
    }

    fn f32(&mut self, value: f32) {
        if value.is_finite() {
            number::put_float_text(self.buffer, value);
        } else {
            self.null();
        }
    }

    #[inline]
    fn f64(&mut self, value: f64) {
        if value.is_finite() {
            number::put_double_text(self.buffer, value);
        } else {
            self.null();
        }
    }

    #[inline]
    fn bytes(&mut self, value: &[u8]) {
        self.buffer.put_lenenc_bytes(value);
    }

    fn decimal(&mut self, unscaled: i128, scale: u8) {
        number::put_decimal_text(self.buffer, unscaled, scale);
    }

    fn year(&mut self, value: u16) {
        temporal::put_year_text(self.buffer, value);
    }

    #[inline]
    fn date(&mut self, value: Date) {
        temporal::put_date_text(self.buffer, value);
    }

    #[inline]
    fn date_time(&mut self, value: DateTime, decimals: u8) {
        temporal::put_date_time_text(self.buffer, value, decimals);
    }

    fn time(&mut self, value: Time, decimals: u8) {
        temporal::put_time_text(self.buffer, value, decimals);
    }
}

/// A row in the binary form: a zero, a bitmap of the NULLs whose first two bits are unused, then the values that are not NULL.
pub struct BinaryRow<'b> {
    buffer: &'b mut Vec<u8>,
    bitmap: usize,
    column: usize,
    columns: usize,
}

const BITMAP_OFFSET: usize = 2;

const fn bitmap_bytes(columns: usize) -> usize {
    (columns + BITMAP_OFFSET).div_ceil(8)
}

impl RowFormat for Binary {
    type Row<'b> = BinaryRow<'b>;

    #[inline]
    fn begin(buffer: &mut Vec<u8>, columns: usize) -> BinaryRow<'_> {
        let bitmap = buffer.len() + 1;
        buffer.resize(bitmap + bitmap_bytes(columns), 0);
        BinaryRow { buffer, bitmap, column: 0, columns }
    }
}

impl BinaryRow<'_> {
    /// The buffer, for the next value; `None` when the row is full.
    #[inline]
    const fn next(&mut self) -> Option<&mut Vec<u8>> {
        if self.column == self.columns {
            return None;
        }
        self.column += 1;
        Some(self.buffer)
    }
}

impl Drop for BinaryRow<'_> {
    fn drop(&mut self) {
        while self.column < self.columns {
            self.null();
        }
    }
}

/// The methods that write a number of each width as its bytes.
macro_rules! fixed {
    ($($name:ident)*) => {
        $(#[inline]
        fn $name(&mut self, value: $name) {
            if let Some(buffer) = self.next() {
                buffer.put_bytes(&value.to_le_bytes());
            }
        })*
    };
}

impl RowWriter for BinaryRow<'_> {
    fixed! { i8 u8 i16 u16 i32 u32 i64 u64 }

    #[inline]
    fn null(&mut self) {
        let bit = self.column + BITMAP_OFFSET;
        let at = self.bitmap + bit / 8;
        if let Some(buffer) = self.next()
            && let Some(byte) = buffer.get_mut(at)
        {
            *byte |= 1 << (bit % 8);
        }
    }

    fn f32(&mut self, value: f32) {
        if !value.is_finite() {
            return self.null();
        }
        if let Some(buffer) = self.next() {
            buffer.put_bytes(&value.to_le_bytes());
        }
    }

    #[inline]
    fn f64(&mut self, value: f64) {
        if !value.is_finite() {
            return self.null();
        }
        if let Some(buffer) = self.next() {
            buffer.put_bytes(&value.to_le_bytes());
        }
    }

    #[inline]
    fn bytes(&mut self, value: &[u8]) {
        if let Some(buffer) = self.next() {
            buffer.put_lenenc_bytes(value);
        }
    }

    fn decimal(&mut self, unscaled: i128, scale: u8) {
        if let Some(buffer) = self.next() {
            number::put_decimal_text(buffer, unscaled, scale);
        }
    }

    fn year(&mut self, value: u16) {
        self.u16(value);
    }

    fn date(&mut self, value: Date) {
        if let Some(buffer) = self.next() {
            temporal::put_date(buffer, value);
        }
    }

    fn date_time(&mut self, value: DateTime, _decimals: u8) {
        if let Some(buffer) = self.next() {
            temporal::put_date_time(buffer, value);
        }
    }

    fn time(&mut self, value: Time, _decimals: u8) {
        if let Some(buffer) = self.next() {
            temporal::put_time(buffer, value);
        }
    }
}

/// Reads a row of text, as a client: NULL or the bytes of each value.
///
/// # Errors
/// A value that is cut, or bytes behind the last one.
pub fn read_text_row(payload: &[u8], columns: usize) -> Result<Vec<Option<&[u8]>>, DecodeError> {
    let mut reader = Reader::new(payload);
    // Each value has at least one byte, whatever number of columns was announced.
    let mut values = Vec::with_capacity(columns.min(payload.len()));
    for _ in 0..columns {
        values.push(reader.lenenc_bytes_or_null("value")?);
    }
    reader.end("value")?;
    Ok(values)
}

/// Reads a row of the binary form, as a client.
///
/// # Errors
/// A value that is cut or none of its type, or bytes behind the last one.
pub fn read_binary_row<'a>(
    payload: &'a [u8],
    columns: &[Column<'_>],
) -> Result<Vec<Value<'a>>, DecodeError> {
    let mut reader = Reader::new(payload);
    if reader.u8("header")? != 0 {
        return Err(DecodeError::Invalid("header"));
    }
    let nulls = reader.bytes(bitmap_bytes(columns.len()), "NULL bitmap")?;
    let mut values = Vec::with_capacity(columns.len());
    for (at, column) in columns.iter().enumerate() {
        let bit = at + BITMAP_OFFSET;
        let null = nulls.get(bit / 8).is_some_and(|byte| byte & (1 << (bit % 8)) != 0);
        let of = ValueType { kind: column.kind, unsigned: column.is_unsigned() };
        values.push(if null { Value::Null } else { Value::read(&mut reader, of)? });
    }
    reader.end("value")?;
    Ok(values)
}

#[cfg(test)]
mod tests;
