//! What reports must answer about the sample, by arithmetic on the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::civil::Date;

use super::catalogue::{self, Agent, Origin, Place};
use super::day::{Aspect, Crowd, Day, pace, path};
use super::story::{self, PACES, PageRef, Step};
use super::{SAMPLE_HOSTNAME, SampleConfig};
use crate::event::PAGEVIEW;

/// The truth about one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayTruth {
    /// The day.
    pub date: Date,
    /// Distinct visitors.
    pub visitors: u64,
    /// Visits.
    pub visits: u64,
    /// Page views.
    pub pageviews: u64,
    /// Page views and custom events.
    pub events: u64,
    /// Visits that were bounces.
    pub bounces: u64,
    /// All visits' lengths together, in milliseconds.
    pub duration_ms: u64,
}

/// The truth about some days of the sample. Only whole days are known: visits do not cross midnight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Day by day.
    pub days: Vec<DayTruth>,
    /// Distinct visitors by dimension and value; `None` is "not set".
    pub visitors: BTreeMap<&'static str, BTreeMap<Option<String>, u64>>,
    /// Page views by page.
    pub pageviews: BTreeMap<&'static str, u64>,
    /// Events by name.
    pub events: BTreeMap<&'static str, u64>,
    /// What was sold, in thousandths of a euro.
    pub revenue: i64,
    /// Events dropped.
    pub dropped: u64,
}

impl Truth {
    pub(super) fn new(config: &SampleConfig, days: Range<u32>) -> Self {
        let mut truth = Self {
            days: Vec::new(),
            visitors: BTreeMap::new(),
            pageviews: BTreeMap::new(),
            events: BTreeMap::new(),
            revenue: 0,
            dropped: 0,
        };
        for number in days.start..days.end.min(config.days) {
            truth.add_day(&Day::new(config, number));
        }
        truth
    }

    /// The sums of all days; `date` is that of the first.
    pub fn total(&self) -> DayTruth {
        let sum = |part: fn(&DayTruth) -> u64| self.days.iter().map(part).sum();
        DayTruth {
            date: self.days.first().map_or(Date::ZERO, |day| day.date),
            visitors: sum(|day| day.visitors),
            visits: sum(|day| day.visits),
            pageviews: sum(|day| day.pageviews),
            events: sum(|day| day.events),
            bounces: sum(|day| day.bounces),
            duration_ms: sum(|day| day.duration_ms),
        }
    }

    fn add_day(&mut self, day: &Day<'_>) {
        let date = day.date;
        let mut sum = DayTruth {
            date,
            visitors: 0,
            visits: 0,
            pageviews: 0,
            events: 0,
            bounces: 0,
            duration_ms: 0,
        };
        for crowd in day.crowds().iter().filter(|crowd| crowd.count > 0) {
            add_counts(&mut sum, crowd);
            self.add_people(crowd);
            self.add_origins(crowd);
            self.add_pages(day, crowd);
            self.add_actions(crowd);
        }
        self.days.push(sum);
        self.dropped += day.robots();
    }

    fn add(&mut self, dimension: &'static str, value: Option<String>, visitors: u64) {
        if visitors > 0 {
            *self.visitors.entry(dimension).or_default().entry(value).or_default() += visitors;
        }
    }

    fn add_people(&mut self, crowd: &Crowd) {
        self.add("hostname", Some(SAMPLE_HOSTNAME.to_owned()), crowd.count);
        let weights = || catalogue::PLACES.iter().map(|place| place.weight);
        for (number, place) in catalogue::PLACES.iter().enumerate() {
            let share = crowd.quota(Aspect::Place).share(weights(), number);
            for (dimension, value) in place_values(place) {
                self.add(dimension, Some(value.to_owned()), share);
            }
        }
        let weights = || catalogue::AGENTS.iter().map(|agent| agent.weight);
        for (number, agent) in catalogue::AGENTS.iter().enumerate() {
            let share = crowd.quota(Aspect::Agent).share(weights(), number);
            for (dimension, value) in agent_values(agent) {
                self.add(dimension, value, share);
            }
        }
    }

    fn add_origins(&mut self, crowd: &Crowd) {
        let returns = crowd.story.returns_direct && crowd.story.visits.len() > 1;
        let mut shares: BTreeMap<(&'static str, Option<&'static str>), u64> = BTreeMap::new();
        let weights = || catalogue::ORIGINS.iter().map(|origin| origin.weight);
        for (number, origin) in catalogue::ORIGINS.iter().enumerate() {
            let share = match crowd.origin {
                Some(_) => 0,
                None => crowd.quota(Aspect::Origin).share(weights(), number),
            };
            for value in origin_values(origin) {
                *shares.entry(value).or_default() += share;
            }
        }
        for value in crowd.origin.into_iter().flat_map(origin_values) {
            *shares.entry(value).or_default() += crowd.count;
        }
        if returns {
            // Everyone comes once more, directly.
            for value in origin_values(&catalogue::DIRECT) {
                shares.insert(value, crowd.count);
            }
        }
        for ((dimension, value), share) in shares {
            self.add(dimension, value.map(str::to_owned), share);
        }
    }

