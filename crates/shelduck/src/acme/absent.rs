//! Certificates by ACME in a server that was built without: there are none.

use anyhow::{Result, bail};
use gate::audit::Outcome;
use tokio::sync::Notify;

use crate::config::Config;
use crate::listen::ListenConfig;

/// Keeps no certificate: there is no value of it.
pub(crate) enum Keeper {}

impl Keeper {
    /// Refuses what this server cannot do.
    pub(crate) fn open(config: &Config) -> Result<Option<Self>> {
        if config.http.orders_certificates() {
            bail!("this server was built without the feature `acme`");
        }
        Ok(None)
    }

    /// Never called.
    pub(crate) fn serving(&self, _: ListenConfig) -> ListenConfig {
        match *self {}
    }

    /// Never called.
    pub(crate) async fn run(self, _: &Notify, _: impl Fn(String, Outcome)) {
        match self {}
    }
}
