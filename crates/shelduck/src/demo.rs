//! `shelduck demo`: the whole product with sample data, in a folder that goes
//! away.
//!
//! The sample goes the way every event goes: through the journal and the loader. Only the requests are left out.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use control::{Hostname, NewSite, SiteSettings, TimeZoneName};
use futures_util::StreamExt;
use gate::{NewKey, NewUser, Password};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use journal::Offset;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use web::record::Record;
use web::sample::{SAMPLE_HOSTNAME, Sample, SampleConfig};

use crate::config::{Config, MfaRequired};
use crate::output::{Format, note};
use crate::runtime::{Folder, Runtime};
use crate::serve::Listeners;
use crate::{log, output, restrict, secret, wait};

/// How much there is to look at.
const DAYS: u32 = 90;
const VISITORS_PER_DAY: u32 = 260;
const SEED: u64 = 20_261_122;
/// Events on their way to the journal at once; they share its fsyncs.
const IN_FLIGHT: usize = 2048;
const ADMIN: &str = "admin";

/// Serves the demo. Makes the threads itself, as `serve` does.
pub(crate) fn run(listen: SocketAddr, format: Format) -> Result<()> {
    let dir = tempfile::Builder::new()
        .prefix("shelduck-demo-")
        .tempdir()
        .context("a temporary folder")?;
    let config = config(listen, dir.path());
    let folder = Folder::take(&config.server.data_dir)?;
    let mut rules = restrict::rules(&config.clone().into(), folder.path());
    // The temporary folder goes in the end, out of the one it is in.
    rules.write.push(dir.path().to_owned());
    rules.empty.extend(dir.path().parent().map(Path::to_owned));
    restrict::enter(&config, &rules)?;
    wait(serve(&config, folder, dir.path(), format))?;
    dir.close().context("the temporary folder")
}

async fn serve(config: &Config, folder: Folder, dir: &Path, format: Format) -> Result<()> {
    log::start(config)?;
    let listeners = Listeners::bind(config)?;
    let runtime =
        Runtime::open(&config.clone().into(), folder, &listeners.url, Some(SAMPLE_HOSTNAME))
            .await?;
    add_site(&runtime)?;
    let (password, key) = add_people(&runtime).await?;
    load_sample(&runtime, format).await?;
    let ready = json!({
        "url": listeners.url,
        "login_url": format!("{}/login", listeners.url),
        "admin_user": ADMIN,
        "admin_password": password,
        "api_key": key,
        "mysql": null,
        "agents": null,
        "data_dir": dir.display().to_string(),
        "site": SAMPLE_HOSTNAME,
    });
    listeners.serve(config, runtime, None, || announce(&ready, format)).await
}

/// Everything on free ports but what was asked for, and limits that a person clicking fast does not meet.
fn config(listen: SocketAddr, dir: &Path) -> Config {
    let mut config = Config::default();
    config.server.data_dir = dir.join("data");
    config.http.listen = listen;
    config.admin.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.log.level = "warn".to_owned();
    // Its admin is made up anew each time and its data is a sample: there is nothing that a second factor could keep.
    config.auth.required = MfaRequired::None;
    config.limits.read = 6_000;
    config.limits.write = 600;
    config.web.batch_interval = std::time::Duration::from_millis(250);
    config
}

fn announce(ready: &Value, format: Format) -> Result<()> {
    if format == Format::Json {
        return output::line(&ready.to_string());
    }
    let field = |name: &str| ready.get(name).and_then(Value::as_str).unwrap_or_default();
    let url = field("url");
    output::line(&format!(
        "\n  Shelduck's demo is ready, with {DAYS} days of a made-up shop.\n\n  dashboard  {url}/sites/{}\n  sign in    {} / {}\n  \
         shop       {url}/demo/   (click around: you appear on the dashboard)\n  API key    {}\n\n  No second factor is asked for here; on a server of yours, admins need one.\n  Everything is in {} and goes when you \
         press Ctrl-C.\n",
        field("site"),
        field("admin_user"),
        field("admin_password"),
        field("api_key"),
        field("data_dir"),
    ))
}

/// The shop's site; its pages come from this server, so its own hosts may send events for it.
fn add_site(runtime: &Runtime) -> Result<()> {
    let host =
        |name: &str| name.parse::<Hostname>().map_err(|error| anyhow::anyhow!("{name}: {error}"));
    let site = NewSite {
        domain: host(SAMPLE_HOSTNAME)?,
        time_zone: TimeZoneName::utc(),
        settings: SiteSettings { allowed_hostnames: vec![host("127.0.0.1")?, host("localhost")?] },
    };
    runtime.control().create_site(&site, Timestamp::now()).context("the demo's site")?;
    runtime.refresh_sites()
}

/// An admin with a random password and a key that may do everything.
async fn add_people(runtime: &Runtime) -> Result<(String, String)> {
    let password = secret::generate()?.expose_secret().chars().take(24).collect::<String>();
    let (gate, chosen) = (runtime.gate().clone(), password.clone());
    let key = tokio::task::spawn_blocking(move || -> Result<String> {
        let operator = gate::local::operator(&gate);
        let admin = NewUser {
            name: ADMIN.to_owned(),
            role: "admin".to_owned(),
            grants: None,
            password: Some(Password::new(chosen)),
        };
        gate.create_user(&operator, &admin).context("the demo's admin")?;
        let new = NewKey {
            name: "demo".to_owned(),
            scopes: vec!["admin:*".to_owned()],
            life_days: None,
            cidrs: Vec::new(),
        };
        Ok(gate.create_key(&operator, &new).context("the demo's key")?.key.expose().to_owned())
    })
    .await??;
    Ok((password, key))
}

async fn load_sample(runtime: &Runtime, format: Format) -> Result<()> {
    let now = Timestamp::now();
    let first_day = now.to_zoned(TimeZone::UTC).date().checked_sub(i64::from(DAYS - 1).days())?;
    let sample = Sample::new(SampleConfig {
        seed: SEED,
        first_day,
        days: DAYS,
        visitors_per_day: VISITORS_PER_DAY,
        zone: TimeZone::UTC,
    });
    let progress = progress(sample.event_count(), format)?;
    let journal = runtime.journal();
    let events = sample.events().take_while(|event| event.at() < now);
    let mut appends = futures_util::stream::iter(events)
        .map(|event| async move {
            let bytes = Record::Events(vec![event.record(SAMPLE_HOSTNAME)]).encode()?;
            anyhow::Ok(journal.append(bytes).await?)
        })
        .buffered(IN_FLIGHT);
    while let Some(appended) = appends.next().await {
        appended.context("the sample")?;
        progress.inc(1);
    }
    progress.set_message("into the warehouse");
    let end: Offset = journal.durable();
    let mut loaded = runtime.loaded();
    loaded.wait_for(|progress| progress.committed >= end.0).await.context("the loader ended")?;
    let quarantined = loaded.borrow().quarantined;
    ensure!(quarantined == 0, "{quarantined} events of the sample could not be loaded");
    progress.finish_and_clear();
    if progress.is_hidden() && format == Format::People {
        note(&format!("loaded {} events of sample data", progress.position()));
    }
    Ok(())
}

/// A bar on a terminal, nothing otherwise.
fn progress(events: u64, format: Format) -> Result<ProgressBar> {
    if format == Format::Json {
        return Ok(ProgressBar::hidden());
    }
    let style = ProgressStyle::with_template("  {bar:40} {pos}/{len} events {msg} {elapsed}")?;
    Ok(ProgressBar::new(events).with_style(style))
}
