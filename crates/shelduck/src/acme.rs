//! Certificates by ACME: what joins the listener and `certificates`.
//!
//! The crate keeps a file, the listener reads it when it changes; there is no second way by which a certificate is taken up.

use std::sync::Arc;

use anyhow::Result;
use gate::audit::Outcome;
use jiff::Timestamp;
use tokio::sync::Notify;

use crate::config::Config;
use crate::listen::{ListenConfig, Prover, TlsConfig};

/// Keeps the certificate of a listener.
pub(crate) struct Keeper {
    inner: certificates::Keeper,
    names: String,
}

impl Keeper {
    /// Opens what is kept in the data folder, where certificates are to be ordered.
    pub(crate) fn open(config: &Config) -> Result<Option<Self>> {
        if !config.http.orders_certificates() {
            return Ok(None);
        }
        let inner = certificates::Keeper::open(orders(config), Timestamp::now())?;
        Ok(Some(Self { inner, names: config.http.acme_domains.join(",") }))
    }

    /// The same listener with the certificate, proving its names.
    pub(crate) fn serving(&self, config: ListenConfig) -> ListenConfig {
        let file = self.inner.certificate();
        let challenges = self.inner.challenges();
        let prover = Prover {
            protocol: certificates::ALPN,
            proof_of: Arc::new(move |name| challenges.proof_of(name)),
        };
        let tls = TlsConfig { certificate: file.clone(), key: file };
        ListenConfig { tls: Some(tls), prover: Some(prover), ..config }
    }

    /// Renews when it is time; `told` hears of each order, with the names.
    pub(crate) async fn run(self, asked: &Notify, told: impl Fn(String, Outcome)) {
        let Self { inner, names } = self;
        let heard = |turn: &certificates::Turn| match turn {
            certificates::Turn::Renewed { ends } => {
                tracing::info!(%names, %ends, "a new certificate is in place");
                told(names.clone(), Outcome::Success);
            }
            certificates::Turn::Failed { error, until } => {
                tracing::error!(
                    error = error as &dyn std::error::Error,
                    %names,
                    next = %until,
                    "no new certificate, the one that is there stays in use"
                );
                told(names.clone(), Outcome::Failure);
            }
            certificates::Turn::Waiting { until } => {
                tracing::warn!(%names, next = %until, "an order failed; the next comes later, or after SIGHUP");
            }
            certificates::Turn::Good { .. } => {}
        };
        inner.run(asked, heard).await;
    }
}

/// What is to be ordered.
pub(crate) fn orders(config: &Config) -> certificates::Config {
    let http = &config.http;
    certificates::Config {
        dir: config.server.data_dir.join("certificates"),
        directory: http.acme_directory.clone(),
        contact: http.acme_contact.clone(),
        names: http.acme_domains.clone(),
        terms_agreed: http.acme_terms_accepted,
        authorities: http.acme_ca.clone(),
    }
}
