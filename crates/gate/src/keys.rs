//! Making, replacing and taking back API keys.

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

use crate::audit::{EventName, Outcome};
use crate::authenticate::ShownKey;
use crate::gate::{Gate, Trace};
use crate::key::{ApiKey, ImportError, ImportedKey, KeyId};
use crate::keyring::KeyLabel;
use crate::password::Password;
use crate::permit::Permit;
use crate::principal::Principal;
use crate::random::RandomError;
use crate::scope::Scope;
use crate::secret::Fingerprint;
use crate::store::{KeyRecord, StoreError};
use crate::vocabulary::ScopeError;

mod reminders;

pub use reminders::{REMINDER_DAYS, reminder};

/// Most characters of a key's name.
pub const KEY_NAME_CHARACTERS_MAX: usize = 100;
/// Most scopes of a key.
pub const KEY_SCOPES_MAX: usize = 64;
/// Most networks of a key.
pub const KEY_CIDRS_MAX: usize = 32;

/// What a new key shall be.
#[derive(Debug, Clone, Default)]
pub struct NewKey {
    /// What it is called.
    pub name: String,
    /// What it may do, as written: `read:web`.
    pub scopes: Vec<String>,
    /// How long it works; none means as configured.
    pub life_days: Option<u32>,
    /// Networks it may be used from, as written; none listed means any.
    pub cidrs: Vec<String>,
}

/// A key that was just made.
#[derive(Debug)]
pub struct IssuedKey {
    /// What is kept of it.
    pub record: KeyRecord,
    /// The key itself: this is the only time it is there.
    pub key: ApiKey,
}

