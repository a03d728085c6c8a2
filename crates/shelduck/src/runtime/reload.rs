//! Secrets read again while the server serves, because SIGHUP asked for it.
//!
//! Everything that the start would look at is looked at again; a configuration that the server would not start with changes
//! nothing. Then each secret that changed is taken up by itself, whole or not at all:
//!
//! | option | what happens |
//! |---|---|
//! | `server.secret`, `server.previous_secret`, `auth.tokens.secret` | the keyring and the audit log's key, if the secret in force is among the new ones |
//! | `scale.redis_url` | the connection, once there is one to the new address |
//! | `audit.syslog_ca` | the next connection to the receiver |
//! | `sentry.dsn` | nothing: it is read at the start |
//! | any other secret | nothing: it changes with a restart |
//! | whatever a command prints | nothing: a server that serves starts no programs |
//!
//! Everything else of the configuration is as it was until the next start. Each change, and each that was not made, is logged
//! and in the audit log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context, Result};
use api::store::{RedisAddress, RedisCounters};
use audit::syslog::Authorities;
use gate::Gate;
use gate::audit::{EventName, Outcome};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::Runtime;
use crate::config::{Config, Loaded, Place, checks, secrets};
use crate::secret::RootSecrets;
use crate::{check, wiring};

/// The secrets that are taken up.
const TAKEN_UP: [&str; 4] =
    ["server.secret", "server.previous_secret", "auth.tokens.secret", "scale.redis_url"];

/// What the secrets are used by.
#[derive(Clone)]
pub(crate) struct SecretReload(Arc<Parts>);

struct Parts {
    gate: Gate,
    secrets: Arc<RootSecrets>,
    authorities: Option<Authorities>,
    state: Mutex<State>,
}

/// What is in force.
struct State {
    loaded: Loaded,
    counters: Option<Arc<RedisCounters>>,
}

/// What became of a secret.
enum Taken {
    /// It is the one in force.
    Unchanged,
    /// It is in force from now on.
    Over,
}

impl SecretReload {
    pub(super) fn new(
        loaded: &Loaded,
        gate: Gate,
        secrets: Arc<RootSecrets>,
        authorities: Option<Authorities>,
    ) -> Self {
        let state = Mutex::new(State { loaded: loaded.clone(), counters: None });
        Self(Arc::new(Parts { gate, secrets, authorities, state }))
    }

    /// What the limits are counted with together with other servers.
    pub(super) async fn counts_with(&self, counters: Arc<RedisCounters>) {
        self.0.state.lock().await.counters = Some(counters);
    }

    /// Reads them again. What cannot be taken up is told of and stays as it was.
    pub(crate) async fn read_again(&self) {
        let mut state = self.0.state.lock().await;
        let before = state.loaded.clone();
        let read = tokio::task::spawn_blocking(move || read(&before)).await;
        let next = match read.context("the configuration was not read") {
            Ok(Ok(next)) => next,
            Ok(Err(faults)) => {
                for fault in faults {
                    tracing::error!(%fault, "the secrets stay as they are: the server would not start with what was read");
                }
                return self.record("configuration", Outcome::Failure);
            }
            Err(error) => return self.kept("configuration", &error),
        };
        self.roots(&mut state, &next).await;
        self.counters(&mut state, &next).await;
        self.authorities(&next).await;
        for option in others(&state.loaded.config, &next.config) {
            self.kept(option, &anyhow::anyhow!("it changes with a restart only"));
        }
        for set in next.set.iter().filter(|set| set.place == Place::Printed) {
            tracing::warn!(
                option = set.path,
                "a command printed it at the start, and none runs in a server that serves: restart to have it printed again"
            );
        }
    }

    /// The root secrets, and that of access tokens: one keyring.
    async fn roots(&self, state: &mut State, next: &Loaded) {
        let (parts, config) = (Arc::clone(&self.0), next.config.clone());
        let take = move || parts.secrets.read_again(&config, &parts.gate);
        let taken = tokio::task::spawn_blocking(take).await.context("the secrets were not read");
        match taken.flatten() {
            Ok(false) => {}
            Ok(true) => {
                let (of, from) = (&mut state.loaded.config, &next.config);
                of.server.secret.clone_from(&from.server.secret);
                of.server.previous_secret.clone_from(&from.server.previous_secret);
                of.auth.token_secret.clone_from(&from.auth.token_secret);
                tracing::info!(
                    "the server's secrets were read again and are in force; ids of the day's visitors, counters of failures and of shared limits go over at the next start"
                );
                self.record("server.secret", Outcome::Success);
            }
            Err(error) => self.kept("server.secret", &error),
        }
    }

