//! Browser, operating system and kind of device, from what the browser says of
//! itself.
//!
//! The rules are those of `uap-core`; its names are turned into the ones people know ([`names`]). Client hints, where a browser
//! sends them, correct what the user agent hides: Brave and Vivaldi call themselves Chrome, an Android tablet calls itself Linux.
//! Versions are `major.minor`.
//!
//! Parsing takes some tens of microseconds, and a site sees the same few hundred user agents again and again: the result is
//! cached, with the verdict of the bot lists.

mod device;
mod hints;
mod names;
mod rules;

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use ua_parser::{os, user_agent};

use crate::bots::{BotListError, Bots};

pub use self::device::Device;

/// How many different browsers are remembered.
pub const AGENTS_CACHED_MAX: usize = 4_096;
/// How much of a user agent or of a hint is looked at, in bytes.
pub const AGENT_BYTES_MAX: usize = 1_024;

/// What a browser says of itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct AgentHeaders<'a> {
    /// `User-Agent`.
    pub user_agent: &'a str,
    /// `Sec-CH-UA`.
    pub brands: Option<&'a str>,
    /// `Sec-CH-UA-Platform`.
    pub platform: Option<&'a str>,
    /// `Sec-CH-UA-Mobile`.
    pub mobile: Option<&'a str>,
}

/// What is known of a browser.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agent {
    /// Such as `Chrome`.
    pub browser: Option<Cow<'static, str>>,
    /// Such as `131.0`.
    pub browser_version: Option<Box<str>>,
    /// Such as `Windows`.
    pub os: Option<Cow<'static, str>>,
    /// Such as `10`.
    pub os_version: Option<Box<str>>,
    /// What it runs on.
    pub device: Option<Device>,
    /// Why it is no person's browser.
    pub bot: Option<Cow<'static, str>>,
}

/// The rules, compiled, and what they said lately.
pub struct Agents {
    browsers: user_agent::Extractor<'static>,
    systems: os::Extractor<'static>,
    bots: Bots,
    cache: Cache<AgentKey, Arc<Agent>>,
}

/// The rules could not be compiled. Cannot happen with lists the tests passed with.
#[derive(Debug, thiserror::Error)]
pub enum AgentsError {
    /// A rule for browsers or operating systems.
    #[error("the user agent rules do not compile: {0}")]
    Rules(String),
    /// The lists of crawlers.
    #[error("the bot lists do not compile")]
    Bots(#[from] BotListError),
}

impl Agents {
    /// Compiles the rules.
    ///
    /// # Errors
    /// [`AgentsError`] when the lists the program was built with are broken.
    pub fn new() -> Result<Self, AgentsError> {
        let (browsers, systems) = rules::compile().map_err(AgentsError::Rules)?;
        Ok(Self { browsers, systems, bots: Bots::new()?, cache: Cache::new(AGENTS_CACHED_MAX) })
    }

    /// What these headers say.
    pub fn parse(&self, headers: AgentHeaders<'_>) -> Arc<Agent> {
        let headers = headers.bounded();
        if let Some(known) = self.cache.get(&headers) {
            return known;
        }
        let agent = Arc::new(self.parse_anew(headers));
        self.cache.insert(headers.to_key(), Arc::clone(&agent));
        agent
    }

    fn parse_anew(&self, headers: AgentHeaders<'_>) -> Agent {
        let mut agent = Agent {
            bot: self.bots.reason(headers.user_agent),
            device: device::of_user_agent(headers.user_agent),
            ..Agent::default()
        };
        if let Some(found) = self.browsers.extract(headers.user_agent) {
            agent.browser = names::browser(&found.family);
            agent.browser_version = version(found.major, found.minor);
        }
        if let Some(found) = self.systems.extract(headers.user_agent) {
            agent.os = names::system(&found.os);
            agent.os_version = version(found.major.as_deref(), found.minor.as_deref());
        }
        hints::apply(headers, &mut agent);
        agent
    }
}

/// `major.minor`, or what there is of it.
fn version(major: Option<&str>, minor: Option<&str>) -> Option<Box<str>> {
    const PART_BYTES_MAX: usize = 12;
    let is_sane = |part: &&str| !part.is_empty() && part.len() <= PART_BYTES_MAX;
    let major = major.filter(is_sane)?;
    Some(match minor.filter(is_sane) {
        Some(minor) => format!("{major}.{minor}").into(),
        None => major.into(),
    })
}

/// The headers of a cached agent. Hashes as [`AgentHeaders`] does.
#[derive(Debug, PartialEq, Eq, Hash)]
struct AgentKey {
    user_agent: Box<str>,
    brands: Option<Box<str>>,
    platform: Option<Box<str>>,
    mobile: Option<Box<str>>,
}

impl<'a> AgentHeaders<'a> {
    fn bounded(self) -> Self {
        let cut =
            |text: &'a str| text.get(..text.floor_char_boundary(AGENT_BYTES_MAX)).unwrap_or(text);
        Self {
            user_agent: cut(self.user_agent),
            brands: self.brands.map(cut),
            platform: self.platform.map(cut),
            mobile: self.mobile.map(cut),
        }
    }

    fn to_key(self) -> AgentKey {
        AgentKey {
            user_agent: self.user_agent.into(),
            brands: self.brands.map(Into::into),
            platform: self.platform.map(Into::into),
            mobile: self.mobile.map(Into::into),
        }
    }
}

impl Hash for AgentHeaders<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.user_agent.hash(state);
        self.brands.hash(state);
        self.platform.hash(state);
        self.mobile.hash(state);
    }
}

impl Equivalent<AgentKey> for AgentHeaders<'_> {
    fn equivalent(&self, key: &AgentKey) -> bool {
        *self.user_agent == *key.user_agent
            && self.brands == key.brands.as_deref()
            && self.platform == key.platform.as_deref()
            && self.mobile == key.mobile.as_deref()
    }
}

#[cfg(test)]
pub(crate) mod tests;
