//! Managing accounts, by those who administer.

use crate::accounts::AccountError;
use crate::audit::{EventName, Outcome};
use crate::gate::{Gate, Trace};
use crate::name::UserName;
use crate::password::{Password, imported};
use crate::permit::Permit;
use crate::principal::{Principal, UserId};
use crate::scope::{Place, Scope};
use crate::store::{SessionsAfter, StoreError, UserRecord};
use crate::vocabulary::RoleRow;

/// Most grants of an account.
pub const GRANTS_MAX: usize = 64;

/// An account to make.
#[derive(Debug, Default)]
pub struct NewUser {
    /// Its name, in any spelling.
    pub name: String,
    /// Its role.
    pub role: String,
    /// Where the role counts, as written; none means everywhere.
    pub grants: Option<Vec<String>>,
    /// Its password; without one, nobody can sign in until one is chosen.
    pub password: Option<Password>,
}

/// What shall be different about an account.
#[derive(Debug, Default)]
pub struct UserChange {
    /// Shut it or open it.
    pub disabled: Option<bool>,
    /// Give it another role. A role that administers does so everywhere.
    pub role: Option<String>,
    /// Say anew where the role counts.
    pub grants: Option<Vec<String>>,
    /// Have another password chosen before anything else.
    pub must_change_password: Option<bool>,
}

/// An account that comes from another system, with the password's hash.
#[derive(Debug, Default)]
pub struct ImportedUser {
    /// Its name, in any spelling.
    pub name: String,
    /// Its role.
    pub role: String,
    /// Where the role counts, as written; none means everywhere.
    pub grants: Option<Vec<String>>,
    /// Bcrypt or Argon2id, as the other system wrote it.
    pub hash: String,
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

    /// Makes an account. A password that somebody else chose must be changed at the first sign-in; the operator's word is
    /// the owner's own.
    ///
    /// # Errors
    /// [`AccountError::Name`], `NameTaken`, `Role`, `Grants`, `GrantsOfAdministrator`, `Password`, `Busy`, or
    /// `NotForCaller`.
    pub fn create_user(&self, permit: &Permit, new: &NewUser) -> Result<UserRecord, AccountError> {
        administers(permit)?;
        let mut user = self.new_user(new)?;
        user.must_change_password =
            user.password.is_some() && !matches!(permit.principal(), Principal::Operator);
        self.add_user(permit, user)
    }

    /// Takes an account over from another system. Its password is looked at, and hashed anew, when its owner first signs in.
    ///
    /// # Errors
    /// As [`Gate::create_user`]; `ImportedHash`, and `NotForCaller` for everybody but the operator.
    pub fn import_user(
        &self,
        permit: &Permit,
        imported: ImportedUser,
    ) -> Result<UserRecord, AccountError> {
        if !matches!(permit.principal(), Principal::Operator) {
            return Err(AccountError::NotForCaller);
        }
        let hash = imported::read(&imported.hash).ok_or(AccountError::ImportedHash)?;
        let ImportedUser { name, role, grants, .. } = imported;
        let user = self.new_user(&NewUser { name, role, grants, password: None })?;
        self.add_user(permit, UserRecord { password: Some(hash), ..user })
    }

