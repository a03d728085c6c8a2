//! Passwords: what may be one, and how it is kept.
//!
//! Kept as Argon2id in PHC form. Hashing is dear on purpose, so it runs on a bounded pool: whoever finds it full is told
//! to come back, and the rest of the server does not notice.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

pub use breached::{BreachedFile, BreachedPasswords};
pub use pool::Busy;
pub use rules::{PasswordFault, Rules};

use crate::random::{self, Random, RandomError};
use crate::store::PasswordHashText;
use pool::Pool;

mod breached;
pub(crate) mod imported;
mod known;
mod pool;
mod rules;

/// Most bytes that are ever hashed.
pub const PASSWORD_BYTES_MAX: usize = 512;
/// Most characters of a password.
pub const PASSWORD_CHARACTERS_MAX: usize = 128;
/// Most former passwords that are kept, and so can be compared with a new one.
pub const FORMER_MAX: usize = 24;
const MEMORY_KIB_MIN: u32 = 19 * 1024;
const PASSES_MIN: u32 = 2;
const CHARACTERS_MIN: usize = 15;
/// Longest time that is let pass instead of a hash.
const TYPICAL_MAX: Duration = Duration::from_secs(1);

/// What an operator can set about passwords.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordConfig {
    /// Memory of one hash.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// Hashes at a time; 0 means one per processor.
    pub hashes_at_a_time: usize,
    /// Fewest characters.
    pub characters_min: usize,
    /// Passwords that may not be used again, the one in force among them; each costs a hash when a password is changed.
    pub history: usize,
    /// Whether a password must have characters of all kinds; better not (NIST SP 800-63B-4).
    pub composition: bool,
    /// Days after which a password must be changed; 0 means never, which is better (NIST SP 800-63B-4).
    pub expiry_days: u32,
}

impl Default for PasswordConfig {
    fn default() -> Self {
        Self {
            memory_kib: 64 * 1024,
            passes: 3,
            lanes: 1,
            hashes_at_a_time: 0,
            characters_min: 16,
            history: 12,
            composition: false,
            expiry_days: 0,
        }
    }
}

impl PasswordConfig {
    pub(crate) fn faults(&self, fault: &mut impl FnMut(&'static str, String)) {
        if self.memory_kib < MEMORY_KIB_MIN || self.passes < PASSES_MIN || self.params().is_err() {
            fault(
                "passwords",
                format!("at least memory_kib = {MEMORY_KIB_MIN}, passes = {PASSES_MIN}, lanes = 1"),
            );
        }
        if !(CHARACTERS_MIN..=PASSWORD_CHARACTERS_MAX).contains(&self.characters_min) {
            fault(
                "passwords.characters_min",
                format!("must be {CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX}"),
            );
        }
        if self.history == 0 || self.history > FORMER_MAX {
            fault("passwords.history", format!("must be 1 to {FORMER_MAX}"));
        }
    }

    fn params(&self) -> Result<Params, argon2::Error> {
        Params::new(self.memory_kib, self.passes, self.lanes, None)
    }
}

/// A password as somebody typed it. It does not print, and is wiped when dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes what was typed.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// What was typed, for secrets that are no passwords.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// The normal form, if it is short enough to be looked at.
    pub(crate) fn normal(&self) -> Option<Zeroizing<String>> {
        if self.0.len() > PASSWORD_BYTES_MAX {
            return None;
        }
        let normal = Zeroizing::new(self.0.nfc().collect::<String>());
        let fits =
            normal.len() <= PASSWORD_BYTES_MAX && normal.chars().count() <= PASSWORD_CHARACTERS_MAX;
        fits.then_some(normal)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(hidden)")
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl schemars::JsonSchema for Password {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Password".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "password", "maxLength": PASSWORD_CHARACTERS_MAX })
    }
}

/// A hash could not be made or compared.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HashError {
    /// The pool is full.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// No randomness for the salt.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The hash itself failed, or what is stored is not one.
    #[error("the password hash is unusable")]
    Unusable,
}

/// Makes and compares password hashes.
#[derive(Debug)]
pub(crate) struct Hasher {
    params: Params,
    pool: Pool,
    computed: AtomicU64,
    /// Compared when there is no account, so that this takes as long.
    dummy: PasswordHashText,
    /// How long a comparison took lately, in microseconds.
    typical: AtomicU64,
}

/// What a comparison found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Wrong,
    Right,
    /// Right, but the hash was made with weaker parameters than today's.
    RightButWeak,
}

impl Hasher {
    pub(crate) fn new(config: &PasswordConfig, random: &dyn Random) -> Result<Self, HashError> {
        let params = config.params().map_err(|_| HashError::Unusable)?;
        let salt = random::array::<16>(random)?;
        let nothing = random::array::<32>(random)?;
        let began = Instant::now();
        let dummy = hash(&params, &nothing, &salt)?;
        let hasher = Self {
            params,
            pool: Pool::new(config.hashes_at_a_time),
            computed: AtomicU64::new(0),
            dummy,
            typical: AtomicU64::new(0),
        };
        hasher.took(began.elapsed());
        Ok(hasher)
    }

    /// How many hashes were computed.
    pub(crate) fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// The hash to keep; blocks for as long as hashing takes.
    pub(crate) fn hash(
        &self,
        password: &Password,
        random: &dyn Random,
    ) -> Result<PasswordHashText, HashError> {
        let normal = password.normal().ok_or(HashError::Unusable)?;
        let salt = random::array::<16>(random)?;
        self.pool.run(|| {
            self.computed.fetch_add(1, Ordering::Relaxed);
            hash(&self.params, normal.as_bytes(), &salt)
        })?
    }

