//! One day of the shop: how many come, who they are, and what they do when.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::catalogue::{self, Agent, Origin, Place};
use super::quota::{Quota, Shuffle, WHOLE, mix};
use super::story::{self, BETWEEN_MS, PACES, PageRef, Step, Story};
use super::{SampleConfig, SampleEvent};
use crate::event::{ENGAGEMENT, PAGEVIEW};

const MICROS_PER_MS: i64 = 1_000;
const DAY_MICROS: i64 = 86_400_000_000;
/// Between two visits of a visitor, at least: more than a visit may pause.
const GAP_MICROS: i64 = 40 * 60 * 1_000_000;
/// One robot comes for so many visitors.
const VISITORS_PER_ROBOT: u64 = 12;

/// The share of the day's visitors in each hour.
const HOURS: [u64; 24] =
    [9, 6, 4, 4, 5, 9, 18, 31, 44, 52, 57, 58, 57, 53, 51, 52, 54, 57, 62, 71, 81, 79, 56, 30];

/// The visitors of a day who do the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crowd {
    pub(super) story: &'static Story,
    pub(super) count: u64,
    /// Where all of them come from, if it is one place.
    pub(super) origin: Option<&'static Origin>,
    seed: u64,
}

/// What is divided among the visitors of a crowd, each by an order of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Aspect {
    Origin = 1,
    Place,
    Agent,
    Product,
    Article,
    Time,
}

impl Crowd {
    /// How a thing is divided.
    pub(super) fn quota(&self, aspect: Aspect) -> Quota {
        Quota { count: self.count, offset: mix(self.seed, aspect as u64) }
    }

    fn place(&self, aspect: Aspect, visitor: u64) -> u64 {
        Shuffle::new(self.count, mix(self.seed, aspect as u64 + 100)).place(visitor)
    }

    fn holder(&self, aspect: Aspect, visitor: u64, weights: impl Iterator<Item = u64>) -> usize {
        self.quota(aspect).holder(weights, self.place(aspect, visitor))
    }
}

/// A day.
pub(super) struct Day<'a> {
    config: &'a SampleConfig,
    pub(super) date: Date,
    seed: u64,
    products: Vec<u64>,
    articles: Vec<u64>,
    /// The stretches of the day that lie in one day of UTC each.
    windows: Vec<(i64, i64)>,
    pub(super) visitors: u64,
    news_visitors: u64,
}

/// Who a visitor is.
struct Visitor {
    number: u64,
    origin: &'static Origin,
    place: &'static Place,
    agent: &'static Agent,
    product: usize,
    article: usize,
    pace: u64,
}

impl<'a> Day<'a> {
    pub(super) fn new(config: &'a SampleConfig, number: u32) -> Self {
        let date = config.first_day.saturating_add(i64::from(number).days());
        let visitors = usual_visitors(config, number, date);
        let busiest = config.days * 2 / 3;
        let news_visitors = match number.checked_sub(busiest) {
            Some(0) if config.days > 2 => visitors * 3 / 2,
            Some(1) if config.days > 2 => visitors / 3,
            _ => 0,
        };
        Self {
            config,
            date,
            seed: mix(config.seed, u64::from(number)),
            products: catalogue::popularity(catalogue::PRODUCTS.len()),
            articles: catalogue::popularity(catalogue::ARTICLES.len()),
            windows: windows(date, &config.zone),
            visitors,
            news_visitors,
        }
    }

    /// The day's visitors by what they do.
    pub(super) fn crowds(&self) -> Vec<Crowd> {
        let usual = self.crowd_of(story::STORIES, self.visitors, None, 1);
        usual
            .chain(self.crowd_of(
                story::NEWS_STORIES,
                self.news_visitors,
                Some(&catalogue::NEWS),
                2,
            ))
            .collect()
    }

