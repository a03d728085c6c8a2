//! Passwords that are set without the old one: by a one-time link, or by the
//! operator on the machine itself.
//!
//! Who administers never chooses somebody's password: it hands out a link, and whoever holds the link chooses. The link works
//! once, for a day, until the password changes in any other way; of its 256 random bits only a hash is kept. A second factor
//! stays as it was.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use crate::accounts::{AccountError, undecided};
use crate::audit::{EventName, Outcome};
use crate::gate::{Gate, Trace};
use crate::password::Password;
use crate::permit::Permit;
use crate::principal::{Principal, UserId};
use crate::random;
use crate::secret::{Fingerprint, hex};
use crate::store::{ResetRecord, SessionsAfter, UserRecord};

/// How long a link works.
pub const RESET_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// A link that was just made: this is the only time its secret is there.
pub struct ResetLink {
    secret: Zeroizing<String>,
    /// When it stops working.
    pub expires_at: Timestamp,
}

impl ResetLink {
    /// The secret, for the link only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.secret
    }
}

impl fmt::Debug for ResetLink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ResetLink")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Gate {
    /// Makes a one-time link by which the account's password is chosen; an older one is dead.
    ///
    /// # Errors
    /// [`AccountError::NotFound`], `Shut`, or `NotForCaller` for who does not administer.
    pub fn offer_reset(&self, permit: &Permit, id: UserId) -> Result<ResetLink, AccountError> {
        if !permit.administers() {
            return Err(AccountError::NotForCaller);
        }
        let user = self.store.user(id)?.ok_or(AccountError::NotFound)?;
        if user.disabled {
            return Err(AccountError::Shut);
        }
        let bytes = Zeroizing::new(random::array::<32>(&*self.random)?);
        let secret = Zeroizing::new(hex(bytes.as_slice()));
        let now = self.now();
        let expires_at = now.checked_add(RESET_LIFE).unwrap_or(now);
        let record =
            ResetRecord { secret: Fingerprint::of(secret.as_bytes()), user: id, expires_at };
        self.store.save_reset(&record)?;
        self.record(
            EventName::AuthnTokenCreated,
            Outcome::Success,
            &Trace::of(permit),
            Some(format!("reset:{id}")),
        );
        Ok(ResetLink { secret, expires_at })
    }

    /// Gives the account behind a link the password its holder chose, ends its sessions and any lock; works once.
    ///
    /// # Errors
    /// [`AccountError::WrongResetLink`] for a link that is wrong, used up or too old, `Password` for a bad password (the link
    /// stays), `Locked`, `Busy`, or a failing store.
    pub fn reset_password(
        &self,
        permit: &Permit,
        secret: &Password,
        new: &Password,
    ) -> Result<(), AccountError> {
        // Only the address can be locked: 256 bits need no lock by which strangers could keep the owner out.
        let mut attempt = self.attempt(permit, None)?;
        attempt.guesses(&[b"reset", secret.expose().as_bytes()]);
        let found = undecided(&mut attempt, self.reset_of(secret))?;
        let Some((reset, user)) = found else {
            attempt.failed();
            return Err(self.refused_reset(permit));
        };
        attempt.succeeded();
        let password = self.replacement_password(&user, new)?;
        {
            let _changing = self.change();
            if !self.store.use_reset(&reset, &password, self.now())? {
                return Err(self.refused_reset(permit));
            }
        }
        self.after_reset(permit, &user)
    }

    /// The link of that secret and its account, if both still count.
    fn reset_of(
        &self,
        secret: &Password,
    ) -> Result<Option<(ResetRecord, UserRecord)>, AccountError> {
        let now = self.now();
        let reset = self.store.reset(&Fingerprint::of(secret.expose().as_bytes()))?;
        let Some(reset) = reset.filter(|reset| now < reset.expires_at) else {
            return Ok(None);
        };
        let user = self.store.user(reset.user)?.filter(|user| !user.disabled);
        Ok(user.map(|user| (reset, user)))
    }

    fn refused_reset(&self, permit: &Permit) -> AccountError {
        let event = EventName::AuthnPasswordChangeFail;
        self.record(event, Outcome::Denied, &Trace::of(permit), Some("reset".to_owned()));
        AccountError::WrongResetLink
    }

    /// Sets an account's password in the operator's name, and ends its sessions and any lock.
    ///
    /// # Errors
    /// [`AccountError::NotFound`], `Password`, `Busy`, or `NotForCaller` for everybody but the operator.
    pub fn set_password(
        &self,
        permit: &Permit,
        id: UserId,
        new: &Password,
    ) -> Result<(), AccountError> {
        if !matches!(permit.principal(), Principal::Operator) {
            return Err(AccountError::NotForCaller);
        }
        let user = self.store.user(id)?.ok_or(AccountError::NotFound)?;
        let password = self.replacement_password(&user, new)?;
        {
            let _changing = self.change();
            self.store.set_password(id, &password, Some(self.now()), SessionsAfter::End)?;
        }
        self.after_reset(permit, &user)
    }

    fn after_reset(&self, permit: &Permit, user: &UserRecord) -> Result<(), AccountError> {
        self.live.forget_all();
        self.rebound(user)?;
        let event = EventName::AuthnPasswordChange;
        let object = Some(format!("user:{}", user.id));
        self.record(event, Outcome::Success, &Trace::of(permit), object);
        Ok(())
    }
}
