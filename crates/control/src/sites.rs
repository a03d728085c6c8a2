//! Sites: which hosts may send events, and in which time zone their days are.
//!
//! Removing a site stops its events and hides its reports; the events it has stay in the warehouse until they are erased.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use crate::database::Control;
use crate::error::{StoreError, is_duplicate};
use crate::hostname::Hostname;
use crate::row;

/// How many sites a store holds at most.
pub const SITES_MAX: u32 = 1_000;

/// How many further hosts may send events for one site.
pub const ALLOWED_HOSTNAMES_MAX: usize = 50;

const SELECT: &str = "SELECT domain, time_zone, created_at, settings FROM sites";

/// The name of an IANA time zone, in its own spelling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZoneName(String);

impl TimeZoneName {
    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self("UTC".to_owned())
    }

    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TimeZoneName {
    type Err = SiteError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let zone = TimeZone::get(text).map_err(|_| SiteError::UnknownTimeZone)?;
        if zone.is_unknown() {
            return Err(SiteError::UnknownTimeZone);
        }
        zone.iana_name().map(|name| Self(name.to_owned())).ok_or(SiteError::UnknownTimeZone)
    }
}

impl TryFrom<String> for TimeZoneName {
    type Error = SiteError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TimeZoneName> for String {
    fn from(name: TimeZoneName) -> Self {
        name.0
    }
}

impl fmt::Display for TimeZoneName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What can be set of a site besides its time zone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteSettings {
    /// Hosts besides the domain (and its `www.`) that may send events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_hostnames: Vec<Hostname>,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The host that names it.
    pub domain: Hostname,
    /// Where its days begin.
    pub time_zone: TimeZoneName,
    /// When it was added.
    pub created_at: Timestamp,
    /// The rest.
    pub settings: SiteSettings,
}

/// What is needed to add a site.
#[derive(Debug, Clone)]
pub struct NewSite {
    /// The host that names it.
    pub domain: Hostname,
    /// Where its days begin.
    pub time_zone: TimeZoneName,
    /// The rest.
    pub settings: SiteSettings,
}

/// What may be changed of a site. What is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct SiteChange {
    /// Another time zone.
    pub time_zone: Option<TimeZoneName>,
    /// Other hosts.
    pub allowed_hostnames: Option<Vec<Hostname>>,
}

/// Why sites could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// The domain is added already.
    #[error("the site exists")]
    DomainTaken,
    /// There is no site of this domain.
    #[error("there is no such site")]
    Unknown,
    /// The time zone is not in the IANA database.
    #[error("the time zone is unknown; use a name such as Europe/Berlin")]
    UnknownTimeZone,
    /// There are [`SITES_MAX`] sites.
    #[error("there are {SITES_MAX} sites, which is the most")]
    TooMany,
    /// More than [`ALLOWED_HOSTNAMES_MAX`] hosts.
    #[error("a site has at most {ALLOWED_HOSTNAMES_MAX} further hosts")]
    TooManyHostnames,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for SiteError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl SiteSettings {
    fn check(&self) -> Result<(), SiteError> {
        if self.allowed_hostnames.len() > ALLOWED_HOSTNAMES_MAX {
            return Err(SiteError::TooManyHostnames);
        }
        Ok(())
    }
}

impl Control {
    /// Adds a site.
    ///
    /// # Errors
    /// [`SiteError::DomainTaken`], one of the limits, or the store's.
    pub fn create_site(&self, site: &NewSite, now: Timestamp) -> Result<Site, SiteError> {
        site.settings.check()?;
        self.write(|transaction| {
            let count: u32 = transaction.query_row("SELECT count(*) FROM sites", [], |row| row.get(0))?;
            if count >= SITES_MAX {
                return Err(SiteError::TooMany);
            }
            transaction
                .execute(
                    "INSERT INTO sites (domain, time_zone, created_at, settings) VALUES (?1, ?2, ?3, ?4)",
                    params![site.domain.as_str(), site.time_zone.as_str(), row::millis(now), row::to_json(&site.settings)?],
                )
                .map_err(|error| if is_duplicate(&error) { SiteError::DomainTaken } else { error.into() })?;
            find(transaction, &site.domain)?.ok_or(SiteError::Unknown)
        })
    }

    /// The site of this domain.
    ///
    /// # Errors
    /// The store's.
    pub fn site(&self, domain: &Hostname) -> Result<Option<Site>, StoreError> {
        self.read(|connection| find(connection, domain))
    }

    /// All sites, by domain.
    ///
    /// # Errors
    /// The store's.
    pub fn sites(&self) -> Result<Vec<Site>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!("{SELECT} ORDER BY domain"))?;
            let sites = statement.query_map([], read_site)?.collect::<Result<_, _>>()?;
            Ok(sites)
        })
    }

    /// Changes a site.
    ///
    /// # Errors
    /// [`SiteError::Unknown`], one of the limits, or the store's.
    pub fn change_site(&self, domain: &Hostname, change: SiteChange) -> Result<Site, SiteError> {
        self.write(|transaction| {
            let mut site = find(transaction, domain)?.ok_or(SiteError::Unknown)?;
            site.time_zone = change.time_zone.unwrap_or(site.time_zone);
            site.settings.allowed_hostnames =
                change.allowed_hostnames.unwrap_or(site.settings.allowed_hostnames);
            site.settings.check()?;
            transaction.execute(
                "UPDATE sites SET time_zone = ?2, settings = ?3 WHERE domain = ?1",
                params![domain.as_str(), site.time_zone.as_str(), row::to_json(&site.settings)?],
            )?;
            Ok(site)
        })
    }

    /// Removes a site. Returns whether there was one.
    ///
    /// # Errors
    /// The store's.
    pub fn remove_site(&self, domain: &Hostname) -> Result<bool, StoreError> {
        self.write(|transaction| {
            Ok(transaction.execute("DELETE FROM sites WHERE domain = ?1", [domain.as_str()])? == 1)
        })
    }
}

fn find(connection: &Connection, domain: &Hostname) -> Result<Option<Site>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE domain = ?1"))?;
    Ok(statement.query_row([domain.as_str()], read_site).optional()?)
}

fn read_site(row: &Row<'_>) -> rusqlite::Result<Site> {
    Ok(Site {
        domain: row::parsed(row, 0)?,
        time_zone: row::parsed(row, 1)?,
        created_at: row::time(row, 2)?,
        settings: row::json(row, 3)?,
    })
}
