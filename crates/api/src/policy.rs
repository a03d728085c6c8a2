//! The product's tables: which actions there are, and what each role may do.
//!
//! The gate obeys them without knowing what they mean. What each route asks stands beside the route; how often each class of
//! route may be called is the configuration's (`limits`), with the gate's defaults.

use control::Hostname;
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
    second_factor_for: &[Action::WRITE, Action::ADMIN],
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
    canonical_object: |name| name.parse::<Hostname>().ok().map(String::from),
};

/// The role that may do everything; one enabled user always has it.
pub const ADMIN_ROLE: &str = "admin";

#[cfg(test)]
mod tests {
    use gate::Place;

    use super::*;

    #[test]
    fn the_tables_do_not_contradict_themselves() {
        assert_eq!(VOCABULARY.faults(), Vec::<String>::new());
    }

    /// The gate looks for a right under one name of a site, the handlers for the site under another: both must be one.
    #[test]
    fn a_site_has_one_name_for_the_gate_and_for_everybody_else() {
        for text in [
            "Shop.Example",
            "www.shop.example.",
            " shop.example",
            "bücher.example",
            "127.0.0.1",
            "0x7f.1",
        ] {
            let name = (VOCABULARY.canonical_object)(text).unwrap();
            assert_eq!((VOCABULARY.canonical_object)(&name).as_ref(), Some(&name), "{text}");
            assert_eq!(
                web::sites::normalise_domain(&name).as_deref(),
                Some(name.as_str()),
                "{text}"
            );
        }
        for text in ["", "*", "shop.example/", "shop.example:80", "a b", "[::1]"] {
            assert_eq!((VOCABULARY.canonical_object)(text), None, "{text}");
        }
    }

    #[test]
    fn a_role_may_do_so_much_and_no_more() {
        let may = |role: &str| {
            let held = VOCABULARY.effective(VOCABULARY.role(role).unwrap(), &[Place::Everywhere]);
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
