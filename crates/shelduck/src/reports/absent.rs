//! Reports to a Sentry server in a server built without: there are none.

use anyhow::{Result, bail};

use crate::config::Config;

/// What would notice errors.
pub(crate) type Noticing = tracing_subscriber::layer::Identity;

/// Refuses what this server cannot do.
pub(crate) fn start(config: &Config) -> Result<Option<Noticing>> {
    if config.sentry.dsn.is_some() {
        bail!("sentry.dsn is set, and this server was built without the feature `sentry`");
    }
    Ok(None)
}
