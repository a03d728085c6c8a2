//! From a shown credential to a principal.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::address::ClientAddress;
use crate::door::{Ending, Known, Refusal};
use crate::factor::Enrolled;
use crate::gate::{Gate, Ring};
use crate::key::{ApiKey, ImportedKey, KeyId};
use crate::keyring::KeyLabel;
use crate::live::{LiveKey, LiveSession};
use crate::principal::Principal;
use crate::scope::{Place, Scope};
use crate::secret::{Fingerprint, MacKey};
use crate::session::SessionHash;
use crate::store::{KeyRecord, KeyUse, SessionRecord, StoreError, UserRecord};
use crate::vocabulary::RoleRow;

mod token;

/// How far the stored time of last use may lag behind.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);

type Found = Result<Known, Refusal>;

/// A key as a caller shows it.
pub(crate) trait ShownKey {
    /// The first answer for one of the ids it may have.
    fn find<R>(&self, ring: &Ring, look: impl FnMut(&KeyId) -> Option<R>) -> Option<R>;
    /// Its code under that key.
    fn code(&self, key: &MacKey) -> Fingerprint;
    /// Whether it was made for that environment.
    fn is_of(&self, environment: &str) -> bool;
}

impl ShownKey for ApiKey {
    fn find<R>(&self, _: &Ring, mut look: impl FnMut(&KeyId) -> Option<R>) -> Option<R> {
        look(self.id())
    }

    fn code(&self, key: &MacKey) -> Fingerprint {
        self.fingerprint(key)
    }

    fn is_of(&self, environment: &str) -> bool {
        self.environment() == environment
    }
}

impl ShownKey for ImportedKey {
    fn find<R>(&self, ring: &Ring, mut look: impl FnMut(&KeyId) -> Option<R>) -> Option<R> {
        ring.imported_keys.iter().find_map(|(_, names)| look(&self.id(names)))
    }

    fn code(&self, key: &MacKey) -> Fingerprint {
        self.fingerprint(key)
    }

    fn is_of(&self, _: &str) -> bool {
        true
    }
}

fn known(key: LiveKey) -> Known {
    let ending = key.replaced_at.zip(key.expires_at).map(|(since, until)| Ending { since, until });
    Known { ending, ..Known::without_session(key.principal) }
}

impl Gate {
    /// The session, if it was looked up a moment ago and its use need not be stored yet.
    pub(crate) fn session_in_memory(&self, hash: &SessionHash) -> Option<Found> {
        let now = self.now();
        let found = self.live.session(hash, now, |session| {
            if session.is_over(now) {
                return Some(Err(Refusal::Unauthenticated));
            }
            session.last_seen_at = now;
            let due = now.duration_since(session.stored_at) >= TOUCH_EVERY;
            (!due).then(|| Ok(session.known(hash)))
        });
        found.flatten()
    }

    /// The session as the store has it; blocks.
    // Never inlined: `tests/it/timing.rs` counts the instructions spent in it.
    #[inline(never)]
    fn session_in_store(&self, hash: &SessionHash) -> Found {
        let now = self.now();
        let seen = self.live.session(hash, now, |session| session.last_seen_at);
        let epoch = self.live.epoch();
        let record = self
            .store
            .session(hash)
            .map_err(Refusal::Unavailable)?
            .ok_or(Refusal::Unauthenticated)?;
        let user = self.store.user(record.user).map_err(Refusal::Unavailable)?;
        let enrolled = self.store.enrolled(record.user).map_err(Refusal::Unavailable)?;
        let mut session = user
            .filter(|user| !user.disabled)
            .and_then(|user| self.live_session(&record, &user, &enrolled, now))
            .ok_or(Refusal::Unauthenticated)?;
        session.last_seen_at =
            seen.map_or(record.last_seen_at, |seen| seen.max(record.last_seen_at));
        if session.is_over(now) {
            return Err(Refusal::Unauthenticated);
        }
        session.last_seen_at = now;
        if now.duration_since(session.stored_at) >= TOUCH_EVERY {
            self.store.touch_session(hash, now).map_err(Refusal::Unavailable)?;
            session.stored_at = now;
        }
        let known = session.known(hash);
        self.live.keep_session(epoch, hash, &session);
        Ok(known)
    }