    pub(super) fn products(&self) -> impl Iterator<Item = u64> + '_ {
        self.products.iter().copied()
    }

    pub(super) fn articles(&self) -> impl Iterator<Item = u64> + '_ {
        self.articles.iter().copied()
    }

    pub(super) fn robots(&self) -> u64 {
        self.visitors / VISITORS_PER_ROBOT
    }

    pub(super) fn event_count(&self) -> u64 {
        let of_crowd = |crowd: &Crowd| {
            let per_step = |step: &Step| 2 + u64::from(step.action.is_some());
            crowd.count * crowd.story.steps().map(per_step).sum::<u64>()
        };
        self.crowds().iter().map(of_crowd).sum::<u64>() + self.robots()
    }

    pub(super) fn events(&self) -> Vec<SampleEvent> {
        let count = usize::try_from(self.event_count()).unwrap_or_default();
        let mut events = Vec::with_capacity(count);
        for crowd in self.crowds() {
            for visitor in 0..crowd.count {
                self.visitor_events(&crowd, visitor, &mut events);
            }
        }
        for robot in 0..self.robots() {
            events.push(self.robot_event(robot));
        }
        events.sort_unstable_by_key(|event| (event.at_micros, event.visitor));
        events
    }

    fn crowd_of(
        &self,
        stories: &'static [Story],
        visitors: u64,
        origin: Option<&'static Origin>,
        tag: u64,
    ) -> impl Iterator<Item = Crowd> {
        let quota = Quota { count: visitors, offset: mix(self.seed, tag) };
        let seed = mix(self.seed, tag + 10);
        stories.iter().enumerate().map(move |(number, story)| {
            let count = quota.share(stories.iter().map(|story| story.weight), number);
            Crowd { story, count, origin, seed: mix(seed, number as u64) }
        })
    }

    fn visitor(&self, crowd: &Crowd, number: u64) -> Visitor {
        let origins = catalogue::ORIGINS.iter().map(|origin| origin.weight);
        let places = catalogue::PLACES.iter().map(|place| place.weight);
        let agents = catalogue::AGENTS.iter().map(|agent| agent.weight);
        let origin = catalogue::ORIGINS.get(crowd.holder(Aspect::Origin, number, origins));
        let place = catalogue::PLACES.get(crowd.holder(Aspect::Place, number, places));
        let agent = catalogue::AGENTS.get(crowd.holder(Aspect::Agent, number, agents));
        Visitor {
            number,
            origin: crowd.origin.or(origin.copied()).unwrap_or(&catalogue::DIRECT),
            place: place.unwrap_or_else(catalogue::usual_place),
            agent: agent.unwrap_or_else(catalogue::usual_agent),
            product: crowd.holder(Aspect::Product, number, self.products()),
            article: crowd.holder(Aspect::Article, number, self.articles()),
            pace: pace(number),
        }
    }

    fn visitor_events(&self, crowd: &Crowd, number: u64, events: &mut Vec<SampleEvent>) {
        let visitor = self.visitor(crowd, number);
        let begins = self.begins(crowd, &visitor);
        let salt_day = begins.first().map_or(0, |first| first.div_euclid(DAY_MICROS));
        let id = mix(mix(self.config.seed, salt_day.unsigned_abs()), mix(crowd.seed, number));
        for (position, (visit, begin)) in crowd.story.visits.iter().zip(begins).enumerate() {
            let returns_direct = position > 0 && crowd.story.returns_direct;
            let mut at = begin;
            for step in *visit {
                let event = SampleEvent {
                    at_micros: at,
                    visitor: id,
                    name: PAGEVIEW,
                    pathname: path(step.page, visitor.product, visitor.article),
                    interactive: true,
                    scroll_depth: None,
                    engaged_ms: None,
                    props: None,
                    revenue: None,
                    dropped: None,
                    origin: if returns_direct { &catalogue::DIRECT } else { visitor.origin },
                    place: visitor.place,
                    agent: visitor.agent,
                };
                at = push_step(events, event, step, visitor.pace);
            }
        }
    }

    /// When the visits of a visitor begin.
    fn begins(&self, crowd: &Crowd, visitor: &Visitor) -> Vec<i64> {
        let lengths: Vec<i64> = crowd
            .story
            .visits
            .iter()
            .map(|visit| micros(story::duration_ms(visit, visitor.pace)))
            .collect();
        let gaps = i64::try_from(lengths.len().saturating_sub(1)).unwrap_or_default();
        let least: i64 = lengths.iter().sum::<i64>() + gaps * GAP_MICROS + 60_000_000;
        let wanted = self.wanted(crowd, visitor.number);
        let holds =
            |(start, end): &(i64, i64)| (*start..*end).contains(&wanted) && end - start >= least;
        let longest = self.windows.iter().copied().max_by_key(|(start, end)| end - start);
        let window = self.windows.iter().copied().find(holds).or(longest);
        let (start, end) = window.unwrap_or((wanted, wanted + DAY_MICROS));
        let mut at = wanted.clamp(start, (end - least).max(start));
        let spare = (end - least - at).max(0) / gaps.max(1);
        let extra = mix(crowd.seed, visitor.number).rem_euclid(spare.unsigned_abs().max(1));
        let gap = GAP_MICROS + i64::try_from(extra).unwrap_or_default().min(5 * GAP_MICROS);
        lengths
            .iter()
            .map(|length| {
                let begin = at;
                at += length + gap;
                begin
            })
            .collect()
    }

    /// When a visitor would come if the day had no ends.
    fn wanted(&self, crowd: &Crowd, number: u64) -> i64 {
        let place = crowd.place(Aspect::Time, number);
        let hours = Quota { count: crowd.count, offset: 0 };
        let hour = hours.holder(HOURS.iter().copied(), place);
        let within = mix(mix(crowd.seed, Aspect::Time as u64), number) % 3_600_000_000;
        let start = self.windows.first().map_or(0, |(start, _)| *start);
        start
            + i64::try_from(hour).unwrap_or_default() * 3_600_000_000
            + i64::try_from(within).unwrap_or_default()
    }

    fn robot_event(&self, robot: u64) -> SampleEvent {
        let seed = mix(self.seed, robot + 1_000_000);
        let start = self.windows.first().map_or(0, |(start, _)| *start);
        let reasons = catalogue::ROBOTS.len() as u64;
        SampleEvent {
            at_micros: start + i64::try_from(seed % DAY_MICROS.unsigned_abs()).unwrap_or_default(),
            visitor: seed,
            name: PAGEVIEW,
            pathname: path(PageRef::Product(0), usize::try_from(seed % 40).unwrap_or_default(), 0),
            interactive: true,
            scroll_depth: None,
            engaged_ms: None,
            props: None,
            revenue: None,
            dropped: usize::try_from(seed / 64 % reasons)
                .ok()
                .and_then(|reason| catalogue::ROBOTS.get(reason).copied()),
            origin: &catalogue::DIRECT,
            place: catalogue::usual_place(),
            agent: catalogue::usual_agent(),
        }
    }
}

