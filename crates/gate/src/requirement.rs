//! What an account must do before it may do anything else.
//!
//! A session of an account with something required reaches only the routes whose policy says
//! [`Policy::while_required`](crate::Policy::while_required): those by which it can be done, and signing out. What is
//! required is not stored with a session: it is found out whenever the session is read, so it ends the moment it is done.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::factor::Enrolled;
use crate::gate::Gate;
use crate::scope::Scope;
use crate::store::UserRecord;

/// One thing an account must do first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// Choose another password.
    ChangePassword,
    /// Set up a second factor.
    EnrolFactor,
}

impl Requirement {
    /// All, in the order in which they are to be done.
    pub const ALL: [Self; 2] = [Self::ChangePassword, Self::EnrolFactor];

    const fn bit(self) -> u8 {
        match self {
            Self::ChangePassword => 1,
            Self::EnrolFactor => 2,
        }
    }
}

/// All that is required of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requirements(u8);

impl Requirements {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// These and one more.
    #[must_use]
    pub const fn and(self, one: Requirement) -> Self {
        Self(self.0 | one.bit())
    }

    /// Whether that is among them.
    #[must_use]
    pub const fn has(self, one: Requirement) -> bool {
        self.0 & one.bit() != 0
    }

    /// In the order in which they are to be done.
    pub fn iter(self) -> impl Iterator<Item = Requirement> {
        Requirement::ALL.into_iter().filter(move |one| self.has(*one))
    }
}

impl FromIterator<Requirement> for Requirements {
    fn from_iter<T: IntoIterator<Item = Requirement>>(all: T) -> Self {
        all.into_iter().fold(Self::NONE, Self::and)
    }
}

impl Serialize for Requirements {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl JsonSchema for Requirements {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Requirements".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <Vec<Requirement>>::json_schema(generator)
    }
}

impl Gate {
    /// What that account must do before it may do anything else, given what it may do and what it has enrolled.
    pub(crate) fn requirements(
        &self,
        user: &UserRecord,
        scopes: &[Scope],
        enrolled: &Enrolled,
        now: Timestamp,
    ) -> Requirements {
        let expired = self.password_expires_at(user).is_some_and(|end| now >= end);
        let change_password = user.must_change_password || expired;
        let enrol_factor = !enrolled.has_second() && self.must_have_second(scopes);
        let all = [
            change_password.then_some(Requirement::ChangePassword),
            enrol_factor.then_some(Requirement::EnrolFactor),
        ];
        all.into_iter().flatten().collect()
    }

    /// When the account's password must be changed, if passwords do expire.
    #[must_use]
    pub fn password_expires_at(&self, user: &UserRecord) -> Option<Timestamp> {
        let days = i64::from(self.config().passwords.expiry_days);
        let life = SignedDuration::from_hours(24 * days);
        (days > 0).then(|| user.password_changed_at.checked_add(life).unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let both =
            Requirements::NONE.and(Requirement::EnrolFactor).and(Requirement::ChangePassword);
        assert_eq!(both.iter().collect::<Vec<_>>(), Requirement::ALL);
        assert_eq!(serde_json::to_string(&both).unwrap(), r#"["change_password","enrol_factor"]"#);
        let one: Requirements = [Requirement::EnrolFactor].into_iter().collect();
        assert!(one.has(Requirement::EnrolFactor) && !one.has(Requirement::ChangePassword));
        assert_eq!(Requirements::NONE.iter().count(), 0);
    }
}
