//! Signing in and out, and the first account.

use gate::factor::passkey::{PasskeyObstacle, PasskeySite};
use gate::http::{Json, NoContent, Problem, Route, Session, UserAgent};
use gate::store::UserRecord;
use gate::{
    Class, Factor, Gate, LogIn, LoggedIn, Password, Permit, Policy, Principal, Requirements,
    SessionId, SetUp, SignedIn, TransactionToken, UserId,
};
use http::Method;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        Route::new(Method::GET, "/v1/auth/state", Policy::public(Class::Read), get_auth_state)
            .summary(
                "What the sign-in page must know: whether the server waits for its first account, and has passkeys",
            ),
        Route::new(Method::POST, "/v1/auth/setup", Policy::public(Class::Auth), set_up)
            .summary("Makes the first account with the one-time setup secret, and signs in"),
        Route::new(Method::POST, "/v1/auth/login", Policy::public(Class::Auth), log_in)
            .summary("Signs in: begins a session and sets its cookie, or asks for the second factor"),
        Route::new(Method::POST, "/v1/auth/reset", Policy::public(Class::Auth), reset_password)
            .summary("Chooses a password with a one-time link, and ends the account's sessions"),
        Route::new(
            Method::POST,
            "/v1/auth/logout",
            Policy::signed_in(Class::Auth).body_max(0).while_required(),
            log_out,
        )
        .summary("Ends the session"),
        Route::new(
            Method::GET,
            "/v1/auth/session",
            Policy::signed_in(Class::Read).body_max(0).while_required(),
            get_session,
        )
        .summary("Who is signed in"),
    ]
}

/// What the sign-in page must know.
#[derive(Debug, Serialize, JsonSchema)]
struct AuthState {
    /// There is no account yet: the setup link makes the first.
    setup_required: bool,
    passkeys: PasskeyState,
}

/// Whether passkeys work at the server's address.
#[derive(Debug, Serialize, JsonSchema)]
struct PasskeyState {
    available: bool,
    /// Where a page must be opened from for them; null when they do not work.
    origin: Option<String>,
    /// Why they do not work; null when they do.
    obstacle: Option<PasskeyObstacle>,
}

/// A name and a password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LoginRequest {
    username: String,
    password: Password,
}

/// The one-time secret, and the account to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetupRequest {
    secret: Password,
    username: String,
    password: Password,
}

/// The secret of a one-time link, and the password to have.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ResetRequest {
    token: Password,
    password: Password,
}

/// Who is signed in, or what is asked for first.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum LoginAnswer {
    Signed(Signed),
    NeedsFactor(NeedsFactor),
}

/// The password is right, and a second factor is asked for.
#[derive(Serialize, JsonSchema)]
struct NeedsFactor {
    mfa: MfaAsked,
}

/// What to show, and with what.
#[derive(Serialize, JsonSchema)]
struct MfaAsked {
    transaction: TransactionToken,
    /// What may be shown, the strongest first.
    methods: Vec<Factor>,
}

/// Who is signed in, and in which session.
#[derive(Debug, Serialize, JsonSchema)]
struct CurrentSession {
    #[serde(flatten)]
    signed: Signed,
    session: SessionState,
}

/// A session, and what was proved in it.
#[derive(Debug, Serialize, JsonSchema)]
struct SessionState {
    id: SessionId,
    factors: Vec<Factor>,
    #[schemars(with = "String", extend("format" = "date-time"))]
    authenticated_at: Timestamp,
    /// Until when dangerous things may be done; null when the account has a stronger factor than was proved.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    fresh_until: Option<Timestamp>,
}

/// Who is signed in.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Signed {
    user: SignedUser,
    /// What must be done before anything else: until then only `/v1/auth` and `/v1/me` answer.
    required: Requirements,
    /// When the password must be changed, where passwords expire; null elsewhere.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    password_expires_at: Option<Timestamp>,
}

/// A user, with what the role may do where the grants say.
#[derive(Debug, Serialize, JsonSchema)]
struct SignedUser {
    id: UserId,
    username: String,
    role: String,
    /// Scopes, written `action:database` or `action:database/site`.
    scopes: Vec<String>,
}

