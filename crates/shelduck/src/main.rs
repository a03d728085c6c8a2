//! The server's binary: configuration, listeners, jobs and the command line.
//!
//! The only place that wires. [`runtime`] opens what a folder holds and joins the parts; [`serve`] puts listeners in front of it;
//! the managing verbs ([`command`]) are requests to the API, over the local socket or in this process ([`local`]).

#[cfg(feature = "acme")]
mod acme;
#[cfg(not(feature = "acme"))]
#[path = "acme/absent.rs"]
mod acme;
mod audit_log;
mod check;
mod cli;
mod command;
mod config;
mod demo;
mod init;
mod listen;
mod local;
mod log;
mod output;
#[cfg(feature = "sentry")]
mod reports;
#[cfg(not(feature = "sentry"))]
#[path = "reports/absent.rs"]
mod reports;
mod restrict;
mod runtime;
mod secret;
mod serve;
mod wiring;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use clap::error::ErrorKind;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::cli::{Cli, Command};
use crate::config::{Config, Loaded};
use crate::local::Local;
use crate::output::{Format, note};

/// The answer is no, in words for the user: exit code 1.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(pub(crate) String);

/// A request takes and gives back some hundred small pieces of memory, often on another thread; this one is made for that,
/// and gives memory nobody uses back to the system by itself.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

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
    let format = if cli.json { Format::Json } else { Format::People };
    let loaded = || {
        let environment = std::env::vars();
        config::load(cli.config.as_deref(), environment)
    };
    match cli.command {
        Command::Demo { listen } => demo::run(listen, format),
        Command::Init { dir } => wait(init::run(&dir, format)),
        Command::Serve => {
            let loaded = loaded();
            check::safe(&loaded)?;
            serve::run(&loaded, format)
        }
        Command::Check { options: true } => output::line(config::reference().trim_end()),
        Command::Check { options: false } => check::run(&loaded(), format),
        Command::Health => wait(local::health(&valid(&loaded())?, format)),
        Command::Routes => format.print(&json!({"items": api::routes_table()}), routes_for_people),
        Command::Openapi => output::line(&serde_json::to_string_pretty(&api::openapi())?),
        Command::Secret { command: None } => output::line(secret::generate()?.expose_secret()),
        Command::Secret { command: Some(command) } => {
            manage(&loaded(), async |local| command::secret(command, local, format).await)
        }
        Command::Panic(command) => {
            manage(&loaded(), async |local| command::panic(command, local, format).await)
        }
        Command::User(command) => {
            manage(&loaded(), async |local| command::user(command, local, format).await)
        }
        Command::Key(command) => {
            manage(&loaded(), async |local| command::key(command, local, format).await)
        }
        Command::Site(command) => {
            manage(&loaded(), async |local| command::site(command, local, format).await)
        }
        Command::Audit(command) => audit_log::run(&command, &valid(&loaded())?, format),
        Command::ProbeFile { path } => match warehouse::probe_file(&path) {
            warehouse::FileProbe::Opens => Ok(()),
            warehouse::FileProbe::Fails => {
                Err(Refused(format!("{} does not open", path.display())).into())
            }
        },
    }
}

/// Does the work on threads made for it: the runtime's, and the allocator's own, which gives memory back. Before, there is one
/// thread, which can give up rights for all of them.
pub(crate) fn wait(work: impl Future<Output = Result<()>>) -> Result<()> {
    tikv_jemalloc_ctl::background_thread::write(true)
        .map_err(|error| anyhow::anyhow!("the allocator starts no thread: {error}"))?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// Asks the API, and closes the way to it whatever the verb answered.
fn manage(loaded: &Loaded, verb: impl AsyncFnOnce(&Local) -> Result<()>) -> Result<()> {
    wait(async {
        let local = Local::open(&valid(loaded)?).await?;
        let done = verb(&local).await;
        let closed = local.close().await;
        done.and(closed)
    })
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
