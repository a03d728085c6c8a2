//! One's own second factors: authenticator app, recovery codes, passkeys.

use gate::factor::code::{OneTimeCode, RecoveryCode};
use gate::factor::passkey::{PasskeyAnswer, PasskeyId, PasskeyOptions};
use gate::http::{Created, Json, NoContent, Path, Problem, Route, Session, UserAgent};
use gate::store::factors::PasskeyRecord;
use gate::{AppConfirmed, Class, PasskeyAdded, Permit, Policy, SecondStep, TransactionToken};
use http::Method;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::list::List;

pub(crate) fn routes() -> Vec<Route<App>> {
    let read = Policy::signed_in(Class::Read).body_max(0).while_required();
    // An answer to a challenge is some kilobytes; none of these is a place for more.
    let change = Policy::signed_in(Class::Auth)
        .body_max(gate::policy::AUTH_BYTES_MAX)
        .while_required()
        .fresh();
    let bare = change.body_max(0);
    vec![
        Route::new(Method::GET, "/v1/me/totp", read, get_totp)
            .summary("Whether one has an authenticator app"),
        Route::new(Method::POST, "/v1/me/totp", bare, create_totp)
            .summary("Shows the secret of a new authenticator app, which counts once confirmed"),
        Route::new(Method::POST, "/v1/me/totp/confirm", change, confirm_totp)
            .summary("Confirms the new authenticator app by a code of it"),
        Route::new(Method::DELETE, "/v1/me/totp", bare, delete_totp)
            .summary("Gives up the authenticator app"),
        Route::new(Method::GET, "/v1/me/recovery-codes", read, get_recovery_codes)
            .summary("How many recovery codes are left"),
        Route::new(Method::POST, "/v1/me/recovery-codes", bare, create_recovery_codes)
            .summary("Makes new recovery codes; the old ones are dead"),
        Route::new(Method::GET, "/v1/me/passkeys", read, list_passkeys)
            .summary("One's own passkeys, oldest first"),
        Route::new(Method::POST, "/v1/me/passkeys/options", bare, create_passkey_options)
            .summary("What the browser needs to make a passkey"),
        Route::new(Method::POST, "/v1/me/passkeys", change, create_passkey)
            .summary("Adds the passkey the browser made"),
        Route::new(Method::DELETE, "/v1/me/passkeys/{id}", bare, delete_passkey)
            .summary("Gives up a passkey"),
    ]
}

/// Whether there is an authenticator app.
#[derive(Debug, Serialize, JsonSchema)]
struct TotpState {
    enabled: bool,
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    created_at: Option<Timestamp>,
}

/// A new authenticator app, shown this once.
#[derive(Serialize, JsonSchema)]
struct TotpOffer {
    /// The secret as one types it (base32).
    secret: String,
    /// The secret with everything else, as an address.
    otpauth_url: String,
    /// The address as a QR code: an SVG of one `rect` and one `path`, without styles or scripts.
    qr_svg: String,
}

/// A code of the new app.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TotpConfirmation {
    code: OneTimeCode,
}

/// The app counts.
#[derive(Serialize, JsonSchema)]
struct TotpConfirmed {
    /// The recovery codes, shown this once, when this is the account's first second factor; null otherwise.
    recovery_codes: Option<Vec<String>>,
}

/// How many recovery codes are left.
#[derive(Debug, Serialize, JsonSchema)]
struct RecoveryCodesState {
    remaining: u32,
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    created_at: Option<Timestamp>,
}

/// New recovery codes, shown this once.
#[derive(Serialize, JsonSchema)]
struct RecoveryCodes {
    codes: Vec<String>,
}

/// A passkey.
#[derive(Debug, Serialize, JsonSchema)]
struct PasskeyItem {
    id: PasskeyId,
    name: String,
    #[schemars(with = "String", extend("format" = "date-time"))]
    created_at: Timestamp,
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    last_used_at: Option<Timestamp>,
}

/// What the browser needs, and what to send along with its answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PasskeyChallenge {
    pub(crate) transaction: TransactionToken,
    pub(crate) options: PasskeyOptions,
}

/// The browser's answer.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewPasskey {
    transaction: TransactionToken,
    /// What to call it.
    name: String,
    passkey: PasskeyAnswer,
}

