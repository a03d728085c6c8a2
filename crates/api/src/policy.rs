//! The product's tables: which actions there are, and what each role may do.
//!
//! The gate obeys them without knowing what they mean. What each route asks stands beside the route; how often each class of
//! route may be called is the configuration's (`limits`), with the gate's defaults.

use gate::{Action, ActionRow, RoleRow, Vocabulary};

/// Measuring from elsewhere: what an agent may do, and nothing else.
pub const AGENT: Action = Action::new("agent");

/// The tables.
pub const VOCABULARY: Vocabulary = Vocabulary {
    actions: &[
        ActionRow { action: Action::READ, includes: &[] },
        ActionRow { action: Action::QUERY, includes: &[Action::READ] },
        ActionRow { action: Action::WRITE, includes: &[Action::READ] },
        ActionRow { action: AGENT, includes: &[] },
        ActionRow { action: Action::ADMIN, includes: &[] },
    ],
    roles: &[
        RoleRow { name: "viewer", scopes: &[(Action::READ, "*")], privileged: false },
        RoleRow {
            name: "analyst",
            scopes: &[(Action::READ, "*"), (Action::QUERY, "*")],
            privileged: false,
        },
        RoleRow {
            name: "operator",
            scopes: &[(Action::READ, "*"), (Action::QUERY, "*"), (Action::WRITE, "*")],
            privileged: false,
        },
        RoleRow {
            name: ADMIN_ROLE,
            scopes: &[
                (Action::READ, "*"),
                (Action::QUERY, "*"),
                (Action::WRITE, "*"),
                (AGENT, "*"),
                (Action::ADMIN, "*"),
            ],
            privileged: true,
        },
        RoleRow { name: "agent", scopes: &[(AGENT, "*")], privileged: false },
    ],
    administering: Action::ADMIN,
    first_role: ADMIN_ROLE,
    password_words: &[
        "shelduck",
        "duckdb",
        "duckling",
        "mallard",
        "waddleperf",
        "draco",
        "analytics",
        "dashboard",
    ],
};

/// The role that may do everything; one enabled user always has it.
pub const ADMIN_ROLE: &str = "admin";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_do_not_contradict_themselves() {
        assert_eq!(VOCABULARY.faults(), Vec::<String>::new());
    }

    #[test]
    fn a_role_may_do_so_much_and_no_more() {
        let may = |role: &str| {
            let held = VOCABULARY.role_scopes(VOCABULARY.role(role).unwrap());
            let allowed = |action: &ActionRow| {
                let wanted = gate::Scope::on(action.action, "web");
                VOCABULARY.any_satisfies(&held, &wanted).then_some(action.action.name())
            };
            VOCABULARY.actions.iter().filter_map(allowed).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(may("viewer"), "read");
        assert_eq!(may("analyst"), "read query");
        assert_eq!(may("operator"), "read query write");
        assert_eq!(may("admin"), "read query write agent admin");
        assert_eq!(may("agent"), "agent");
    }
}
