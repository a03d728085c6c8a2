//! What the handlers share.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use control::{Control, Hostname, StoreError};
use gate::Gate;
use gate::clock::Clock;
use gate::emergency::SecretKeeper;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use url::Url;
use warehouse::Warehouse;
use web::ingest::Ingest;
use web::live::LiveFeed;
use web::loader::Progress;
use web::report::ReportConfig;
use web::sites::{Site, SiteDirectory};

use crate::demo::Demo;
use crate::events::Streams;
use crate::posture::PostureItem;

/// What the handlers share. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    parts: Parts,
    demo: Option<Demo>,
    streams: Streams,
    /// Held while the sites are read and handed on, so that an older reading never replaces a newer one.
    refreshing: Mutex<()>,
}

/// What the binary made and hands over.
pub struct Parts {
    /// Who may do what.
    pub gate: Gate,
    /// Whoever keeps the root secrets.
    pub secrets: Arc<dyn SecretKeeper>,
    /// Users, keys, sites.
    pub control: Control,
    /// Events and visits.
    pub warehouse: Warehouse,
    /// The way in for events.
    pub ingest: Ingest,
    /// News of sites.
    pub live: LiveFeed,
    /// How far the loader is.
    pub progress: watch::Receiver<Progress>,
    /// The sites as ingest sees them; kept equal to those of the control store.
    pub sites: SiteDirectory,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Cancelled when the server goes down: live streams end.
    pub drain: CancellationToken,
    /// What the operator chose.
    pub options: Options,
}

/// What the operator chose.
pub struct Options {
    /// How the server is reached from outside: what the snippet for sites names.
    pub public_url: Url,
    /// The site of the demo shop, if there is one.
    pub demo_site: Option<Hostname>,
    /// The bounds on reports.
    pub reports: ReportConfig,
    /// Where people report holes in this installation; without one, the project's own place.
    pub security_contact: Option<String>,
    /// Where the audit log is, if it is one of files.
    pub audit_dir: Option<PathBuf>,
    /// Looks at every condition of safe operation; may read files.
    pub posture: Arc<dyn Fn() -> Vec<PostureItem> + Send + Sync>,
    /// Makes the text of `/metrics`.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let demo = parts.options.demo_site.as_ref().map(|site| Demo::new(site.as_str()));
        Self(Arc::new(Inner {
            parts,
            demo,
            streams: Streams::default(),
            refreshing: Mutex::new(()),
        }))
    }

    /// Hands the sites of the control store to ingest and reports: to be called at the start and after every change. Blocks.
    ///
    /// # Errors
    /// The store's; the sites stay as they were.
    pub fn refresh_sites(&self) -> Result<(), StoreError> {
        let _alone = self.0.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = self.control().sites()?;
        self.0.parts.sites.replace(stored.iter().filter_map(|site| {
            let hosts: Vec<&str> = site.settings.allowed_hostnames.iter().map(Hostname::as_str).collect();
            let found = Site::new(site.domain.as_str(), site.time_zone.as_str(), &hosts);
            if found.is_none() {
                tracing::error!(site.domain = %site.domain, "a site's name cannot be used; its events are refused");
            }
            found
        }));
        Ok(())
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.0.parts.gate
    }

    pub(crate) fn secrets(&self) -> &dyn SecretKeeper {
        &*self.0.parts.secrets
    }

    pub(crate) fn control(&self) -> &Control {
        &self.0.parts.control
    }

    pub(crate) fn warehouse(&self) -> &Warehouse {
        &self.0.parts.warehouse
    }

    pub(crate) fn ingest(&self) -> &Ingest {
        &self.0.parts.ingest
    }

    pub(crate) fn live(&self) -> &LiveFeed {
        &self.0.parts.live
    }

    pub(crate) fn progress(&self) -> Progress {
        *self.0.parts.progress.borrow()
    }

    pub(crate) fn drain(&self) -> &CancellationToken {
        &self.0.parts.drain
    }

    pub(crate) fn streams(&self) -> &Streams {
        &self.0.streams
    }

    /// The site of this name, in any spelling that the gate also takes for the name of this site.
    pub(crate) fn site(&self, name: &str) -> Option<Arc<Site>> {
        self.0.parts.sites.get(name.parse::<Hostname>().ok()?.as_str())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.parts.options
    }

    pub(crate) fn demo(&self) -> Option<&Demo> {
        self.0.demo.as_ref()
    }

    /// Runs what waits for a disk or a hash where waiting is allowed.
    pub(crate) async fn blocking<T, F>(&self, work: F) -> T
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> T + Send + 'static,
    {
        let app = self.clone();
        gate::on_blocking_thread(self.gate(), move |_| work(&app)).await
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("App").finish_non_exhaustive()
    }
}
