//! What runs in everybody's name, for those who administer: browsers' sessions
//! and programs' families of tokens.

use std::collections::HashMap;

use gate::http::{Json, NoContent, Path, Problem, Route};
use gate::{AllSessions, Class, Permit, Policy, Principal, SessionId, UserId};
use http::Method;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::list::List;

pub(crate) fn routes() -> Vec<Route<App>> {
    let end_others = Policy::signed_in(Class::Write).body_max(0).while_required();
    vec![
        Route::new(Method::GET, "/v1/sessions", Policy::admin_read(), list_all_sessions)
            .summary("Everybody's sessions, those of programs among them, newest first"),
        Route::new(
            Method::DELETE,
            "/v1/sessions/{id}",
            Policy::admin().body_max(0),
            end_any_session,
        )
        .summary("Ends anybody's session"),
        Route::new(Method::DELETE, "/v1/me/sessions", end_others, end_other_sessions)
            .summary("Ends all of one's own sessions but the one that asks"),
    ]
}

/// A session and whose it is.
#[derive(Debug, Serialize, JsonSchema)]
struct SessionOfUser {
    id: SessionId,
    user_id: UserId,
    username: String,
    #[schemars(with = "String", extend("format" = "date-time"))]
    created_at: Timestamp,
    #[schemars(with = "String", extend("format" = "date-time"))]
    last_seen_at: Timestamp,
    /// When it ends whatever happens; unused, it ends before.
    #[schemars(with = "String", extend("format" = "date-time"))]
    expires_at: Timestamp,
    /// What the browser or program called itself.
    user_agent: Option<String>,
    /// Whether it carried this request.
    current: bool,
}

async fn list_all_sessions(permit: Permit, app: App) -> Result<Json<List<SessionOfUser>>, Problem> {
    let current = match permit.principal() {
        Principal::User { session, .. } => Some(*session),
        _ => None,
    };
    let all = app.blocking(move |app| app.gate().all_sessions(&permit)).await?;
    Ok(Json(List::whole(items(all, current))))
}

async fn end_any_session(
    permit: Permit,
    app: App,
    Path(id): Path<SessionId>,
) -> Result<NoContent, Problem> {
    app.blocking(move |app| app.gate().end_any_session(&permit, id)).await?;
    Ok(NoContent)
}

async fn end_other_sessions(permit: Permit, app: App) -> Result<NoContent, Problem> {
    app.blocking(move |app| app.gate().end_other_sessions(&permit)).await?;
    Ok(NoContent)
}

fn items(all: AllSessions, current: Option<SessionId>) -> Vec<SessionOfUser> {
    let names: HashMap<UserId, String> =
        all.users.into_iter().map(|user| (user.id, user.name)).collect();
    let named = |id: UserId| names.get(&id).cloned().unwrap_or_default();
    let sessions = all.sessions.into_iter().map(|session| SessionOfUser {
        id: session.id,
        user_id: session.user,
        username: named(session.user),
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        expires_at: session.expires_at,
        user_agent: session.user_agent,
        current: current == Some(session.id),
    });
    let families = all.families.into_iter().map(|family| SessionOfUser {
        id: family.id,
        user_id: family.user,
        username: named(family.user),
        created_at: family.created_at,
        last_seen_at: family.refreshed_at,
        expires_at: family.expires_at,
        user_agent: family.user_agent,
        current: current == Some(family.id),
    });
    let mut items: Vec<SessionOfUser> = sessions.chain(families).collect();
    items.sort_by_key(|item| std::cmp::Reverse((item.created_at, item.id)));
    items
}
