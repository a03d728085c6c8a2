//! What was begun in two steps and waits for the second: a sign-in for its
//! factor, a passkey for its answer.
//!
//! The first step hands out 256 random bits, of which a hash is kept here; who shows them is the browser that began. A
//! transaction lives five minutes, ends at the fifth wrong answer, and a passkey's challenge in it is used once.
//!
//! # Invariants
//! - A try is counted before what was shown is looked at, so a thousand answers sent at one moment are five tries.
//! - Memory is bounded: the transaction that is oldest among a few makes room. Those that anyone may begin have places of
//!   their own and cannot push out those of people who proved something.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use passki::{AuthenticationState, RegistrationState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::principal::{SessionId, UserId};
use crate::prove::HalfProved;
use crate::random::{Random, RandomError};
use crate::secret::Fingerprint;
use crate::session::SessionToken;
use crate::table::{Entry, Table};

/// How long the second step may take.
const TRANSACTION_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// How many wrong answers end it.
const TRIES_MAX: u32 = 5;
/// How many may wait at a time, of each kind.
const TRANSACTIONS_MAX: usize = 4_096;

/// What a browser holds between two steps.
#[derive(Clone)]
pub struct TransactionToken(SessionToken);

impl TransactionToken {
    /// The token itself, for the browser only.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    fn key(&self) -> [u8; 32] {
        self.0.hash().0
    }
}

impl fmt::Debug for TransactionToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TransactionToken(hidden)")
    }
}

impl Serialize for TransactionToken {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for TransactionToken {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = zeroize::Zeroizing::new(String::deserialize(deserializer)?);
        let token = SessionToken::parse(&text);
        token.map(Self).ok_or_else(|| serde::de::Error::custom("not a transaction"))
    }
}

impl JsonSchema for TransactionToken {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TransactionToken".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
    }
}

/// What the second step is for.
#[derive(Clone)]
pub(crate) enum Purpose {
    /// Signing in, after the right password.
    LogIn(HalfProved),
    /// Signing in by a passkey alone.
    Passwordless,
    /// Proving oneself again in that session.
    StepUp(SessionId),
    /// Adding a passkey to that account.
    Enrol(UserId),
}

/// A passkey's challenge, waiting for its answer.
#[derive(Clone)]
pub(crate) enum Ceremony {
    Enrolment(RegistrationState),
    Proof(AuthenticationState),
}

struct Open {
    purpose: Purpose,
    ceremony: Option<Ceremony>,
    browser: Fingerprint,
    begun_at: Timestamp,
    tries: u32,
}

/// A try at the second step. What it holds of a ceremony nobody else has any more.
pub(crate) struct Try {
    pub(crate) purpose: Purpose,
    pub(crate) ceremony: Option<Ceremony>,
}

impl Open {
    /// Whether it waits for that browser still. A browser does not change its own name between two steps.
    fn waits_for(&self, browser: Option<&str>, now: Timestamp) -> bool {
        let age = now.duration_since(self.begun_at);
        !age.is_negative() && age < TRANSACTION_LIFE && self.browser.matches(&named(browser))
    }
}

impl Entry for Open {
    fn idleness(&self, now: u64) -> Option<u64> {
        Some(now.saturating_sub(millis(self.begun_at)))
    }
}

/// All that waits.
pub(crate) struct Transactions {
    /// Begun by who proved something.
    known: Table<[u8; 32], Open>,
    /// Begun by anyone.
    anyone: Table<[u8; 32], Open>,
}

impl Transactions {
    pub(crate) fn new() -> Self {
        Self { known: Table::new(TRANSACTIONS_MAX), anyone: Table::new(TRANSACTIONS_MAX) }
    }

    /// Begins one.
    pub(crate) fn begin(
        &self,
        purpose: Purpose,
        ceremony: Option<Ceremony>,
        browser: Option<&str>,
        moment: (&dyn Random, Timestamp),
    ) -> Result<TransactionToken, RandomError> {
        let (random, now) = moment;
        let token = TransactionToken(SessionToken::generate(random)?);
        let table = match purpose {
            Purpose::Passwordless => &self.anyone,
            Purpose::LogIn(_) | Purpose::StepUp(_) | Purpose::Enrol(_) => &self.known,
        };
        let open = Open { purpose, ceremony, browser: named(browser), begun_at: now, tries: 0 };
        // An entry without a keeper always finds room: none of them must stay.
        table.upsert(&token.key(), millis(now), || open, |_| ()).ok();
        Ok(token)
    }

