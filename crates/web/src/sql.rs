//! A statement in the making: its text and the values bound to it, kept
//! together.
//!
//! Text is only ever pushed from constants, numbers and [`crate::dimensions`]; everything a caller sent goes through [`Sql::bind`].

use std::fmt::{self, Display, Write};

use warehouse::Value;

/// Text with one `?` per bound value, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sql {
    text: String,
    params: Vec<Value>,
}

impl Sql {
    /// A statement that begins with this text.
    pub(crate) fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), params: Vec::new() }
    }

    /// Adds text that contains no `?`.
    pub(crate) fn push(&mut self, text: impl Display) -> &mut Self {
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{text}");
        self
    }

    /// Adds a `?` and its value.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.text.push('?');
        self.params.push(value.into());
        self
    }

    /// Adds another part with its values.
    pub(crate) fn part(&mut self, part: &Self) -> &mut Self {
        self.text.push_str(&part.text);
        self.params.extend_from_slice(&part.params);
        self
    }

    /// Adds parts with a text between them.
    pub(crate) fn parts<'a>(
        &mut self,
        separator: &str,
        parts: impl IntoIterator<Item = &'a Self>,
    ) -> &mut Self {
        for (position, part) in parts.into_iter().enumerate() {
            if position > 0 {
                self.text.push_str(separator);
            }
            self.part(part);
        }
        self
    }

    /// Whether there is no text.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The statement and its values.
    pub(crate) fn into_statement(self) -> (String, Vec<Value>) {
        (self.text, self.params)
    }
}

/// A time as a literal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time(pub(crate) jiff::Timestamp);

impl Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "make_timestamp({})", self.0.as_microsecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_keep_text_and_values_in_the_same_order() {
        let mut first = Sql::new("a = ");
        first.bind(1_i64);
        let mut second = Sql::new("b = ");
        second.bind("x");
        let mut both = Sql::new("WHERE ");
        both.parts(" AND ", [&first, &second]).push(" LIMIT ").push(9);
        let (text, params) = both.into_statement();
        assert_eq!(text, "WHERE a = ? AND b = ? LIMIT 9");
        assert_eq!(params, [Value::I64(1), Value::Text("x".into())]);
    }

    #[test]
    fn a_time_is_written_in_microseconds() {
        let time = Time("2026-11-22T13:00:00.5Z".parse().unwrap());
        assert_eq!(time.to_string(), "make_timestamp(1795352400500000)");
    }
}
