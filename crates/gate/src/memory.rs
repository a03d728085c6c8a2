//! A store in memory, for tests and for looking at a route table without a
//! server.

mod authenticators;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::key::KeyId;
use crate::principal::{SessionId, UserId};
use crate::secret::Fingerprint;
use crate::session::SessionHash;
use crate::store::{
    FamilyRecord, KeyRecord, KeyUse, LockRecord, PasswordHashText, ResetRecord, SessionRecord,
    SessionsAfter, Store, StoreError, UserRecord,
};
use crate::token::TokenId;

mod factors;
mod passwords;
mod session;
mod token;

/// A store that forgets everything when dropped.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    users: BTreeMap<UserId, UserRecord>,
    sessions: BTreeMap<SessionHash, SessionRecord>,
    keys: BTreeMap<KeyId, KeyRecord>,
    locks: BTreeMap<[u8; 16], LockRecord>,
    tries: BTreeMap<(UserId, String), u32>,
    setup_secret: Option<Fingerprint>,
    /// Newest first.
    former: BTreeMap<UserId, Vec<PasswordHashText>>,
    resets: BTreeMap<UserId, ResetRecord>,
    families: BTreeMap<SessionId, FamilyRecord>,
    denied: BTreeMap<TokenId, Timestamp>,
    epochs: BTreeMap<UserId, u64>,
    era: u64,
    factors: factors::Factors,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn end_sessions(&mut self, user: UserId, sessions: SessionsAfter) {
        self.sessions.retain(|hash, session| {
            let stays = match sessions {
                SessionsAfter::Keep => true,
                SessionsAfter::End => false,
                SessionsAfter::EndAllBut(kept) => *hash == kept,
            };
            session.user != user || stays
        });
        if sessions != SessionsAfter::Keep {
            self.raise_epoch(user);
        }
    }

    /// Takes everything away by which something could act in that user's name.
    fn shut(&mut self, user: UserId) {
        self.end_sessions(user, SessionsAfter::End);
        self.resets.remove(&user);
        for key in self.keys.values_mut().filter(|key| key.owner == Some(user)) {
            // There is no clock here; that it was taken back is all anybody asks.
            key.revoked_at.get_or_insert(key.created_at);
        }
    }

    fn has_name(&self, user: &UserRecord) -> bool {
        self.users.values().any(|other| other.name == user.name && other.id != user.id)
    }
}

impl Store for MemoryStore {
    fn user(&self, id: UserId) -> Result<Option<UserRecord>, StoreError> {
        Ok(self.kept().users.get(&id).cloned())
    }

    fn user_by_name(&self, name: &str) -> Result<Option<UserRecord>, StoreError> {
        Ok(self.kept().users.values().find(|user| user.name == name).cloned())
    }

    fn users(&self) -> Result<Vec<UserRecord>, StoreError> {
        let mut users: Vec<_> = self.kept().users.values().cloned().collect();
        users.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(users)
    }

    fn has_users(&self) -> Result<bool, StoreError> {
        Ok(!self.kept().users.is_empty())
    }

    fn insert_user(&self, user: &UserRecord) -> Result<(), StoreError> {
        let mut kept = self.kept();
        if kept.users.contains_key(&user.id) || kept.has_name(user) {
            return Err(StoreError::Conflict);
        }
        kept.users.insert(user.id, user.clone());
        Ok(())
    }

    fn insert_first_user(&self, user: &UserRecord) -> Result<bool, StoreError> {
        let mut kept = self.kept();
        let first = kept.users.is_empty();
        if first {
            kept.users.insert(user.id, user.clone());
            kept.setup_secret = None;
        }
        Ok(first)
    }

    fn update_user(&self, user: &UserRecord, sessions: SessionsAfter) -> Result<(), StoreError> {
        let mut kept = self.kept();
        if !kept.users.contains_key(&user.id) || kept.has_name(user) {
            return Err(StoreError::Conflict);
        }
        let last_login_at = kept.users.get(&user.id).and_then(|kept| kept.last_login_at);
        kept.users.insert(user.id, UserRecord { last_login_at, ..user.clone() });
        if user.disabled {
            kept.shut(user.id);
        } else {
            kept.end_sessions(user.id, sessions);
        }
        Ok(())
    }

    fn set_password(
        &self,
        id: UserId,
        password: &PasswordHashText,
        changed_at: Option<Timestamp>,
        sessions: SessionsAfter,
    ) -> Result<(), StoreError> {
        self.kept().set_password(id, password, changed_at, sessions)
    }

    fn note_login(&self, id: UserId, at: Timestamp) -> Result<(), StoreError> {
        if let Some(user) = self.kept().users.get_mut(&id) {
            user.last_login_at = user.last_login_at.max(Some(at));
        }
        Ok(())
    }

