//! The product's actions and roles, given to the gate as tables.
//!
//! The gate itself knows no product noun: which actions exist, which of them include which, and which scopes a
//! role stands for are rows written elsewhere and checked once here.
//!
//! # Invariants
//! - The administering action includes every other (`admin_includes_everything`).
//! - A scope that names an unknown action does not parse, so it can never be granted.

use crate::scope::{Action, Database, Scope};

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
    /// The role of the first user.
    pub first_role: &'static str,
    /// Words of the product that no password should be built from.
    pub password_words: &'static [&'static str],
}

/// A written scope that means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// There is no colon, so no database is named.
    #[error("a scope is written action:database")]
    Shape,
    /// No such action.
    #[error("the scope names an unknown action")]
    Action,
    /// Not a database name.
    #[error("the scope names no valid database")]
    Database,
}

impl Vocabulary {
    /// Reads `action:database`.
    ///
    /// # Errors
    /// Any text that is not exactly that, with an action of the table.
    pub fn scope(&self, text: &str) -> Result<Scope, ScopeError> {
        let (action, database) = text.split_once(':').ok_or(ScopeError::Shape)?;
        let action = self.action(action).ok_or(ScopeError::Action)?;
        let database = Database::parse(database).ok_or(ScopeError::Database)?;
        Ok(Scope { action, database })
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

    /// The scopes a role stands for.
    #[must_use]
    pub fn role_scopes(&self, role: &RoleRow) -> Vec<Scope> {
        role.scopes
            .iter()
            .filter_map(|(action, database)| {
                Some(Scope { action: *action, database: Database::parse(database)? })
            })
            .collect()
    }

    /// Whether holding `held` is enough for `wanted`.
    #[must_use]
    pub fn satisfies(&self, held: &Scope, wanted: &Scope) -> bool {
        held.reaches(&wanted.database) && self.includes(held.action, wanted.action)
    }

    pub(crate) fn satisfies_required(
        &self,
        held: &Scope,
        action: Action,
        database: Option<&str>,
    ) -> bool {
        let reaches = match database {
            None => held.database == Database::All,
            Some(name) => held.database.covers(name),
        };
        reaches && self.includes(held.action, action)
    }

    /// Whether one of `held` is enough for `wanted`.
    #[must_use]
    pub fn any_satisfies(&self, held: &[Scope], wanted: &Scope) -> bool {
        held.iter().any(|scope| self.satisfies(scope, wanted))
    }

    fn includes(&self, held: Action, wanted: Action) -> bool {
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
            for (action, database) in role.scopes {
                if !known(*action) || Database::parse(database).is_none() {
                    faults.push(format!("role {}: {action}:{database} is no scope", role.name));
                }
            }
        }
        faults
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const VOCABULARY: Vocabulary = Vocabulary {
        actions: &[
            ActionRow { action: Action::READ, includes: &[] },
            ActionRow { action: Action::QUERY, includes: &[Action::READ] },
            ActionRow { action: Action::WRITE, includes: &[Action::READ] },
            ActionRow { action: Action::ADMIN, includes: &[] },
        ],
        roles: &[
            RoleRow { name: "viewer", scopes: &[(Action::READ, "*")], privileged: false },
            RoleRow { name: "admin", scopes: &[(Action::ADMIN, "*")], privileged: true },
        ],
        administering: Action::ADMIN,
        first_role: "admin",
        password_words: &["product"],
    };

    fn check(text: &str) -> String {
        match VOCABULARY.scope(text) {
            Ok(scope) => scope.to_string(),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn scopes_are_read_and_printed() {
        for text in ["read:*", "query:web", "write:shop-2", "admin:*"] {
            assert_eq!(check(text), text);
        }
        assert_eq!(check("read"), "Shape");
        assert_eq!(check("fly:web"), "Action");
        assert_eq!(check("read:"), "Database");
        assert_eq!(check("read:a:b"), "Database");
        assert_eq!(check("read:we b"), "Database");
        assert_eq!(check(&format!("read:{}", "a".repeat(63))), format!("read:{}", "a".repeat(63)));
        assert_eq!(check(&format!("read:{}", "a".repeat(64))), "Database");
    }

    #[test]
    fn admin_includes_everything() {
        let admin = Scope::everywhere(Action::ADMIN);
        for row in VOCABULARY.actions {
            assert!(VOCABULARY.satisfies(&admin, &Scope::on(row.action, "web")));
        }
    }

    #[test]
    fn a_scope_reaches_its_own_database_only() {
        let read = Scope::on(Action::READ, "web");
        assert!(VOCABULARY.satisfies(&read, &Scope::on(Action::READ, "web")));
        assert!(!VOCABULARY.satisfies(&read, &Scope::on(Action::READ, "net")));
        assert!(!VOCABULARY.satisfies(&read, &Scope::everywhere(Action::READ)));
        assert!(!VOCABULARY.satisfies(&read, &Scope::on(Action::WRITE, "web")));
        assert!(VOCABULARY.satisfies(&Scope::on(Action::WRITE, "web"), &read));
    }

    #[test]
    fn faults_of_the_tables_are_found() {
        assert!(VOCABULARY.faults().is_empty());
        let broken = Vocabulary { actions: &[], first_role: "nobody", ..VOCABULARY };
        assert_eq!(broken.faults().len(), 4);
    }
}
