//! What is behind the listeners: everything a data folder holds, opened and
//! joined.
//!
//! # Failure
//! A part that does not open ends the start with its reason. Damage that could be set aside is an incident: it is logged
//! as an error and the start goes on.

mod clock;
mod folder;
mod reload;
mod reminders;
mod setup;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use api::store::{ControlStore, RedisAddress, RedisCounters};
use api::trail::{AuditTrail, Origins};
use api::{App, Options, Parts, Router};
use audit::AuditLog;
use audit::syslog::{Forwarder, Standing};
use control::{Control, Hostname};
use gate::audit::{EventName, Outcome};
use gate::clock::{Clock, SystemClock};
use gate::password::{BreachedFile, BreachedPasswords};
use gate::random::SystemRandom;
use gate::{Environment, Gate, Keyring};
use journal::Journal;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::ExposeSecret;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use url::Url;
use warehouse::{FileProbe, Warehouse};
use web::identity::VisitorSecret;
use web::ingest::{BotFilter, Ingest, IngestConfig};
use web::live::LiveFeed;
use web::loader::{Loader, LoaderConfig, Progress};
use web::report::ReportConfig;
use web::sites::SiteDirectory;

pub(crate) use self::folder::Folder;
pub(crate) use self::reload::SecretReload;
use crate::acme::Keeper;
use crate::config::{AuditOrigin, Config, Loaded};
use crate::listen::Reload;
use crate::{check, secret, wiring};

/// How often yesterday's salt is looked at.
const SALT_INTERVAL: Duration = Duration::from_secs(60);

/// What a data folder holds, opened and joined; the folder is this process's as long as it lives.
pub(crate) struct Runtime {
    folder: Folder,
    gate: Gate,
    app: App,
    control: Control,
    warehouse: Warehouse,
    journal: Journal,
    loader: Loader,
    reload: SecretReload,
    drain: CancellationToken,
    /// Cancelled when nothing more is recorded: later than `drain`.
    recorded: CancellationToken,
    jobs: tokio::task::JoinSet<()>,
}

impl Runtime {
    /// Opens everything in the folder. `url` is where people reach the server unless the configuration says otherwise;
    /// `demo_site` is the site of the demo shop, if it is served.
    pub(crate) async fn open(
        loaded: &Loaded,
        folder: Folder,
        url: &str,
        demo_site: Option<&str>,
    ) -> Result<Self> {
        let (loaded, url, demo_site) =
            (loaded.clone(), url.to_owned(), demo_site.map(str::to_owned));
        tokio::task::spawn_blocking(move || open(&loaded, folder, &url, demo_site.as_deref()))
            .await
            .context("the start was interrupted")?
    }

    /// Where the folder is.
    pub(crate) fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// Everything under the public listener.
    pub(crate) fn router(&self) -> Result<Router> {
        Ok(api::router(&self.gate, &self.app)?)
    }

    /// Everything under the operator's listener.
    pub(crate) fn admin_router(&self) -> Result<Router> {
        Ok(api::admin_router(&self.gate, &self.app)?)
    }

    /// What plain HTTP is answered with where HTTPS is wanted.
    pub(crate) fn redirect_router(&self) -> Result<Router> {
        Ok(api::redirect_router(&self.gate, &self.app)?)
    }

    /// Cancelled when the server stops; long answers end themselves by it.
    pub(crate) fn drain(&self) -> CancellationToken {
        self.drain.clone()
    }

    /// The people, keys and sites.
    pub(crate) fn control(&self) -> &Control {
        &self.control
    }

    /// Who may do what.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The way into the warehouse.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// How far the loader is.
    pub(crate) fn loaded(&self) -> tokio::sync::watch::Receiver<Progress> {
        self.loader.progress()
    }

    /// Hands changed sites to ingest and reports.
    pub(crate) fn refresh_sites(&self) -> Result<()> {
        Ok(self.app.refresh_sites()?)
    }

    /// The address of the one-time setup while nobody can sign in.
    pub(crate) fn setup_url(&self, url: &str) -> Result<Option<String>> {
        setup::url(&self.gate, self.folder.path(), url)
    }

    /// Counts limits together with other servers from now on, where that is wanted.
    pub(crate) async fn share_counters(&self, config: &Config) -> Result<()> {
        let Some(url) = &config.scale.redis_url else {
            return Ok(());
        };
        let address = RedisAddress::parse(url.expose_secret()).context("scale.redis_url")?;
        let counters = RedisCounters::start(&address).await.context("scale.redis_url")?;
        self.reload.counts_with(Arc::clone(&counters)).await;
        self.gate.share_counters(counters);
        Ok(())
    }

