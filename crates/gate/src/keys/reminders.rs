//! Telling people in time that a key ends.

use jiff::Timestamp;

use super::{KeyError, is_running};
use crate::audit::{EventName, Outcome};
use crate::gate::{Gate, Trace};
use crate::permit::Permit;
use crate::store::KeyRecord;

/// How many days before its end somebody is told of a key, the last time last.
pub const REMINDER_DAYS: [u32; 3] = [14, 7, 1];

const DAY_S: i64 = 86_400;

/// The reminder that a key has come to; none when it ends later, has ended, or has a successor.
#[must_use]
pub fn reminder(key: &KeyRecord, now: Timestamp) -> Option<u32> {
    if !is_running(key, now) || key.replaced_at.is_some() {
        return None;
    }
    let left_s = key.expires_at?.duration_since(now).as_secs();
    REMINDER_DAYS.into_iter().rev().find(|days| left_s <= i64::from(*days) * DAY_S)
}

impl Gate {
    /// Records an event for each key that has come to its next reminder; says how many. To be called every hour or so.
    ///
    /// # Errors
    /// The store failed.
    pub fn remind_of_ending_keys(&self, permit: &Permit) -> Result<usize, KeyError> {
        let now = self.now();
        let mut reminded = 0;
        for key in self.store.keys()? {
            let Some(days) = reminder(&key, now) else {
                continue;
            };
            if key.reminded_days.is_some_and(|before| before <= days) {
                continue;
            }
            self.store.note_reminder(&key.id, days)?;
            let object = Some(format!("key:{}", key.id));
            self.record(
                EventName::AuthnTokenExpiring,
                Outcome::Success,
                &Trace::of(permit),
                object,
            );
            tracing::warn!(key.id = %key.id, days, "an API key ends soon; rotate it");
            reminded += 1;
        }
        Ok(reminded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyId;
    use crate::secret::Fingerprint;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn ending(seconds: i64) -> KeyRecord {
        KeyRecord {
            id: KeyId::parse("abcdefghijklmnop").unwrap(),
            name: "ci".to_owned(),
            scopes: Vec::new(),
            owner: None,
            fingerprint: Fingerprint([0; 32]),
            label: None,
            imported: false,
            cidrs: Vec::new(),
            created_at: at(0),
            expires_at: Some(at(seconds)),
            last_used_at: None,
            last_used_from: None,
            replaced_at: None,
            reminded_days: None,
            revoked_at: None,
        }
    }

    #[test]
    fn a_key_is_told_of_three_times() {
        let left = |seconds: i64| reminder(&ending(seconds), at(0));
        assert_eq!(left(14 * DAY_S + 1), None);
        assert_eq!(left(14 * DAY_S), Some(14));
        assert_eq!(left(7 * DAY_S + 1), Some(14));
        assert_eq!(left(7 * DAY_S), Some(7));
        assert_eq!(left(DAY_S), Some(1));
        assert_eq!(left(1), Some(1));
        assert_eq!(left(0), None);
    }

    #[test]
    fn nobody_is_told_of_a_key_that_has_ended_or_is_replaced() {
        let replaced = KeyRecord { replaced_at: Some(at(-1)), ..ending(DAY_S) };
        let revoked = KeyRecord { revoked_at: Some(at(-1)), ..ending(DAY_S) };
        let endless = KeyRecord { expires_at: None, ..ending(DAY_S) };
        for key in [replaced, revoked, endless] {
            assert_eq!(reminder(&key, at(0)), None);
        }
    }
}