    async fn counters(&self, state: &mut State, next: &Loaded) {
        let (of, from) = (&state.loaded.config.scale.redis_url, &next.config.scale.redis_url);
        match go_over(state.counters.as_ref(), of.as_ref(), from.as_ref()).await {
            Ok(Taken::Unchanged) => {}
            Ok(Taken::Over) => {
                state.loaded.config.scale.redis_url.clone_from(from);
                tracing::info!("limits are counted at the new address of scale.redis_url");
                self.record("scale.redis_url", Outcome::Success);
            }
            Err(error) => self.kept("scale.redis_url", &error),
        }
    }

    async fn authorities(&self, next: &Loaded) {
        let Some(authorities) = self.0.authorities.clone() else { return };
        if next.config.audit.syslog_ca.is_none() {
            return;
        }
        let config = next.config.clone();
        let read = move || read_authorities(&authorities, &config);
        let read = tokio::task::spawn_blocking(read).await.context("the file was not read");
        match read.flatten() {
            Ok(()) => tracing::info!("the authorities of audit.syslog_ca were read again"),
            Err(error) => self.kept("audit.syslog_ca", &error),
        }
    }

    fn kept(&self, option: &str, error: &anyhow::Error) {
        tracing::error!(option, error = format!("{error:#}"), "stays as it was");
        self.record(option, Outcome::Failure);
    }

    fn record(&self, option: &str, outcome: Outcome) {
        self.0.gate.audit_system(EventName::CryptKeyRotated, outcome, Some(option.to_owned()));
    }
}

/// The configuration as it is now, if the server would start with it.
fn read(before: &Loaded) -> Result<Loaded, Vec<String>> {
    let next = before.again(std::env::vars());
    let items = checks::run(&next, Timestamp::now());
    if checks::may_start(&items) { Ok(next) } else { Err(check::refusals(&items)) }
}

/// The secrets that are others than before, and that nobody takes up.
fn others(before: &Config, next: &Config) -> Vec<&'static str> {
    let (before, next): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (secrets(before).collect(), secrets(next).collect());
    let all: BTreeSet<&'static str> = before.keys().chain(next.keys()).copied().collect();
    let is_other = |option: &&'static str| before.get(option) != next.get(option);
    all.into_iter().filter(is_other).filter(|option| !TAKEN_UP.contains(option)).collect()
}

async fn go_over(
    counters: Option<&Arc<RedisCounters>>,
    before: Option<&SecretString>,
    next: Option<&SecretString>,
) -> Result<Taken> {
    if before.map(ExposeSecret::expose_secret) == next.map(ExposeSecret::expose_secret) {
        return Ok(Taken::Unchanged);
    }
    let (Some(counters), Some(next)) = (counters, next) else {
        anyhow::bail!(
            "whether limits are shared with other servers is decided at a start: restart"
        );
    };
    let address = RedisAddress::parse(next.expose_secret())?;
    counters.go_over(&address).await.context("the new address cannot be counted at")?;
    Ok(Taken::Over)
}

fn read_authorities(authorities: &Authorities, config: &Config) -> Result<()> {
    let syslog = wiring::syslog(config)?.context("audit.syslog is not set any more: restart")?;
    Ok(authorities.read_again(&syslog)?)
}

impl Runtime {
    /// What reads the secrets again.
    pub(crate) fn secret_reload(&self) -> SecretReload {
        self.reload.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_nobody_takes_up_is_told_of() {
        let (mut before, mut next) = (Config::default(), Config::default());
        next.scale.redis_url = Some("unix:///run/redis.sock".to_owned().into());
        assert!(others(&before, &next).is_empty());
        next.sentry.dsn = Some("https://a@sentry.example/1".to_owned().into());
        assert_eq!(others(&before, &next), ["sentry.dsn"]);
        before.sentry.dsn = Some("https://a@sentry.example/1".to_owned().into());
        assert!(others(&before, &next).is_empty());
        next.sentry.dsn = None;
        assert_eq!(others(&before, &next), ["sentry.dsn"]);
    }
}