    pub(crate) fn live_session(
        &self,
        record: &SessionRecord,
        user: &UserRecord,
        enrolled: &Enrolled,
        now: Timestamp,
    ) -> Option<LiveSession> {
        let role = self.vocabulary.role(&user.role)?;
        let rule = self.session_rule(role);
        let absolute = record.created_at.checked_add(rule.absolute).ok()?;
        let scopes = self.effective(role, &user.grants);
        let required = self.requirements(user, &scopes, enrolled, now);
        let principal = Principal::User {
            id: user.id,
            name: Arc::from(user.name.as_str()),
            role: Arc::from(user.role.as_str()),
            scopes: scopes.into(),
            session: record.id,
            required,
        };
        Some(LiveSession {
            principal: Arc::new(principal),
            idle: rule.idle,
            last_seen_at: record.last_seen_at,
            stored_at: record.last_seen_at,
            expires_at: record.expires_at.min(absolute),
            fresh_until: enrolled.fresh_until(record.factors, record.authenticated_at),
            read_at: now,
        })
    }

    /// What somebody of that role may do with those written grants; what cannot be read grants nothing.
    pub(crate) fn effective(&self, role: &RoleRow, grants: &[String]) -> Vec<Scope> {
        let grants: Vec<Place> =
            grants.iter().filter_map(|text| self.vocabulary.place(text).ok()).collect();
        self.vocabulary.effective(role, &grants)
    }

    pub(crate) fn session_rule(&self, role: &RoleRow) -> SessionRule {
        let config = &self.config().sessions;
        let (idle, absolute) = if role.privileged {
            (config.privileged_idle_s, config.privileged_absolute_s)
        } else {
            (config.idle_s, config.absolute_s)
        };
        SessionRule {
            idle: SignedDuration::from_secs(i64::from(idle)),
            absolute: SignedDuration::from_secs(i64::from(absolute)),
        }
    }

    /// The key, if it was looked up a moment ago.
    pub(crate) fn key_in_memory(
        &self,
        key: &impl ShownKey,
        client: &ClientAddress,
    ) -> Option<Found> {
        let now = self.now();
        if let Err(locked) = self.lockout.stands(client, now) {
            return Some(Err(locked.into()));
        }
        // Whatever is not right here is looked up and counted where waiting for the store is allowed.
        let live = key.find(&self.ring(), |id| self.live.key(id, now))?;
        let right = self.is_right(key, Some((live.fingerprint, live.label)));
        (right && live.is_usable(now, client)).then(|| Ok(known(live)))
    }

    /// The key as the store has it; blocks.
    pub(crate) fn key_in_store(&self, key: &impl ShownKey, client: &ClientAddress) -> Found {
        let now = self.now();
        let epoch = self.live.epoch();
        let record = key.find(&self.ring(), |id| self.store.key(id).transpose());
        let record = record.transpose().map_err(Refusal::Unavailable)?;
        if !self.is_right(key, record.as_ref().map(|record| (record.fingerprint, record.label))) {
            return Err(self.wrong_key(client));
        }
        // A key that was right once and has ended is no guess.
        let record =
            record.filter(|record| record.revoked_at.is_none()).ok_or(Refusal::Unauthenticated)?;
        let owner = match record.owner {
            Some(id) => Some(self.store.user(id).map_err(Refusal::Unavailable)?),
            None => None,
        };
        let live = self.live_key(&record, owner, now).ok_or(Refusal::Unauthenticated)?;
        if !live.is_usable(now, client) {
            return Err(Refusal::Unauthenticated);
        }
        self.live.keep_key(epoch, &record.id, &live);
        self.note_use(key, &record, client).map_err(Refusal::Unavailable)?;
        Ok(known(live))
    }

    /// Notes the day and the kind of network, and makes a code anew that an older secret made. A key that was brought along
    /// stays under the secret it was stored with, which also names it.
    fn note_use(
        &self,
        key: &impl ShownKey,
        record: &KeyRecord,
        client: &ClientAddress,
    ) -> Result<(), StoreError> {
        let (day, from) = (start_of_day(self.now()), client.class());
        let ring = self.ring();
        let label = ring.api_keys.label();
        let stale = record.label != Some(label) && !record.imported;
        let remade = stale.then(|| (label, key.code(ring.api_keys.primary())));
        let noted = record.last_used_at.is_some_and(|used| used >= day)
            && record.last_used_from == Some(from);
        if noted && remade.is_none() {
            return Ok(());
        }
        self.store.touch_key(&record.id, &KeyUse { day, from, remade })
    }

