//! `shelduck key …`

use anyhow::{Context, Result};
use http::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::segment;
use super::user::secret_in;
use crate::cli::KeyCommand;
use crate::local::Local;
use crate::output::{Format, columns};

pub(crate) async fn run(command: KeyCommand, local: &Local, format: Format) -> Result<()> {
    match command {
        KeyCommand::Create { name, scope, expires, cidr } => {
            let days = expires.as_deref().map(days).transpose()?;
            let body =
                json!({"name": name, "scopes": scope, "expires_in_days": days, "cidrs": cidr});
            let key = local.call(Method::POST, "/v1/keys", Some(&body)).await?;
            format.print(&key, shown_once)
        }
        KeyCommand::Import { name, scope, expires, cidr, key_file } => {
            let days = expires.as_deref().map(days).transpose()?;
            let secret = secret_in(&key_file)?;
            let body = json!({
                "name": name, "scopes": scope, "expires_in_days": days, "cidrs": cidr,
                "secret": secret.expose_secret(),
            });
            let key = local.call(Method::POST, "/v1/keys/import", Some(&body)).await?;
            format.print(&key, |key| {
                let field = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or("never");
                format!(
                    "Key {name} works from now on, as {}, until {}.",
                    field("id"),
                    field("expires_at")
                )
            })
        }
        KeyCommand::List => {
            let keys = local.call(Method::GET, "/v1/keys", None).await?;
            format.print(&keys, |keys| {
                let fields = [
                    ("ID", "id"),
                    ("NAME", "name"),
                    ("SCOPES", "scopes"),
                    ("EXPIRES", "expires_at"),
                    ("LAST USED", "last_used_at"),
                    ("REVOKED", "revoked_at"),
                ];
                columns(
                    keys,
                    &fields,
                    "No key yet. Make one: shelduck key create --name ci --scope read:web",
                )
            })
        }
        KeyCommand::Rotate { id } => {
            let key = local
                .call(Method::POST, &format!("/v1/keys/{}/rotate", segment(&id)), None)
                .await?;
            format.print(&key, shown_once)
        }
        KeyCommand::Revoke { id } => {
            let done =
                local.call(Method::DELETE, &format!("/v1/keys/{}", segment(&id)), None).await?;
            format.print(&done, |_| format!("{id} is revoked."))
        }
    }
}

fn shown_once(key: &Value) -> String {
    let field = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or("never");
    format!(
        "Key {} ({}), valid until {}. This is the only time its secret is shown:\n\n  {}",
        field("name"),
        field("id"),
        field("expires_at"),
        field("secret")
    )
}

/// `90d` or `90`, in days.
fn days(text: &str) -> Result<u32> {
    let number = text.strip_suffix('d').unwrap_or(text);
    number.parse().with_context(|| format!("--expires: `{text}` is not a number of days, like 90d"))
}
