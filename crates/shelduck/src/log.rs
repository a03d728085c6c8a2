//! What the server says about itself: lines on standard error.

use std::io::stderr;

use anyhow::{Context, Result};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::config::{Config, LogFormat};
use crate::reports::{self, Noticing};

/// Starts the log, and the reports of its errors where they are wanted; once per process, inside a tokio runtime.
pub(crate) fn start(config: &Config) -> Result<()> {
    let filter = EnvFilter::try_new(&config.log.level).context("log.level")?;
    if let Some(noticing) = reports::start(config)? {
        return start_with(noticing, config, filter);
    }
    let lines = fmt().with_env_filter(filter).with_writer(stderr);
    let started = match config.log.format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("the log does not start: {error}"))
}

/// The filter is that of the lines: what is reported does not depend on how much is logged.
fn start_with(noticing: Noticing, config: &Config, filter: EnvFilter) -> Result<()> {
    let log = tracing_subscriber::registry().with(noticing);
    let lines = fmt::layer().with_writer(stderr);
    let started = match config.log.format {
        LogFormat::Text => log.with(lines.with_target(false).with_filter(filter)).try_init(),
        LogFormat::Json => log.with(lines.json().with_filter(filter)).try_init(),
    };
    started.context("the log does not start")
}
