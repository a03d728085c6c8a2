//! API keys: one's own, and everybody's for those who administer.

use gate::address::AddressClass;
use gate::http::{Created, Json, NoContent, Path, Problem, Route};
use gate::store::KeyRecord;
use gate::{Class, IssuedKey, KeyId, Password, Permit, Policy, UserId};
use http::Method;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::list::List;

pub(crate) fn routes() -> Vec<Route<App>> {
    let read = Policy::signed_in(Class::Read).body_max(0);
    let write = Policy::signed_in(Class::Write);
    vec![
        Route::new(Method::GET, "/v1/keys", read, list_keys)
            .summary("One's own keys, or all for who administers; newest first"),
        Route::new(Method::POST, "/v1/keys", write.fresh(), create_key).summary(
            "Makes a key that may do no more than the caller; the only time its secret is shown",
        ),
        Route::new(Method::POST, "/v1/keys/import", Policy::admin().fresh(), import_key)
            .summary("Takes over a key that programs know already from another system"),
        Route::new(Method::DELETE, "/v1/keys/{id}", write.body_max(0), revoke_key)
            .summary("Takes a key back, at once"),
        Route::new(Method::POST, "/v1/keys/{id}/rotate", write.body_max(0).fresh(), rotate_key)
            .summary("Makes a key's successor; the old one goes on working for a day"),
    ]
}

/// A key, without its secret.
#[derive(Debug, Serialize, JsonSchema)]
struct KeyItem {
    id: KeyId,
    name: String,
    /// Scopes, written `action:database` or `action:database/site`.
    scopes: Vec<String>,
    /// Networks it may be used from; none means any.
    cidrs: Vec<String>,
    /// Whose it is; null for a key made on the machine itself.
    owner_id: Option<UserId>,
    #[schemars(with = "String", extend("format" = "date-time"))]
    created_at: Timestamp,
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    expires_at: Option<Timestamp>,
    /// To the day.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    last_used_at: Option<Timestamp>,
    /// From what kind of network; no address is kept.
    last_used_from: Option<NetworkKind>,
    /// When it got a successor.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    replaced_at: Option<Timestamp>,
    /// Whether it was brought along from another system.
    imported: bool,
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    revoked_at: Option<Timestamp>,
}

/// A kind of network that somebody asks from.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum NetworkKind {
    /// The server's own machine.
    Machine,
    /// A private network.
    Private,
    /// The internet.
    Public,
}

impl From<AddressClass> for NetworkKind {
    fn from(class: AddressClass) -> Self {
        match class {
            AddressClass::Machine => Self::Machine,
            AddressClass::Private => Self::Private,
            AddressClass::Public => Self::Public,
        }
    }
}

/// A key to take over.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ImportedKey {
    name: String,
    /// Scopes, written `action:database` or `action:database/site`.
    scopes: Vec<String>,
    /// How long it works from now on; without it, as configured.
    expires_in_days: Option<u32>,
    /// Networks it may be used from; none means any.
    #[serde(default)]
    cidrs: Vec<String>,
    /// The key itself: 64 hexadecimal digits or 43 letters of base64url; 32 characters where `auth.keys.short_imports` allows it.
    secret: Password,
}

/// A key to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewKey {
    name: String,
    /// Scopes, written `action:database` or `action:database/site`: `read:web`, `query:*`, `read:web/shop.example`.
    scopes: Vec<String>,
    /// How long it works; without it, as configured.
    expires_in_days: Option<u32>,
    /// Networks it may be used from; none means any.
    #[serde(default)]
    cidrs: Vec<String>,
}

/// A key that was just made, with its secret.
#[derive(Serialize, JsonSchema)]
struct NewKeyAnswer {
    id: KeyId,
    name: String,
    scopes: Vec<String>,
    /// The key itself: kept nowhere, shown this once.
    secret: String,
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    expires_at: Option<Timestamp>,
}

async fn list_keys(permit: Permit, app: App) -> Result<Json<List<KeyItem>>, Problem> {
    let keys = app.blocking(move |app| app.gate().keys(&permit)).await?;
    Ok(Json(List::whole(keys.into_iter().map(item))))
}

async fn create_key(
    permit: Permit,
    app: App,
    Json(new): Json<NewKey>,
) -> Result<Created<NewKeyAnswer>, Problem> {
    let NewKey { name, scopes, expires_in_days, cidrs } = new;
    let new = gate::NewKey { name, scopes, life_days: expires_in_days, cidrs };
    let issued = app.blocking(move |app| app.gate().create_key(&permit, &new)).await?;
    Ok(Created(answer(issued)))
}

async fn import_key(
    permit: Permit,
    app: App,
    Json(key): Json<ImportedKey>,
) -> Result<Created<KeyItem>, Problem> {
    let ImportedKey { name, scopes, expires_in_days, cidrs, secret } = key;
    let new = gate::NewKey { name, scopes, life_days: expires_in_days, cidrs };
    let import = move |app: &App| app.gate().import_key(&permit, &new, &secret);
    Ok(Created(item(app.blocking(import).await?)))
}

async fn rotate_key(
    permit: Permit,
    app: App,
    Path(id): Path<KeyId>,
) -> Result<Created<NewKeyAnswer>, Problem> {
    let issued = app.blocking(move |app| app.gate().rotate_key(&permit, &id)).await?;
    Ok(Created(answer(issued)))
}

async fn revoke_key(permit: Permit, app: App, Path(id): Path<KeyId>) -> Result<NoContent, Problem> {
    app.blocking(move |app| app.gate().revoke_key(&permit, &id)).await?;
    Ok(NoContent)
}

fn item(key: KeyRecord) -> KeyItem {
    KeyItem {
        id: key.id,
        name: key.name,
        scopes: key.scopes,
        cidrs: key.cidrs.iter().map(ToString::to_string).collect(),
        owner_id: key.owner,
        created_at: key.created_at,
        expires_at: key.expires_at,
        last_used_at: key.last_used_at,
        last_used_from: key.last_used_from.map(NetworkKind::from),
        replaced_at: key.replaced_at,
        imported: key.imported,
        revoked_at: key.revoked_at,
    }
}

fn answer(issued: IssuedKey) -> NewKeyAnswer {
    let IssuedKey { record, key } = issued;
    NewKeyAnswer {
        id: record.id,
        name: record.name,
        scopes: record.scopes,
        secret: key.expose().to_owned(),
        expires_at: record.expires_at,
    }
}
