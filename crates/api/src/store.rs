//! Where the gate remembers: its [`Store`] over the control store.
//!
//! Both have their own records, because neither knows the other. Here one is turned into the other and nothing is decided.

mod authenticators;
mod counters;

use std::sync::Arc;

use control::{Control, KeyError, UserError};
use gate::address::AddressClass;
use gate::clock::Clock;
use gate::secret::Fingerprint;
use gate::session::SessionHash;
use gate::store::{
    KeyRecord, KeyUse, LockRecord, PasswordHashText, SessionRecord, SessionsAfter, Store,
    StoreError, UserRecord,
};
use gate::{Factors, KeyId, KeyLabel, SessionId, UserId};
use jiff::Timestamp;

use crate::policy::ADMIN_ROLE;

mod factors;
mod passwords;
mod session;
mod token;

pub use counters::{RedisAddress, RedisAddressError, RedisCounters};

/// The control store as the gate's.
pub struct ControlStore {
    control: Control,
    clock: Arc<dyn Clock>,
}

impl ControlStore {
    /// The gate's view of this control store; the clock tells when a disabled user's keys were revoked.
    #[must_use]
    pub fn new(control: Control, clock: Arc<dyn Clock>) -> Self {
        Self { control, clock }
    }
}

impl std::fmt::Debug for ControlStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ControlStore").finish_non_exhaustive()
    }
}

impl Store for ControlStore {
    fn user(&self, id: UserId) -> Result<Option<UserRecord>, StoreError> {
        self.control
            .user(control::UserId(id.0))
            .map(|user| user.map(user_out))
            .map_err(StoreError::failed)
    }

    fn user_by_name(&self, name: &str) -> Result<Option<UserRecord>, StoreError> {
        self.control.user_by_name(name).map(|user| user.map(user_out)).map_err(StoreError::failed)
    }

    fn users(&self) -> Result<Vec<UserRecord>, StoreError> {
        let users = self.control.users().map_err(StoreError::failed)?;
        Ok(users.into_iter().map(user_out).collect())
    }

    fn has_users(&self) -> Result<bool, StoreError> {
        self.control.has_users().map_err(StoreError::failed)
    }

    fn insert_user(&self, user: &UserRecord) -> Result<(), StoreError> {
        self.control.insert_user(&user_in(user)).map_err(user_error)
    }

    fn insert_first_user(&self, user: &UserRecord) -> Result<bool, StoreError> {
        self.control.insert_first_user(&user_in(user)).map_err(user_error)
    }

