//! Guesses of one network that differ from each other.
//!
//! Who mistypes, or runs a script with an old password, tries the same thing again. Who stuffs tries another pair of
//! account and password each time. So pairs are counted, and each once; what they are cannot be read from their codes.

use std::collections::VecDeque;

use crate::table::Entry;

/// Pairs of one network that are remembered; an older one counts again.
pub(super) const PAIRS_MAX: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Pairs {
    codes: VecDeque<u64>,
    used_at: u64,
}

impl Pairs {
    /// Remembers a pair; says whether it is new.
    pub(super) fn add(&mut self, code: u64, now: u64) -> bool {
        self.used_at = now;
        if self.codes.contains(&code) {
            return false;
        }
        if self.codes.len() >= PAIRS_MAX {
            self.codes.pop_front();
        }
        self.codes.push_back(code);
        true
    }
}

impl Entry for Pairs {
    fn idleness(&self, now: u64) -> Option<u64> {
        Some(now.saturating_sub(self.used_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_new_once_among_so_many() {
        let mut pairs = Pairs::default();
        assert!(pairs.add(1, 0) && !pairs.add(1, 1));
        for code in 2..=65 {
            assert!(pairs.add(code, 2));
        }
        assert_eq!(pairs.codes.len(), PAIRS_MAX);
        assert!(pairs.add(1, 3), "forgotten, so it counts again");
    }
}
