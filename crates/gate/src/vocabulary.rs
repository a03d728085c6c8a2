//! The product's actions and roles, given to the gate as tables.
//!
//! The gate itself knows no product noun: which actions exist, which of them include which, and which scopes a
//! role stands for are rows written elsewhere and checked once here.
//!
//! # Invariants
//! - The administering action includes every other (`admin_includes_everything`).
//! - A scope that names an unknown action does not parse, so it can never be granted.
//! - The administering action is held everywhere or not at all: a grant for less takes it away
//!   (`administering_is_everywhere_or_nothing`).

use std::sync::Arc;

use crate::scope::{Action, OBJECT_NAME_BYTES_MAX, Place, Scope, is_database_name};

/// One action and those it includes.
#[derive(Debug, Clone, Copy)]
pub struct ActionRow {
    /// The action.
    pub action: Action,
    /// What may also be done by who may do it; not followed further.
    pub includes: &'static [Action],
}

/// One role and what it stands for.
#[derive(Debug, Clone, Copy)]
pub struct RoleRow {
    /// Its written name.
    pub name: &'static str,
    /// Its scopes: an action and a database name, or `*`.
    pub scopes: &'static [(Action, &'static str)],
    /// Whether its sessions live by the shorter of the two session rules.
    pub privileged: bool,
}

/// The tables.
#[derive(Debug, Clone, Copy)]
pub struct Vocabulary {
    /// Every action.
    pub actions: &'static [ActionRow],
    /// Every role.
    pub roles: &'static [RoleRow],
    /// The action that includes all others and may manage other people's keys and sessions.
    pub administering: Action,
    /// Actions that nobody should hold by a password alone.
    pub second_factor_for: &'static [Action],
    /// The role of the first user.
    pub first_role: &'static str,
    /// Words of the product that no password should be built from.
    pub password_words: &'static [&'static str],
    /// The one spelling of an object's name; none for what can be no name.
    pub canonical_object: fn(&str) -> Option<String>,
}

/// A written scope that means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// There is no colon, so no database is named.
    #[error("a scope is written action:database or action:database/object")]
    Shape,
    /// No such action.
    #[error("the scope names an unknown action")]
    Action,
    /// Not a database name.
    #[error("the scope names no valid database")]
    Database,
    /// Not a name of an object.
    #[error("the scope names no valid object")]
    Object,
}

impl Vocabulary {
    /// Reads `action:place`.
    ///
    /// # Errors
    /// Any text that is not exactly that, with an action of the table.
    pub fn scope(&self, text: &str) -> Result<Scope, ScopeError> {
        let (action, place) = text.split_once(':').ok_or(ScopeError::Shape)?;
        let action = self.action(action).ok_or(ScopeError::Action)?;
        Ok(Scope { action, place: self.place(place)? })
    }

    /// Reads `*`, `database` or `database/object`; the object in any spelling.
    ///
    /// # Errors
    /// What is no database or no object.
    pub fn place(&self, text: &str) -> Result<Place, ScopeError> {
        if text == "*" {
            return Ok(Place::Everywhere);
        }
        let (database, object) = match text.split_once('/') {
            Some((database, object)) => (database, Some(object)),
            None => (text, None),
        };
        if !is_database_name(database) {
            return Err(ScopeError::Database);
        }
        let database = Arc::from(database);
        let Some(object) = object else {
            return Ok(Place::Database(database));
        };
        let object = self.object(object).ok_or(ScopeError::Object)?;
        Ok(Place::Object(database, object.into()))
    }

    /// The canonical name of an object.
    pub(crate) fn object(&self, text: &str) -> Option<String> {
        (text.len() <= OBJECT_NAME_BYTES_MAX).then(|| (self.canonical_object)(text)).flatten()
    }

    /// The action of that name.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<Action> {
        self.actions.iter().map(|row| row.action).find(|action| action.name() == name)
    }

    /// The role of that name.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<&'static RoleRow> {
        self.roles.iter().find(|row| row.name == name)
    }

    /// What somebody of that role may do with those grants: each action of the role, where both role and a grant allow it.
    #[must_use]
    pub fn effective(&self, role: &RoleRow, grants: &[Place]) -> Vec<Scope> {
        let mut scopes = Vec::new();
        for (action, place) in role.scopes {
            let Ok(place) = self.place(place) else {
                continue;
            };
            let shared = grants.iter().filter_map(|grant| place.shared_with(grant));
            scopes.extend(shared.map(|place| Scope { action: *action, place }));
        }
        scopes
            .retain(|scope| scope.action != self.administering || scope.place == Place::Everywhere);
        scopes
    }

    /// Whether the role may administer, and so has no use for grants but everything.
    #[must_use]
    pub fn administers(&self, role: &RoleRow) -> bool {
        role.scopes.iter().any(|(action, _)| *action == self.administering)
    }

    /// Whether holding `held` is enough for `wanted`.
    #[must_use]
    pub fn satisfies(&self, held: &Scope, wanted: &Scope) -> bool {
        held.place.covers(&wanted.place) && self.includes(held.action, wanted.action)
    }

    /// Whether one of `held` is enough for `wanted`.
    #[must_use]
    pub fn any_satisfies(&self, held: &[Scope], wanted: &Scope) -> bool {
        held.iter().any(|scope| self.satisfies(scope, wanted))
    }

    /// What of `wanted` one who holds `held` may still do: each action where both reach.
    pub(crate) fn shared(&self, wanted: &[Scope], held: &[Scope]) -> Vec<Scope> {
        let mut shared = Vec::new();
        for scope in wanted {
            let able = held.iter().filter(|held| self.includes(held.action, scope.action));
            let places = able.filter_map(|held| held.place.shared_with(&scope.place));
            shared.extend(places.map(|place| Scope { action: scope.action, place }));
        }
        shared.sort();
        shared.dedup();
        shared
    }

    /// Whether who holds this action should have a second factor.
    pub(crate) fn needs_factor(&self, held: Action) -> bool {
        self.second_factor_for.iter().any(|action| self.includes(held, *action))
    }

    pub(crate) fn includes(&self, held: Action, wanted: Action) -> bool {
        held == wanted
            || held == self.administering
            || self.actions.iter().any(|row| row.action == held && row.includes.contains(&wanted))
    }

    /// What is wrong with the tables, in words for the developer who wrote them.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let known = |action: Action| self.actions.iter().any(|row| row.action == action);
        if !known(self.administering) {
            faults.push(format!(
                "the administering action {} is not in the table",
                self.administering
            ));
        }
        if self.role(self.first_role).is_none() {
            faults.push(format!("the first role {} is not in the table", self.first_role));
        }
        for role in self.roles {
            for (action, place) in role.scopes {
                if !known(*action) || self.place(place).is_err() {
                    faults.push(format!("role {}: {action}:{place} is no scope", role.name));
                }
            }
        }
        faults
    }
}

#[cfg(test)]
pub(crate) mod tests;