    fn update_user(&self, user: &UserRecord, sessions: SessionsAfter) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.control
            .update_user(&user_in(user), sessions_in(sessions), Some(ADMIN_ROLE), now)
            .map_err(user_error)
    }

    fn set_password(
        &self,
        id: UserId,
        password: &PasswordHashText,
        changed_at: Option<Timestamp>,
        sessions: SessionsAfter,
    ) -> Result<(), StoreError> {
        self.control
            .set_password(control::UserId(id.0), &password.0, changed_at, sessions_in(sessions))
            .map_err(user_error)
    }

    fn note_login(&self, id: UserId, at: Timestamp) -> Result<(), StoreError> {
        self.control.note_login(control::UserId(id.0), at).map_err(StoreError::failed)
    }

    fn session(&self, hash: &SessionHash) -> Result<Option<SessionRecord>, StoreError> {
        self.control.session(&hash.0).map_err(StoreError::failed)?.map(session_out).transpose()
    }

    fn sessions_of(&self, user: UserId) -> Result<Vec<SessionRecord>, StoreError> {
        let sessions =
            self.control.sessions_of(control::UserId(user.0)).map_err(StoreError::failed)?;
        sessions.into_iter().map(session_out).collect()
    }

    fn insert_session(&self, session: &SessionRecord) -> Result<(), StoreError> {
        self.control.insert_session(&session_in(session)).map_err(StoreError::failed)
    }

    fn touch_session(&self, hash: &SessionHash, seen_at: Timestamp) -> Result<(), StoreError> {
        self.control.touch_session(&hash.0, seen_at).map_err(StoreError::failed)
    }

    fn renew_session(
        &self,
        old: &SessionHash,
        renewed: &SessionRecord,
    ) -> Result<bool, StoreError> {
        self.control.renew_session(&old.0, &session_in(renewed)).map_err(StoreError::failed)
    }

    fn delete_session(&self, hash: &SessionHash) -> Result<(), StoreError> {
        self.control.delete_session(&hash.0).map_err(StoreError::failed)
    }

    fn delete_expired_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.control.delete_expired_sessions(now).map_err(StoreError::failed)
    }

    fn key(&self, id: &KeyId) -> Result<Option<KeyRecord>, StoreError> {
        self.control.key(id.as_str()).map_err(StoreError::failed)?.map(key_out).transpose()
    }

    fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        self.control.keys().map_err(StoreError::failed)?.into_iter().map(key_out).collect()
    }

    fn insert_key(&self, key: &KeyRecord) -> Result<(), StoreError> {
        self.control.insert_key(&key_in(key)).map_err(key_error)
    }

    fn update_key(&self, key: &KeyRecord) -> Result<(), StoreError> {
        self.control.update_key(&key_in(key)).map_err(key_error)
    }

    fn rotate_key(&self, successor: &KeyRecord, predecessor: &KeyRecord) -> Result<(), StoreError> {
        self.control.rotate_key(&key_in(successor), &key_in(predecessor)).map_err(key_error)
    }

    fn touch_key(&self, id: &KeyId, used: &KeyUse) -> Result<(), StoreError> {
        let remade = used.remade.map(|(label, code)| (label.to_string(), code.0));
        let mac = remade.as_ref().map(|(label, mac)| (label.as_str(), mac));
        let used = control::KeyUse { at: used.day, from: used.from.name(), mac };
        self.control.touch_key(id.as_str(), &used).map_err(StoreError::failed)
    }

    fn note_reminder(&self, id: &KeyId, days: u32) -> Result<(), StoreError> {
        self.control.note_reminder(id.as_str(), days).map_err(StoreError::failed)
    }

    fn revoke_all_keys(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.control.revoke_keys(now).map_err(StoreError::failed)
    }

    fn locks(&self) -> Result<Vec<LockRecord>, StoreError> {
        let lockouts = self.control.lockouts().map_err(StoreError::failed)?;
        Ok(lockouts.into_iter().map(lock_out).collect())
    }

    fn save_locks(&self, locks: &[LockRecord]) -> Result<(), StoreError> {
        let lockouts: Vec<_> = locks.iter().map(lock_in).collect();
        self.control.save_lockouts(&lockouts).map_err(StoreError::failed)
    }

    fn delete_lock(&self, key: [u8; 16]) -> Result<(), StoreError> {
        self.control.delete_lockout(&key).map_err(StoreError::failed)
    }

    fn setup_secret(&self) -> Result<Option<Fingerprint>, StoreError> {
        self.control.setup_secret().map(|hash| hash.map(Fingerprint)).map_err(StoreError::failed)
    }

    fn set_setup_secret(&self, secret: &Fingerprint) -> Result<(), StoreError> {
        self.control.set_setup_secret(&secret.0, self.clock.now()).map_err(StoreError::failed)
    }
}

fn user_out(user: control::User) -> UserRecord {
    UserRecord {
        id: UserId(user.id.0),
        name: user.name,
        role: user.role,
        grants: user.grants,
        password: user.password_phc.map(PasswordHashText),
        must_change_password: user.must_change_password,
        disabled: user.disabled,
        created_at: user.created_at,
        password_changed_at: user.password_changed_at,
        last_login_at: user.last_login_at,
    }
}

fn user_in(user: &UserRecord) -> control::User {
    control::User {
        id: control::UserId(user.id.0),
        name: user.name.clone(),
        role: user.role.clone(),
        grants: user.grants.clone(),
        password_phc: user.password.as_ref().map(|hash| hash.0.clone()),
        must_change_password: user.must_change_password,
        disabled: user.disabled,
        created_at: user.created_at,
        password_changed_at: user.password_changed_at,
        last_login_at: user.last_login_at,
    }
}

fn sessions_in(sessions: SessionsAfter) -> control::SessionsAfter {
    match sessions {
        SessionsAfter::Keep => control::SessionsAfter::Keep,
        SessionsAfter::End => control::SessionsAfter::End,
        SessionsAfter::EndAllBut(hash) => control::SessionsAfter::EndAllBut(hash.0),
    }
}

