//! What runs in people's names: browsers' sessions and programs' families of
//! tokens, listed and ended.

use crate::accounts::AccountError;
use crate::audit::{EventName, Outcome};
use crate::gate::{Gate, Trace};
use crate::permit::Permit;
use crate::principal::{Principal, SessionId};
use crate::store::{FamilyRecord, SessionRecord, UserRecord};

impl Gate {
    /// The caller's families of tokens, oldest first.
    ///
    /// # Errors
    /// [`AccountError::NotForCaller`] for programs with a key and the operator.
    pub fn families(&self, permit: &Permit) -> Result<Vec<FamilyRecord>, AccountError> {
        let now = self.now();
        let mut families = self.store.families(Some(self.caller(permit)?.id))?;
        families.retain(|family| family.expires_at > now);
        Ok(families)
    }

    /// Ends all of the caller's sessions and families of tokens but the one that carried the request; says how many.
    ///
    /// # Errors
    /// [`AccountError::NotForCaller`] for programs with a key and the operator.
    pub fn end_other_sessions(&self, permit: &Permit) -> Result<usize, AccountError> {
        let user = self.caller(permit)?.id;
        let Principal::User { session: current, .. } = permit.principal() else {
            return Err(AccountError::NotForCaller);
        };
        let _changing = self.change();
        let mut ended = 0;
        for session in self.store.sessions_of(user)?.iter().filter(|one| one.id != *current) {
            self.store.delete_session(&session.hash)?;
            ended += 1;
        }
        for family in self.store.families(Some(user))?.iter().filter(|one| one.id != *current) {
            self.store.end_family(family.id)?;
            ended += 1;
        }
        self.live.forget_all();
        let object = Some(format!("user:{user}"));
        self.record(EventName::SessionExpired, Outcome::Success, &Trace::of(permit), object);
        Ok(ended)
    }

    /// The sessions and families of everybody, oldest first, each with its user.
    ///
    /// # Errors
    /// [`AccountError::NotForCaller`] for who does not administer.
    pub fn all_sessions(&self, permit: &Permit) -> Result<AllSessions, AccountError> {
        if !permit.administers() {
            return Err(AccountError::NotForCaller);
        }
        let now = self.now();
        let mut families = self.store.families(None)?;
        families.retain(|family| family.expires_at > now);
        Ok(AllSessions {
            sessions: self.store.all_sessions(now)?,
            families,
            users: self.store.users()?,
        })
    }

    /// Ends anybody's session or family of tokens.
    ///
    /// # Errors
    /// [`AccountError::NotForCaller`] for who does not administer, `NotFound` when there is none of that id.
    pub fn end_any_session(&self, permit: &Permit, id: SessionId) -> Result<(), AccountError> {
        let all = self.all_sessions(permit)?;
        self.end_one(permit, id, &all.sessions, &all.families)
    }

    pub(crate) fn end_one(
        &self,
        permit: &Permit,
        id: SessionId,
        sessions: &[SessionRecord],
        families: &[FamilyRecord],
    ) -> Result<(), AccountError> {
        let _changing = self.change();
        if let Some(session) = sessions.iter().find(|session| session.id == id) {
            self.store.delete_session(&session.hash)?;
        } else if families.iter().any(|family| family.id == id) {
            self.store.end_family(id)?;
        } else {
            return Err(AccountError::NotFound);
        }
        self.live.forget_all();
        let object = Some(format!("session:{id}"));
        self.record(EventName::SessionExpired, Outcome::Success, &Trace::of(permit), object);
        Ok(())
    }
}

/// Everything that runs in anybody's name.
#[derive(Debug)]
pub struct AllSessions {
    /// Browsers' sessions.
    pub sessions: Vec<SessionRecord>,
    /// Programs' families of tokens.
    pub families: Vec<FamilyRecord>,
    /// The users they belong to, and all others.
    pub users: Vec<UserRecord>,
}
