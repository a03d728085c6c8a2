//! Numbers as JSON and clients write them.

/// The whole number a float is; `None` when it has a fraction, is negative, or too large to be exact.
pub(super) fn whole(number: f64) -> Option<u64> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    if !(0.0..=EXACT_MAX).contains(&number) || number.fract() != 0.0 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and from 0 to 2^53, as just checked"
    )]
    Some(number as u64)
}