fn session_in(session: &SessionRecord) -> control::Session {
    control::Session {
        token_hash: session.hash.0,
        id: control::SessionId(session.id.0),
        user_id: control::UserId(session.user.0),
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        expires_at: session.expires_at,
        user_agent: session.user_agent.clone(),
        factors: session.factors.to_string(),
        authenticated_at: session.authenticated_at,
    }
}

/// A stored session that cannot be read is a failure, never one in which something else was proved.
fn session_out(session: control::Session) -> Result<SessionRecord, StoreError> {
    Ok(SessionRecord {
        hash: SessionHash(session.token_hash),
        id: SessionId(session.id.0),
        user: UserId(session.user_id.0),
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        expires_at: session.expires_at,
        user_agent: session.user_agent,
        factors: Factors::parse(&session.factors).ok_or_else(|| StoreError::failed(BadSession))?,
        authenticated_at: session.authenticated_at,
    })
}

/// A stored key that cannot be read is a failure, never a key with fewer bounds.
fn key_out(key: control::ApiKey) -> Result<KeyRecord, StoreError> {
    let cidrs = key.cidrs.iter().map(|cidr| cidr.parse()).collect::<Result<_, _>>();
    let label = key.label.map(|text| KeyLabel::parse(&text).ok_or(BadKey)).transpose();
    let from = key.last_used_from.map(|text| AddressClass::parse(&text).ok_or(BadKey)).transpose();
    Ok(KeyRecord {
        id: KeyId::parse(&key.id).ok_or_else(|| StoreError::failed(BadKey))?,
        name: key.name,
        scopes: key.scopes,
        owner: key.owner_id.map(|owner| UserId(owner.0)),
        fingerprint: Fingerprint(key.mac),
        cidrs: cidrs.map_err(|_| StoreError::failed(BadKey))?,
        created_at: key.created_at,
        expires_at: key.expires_at,
        label: label.map_err(StoreError::failed)?,
        imported: key.imported,
        last_used_at: key.last_used_at,
        last_used_from: from.map_err(StoreError::failed)?,
        replaced_at: key.replaced_at,
        reminded_days: key.reminded_days,
        revoked_at: key.revoked_at,
    })
}

fn key_in(key: &KeyRecord) -> control::ApiKey {
    control::ApiKey {
        id: key.id.as_str().to_owned(),
        name: key.name.clone(),
        mac: key.fingerprint.0,
        owner_id: key.owner.map(|owner| control::UserId(owner.0)),
        scopes: key.scopes.clone(),
        cidrs: key.cidrs.iter().map(ToString::to_string).collect(),
        created_at: key.created_at,
        expires_at: key.expires_at,
        last_used_at: key.last_used_at,
        revoked_at: key.revoked_at,
        successor_id: None,
        label: key.label.map(|label| label.to_string()),
        imported: key.imported,
        last_used_from: key.last_used_from.map(|class| class.name().to_owned()),
        replaced_at: key.replaced_at,
        reminded_days: key.reminded_days,
    }
}

fn lock_in(lock: &LockRecord) -> control::Lockout {
    control::Lockout {
        key: lock.key,
        failures: lock.failures,
        locks: lock.locks,
        last_failure_at: lock.last_failure_at,
        locked_until: lock.locked_until,
    }
}

fn lock_out(lockout: control::Lockout) -> LockRecord {
    LockRecord {
        key: lockout.key,
        failures: lockout.failures,
        locks: lockout.locks,
        locked_until: lockout.locked_until,
        last_failure_at: lockout.last_failure_at,
    }
}

/// A session's row names a factor that there is not.
#[derive(Debug, thiserror::Error)]
#[error("a stored session is damaged")]
struct BadSession;

/// A key's row has an id or a network that cannot be one.
#[derive(Debug, thiserror::Error)]
#[error("a stored key is damaged")]
struct BadKey;

fn user_error(error: UserError) -> StoreError {
    match error {
        UserError::Store(error) => StoreError::failed(error),
        _ => StoreError::Conflict,
    }
}

fn key_error(error: KeyError) -> StoreError {
    match error {
        KeyError::Store(error) => StoreError::failed(error),
        _ => StoreError::Conflict,
    }
}
