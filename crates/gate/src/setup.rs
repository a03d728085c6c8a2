//! The first account, made with a secret that works once.

use crate::accounts::{AccountError, Grace, LogIn, SignedIn, undecided};
use crate::audit::{EventName, Outcome};
use crate::factor::{Enrolled, Factor};
use crate::gate::{Gate, Trace};
use crate::password::Password;
use crate::permit::Permit;
use crate::prove::Proved;
use crate::random;
use crate::secret::{Fingerprint, hex};
use crate::users::NewUser;

/// Somebody who sets up the server.
#[derive(Debug)]
pub struct SetUp {
    /// The one-time secret.
    pub secret: Password,
    /// The first account, its password and browser.
    pub account: LogIn,
}

impl Gate {
    /// Whether the server waits for its first account.
    ///
    /// # Errors
    /// The store failed.
    pub fn setup_required(&self) -> Result<bool, AccountError> {
        Ok(!self.store.has_users()?)
    }

    /// Makes a new one-time setup secret; an older one is dead. Show it once.
    ///
    /// # Errors
    /// [`AccountError::SetupClosed`] when there is an account already.
    pub fn offer_setup(&self) -> Result<String, AccountError> {
        if self.store.has_users()? {
            return Err(AccountError::SetupClosed);
        }
        let secret = hex(&random::array::<32>(&*self.random)?);
        self.store.set_setup_secret(&Fingerprint::of(secret.as_bytes()))?;
        Ok(secret)
    }

    /// Makes the first account and signs it in; works once.
    ///
    /// # Errors
    /// [`AccountError::WrongSetupSecret`], `SetupClosed`, `Locked`, `Name`, `Password`, `Busy`, or a failing store.
    pub fn set_up(&self, permit: &Permit, form: &SetUp) -> Result<SignedIn, AccountError> {
        // Only the address can be locked: a secret of 256 bits needs no lock by which strangers could keep its owner out.
        let mut attempt = self.attempt(permit, None)?;
        attempt.guesses(&[b"setup", form.secret.expose().as_bytes()]);
        let kept = undecided(&mut attempt, self.store.setup_secret())?;
        let shown = Fingerprint::of(form.secret.expose().as_bytes());
        if !shown.matches(&kept.unwrap_or(Fingerprint([0; 32]))) {
            attempt.failed();
            self.record(
                EventName::AuthnLoginFail,
                Outcome::Denied,
                &Trace::of(permit),
                Some("setup".to_owned()),
            );
            return Err(if kept.is_some() {
                AccountError::WrongSetupSecret
            } else {
                AccountError::SetupClosed
            });
        }
        attempt.succeeded();
        let account = &form.account;
        let user = self.new_user(&NewUser {
            name: account.username.clone(),
            role: self.vocabulary.first_role.to_owned(),
            grants: None,
            password: Some(account.password.clone()),
        })?;
        if !self.store.insert_first_user(&user)? {
            return Err(AccountError::SetupClosed);
        }
        self.record(
            EventName::UserCreated,
            Outcome::Success,
            &Trace::of(permit),
            Some(format!("user:{}", user.id)),
        );
        let proved = Proved {
            user,
            enrolled: Enrolled::default(),
            factors: Factor::Password.into(),
            stronger: None,
            after_failures: false,
        };
        self.begin_session(&proved, Grace::Free, account.user_agent.as_deref())
    }
}
