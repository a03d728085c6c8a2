//! Rights that reach no further than some objects of a database.

use gate::store::Store;
use gate::{AccountError, GRANTS_MAX, KeyError, NewKey, NewUser, UserChange};
use http::Method;

use crate::support::{Call, Reply, World, delete, get, new_user, request};

fn room(name: &str) -> Call {
    get(&format!("/v1/rooms/{name}"))
}

/// An answer without what differs from request to request.
fn shape(reply: &Reply) -> (u16, String, Vec<(String, String)>) {
    let id = reply.header("x-request-id").unwrap();
    let mut headers: Vec<(String, String)> = reply
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (reply.status, reply.text().replace(id, "id"), headers)
}

#[tokio::test]
async fn who_may_see_one_object_sees_no_trace_of_another() {
    let world = World::new();
    let key = world.key(&["read:web/hall.test"]);
    let cookie = world.session_with("ada", "viewer", &["web/hall.test"]);
    for sign in [&|call: Call| call.key(&key), &|call: Call| call.cookie(&cookie)]
        as [&dyn Fn(Call) -> Call; 2]
    {
        let send = async |call: Call| world.send(sign(call)).await;
        assert_eq!(send(room("hall.test")).await.status, 200);
        assert_eq!(send(room("HALL.test%20")).await.status, 200, "in any spelling");
        assert_eq!(send(get("/v1/rooms")).await.json(), serde_json::json!(["hall.test"]));
        let hidden = shape(&send(room("attic.test")).await);
        assert_eq!(hidden.0, 404);
        for missing in ["cellar.test", "hall.test%2Fx", "..%2Fhall.test", "%ff", "x%00", "*"] {
            assert_eq!(shape(&send(room(missing)).await), hidden, "{missing}");
        }
        assert_eq!(send(get("/v1/things")).await.status, 403, "the database as a whole");
    }
}

#[tokio::test]
async fn a_hidden_object_is_answered_as_a_missing_one_is_to_who_sees_all() {
    let world = World::new();
    let (all, one) = (world.key(&["read:web"]), world.key(&["read:web/hall.test"]));
    let missing = world.send(room("cellar.test").key(&all)).await;
    let hidden = world.send(room("attic.test").key(&one)).await;
    assert_eq!((shape(&missing).0, shape(&missing).1), (shape(&hidden).0, shape(&hidden).1));
}

#[tokio::test]
async fn what_is_seen_but_not_allowed_is_said_to_be_forbidden() {
    let world = World::new();
    let read = world.key(&["read:web/hall.test"]);
    assert_eq!(world.status(delete("/v1/rooms/hall.test").key(&read)).await, 403);
    assert_eq!(world.status(delete("/v1/rooms/attic.test").key(&read)).await, 404);
    let write = world.key(&["write:web/hall.test"]);
    assert_eq!(world.status(delete("/v1/rooms/hall.test").key(&write)).await, 204);
    assert_eq!(world.status(room("hall.test").key(&write)).await, 200, "write includes read");
    assert_eq!(world.status(delete("/v1/rooms/attic.test").key(&write)).await, 404);
    let elsewhere = world.key(&["read:net/hall.test", "read:net"]);
    for path in ["/v1/rooms", "/v1/rooms/hall.test", "/v1/rooms/attic.test"] {
        assert_eq!(world.status(get(path).key(&elsewhere)).await, 403, "{path}");
        assert_eq!(world.status(get(path)).await, 401, "{path}");
    }
}

#[tokio::test]
async fn a_key_reaches_no_further_than_its_maker_then_and_later() {
    let world = World::with(|config| config.limits.pre_auth = 100_000);
    let operator = gate::local::operator(&world.gate);
    world.session_with("ada", "editor", &["web/hall.test", "net"]);
    let ada = world.store.user_by_name("ada").unwrap().unwrap();
    let permit = crate::support::permit_of(&world, &world.session("ada", "editor")).await;
    let make = |scope: &str| {
        let new = NewKey {
            name: "program".to_owned(),
            scopes: vec![scope.to_owned()],
            ..NewKey::default()
        };
        world.gate.create_key(&permit, &new).map(|issued| issued.key.expose().to_owned())
    };
    for scope in ["read:*", "read:web", "read:web/attic.test", "admin:net", "admin:web/hall.test"] {
        assert!(matches!(make(scope), Err(KeyError::MoreThanCaller)), "{scope}");
    }
    make("query:net").unwrap();
    make("read:net/attic.test").unwrap();
    let key = make("write:web/hall.test").unwrap();
    assert_eq!(world.status(delete("/v1/rooms/hall.test").key(&key)).await, 204);
    let grants = |grants: &[&str]| UserChange {
        grants: Some(grants.iter().map(|grant| (*grant).to_owned()).collect()),
        ..UserChange::default()
    };
    world.gate.update_user(&operator, ada.id, &grants(&["web/attic.test"])).unwrap();
    assert_eq!(world.status(delete("/v1/rooms/hall.test").key(&key)).await, 403);
    world.gate.update_user(&operator, ada.id, &grants(&["web"])).unwrap();
    assert_eq!(world.status(delete("/v1/rooms/hall.test").key(&key)).await, 204);
    assert_eq!(world.status(delete("/v1/rooms/attic.test").key(&key)).await, 404);
}