    /// Starts what runs beside the requests.
    pub(crate) fn start_jobs(&mut self, ingest: Ingest) {
        self.jobs.spawn(clock::watch(self.drain.clone()));
        self.jobs.spawn(reminders::watch(self.gate.clone(), self.drain.clone()));
        let drain = self.drain.clone();
        self.jobs.spawn(async move {
            while drain.run_until_cancelled(tokio::time::sleep(SALT_INTERVAL)).await.is_some() {
                let ingest = ingest.clone();
                let advanced =
                    tokio::task::spawn_blocking(move || ingest.advance_salts(now_micros())).await;
                match advanced {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            "an old visitor salt is still there"
                        );
                    }
                    Err(error) => tracing::error!(%error, "the salts were not looked at"),
                }
            }
        });
    }

    /// Sends the audit log on from now on, where that is wanted.
    fn forward(&mut self, forwarder: Option<Forwarder>) {
        let Some(forwarder) = forwarder else { return };
        let gate = self.gate.clone();
        let told = move |standing| {
            let outcome = match standing {
                Standing::Reached => Outcome::Success,
                Standing::Lost => Outcome::Failure,
            };
            gate.audit_system(EventName::SysLogForward, outcome, None);
        };
        self.jobs.spawn(forwarder.run(self.recorded.clone().cancelled_owned(), told));
    }

    /// Keeps the certificate of a listener from now on, which reads it again when asked to.
    pub(crate) fn keep_certificate(&mut self, keeper: Keeper, reload: Reload, asked: Arc<Notify>) {
        let gate = self.gate.clone();
        let told = move |names: String, outcome| {
            gate.audit_system(EventName::SysCertificateRenewal, outcome, Some(names));
            reload.ask();
        };
        let drain = self.drain.clone();
        self.jobs.spawn(async move {
            drain.run_until_cancelled(keeper.run(&asked, told)).await;
        });
    }

    /// Puts everything away: what was acknowledged is loaded first.
    pub(crate) async fn close(mut self) -> Result<()> {
        self.drain.cancel();
        self.recorded.cancel();
        while self.jobs.join_next().await.is_some() {}
        tokio::task::spawn_blocking(move || {
            self.loader.stop();
            self.journal.close();
            let cleared = setup::clear(&self.gate, self.folder.path());
            drop((self.app, self.warehouse, self.gate, self.control, self.folder));
            cleared
        })
        .await
        .context("the stop was interrupted")?
    }
}

fn open(loaded: &Loaded, folder: Folder, url: &str, demo_site: Option<&str>) -> Result<Runtime> {
    let config = &loaded.config;
    let dir = folder.path().to_owned();
    let keyring = secret::keyring(config, &dir)?;
    let visitor_key = keyring.primary().derive("visitor ids").mac(&[]).0;
    let visitor_secret = VisitorSecret::new(visitor_key.to_vec()).context("visitor secret")?;

    let (control, opened) =
        Control::open(&dir.join("control.sqlite")).context("the control store")?;
    tracing::debug!(?opened, "control store");
    let (warehouse, incidents) =
        Warehouse::open(warehouse_config(config, &dir), &[web::schema::DATABASE])
            .context("the warehouse")?;
    for incident in incidents {
        tracing::error!(%incident, "the warehouse was damaged");
    }
    let writer = warehouse.writer(web::schema::DATABASE.name).context("the warehouse")?;
    let (journal, opened) =
        Journal::open(journal_config(config, &dir, writer.offset())).context("the journal")?;
    let live = LiveFeed::default();
    let loader =
        Loader::start(loader_config(config, &dir), journal.clone(), &opened, writer, live.clone())
            .context("the loader")?;

    let sites = SiteDirectory::new([]);
    let ingest_config = IngestConfig {
        data_dir: dir,
        city_file: config.web.geoip_database.clone(),
        bots: BotFilter::On,
    };
    let ingest =
        Ingest::open(&ingest_config, visitor_secret, sites.clone(), journal.clone(), now_micros())
            .context("ingest")?;

    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let log = open_audit(config, &keyring)?;
    let forwarder = open_forwarder(config, &log)?;
    let secrets = Arc::new(secret::RootSecrets::new(config, folder.path(), log.clone())?);
    let gate = open_gate(config, url, &control, &clock, (keyring, log))?;
    let authorities = forwarder.as_ref().map(Forwarder::authorities);
    let reload = SecretReload::new(loaded, gate.clone(), Arc::clone(&secrets), authorities);
    let drain = CancellationToken::new();
    let app = App::new(Parts {
        gate: gate.clone(),
        secrets,
        control: control.clone(),
        warehouse: warehouse.clone(),
        sites,
        ingest: ingest.clone(),
        live,
        clock,
        progress: loader.progress(),
        drain: drain.clone(),
        options: options(loaded, url, demo_site)?,
    });
    app.refresh_sites().context("the sites")?;
    let mut runtime = Runtime {
        folder,
        gate,
        app,
        control,
        warehouse,
        journal,
        loader,
        reload,
        drain,
        recorded: CancellationToken::new(),
        jobs: tokio::task::JoinSet::new(),
    };
    runtime.start_jobs(ingest);
    runtime.forward(forwarder);
    Ok(runtime)
}

