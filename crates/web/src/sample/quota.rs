//! Shares of a whole that add up exactly, and orders that look shuffled.

/// Shares are in thousandths.
pub(super) const WHOLE: u64 = 1_000;

/// `count` places divided among weights that sum to [`WHOLE`]. Rounding is moved about by `offset`, so that over many days also the
/// rare ones get their share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quota {
    pub(super) count: u64,
    pub(super) offset: u64,
}

impl Quota {
    /// How many places the n-th weight gets.
    pub(super) fn share(self, weights: impl Iterator<Item = u64>, number: usize) -> u64 {
        let mut sum = 0;
        for (position, weight) in weights.enumerate() {
            if position == number {
                return self.edge(sum + weight) - self.edge(sum);
            }
            sum += weight;
        }
        0
    }

    /// Which weight has this place.
    pub(super) fn holder(self, weights: impl Iterator<Item = u64>, place: u64) -> usize {
        let mut sum = 0;
        let mut last = 0;
        for (position, weight) in weights.enumerate() {
            sum += weight;
            last = position;
            if place < self.edge(sum) {
                break;
            }
        }
        last
    }

    fn edge(self, sum: u64) -> u64 {
        (self.count * sum + self.offset % WHOLE) / WHOLE
    }
}

/// A bijection of `0..count` onto itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shuffle {
    count: u64,
    factor: u64,
    shift: u64,
}

impl Shuffle {
    pub(super) fn new(count: u64, seed: u64) -> Self {
        let mut factor = (seed % count.max(1)) | 1;
        while greatest_common_divisor(factor, count.max(1)) != 1 {
            factor += 2;
        }
        Self { count: count.max(1), factor, shift: mix(seed, 1) % count.max(1) }
    }

    pub(super) fn place(self, position: u64) -> u64 {
        let product = u128::from(position) * u128::from(self.factor) + u128::from(self.shift);
        u64::try_from(product % u128::from(self.count)).unwrap_or_default()
    }
}

fn greatest_common_divisor(first: u64, second: u64) -> u64 {
    if second == 0 { first } else { greatest_common_divisor(second, first % second) }
}

/// A number that depends on every bit of both (the finaliser of `SplitMix64`).
pub(super) fn mix(first: u64, second: u64) -> u64 {
    let mut bits = first ^ second.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn shares_add_up_and_are_what_is_handed_out(count in 0..3_000_u64, offset in 0..5_000_u64) {
            let weights = [500_u64, 0, 1, 249, 250];
            let quota = Quota { count, offset };
            let mut handed_out = [0; 5];
            for place in 0..count {
                handed_out[quota.holder(weights.into_iter(), place)] += 1;
            }
            for (number, handed_out) in handed_out.iter().enumerate() {
                prop_assert_eq!(quota.share(weights.into_iter(), number), *handed_out);
            }
            prop_assert_eq!(handed_out.iter().sum::<u64>(), count);
        }

        #[test]
        fn a_shuffle_reaches_every_place_once(count in 1..2_000_u64, seed: u64) {
            let shuffle = Shuffle::new(count, seed);
            let mut places: Vec<_> = (0..count).map(|position| shuffle.place(position)).collect();
            places.sort_unstable();
            prop_assert_eq!(places, (0..count).collect::<Vec<_>>());
        }
    }
}