#[tokio::test]
async fn a_wide_key_of_a_narrowed_maker_works_where_both_reach() {
    let world = World::with(|config| config.limits.pre_auth = 100_000);
    let operator = gate::local::operator(&world.gate);
    let permit = crate::support::permit_of(&world, &world.session("ada", "viewer")).await;
    let new =
        NewKey { name: "wide".to_owned(), scopes: vec!["read:*".to_owned()], ..NewKey::default() };
    let key = world.gate.create_key(&permit, &new).unwrap().key.expose().to_owned();
    let ada = world.store.user_by_name("ada").unwrap().unwrap();
    let change =
        UserChange { grants: Some(vec!["web/hall.test".to_owned()]), ..UserChange::default() };
    world.gate.update_user(&operator, ada.id, &change).unwrap();
    assert_eq!(world.status(room("hall.test").key(&key)).await, 200);
    assert_eq!(world.status(room("attic.test").key(&key)).await, 404);
    assert_eq!(world.status(get("/v1/things").key(&key)).await, 403);
}

#[tokio::test]
async fn new_grants_end_sessions() {
    let world = World::new();
    let cookie = world.session("ada", "viewer");
    let ada = world.store.user_by_name("ada").unwrap().unwrap();
    let change = UserChange { grants: Some(vec!["net".to_owned()]), ..UserChange::default() };
    let operator = gate::local::operator(&world.gate);
    world.gate.update_user(&operator, ada.id, &change).unwrap();
    assert_eq!(world.status(get("/v1/me").cookie(&cookie)).await, 401);
    assert!(world.audit.take().contains(&"authz_change".to_owned()));
}

#[tokio::test]
async fn grants_are_kept_in_one_spelling_and_without_what_others_cover() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    let made = |role: &str, grants: Vec<String>| {
        let name = format!("user{}", world.store.users().unwrap().len());
        let new = NewUser { grants: Some(grants), password: None, ..new_user(&name, role) };
        world.gate.create_user(&operator, &new).map(|user| user.grants.join(" "))
    };
    let list = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        made("viewer", list("web/HALL.test net web/hall.test net/x")).unwrap(),
        "net web/hall.test"
    );
    assert_eq!(made("viewer", list("web/hall.test * net")).unwrap(), "*");
    assert_eq!(made("admin", list("* web")).unwrap(), "*");
    assert!(matches!(made("admin", list("web")), Err(AccountError::GrantsOfAdministrator)));
    for bad in ["", "read:web", "web/", "*/hall.test", "we b", "web/a b"] {
        let refused = made("viewer", vec![bad.to_owned()]);
        assert!(matches!(refused, Err(AccountError::Grants)), "{bad}");
    }
    assert!(matches!(made("viewer", Vec::new()), Err(AccountError::Grants)));
    let many = |count: usize| (0..count).map(|number| format!("db{number}")).collect::<Vec<_>>();
    assert!(made("viewer", many(GRANTS_MAX)).is_ok());
    assert!(matches!(made("viewer", many(GRANTS_MAX + 1)), Err(AccountError::Grants)));
}

#[tokio::test]
async fn who_comes_to_administer_does_so_everywhere() {
    let world = World::new();
    let operator = gate::local::operator(&world.gate);
    world.session_with("ada", "viewer", &["web/hall.test"]);
    let ada = world.store.user_by_name("ada").unwrap().unwrap();
    let change = UserChange { role: Some("admin".to_owned()), ..UserChange::default() };
    let changed = world.gate.update_user(&operator, ada.id, &change).unwrap();
    assert_eq!(changed.grants, ["*"]);
    let narrowed = UserChange { grants: Some(vec!["web".to_owned()]), ..UserChange::default() };
    assert!(matches!(
        world.gate.update_user(&operator, ada.id, &narrowed),
        Err(AccountError::GrantsOfAdministrator)
    ));
}

#[tokio::test]
async fn no_method_tells_whether_a_hidden_object_is_there() {
    let world = World::new();
    let key = world.key(&["read:web/hall.test"]);
    for method in [Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS, Method::PUT] {
        let ask = |path: &str| request(method.clone(), path).key(&key);
        let hidden = world.send(ask("/v1/rooms/attic.test")).await;
        let missing = world.send(ask("/v1/rooms/cellar.test")).await;
        assert_eq!((hidden.status, hidden.body.len()), (missing.status, missing.body.len()));
    }
}
