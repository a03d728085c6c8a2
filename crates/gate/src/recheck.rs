//! Whether the caller of a long answer may still have it.
//!
//! A permit says what was true when the request came in. A stream that runs for minutes looks again whenever an account, a
//! session or a key was changed meanwhile, so that whoever is shut out does not watch on.

use std::sync::Arc;

use crate::gate::Gate;
use crate::live::Epoch;
use crate::permit::Permit;
use crate::principal::Principal;
use crate::requirement::Requirements;
use crate::scope::Scope;
use crate::session::SessionHash;
use crate::store::StoreError;

/// A moment between two changes of accounts, sessions and keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(Epoch);

impl Gate {
    /// The moment it is: as long as it stays the same, nothing needs to be looked at again.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment(self.live.epoch())
    }

    /// Whether the caller, as the store has it now, may do that. Being asked is no use of a session: watching keeps nobody
    /// signed in. Blocks.
    ///
    /// # Errors
    /// The store failed.
    pub fn still_allows(&self, permit: &Permit, wanted: &Scope) -> Result<bool, StoreError> {
        let principal = match (permit.principal(), &permit.0.session) {
            (Principal::Operator, _) => return Ok(true),
            (Principal::User { .. }, Some(hash)) => self.session_now(hash)?,
            (Principal::Key { .. }, _) => self.key_now(permit)?,
            (Principal::Anonymous | Principal::User { .. }, _) => None,
        };
        Ok(principal.is_some_and(|principal| {
            principal.required() == Requirements::NONE && principal.allows(&self.vocabulary, wanted)
        }))
    }

    fn session_now(&self, hash: &SessionHash) -> Result<Option<Arc<Principal>>, StoreError> {
        let now = self.now();
        let Some(record) = self.store.session(hash)? else {
            return Ok(None);
        };
        let user = self.store.user(record.user)?.filter(|user| !user.disabled);
        let enrolled = self.store.enrolled(record.user)?;
        let session = user.and_then(|user| self.live_session(&record, &user, &enrolled, now));
        Ok(session.filter(|session| now < session.expires_at).map(|session| session.principal))
    }

    fn key_now(&self, permit: &Permit) -> Result<Option<Arc<Principal>>, StoreError> {
        let Principal::Key { id, .. } = permit.principal() else {
            return Ok(None);
        };
        let now = self.now();
        let Some(record) = self.store.key(id)?.filter(|record| record.revoked_at.is_none()) else {
            return Ok(None);
        };
        let owner = match record.owner {
            Some(id) => Some(self.store.user(id)?),
            None => None,
        };
        let key = self.live_key(&record, owner, now);
        Ok(key.filter(|key| key.is_usable(now, &permit.0.client)).map(|key| key.principal))
    }
}
