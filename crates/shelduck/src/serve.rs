//! `shelduck serve`: listeners in front of a runtime, until a signal.

use std::sync::Arc;

use anyhow::{Context, Result};
use gate::audit::{EventName, Outcome};
use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use crate::acme::Keeper;
use crate::config::checks::switched_off;
use crate::config::{Config, Loaded};
use crate::listen::{Listener, UnixSocketListener};
use crate::local::SOCKET;
use crate::output::{Format, note};
use crate::runtime::{Folder, Runtime, SecretReload};
use crate::wait;
use crate::{log, output, restrict, wiring};

/// Serves. Makes the threads itself, because what is given up binds those that are made afterwards.
pub(crate) fn run(loaded: &Loaded, format: Format) -> Result<()> {
    let config = &loaded.config;
    let folder = Folder::take(&config.server.data_dir)?;
    restrict::enter(config, &restrict::rules(loaded, folder.path()))?;
    wait(serve(loaded, folder, format))
}

async fn serve(loaded: &Loaded, folder: Folder, format: Format) -> Result<()> {
    let config = &loaded.config;
    log::start(config)?;
    let listeners = Listeners::bind(config)?;
    let runtime = Runtime::open(loaded, folder, &listeners.url, None).await?;
    runtime.share_counters(config).await?;
    started(config, &runtime)?;
    let setup_url =
        runtime.setup_url(config.server.public_url.as_deref().unwrap_or(&listeners.url))?;
    let ready = json!({
        "url": listeners.url,
        "admin_url": listeners.admin_url,
        "redirect_url": listeners.redirect_url(),
        "setup_url": setup_url,
        "data_dir": runtime.data_dir().display().to_string(),
    });
    let secrets = runtime.secret_reload();
    listeners.serve(config, runtime, Some(&secrets), || announce(&ready, format)).await
}

/// Records the start, and every layer that is switched off; ends sessions where a start shall.
fn started(config: &Config, runtime: &Runtime) -> Result<()> {
    let gate = runtime.gate();
    gate.audit_system(EventName::SysStartup, Outcome::Success, None);
    for switch in switched_off(config) {
        let object = Some(switch.to_owned());
        gate.audit_system(EventName::SysMonitorDisabled, Outcome::Success, object);
    }
    if config.auth.forget_on_restart {
        gate.forget_sessions().context("auth.sessions.forget_on_restart")?;
    }
    Ok(())
}

fn announce(ready: &Value, format: Format) -> Result<()> {
    if format == Format::Json {
        return output::line(&ready.to_string());
    }
    let field = |name: &str| ready.get(name).and_then(Value::as_str);
    note(&format!(
        "Shelduck serves {} (operator: {}). Ctrl-C stops it.",
        field("url").unwrap_or_default(),
        field("admin_url").unwrap_or_default()
    ));
    if let Some(url) = field("setup_url") {
        note(&format!("\nNobody can sign in yet. Make the first admin here, once:\n\n  {url}\n"));
    }
    Ok(())
}

/// Bound listeners, not yet serving: nothing is announced that cannot be reached.
pub(crate) struct Listeners {
    /// What keeps the public listener's certificate, when no file is named for it.
    keeper: Option<Keeper>,
    public: Listener,
    redirect: Option<Listener>,
    admin: Listener,
    /// Where the public listener is reached.
    pub(crate) url: String,
    /// Where the operator's listener is reached.
    pub(crate) admin_url: String,
}

impl Listeners {
    /// Binds the addresses of the configuration.
    pub(crate) fn bind(config: &Config) -> Result<Self> {
        let keeper = Keeper::open(config).context("http.tls.acme_domains")?;
        let bound = keeper
            .as_ref()
            .map_or_else(|| wiring::http(config), |keeper| keeper.serving(wiring::http(config)));
        let public = Listener::bind(bound).context("http.listen")?;
        let redirect = wiring::redirect(config).map(Listener::bind).transpose();
        let redirect = redirect.context("http.redirect_listen")?;
        let admin = Listener::bind(wiring::admin(config)).context("admin.listen")?;
        let scheme = if config.http.is_encrypted() { "https" } else { "http" };
        Ok(Self {
            url: format!("{scheme}://{}", public.local_address()),
            admin_url: format!("http://{}", admin.local_address()),
            keeper,
            public,
            redirect,
            admin,
        })
    }

    /// Where plain HTTP is sent away from, if anywhere.
    fn redirect_url(&self) -> Option<String> {
        self.redirect.as_ref().map(|redirect| format!("http://{}", redirect.local_address()))
    }

    /// Serves until a signal, then drains and puts everything away. Without `secrets` a signal reads none again.
    pub(crate) async fn serve(
        self,
        config: &Config,
        mut runtime: Runtime,
        secrets: Option<&SecretReload>,
        ready: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let socket = runtime.data_dir().join(SOCKET);
        let local =
            UnixSocketListener::bind(socket, wiring::admin(config)).context("the admin socket")?;
        let drain = runtime.drain();
        let router = runtime.router()?;
        let reload = self.public.reload();
        let asked = Arc::new(Notify::new());
        if let Some(keeper) = self.keeper {
            runtime.keep_certificate(keeper, reload.clone(), Arc::clone(&asked));
        }
        let redirect_router = runtime.redirect_router()?;
        let redirect = self
            .redirect
            .map(|redirect| tokio::spawn(redirect.serve(redirect_router, drain.clone())));
        let public = tokio::spawn(self.public.serve(router.clone(), drain.clone()));
        let admin = tokio::spawn(self.admin.serve(runtime.admin_router()?, drain.clone()));
        let local = tokio::spawn(local.serve(router, drain.clone()));
        // Caught before it is announced: whoever was told that the server is ready can stop it cleanly.
        let mut signals = Signals::listen()?;
        // Everything is open, and nothing of it is announced yet.
        restrict::seal(config)?;
        ready()?;
        let read_again = || {
            reload.ask();
            asked.notify_one();
        };
        signals.until_stop(secrets, read_again).await;
        tracing::info!("stopping: no new requests, those under way finish");
        drain.cancel();
        for listener in [public, admin, local].into_iter().chain(redirect) {
            let cut = listener.await.context("a listener ended badly")?;
            if cut > 0 {
                tracing::warn!(connections = cut, "cut off at the drain deadline");
            }
        }
        runtime.gate().audit_system(EventName::SysShutdown, Outcome::Success, None);
        runtime.close().await
    }
}

/// The signals that the server listens to, caught from the moment this exists.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Catches the signals from now on.
    fn listen() -> Result<Self> {
        let caught = |kind| signal(kind).context("the signals the server listens to");
        Ok(Self {
            interrupt: caught(SignalKind::interrupt())?,
            terminate: caught(SignalKind::terminate())?,
            hang_up: caught(SignalKind::hangup())?,
        })
    }

    /// Waits for one that asks to stop; SIGHUP asks to read the certificate and the secrets again.
    async fn until_stop(&mut self, secrets: Option<&SecretReload>, read_again: impl Fn()) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return,
                _ = self.terminate.recv() => return,
                _ = self.hang_up.recv() => {
                    tracing::info!("asked to read the certificate and the secrets again");
                    read_again();
                    if let Some(secrets) = secrets {
                        secrets.read_again().await;
                    }
                }
            }
        }
    }
}
