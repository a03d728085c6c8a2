//! Typed values out of a row.

use warehouse::Value;

use super::ReportError;

/// A row of a report, read from left to right.
pub(super) struct Row<'a> {
    values: std::slice::Iter<'a, Value>,
    position: usize,
}

impl<'a> Row<'a> {
    pub(super) fn new(values: &'a [Value]) -> Self {
        Self { values: values.iter(), position: 0 }
    }

    /// A count; NULL, which is what a sum over no rows is, counts as 0.
    pub(super) fn count(&mut self) -> Result<u64, ReportError> {
        Ok(self.opt_count()?.unwrap_or(0))
    }

    /// A count, or `None` for NULL.
    pub(super) fn opt_count(&mut self) -> Result<Option<u64>, ReportError> {
        self.next(Value::as_u64)
    }

    /// A signed number, or `None` for NULL.
    pub(super) fn opt_signed(&mut self) -> Result<Option<i64>, ReportError> {
        self.next(Value::as_i64)
    }

    /// A number, or `None` for NULL.
    pub(super) fn opt_number(&mut self) -> Result<Option<f64>, ReportError> {
        self.next(Value::as_f64)
    }

    /// A text, or `None` for NULL.
    pub(super) fn opt_text(&mut self) -> Result<Option<String>, ReportError> {
        self.next(|value| value.as_text().map(str::to_owned))
    }

    /// A time in microseconds, or `None` for NULL.
    pub(super) fn opt_micros(&mut self) -> Result<Option<i64>, ReportError> {
        self.next(Value::as_timestamp)
    }

    fn next<T>(
        &mut self,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, ReportError> {
        let position = self.position;
        self.position += 1;
        let value = self.values.next().ok_or(ReportError::Row(position))?;
        if value.is_null() {
            return Ok(None);
        }
        read(value).map(Some).ok_or(ReportError::Row(position))
    }
}

/// `part / whole`, to so many decimals; `None` when there is no whole.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(super) fn ratio(part: u64, whole: u64, scale: f64, decimals: i32) -> Option<f64> {
    (whole > 0).then(|| rounded(part as f64 / whole as f64 * scale, decimals))
}

/// A number to so many decimals.
pub(super) fn rounded(number: f64, decimals: i32) -> f64 {
    let factor = 10_f64.powi(decimals);
    (number * factor).round() / factor
}
