//! Dates, times of day and spans as the protocol has them, and their text.

use crate::{DecodeError, read::Reader, write::Put};

/// The longest span of TIME, in hours.
pub const TIME_HOURS_MAX: u32 = 838;
/// The most digits of a second's fraction.
pub const FRACTION_DIGITS_MAX: u8 = 6;

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// A day. MySQL's zeros for unknown parts can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Date {
    /// 0 to 9999.
    pub year: u16,
    /// 1 to 12, or 0.
    pub month: u8,
    /// 1 to 31, or 0.
    pub day: u8,
}

impl Date {
    /// The day so many days after 1970-01-01, or `None` outside of the years 0 to 9999.
    #[inline]
    pub fn from_epoch_days(days: i32) -> Option<Self> {
        // Eras of 400 years that begin in March; days counted from 0000-03-01.
        let shifted = i64::from(days) + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        if year > 9999 {
            return None;
        }
        Some(Self {
            year: u16::try_from(year).ok()?,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
        })
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let date =
            Self { year: reader.u16("year")?, month: reader.u8("month")?, day: reader.u8("day")? };
        let valid = date.year <= 9999 && date.month <= 12 && date.day <= 31;
        if valid { Ok(date) } else { Err(DecodeError::Invalid("date")) }
    }

    #[inline]
    fn text(self) -> [u8; 10] {
        let [a, b] = two(self.year / 100);
        let [c, d] = two(self.year % 100);
        let [e, f] = two(u16::from(self.month));
        let [g, h] = two(u16::from(self.day));
        [a, b, c, d, b'-', e, f, b'-', g, h]
    }
}

/// A day and a time of it, without a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct DateTime {
    /// The day.
    pub date: Date,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999,999.
    pub micros: u32,
}

impl DateTime {
    /// The moment so many microseconds after 1970-01-01 00:00:00, or `None` outside of the years 0 to 9999.
    #[inline]
    pub fn from_epoch_micros(micros: i64) -> Option<Self> {
        let seconds = micros.div_euclid(MICROS_PER_SECOND);
        let days = i32::try_from(seconds.div_euclid(SECONDS_PER_DAY)).ok()?;
        let of_day = u32::try_from(seconds.rem_euclid(SECONDS_PER_DAY)).ok()?;
        let part = |value: u32| u8::try_from(value).ok();
        Some(Self {
            date: Date::from_epoch_days(days)?,
            hour: part(of_day / 3600)?,
            minute: part(of_day / 60 % 60)?,
            second: part(of_day % 60)?,
            micros: u32::try_from(micros.rem_euclid(MICROS_PER_SECOND)).ok()?,
        })
    }
}

/// A span of time with a sign, which is also MySQL's time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Time {
    /// Whether it counts backwards.
    pub negative: bool,
    /// Whole hours, days included.
    pub hours: u32,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999,999.
    pub micros: u32,
}

impl Time {
    /// The span of so many microseconds, or `None` beyond what TIME holds.
    #[inline]
    pub fn from_micros(micros: i64) -> Option<Self> {
        let total = micros.unsigned_abs();
        let seconds = total / 1_000_000;
        let hours = u32::try_from(seconds / 3600).ok()?;
        (hours <= TIME_HOURS_MAX).then_some(())?;
        Some(Self {
            negative: micros < 0,
            hours,
            minute: u8::try_from(seconds / 60 % 60).ok()?,
            second: u8::try_from(seconds % 60).ok()?,
            micros: u32::try_from(total % 1_000_000).ok()?,
        })
    }
}

/// Two digits of a number below a hundred.
#[inline]
fn two(value: u16) -> [u8; 2] {
    let [digits, _] = (value % 100).to_le_bytes();
    [b'0' + digits / 10, b'0' + digits % 10]
}

/// The fraction of a second: a point and six digits.
#[inline]
fn fraction(micros: u32) -> [u8; 7] {
    let part = |value: u32| u16::try_from(value % 100).unwrap_or_default();
    let [a, b] = two(part(micros / 10_000));
    let [c, d] = two(part(micros / 100));
    let [e, f] = two(part(micros));
    [b'.', a, b, c, d, e, f]
}

/// How many bytes of [`fraction`] are shown: none, or the point and the digits.
#[inline]
fn fraction_bytes(decimals: u8) -> usize {
    match decimals.min(FRACTION_DIGITS_MAX) {
        0 => 0,
        digits => usize::from(digits) + 1,
    }
}

#[inline]
fn clock(hour: u8, minute: u8, second: u8) -> [u8; 8] {
    let [a, b] = two(u16::from(hour));
    let [c, d] = two(u16::from(minute));
    let [e, f] = two(u16::from(second));
    [a, b, b':', c, d, b':', e, f]
}

/// Appends the text of a day, behind its length.
#[inline]
pub(crate) fn put_date_text(buffer: &mut Vec<u8>, date: Date) {
    let [a, b, c, d, e, f, g, h, i, j] = date.text();
    buffer.put_bytes(&[10, a, b, c, d, e, f, g, h, i, j]);
}

/// Appends the text of a moment with so many digits of its second's fraction, behind its length.
#[inline]
pub(crate) fn put_date_time_text(buffer: &mut Vec<u8>, value: DateTime, decimals: u8) {
    let shown = fraction_bytes(decimals);
    let [a, b, c, d, e, f, g, h, i, j] = value.date.text();
    let [k, l, m, n, o, p, q, r] = clock(value.hour, value.minute, value.second);
    let bytes = [19, 20, 21, 22, 23, 24, 25, 26].get(shown).copied().unwrap_or(19);
    buffer.put_bytes(&[bytes, a, b, c, d, e, f, g, h, i, j, b' ', k, l, m, n, o, p, q, r]);
    if shown > 0 {
        buffer.put_bytes(fraction(value.micros).get(..shown).unwrap_or_default());
    }
}

