//! What follows the password, or stands in its place: the second factor, the
//! passkey, and proving oneself again.

use gate::factor::code::OneTimeCode;
use gate::factor::passkey::{PasskeyAnswer, PasskeyOptions};
use gate::http::{Json, NoContent, Problem, Route, Session, UserAgent};
use gate::{
    AccountError, Class, Password, Permit, Policy, SecondFactor, SecondStep, StepUp,
    TransactionToken,
};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::auth::{Signed, begun};
use crate::factors::PasskeyChallenge;

pub(crate) fn routes() -> Vec<Route<App>> {
    let door = Policy::public(Class::Auth);
    let again =
        Policy::signed_in(Class::Auth).body_max(gate::policy::AUTH_BYTES_MAX).while_required();
    vec![
        Route::new(Method::POST, "/v1/auth/mfa", door, prove_second_factor)
            .summary("Shows the second factor of a sign-in: begins the session"),
        Route::new(Method::POST, "/v1/auth/mfa/passkey", door, create_mfa_options)
            .summary("What the browser needs to show a passkey as the second factor"),
        Route::new(
            Method::POST,
            "/v1/auth/passkey/options",
            door.body_max(0),
            create_sign_in_options,
        )
        .summary("What the browser needs to sign in with a passkey alone"),
        Route::new(Method::POST, "/v1/auth/passkey", door, log_in_with_passkey)
            .summary("Signs in with a passkey alone"),
        Route::new(Method::POST, "/v1/auth/step-up", again, step_up).summary(
            "Proves again who one is, by the strongest factor one has; the session gets another token",
        ),
        Route::new(
            Method::POST,
            "/v1/auth/step-up/passkey",
            again.body_max(0),
            create_step_up_options,
        )
        .summary("What the browser needs to prove oneself again with a passkey"),
    ]
}

/// The second factor: exactly one of `code`, `recovery_code` and `passkey`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MfaRequest {
    /// What the first step answered.
    transaction: TransactionToken,
    /// A code of the authenticator app.
    code: Option<OneTimeCode>,
    /// A recovery code.
    recovery_code: Option<OneTimeCode>,
    /// The browser's answer to the options.
    passkey: Option<PasskeyAnswer>,
}

/// A sign-in that waits.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MfaOptionsRequest {
    transaction: TransactionToken,
}

/// What the browser needs.
#[derive(Serialize, JsonSchema)]
struct MfaOptions {
    options: PasskeyOptions,
}

/// A passkey alone.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PasskeyRequest {
    /// What came with the options.
    transaction: TransactionToken,
    /// The browser's answer to them.
    passkey: PasskeyAnswer,
}

/// A proof: exactly one of `password`, `code`, `recovery_code` and `passkey`, the last with its `transaction`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StepUpRequest {
    /// Enough where no second factor is set up.
    password: Option<Password>,
    /// A code of the authenticator app; enough where there is no passkey.
    code: Option<OneTimeCode>,
    /// A recovery code, in place of a lost factor.
    recovery_code: Option<OneTimeCode>,
    /// The browser's answer to the options.
    passkey: Option<PasskeyAnswer>,
    /// What came with the options.
    transaction: Option<TransactionToken>,
}

async fn prove_second_factor(
    permit: Permit,
    app: App,
    UserAgent(user_agent): UserAgent,
    Json(request): Json<MfaRequest>,
) -> Result<Session<Json<Signed>>, Problem> {
    let MfaRequest { transaction, code, recovery_code, passkey } = request;
    let shown = match (code, recovery_code, passkey) {
        (Some(code), None, None) => SecondFactor::Code(code),
        (None, Some(code), None) => SecondFactor::RecoveryCode(code),
        (None, None, Some(answer)) => SecondFactor::Passkey(answer),
        _ => {
            return Err(Problem::invalid(
                "code",
                "is needed, or else recovery_code or passkey, and no two of them",
            ));
        }
    };
    let step = SecondStep { transaction, shown, user_agent };
    let signed_in = app.blocking(move |app| app.gate().second_step(&permit, &step)).await?;
    Ok(begun(app.gate(), &signed_in))
}

async fn create_mfa_options(
    _: Permit,
    app: App,
    UserAgent(user_agent): UserAgent,
    Json(MfaOptionsRequest { transaction }): Json<MfaOptionsRequest>,
) -> Result<Json<MfaOptions>, Problem> {
    let options = app
        .blocking(move |app| app.gate().challenge_second_step(&transaction, user_agent.as_deref()))
        .await?;
    Ok(Json(MfaOptions { options }))
}

async fn create_sign_in_options(
    _: Permit,
    app: App,
    UserAgent(user_agent): UserAgent,
) -> Result<Json<PasskeyChallenge>, Problem> {
    let (transaction, options) = app.gate().begin_passkey_sign_in(user_agent.as_deref())?;
    Ok(Json(PasskeyChallenge { transaction, options }))
}

async fn log_in_with_passkey(
    permit: Permit,
    app: App,
    UserAgent(user_agent): UserAgent,
    Json(PasskeyRequest { transaction, passkey }): Json<PasskeyRequest>,
) -> Result<Session<Json<Signed>>, Problem> {
    let step = SecondStep { transaction, shown: passkey, user_agent };
    let signed_in = app.blocking(move |app| app.gate().passkey_sign_in(&permit, &step)).await?;
    Ok(begun(app.gate(), &signed_in))
}

async fn step_up(
    permit: Permit,
    app: App,
    UserAgent(user_agent): UserAgent,
    Json(request): Json<StepUpRequest>,
) -> Result<Session<NoContent>, Problem> {
    let StepUpRequest { password, code, recovery_code, passkey, transaction } = request;
    let (field, shown) = match (password, code, recovery_code, passkey, transaction) {
        (Some(password), None, None, None, None) => ("password", StepUp::Password(password)),
        (None, Some(code), None, None, None) => ("code", StepUp::Factor(SecondFactor::Code(code))),
        (None, None, Some(code), None, None) => {
            ("recovery_code", StepUp::Factor(SecondFactor::RecoveryCode(code)))
        }
        (None, None, None, Some(answer), Some(transaction)) => {
            let factor = SecondFactor::Passkey(answer);
            ("passkey", StepUp::Transaction { transaction, factor, user_agent })
        }
        _ => {
            return Err(Problem::invalid(
                "password",
                "is needed, or else code, recovery_code, or passkey with its transaction, and no two of them",
            ));
        }
    };
    let stepped = app.blocking(move |app| app.gate().step_up(&permit, &shown)).await;
    // The session is fine, so this is no 401: a page would take that for the end of the session.
    let token = stepped.map_err(|error| match error {
        AccountError::WrongFactor => Problem::invalid(field, "is wrong, or was used before"),
        AccountError::WeakFactor => {
            Problem::invalid(field, "is not enough: this account has a stronger factor")
        }
        AccountError::TransactionEnded => {
            Problem::invalid("transaction", "has ended; ask for new options")
        }
        error => error.into(),
    })?;
    Ok(Session::renew(token, NoContent))
}

async fn create_step_up_options(
    permit: Permit,
    app: App,
    UserAgent(user_agent): UserAgent,
) -> Result<Json<PasskeyChallenge>, Problem> {
    let challenged =
        app.blocking(move |app| app.gate().challenge_step_up(&permit, user_agent.as_deref())).await;
    let (transaction, options) = challenged.map_err(|error| match error {
        AccountError::WrongFactor => {
            Problem::new(gate::http::kind::CONFLICT).detail("The account has no passkey.")
        }
        error => error.into(),
    })?;
    Ok(Json(PasskeyChallenge { transaction, options }))
}