    /// A key may do what it was made for and its owner still may. A key whose owner is gone or shut is none.
    pub(crate) fn live_key(
        &self,
        record: &KeyRecord,
        owner: Option<Option<UserRecord>>,
        now: Timestamp,
    ) -> Option<LiveKey> {
        let mut scopes: Vec<Scope> =
            record.scopes.iter().filter_map(|text| self.vocabulary.scope(text).ok()).collect();
        if let Some(owner) = owner {
            let owner = owner.filter(|owner| !owner.disabled)?;
            let held = self.effective(self.vocabulary.role(&owner.role)?, &owner.grants);
            scopes = self.vocabulary.shared(&scopes, &held);
        }
        let principal = Principal::Key {
            id: record.id.clone(),
            name: Arc::from(record.name.as_str()),
            scopes: scopes.into(),
            owner: record.owner,
        };
        Some(LiveKey {
            principal: Arc::new(principal),
            fingerprint: record.fingerprint,
            label: record.label,
            replaced_at: record.replaced_at,
            expires_at: record.expires_at,
            cidrs: record.cidrs.clone().into(),
            read_at: now,
        })
    }

    /// Compares in the same time whether there is such a key or not.
    // Never inlined: `tests/it/timing.rs` counts the instructions spent in it.
    #[inline(never)]
    fn is_right(&self, key: &impl ShownKey, kept: Option<(Fingerprint, Option<KeyLabel>)>) -> bool {
        let ring = self.ring();
        let (fingerprint, label) =
            kept.unwrap_or((Fingerprint([0; 32]), Some(ring.api_keys.label())));
        let mut same = false;
        for (one, mac) in ring.api_keys.iter() {
            if label.is_none_or(|label| label == one) {
                same |= key.code(mac).matches(&fingerprint);
            }
        }
        same && kept.is_some() && key.is_of(&self.config().keys.environment)
    }

    /// Whether that address may show another credential that has to be looked up: not after too many wrong ones.
    pub(crate) fn may_guess(&self, client: &ClientAddress) -> Result<(), Refusal> {
        let request = self.limiter.bad_credentials(client);
        let wait = self.limiter.wait(&request, self.clock.elapsed());
        match wait.filter(|_| !self.config().off.lockout) {
            Some(retry_after) => Err(Refusal::OverQuota { policy: request.name(), retry_after }),
            None => Ok(()),
        }
    }

    /// The session as the store has it, counting one that is none; blocks.
    pub(crate) fn look_up_session(&self, hash: &SessionHash, client: &ClientAddress) -> Found {
        let found = self.session_in_store(hash);
        if matches!(found, Err(Refusal::Unauthenticated)) {
            self.count_here(&self.limiter.bad_credentials(client));
        }
        found
    }

    /// Counts a wrong key against the address that showed it; blocks.
    pub(crate) fn wrong_key(&self, client: &ClientAddress) -> Refusal {
        self.count_here(&self.limiter.bad_credentials(client));
        match self.lockout.attempt(None, client, self.now()) {
            Ok(attempt) => {
                attempt.failed();
                Refusal::Unauthenticated
            }
            Err(locked) => locked.into(),
        }
    }
}

/// How long a session may live.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionRule {
    pub(crate) idle: SignedDuration,
    pub(crate) absolute: SignedDuration,
}

impl LiveSession {
    fn known(&self, hash: &SessionHash) -> Known {
        Known {
            fresh_until: self.fresh_until,
            ..Known::by_session(Arc::clone(&self.principal), *hash)
        }
    }

    fn is_over(&self, now: Timestamp) -> bool {
        now >= self.expires_at || now.duration_since(self.last_seen_at) >= self.idle
    }
}

impl LiveKey {
    pub(crate) fn is_usable(&self, now: Timestamp, client: &ClientAddress) -> bool {
        let alive = self.expires_at.is_none_or(|end| now < end);
        let inside = |address| self.cidrs.iter().any(|network| network.contains(&address));
        alive && (self.cidrs.is_empty() || client.expose().is_some_and(inside))
    }
}

fn start_of_day(now: Timestamp) -> Timestamp {
    let second = now.as_second();
    Timestamp::from_second(second - second.rem_euclid(86_400)).unwrap_or(now)
}
