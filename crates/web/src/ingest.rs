//! A request in, an acknowledged event out.
//!
//! The whole way runs on the caller's task: check the body, check the site, say what is known of the visitor, drop the address, write
//! the journal. What is answered with [`Outcome`] is on disk.
//!
//! Requests that are no person's are journaled too, with the reason, and end up in `dropped_events`: left out of every count, but
//! not lost.
//!
//! # Decisions
//! - A site nobody registered is [`Refusal::UnknownSite`] and not a silent success: who installs the tracker sees the mistake.
//! - All sites named by one event must accept it, else none does.
//!
//! # Failure
//! A full queue or disk is [`Refusal::Busy`] or [`Refusal::Storage`]: nothing was stored, the sender may try again.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::{AppendError, Journal};

use crate::agent::{Agent, AgentHeaders, Agents, AgentsError, Device};
use crate::bots::{self, HeaderSigns};
use crate::event::{BodyError, NewEvent};
use crate::geo::{Geo, GeoError, Place};
use crate::identity::{ClientAddress, VisitorSecret};
use crate::language::first_language;
use crate::record::{Attributes, EventRecord, Record};
use crate::salt::{SaltError, Salts};
use crate::screen::width_class;
use crate::sites::{Site, SiteDirectory};
use crate::source::{Origin, origin_of};

/// What ingest is set up with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestConfig {
    /// The folder the visitor salts are kept in.
    pub data_dir: PathBuf,
    /// A location file with cities, if the operator has one.
    pub city_file: Option<PathBuf>,
    /// What happens to robots.
    pub bots: BotFilter,
}

impl IngestConfig {
    /// Filter on, countries only.
    pub fn for_test(data_dir: &Path) -> Self {
        Self { data_dir: data_dir.to_owned(), city_file: None, bots: BotFilter::On }
    }
}

/// What happens to requests that are no person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BotFilter {
    /// They are kept apart and not counted.
    On,
    /// They count like everybody.
    Off,
}

/// What a request is, beside its body.
#[derive(Clone, Copy)]
pub struct RequestFacts<'a> {
    /// When it came in, in microseconds since 1970.
    pub at_micros: i64,
    /// The address of the client, as the gate worked it out.
    pub address: ClientAddress,
    /// `Origin`.
    pub origin: Option<&'a str>,
    /// `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// `Accept-Language`.
    pub accept_language: Option<&'a str>,
    /// `Sec-CH-UA`.
    pub client_hint_brands: Option<&'a str>,
    /// `Sec-CH-UA-Platform`.
    pub client_hint_platform: Option<&'a str>,
    /// `Sec-CH-UA-Mobile`.
    pub client_hint_mobile: Option<&'a str>,
    /// `Sec-Fetch-Mode`.
    pub fetch_mode: Option<&'a str>,
}

/// What became of an event that is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It counts.
    Accepted,
    /// It is kept apart, for this reason.
    Dropped(Cow<'static, str>),
}

/// Why an event was not taken. Nothing of it was stored.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The body is not an event.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// It is for a site that is not registered.
    #[error("the site is not registered")]
    UnknownSite,
    /// It comes from a page that is not the site's.
    #[error("the request does not come from a page of the site")]
    ForeignOrigin,
    /// With everything it is kept once per site; that is more than a record of the journal may be.
    #[error("the event is too large for so many sites")]
    TooLarge,
    /// Too much is waiting for the disk.
    #[error("too many events are waiting")]
    Busy,
    /// The disk refuses, or the day's salt cannot be made.
    #[error("the event cannot be stored")]
    Storage(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server is going down.
    #[error("the journal is closed")]
    Closed,
}

