//! Accounts, for those who administer.

use gate::http::{Created, Json, Path, Problem, Route};
use gate::store::UserRecord;
use gate::{Password, Permit, Policy, UserId};
use http::Method;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::list::List;

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        Route::new(Method::GET, "/v1/users", Policy::admin_read(), list_users)
            .summary("All accounts, by name"),
        Route::new(Method::POST, "/v1/users", Policy::admin(), create_user)
            .summary("Makes an account"),
        Route::new(Method::PATCH, "/v1/users/{id}", Policy::admin(), update_user)
            .summary("Changes an account; its sessions end, and shutting it revokes its keys"),
    ]
}

/// An account.
#[derive(Debug, Serialize, JsonSchema)]
struct UserItem {
    id: UserId,
    username: String,
    role: String,
    /// Where the role counts: `*`, a database, or `database/site`.
    grants: Vec<String>,
    disabled: bool,
    /// Another password must be chosen before anything else.
    must_change_password: bool,
    #[schemars(with = "String", extend("format" = "date-time"))]
    created_at: Timestamp,
    #[schemars(with = "String", extend("format" = "date-time"))]
    password_changed_at: Timestamp,
    /// Null until somebody signs in.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    last_login_at: Option<Timestamp>,
}

/// An account to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewUser {
    username: String,
    /// To be changed at the first sign-in.
    password: Password,
    /// `viewer`, `analyst`, `operator`, `admin` or `agent`.
    role: String,
    /// Where the role counts: `*` (also without it), a database, or `database/site`. An admin's is `*`.
    grants: Option<Vec<String>>,
}

/// What shall be different; what is left out stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UserChange {
    disabled: Option<bool>,
    role: Option<String>,
    /// Where the role counts; replaces what there is.
    grants: Option<Vec<String>>,
    /// Have another password chosen before anything else.
    must_change_password: Option<bool>,
    password: Option<Password>,
}

async fn list_users(permit: Permit, app: App) -> Result<Json<List<UserItem>>, Problem> {
    let users = app.blocking(move |app| app.gate().users(&permit)).await?;
    Ok(Json(List::whole(users.into_iter().map(item))))
}

async fn create_user(
    permit: Permit,
    app: App,
    Json(new): Json<NewUser>,
) -> Result<Created<UserItem>, Problem> {
    let NewUser { username, password, role, grants } = new;
    let new = gate::NewUser { name: username, role, grants, password: Some(password) };
    let user = app.blocking(move |app| app.gate().create_user(&permit, &new)).await?;
    Ok(Created(item(user)))
}

async fn update_user(
    permit: Permit,
    app: App,
    Path(id): Path<UserId>,
    Json(change): Json<UserChange>,
) -> Result<Json<UserItem>, Problem> {
    let UserChange { disabled, role, grants, must_change_password, password } = change;
    let change = gate::UserChange { disabled, role, grants, must_change_password, password };
    let user = app.blocking(move |app| app.gate().update_user(&permit, id, &change)).await?;
    Ok(Json(item(user)))
}

fn item(user: UserRecord) -> UserItem {
    UserItem {
        id: user.id,
        username: user.name,
        role: user.role,
        grants: user.grants,
        disabled: user.disabled,
        must_change_password: user.must_change_password,
        created_at: user.created_at,
        password_changed_at: user.password_changed_at,
        last_login_at: user.last_login_at,
    }
}
