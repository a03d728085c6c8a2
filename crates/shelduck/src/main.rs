//! The server's binary: configuration, listeners, jobs and the command line.
//!
//! The only place that wires. [`runtime`] opens what a folder holds and joins the parts; [`serve`] puts listeners in front of it;
//! the managing verbs ([`command`]) are requests to the API, over the local socket or in this process ([`local`]).

mod cli;
mod command;
mod config;
mod demo;
mod init;
mod listen;
mod local;
mod log;
mod output;
mod runtime;
mod secret;
mod serve;
mod wiring;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use clap::error::ErrorKind;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::cli::{Cli, Command};
use crate::config::checks::{self, Check, Verdict};
use crate::config::{Config, Loaded};
use crate::local::Local;
use crate::output::{Format, note};

/// The answer is no, in words for the user: exit code 1.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(pub(crate) String);

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, everything else is a usage error; clap words both.
            let _printed = error.print();
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return ExitCode::from(if asked { 0 } else { 2 });
        }
    };
    match start(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Refused>() => {
            note(&format!("{error:#}"));
            ExitCode::from(1)
        }
        Err(error) => {
            note(&format!("error: {error:#}"));
            ExitCode::from(3)
        }
    }
}

fn start(cli: Cli) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(cli))
}

async fn run(cli: Cli) -> Result<()> {
    let format = if cli.json { Format::Json } else { Format::People };
    let loaded = || {
        let environment = std::env::vars();
        config::load(cli.config.as_deref(), environment)
    };
    match cli.command {
        Command::Demo { listen } => demo::run(listen, format).await,
        Command::Init { dir } => init::run(&dir, format).await,
        Command::Serve => serve::run(&safe(&loaded())?, format).await,
        Command::Check { options: true } => output::line(config::reference().trim_end()),
        Command::Check { options: false } => check(&loaded(), format),
        Command::Routes => format.print(&json!({"items": api::routes_table()}), routes_for_people),
        Command::Openapi => output::line(&serde_json::to_string_pretty(&api::openapi())?),
        Command::Secret => output::line(secret::generate()?.expose_secret()),
        Command::User(command) => {
            let local = Local::open(&valid(&loaded())?).await?;
            finish(command::user(command, &local, format).await, local).await
        }
        Command::Key(command) => {
            let local = Local::open(&valid(&loaded())?).await?;
            finish(command::key(command, &local, format).await, local).await
        }
        Command::Site(command) => {
            let local = Local::open(&valid(&loaded())?).await?;
            finish(command::site(command, &local, format).await, local).await
        }
        Command::ProbeFile { path } => match warehouse::probe_file(&path) {
            warehouse::FileProbe::Opens => Ok(()),
            warehouse::FileProbe::Fails => {
                Err(Refused(format!("{} does not open", path.display())).into())
            }
        },
    }
}

/// Closes the way to the API whatever the verb answered.
async fn finish(done: Result<()>, local: Local) -> Result<()> {
    let closed = local.close().await;
    done.and(closed)
}

/// A configuration that every check lets pass; the warnings are said.
fn safe(loaded: &Loaded) -> Result<Config> {
    let checks = checks::run(loaded, Timestamp::now());
    let of = |verdict| checks.iter().filter(move |check| check.verdict == verdict);
    for check in of(Verdict::Warned) {
        note(&format!("warning: {}", check.message));
    }
    if checks::may_start(&checks) {
        return Ok(loaded.config.clone());
    }
    let problems: Vec<String> =
        of(Verdict::Refused).map(|check| format!("  {}: {}", check.id, check.message)).collect();
    Err(Refused(format!(
        "the server does not start with this configuration:\n{}",
        problems.join("\n")
    ))
    .into())
}

/// A configuration that can be read; the verbs that manage need no more.
fn valid(loaded: &Loaded) -> Result<Config> {
    if loaded.problems.is_empty() {
        return Ok(loaded.config.clone());
    }
    let problems: Vec<String> =
        loaded.problems.iter().map(|problem| format!("  {problem}")).collect();
    Err(Refused(format!("the configuration cannot be used:\n{}", problems.join("\n"))).into())
}

fn check(loaded: &Loaded, format: Format) -> Result<()> {
    let checks = checks::run(loaded, Timestamp::now());
    let may_start = checks::may_start(&checks);
    format.print(&json!({"may_start": may_start, "checks": checks}), |_| {
        checks_for_people(&checks)
    })?;
    if may_start {
        Ok(())
    } else {
        Err(Refused("the server would refuse to start".to_owned()).into())
    }
}

fn checks_for_people(checks: &[Check]) -> String {
    let line = |check: &Check| {
        let mark = match check.verdict {
            Verdict::Passed => "ok     ",
            Verdict::Warned => "WARNING",
            Verdict::Refused => "REFUSED",
        };
        format!("{mark}  {:<16} {}", check.id, check.message)
    };
    checks.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn routes_for_people(document: &Value) -> String {
    let fields = [
        ("METHOD", "method"),
        ("PATH", "path"),
        ("CLASS", "class"),
        ("ACCESS", "access"),
        ("SCOPE", "scope"),
        ("COST", "cost"),
        ("CORS", "cors"),
        ("CSRF", "csrf"),
    ];
    output::columns(document, &fields, "no routes")
}
