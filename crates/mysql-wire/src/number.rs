//! Numbers as MySQL writes them in text.

use std::io::Write;

use crate::write::Put;

/// Above this power of ten, or its inverse, numbers are written with an exponent.
const PLAIN_DIGITS_MAX: i32 = 15;
/// Whole numbers up to here are written as such: no shorter digits round to them.
const WHOLE_MAX: f64 = 1e15;
/// The most digits behind the point of a DECIMAL here: as many as 128 bits have.
const SCALE_MAX: u8 = 38;
/// The digits of a FLOAT that MySQL shows.
const FLOAT_DIGITS: usize = 6;

/// Appends a whole number behind its length.
#[inline]
pub(crate) fn put_int_text(buffer: &mut Vec<u8>, value: impl itoa::Integer) {
    let mut digits = itoa::Buffer::new();
    put_short_text(buffer, digits.format(value).as_bytes());
}

/// Appends a text of at most 250 bytes behind its length.
#[inline]
fn put_short_text(buffer: &mut Vec<u8>, text: &[u8]) {
    buffer.put_u8(u8::try_from(text.len()).unwrap_or_default());
    buffer.put_bytes(text);
}

/// Appends a number with a fixed number of digits behind the point, behind its length.
pub(crate) fn put_decimal_text(buffer: &mut Vec<u8>, unscaled: i128, scale: u8) {
    let mut formatted = itoa::Buffer::new();
    let digits = match i64::try_from(unscaled) {
        Ok(small) if small != i64::MIN => formatted.format(small.unsigned_abs()),
        Ok(_) | Err(_) => formatted.format(unscaled.unsigned_abs()),
    }
    .as_bytes();
    let scale = usize::from(scale.min(SCALE_MAX));
    let start = buffer.len();
    buffer.put_u8(0);
    if unscaled < 0 {
        buffer.put_u8(b'-');
    }
    let whole = digits.len().saturating_sub(scale);
    let (before, behind) = digits.split_at_checked(whole).unwrap_or((digits, &[]));
    buffer.put_bytes(if before.is_empty() { b"0" } else { before });
    if scale > 0 {
        buffer.put_u8(b'.');
        buffer.resize(buffer.len() + scale - behind.len(), b'0');
        buffer.put_bytes(behind);
    }
    close(buffer, start);
}

/// Sets the length of a short text that began at `start`. No number here is longer than 250 bytes.
#[inline]
fn close(buffer: &mut [u8], start: usize) {
    let length = buffer.len() - start - 1;
    if let Some(byte) = buffer.get_mut(start) {
        *byte = u8::try_from(length).unwrap_or_default();
    }
}

/// Appends a DOUBLE behind its length: the shortest digits that read back as the same number. It must be finite.
#[inline]
pub(crate) fn put_double_text(buffer: &mut Vec<u8>, value: f64) {
    if let Some(whole) = whole(value, WHOLE_MAX) {
        return put_int_text(buffer, whole);
    }
    let mut formatted = zmij::Buffer::new();
    put_digits(buffer, formatted.format_finite(value).as_bytes());
}

/// Appends a FLOAT behind its length: six digits, as MySQL shows it. It must be finite.
pub(crate) fn put_float_text(buffer: &mut Vec<u8>, value: f32) {
    if let Some(whole) = whole(f64::from(value), 1e6) {
        return put_int_text(buffer, whole);
    }
    let mut formatted = [0; 24];
    let mut left = formatted.as_mut_slice();
    // 24 bytes hold a sign, seven characters of digits and an exponent.
    let written = write!(left, "{value:.*e}", FLOAT_DIGITS - 1).is_ok();
    let length = 24 - left.len();
    put_digits(buffer, formatted.get(..length).filter(|_| written).unwrap_or(b"0"));
}

/// The number as a whole one, when it is one within the bound. Negative zero is not: MySQL writes its sign.
#[inline]
fn whole(value: f64, max: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the bound was checked")]
    let truncated = if value.abs() < max { value as i64 } else { return None };
    #[expect(clippy::cast_precision_loss, reason = "whole numbers up to 2^53 are exact")]
    let same = (truncated as f64).to_bits() == value.to_bits();
    same.then_some(truncated)
}

/// Digits and exponent of a number written by a library, in whichever form, laid out in MySQL's.
fn put_digits(buffer: &mut Vec<u8>, text: &[u8]) {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut digits = [0_u8; 40];
    let mut count = 0;
    let mut point = None;
    let mut exponent = 0_i32;
    let mut rest = text.iter();
    for byte in rest.by_ref() {
        match byte {
            b'.' => point = Some(count),
            b'e' => break,
            digit => {
                if let Some(slot) = digits.get_mut(count) {
                    *slot = *digit;
                    count += 1;
                }
            }
        }
    }
    let sign = if rest.as_slice().first() == Some(&b'-') { -1 } else { 1 };
    for byte in rest.filter(|byte| byte.is_ascii_digit()) {
        exponent = exponent * 10 + i32::from(byte - b'0');
    }
    let digits = digits.get(..count).unwrap_or_default();
    let leading = digits.iter().take_while(|digit| **digit == b'0').count();
    let trailing = digits.iter().rev().take_while(|digit| **digit == b'0').count();
    let point = i32::try_from(point.unwrap_or(count)).unwrap_or_default();
    let position = point - i32::try_from(leading).unwrap_or_default() + sign * exponent;
    let shown = digits.get(leading..count.saturating_sub(trailing)).unwrap_or_default();
    let start = buffer.len();
    buffer.put_u8(0);
    if negative {
        buffer.put_u8(b'-');
    }
    if shown.is_empty() {
        buffer.put_u8(b'0');
    } else {
        lay_out(buffer, shown, position);
    }
    close(buffer, start);
}

/// Writes `0.digits * 10^position`: plainly within the bounds, with an exponent outside.
fn lay_out(buffer: &mut Vec<u8>, digits: &[u8], position: i32) {
    let count = i32::try_from(digits.len()).unwrap_or_default();
    if !(-PLAIN_DIGITS_MAX + 1..=PLAIN_DIGITS_MAX).contains(&position) {
        let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, &[]));
        buffer.put_bytes(first);
        if !rest.is_empty() {
            buffer.put_u8(b'.');
            buffer.put_bytes(rest);
        }
        buffer.put_u8(b'e');
        buffer.put_bytes(itoa::Buffer::new().format(position - 1).as_bytes());
    } else if position <= 0 {
        buffer.put_bytes(b"0.");
        let zeros = usize::try_from(-position).unwrap_or_default();
        buffer.resize(buffer.len() + zeros, b'0');
        buffer.put_bytes(digits);
    } else if position >= count {
        buffer.put_bytes(digits);
        let zeros = usize::try_from(position - count).unwrap_or_default();
        buffer.resize(buffer.len() + zeros, b'0');
    } else {
        let whole = usize::try_from(position).unwrap_or_default();
        let (before, behind) = digits.split_at_checked(whole).unwrap_or((digits, &[]));
        buffer.put_bytes(before);
        buffer.put_u8(b'.');
        buffer.put_bytes(behind);
    }
}
