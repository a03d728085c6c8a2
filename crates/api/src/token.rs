//! Tokens for programs.

use gate::factor::code::OneTimeCode;
use gate::http::{Json, NoContent, Problem, Route, UserAgent};
use gate::token::VerifyingKey;
use gate::{
    Class, IssuedTokens, LogIn, Password, Permit, Policy, RefreshToken, SecondFactor, TokenError,
};
use http::Method;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;

pub(crate) fn routes() -> Vec<Route<App>> {
    let door = Policy::public(Class::Auth);
    vec![
        Route::new(Method::POST, "/v1/auth/token", door, create_tokens)
            .summary("Gives a program an access token and a refresh token"),
        Route::new(Method::POST, "/v1/auth/token/refresh", door, refresh_tokens)
            .summary("Exchanges a refresh token, which works once, for the next pair"),
        Route::new(Method::POST, "/v1/auth/token/revoke", door, revoke_tokens)
            .summary("Ends a refresh token and everything that came of the same sign-in"),
        Route::new(Method::GET, "/v1/auth/jwks", Policy::public(Class::Read), get_jwks)
            .summary("The public keys by which others verify access tokens"),
    ]
}

/// A name, a password and, where the account has a second factor, one code.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TokenRequest {
    username: String,
    password: Password,
    /// What the authenticator app shows.
    code: Option<OneTimeCode>,
    /// One of the recovery codes, instead of the app's.
    recovery_code: Option<OneTimeCode>,
}

/// A refresh token.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RefreshRequest {
    refresh_token: String,
}

/// A pair of tokens.
#[derive(Serialize, JsonSchema)]
struct Tokens {
    /// Opens doors as `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// How long the access token works.
    expires_in_s: i64,
    /// Is exchanged, once, for the next pair.
    refresh_token: String,
    /// When no exchange works any more; unused, it ends before.
    #[schemars(with = "String", extend("format" = "date-time"))]
    refresh_expires_at: Timestamp,
}

/// Public keys, as a JSON Web Key Set (RFC 7517).
#[derive(Debug, Serialize, JsonSchema)]
struct Jwks {
    /// The keys; none where the server signs with a secret.
    keys: Vec<VerifyingKey>,
}

async fn create_tokens(
    permit: Permit,
    app: App,
    UserAgent(user_agent): UserAgent,
    Json(TokenRequest { username, password, code, recovery_code }): Json<TokenRequest>,
) -> Result<Json<Tokens>, Problem> {
    let form = LogIn { username, password, user_agent };
    let factor = factor(code, recovery_code)?;
    let issued =
        app.blocking(move |app| app.gate().issue_tokens(&permit, &form, factor.as_ref())).await?;
    Ok(Json(tokens(&issued)))
}

async fn refresh_tokens(
    permit: Permit,
    app: App,
    Json(RefreshRequest { refresh_token }): Json<RefreshRequest>,
) -> Result<Json<Tokens>, Problem> {
    let shown = RefreshToken::parse(&refresh_token).ok_or(TokenError::NotGood)?;
    let issued = app.blocking(move |app| app.gate().refresh_tokens(&permit, &shown)).await?;
    Ok(Json(tokens(&issued)))
}

async fn revoke_tokens(
    permit: Permit,
    app: App,
    Json(RefreshRequest { refresh_token }): Json<RefreshRequest>,
) -> Result<NoContent, Problem> {
    // What is no token of ours is answered like one that has ended: nothing is learnt by asking.
    if let Some(shown) = RefreshToken::parse(&refresh_token) {
        app.blocking(move |app| app.gate().revoke_tokens(&permit, &shown)).await?;
    }
    Ok(NoContent)
}

async fn get_jwks(_: Permit, app: App) -> Json<Jwks> {
    Json(Jwks { keys: app.gate().verifying_keys() })
}

fn factor(
    code: Option<OneTimeCode>,
    recovery_code: Option<OneTimeCode>,
) -> Result<Option<SecondFactor>, Problem> {
    match (code, recovery_code) {
        (None, None) => Ok(None),
        (Some(code), None) => Ok(Some(SecondFactor::Code(code))),
        (None, Some(code)) => Ok(Some(SecondFactor::RecoveryCode(code))),
        (Some(_), Some(_)) => Err(Problem::invalid("recovery_code", "stands in for code")),
    }
}

fn tokens(issued: &IssuedTokens) -> Tokens {
    Tokens {
        access_token: issued.access.expose().to_owned(),
        token_type: "Bearer",
        expires_in_s: issued.access_life.as_secs(),
        refresh_token: issued.refresh.expose().to_owned(),
        refresh_expires_at: issued.refresh_expires_at,
    }
}
