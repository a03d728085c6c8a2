//! One's own account: the password and the sessions.

use gate::http::{Json, NoContent, Path, Problem, Route};
use gate::store::SessionRecord;
use gate::{AccountError, Class, Password, Permit, Policy, Principal, SessionId};
use http::Method;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::list::List;

pub(crate) fn routes() -> Vec<Route<App>> {
    let read = Policy::signed_in(Class::Read).body_max(0).while_required();
    let end = Policy::signed_in(Class::Write).body_max(0).while_required();
    vec![
        Route::new(
            Method::POST,
            "/v1/me/password",
            Policy::signed_in(Class::Auth).while_required().fresh(),
            change_password,
        )
        .summary("Changes one's own password, and ends one's other sessions"),
        Route::new(Method::GET, "/v1/me/sessions", read, list_sessions)
            .summary("One's own sessions, newest first"),
        Route::new(Method::DELETE, "/v1/me/sessions/{id}", end, end_session)
            .summary("Ends one of one's own sessions"),
    ]
}

/// The password that was, and the one that shall be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    current_password: Password,
    new_password: Password,
}

/// A session.
#[derive(Debug, Serialize, JsonSchema)]
struct SessionItem {
    id: SessionId,
    #[schemars(with = "String", extend("format" = "date-time"))]
    created_at: Timestamp,
    #[schemars(with = "String", extend("format" = "date-time"))]
    last_seen_at: Timestamp,
    /// When it ends whatever happens; unused, it ends before.
    #[schemars(with = "String", extend("format" = "date-time"))]
    expires_at: Timestamp,
    /// What the browser called itself.
    user_agent: Option<String>,
    /// Whether it carried this request.
    current: bool,
}

async fn change_password(
    permit: Permit,
    app: App,
    Json(change): Json<PasswordChange>,
) -> Result<NoContent, Problem> {
    let PasswordChange { current_password, new_password } = change;
    let changed = app
        .blocking(move |app| app.gate().change_password(&permit, &current_password, &new_password))
        .await;
    // The session is fine, so this is no 401: a page would take that for the end of the session.
    changed.map(|()| NoContent).map_err(|error| match error {
        AccountError::WrongCredentials => {
            Problem::invalid("current_password", "is not the password of this account")
        }
        AccountError::Password(fault) => Problem::invalid("new_password", fault.message()),
        error => error.into(),
    })
}

async fn list_sessions(permit: Permit, app: App) -> Result<Json<List<SessionItem>>, Problem> {
    let current = match permit.principal() {
        Principal::User { session, .. } => Some(*session),
        _ => None,
    };
    let sessions = app.blocking(move |app| app.gate().sessions(&permit)).await?;
    Ok(Json(List::whole(sessions.into_iter().rev().map(|session| item(session, current)))))
}

async fn end_session(
    permit: Permit,
    app: App,
    Path(id): Path<SessionId>,
) -> Result<NoContent, Problem> {
    app.blocking(move |app| app.gate().end_session(&permit, id)).await?;
    Ok(NoContent)
}

fn item(session: SessionRecord, current: Option<SessionId>) -> SessionItem {
    SessionItem {
        id: session.id,
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        expires_at: session.expires_at,
        user_agent: session.user_agent,
        current: current == Some(session.id),
    }
}
