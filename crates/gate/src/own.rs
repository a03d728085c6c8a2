//! One's own password and sessions.

use crate::accounts::{AccountError, undecided};
use crate::audit::{EventName, Outcome};
use crate::gate::{Gate, Trace};
use crate::password::{Password, Verdict};
use crate::permit::Permit;
use crate::principal::{Principal, SessionId};
use crate::store::{SessionRecord, SessionsAfter, UserRecord};

impl Gate {
    /// Changes the caller's own password and ends its other sessions.
    ///
    /// # Errors
    /// [`AccountError::WrongCredentials`] for a wrong current password, `Password` for a bad new one, `Locked`, `Busy`,
    /// `NotForCaller` for a caller without a password.
    pub fn change_password(
        &self,
        permit: &Permit,
        current: &Password,
        new: &Password,
    ) -> Result<(), AccountError> {
        let user = self.caller(permit)?;
        let mut attempt = self.attempt(permit, Some(&user.name))?;
        let bound = attempt.tries_password(Some(&user));
        let kept = undecided(&mut attempt, bound)?;
        let verdict = undecided(&mut attempt, self.hasher.verify(current, kept))?;
        if verdict == Verdict::Wrong {
            attempt.failed();
            self.record(
                EventName::AuthnPasswordChangeFail,
                Outcome::Denied,
                &Trace::of(permit),
                None,
            );
            return Err(AccountError::WrongCredentials);
        }
        attempt.succeeded();
        let password = self.replacement_password(&user, new)?;
        let others = permit.0.session.map_or(SessionsAfter::End, SessionsAfter::EndAllBut);
        {
            let _changing = self.change();
            self.unchanged(&user)?;
            self.store.set_password(user.id, &password, Some(self.now()), others)?;
            self.rebound(&user)?;
        }
        self.live.forget_all();
        self.record(EventName::AuthnPasswordChange, Outcome::Success, &Trace::of(permit), None);
        Ok(())
    }

    /// The account of a caller who signed in with a session.
    ///
    /// # Errors
    /// [`AccountError::NotForCaller`] for programs and the operator.
    pub fn caller(&self, permit: &Permit) -> Result<UserRecord, AccountError> {
        let Principal::User { id, .. } = permit.principal() else {
            return Err(AccountError::NotForCaller);
        };
        self.store.user(*id)?.ok_or(AccountError::NotFound)
    }

    /// The caller's sessions, oldest first.
    ///
    /// # Errors
    /// [`AccountError::NotForCaller`] for programs and the operator.
    pub fn sessions(&self, permit: &Permit) -> Result<Vec<SessionRecord>, AccountError> {
        let now = self.now();
        let mut sessions = self.store.sessions_of(self.caller(permit)?.id)?;
        sessions.retain(|session| session.expires_at > now);
        Ok(sessions)
    }

    /// Ends one of the caller's sessions or families of tokens.
    ///
    /// # Errors
    /// [`AccountError::NotFound`] for a session of somebody else.
    pub fn end_session(&self, permit: &Permit, id: SessionId) -> Result<(), AccountError> {
        let user = self.caller(permit)?.id;
        let sessions = self.store.sessions_of(user)?;
        let families = self.store.families(Some(user))?;
        self.end_one(permit, id, &sessions, &families)
    }
}
