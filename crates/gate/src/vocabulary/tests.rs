//! Scopes against a naive model.

use proptest::prelude::*;

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
        RoleRow {
            name: "editor",
            scopes: &[(Action::WRITE, "web"), (Action::QUERY, "*")],
            privileged: false,
        },
        RoleRow { name: "admin", scopes: &[(Action::ADMIN, "*")], privileged: true },
    ],
    administering: Action::ADMIN,
    second_factor_for: &[Action::WRITE, Action::ADMIN],
    first_role: "admin",
    password_words: &["product"],
    canonical_object: |text| {
        let name = text.to_lowercase();
        (!name.is_empty()
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '.'))
        .then_some(name)
    },
};

fn check(text: &str) -> String {
    match VOCABULARY.scope(text) {
        Ok(scope) => scope.to_string(),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn scopes_are_read_and_printed() {
    for text in ["read:*", "query:web", "write:shop-2", "admin:*", "read:web/shop.example"] {
        assert_eq!(check(text), text);
    }
    assert_eq!(check("read:web/Shop.EXAMPLE"), "read:web/shop.example");
    assert_eq!(check("read:web/"), "Object");
    assert_eq!(check("read:web/a/b"), "Object");
    assert_eq!(check("read:*/a"), "Database");
    assert_eq!(check("read:/a"), "Database");
    let longest = "a".repeat(OBJECT_NAME_BYTES_MAX);
    assert_eq!(check(&format!("read:web/{longest}")), format!("read:web/{longest}"));
    assert_eq!(check(&format!("read:web/{longest}a")), "Object");
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
    assert_eq!(broken.faults().len(), 6);
}

#[test]
fn administering_is_everywhere_or_nothing() {
    let admin = VOCABULARY.role("admin").unwrap();
    let held = |grants: &[&str]| {
        let grants: Vec<Place> =
            grants.iter().map(|grant| VOCABULARY.place(grant).unwrap()).collect();
        VOCABULARY.effective(admin, &grants)
    };
    assert_eq!(held(&["*"]), [Scope::everywhere(Action::ADMIN)]);
    assert_eq!(held(&["web", "web/a"]), []);
    assert_eq!(held(&["web", "*"]), [Scope::everywhere(Action::ADMIN)]);
    assert!(VOCABULARY.administers(admin));
    assert!(!VOCABULARY.administers(VOCABULARY.role("viewer").unwrap()));
}

/// Everything there is in a world of two databases with two objects each, and of what may still come.
const POINTS: [(&str, &str); 9] = [
    ("web", "a"),
    ("web", "b"),
    ("web", "new"),
    ("net", "a"),
    ("net", "b"),
    ("net", "new"),
    ("new", "a"),
    ("new", "b"),
    ("new", "new"),
];

/// The naive model: a place is the set of the points in it.
fn points(place: &Place) -> Vec<(&'static str, &'static str)> {
    let inside = |(database, object): &(&'static str, &'static str)| match place {
        Place::Everywhere => true,
        Place::Database(name) => &**name == *database,
        Place::Object(name, own) => &**name == *database && &**own == *object,
    };
    POINTS.into_iter().filter(inside).collect()
}

/// The naive model: what may be done by who may do that.
fn acts(action: Action) -> Vec<Action> {
    let all = [Action::READ, Action::QUERY, Action::WRITE, Action::ADMIN];
    match action {
        Action::ADMIN => all.to_vec(),
        Action::QUERY => vec![Action::QUERY, Action::READ],
        Action::WRITE => vec![Action::WRITE, Action::READ],
        other => vec![other],
    }
}

fn place() -> impl Strategy<Value = Place> {
    prop::sample::select(vec!["*", "web", "net", "web/a", "web/b", "net/a", "net/b"])
        .prop_map(|text| VOCABULARY.place(text).unwrap())
}

fn action() -> impl Strategy<Value = Action> {
    prop::sample::select(vec![Action::READ, Action::QUERY, Action::WRITE, Action::ADMIN])
}

proptest! {
    #[test]
    fn a_scope_satisfies_what_the_naive_model_says(
        held in (action(), place()), wanted in (action(), place()),
    ) {
        let inside = points(&wanted.1).iter().all(|point| points(&held.1).contains(point));
        let expected = inside && acts(held.0).contains(&wanted.0);
        let scope = |(action, place)| Scope { action, place };
        prop_assert_eq!(VOCABULARY.satisfies(&scope(held), &scope(wanted)), expected);
    }

    #[test]
    fn two_places_share_what_the_naive_model_says(one in place(), other in place()) {
        let mut expected = points(&one);
        expected.retain(|point| points(&other).contains(point));
        let shared = one.shared_with(&other);
        prop_assert_eq!(shared.as_ref().map(points).unwrap_or_default(), expected);
        prop_assert_eq!(shared, other.shared_with(&one));
    }

    #[test]
    fn a_user_may_do_what_role_and_grants_both_allow(
        role in prop::sample::select(vec!["viewer", "editor", "admin"]),
        grants in prop::collection::vec(place(), 0..4),
        wanted in action(),
        point in prop::sample::select(POINTS.to_vec()),
    ) {
        let row = VOCABULARY.role(role).unwrap();
        let granted = grants.iter().any(|grant| points(grant).contains(&point));
        let everywhere = grants.contains(&Place::Everywhere);
        let expected = row.scopes.iter().any(|(action, place)| {
            let inside = points(&VOCABULARY.place(place).unwrap()).contains(&point);
            let enough = if *action == Action::ADMIN { everywhere } else { granted };
            inside && enough && acts(*action).contains(&wanted)
        });
        let held = VOCABULARY.effective(row, &grants);
        let scope = Scope::of(wanted, point.0, point.1);
        prop_assert_eq!(VOCABULARY.any_satisfies(&held, &scope), expected);
    }

    #[test]
    fn what_is_written_is_read_back(place in place(), action in action()) {
        let scope = Scope { action, place };
        prop_assert_eq!(VOCABULARY.scope(&scope.to_string()), Ok(scope));
    }
}
