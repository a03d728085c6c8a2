//! `shelduck user …`

use std::fs;
use std::io::{self, BufRead, IsTerminal};
use std::path::Path;

use anyhow::{Context, Result, bail};
use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::segment;
use crate::Refused;
use crate::cli::{PasswordSource, UserCommand};
use crate::local::Local;
use crate::output::{Format, columns, note};

mod import;

pub(crate) async fn run(command: UserCommand, local: &Local, format: Format) -> Result<()> {
    match command {
        UserCommand::Add { name, role, grants, password_file } => {
            let password = password_file.as_deref().map(secret_in).transpose()?;
            let new = json!({"username": name, "role": role, "grants": grants});
            add(local, new, password, format).await
        }
        UserCommand::List => list(local, format).await,
        UserCommand::Role { name, role } => {
            let user = change(local, &name, &json!({"role": role})).await?;
            format.print(&user, |_| format!("{name} is {role}; all sessions of {name} have ended."))
        }
        UserCommand::Grants { name, grants } => {
            let user = change(local, &name, &json!({"grants": grants})).await?;
            format.print(&user, |_| {
                format!(
                    "{name} has grants for {}; all sessions of {name} have ended.",
                    grants.join(", ")
                )
            })
        }
        UserCommand::ResetLink { name } => {
            let path = format!("{}/reset-link", path(local, &name).await?);
            let reset = local.call(Method::POST, &path, None).await?;
            format.print(&reset, |reset| link(&name, reset))
        }
        UserCommand::Import { file } => import::run(&file, local, format).await,
        UserCommand::Passwd { name, password } => {
            let password = read_password(&password)?;
            let body = json!({"password": password.expose_secret()});
            let path = format!("{}/password", path(local, &name).await?);
            local.call(Method::PUT, &path, Some(&body)).await?;
            format.print(&Value::Null, |_| {
                format!("{name} has a new password; all sessions of {name} have ended.")
            })
        }
        UserCommand::Disable { name } => {
            change(local, &name, &json!({"disabled": true})).await?;
            format.print(&Value::Null, |_| {
                format!("{name} is disabled; sessions and keys of {name} have ended.")
            })
        }
        UserCommand::MfaReset { name } => {
            let path = format!("{}/mfa-reset", path(local, &name).await?);
            local.call(Method::POST, &path, None).await?;
            format.print(&Value::Null, |_| {
                format!("{name} has no second factor any more and can sign in once without; all sessions of {name} have ended.")
            })
        }
        UserCommand::Unlock { name } => {
            let path = format!("{}/unlock", path(local, &name).await?);
            local.call(Method::POST, &path, None).await?;
            format.print(&Value::Null, |_| {
                format!("{name} may try again; so may whoever comes from this machine.")
            })
        }
        UserCommand::Enable { name } => {
            change(local, &name, &json!({"disabled": false})).await?;
            format.print(&Value::Null, |_| format!("{name} can sign in again."))
        }
    }
}

async fn list(local: &Local, format: Format) -> Result<()> {
    let users = local.call(Method::GET, "/v1/users", None).await?;
    format.print(&users, |users| {
        let fields = [
            ("NAME", "username"),
            ("ROLE", "role"),
            ("GRANTS", "grants"),
            ("DISABLED", "disabled"),
            ("SINCE", "created_at"),
            ("LAST SIGN-IN", "last_login_at"),
        ];
        columns(
            users,
            &fields,
            "Nobody yet. The setup link of the first start makes the first admin.",
        )
    })
}

async fn add(
    local: &Local,
    mut new: Value,
    password: Option<SecretString>,
    format: Format,
) -> Result<()> {
    if let (Some(password), Some(new)) = (password, new.as_object_mut()) {
        new.insert("password".to_owned(), password.expose_secret().into());
    }
    let made = local.call(Method::POST, "/v1/users", Some(&new)).await?;
    format.print(&made, |made| {
        let text = |name: &str| new.get(name).and_then(Value::as_str).unwrap_or_default();
        match made.get("reset") {
            Some(reset) => link(text("username"), reset),
            None => format!("{} can sign in as {}.", text("username"), text("role")),
        }
    })
}

async fn change(local: &Local, name: &str, body: &Value) -> Result<Value> {
    local.call(Method::PATCH, &path(local, name).await?, Some(body)).await
}

/// Where the API keeps the person of that name.
async fn path(local: &Local, name: &str) -> Result<String> {
    let users = local.call(Method::GET, "/v1/users", None).await?;
    let items = users.get("items").and_then(Value::as_array);
    let user = items
        .into_iter()
        .flatten()
        .find(|user| user.get("username").and_then(Value::as_str) == Some(name));
    let Some(id) = user.and_then(|user| user.get("id")).and_then(Value::as_str) else {
        return Err(Refused(format!(
            "there is nobody called {name}; `shelduck user list` shows who there is"
        ))
        .into());
    };
    Ok(format!("/v1/users/{}", segment(id)))
}

fn link(name: &str, reset: &Value) -> String {
    let field = |field: &str| reset.get(field).and_then(Value::as_str).unwrap_or_default();
    format!(
        "{name} chooses a password here, once, until {}:\n\n  {}",
        field("expires_at"),
        field("url")
    )
}

fn read_password(source: &PasswordSource) -> Result<SecretString> {
    match &source.password_file {
        Some(path) => secret_in(path),
        None if io::stdin().is_terminal() => Ok(ask()?.into()),
        None => bail!(
            "no terminal to ask for a password; use --password-file FILE (or - for standard input)"
        ),
    }
}

/// The first line of a file; `-` is standard input.
pub(super) fn secret_in(path: &Path) -> Result<SecretString> {
    let line = if path == Path::new("-") {
        first_line(io::stdin().lock())?
    } else {
        let file =
            fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        first_line(io::BufReader::new(file))?
    };
    Ok(line.into())
}

fn first_line(mut reader: impl BufRead) -> Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Asks without showing what is typed.
fn ask() -> Result<String> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    note("Password (at least 16 characters; it is not shown):");
    let stdin = io::stdin();
    let before = tcgetattr(&stdin).context("the terminal")?;
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Now, &hidden).context("the terminal")?;
    let line = first_line(stdin.lock());
    tcsetattr(&stdin, OptionalActions::Now, &before).context("the terminal")?;
    line
}