/// A key operation that was not done.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Empty or too long.
    #[error("not a name for a key")]
    Name,
    /// No scope, too many, or one that means nothing.
    #[error("not scopes")]
    Scopes(#[source] Option<ScopeError>),
    /// More than the caller may do itself.
    #[error("more than the caller may do")]
    MoreThanCaller,
    /// Too long or no time at all.
    #[error("not a life for a key")]
    Life,
    /// Not a network, or too many.
    #[error("not networks")]
    Cidrs,
    /// No such key, as far as the caller may know.
    #[error("no such key")]
    NotFound,
    /// The text cannot be brought along as a key.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// Somebody has brought it along already.
    #[error("the key is known already")]
    Known,
    /// It has ended already.
    #[error("the key has ended")]
    Ended,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl Gate {
    /// The keys the caller may know of: its own, or all for who administers. Newest first.
    ///
    /// # Errors
    /// The store failed.
    pub fn keys(&self, permit: &Permit) -> Result<Vec<KeyRecord>, KeyError> {
        let mut keys = self.store.keys()?;
        keys.retain(|key| may_manage(permit, key));
        Ok(keys)
    }

    /// Makes a key that may do no more than the caller.
    ///
    /// # Errors
    /// [`KeyError::Name`], `Scopes`, `MoreThanCaller`, `Life`, `Cidrs`, or a failing store.
    pub fn create_key(&self, permit: &Permit, new: &NewKey) -> Result<IssuedKey, KeyError> {
        let _changing = self.change();
        let key = ApiKey::generate(&self.config().keys.environment, &*self.random)?;
        let ring = self.ring();
        let kept = Kept {
            id: key.id().clone(),
            fingerprint: key.fingerprint(ring.api_keys.primary()),
            label: ring.api_keys.label(),
            imported: false,
        };
        let record = self.key_record(permit, new, kept)?;
        self.store.insert_key(&record)?;
        self.record_made(permit, &record);
        Ok(IssuedKey { record, key })
    }

    /// Takes over a key that programs know already from another system.
    ///
    /// # Errors
    /// [`KeyError::Import`] for a text that is no good key, `Known`, those of [`Gate::create_key`], or `MoreThanCaller` for who
    /// does not administer.
    pub fn import_key(
        &self,
        permit: &Permit,
        new: &NewKey,
        text: &Password,
    ) -> Result<KeyRecord, KeyError> {
        if !permit.administers() {
            return Err(KeyError::MoreThanCaller);
        }
        let _changing = self.change();
        let key = ImportedKey::import(text.expose(), self.config().keys.short_imports)?;
        let ring = self.ring();
        if key.find(&ring, |id| self.store.key(id).transpose()).transpose()?.is_some() {
            return Err(KeyError::Known);
        }
        let kept = Kept {
            id: key.id(ring.imported_keys.primary()),
            fingerprint: key.fingerprint(ring.api_keys.primary()),
            label: ring.api_keys.label(),
            imported: true,
        };
        let record = self.key_record(permit, new, kept)?;
        self.store.insert_key(&record)?;
        self.record_made(permit, &record);
        Ok(record)
    }

    fn key_record(&self, permit: &Permit, new: &NewKey, kept: Kept) -> Result<KeyRecord, KeyError> {
        let name = new.name.trim();
        let printable = name.chars().all(|letter| !letter.is_control());
        if name.is_empty() || name.chars().count() > KEY_NAME_CHARACTERS_MAX || !printable {
            return Err(KeyError::Name);
        }
        let scopes = self.grantable(permit, &new.scopes)?;
        let cidrs = networks(&new.cidrs)?;
        let now = self.now();
        let life = new.life_days.unwrap_or(self.config().keys.life_days);
        Ok(KeyRecord {
            id: kept.id,
            name: name.to_owned(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            owner: permit.principal().user(),
            fingerprint: kept.fingerprint,
            label: Some(kept.label),
            imported: kept.imported,
            cidrs,
            created_at: now,
            expires_at: Some(self.key_end(life, now)?),
            last_used_at: None,
            last_used_from: None,
            replaced_at: None,
            reminded_days: None,
            revoked_at: None,
        })
    }

    fn record_made(&self, permit: &Permit, record: &KeyRecord) {
        self.record(
            EventName::AuthnTokenCreated,
            Outcome::Success,
            &Trace::of(permit),
            Some(format!("key:{}", record.id)),
        );
    }

    /// Replaces a key by a successor that may do the same; the old one works on for the configured overlap.
    ///
    /// # Errors
    /// [`KeyError::NotFound`], `Ended`, `MoreThanCaller` when the caller may no longer do what the key does, or a failing store.
    pub fn rotate_key(&self, permit: &Permit, id: &KeyId) -> Result<IssuedKey, KeyError> {
        let _changing = self.change();
        let mut old = self.managed(permit, id)?;
        let now = self.now();
        if !is_running(&old, now) || old.replaced_at.is_some() {
            return Err(KeyError::Ended);
        }
        self.grantable(permit, &old.scopes)?;
        let key = ApiKey::generate(&self.config().keys.environment, &*self.random)?;
        let ring = self.ring();
        let record = KeyRecord {
            id: key.id().clone(),
            fingerprint: key.fingerprint(ring.api_keys.primary()),
            label: Some(ring.api_keys.label()),
            imported: false,
            created_at: now,
            expires_at: Some(self.key_end(self.config().keys.life_days, now)?),
            last_used_at: None,
            last_used_from: None,
            reminded_days: None,
            ..old.clone()
        };
        let overlap = SignedDuration::from_hours(i64::from(self.config().keys.overlap_hours));
        let end = now.checked_add(overlap).unwrap_or(now);
        old.expires_at = Some(old.expires_at.map_or(end, |before| before.min(end)));
        old.replaced_at = Some(now);
        self.store.rotate_key(&record, &old)?;
        self.live.forget_all();
        self.record_made(permit, &record);
        Ok(IssuedKey { record, key })
    }

    /// Takes a key back at once.
    ///
    /// # Errors
    /// [`KeyError::NotFound`] or a failing store.
    pub fn revoke_key(&self, permit: &Permit, id: &KeyId) -> Result<(), KeyError> {
        let _changing = self.change();
        let mut key = self.managed(permit, id)?;
        if key.revoked_at.is_none() {
            key.revoked_at = Some(self.now());
            self.store.update_key(&key)?;
            self.live.forget_all();
        }
        self.record(
            EventName::AuthnTokenRevoked,
            Outcome::Success,
            &Trace::of(permit),
            Some(format!("key:{id}")),
        );
        Ok(())
    }

    fn managed(&self, permit: &Permit, id: &KeyId) -> Result<KeyRecord, KeyError> {
        self.store.key(id)?.filter(|key| may_manage(permit, key)).ok_or(KeyError::NotFound)
    }

    fn key_end(&self, life_days: u32, now: Timestamp) -> Result<Timestamp, KeyError> {
        if life_days == 0 || life_days > self.config().keys.life_days_max {
            return Err(KeyError::Life);
        }
        now.checked_add(SignedDuration::from_hours(24 * i64::from(life_days)))
            .map_err(|_| KeyError::Life)
    }

    fn grantable(&self, permit: &Permit, written: &[String]) -> Result<Vec<Scope>, KeyError> {
        if written.is_empty() || written.len() > KEY_SCOPES_MAX {
            return Err(KeyError::Scopes(None));
        }
        let parsed =
            written.iter().map(|text| self.vocabulary.scope(text)).collect::<Result<Vec<_>, _>>();
        let mut scopes = parsed.map_err(|error| KeyError::Scopes(Some(error)))?;
        if !scopes.iter().all(|scope| permit.allows(scope)) {
            return Err(KeyError::MoreThanCaller);
        }
        scopes.sort();
        scopes.dedup();
        Ok(scopes)
    }
}

/// What proves a key.
struct Kept {
    id: KeyId,
    fingerprint: Fingerprint,
    label: KeyLabel,
    imported: bool,
}

/// Whether a key opens anything.
fn is_running(key: &KeyRecord, now: Timestamp) -> bool {
    key.revoked_at.is_none() && key.expires_at.is_none_or(|end| now < end)
}

fn may_manage(permit: &Permit, key: &KeyRecord) -> bool {
    let own = matches!(permit.principal(), Principal::User { id, .. } if key.owner == Some(*id));
    own || permit.administers()
}

fn networks(written: &[String]) -> Result<Vec<IpNet>, KeyError> {
    if written.len() > KEY_CIDRS_MAX {
        return Err(KeyError::Cidrs);
    }
    let network = |text: &String| {
        let one = || text.parse::<std::net::IpAddr>().ok().map(IpNet::from);
        text.parse::<IpNet>().ok().or_else(one)
    };
    written.iter().map(network).collect::<Option<Vec<_>>>().ok_or(KeyError::Cidrs)
}
