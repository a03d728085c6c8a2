//! Families, epochs and denied tokens in memory.

use jiff::Timestamp;

use super::MemoryStore;
use crate::principal::{SessionId, UserId};
use crate::secret::Fingerprint;
use crate::store::{DENIED_TOKENS_MAX, FamilyRecord, StoreError, TokenStore};
use crate::token::claims::Epochs;
use crate::token::{FamilyName, TokenId};

impl super::Kept {
    pub(super) fn raise_epoch(&mut self, user: UserId) {
        *self.epochs.entry(user).or_default() += 1;
        self.end_families(|family| family.user == user);
    }

    pub(super) fn end_families(&mut self, which: impl Fn(&FamilyRecord) -> bool) -> u64 {
        let mut ended = 0;
        for family in self.families.values_mut() {
            if !family.ended && which(family) {
                family.ended = true;
                ended += 1;
            }
        }
        ended
    }
}

impl TokenStore for MemoryStore {
    fn epochs(&self, user: UserId) -> Result<Epochs, StoreError> {
        let kept = self.kept();
        Ok(Epochs { era: kept.era, user: kept.epochs.get(&user).copied().unwrap_or_default() })
    }

    fn raise_epoch(&self, user: UserId) -> Result<(), StoreError> {
        self.kept().raise_epoch(user);
        Ok(())
    }

    fn insert_family(&self, family: &FamilyRecord, most: usize) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let now = family.created_at;
        let runs =
            |one: &FamilyRecord| one.user == family.user && !one.ended && one.expires_at > now;
        let mut running: Vec<_> = kept.families.values().filter(|one| runs(one)).cloned().collect();
        running.sort_by_key(|one| (one.created_at, one.id));
        let surplus = (running.len() + 1).saturating_sub(most);
        for oldest in running.iter().take(surplus) {
            kept.end_families(|one| one.id == oldest.id);
        }
        kept.families.insert(family.id, family.clone());
        Ok(())
    }

    fn family(&self, name: &FamilyName) -> Result<Option<FamilyRecord>, StoreError> {
        Ok(self.kept().families.values().find(|family| family.name == *name).cloned())
    }

    fn family_by_id(&self, id: SessionId) -> Result<Option<FamilyRecord>, StoreError> {
        Ok(self.kept().families.get(&id).cloned())
    }

    fn families(&self, of: Option<UserId>) -> Result<Vec<FamilyRecord>, StoreError> {
        let kept = self.kept();
        let wanted =
            |family: &&FamilyRecord| !family.ended && of.is_none_or(|user| family.user == user);
        let mut families: Vec<_> = kept.families.values().filter(wanted).cloned().collect();
        families.sort_by_key(|family| (family.created_at, family.id));
        Ok(families)
    }

    fn refresh_family(
        &self,
        name: &FamilyName,
        shown: &Fingerprint,
        next: &Fingerprint,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut kept = self.kept();
        let good = kept
            .families
            .values_mut()
            .find(|family| family.name == *name && !family.ended && family.refresh.matches(shown));
        let Some(family) = good else {
            return Ok(false);
        };
        family.refresh = *next;
        family.refreshed_at = now;
        Ok(true)
    }

    fn end_family(&self, id: SessionId) -> Result<(), StoreError> {
        self.kept().end_families(|family| family.id == id);
        Ok(())
    }

    fn forget_old_tokens(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut kept = self.kept();
        kept.families.retain(|_, family| family.expires_at > now);
        kept.denied.retain(|_, until| *until > now);
        Ok(())
    }

    fn deny_token(&self, id: TokenId, until: Timestamp) -> Result<bool, StoreError> {
        let mut kept = self.kept();
        if kept.denied.len() >= DENIED_TOKENS_MAX && !kept.denied.contains_key(&id) {
            return Ok(false);
        }
        kept.denied.insert(id, until);
        Ok(true)
    }

    fn is_denied(&self, id: TokenId) -> Result<bool, StoreError> {
        Ok(self.kept().denied.contains_key(&id))
    }
}
