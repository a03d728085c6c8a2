//! The acts for a bad day, and replacing the server's secrets on a good one.

use gate::http::{Json, NoContent, Problem, Route};
use gate::{Class, Permit, Policy};
use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;

pub(crate) fn routes() -> Vec<Route<App>> {
    let panic = Policy::admin().body_max(0).fresh();
    let operator = Policy::operator(Class::Write).body_max(0);
    vec![
        Route::new(Method::POST, "/v1/panic/revoke-keys", panic, revoke_all_keys)
            .summary("Takes every API key back, the one that asks among them"),
        Route::new(Method::POST, "/v1/panic/end-sessions", panic, end_everything)
            .summary("Ends every session, token and link that resets a password, the session that asks among them"),
        Route::new(Method::POST, "/v1/panic/rotate-secrets", panic, replace_secrets)
            .summary("Makes a new root secret, forgets all earlier ones, and ends all keys, sessions, tokens and links"),
        Route::new(Method::POST, "/v1/secrets/rotate", operator, rotate_secrets)
            .summary("Makes a new root secret, on the machine itself; what earlier ones made is still recognised"),
        Route::new(Method::POST, "/v1/secrets/retire", operator, retire_secrets)
            .summary("Forgets all earlier root secrets, on the machine itself; keys that only they recognise end"),
    ]
}

/// What ended.
#[derive(Debug, Serialize, JsonSchema)]
struct Ended {
    /// API keys that had not ended before.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<u64>,
    /// Sessions of browsers, and what programs hold from one sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    sessions: Option<u64>,
}

async fn revoke_all_keys(permit: Permit, app: App) -> Result<Json<Ended>, Problem> {
    let keys = app.blocking(move |app| app.gate().revoke_all_keys(&permit)).await?;
    Ok(Json(Ended { keys: Some(keys), sessions: None }))
}

async fn end_everything(permit: Permit, app: App) -> Result<Json<Ended>, Problem> {
    let sessions = app.blocking(move |app| app.gate().end_everything(&permit)).await?;
    Ok(Json(Ended { keys: None, sessions: Some(sessions) }))
}

async fn replace_secrets(permit: Permit, app: App) -> Result<Json<Ended>, Problem> {
    let replaced =
        app.blocking(move |app| app.gate().replace_secrets(&permit, app.secrets())).await?;
    Ok(Json(Ended { keys: Some(replaced.keys), sessions: Some(replaced.sessions) }))
}

async fn rotate_secrets(permit: Permit, app: App) -> Result<NoContent, Problem> {
    app.blocking(move |app| app.gate().rotate_secrets(&permit, app.secrets())).await?;
    Ok(NoContent)
}

async fn retire_secrets(permit: Permit, app: App) -> Result<Json<Ended>, Problem> {
    let keys = app.blocking(move |app| app.gate().retire_secrets(&permit, app.secrets())).await?;
    Ok(Json(Ended { keys: Some(keys), sessions: None }))
}
