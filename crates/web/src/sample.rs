//! A made-up shop with made-up visitors, of whom everything is known.
//!
//! The shop "Eider & Elm" sells ceramics. Its visitors are planned, not drawn: each day has so many of them, each kind of visit so
//! large a share ([`quota`]), so that what a report must answer follows from the plan by arithmetic ([`Truth`]) and not by
//! counting the events. The same seed gives the same events, to the byte. It is the data of `shelduck demo`, the oracle of the
//! report tests and, with more visitors, the load of the benchmarks.
//!
//! # Invariants
//! - The visits of a visitor lie within one day of the site and one day of UTC, more than 30 minutes apart, so every number is
//!   that of one visitor and the truth of several days is the sum of theirs.
//! - Events come out in the order of time, day by day; a day can be made without the days before it.

mod catalogue;
mod day;
mod quota;
mod story;
mod truth;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

pub use self::truth::{DayTruth, Truth};
use crate::event::{Currency, Revenue};
use crate::identity::VisitorIds;
use crate::record::{Attributes, EventRecord};

/// The host of the shop.
pub const SAMPLE_HOSTNAME: &str = "eider-and-elm.example";

/// What to make.
#[derive(Debug, Clone)]
pub struct SampleConfig {
    /// Another seed gives other visitors.
    pub seed: u64,
    /// The first day.
    pub first_day: Date,
    /// How many days.
    pub days: u32,
    /// Visitors of a usual day in the middle of the time. Six to seven events each.
    pub visitors_per_day: u32,
    /// The time zone of the site.
    pub zone: TimeZone,
}

/// The sample.
#[derive(Debug, Clone)]
pub struct Sample {
    config: SampleConfig,
}

/// One event, as it would have come in.
#[derive(Debug, Clone, Copy)]
pub struct SampleEvent {
    /// When, in microseconds since 1970.
    pub at_micros: i64,
    /// The visitor's number on its day of UTC.
    pub visitor: u64,
    /// Its name.
    pub name: &'static str,
    /// The path of the page.
    pub pathname: &'static str,
    /// Whether it ends a bounce.
    pub interactive: bool,
    /// On engagement events.
    pub scroll_depth: Option<u8>,
    /// On engagement events.
    pub engaged_ms: Option<u32>,
    /// The text of a JSON object.
    pub props: Option<&'static str>,
    /// In thousandths of a euro.
    pub revenue: Option<i64>,
    /// Why it is not counted.
    pub dropped: Option<&'static str>,
    origin: &'static catalogue::Origin,
    place: &'static catalogue::Place,
    agent: &'static catalogue::Agent,
}

impl Sample {
    /// A sample; nothing is made yet.
    pub fn new(config: SampleConfig) -> Self {
        Self { config }
    }

    /// What is made.
    pub fn config(&self) -> &SampleConfig {
        &self.config
    }

    /// The dates, in order.
    pub fn dates(&self) -> impl Iterator<Item = Date> {
        let first = self.config.first_day;
        (0..self.config.days).map(move |day| first.saturating_add(i64::from(day).days()))
    }

    /// The events of the n-th day in the order of time.
    pub fn day(&self, number: u32) -> Vec<SampleEvent> {
        day::Day::new(&self.config, number).events()
    }

    /// All events in the order of time; one day at a time is in memory.
    pub fn events(&self) -> impl Iterator<Item = SampleEvent> {
        (0..self.config.days).flat_map(|number| self.day(number))
    }

    /// What reports must answer for the days from the n-th to before the m-th.
    pub fn truth(&self, days: std::ops::Range<u32>) -> Truth {
        Truth::new(&self.config, days)
    }

    /// How many events there are, engagement and bots among them.
    pub fn event_count(&self) -> u64 {
        (0..self.config.days).map(|number| day::Day::new(&self.config, number).event_count()).sum()
    }
}

impl SampleEvent {
    /// The event as the journal keeps it, for this site.
    pub fn record<'a>(&self, site: &'a str) -> EventRecord<'a> {
        EventRecord {
            at_micros: self.at_micros,
            site,
            name: self.name,
            hostname: SAMPLE_HOSTNAME,
            pathname: self.pathname,
            visitor: VisitorIds { today: self.visitor, yesterday: None },
            interactive: self.interactive,
            scroll_depth: self.scroll_depth,
            engaged_ms: self.engaged_ms,
            props: self.props,
            revenue: self.revenue.and_then(|thousandths| {
                Currency::parse("EUR").map(|currency| Revenue { thousandths, currency })
            }),
            attributes: self.attributes(),
            dropped: self.dropped,
        }
    }

    /// What a visit has that begins with this event.
    pub fn attributes(&self) -> Attributes<'static> {
        let (origin, place, agent) = (self.origin, self.place, self.agent);
        Attributes {
            referrer: origin.referrer,
            source: origin.source,
            channel: Some(origin.channel),
            utm_source: origin.utm_source,
            utm_medium: origin.utm_medium,
            utm_campaign: origin.utm_campaign,
            utm_content: None,
            utm_term: None,
            country: Some(place.country),
            region: Some(place.region),
            city: Some(place.city),
            browser: Some(agent.browser),
            browser_version: Some(agent.browser_version),
            os: Some(agent.os),
            os_version: agent.os_version,
            device: Some(agent.device),
            screen: Some(agent.screen),
            language: Some(place.language),
        }
    }

    /// When, as an instant.
    pub fn at(&self) -> Timestamp {
        Timestamp::from_microsecond(self.at_micros).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests;
