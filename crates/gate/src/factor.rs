//! What proves that somebody is somebody, what each proof is worth, and what an
//! account must prove.
//!
//! Every question about factors is answered here and nowhere else: which are enough to sign in, which is the strongest an
//! account has, whether a session's proof is fresh, who must have a second factor at all. The doors only ask.
//!
//! # Invariants
//! - A recovery code stands in for a lost second factor, never for the password too (`recovery_codes_alone_are_no_second_factor`).
//! - What an account must prove follows from what it has enrolled now, not from what it had when it signed in.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::MfaRule;
use crate::gate::Gate;
use crate::scope::Scope;

pub mod code;
pub mod passkey;
mod qr;
pub mod totp;

pub(crate) use qr::svg;

/// How long a proof counts as fresh.
pub const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// One way to prove who one is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// The password.
    Password,
    /// A code from an authenticator app.
    Totp,
    /// One of the codes kept for the day the other factor is lost.
    RecoveryCode,
    /// A passkey: possession and, because the authenticator verified its user, one thing more.
    Passkey,
}

impl Factor {
    const ALL: [Self; 4] = [Self::Password, Self::Totp, Self::RecoveryCode, Self::Passkey];

    /// Its written name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::Passkey => "passkey",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// What a proof is worth. A recovery code is worth as much as what it stands in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    Nothing,
    Password,
    Code,
    Passkey,
}

/// A set of factors.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Factors(u8);

impl Factors {
    /// These and one more.
    #[must_use]
    pub const fn with(self, factor: Factor) -> Self {
        Self(self.0 | factor.bit())
    }

    /// Whether it is among them.
    #[must_use]
    pub const fn contains(self, factor: Factor) -> bool {
        self.0 & factor.bit() != 0
    }

    /// Each of them, the password first.
    pub fn iter(self) -> impl Iterator<Item = Factor> {
        Factor::ALL.into_iter().filter(move |factor| self.contains(*factor))
    }

    /// Reads their names, as [`fmt::Display`] writes them; a name that is none makes the text none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let known = |name: &str| Factor::ALL.into_iter().find(|factor| factor.name() == name);
        let mut names = text.split(',').filter(|name| !name.is_empty());
        names.try_fold(Self::default(), |factors, name| Some(factors.with(known(name)?)))
    }

    pub(crate) const fn strength(self) -> Strength {
        if self.contains(Factor::Passkey) || self.contains(Factor::RecoveryCode) {
            Strength::Passkey
        } else if self.contains(Factor::Totp) {
            Strength::Code
        } else if self.contains(Factor::Password) {
            Strength::Password
        } else {
            Strength::Nothing
        }
    }
}

impl From<Factor> for Factors {
    fn from(factor: Factor) -> Self {
        Self::default().with(factor)
    }
}

/// Their names with commas between.
impl fmt::Display for Factors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, factor) in self.iter().enumerate() {
            let separator = if place == 0 { "" } else { "," };
            write!(formatter, "{separator}{}", factor.name())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Factors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Factors({self})")
    }
}

/// What an account has enrolled beside its password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Enrolled {
    /// An authenticator app.
    pub totp: bool,
    /// How many passkeys.
    pub passkeys: u32,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
}

impl Enrolled {
    /// Whether the password alone no longer signs in.
    #[must_use]
    pub const fn has_second(&self) -> bool {
        self.totp || self.passkeys > 0
    }

    /// What may follow the password, the strongest first.
    #[must_use]
    pub fn methods(&self) -> Vec<Factor> {
        let codes = self.has_second() && self.recovery_codes > 0;
        let all = [
            (self.passkeys > 0, Factor::Passkey),
            (self.totp, Factor::Totp),
            (codes, Factor::RecoveryCode),
        ];
        all.into_iter().filter_map(|(enrolled, factor)| enrolled.then_some(factor)).collect()
    }

    /// What has to be proved lately before something dangerous is done.
    pub(crate) const fn strongest(&self) -> Strength {
        if self.passkeys > 0 {
            Strength::Passkey
        } else if self.totp {
            Strength::Code
        } else {
            Strength::Password
        }
    }

    /// Until when that proof lets dangerous things be done; none when something stronger is enrolled.
    pub(crate) fn fresh_until(&self, proved: Factors, at: Timestamp) -> Option<Timestamp> {
        let enough = proved.strength() >= self.strongest();
        enough.then(|| at.checked_add(FRESH).ok()).flatten()
    }
}

impl Gate {
    /// Whether who may do that must have a second factor, by the product's table and the operator's rule.
    #[must_use]
    pub fn must_have_second(&self, scopes: &[Scope]) -> bool {
        let config = &self.config().mfa;
        let listed =
            |scope: &Scope| config.databases.iter().any(|database| scope.place.touches(database));
        let by_action = match config.required {
            MfaRule::All => return true,
            MfaRule::Privileged => {
                scopes.iter().any(|scope| self.vocabulary.needs_factor(scope.action))
            }
            MfaRule::None => false,
        };
        by_action || scopes.iter().any(listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enrolled(totp: bool, passkeys: u32) -> Enrolled {
        Enrolled { totp, passkeys, recovery_codes: 10 }
    }

    #[test]
    fn sets_are_written_and_read_back() {
        let all = Factor::ALL.into_iter().fold(Factors::default(), Factors::with);
        assert_eq!(all.to_string(), "password,totp,recovery_code,passkey");
        for factors in [all, Factors::default(), Factors::from(Factor::Passkey)] {
            assert_eq!(Factors::parse(&factors.to_string()), Some(factors));
        }
        assert_eq!(Factors::parse("password,telepathy"), None);
        for factor in Factor::ALL {
            assert_eq!(serde_json::to_value(factor).unwrap(), factor.name());
        }
    }

    #[test]
    fn only_the_strongest_enrolled_factor_is_fresh() {
        let at = Timestamp::from_second(1_000_000).unwrap();
        let check = |enrolled: Enrolled, proved: &[Factor]| {
            let proved = proved.iter().copied().fold(Factors::default(), Factors::with);
            enrolled.fresh_until(proved, at).is_some()
        };
        let (password, totp, passkey) = (Factor::Password, Factor::Totp, Factor::Passkey);
        for (account, proved, fresh) in [
            (enrolled(false, 0), &[password][..], true),
            (enrolled(false, 0), &[][..], false),
            (enrolled(true, 0), &[password][..], false),
            (enrolled(true, 0), &[password, totp][..], true),
            (enrolled(true, 1), &[password, totp][..], false),
            (enrolled(true, 1), &[passkey][..], true),
            (enrolled(false, 2), &[password][..], false),
            (enrolled(true, 1), &[password, Factor::RecoveryCode][..], true),
        ] {
            assert_eq!(check(account, proved), fresh, "{account:?} {proved:?}");
        }
        let until = enrolled(false, 0).fresh_until(password.into(), at).unwrap();
        assert_eq!(until.as_second() - at.as_second(), 300);
    }

    #[test]
    fn recovery_codes_alone_are_no_second_factor() {
        let left = Enrolled { totp: false, passkeys: 0, recovery_codes: 10 };
        assert!(!left.has_second());
        assert_eq!(left.methods(), []);
        assert_eq!(
            enrolled(true, 1).methods(),
            [Factor::Passkey, Factor::Totp, Factor::RecoveryCode]
        );
        assert_eq!(Enrolled { recovery_codes: 0, ..enrolled(true, 0) }.methods(), [Factor::Totp]);
    }
}