    fn add_user(&self, permit: &Permit, user: UserRecord) -> Result<UserRecord, AccountError> {
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

    /// Checks and hashes what makes an account, without storing it.
    pub(crate) fn new_user(&self, new: &NewUser) -> Result<UserRecord, AccountError> {
        let name = UserName::parse(&new.name).ok_or(AccountError::Name)?;
        let role = self.vocabulary.role(&new.role).ok_or(AccountError::Role)?;
        let grants = self.grants(role, new.grants.as_deref())?;
        let password = new.password.as_ref();
        let password =
            password.map(|password| self.new_password(name.as_str(), password)).transpose()?;
        let now = self.now();
        Ok(UserRecord {
            id: UserId(self.uuid()?),
            name: name.as_str().to_owned(),
            role: role.name.to_owned(),
            grants,
            password,
            must_change_password: false,
            disabled: false,
            created_at: now,
            password_changed_at: now,
            last_login_at: None,
        })
    }

    /// Ends the locks of an account, and those of this machine's own addresses, from where whoever mends a lock comes.
    /// A password that was guessed at too often altogether stays unusable: that needs a new one.
    ///
    /// # Errors
    /// [`AccountError::NotForCaller`], [`AccountError::NotFound`], or a failing store.
    pub fn unlock(&self, permit: &Permit, id: UserId) -> Result<(), AccountError> {
        if !permit.administers() {
            return Err(AccountError::NotForCaller);
        }
        let user = self.store.user(id)?.ok_or(AccountError::NotFound)?;
        self.lockout.pardon(&user.name)?;
        self.lockout.pardon_own_addresses()?;
        let object = Some(format!("user:{id}"));
        self.record(EventName::AuthnLoginUnlock, Outcome::Success, &Trace::of(permit), object);
        Ok(())
    }

    /// Changes an account. Its sessions end whenever it is shut or gets other rights, and nothing that acts in its name
    /// survives its being shut.
    ///
    /// # Errors
    /// [`AccountError::NotFound`], `Role`, `Grants`, `GrantsOfAdministrator`, `LastAdministrator`, or `NotForCaller`.
    pub fn update_user(
        &self,
        permit: &Permit,
        id: UserId,
        change: &UserChange,
    ) -> Result<UserRecord, AccountError> {
        administers(permit)?;
        let _changing = self.change();
        let mut user = self.store.user(id)?.ok_or(AccountError::NotFound)?;
        let other_rights = self.change_rights(&mut user, change)?;
        user.disabled = change.disabled.unwrap_or(user.disabled);
        user.must_change_password =
            change.must_change_password.unwrap_or(user.must_change_password);
        self.keep_an_administrator(&user)?;
        let harmless = !other_rights && !user.disabled;
        let sessions = if harmless { SessionsAfter::Keep } else { SessionsAfter::End };
        self.store.update_user(&user, sessions)?;
        self.live.forget_all();
        let event = if other_rights { EventName::AuthzChange } else { EventName::UserUpdated };
        self.record(event, Outcome::Success, &Trace::of(permit), Some(format!("user:{id}")));
        Ok(user)
    }

    /// Gives the account its new role and grants; says whether there were any.
    fn change_rights(
        &self,
        user: &mut UserRecord,
        change: &UserChange,
    ) -> Result<bool, AccountError> {
        if change.role.is_none() && change.grants.is_none() {
            return Ok(false);
        }
        let role = change.role.as_deref().unwrap_or(&user.role);
        let role = self.vocabulary.role(role).ok_or(AccountError::Role)?;
        if change.grants.is_some() || self.vocabulary.administers(role) {
            user.grants = self.grants(role, change.grants.as_deref())?;
        }
        role.name.clone_into(&mut user.role);
        Ok(true)
    }

    /// Reads grants, and writes them in canonical spelling without those that lie in others.
    fn grants(
        &self,
        role: &RoleRow,
        written: Option<&[String]>,
    ) -> Result<Vec<String>, AccountError> {
        let everywhere = Place::Everywhere.to_string();
        let Some(written) = written else {
            return Ok(vec![everywhere]);
        };
        if written.is_empty() || written.len() > GRANTS_MAX {
            return Err(AccountError::Grants);
        }
        let places = written.iter().map(|text| self.vocabulary.place(text));
        let mut places = places.collect::<Result<Vec<_>, _>>().map_err(|_| AccountError::Grants)?;
        places.sort();
        places.dedup();
        let all = places.clone();
        places.retain(|place| !all.iter().any(|other| other != place && other.covers(place)));
        if self.vocabulary.administers(role) && places != [Place::Everywhere] {
            return Err(AccountError::GrantsOfAdministrator);
        }
        Ok(places.iter().map(ToString::to_string).collect())
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
        let held = self.vocabulary.role(&user.role).map(|role| self.effective(role, &user.grants));
        !user.disabled && held.is_some_and(|held| self.vocabulary.any_satisfies(&held, &everything))
    }
}

fn administers(permit: &Permit) -> Result<(), AccountError> {
    if permit.administers() { Ok(()) } else { Err(AccountError::NotForCaller) }
}
