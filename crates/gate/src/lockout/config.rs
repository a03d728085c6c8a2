//! What an operator can set about guessing.

use serde::{Deserialize, Serialize};

/// What happens to who guesses.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LockoutConfig {
    /// Failures in a row that lock an account.
    pub account_failures: u32,
    /// Failures of one address within fifteen minutes that lock it; also of a v6 network of 48 bits.
    pub address_failures: u32,
    /// The first lock; each further one of the same account lasts twice as long.
    pub lock_s: u32,
    /// The longest lock.
    pub lock_s_max: u32,
    /// Failures in a row, over whatever time, after which an authenticator is worth nothing until it is bound anew.
    pub authenticator_failures: u32,
    /// Different pairs of account and password from one address within an hour that lock it as one that stuffs.
    pub stuffing_pairs: u32,
    /// How long that lock lasts.
    pub stuffing_lock_s: u32,
    /// How long a browser that signed in is recognised.
    pub device_life_s: u32,
    /// Counters remembered at a time.
    pub counters_max: usize,
}

impl Default for LockoutConfig {
    fn default() -> Self {
        Self {
            account_failures: 5,
            address_failures: 20,
            lock_s: 300,
            lock_s_max: 3_600,
            authenticator_failures: 100,
            stuffing_pairs: 30,
            stuffing_lock_s: 3_600,
            device_life_s: 180 * 24 * 3_600,
            counters_max: 1 << 16,
        }
    }
}

impl LockoutConfig {
    pub(crate) fn faults(&self, fault: &mut impl FnMut(&'static str, String)) {
        if !(1..=20).contains(&self.account_failures)
            || !(1..=1_000).contains(&self.address_failures)
        {
            fault(
                "lockout",
                "account_failures must be 1 to 20 and address_failures 1 to 1000".to_owned(),
            );
        }
        if self.lock_s < 30 || self.lock_s_max < self.lock_s || self.lock_s_max > 7 * 24 * 3_600 {
            fault(
                "lockout",
                "lock_s must be at least 30 and no more than lock_s_max, which is 7 days at most"
                    .to_owned(),
            );
        }
        if !(self.account_failures..=100).contains(&self.authenticator_failures) {
            fault(
                "lockout.authenticator_failures",
                "must be at least account_failures and at most 100".to_owned(),
            );
        }
        if !(2..=1_000).contains(&self.stuffing_pairs) || self.stuffing_lock_s < 60 {
            fault(
                "lockout.stuffing_pairs",
                "must be 2 to 1000, and the lock at least a minute".to_owned(),
            );
        }
        if self.device_life_s <= 2 * self.lock_s_max || self.device_life_s > 400 * 24 * 3_600 {
            fault(
                "lockout.device_life_s",
                "must be more than two longest locks and at most 400 days".to_owned(),
            );
        }
        if self.counters_max < 1_024 {
            fault("lockout.counters_max", "must be at least 1024".to_owned());
        }
    }
}