    fn session(&self, hash: &SessionHash) -> Result<Option<SessionRecord>, StoreError> {
        Ok(self.kept().sessions.get(hash).cloned())
    }

    fn sessions_of(&self, user: UserId) -> Result<Vec<SessionRecord>, StoreError> {
        let mut sessions: Vec<_> =
            self.kept().sessions.values().filter(|session| session.user == user).cloned().collect();
        sessions.sort_by_key(|session| (session.created_at, session.id));
        Ok(sessions)
    }

    fn insert_session(&self, session: &SessionRecord) -> Result<(), StoreError> {
        self.kept().sessions.insert(session.hash, session.clone());
        Ok(())
    }

    fn touch_session(&self, hash: &SessionHash, seen_at: Timestamp) -> Result<(), StoreError> {
        if let Some(session) = self.kept().sessions.get_mut(hash) {
            session.last_seen_at = seen_at;
        }
        Ok(())
    }

    fn renew_session(
        &self,
        old: &SessionHash,
        renewed: &SessionRecord,
    ) -> Result<bool, StoreError> {
        let mut kept = self.kept();
        let found = kept.sessions.remove(old).is_some();
        if found {
            kept.sessions.insert(renewed.hash, renewed.clone());
        }
        Ok(found)
    }

    fn delete_session(&self, hash: &SessionHash) -> Result<(), StoreError> {
        self.kept().sessions.remove(hash);
        Ok(())
    }

    fn delete_expired_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut kept = self.kept();
        let before = kept.sessions.len();
        kept.sessions.retain(|_, session| session.expires_at > now);
        Ok(u64::try_from(before - kept.sessions.len()).unwrap_or(0))
    }

    fn key(&self, id: &KeyId) -> Result<Option<KeyRecord>, StoreError> {
        Ok(self.kept().keys.get(id).cloned())
    }

    fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        let mut keys: Vec<_> = self.kept().keys.values().cloned().collect();
        keys.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
        Ok(keys)
    }

    fn insert_key(&self, key: &KeyRecord) -> Result<(), StoreError> {
        let mut kept = self.kept();
        if kept.keys.contains_key(&key.id) {
            return Err(StoreError::Conflict);
        }
        kept.keys.insert(key.id.clone(), key.clone());
        Ok(())
    }

    fn update_key(&self, key: &KeyRecord) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let old = kept.keys.get_mut(&key.id).ok_or(StoreError::Conflict)?;
        old.clone_from(key);
        Ok(())
    }

    fn rotate_key(&self, successor: &KeyRecord, predecessor: &KeyRecord) -> Result<(), StoreError> {
        let mut kept = self.kept();
        if kept.keys.contains_key(&successor.id) || !kept.keys.contains_key(&predecessor.id) {
            return Err(StoreError::Conflict);
        }
        kept.keys.insert(successor.id.clone(), successor.clone());
        kept.keys.insert(predecessor.id.clone(), predecessor.clone());
        Ok(())
    }

    fn touch_key(&self, id: &KeyId, used: &KeyUse) -> Result<(), StoreError> {
        if let Some(key) = self.kept().keys.get_mut(id) {
            key.last_used_at = Some(used.day);
            key.last_used_from = Some(used.from);
            if let Some((label, fingerprint)) = used.remade {
                key.label = Some(label);
                key.fingerprint = fingerprint;
            }
        }
        Ok(())
    }

    fn note_reminder(&self, id: &KeyId, days: u32) -> Result<(), StoreError> {
        if let Some(key) = self.kept().keys.get_mut(id) {
            key.reminded_days = Some(days);
        }
        Ok(())
    }

    fn revoke_all_keys(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut kept = self.kept();
        let mut revoked = 0;
        for key in kept.keys.values_mut().filter(|key| key.revoked_at.is_none()) {
            key.revoked_at = Some(now);
            revoked += 1;
        }
        Ok(revoked)
    }

    fn locks(&self) -> Result<Vec<LockRecord>, StoreError> {
        Ok(self.kept().locks.values().copied().collect())
    }

    fn save_locks(&self, locks: &[LockRecord]) -> Result<(), StoreError> {
        self.kept().locks.extend(locks.iter().map(|lock| (lock.key, *lock)));
        Ok(())
    }

    fn delete_lock(&self, key: [u8; 16]) -> Result<(), StoreError> {
        self.kept().locks.remove(&key);
        Ok(())
    }

    fn setup_secret(&self) -> Result<Option<Fingerprint>, StoreError> {
        Ok(self.kept().setup_secret)
    }

    fn set_setup_secret(&self, secret: &Fingerprint) -> Result<(), StoreError> {
        self.kept().setup_secret = Some(*secret);
        Ok(())
    }
}