/// The audit log; what is wrong with it is said and does not keep the server from starting.
fn open_audit(config: &Config, keyring: &Keyring) -> Result<AuditLog> {
    let signer = secret::audit_signer_of(keyring)?;
    let (log, opened) = AuditLog::open(wiring::audit(config), signer).context("the audit log")?;
    if let Some(found) = &opened.broken {
        tracing::error!(%found, "the audit log was changed; `shelduck audit verify` says more");
    }
    Ok(log)
}

/// What sends the log on, if that is wanted; opened before anything is recorded, so that nothing of this run is left out.
fn open_forwarder(config: &Config, log: &AuditLog) -> Result<Option<Forwarder>> {
    let syslog = wiring::syslog(config).context("audit.syslog")?;
    syslog.map(|syslog| Forwarder::new(log, &syslog)).transpose().context("audit.syslog")
}

fn origins(config: &Config) -> Origins {
    match config.audit.origin {
        AuditOrigin::Pseudonym => Origins::Pseudonym,
        AuditOrigin::Network => Origins::Network,
    }
}

fn open_gate(
    config: &Config,
    url: &str,
    control: &Control,
    clock: &Arc<dyn Clock>,
    (keyring, log): (Keyring, AuditLog),
) -> Result<Gate> {
    Gate::new(
        gate_config(config, url),
        api::policy::VOCABULARY,
        Environment {
            store: Arc::new(ControlStore::new(control.clone(), Arc::clone(clock))),
            clock: Arc::clone(clock),
            random: Arc::new(SystemRandom),
            audit: Arc::new(AuditTrail::new(log, origins(config))),
            breached: breached(config)?,
            keyring,
        },
    )
    .context("the gate")
}

fn options(loaded: &Loaded, url: &str, demo_site: Option<&str>) -> Result<Options> {
    let (config, posture) = (&loaded.config, loaded.clone());
    let metrics = metrics_handle()?;
    Ok(Options {
        public_url: Url::parse(config.server.public_url.as_deref().unwrap_or(url))
            .context("server.public_url")?,
        demo_site: demo_site.map(str::parse::<Hostname>).transpose().context("demo site")?,
        reports: ReportConfig {
            days_max: i32::try_from(config.web.range_days_max).unwrap_or(i32::MAX),
            deadline: config.query.timeout,
        },
        security_contact: config.server.security_contact.clone(),
        audit_dir: Some(wiring::audit(config).dir),
        posture: Arc::new(move || check::posture(&posture)),
        metrics: Arc::new(move || metrics.render()),
    })
}

/// The recorder of this process, which can only be installed once.
fn metrics_handle() -> Result<PrometheusHandle> {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new().install_recorder().context("metrics")?;
    Ok(HANDLE.get_or_init(|| handle).clone())
}

/// The operator's list of breached passwords.
fn breached(config: &Config) -> Result<Option<Arc<dyn BreachedPasswords>>> {
    let Some(path) = &config.auth.breached_file else {
        return Ok(None);
    };
    let list = BreachedFile::open(path)
        .with_context(|| format!("auth.passwords.breached_file {}", path.display()))?;
    Ok(Some(Arc::new(list)))
}

/// Without a configured address the listener's own is the one whose pages may act for a session.
fn gate_config(config: &Config, url: &str) -> gate::GateConfig {
    let mut made = wiring::gate(config);
    made.public_url.get_or_insert_with(|| url.to_owned());
    made
}

fn warehouse_config(config: &Config, dir: &Path) -> warehouse::Config {
    warehouse::Config {
        dir: dir.join("warehouse"),
        memory_bytes_max: config.query.memory.0,
        threads: config.query.threads,
        readers: config.query.concurrency,
        probe: Some(probe),
    }
}

/// Opens a database file in a process of its own.
fn probe(path: &Path) -> FileProbe {
    let run = std::env::current_exe().and_then(|binary| {
        std::process::Command::new(binary)
            .arg("probe-file")
            .arg(path)
            .stdin(std::process::Stdio::null())
            .status()
    });
    match run {
        Ok(status) if status.success() => FileProbe::Opens,
        Ok(_) => FileProbe::Fails,
        Err(error) => {
            tracing::error!(%error, "the file cannot be tried in another process; it is opened here");
            FileProbe::Opens
        }
    }
}

fn journal_config(config: &Config, dir: &Path, first_offset: u64) -> journal::Config {
    journal::Config {
        queue_bytes_max: usize::try_from(config.web.journal_queue.0).unwrap_or(usize::MAX),
        first_offset,
        ..journal::Config::new(dir.join("journal"))
    }
}

fn loader_config(config: &Config, dir: &Path) -> LoaderConfig {
    LoaderConfig {
        interval: config.web.batch_interval,
        keep_bytes: config.web.journal_keep.0,
        ..LoaderConfig::new(dir)
    }
}

fn now_micros() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