/// Ingest could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum IngestOpenError {
    /// The visitor salts.
    #[error("the visitor salts cannot be used")]
    Salts(#[from] SaltError),
    /// The location files.
    #[error("the location files cannot be used")]
    Geo(#[from] GeoError),
    /// The user agent rules.
    #[error("the user agent rules cannot be used")]
    Agents(#[from] AgentsError),
}

/// The way in. Cheap to clone.
#[derive(Clone)]
pub struct Ingest {
    shared: Arc<Shared>,
}

struct Shared {
    agents: Agents,
    geo: Geo,
    salts: Salts,
    sites: SiteDirectory,
    journal: Journal,
    bots: BotFilter,
}

impl Ingest {
    /// Compiles the rules, opens the location files and today's salt. Blocking.
    ///
    /// # Errors
    /// [`IngestOpenError`], by what could not be used.
    pub fn open(
        config: &IngestConfig,
        secret: VisitorSecret,
        sites: SiteDirectory,
        journal: Journal,
        now_micros: i64,
    ) -> Result<Self, IngestOpenError> {
        let shared = Shared {
            agents: Agents::new()?,
            geo: Geo::open(config.city_file.as_deref())?,
            salts: Salts::open(&config.data_dir, secret, now_micros)?,
            sites,
            journal,
            bots: config.bots,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Takes the event of a `POST` body; answers when it is on disk.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was stored.
    pub async fn accept(
        &self,
        body: &[u8],
        request: &RequestFacts<'_>,
    ) -> Result<Outcome, Refusal> {
        let event = NewEvent::from_json(body)?;
        let (record, outcome) = self.shared.prepare(&event, request)?;
        self.append(record).await?;
        Ok(outcome)
    }

    /// Takes the event of a pixel's query; answers when it is on disk.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was stored.
    pub async fn accept_pixel(
        &self,
        query: &str,
        request: &RequestFacts<'_>,
    ) -> Result<Outcome, Refusal> {
        let event = NewEvent::from_query(query)?;
        let (record, outcome) = self.shared.prepare(&event, request)?;
        self.append(record).await?;
        Ok(outcome)
    }

    /// Destroys visitor salts that are over; to be called every few minutes. Blocking when a day has begun.
    ///
    /// # Errors
    /// [`SaltError`] when the file cannot be replaced.
    pub fn advance_salts(&self, now_micros: i64) -> Result<(), SaltError> {
        self.shared.salts.advance(now_micros)
    }

    async fn append(&self, record: Vec<u8>) -> Result<(), Refusal> {
        match self.shared.journal.append(record).await {
            Ok(_) => Ok(()),
            Err(AppendError::Full) => Err(Refusal::Busy),
            Err(AppendError::Closed) => Err(Refusal::Closed),
            Err(AppendError::TooLarge { .. }) => Err(Refusal::TooLarge),
            Err(error @ AppendError::Storage { .. }) => Err(Refusal::Storage(error.into())),
        }
    }
}

impl Shared {
    /// Everything between the body and the journal. The address goes no further than this.
    fn prepare(
        &self,
        event: &NewEvent<'_>,
        request: &RequestFacts<'_>,
    ) -> Result<(Vec<u8>, Outcome), Refusal> {
        let sites = self.permitted_sites(event, request.origin)?;
        let user_agent = request.user_agent.unwrap_or_default();
        let agent = self.agents.parse(AgentHeaders {
            user_agent,
            brands: request.client_hint_brands,
            platform: request.client_hint_platform,
            mobile: request.client_hint_mobile,
        });
        let dropped = self.dropped(&agent, request);
        let known = Known {
            place: self.geo.place(request.address),
            screen: event.width.and_then(width_class),
            language: request.accept_language.and_then(first_language),
            agent,
        };
        let page = (event.page.hostname(), event.page.pathname());
        let mut origins = Vec::with_capacity(sites.len());
        for site in &sites {
            origins.push(origin_of(&event.page, event.referrer.as_deref(), site));
        }
        let mut events = Vec::with_capacity(sites.len());
        for (site, origin) in sites.iter().zip(&origins) {
            let visitor = self.salts.visitor_ids(
                request.at_micros,
                &site.domain,
                request.address,
                user_agent,
            );
            events.push(EventRecord {
                at_micros: request.at_micros,
                site: &site.domain,
                name: &event.name,
                hostname: &page.0,
                pathname: &page.1,
                visitor: visitor.map_err(|error| Refusal::Storage(error.into()))?,
                interactive: event.interactive,
                scroll_depth: event.scroll_depth,
                engaged_ms: event.engaged_ms,
                props: event.props.as_deref(),
                revenue: event.revenue,
                attributes: known.attributes(origin),
                dropped: dropped.as_deref(),
            });
        }
        let record = Record::Events(events).encode();
        let record = record.map_err(|error| Refusal::Storage(error.into()))?;
        Ok((record, dropped.map_or(Outcome::Accepted, Outcome::Dropped)))
    }

    fn permitted_sites(
        &self,
        event: &NewEvent<'_>,
        origin: Option<&str>,
    ) -> Result<Vec<Arc<Site>>, Refusal> {
        let mut sites = Vec::with_capacity(event.sites.len());
        for domain in &event.sites {
            let site = self.sites.get(domain).ok_or(Refusal::UnknownSite)?;
            if !site.allows(origin, &event.page) {
                return Err(Refusal::ForeignOrigin);
            }
            sites.push(site);
        }
        Ok(sites)
    }

    fn dropped(&self, agent: &Agent, request: &RequestFacts<'_>) -> Option<Cow<'static, str>> {
        if self.bots == BotFilter::Off {
            return None;
        }
        let signs = HeaderSigns {
            user_agent: request.user_agent,
            accept_language: request.accept_language,
            client_hint_brands: request.client_hint_brands,
            fetch_mode: request.fetch_mode,
        };
        agent.bot.clone().or_else(|| bots::header_reason(signs).map(Cow::Borrowed))
    }
}

/// What is known of the visitor, without who it is.
struct Known {
    place: Place,
    screen: Option<&'static str>,
    language: Option<String>,
    agent: Arc<Agent>,
}

impl Known {
    fn attributes<'a>(&'a self, origin: &'a Origin<'_>) -> Attributes<'a> {
        Attributes {
            referrer: origin.referrer.as_deref(),
            source: origin.source.as_deref(),
            channel: Some(origin.channel),
            utm_source: origin.utm_source.as_deref(),
            utm_medium: origin.utm_medium.as_deref(),
            utm_campaign: origin.utm_campaign.as_deref(),
            utm_content: origin.utm_content.as_deref(),
            utm_term: origin.utm_term.as_deref(),
            country: self.place.country.as_deref(),
            region: self.place.region.as_deref(),
            city: self.place.city.as_deref(),
            browser: self.agent.browser.as_deref(),
            browser_version: self.agent.browser_version.as_deref(),
            os: self.agent.os.as_deref(),
            os_version: self.agent.os_version.as_deref(),
            device: self.agent.device.map(Device::as_str),
            screen: self.screen,
            language: self.language.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests;
