//! Money: an amount in thousandths and a currency.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::body::Loose;
use super::error::Rule;

/// The largest amount, in whole units. A thousand times this is far inside `DECIMAL(18, 3)`, so a sum of many fits too.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000;

/// What an event was worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revenue {
    /// The amount in thousandths of a unit; negative for money given back.
    pub thousandths: i64,
    /// The currency of the amount.
    pub currency: Currency,
}

/// A currency of ISO 4217, by its three upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The currency of a code of three letters, in either case.
    pub fn parse(code: &str) -> Option<Self> {
        let letters: [u8; 3] = code.trim().as_bytes().try_into().ok()?;
        letters
            .iter()
            .all(u8::is_ascii_alphabetic)
            .then(|| Self(letters.map(|letter| letter.to_ascii_uppercase())))
    }

    /// Its code.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// An amount as a number or a text, in thousandths, rounded half away from zero.
pub(super) fn thousandths(amount: &Loose<'_>) -> Result<i64, Rule> {
    let range = Rule::AmountRange { max: AMOUNT_MAX };
    let thousandths = match amount {
        Loose::Nothing => return Err(Rule::Missing),
        Loose::Unsigned(number) => i64::try_from(*number).ok().and_then(|n| n.checked_mul(1000)),
        Loose::Signed(number) => number.checked_mul(1000),
        #[expect(clippy::cast_precision_loss, reason = "10^12 is exact in a double")]
        Loose::Float(number) if number.abs() > AMOUNT_MAX as f64 => None,
        // The shortest decimal that reads back as this double is what the client wrote.
        Loose::Float(number) => decimal(&number.to_string())?,
        Loose::Text(text) => decimal(text.trim())?,
        Loose::Bool(_) | Loose::Object(_) | Loose::List => return Err(Rule::NotAnAmount),
    };
    thousandths
        .filter(|thousandths| thousandths.unsigned_abs() <= AMOUNT_MAX.unsigned_abs() * 1000)
        .ok_or(range)
}

/// Reads `-12.3456`; `Ok(None)` when it is a number, but too large.
fn decimal(text: &str) -> Result<Option<i64>, Rule> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (units, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (units.is_empty() && fraction.is_empty()) || !all_digits(units) || !all_digits(fraction) {
        return Err(Rule::NotAnAmount);
    }
    let mut thousandths: i64 = 0;
    let places = fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
    for digit in units.bytes().chain(places) {
        let next = thousandths.checked_mul(10).and_then(|t| t.checked_add((digit - b'0').into()));
        let Some(next) = next else { return Ok(None) };
        thousandths = next;
    }
    if fraction.as_bytes().get(3).is_some_and(|digit| *digit >= b'5') {
        thousandths = thousandths.saturating_add(1);
    }
    Ok(Some(if text.starts_with('-') { -thousandths } else { thousandths }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        let check = |text: &str, expected: Result<i64, Rule>| {
            assert_eq!(thousandths(&Loose::Text(text.into())), expected, "{text}");
        };
        let range = Err(Rule::AmountRange { max: AMOUNT_MAX });
        check("1322.22", Ok(1_322_220));
        check("-0.0005", Ok(-1));
        check("0.0004999", Ok(0));
        check(".5", Ok(500));
        check("5.", Ok(5_000));
        check("+7", Ok(7_000));
        check("1000000000000", Ok(1_000_000_000_000_000));
        check("1000000000000.001", range);
        check("10000000000000000000000000000000", range);
        check("-99999999999999999999", range);
        for bad in ["", ".", "-", "1e5", "1,5", "NaN", "inf", "0x10", "1 000", "--1", "1.2.3", "١"]
        {
            check(bad, Err(Rule::NotAnAmount));
        }
    }

    #[test]
    fn floats_mean_the_decimal_that_was_written() {
        assert_eq!(thousandths(&Loose::Float(0.1)), Ok(100));
        assert_eq!(thousandths(&Loose::Float(1e300)), Err(Rule::AmountRange { max: AMOUNT_MAX }));
        assert_eq!(thousandths(&Loose::Float(-1e-300)), Ok(0));
        assert_eq!(
            thousandths(&Loose::Signed(i64::MIN)),
            Err(Rule::AmountRange { max: AMOUNT_MAX })
        );
        assert_eq!(thousandths(&Loose::Unsigned(10_000_000_000)), Ok(10_000_000_000_000));
    }

    proptest! {
        #[test]
        fn every_amount_in_range_survives_its_text(amount in -AMOUNT_MAX * 1000..=AMOUNT_MAX * 1000) {
            let text = format!(
                "{}{}.{:03}",
                if amount < 0 { "-" } else { "" },
                amount.abs() / 1000,
                amount.abs() % 1000
            );
            prop_assert_eq!(thousandths(&Loose::Text(text.into())), Ok(amount));
        }

        #[test]
        fn any_text_is_an_amount_or_refused(text in ".*") {
            if let Ok(amount) = thousandths(&Loose::Text(text.into())) {
                prop_assert!(amount.abs() <= AMOUNT_MAX * 1000);
            }
        }
    }
}
