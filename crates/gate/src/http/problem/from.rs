//! From the core's typed refusals to problems.

use std::time::Duration;

use super::{Problem, kind};
use crate::accounts::AccountError;
use crate::audit::NotKept;
use crate::door::Refusal;
use crate::emergency::{EmergencyError, KeeperError};
use crate::enrol::FactorError;
use crate::factor::passkey::{PasskeyError, PasskeyObstacle};
use crate::key::ImportError;
use crate::keys::KeyError;
use crate::requirement::Requirement;
use crate::tokens::TokenError;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TwoCredentials => Self::new(kind::TWO_CREDENTIALS),
            Refusal::Unauthenticated => Self::new(kind::UNAUTHENTICATED).challenge(),
            Refusal::Forbidden => Self::new(kind::FORBIDDEN),
            Refusal::NotFresh => Self::new(kind::STEP_UP_REQUIRED),
            Refusal::Hidden => Self::not_found(),
            Refusal::Required(Requirement::ChangePassword) => {
                Self::new(kind::ACTION_REQUIRED).detail("Choose another password first.")
            }
            Refusal::Required(Requirement::EnrolFactor) => {
                Self::new(kind::ACTION_REQUIRED).detail("Set up a second factor first.")
            }
            Refusal::CrossOrigin => Self::new(kind::CROSS_ORIGIN),
            Refusal::OverQuota { policy, retry_after } => {
                Self::new(kind::QUOTA_EXCEEDED).violated(policy).retry_after(retry_after)
            }
            Refusal::TooMany { retry_after } => Self::new(kind::TOO_MANY).retry_after(retry_after),
            Refusal::Locked { retry_after } => Self::new(kind::LOCKED).retry_after(retry_after),
            Refusal::Unrecordable => {
                Self::new(kind::AUDIT_UNAVAILABLE).retry_after(Duration::from_secs(5))
            }
            Refusal::Unavailable(error) => {
                Self::unavailable(error).retry_after(Duration::from_secs(5))
            }
        }
    }
}

impl From<NotKept> for Problem {
    fn from(_: NotKept) -> Self {
        Self::new(kind::AUDIT_UNAVAILABLE)
            .detail("The change may have been made. Look before you try again.")
            .retry_after(Duration::from_secs(5))
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::WrongCredentials => Self::new(kind::WRONG_CREDENTIALS).challenge(),
            AccountError::WrongFactor => Self::new(kind::WRONG_FACTOR).challenge(),
            AccountError::WeakFactor => Self::new(kind::INVALID)
                .detail("The account has a stronger factor than this; show that one."),
            AccountError::TransactionEnded => Self::new(kind::TRANSACTION_ENDED).challenge(),
            AccountError::FactorMissing => Self::new(kind::FACTOR_REQUIRED).detail(
                "It has used its one sign-in without; an administrator can allow another with a reset.",
            ),
            AccountError::NoPasskeys(obstacle) => no_passkeys(obstacle),
            AccountError::Locked(locked) => Refusal::from(locked).into(),
            AccountError::Busy(busy) => Self::new(kind::UNAVAILABLE)
                .detail("Too many passwords are being checked.")
                .retry_after(busy.retry_after),
            AccountError::SetupClosed => {
                Self::new(kind::CONFLICT).detail("There is nothing to set up.")
            }
            AccountError::WrongSetupSecret => Self::new(kind::WRONG_CREDENTIALS)
                .detail("The setup secret is wrong or used up.")
                .challenge(),
            AccountError::WrongResetLink => Self::new(kind::WRONG_CREDENTIALS)
                .detail("The link is wrong, used up or too old.")
                .challenge(),
            AccountError::Shut => Self::new(kind::CONFLICT).detail("The account is shut."),
            AccountError::ImportedHash => Self::invalid(
                "password_hash",
                "must be a bcrypt hash of cost 10 to 16, or an Argon2id hash in PHC form",
            ),
            AccountError::Name => Self::invalid(
                "username",
                "must be 1 to 64 letters, digits or . _ - + @, without spaces",
            ),
            AccountError::NameTaken => Self::new(kind::CONFLICT).field("username", "is taken"),
            AccountError::Role => Self::invalid("role", "is not a role of this server"),
            AccountError::Grants => Self::invalid(
                "grants",
                "must be 1 to 64 places written *, database or database/object",
            ),
            AccountError::GrantsOfAdministrator => {
                Self::invalid("grants", "must be * for a role that administers")
            }
            AccountError::Password(fault) => Self::invalid("password", fault.message()),
            AccountError::NotFound => Self::not_found(),
            AccountError::NotForCaller => Self::new(kind::FORBIDDEN),
            AccountError::LastAdministrator => {
                Self::new(kind::CONFLICT).detail("The last administrator must stay.")
            }
            error @ (AccountError::Store(_) | AccountError::Breached(_)) => {
                Self::unavailable(error).retry_after(Duration::from_secs(5))
            }
            error @ (AccountError::Random(_)
            | AccountError::Hash(_)
            | AccountError::Factor(_)) => Self::internal(error),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::NotGood => Self::new(kind::UNAUTHENTICATED).challenge(),
            TokenError::Refused(refusal) => refusal.into(),
            TokenError::NeedsFactor => Self::new(kind::FACTOR_REQUIRED).detail(
                "Show a code of the account's app, or a recovery code, along with the password.",
            ),
            TokenError::Account(error) => error.into(),
            error @ TokenError::Store(_) => {
                Self::unavailable(error).retry_after(Duration::from_secs(5))
            }
            error @ (TokenError::Random(_) | TokenError::Key(_)) => Self::internal(error),
        }
    }
}

