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

pub(crate) async fn run(command: UserCommand, local: &Local, format: Format) -> Result<()> {
    match command {
        UserCommand::Add { name, role, password } => {
            let password = read_password(&password)?;
            let body =
                json!({"username": name, "role": role, "password": password.expose_secret()});
            let user = local.call(Method::POST, "/v1/users", Some(&body)).await?;
            format.print(&user, |_| format!("{name} can sign in as {role}."))
        }
        UserCommand::List => {
            let users = local.call(Method::GET, "/v1/users", None).await?;
            format.print(&users, |users| {
                let fields = [
                    ("NAME", "username"),
                    ("ROLE", "role"),
                    ("DISABLED", "disabled"),
                    ("SINCE", "created_at"),
                ];
                columns(
                    users,
                    &fields,
                    "Nobody yet. The setup link of the first start makes the first admin.",
                )
            })
        }
        UserCommand::Passwd { name, password } => {
            let password = read_password(&password)?;
            change(local, &name, &json!({"password": password.expose_secret()})).await?;
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
        UserCommand::Enable { name } => {
            change(local, &name, &json!({"disabled": false})).await?;
            format.print(&Value::Null, |_| format!("{name} can sign in again."))
        }
    }
}

async fn change(local: &Local, name: &str, body: &Value) -> Result<Value> {
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
    local.call(Method::PATCH, &format!("/v1/users/{}", segment(id)), Some(body)).await
}

fn read_password(source: &PasswordSource) -> Result<SecretString> {
    let line = match &source.password_file {
        Some(path) if path == Path::new("-") => first_line(io::stdin().lock())?,
        Some(path) => {
            let file =
                fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            first_line(io::BufReader::new(file))?
        }
        None if io::stdin().is_terminal() => ask()?,
        None => bail!(
            "no terminal to ask for a password; use --password-file FILE (or - for standard input)"
        ),
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