/// The events of one page, from the view on; answers when the next page is viewed.
fn push_step(events: &mut Vec<SampleEvent>, view: SampleEvent, step: &Step, pace: u64) -> i64 {
    let dwell_ms = story::dwell_ms(step, pace);
    let left = view.at_micros + micros(dwell_ms);
    events.push(view);
    if let Some(action) = step.action {
        events.push(SampleEvent {
            at_micros: view.at_micros + micros(dwell_ms / 2),
            name: action.name,
            interactive: action.interactive,
            props: action.props,
            revenue: action.revenue,
            ..view
        });
    }
    events.push(SampleEvent {
        at_micros: left,
        name: ENGAGEMENT,
        interactive: false,
        scroll_depth: Some(step.scroll),
        engaged_ms: u32::try_from(dwell_ms * 4 / 5).ok(),
        ..view
    });
    left + micros(BETWEEN_MS)
}

pub(super) fn pace(visitor: u64) -> u64 {
    let position = usize::try_from(visitor % PACES.len() as u64).unwrap_or_default();
    PACES.get(position).copied().unwrap_or(100)
}

/// The path of a page for who looks at this product and this article.
pub(super) fn path(page: PageRef, product: usize, article: usize) -> &'static str {
    let pick = |list: &'static [&'static str], number: usize| {
        list.get(number % list.len().max(1)).copied().unwrap_or("/")
    };
    match page {
        PageRef::Fixed(path) => path,
        PageRef::Product(further) => pick(catalogue::PRODUCTS, product + further),
        PageRef::Article(further) => pick(catalogue::ARTICLES, article + further),
    }
}

/// Visitors without the busy day: more from week to week, most on Sundays.
fn usual_visitors(config: &SampleConfig, number: u32, date: Date) -> u64 {
    let of_week: u64 = match date.weekday() {
        Weekday::Monday => 1_000,
        Weekday::Tuesday => 980,
        Weekday::Wednesday => 990,
        Weekday::Thursday => 1_010,
        Weekday::Friday => 940,
        Weekday::Saturday => 1_030,
        Weekday::Sunday => 1_150,
    };
    let growth = 800 + 400 * u64::from(number) / u64::from(config.days.max(1));
    u64::from(config.visitors_per_day) * of_week * growth / (WHOLE * WHOLE)
}

fn windows(date: Date, zone: &TimeZone) -> Vec<(i64, i64)> {
    let instant = |date: Date| {
        let start = date.to_zoned(zone.clone()).map_or(Timestamp::UNIX_EPOCH, |at| at.timestamp());
        start.as_microsecond()
    };
    let (start, end) = (instant(date), instant(date.saturating_add(1.day())));
    let midnight = (start.div_euclid(DAY_MICROS) + 1) * DAY_MICROS;
    if midnight < end { vec![(start, midnight), (midnight, end)] } else { vec![(start, end)] }
}

fn micros(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or_default() * MICROS_PER_MS
}