    fn add_pages(&mut self, day: &Day<'_>, crowd: &Crowd) {
        let visits = crowd.story.visits;
        let all: BTreeSet<PageRef> = crowd.story.steps().map(|step| step.page).collect();
        let first: BTreeSet<PageRef> =
            visits.iter().filter_map(|visit| visit.first()).map(|step| step.page).collect();
        let last: BTreeSet<PageRef> =
            visits.iter().filter_map(|visit| visit.last()).map(|step| step.page).collect();
        for (dimension, pages) in [("page", all), ("entry_page", first), ("exit_page", last)] {
            for page in pages {
                for (path, share) in shares_of(page, day, crowd) {
                    self.add(dimension, Some(path.to_owned()), share);
                }
            }
        }
        for step in crowd.story.steps() {
            for (path, share) in shares_of(step.page, day, crowd) {
                *self.pageviews.entry(path).or_default() += share;
            }
        }
    }

    fn add_actions(&mut self, crowd: &Crowd) {
        let actions = || crowd.story.steps().filter_map(|step| step.action);
        let names: BTreeSet<&'static str> = actions().map(|action| action.name).collect();
        for name in names {
            self.add("event", Some(name.to_owned()), crowd.count);
        }
        let views = crowd.story.steps().map(|_| PAGEVIEW);
        for name in actions().map(|action| action.name).chain(views) {
            *self.events.entry(name).or_default() += crowd.count;
        }
        let revenue: i64 = actions().filter_map(|action| action.revenue).sum();
        self.revenue += revenue * i64::try_from(crowd.count).unwrap_or_default();
    }
}

fn add_counts(sum: &mut DayTruth, crowd: &Crowd) {
    let visits = crowd.story.visits;
    let steps = crowd.story.steps().count() as u64;
    let actions = crowd.story.steps().filter(|step| step.action.is_some()).count() as u64;
    let bounces = visits.iter().filter(|visit| story::is_bounce(visit)).count() as u64;
    sum.visitors += crowd.count;
    sum.visits += crowd.count * visits.len() as u64;
    sum.pageviews += crowd.count * steps;
    sum.events += crowd.count * (steps + actions);
    sum.bounces += crowd.count * bounces;
    let paces = PACES.len() as u64;
    for number in 0..paces {
        let visitors = (crowd.count + paces - 1 - number) / paces;
        let length = |visit: &&[Step]| story::duration_ms(visit, pace(number));
        sum.duration_ms += visitors * visits.iter().map(length).sum::<u64>();
    }
}

/// The paths a page of a story stands for, each with how many visitors see that one.
fn shares_of(page: PageRef, day: &Day<'_>, crowd: &Crowd) -> Vec<(&'static str, u64)> {
    let share = |aspect: Aspect, weights: &mut dyn Iterator<Item = u64>, number: usize| {
        crowd.quota(aspect).share(weights, number)
    };
    match page {
        PageRef::Fixed(path) => vec![(path, crowd.count)],
        PageRef::Product(_) => (0..catalogue::PRODUCTS.len())
            .map(|n| (path(page, n, 0), share(Aspect::Product, &mut day.products(), n)))
            .filter(|(_, share)| *share > 0)
            .collect(),
        PageRef::Article(_) => (0..catalogue::ARTICLES.len())
            .map(|n| (path(page, 0, n), share(Aspect::Article, &mut day.articles(), n)))
            .filter(|(_, share)| *share > 0)
            .collect(),
    }
}

fn place_values(place: &Place) -> [(&'static str, &'static str); 4] {
    [
        ("country", place.country),
        ("region", place.region),
        ("city", place.city),
        ("language", place.language),
    ]
}

fn agent_values(agent: &Agent) -> [(&'static str, Option<String>); 6] {
    [
        ("browser", Some(agent.browser.to_owned())),
        ("browser_version", Some(format!("{} {}", agent.browser, agent.browser_version))),
        ("os", Some(agent.os.to_owned())),
        ("os_version", agent.os_version.map(|version| format!("{} {version}", agent.os))),
        ("device", Some(agent.device.to_owned())),
        ("screen", Some(agent.screen.to_owned())),
    ]
}

fn origin_values(origin: &Origin) -> [(&'static str, Option<&'static str>); 8] {
    [
        ("referrer", origin.referrer),
        ("source", origin.source),
        ("channel", Some(origin.channel)),
        ("utm_source", origin.utm_source),
        ("utm_medium", origin.utm_medium),
        ("utm_campaign", origin.utm_campaign),
        ("utm_content", None),
        ("utm_term", None),
    ]
}
