//! Managing accounts, by those who administer.

use crate::accounts::AccountError;
use crate::audit::{EventName, Outcome};
use crate::gate::{Gate, Trace};
use crate::password::Password;
use crate::permit::Permit;
use crate::principal::UserId;
use crate::scope::Scope;
use crate::store::{SessionsAfter, StoreError, UserRecord};

/// What shall be different about an account.
#[derive(Debug, Default)]
pub struct UserChange {
    /// Shut it or open it.
    pub disabled: Option<bool>,
    /// Give it another role.
    pub role: Option<String>,
    /// Set its password; also ends a lock.
    pub password: Option<Password>,
}

impl Gate {
    /// All accounts by name.
    ///
    /// # Errors
    /// [`AccountError::NotForCaller`] for who does not administer.
    pub fn users(&self, permit: &Permit) -> Result<Vec<UserRecord>, AccountError> {
        administers(permit)?;
        Ok(self.store.users()?)
    }

    /// Makes an account.
    ///
    /// # Errors
    /// [`AccountError::Name`], `NameTaken`, `Role`, `Password`, `Busy`, or `NotForCaller`.
    pub fn create_user(
        &self,
        permit: &Permit,
        name: &str,
        role: &str,
        password: &Password,
    ) -> Result<UserRecord, AccountError> {
        administers(permit)?;
        let user = self.new_user(name, role, password)?;
        self.store.insert_user(&user).map_err(|error| match error {
            StoreError::Conflict => AccountError::NameTaken,
            error @ StoreError::Failed(_) => error.into(),
        })?;
        self.record(
            EventName::UserCreated,
            Outcome::Success,
            &Trace::of(permit),
            Some(format!("user:{}", user.id)),
        );
        Ok(user)
    }

    /// Changes an account. Its sessions end whenever it is shut or gets another role or password; its keys stop
    /// working while it is shut.
    ///
    /// # Errors
    /// [`AccountError::NotFound`], `Role`, `Password`, `LastAdministrator`, `Busy`, or `NotForCaller`.
    pub fn update_user(
        &self,
        permit: &Permit,
        id: UserId,
        change: &UserChange,
    ) -> Result<UserRecord, AccountError> {
        administers(permit)?;
        let known = self.store.user(id)?.ok_or(AccountError::NotFound)?;
        let password =
            change.password.as_ref().map(|new| self.new_password(&known.name, new)).transpose()?;
        let _changing = self.change();
        let mut user = self.store.user(id)?.ok_or(AccountError::NotFound)?;
        if let Some(role) = &change.role {
            self.vocabulary.role(role).ok_or(AccountError::Role)?.name.clone_into(&mut user.role);
        }
        user.disabled = change.disabled.unwrap_or(user.disabled);
        self.keep_an_administrator(&user)?;
        if let Some(password) = password {
            user.password = password;
            user.password_changed_at = self.now();
        }
        let harmless = change.role.is_none() && change.password.is_none() && !user.disabled;
        let sessions = if harmless { SessionsAfter::Keep } else { SessionsAfter::End };
        self.store.update_user(&user, sessions)?;
        self.live.forget_all();
        if change.password.is_some() {
            self.lockout.pardon(&user.name)?;
        }
        let event =
            if change.role.is_some() { EventName::AuthzChange } else { EventName::UserUpdated };
        self.record(event, Outcome::Success, &Trace::of(permit), Some(format!("user:{id}")));
        Ok(user)
    }

    fn keep_an_administrator(&self, changed: &UserRecord) -> Result<(), AccountError> {
        if self.is_administrator(changed) {
            return Ok(());
        }
        let users = self.store.users()?;
        let others = users.iter().any(|user| user.id != changed.id && self.is_administrator(user));
        let was = users.iter().any(|user| user.id == changed.id && self.is_administrator(user));
        if others || !was { Ok(()) } else { Err(AccountError::LastAdministrator) }
    }

    fn is_administrator(&self, user: &UserRecord) -> bool {
        let everything = Scope::everywhere(self.vocabulary.administering);
        let held = self.vocabulary.role(&user.role).map(|role| self.vocabulary.role_scopes(role));
        !user.disabled && held.is_some_and(|held| self.vocabulary.any_satisfies(&held, &everything))
    }
}

fn administers(permit: &Permit) -> Result<(), AccountError> {
    if permit.administers() { Ok(()) } else { Err(AccountError::NotForCaller) }
}
