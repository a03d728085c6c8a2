//! Tokens of the gate in the control store.

use control::TokenFamily;
use gate::secret::Fingerprint;
use gate::store::{FamilyRecord, StoreError, TokenStore};
use gate::token::{Epochs, FamilyName, TokenId};
use gate::{SessionId, UserId};
use jiff::Timestamp;

use super::ControlStore;

impl TokenStore for ControlStore {
    fn epochs(&self, user: UserId) -> Result<Epochs, StoreError> {
        let control::Epochs { era, user } =
            self.control.epochs(control::UserId(user.0)).map_err(StoreError::failed)?;
        Ok(Epochs { era, user })
    }

    fn raise_epoch(&self, user: UserId) -> Result<(), StoreError> {
        self.control.raise_epoch(control::UserId(user.0)).map_err(StoreError::failed)
    }

    fn insert_family(&self, family: &FamilyRecord, most: usize) -> Result<(), StoreError> {
        self.control.insert_family(&family_in(family), most).map_err(StoreError::failed)
    }

    fn family(&self, name: &FamilyName) -> Result<Option<FamilyRecord>, StoreError> {
        let family = self.control.family(&name.0).map_err(StoreError::failed)?;
        Ok(family.map(family_out))
    }

    fn family_by_id(&self, id: SessionId) -> Result<Option<FamilyRecord>, StoreError> {
        let id = control::SessionId(id.0);
        let family = self.control.family_by_id(id).map_err(StoreError::failed)?;
        Ok(family.map(family_out))
    }

    fn families(&self, of: Option<UserId>) -> Result<Vec<FamilyRecord>, StoreError> {
        let of = of.map(|user| control::UserId(user.0));
        let families = self.control.families(of).map_err(StoreError::failed)?;
        Ok(families.into_iter().map(family_out).collect())
    }

    fn refresh_family(
        &self,
        name: &FamilyName,
        shown: &Fingerprint,
        next: &Fingerprint,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.control.refresh_family(&name.0, &shown.0, &next.0, now).map_err(StoreError::failed)
    }

    fn end_family(&self, id: SessionId) -> Result<(), StoreError> {
        self.control.end_family(control::SessionId(id.0)).map_err(StoreError::failed)
    }

    fn forget_old_tokens(&self, now: Timestamp) -> Result<(), StoreError> {
        self.control.forget_old_tokens(now).map_err(StoreError::failed)
    }

    fn deny_token(&self, id: TokenId, until: Timestamp) -> Result<bool, StoreError> {
        self.control.deny_token(id.0, until).map_err(StoreError::failed)
    }

    fn is_denied(&self, id: TokenId) -> Result<bool, StoreError> {
        self.control.is_denied(id.0).map_err(StoreError::failed)
    }
}

fn family_in(family: &FamilyRecord) -> TokenFamily {
    TokenFamily {
        id: control::SessionId(family.id.0),
        name: family.name.0.clone(),
        user_id: control::UserId(family.user.0),
        refresh_hash: family.refresh.0,
        created_at: family.created_at,
        factors: family.factors.clone(),
        refreshed_at: family.refreshed_at,
        expires_at: family.expires_at,
        ended: family.ended,
        epochs: control::Epochs { era: family.epochs.era, user: family.epochs.user },
        user_agent: family.user_agent.clone(),
    }
}

fn family_out(family: TokenFamily) -> FamilyRecord {
    FamilyRecord {
        name: FamilyName(family.name),
        id: SessionId(family.id.0),
        user: UserId(family.user_id.0),
        refresh: Fingerprint(family.refresh_hash),
        created_at: family.created_at,
        factors: family.factors,
        refreshed_at: family.refreshed_at,
        expires_at: family.expires_at,
        ended: family.ended,
        epochs: Epochs { era: family.epochs.era, user: family.epochs.user },
        user_agent: family.user_agent,
    }
}
