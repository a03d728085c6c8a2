//! Everybody's sessions, and one's own others.

use http::Method;

use crate::{Ask, World};

async fn is_signed_in(world: &World, cookie: &str) -> bool {
    world.send(Ask::get("/v1/auth/session").cookie(cookie)).await.status == 200
}

#[tokio::test]
async fn an_admin_sees_and_ends_anybodys_session() {
    let world = World::new();
    let (admin, viewer) = (world.session("admin"), world.session("viewer"));
    let list = world.send(Ask::get("/v1/sessions").cookie(&admin)).await.json(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{list}");
    assert_eq!(items.iter().filter(|item| item["current"] == true).count(), 1, "{list}");
    let of_viewer =
        items.iter().find(|item| item["username"].as_str().unwrap().starts_with("viewer")).unwrap();
    let path = format!("/v1/sessions/{}", of_viewer["id"].as_str().unwrap());
    let end = || Ask::new(Method::DELETE, &path);
    assert_eq!(world.send(end().cookie(&viewer)).await.problem(403), "forbidden");
    world.send(end().cookie(&admin)).await.nothing(204);
    assert!(!is_signed_in(&world, &viewer).await);
    assert!(is_signed_in(&world, &admin).await);
    assert_eq!(world.send(end().cookie(&admin)).await.problem(404), "not-found");
}

#[tokio::test]
async fn the_control_store_forgets_all_sessions_when_told() {
    let world = World::new();
    let cookies = [world.session("admin"), world.session("viewer")];
    assert_eq!(world.gate.forget_sessions().unwrap(), 2);
    for cookie in &cookies {
        assert!(!is_signed_in(&world, cookie).await);
    }
    let later = world.session("viewer");
    assert!(is_signed_in(&world, &later).await);
}

#[tokio::test]
async fn all_others_are_ones_own_others_only() {
    let world = World::new();
    let (one, stranger) = (world.session("viewer"), world.session("viewer"));
    let end = Ask::new(Method::DELETE, "/v1/me/sessions").cookie(&one);
    world.send(end).await.nothing(204);
    assert!(is_signed_in(&world, &one).await);
    assert!(is_signed_in(&world, &stranger).await);
}