impl From<FactorError> for Problem {
    fn from(error: FactorError) -> Self {
        match error {
            FactorError::Account(error) => error.into(),
            FactorError::NothingPending => Self::new(kind::CONFLICT)
                .detail("No authenticator app waits for its first code; begin again."),
            FactorError::WrongCode => {
                Self::invalid("code", "is not a code of the app that was shown")
            }
            FactorError::NothingEnrolled => Self::new(kind::CONFLICT)
                .detail("Recovery codes stand in for a second factor; set one up first."),
            FactorError::Passkey(PasskeyError::Unavailable(obstacle)) => no_passkeys(obstacle),
            FactorError::Passkey(_) => {
                Self::invalid("passkey", "is not a new passkey of this server")
            }
            FactorError::Name => Self::invalid("name", "must be 1 to 100 printable characters"),
            FactorError::Taken => Self::new(kind::CONFLICT)
                .field("passkey", "is enrolled already, or there are too many"),
        }
    }
}

fn no_passkeys(obstacle: PasskeyObstacle) -> Problem {
    Problem::new(kind::PASSKEYS_UNAVAILABLE).detail(match obstacle {
        PasskeyObstacle::NoPublicUrl => {
            "The server does not know its address; set server.public_url."
        }
        PasskeyObstacle::NoDomain => {
            "They are bound to a domain name, and server.public_url has none."
        }
        PasskeyObstacle::NotEncrypted => {
            "They need https:// in server.public_url, everywhere but on localhost."
        }
    })
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Name => Self::invalid("name", "must be 1 to 100 printable characters"),
            KeyError::Scopes(_) => Self::invalid(
                "scopes",
                "must be 1 to 64 scopes written action:database or action:database/object",
            ),
            KeyError::MoreThanCaller => Self::new(kind::FORBIDDEN)
                .field("scopes", "go beyond what the caller may do itself"),
            KeyError::Life => Self::invalid(
                "expires_in_days",
                "must be a number of days within the configured bounds",
            ),
            KeyError::Cidrs => Self::invalid(
                "cidrs",
                "must be at most 32 addresses or networks such as 192.0.2.0/24",
            ),
            KeyError::Import(ImportError::Short) => {
                Self::invalid("secret", "must have at least 32 characters")
            }
            KeyError::Import(ImportError::Weak) => Self::invalid(
                "secret",
                "must have 64 hexadecimal digits or 43 letters of base64url, unless auth.keys.short_imports allows fewer",
            ),
            KeyError::Import(ImportError::Characters) => {
                Self::invalid("secret", "must be at most 512 letters, digits or + / = - _")
            }
            KeyError::Import(ImportError::Repetitive) => {
                Self::invalid("secret", "repeats itself and was not drawn at random")
            }
            KeyError::Known => Self::new(kind::CONFLICT).field("secret", "is known already"),
            KeyError::NotFound => Self::not_found(),
            KeyError::Ended => Self::new(kind::CONFLICT).detail("The key has ended."),
            error @ KeyError::Store(_) => {
                Self::unavailable(error).retry_after(Duration::from_secs(5))
            }
            error @ KeyError::Random(_) => Self::internal(error),
        }
    }
}

impl From<EmergencyError> for Problem {
    fn from(error: EmergencyError) -> Self {
        match error {
            EmergencyError::NotForCaller => Self::new(kind::FORBIDDEN),
            EmergencyError::Keeper(KeeperError::Configured) => Self::new(kind::CONFLICT).detail(
                "The configuration sets a root secret: replace it there and restart. Nothing was changed.",
            ),
            EmergencyError::Keeper(KeeperError::TooMany) => Self::new(kind::CONFLICT).detail(
                "As many earlier secrets as can be kept are recognised; retire them first.",
            ),
            error @ EmergencyError::Store(_) => {
                Self::unavailable(error).retry_after(Duration::from_secs(5))
            }
            error @ (EmergencyError::Keeper(_) | EmergencyError::Gate(_)) => Self::internal(error),
        }
    }
}