/// The passkey counts.
#[derive(Serialize, JsonSchema)]
struct PasskeyCreated {
    #[serde(flatten)]
    passkey: PasskeyItem,
    /// The recovery codes, shown this once, when this is the account's first second factor; null otherwise.
    recovery_codes: Option<Vec<String>>,
}

async fn get_totp(permit: Permit, app: App) -> Result<Json<TotpState>, Problem> {
    let created_at = app.blocking(move |app| app.gate().app(&permit)).await?;
    Ok(Json(TotpState { enabled: created_at.is_some(), created_at }))
}

async fn create_totp(permit: Permit, app: App) -> Result<Json<TotpOffer>, Problem> {
    let offer = app.blocking(move |app| app.gate().offer_app(&permit)).await?;
    Ok(Json(TotpOffer {
        secret: offer.secret.to_string(),
        otpauth_url: offer.url.to_string(),
        qr_svg: offer.qr_svg.to_string(),
    }))
}

async fn confirm_totp(
    permit: Permit,
    app: App,
    Json(TotpConfirmation { code }): Json<TotpConfirmation>,
) -> Result<Session<Json<TotpConfirmed>>, Problem> {
    let confirmed = app.blocking(move |app| app.gate().confirm_app(&permit, &code)).await?;
    let AppConfirmed { codes, token } = confirmed;
    Ok(Session::renew(token, Json(TotpConfirmed { recovery_codes: codes.as_deref().map(shown) })))
}

async fn delete_totp(permit: Permit, app: App) -> Result<NoContent, Problem> {
    app.blocking(move |app| app.gate().remove_app(&permit)).await?;
    Ok(NoContent)
}

async fn get_recovery_codes(permit: Permit, app: App) -> Result<Json<RecoveryCodesState>, Problem> {
    let state = app.blocking(move |app| app.gate().recovery_codes(&permit)).await?;
    Ok(Json(RecoveryCodesState {
        remaining: state.map_or(0, |state| state.remaining),
        created_at: state.map(|state| state.created_at),
    }))
}

async fn create_recovery_codes(permit: Permit, app: App) -> Result<Json<RecoveryCodes>, Problem> {
    let codes = app.blocking(move |app| app.gate().renew_recovery_codes(&permit)).await?;
    Ok(Json(RecoveryCodes { codes: shown(&codes) }))
}

async fn list_passkeys(permit: Permit, app: App) -> Result<Json<List<PasskeyItem>>, Problem> {
    let passkeys = app.blocking(move |app| app.gate().passkeys(&permit)).await?;
    Ok(Json(List::whole(passkeys.into_iter().map(item))))
}

async fn create_passkey_options(
    permit: Permit,
    app: App,
    UserAgent(user_agent): UserAgent,
) -> Result<Json<PasskeyChallenge>, Problem> {
    let offer =
        app.blocking(move |app| app.gate().offer_passkey(&permit, user_agent.as_deref())).await?;
    Ok(Json(PasskeyChallenge { transaction: offer.transaction, options: offer.options }))
}

async fn create_passkey(
    permit: Permit,
    app: App,
    UserAgent(user_agent): UserAgent,
    Json(NewPasskey { transaction, name, passkey }): Json<NewPasskey>,
) -> Result<Session<Created<PasskeyCreated>>, Problem> {
    let step = SecondStep { transaction, shown: passkey, user_agent };
    let added = app.blocking(move |app| app.gate().add_passkey(&permit, &step, &name)).await?;
    let PasskeyAdded { passkey, codes, token } = added;
    let created =
        PasskeyCreated { passkey: item(passkey), recovery_codes: codes.as_deref().map(shown) };
    Ok(Session::renew(token, Created(created)))
}

async fn delete_passkey(
    permit: Permit,
    app: App,
    Path(id): Path<PasskeyId>,
) -> Result<NoContent, Problem> {
    app.blocking(move |app| app.gate().remove_passkey(&permit, id)).await?;
    Ok(NoContent)
}

fn item(passkey: PasskeyRecord) -> PasskeyItem {
    PasskeyItem {
        id: passkey.id,
        name: passkey.name,
        created_at: passkey.created_at,
        last_used_at: passkey.last_used_at,
    }
}

fn shown(codes: &[RecoveryCode]) -> Vec<String> {
    codes.iter().map(|code| code.expose().to_owned()).collect()
}
