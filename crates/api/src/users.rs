//! Accounts, for those who administer.

use gate::http::{Created, Json, NoContent, Path, Problem, Route};
use gate::store::UserRecord;
use gate::{
    AccountError, Class, Factor, ImportedUser, Password, Permit, Policy, ResetLink, UserId,
};
use http::Method;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::list::List;

pub(crate) fn routes() -> Vec<Route<App>> {
    let operator = Policy::operator(Class::Write);
    vec![
        Route::new(Method::GET, "/v1/users", Policy::admin_read(), list_users)
            .summary("All accounts, by name"),
        Route::new(Method::POST, "/v1/users", Policy::admin().fresh(), create_user)
            .summary("Makes an account; without a password, also the one-time link by which its owner chooses one"),
        Route::new(Method::PATCH, "/v1/users/{id}", Policy::admin().fresh(), update_user)
            .summary("Changes an account; other rights end its sessions, shutting it ends whatever acts in its name"),
        Route::new(Method::POST, "/v1/users/{id}/reset-link", Policy::admin().body_max(0).fresh(), create_reset_link)
            .summary("Makes the one-time link by which an account's owner chooses a new password; it works for a day"),
        Route::new(Method::PUT, "/v1/users/{id}/password", operator, set_password)
            .summary("Sets an account's password, on the machine itself; its sessions end"),
        Route::new(Method::POST, "/v1/users/import", operator, import_user)
            .summary("Takes an account over from another system, on the machine itself"),
        Route::new(
            Method::POST,
            "/v1/users/{id}/mfa-reset",
            Policy::admin().body_max(0).fresh(),
            reset_factors,
        )
        .summary("Takes all second factors from an account and ends its sessions; it may sign in once without"),
        Route::new(Method::POST, "/v1/users/{id}/unlock", Policy::admin().body_max(0).fresh(), unlock_user)
            .summary("Ends the locks that failed sign-ins put on an account, and on the machine's own addresses"),
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
    /// What it has beside its password.
    factors: Vec<Factor>,
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
    /// To be changed at the first sign-in. Without one its owner chooses it, by a one-time link.
    password: Option<Password>,
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
}

/// An account that was just made.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum UserMade {
    /// With a password.
    Whole(UserItem),
    /// Without one.
    Awaiting {
        /// The account.
        user: UserItem,
        /// The link by which its owner chooses a password.
        reset: ResetAnswer,
    },
}

/// A one-time link by which a password is chosen: shown this once.
#[derive(Debug, Serialize, JsonSchema)]
struct ResetAnswer {
    /// Opens the page where it is chosen.
    url: String,
    #[schemars(with = "String", extend("format" = "date-time"))]
    expires_at: Timestamp,
}

/// A password to set.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PasswordToSet {
    password: Password,
}

/// An account to take over.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UserToImport {
    username: String,
    /// `viewer`, `analyst`, `operator`, `admin` or `agent`.
    role: String,
    /// Where the role counts; everywhere without it.
    grants: Option<Vec<String>>,
    /// As the other system keeps it: bcrypt, or Argon2id in PHC form.
    password_hash: String,
}

async fn list_users(permit: Permit, app: App) -> Result<Json<List<UserItem>>, Problem> {
    let listed = app.blocking(move |app| {
        let users = app.gate().users(&permit)?;
        users.into_iter().map(|user| item(app, &permit, user)).collect::<Result<Vec<_>, _>>()
    });
    Ok(Json(List::whole(listed.await?)))
}

async fn create_user(
    permit: Permit,
    app: App,
    Json(new): Json<NewUser>,
) -> Result<Created<UserMade>, Problem> {
    let NewUser { username, password, role, grants } = new;
    let new = gate::NewUser { name: username, role, grants, password };
    let (user, link) = app
        .blocking(move |app| {
            let user = app.gate().create_user(&permit, &new)?;
            let link = new.password.is_none().then(|| app.gate().offer_reset(&permit, user.id));
            Ok::<_, AccountError>((item(app, &permit, user)?, link.transpose()?))
        })
        .await?;
    Ok(Created(match link {
        Some(link) => UserMade::Awaiting { user, reset: answer(&app, &link) },
        None => UserMade::Whole(user),
    }))
}

async fn create_reset_link(
    permit: Permit,
    app: App,
    Path(id): Path<UserId>,
) -> Result<Created<ResetAnswer>, Problem> {
    let link = app.blocking(move |app| app.gate().offer_reset(&permit, id)).await?;
    Ok(Created(answer(&app, &link)))
}

async fn set_password(
    permit: Permit,
    app: App,
    Path(id): Path<UserId>,
    Json(PasswordToSet { password }): Json<PasswordToSet>,
) -> Result<NoContent, Problem> {
    app.blocking(move |app| app.gate().set_password(&permit, id, &password)).await?;
    Ok(NoContent)
}

async fn import_user(
    permit: Permit,
    app: App,
    Json(user): Json<UserToImport>,
) -> Result<Created<UserItem>, Problem> {
    let UserToImport { username, role, grants, password_hash } = user;
    let imported = ImportedUser { name: username, role, grants, hash: password_hash };
    let taken = app.blocking(move |app| {
        let user = app.gate().import_user(&permit, imported)?;
        item(app, &permit, user)
    });
    Ok(Created(taken.await?))
}

async fn update_user(
    permit: Permit,
    app: App,
    Path(id): Path<UserId>,
    Json(change): Json<UserChange>,
) -> Result<Json<UserItem>, Problem> {
    let UserChange { disabled, role, grants, must_change_password } = change;
    let change = gate::UserChange { disabled, role, grants, must_change_password };
    let updated = app.blocking(move |app| {
        let user = app.gate().update_user(&permit, id, &change)?;
        item(app, &permit, user)
    });
    Ok(Json(updated.await?))
}

async fn reset_factors(
    permit: Permit,
    app: App,
    Path(id): Path<UserId>,
) -> Result<NoContent, Problem> {
    app.blocking(move |app| app.gate().reset_factors(&permit, id)).await?;
    Ok(NoContent)
}

async fn unlock_user(
    permit: Permit,
    app: App,
    Path(id): Path<UserId>,
) -> Result<NoContent, Problem> {
    app.blocking(move |app| app.gate().unlock(&permit, id)).await?;
    Ok(NoContent)
}

/// The secret stands behind the `#`, which browsers keep to themselves.
fn answer(app: &App, link: &ResetLink) -> ResetAnswer {
    let public_url = app.options().public_url.as_str().trim_end_matches('/');
    ResetAnswer {
        url: format!("{public_url}/reset#token={}", link.expose()),
        expires_at: link.expires_at,
    }
}

fn item(app: &App, permit: &Permit, user: UserRecord) -> Result<UserItem, AccountError> {
    let enrolled = app.gate().enrolled(permit, user.id)?;
    Ok(UserItem {
        factors: enrolled.methods(),
        id: user.id,
        username: user.name,
        role: user.role,
        grants: user.grants,
        disabled: user.disabled,
        must_change_password: user.must_change_password,
        created_at: user.created_at,
        password_changed_at: user.password_changed_at,
        last_login_at: user.last_login_at,
    })
}
