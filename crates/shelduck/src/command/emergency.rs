//! `shelduck panic …`, `shelduck secret rotate` and `shelduck secret retire`.

use anyhow::Result;
use http::Method;
use serde_json::Value;

use crate::cli::{PanicCommand, SecretCommand};
use crate::local::Local;
use crate::output::Format;

pub(crate) async fn panic(command: PanicCommand, local: &Local, format: Format) -> Result<()> {
    let path = match command {
        PanicCommand::RevokeKeys => "/v1/panic/revoke-keys",
        PanicCommand::EndSessions => "/v1/panic/end-sessions",
        PanicCommand::RotateSecrets => "/v1/panic/rotate-secrets",
    };
    let ended = local.call(Method::POST, path, None).await?;
    format.print(&ended, |ended| match command {
        PanicCommand::RevokeKeys => {
            format!("No API key works any more; {} were taken back.", count(ended, "keys"))
        }
        PanicCommand::EndSessions => format!(
            "Nobody is signed in any more; {} sessions ended, and every link that resets a password.",
            count(ended, "sessions")
        ),
        PanicCommand::RotateSecrets => format!(
            "The root secret is a new one, and nothing of before works: {} keys and {} sessions ended, and every link that resets \
             a password. Authenticator apps and recovery codes are worth nothing either: `shelduck user mfa-reset NAME` lets \
             somebody sign in once to set up another.",
            count(ended, "keys"),
            count(ended, "sessions")
        ),
    })
}

pub(crate) async fn secret(command: SecretCommand, local: &Local, format: Format) -> Result<()> {
    match command {
        SecretCommand::Rotate => {
            let done = local.call(Method::POST, "/v1/secrets/rotate", None).await?;
            format.print(&done, |_| {
                "The root secret is a new one. What the ones of before made is still recognised, until `shelduck secret retire`."
                    .to_owned()
            })
        }
        SecretCommand::Retire => {
            let ended = local.call(Method::POST, "/v1/secrets/retire", None).await?;
            format.print(&ended, |ended| {
                format!(
                    "The root secrets of before are forgotten; {} keys that only they recognised ended.",
                    count(ended, "keys")
                )
            })
        }
    }
}

fn count(ended: &Value, what: &str) -> u64 {
    ended.get(what).and_then(Value::as_u64).unwrap_or_default()
}
