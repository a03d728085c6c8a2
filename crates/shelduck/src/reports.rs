//! Errors reported to a Sentry server: who notices, and who sends.

use anyhow::{Context, Result};
use error_reports::{Address, ErrorLayer, Sender, channel, watch_panics};
use outbound::Client;
use secrecy::ExposeSecret;
use tracing_subscriber::filter::{Filtered, LevelFilter};
use tracing_subscriber::{Layer, Registry};

use crate::config::Config;

/// What the versions of this program are called there.
const RELEASE: &str = concat!("shelduck@", env!("CARGO_PKG_VERSION"));

/// What notices errors in the log.
pub(crate) type Noticing = Filtered<ErrorLayer, LevelFilter, Registry>;

/// Notices and sends from now on, where that is wanted.
pub(crate) fn start(config: &Config) -> Result<Option<Noticing>> {
    let Some(dsn) = &config.sentry.dsn else {
        return Ok(None);
    };
    let address = Address::parse(dsn.expose_secret()).context("sentry.dsn")?;
    let client = Client::new(config.sentry.ca.as_deref()).context("sentry.ca")?;
    let (reporter, waiting) = channel();
    watch_panics(reporter.clone());
    // It ends with the process: what goes wrong while everything else stops is worth a report too.
    tokio::spawn(Sender::new(waiting, client, address, RELEASE.to_owned()).run());
    Ok(Some(ErrorLayer::new(reporter).with_filter(LevelFilter::ERROR)))
}