async fn get_auth_state(_: Permit, app: App) -> Result<Json<AuthState>, Problem> {
    let setup_required = app.blocking(|app| app.gate().setup_required()).await?;
    let passkeys = match app.gate().passkey_site() {
        PasskeySite::Ready { origin, .. } => {
            PasskeyState { available: true, origin: Some(origin.clone()), obstacle: None }
        }
        PasskeySite::Unavailable(obstacle) => {
            PasskeyState { available: false, origin: None, obstacle: Some(*obstacle) }
        }
    };
    Ok(Json(AuthState { setup_required, passkeys }))
}

async fn set_up(
    permit: Permit,
    app: App,
    UserAgent(user_agent): UserAgent,
    Json(SetupRequest { secret, username, password }): Json<SetupRequest>,
) -> Result<Session<Json<Signed>>, Problem> {
    let form = SetUp { secret, account: LogIn { username, password, user_agent } };
    let signed_in = app.blocking(move |app| app.gate().set_up(&permit, &form)).await?;
    Ok(begun(app.gate(), &signed_in))
}

async fn log_in(
    permit: Permit,
    app: App,
    UserAgent(user_agent): UserAgent,
    Json(LoginRequest { username, password }): Json<LoginRequest>,
) -> Result<Session<Json<LoginAnswer>>, Problem> {
    let form = LogIn { username, password, user_agent };
    let logged_in = app.blocking(move |app| app.gate().log_in(&permit, &form)).await?;
    Ok(match logged_in {
        LoggedIn::SignedIn(signed_in) => {
            Session::begin(&signed_in, Json(LoginAnswer::Signed(signed(app.gate(), &signed_in))))
        }
        LoggedIn::NeedsFactor(asked) => {
            let mfa = MfaAsked { transaction: asked.transaction, methods: asked.methods };
            Session::none(Json(LoginAnswer::NeedsFactor(NeedsFactor { mfa })))
        }
    })
}

async fn reset_password(
    permit: Permit,
    app: App,
    Json(ResetRequest { token, password }): Json<ResetRequest>,
) -> Result<NoContent, Problem> {
    app.blocking(move |app| app.gate().reset_password(&permit, &token, &password)).await?;
    Ok(NoContent)
}

async fn log_out(permit: Permit, app: App) -> Result<Session<NoContent>, Problem> {
    app.blocking(move |app| app.gate().log_out(&permit)).await?;
    Ok(Session::end(NoContent))
}

async fn get_session(permit: Permit, app: App) -> Result<Json<CurrentSession>, Problem> {
    let Principal::User { id, name, role, scopes, .. } = permit.principal() else {
        return Err(Problem::new(gate::http::kind::FORBIDDEN).detail("A key has no session."));
    };
    let scopes = scopes.iter().map(ToString::to_string).collect();
    let user = SignedUser { id: *id, username: name.to_string(), role: role.to_string(), scopes };
    let session = app.blocking(move |app| app.gate().current_session(&permit)).await?;
    let required = session.required;
    let password_expires_at = session.password_expires_at;
    Ok(Json(CurrentSession {
        signed: Signed { user, required, password_expires_at },
        session: SessionState {
            id: session.id,
            factors: session.factors.iter().collect(),
            authenticated_at: session.authenticated_at,
            fresh_until: session.fresh_until,
        },
    }))
}

/// The answer that begins a session.
pub(crate) fn begun(gate: &Gate, signed_in: &SignedIn) -> Session<Json<Signed>> {
    Session::begin(signed_in, Json(signed(gate, signed_in)))
}

fn signed(gate: &Gate, signed_in: &SignedIn) -> Signed {
    let UserRecord { id, name, role, .. } = &signed_in.user;
    let scopes = signed_in.scopes.iter().map(ToString::to_string).collect();
    let user = SignedUser { id: *id, username: name.clone(), role: role.clone(), scopes };
    let password_expires_at = gate.password_expires_at(&signed_in.user);
    Signed { user, required: signed_in.required, password_expires_at }
}