    /// Compares; without a stored hash against the dummy, which nothing equals. Blocks as long either way.
    pub(crate) fn verify(
        &self,
        password: &Password,
        stored: Option<&PasswordHashText>,
    ) -> Result<Verdict, HashError> {
        let Some(normal) = password.normal() else {
            return Ok(Verdict::Wrong);
        };
        let kept = &stored.unwrap_or(&self.dummy).0;
        if imported::is_bcrypt(kept) {
            let right = self.pool.run(|| {
                self.computed.fetch_add(1, Ordering::Relaxed);
                imported::verify(normal.as_bytes(), kept)
            })?;
            return Ok(if right { Verdict::RightButWeak } else { Verdict::Wrong });
        }
        let parsed = PasswordHash::new(kept).map_err(|_| HashError::Unusable)?;
        let began = Instant::now();
        let right = self.pool.run(|| {
            self.computed.fetch_add(1, Ordering::Relaxed);
            Argon2::default().verify_password(normal.as_bytes(), &parsed).is_ok()
        })?;
        self.took(began.elapsed());
        if stored.is_none() || !right {
            return Ok(Verdict::Wrong);
        }
        Ok(if self.is_weak(&parsed) { Verdict::RightButWeak } else { Verdict::Right })
    }

    /// Lets pass what a comparison takes, without comparing: an answer that was never in doubt tells nothing by coming
    /// early, and who is locked out cannot keep the processors busy.
    pub(crate) fn pass_the_time(&self) {
        std::thread::sleep(self.typical());
    }

    fn typical(&self) -> Duration {
        Duration::from_micros(self.typical.load(Ordering::Relaxed)).min(TYPICAL_MAX)
    }

    /// Moves an eighth of the way to what a comparison took, queueing included.
    fn took(&self, time: Duration) {
        let took = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let before = self.typical.load(Ordering::Relaxed);
        let typical = if before == 0 { took } else { before - before / 8 + took / 8 };
        self.typical.store(typical, Ordering::Relaxed);
    }

    fn is_weak(&self, parsed: &PasswordHash) -> bool {
        let Ok(made_with) = Params::try_from(parsed) else {
            return true;
        };
        parsed.algorithm != Algorithm::Argon2id.ident()
            || made_with.m_cost() < self.params.m_cost()
            || made_with.t_cost() < self.params.t_cost()
    }
}

fn hash(params: &Params, password: &[u8], salt: &[u8]) -> Result<PasswordHashText, HashError> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_with_salt(password, salt)
        .map(|hash| PasswordHashText(hash.to_string()))
        .map_err(|_| HashError::Unusable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    fn config() -> PasswordConfig {
        PasswordConfig { memory_kib: MEMORY_KIB_MIN, passes: 2, ..PasswordConfig::default() }
    }

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[test]
    fn a_password_is_known_again_in_both_unicode_forms() {
        let hasher = Hasher::new(&config(), &SystemRandom).unwrap();
        let kept = hasher.hash(&password("café au lait, please"), &SystemRandom).unwrap();
        assert!(kept.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", kept.0);
        let verify = |text: &str| hasher.verify(&password(text), Some(&kept)).unwrap();
        assert_eq!(verify("café au lait, please"), Verdict::Right);
        assert_eq!(verify("cafe\u{301} au lait, please"), Verdict::Right);
        assert_eq!(verify("cafe au lait, please"), Verdict::Wrong);
        assert_eq!(hasher.verify(&password("anything at all"), None).unwrap(), Verdict::Wrong);
    }

    #[test]
    fn weaker_hashes_are_noticed() {
        let weak = Hasher::new(&config(), &SystemRandom).unwrap();
        let strong = Hasher::new(&PasswordConfig { passes: 3, ..config() }, &SystemRandom).unwrap();
        let secret = password("a long enough password");
        let old = weak.hash(&secret, &SystemRandom).unwrap();
        let new = strong.hash(&secret, &SystemRandom).unwrap();
        assert_eq!(strong.verify(&secret, Some(&old)).unwrap(), Verdict::RightButWeak);
        assert_eq!(strong.verify(&secret, Some(&new)).unwrap(), Verdict::Right);
        assert_eq!(weak.verify(&secret, Some(&new)).unwrap(), Verdict::Right);
    }

    #[test]
    fn what_a_comparison_takes_is_known_from_the_start_and_follows_slowly() {
        let hasher = Hasher::new(&config(), &SystemRandom).unwrap();
        assert!(hasher.typical() > Duration::ZERO);
        hasher.typical.store(80_000, Ordering::Relaxed);
        hasher.took(Duration::from_micros(160_000));
        assert_eq!(hasher.typical(), Duration::from_micros(90_000));
        hasher.took(Duration::from_secs(3_600));
        assert_eq!(hasher.typical(), TYPICAL_MAX, "whatever happened, nobody waits longer");
    }

    #[test]
    fn endless_passwords_are_not_hashed() {
        let hasher = Hasher::new(&config(), &SystemRandom).unwrap();
        assert!(password(&"x".repeat(129)).normal().is_none());
        assert!(password(&"x".repeat(128)).normal().is_some());
        assert!(password(&"語".repeat(171)).normal().is_none());
        assert!(matches!(
            hasher.hash(&password(&"x".repeat(600)), &SystemRandom),
            Err(HashError::Unusable)
        ));
    }

    #[test]
    fn it_does_not_print() {
        assert!(!format!("{:?}", password("hunter2")).contains("hunter2"));
    }
}
