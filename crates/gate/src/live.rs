//! Principals that were looked up a moment ago, so that most requests need no
//! store.
//!
//! # Invariants
//! - After a change of a user, session or key is acknowledged, nothing looked up before the change is used: every change
//!   begins a new epoch, and what was read in an older one is not taken in.
//! - An entry is used for at most half a minute, so even a change made behind the gate's back bites.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

use crate::key::KeyId;
use crate::keyring::KeyLabel;
use crate::principal::Principal;
use crate::secret::Fingerprint;
use crate::session::SessionHash;
use crate::sync::AtomicU64;
use crate::table::{Entry, Table};
use crate::token::TokenHash;
use crate::tokens::TokenUse;

const ENTRIES_MAX: usize = 1 << 14;
const TRUSTED_MS: i64 = 30_000;

/// A session as the gate last saw it.
#[derive(Debug, Clone)]
pub(crate) struct LiveSession {
    pub(crate) principal: Arc<Principal>,
    pub(crate) idle: SignedDuration,
    pub(crate) last_seen_at: Timestamp,
    /// Up to when the store knows of its use.
    pub(crate) stored_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// Until when dangerous things may be done in it.
    pub(crate) fresh_until: Option<Timestamp>,
    pub(crate) read_at: Timestamp,
}

/// A key as the gate last saw it.
#[derive(Debug, Clone)]
pub(crate) struct LiveKey {
    pub(crate) principal: Arc<Principal>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) label: Option<KeyLabel>,
    pub(crate) replaced_at: Option<Timestamp>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) cidrs: Arc<[IpNet]>,
    pub(crate) read_at: Timestamp,
}

/// A token as the gate last believed it.
#[derive(Debug, Clone)]
pub(crate) struct LiveToken {
    pub(crate) principal: Arc<Principal>,
    pub(crate) token: TokenUse,
    /// Until when dangerous things may be done with it.
    pub(crate) fresh_until: Option<Timestamp>,
    pub(crate) read_at: Timestamp,
}

/// A moment between two changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Epoch(u64);

#[derive(Debug)]
pub(crate) struct Live {
    sessions: Table<SessionHash, LiveSession>,
    keys: Table<KeyId, LiveKey>,
    tokens: Table<TokenHash, LiveToken>,
    epoch: AtomicU64,
}

impl Entry for LiveSession {
    fn idleness(&self, now: u64) -> Option<u64> {
        Some(now.saturating_sub(millis(self.last_seen_at)))
    }
}

impl Entry for LiveKey {
    fn idleness(&self, now: u64) -> Option<u64> {
        Some(now.saturating_sub(millis(self.read_at)))
    }
}

impl Entry for LiveToken {
    fn idleness(&self, now: u64) -> Option<u64> {
        Some(now.saturating_sub(millis(self.read_at)))
    }
}

impl Live {
    pub(crate) fn new() -> Self {
        Self {
            sessions: Table::new(ENTRIES_MAX),
            keys: Table::new(ENTRIES_MAX),
            tokens: Table::new(ENTRIES_MAX),
            epoch: AtomicU64::new(0),
        }
    }

    /// To be asked before reading the store.
    pub(crate) fn epoch(&self) -> Epoch {
        Epoch(self.epoch.load(Ordering::SeqCst))
    }

    /// To be called after every change, before it is acknowledged.
    pub(crate) fn forget_all(&self) {
        self.sessions.clear(|| {
            self.keys.clear(|| {
                self.tokens.clear(|| {
                    self.epoch.fetch_add(1, Ordering::SeqCst);
                });
            });
        });
    }

    pub(crate) fn session<R>(
        &self,
        hash: &SessionHash,
        now: Timestamp,
        work: impl FnOnce(&mut LiveSession) -> R,
    ) -> Option<R> {
        self.sessions
            .get(hash, |session| fresh(session.read_at, now).then(|| work(session)))
            .flatten()
    }

    pub(crate) fn key(&self, id: &KeyId, now: Timestamp) -> Option<LiveKey> {
        self.keys.get(id, |key| fresh(key.read_at, now).then(|| key.clone())).flatten()
    }

    pub(crate) fn token(&self, hash: &TokenHash, now: Timestamp) -> Option<LiveToken> {
        self.tokens.get(hash, |token| fresh(token.read_at, now).then(|| token.clone())).flatten()
    }

    pub(crate) fn keep_session(&self, epoch: Epoch, hash: &SessionHash, session: &LiveSession) {
        let make = || session.clone();
        // Under the shard's lock, which a change also takes: either the epoch is still ours, or it moved on before.
        self.sessions
            .upsert(hash, millis(session.read_at), make, |kept| {
                if self.epoch() == epoch {
                    *kept = session.clone();
                } else {
                    kept.read_at = Timestamp::UNIX_EPOCH;
                }
            })
            .ok();
    }

    pub(crate) fn keep_key(&self, epoch: Epoch, id: &KeyId, key: &LiveKey) {
        let make = || key.clone();
        self.keys
            .upsert(id, millis(key.read_at), make, |kept| {
                if self.epoch() == epoch {
                    *kept = key.clone();
                } else {
                    kept.read_at = Timestamp::UNIX_EPOCH;
                }
            })
            .ok();
    }

    pub(crate) fn keep_token(&self, epoch: Epoch, hash: &TokenHash, token: &LiveToken) {
        let make = || token.clone();
        self.tokens
            .upsert(hash, millis(token.read_at), make, |kept| {
                if self.epoch() == epoch {
                    *kept = token.clone();
                } else {
                    kept.read_at = Timestamp::UNIX_EPOCH;
                }
            })
            .ok();
    }
}

fn fresh(read_at: Timestamp, now: Timestamp) -> bool {
    (0..TRUSTED_MS)
        .contains(&now.duration_since(read_at).as_millis().try_into().unwrap_or(i64::MAX))
}

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(now: Timestamp) -> LiveSession {
        LiveSession {
            principal: Arc::new(Principal::Anonymous),
            idle: SignedDuration::from_mins(1),
            last_seen_at: now,
            stored_at: now,
            expires_at: now,
            fresh_until: None,
            read_at: now,
        }
    }

    #[test]
    fn what_was_read_before_a_change_is_not_taken_in() {
        let live = Live::new();
        let (now, hash) = (Timestamp::from_second(1_000_000).unwrap(), SessionHash([1; 32]));
        let known = |live: &Live| live.session(&hash, now, |_| ()).is_some();
        let epoch = live.epoch();
        live.keep_session(epoch, &hash, &session(now));
        assert!(known(&live));
        live.forget_all();
        assert!(!known(&live));
        live.keep_session(epoch, &hash, &session(now));
        assert!(!known(&live));
        live.keep_session(live.epoch(), &hash, &session(now));
        assert!(known(&live));
    }

    #[test]
    fn nothing_is_used_for_longer_than_half_a_minute() {
        let live = Live::new();
        let (now, hash) = (Timestamp::from_second(1_000_000).unwrap(), SessionHash([1; 32]));
        live.keep_session(live.epoch(), &hash, &session(now));
        let later = |seconds: i64| Timestamp::from_second(1_000_000 + seconds).unwrap();
        assert!(live.session(&hash, later(29), |_| ()).is_some());
        assert!(live.session(&hash, later(30), |_| ()).is_none());
        assert!(live.session(&hash, later(-1), |_| ()).is_none());
    }
}