/// Appends the text of a span with so many digits of its second's fraction, behind its length.
pub(crate) fn put_time_text(buffer: &mut Vec<u8>, value: Time, decimals: u8) {
    let shown = fraction_bytes(decimals);
    let fraction = fraction(value.micros);
    let fraction = fraction.get(..shown).unwrap_or_default();
    let nothing = value.hours == 0 && value.minute == 0 && value.second == 0;
    let zero = nothing && fraction.iter().all(|byte| matches!(byte, b'.' | b'0'));
    let [high, low] = two(u16::try_from(value.hours.min(TIME_HOURS_MAX) % 100).unwrap_or_default());
    let hundreds = two(u16::try_from(value.hours.min(TIME_HOURS_MAX) / 100).unwrap_or_default());
    let start = buffer.len();
    buffer.put_u8(0);
    if value.negative && !zero {
        buffer.put_u8(b'-');
    }
    if hundreds[1] != b'0' {
        buffer.put_u8(hundreds[1]);
    }
    buffer.put_bytes(&[high, low]);
    let [_, _, rest @ ..] = clock(0, value.minute, value.second);
    buffer.put_bytes(&rest);
    buffer.put_bytes(fraction);
    let length = u8::try_from(buffer.len() - start - 1).unwrap_or_default();
    if let Some(byte) = buffer.get_mut(start) {
        *byte = length;
    }
}

/// Appends a day in the binary form.
pub(crate) fn put_date(buffer: &mut Vec<u8>, date: Date) {
    if date == Date::default() {
        return buffer.put_u8(0);
    }
    let [a, b] = date.year.to_le_bytes();
    buffer.put_bytes(&[4, a, b, date.month, date.day]);
}

/// Appends a moment in the binary form, as short as it can be.
pub(crate) fn put_date_time(buffer: &mut Vec<u8>, value: DateTime) {
    let DateTime { date, hour, minute, second, micros } = value;
    let [a, b] = date.year.to_le_bytes();
    if micros > 0 {
        buffer.put_bytes(&[11, a, b, date.month, date.day, hour, minute, second]);
        buffer.put_u32(micros);
    } else if (hour, minute, second) != (0, 0, 0) {
        buffer.put_bytes(&[7, a, b, date.month, date.day, hour, minute, second]);
    } else {
        put_date(buffer, date);
    }
}

/// Appends a span in the binary form, as short as it can be.
pub(crate) fn put_time(buffer: &mut Vec<u8>, value: Time) {
    let Time { negative, hours, minute, second, micros } = value;
    if hours == 0 && minute == 0 && second == 0 && micros == 0 {
        return buffer.put_u8(0);
    }
    buffer.put_bytes(&[if micros > 0 { 12 } else { 8 }, u8::from(negative)]);
    buffer.put_u32(hours / 24);
    let hour = u8::try_from(hours % 24).unwrap_or_default();
    buffer.put_bytes(&[hour, minute, second]);
    if micros > 0 {
        buffer.put_u32(micros);
    }
}

/// Reads a day or moment in the binary form.
pub(crate) fn read_date_time(reader: &mut Reader<'_>) -> Result<DateTime, DecodeError> {
    const WHAT: &str = "moment";
    let length = reader.u8(WHAT)?;
    if !matches!(length, 0 | 4 | 7 | 11) {
        return Err(DecodeError::Invalid(WHAT));
    }
    let mut value = DateTime::default();
    if length >= 4 {
        value.date = Date::read(reader)?;
    }
    if length >= 7 {
        [value.hour, value.minute, value.second] = reader.array(WHAT)?;
    }
    if length >= 11 {
        value.micros = reader.u32(WHAT)?;
    }
    let valid = value.hour < 24 && value.minute < 60 && value.second < 60;
    if valid && value.micros < 1_000_000 { Ok(value) } else { Err(DecodeError::Invalid(WHAT)) }
}

/// Reads a span in the binary form.
pub(crate) fn read_time(reader: &mut Reader<'_>) -> Result<Time, DecodeError> {
    const WHAT: &str = "time";
    let length = reader.u8(WHAT)?;
    if !matches!(length, 0 | 8 | 12) {
        return Err(DecodeError::Invalid(WHAT));
    }
    let mut value = Time::default();
    if length == 0 {
        return Ok(value);
    }
    value.negative = reader.u8(WHAT)? != 0;
    let days = reader.u32(WHAT)?;
    let [hour, minute, second] = reader.array(WHAT)?;
    if length == 12 {
        value.micros = reader.u32(WHAT)?;
    }
    value.hours = days
        .checked_mul(24)
        .and_then(|hours| hours.checked_add(u32::from(hour)))
        .filter(|hours| *hours <= TIME_HOURS_MAX)
        .ok_or(DecodeError::Invalid(WHAT))?;
    (value.minute, value.second) = (minute, second);
    let valid = hour < 24 && minute < 60 && second < 60 && value.micros < 1_000_000;
    if valid { Ok(value) } else { Err(DecodeError::Invalid(WHAT)) }
}

/// Appends a year as four digits, behind their length.
pub(crate) fn put_year_text(buffer: &mut Vec<u8>, year: u16) {
    let [a, b] = two(year / 100);
    let [c, d] = two(year % 100);
    buffer.put_bytes(&[4, a, b, c, d]);
}

#[cfg(test)]
mod tests;