    /// What a sign-in that waits has proved so far; takes no try.
    pub(crate) fn half_proved(
        &self,
        token: &TransactionToken,
        browser: Option<&str>,
        now: Timestamp,
    ) -> Option<HalfProved> {
        let found = self.known.get(&token.key(), |open| match &open.purpose {
            Purpose::LogIn(half) if open.waits_for(browser, now) => Some(half.clone()),
            _ => None,
        });
        found.flatten()
    }

    /// Puts a challenge into one that waits, in place of an older one.
    pub(crate) fn challenge(&self, token: &TransactionToken, ceremony: Ceremony) {
        self.known.get(&token.key(), |open| open.ceremony = Some(ceremony));
    }

    /// Takes a try, and the challenge with it; none if it does not wait any more.
    pub(crate) fn attempt(
        &self,
        token: &TransactionToken,
        browser: Option<&str>,
        now: Timestamp,
    ) -> Option<Try> {
        let tried = |open: &mut Open| {
            let open_still = open.waits_for(browser, now) && open.tries < TRIES_MAX;
            open.tries = open.tries.saturating_add(1);
            open_still
                .then(|| Try { purpose: open.purpose.clone(), ceremony: open.ceremony.take() })
        };
        let key = token.key();
        self.known.get(&key, tried).or_else(|| self.anyone.get(&key, tried)).flatten()
    }

    /// Ends it; false when it had ended before, so that of many who finish at once one does.
    pub(crate) fn end(&self, token: &TransactionToken) -> bool {
        let key = token.key();
        self.known.remove(&key).is_some() || self.anyone.remove(&key).is_some()
    }

    /// How many wait, of both kinds.
    #[cfg(test)]
    fn waiting(&self) -> (usize, usize) {
        (self.known.len(), self.anyone.len())
    }
}

impl fmt::Debug for Transactions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Transactions").finish_non_exhaustive()
    }
}

fn named(browser: Option<&str>) -> Fingerprint {
    Fingerprint::of(browser.unwrap_or_default().as_bytes())
}

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    const FIREFOX: Option<&str> = Some("Firefox");

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn step_up() -> Purpose {
        Purpose::StepUp(SessionId(uuid::Uuid::from_u128(7)))
    }

    fn begin(transactions: &Transactions, purpose: Purpose) -> TransactionToken {
        transactions.begin(purpose, None, FIREFOX, (&SystemRandom, at(0))).unwrap()
    }

    #[test]
    fn it_waits_five_minutes_for_the_browser_that_began() {
        let transactions = Transactions::new();
        let token = begin(&transactions, step_up());
        let other = begin(&transactions, step_up());
        let waits = |browser, seconds| transactions.attempt(&token, browser, at(seconds)).is_some();
        assert!(waits(FIREFOX, 299));
        assert!(!waits(FIREFOX, 300));
        assert!(!waits(FIREFOX, -1));
        assert!(!waits(Some("curl"), 0) && !waits(None, 0));
        assert!(transactions.end(&token) && !transactions.end(&token));
        assert!(!waits(FIREFOX, 0));
        assert!(transactions.attempt(&other, FIREFOX, at(0)).is_some());
    }

    #[test]
    fn the_sixth_try_finds_nothing_however_many_come_at_once() {
        let transactions = Transactions::new();
        let token = begin(&transactions, step_up());
        let tries = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| {
                    if transactions.attempt(&token, FIREFOX, at(1)).is_some() {
                        tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(tries.into_inner(), TRIES_MAX);
    }

    #[test]
    fn strangers_fill_their_own_places_only() {
        let transactions = Transactions::new();
        let ours = begin(&transactions, step_up());
        for _ in 0..3 * TRANSACTIONS_MAX {
            begin(&transactions, Purpose::Passwordless);
        }
        let (known, anyone) = transactions.waiting();
        assert_eq!(known, 1);
        assert!(anyone <= TRANSACTIONS_MAX, "{anyone}");
        assert!(transactions.attempt(&ours, FIREFOX, at(1)).is_some());
    }

    #[test]
    fn tokens_are_read_back_and_do_not_print() {
        let token = begin(&Transactions::new(), step_up());
        let json = serde_json::to_string(&token).unwrap();
        let read: TransactionToken = serde_json::from_str(&json).unwrap();
        assert_eq!(read.key(), token.key());
        assert_eq!(format!("{token:?}"), "TransactionToken(hidden)");
        for odd in ["\"\"", "\"abc\"", "7", "null"] {
            assert!(serde_json::from_str::<TransactionToken>(odd).is_err(), "{odd}");
        }
    }
}
