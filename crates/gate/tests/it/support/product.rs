//! The small product: a few routes of every kind.

use std::time::Duration;

use axum::body::Body;
use gate::http::{
    Created, Headers, Json, NoContent, Path, Problem, Query, Raw, RawRequest, Response, Route,
    Routes, Session, Text, UserAgent, kind,
};
use gate::{
    Action, ActionRow, Class, CorsClass, Gate, LogIn, LoggedIn, Password, Permit, Policy, RoleRow,
    Scope, Vocabulary, on_blocking_thread,
};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CANARY;

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
            scopes: &[(Action::WRITE, "*"), (Action::QUERY, "*")],
            privileged: false,
        },
        RoleRow { name: "admin", scopes: &[(Action::ADMIN, "*")], privileged: true },
    ],
    administering: Action::ADMIN,
    second_factor_for: &[Action::WRITE, Action::ADMIN],
    first_role: "admin",
    password_words: &[],
    canonical_object: |text| {
        let name = text.trim().to_lowercase();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
        (!name.is_empty() && name.chars().all(plain)).then_some(name)
    },
};

/// The objects there are.
const ROOMS: [&str; 2] = ["hall.test", "attic.test"];

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) gate: Gate,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Thing {
    /// What it is called.
    name: String,
    weight: u32,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListParams {
    /// Most things.
    limit: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Form {
    username: String,
    password: Password,
}

#[derive(Serialize, JsonSchema)]
struct Me {
    who: String,
}

#[derive(Debug, thiserror::Error)]
#[error("the database at /var/lib said {CANARY}")]
struct Leak;

async fn list_things(_: Permit, _: App, Query(params): Query<ListParams>) -> Json<Vec<Thing>> {
    Json(vec![Thing { name: "one".to_owned(), weight: params.limit.unwrap_or(9) }])
}

async fn get_thing(_: Permit, _: App, Path(id): Path<u32>) -> Result<Json<Thing>, Problem> {
    if id == 0 {
        Err(Problem::not_found())
    } else {
        Ok(Json(Thing { name: "one".to_owned(), weight: id }))
    }
}

async fn list_rooms(permit: Permit, _: App) -> Json<Vec<String>> {
    let seen = |room: &&&str| permit.allows(&Scope::of(Action::READ, "web", room));
    Json(ROOMS.iter().filter(seen).map(|room| (*room).to_owned()).collect())
}

async fn get_room(_: Permit, _: App, Path(room): Path<String>) -> Result<Json<Thing>, Problem> {
    let name = room.trim().to_lowercase();
    if ROOMS.contains(&name.as_str()) {
        Ok(Json(Thing { name, weight: 1 }))
    } else {
        Err(Problem::not_found())
    }
}

async fn clear_room(_: Permit, _: App, Path(_): Path<String>) -> NoContent {
    NoContent
}

async fn create_thing(_: Permit, _: App, Json(thing): Json<Thing>) -> Created<Thing> {
    Created(thing)
}

async fn delete_thing(_: Permit, _: App, Path(_): Path<u32>) -> NoContent {
    NoContent
}

async fn run_query(_: Permit, _: App, Headers(_): Headers, Json(thing): Json<Thing>) -> Raw {
    Raw(Response::new(Body::from(thing.name)))
}

async fn list_users(permit: Permit, app: App) -> Result<Json<Vec<String>>, Problem> {
    let users = on_blocking_thread(&app.gate, move |gate| gate.users(&permit)).await?;
    Ok(Json(users.into_iter().map(|user| user.name).collect()))
}

async fn get_me(permit: Permit, _: App) -> Json<Me> {
    Json(Me { who: permit.principal().label() })
}

async fn log_in(
    permit: Permit,
    app: App,
    UserAgent(user_agent): UserAgent,
    Json(form): Json<Form>,
) -> Result<Session<NoContent>, Problem> {
    let form = LogIn { username: form.username, password: form.password, user_agent };
    let logged_in = on_blocking_thread(&app.gate, move |gate| gate.log_in(&permit, &form)).await?;
    Ok(match logged_in {
        LoggedIn::SignedIn(signed_in) => Session::begin(&signed_in, NoContent),
        LoggedIn::NeedsFactor(_) => Session::none(NoContent),
    })
}

async fn log_out(permit: Permit, app: App) -> Result<Session<NoContent>, Problem> {
    on_blocking_thread(&app.gate, move |gate| gate.log_out(&permit)).await?;
    Ok(Session::end(NoContent))
}

async fn delete_account(_: Permit, _: App) -> NoContent {
    NoContent
}

async fn record_event(permit: Permit, _: App, request: RawRequest) -> Raw {
    let seen = permit.client().expose().map(|address| address.to_string()).unwrap_or_default();
    let mut response = Response::new(Body::from(format!("{seen} {}", request.body.len())));
    response.headers_mut().insert("server", "duck/1.0".parse().unwrap());
    Raw(response)
}

async fn get_page(_: Permit, _: App) -> Raw {
    let mut response = Response::new(Body::from("<!doctype html><title>page</title>"));
    response.headers_mut().insert("content-type", "text/html; charset=utf-8".parse().unwrap());
    Raw(response)
}

async fn get_file(_: Permit, _: App, Path(name): Path<String>) -> Raw {
    let mut response = Response::new(Body::from(name));
    response
        .headers_mut()
        .insert("cache-control", "public, max-age=31536000, immutable".parse().unwrap());
    Raw(response)
}

async fn get_health(_: Permit, _: App) -> Text {
    Text("ok".into())
}

async fn panic_inside(_: Permit, _: App) -> NoContent {
    panic!("{CANARY}")
}

async fn leak_inside(_: Permit, _: App) -> Result<NoContent, Problem> {
    Err(Problem::internal(Leak))
}

async fn leak_outside(_: Permit, _: App) -> Result<NoContent, Problem> {
    Err(Problem::new(kind::CONFLICT).detail("It is taken.").because(Leak))
}

async fn think_for_ever(_: Permit, _: App) -> NoContent {
    std::future::pending().await
}

fn rooms() -> Vec<Route<App>> {
    let read = Policy::read("web");
    let clear = Policy::write("web").of("name").body_max(0);
    vec![
        Route::new(Method::GET, "/v1/rooms", read.listed(), list_rooms),
        Route::new(Method::GET, "/v1/rooms/{name}", read.of("name"), get_room),
        Route::new(Method::DELETE, "/v1/rooms/{name}", clear, clear_room),
    ]
}

pub(crate) fn routes() -> Routes<App> {
    let short = Duration::from_millis(30);
    let own = Policy::signed_in(Class::Read);
    Routes::new()
        .add(
            Route::new(Method::GET, "/v1/things", Policy::read("web"), list_things)
                .summary("All things"),
        )
        .add(Route::new(Method::POST, "/v1/things", Policy::write("web"), create_thing))
        .add(Route::new(Method::GET, "/v1/things/{id}", Policy::read("web"), get_thing))
        .add(Route::new(
            Method::DELETE,
            "/v1/things/{id}",
            Policy::write("web").body_max(0),
            delete_thing,
        ))
        .extend(rooms())
        .add(Route::new(Method::POST, "/v1/query", Policy::query("web"), run_query))
        .add(Route::new(Method::GET, "/v1/users", Policy::admin_read(), list_users))
        .add(Route::new(Method::GET, "/v1/me", own.while_required(), get_me))
        .add(Route::new(Method::GET, "/v1/mine", own, get_me).named("get_mine"))
        .add(Route::new(Method::POST, "/v1/auth/login", Policy::public(Class::Auth), log_in))
        .add(Route::new(
            Method::DELETE,
            "/v1/me/account",
            Policy::signed_in(Class::Write).body_max(0).fresh(),
            delete_account,
        ))
        .add(Route::new(Method::POST, "/v1/auth/logout", Policy::signed_in(Class::Auth), log_out))
        .add(
            Route::new(Method::POST, "/api/event", Policy::ingest(), record_event)
                .named("record_event"),
        )
        .add(
            Route::new(Method::GET, "/api/event", Policy::ingest(), record_event)
                .named("record_pixel"),
        )
        .add(Route::new(
            Method::GET,
            "/files/{name}",
            Policy::public(Class::Static).cors(CorsClass::Ingest),
            get_file,
        ))
        .add(
            Route::new(Method::GET, "/private/{name}", Policy::read("web"), get_file)
                .named("get_private_file"),
        )
        .add(Route::new(Method::GET, "/health", Policy::public(Class::Monitoring), get_health))
        .add(Route::new(Method::GET, "/panic", Policy::public(Class::Other), panic_inside))
        .add(Route::new(Method::GET, "/leak", Policy::public(Class::Other), leak_inside))
        .add(Route::new(Method::GET, "/conflict", Policy::public(Class::Other), leak_outside))
        .add(Route::new(
            Method::GET,
            "/slow",
            Policy::public(Class::Other).deadline(short),
            think_for_ever,
        ))
        .add(
            Route::new(
                Method::POST,
                "/api/slow",
                Policy::ingest().body_deadline(short),
                record_event,
            )
            .named("record_slowly"),
        )
        .fallback(Policy::public(Class::Static), get_page)
}
