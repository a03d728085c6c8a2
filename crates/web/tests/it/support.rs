//! A warehouse filled through the real journal and loader, and data to fill it
//! with.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use journal::Journal;
use tempfile::TempDir;
use warehouse::{Config, Value, Warehouse};
use web::event::{ENGAGEMENT, PAGEVIEW};
use web::identity::VisitorIds;
use web::live::LiveFeed;
use web::loader::{Loader, LoaderConfig};
use web::record::{Attributes, EventRecord, Record};
use web::report::{ReportConfig, ReportContext, ReportError};
use web::schema::DATABASE;
use web::sites::Site;

pub const MINUTE: i64 = 60_000_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// A site whose events went through journal and loader.
pub struct World {
    pub warehouse: Warehouse,
    pub site: Site,
    pub config: ReportConfig,
    pub now: Timestamp,
    runtime: tokio::runtime::Runtime,
    dir: TempDir,
}

impl World {
    pub fn empty(domain: &str, zone: &str, now: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::for_test(&dir.path().join("warehouse"));
        let (warehouse, incidents) = Warehouse::open(config, &[DATABASE]).unwrap();
        assert!(incidents.is_empty());
        Self {
            warehouse,
            site: Site::new(domain, zone, &[]).unwrap(),
            config: ReportConfig { deadline: Duration::from_secs(60), ..ReportConfig::default() },
            now: now.parse().unwrap(),
            runtime: tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap(),
            dir,
        }
    }

    /// Loads events, so many per commit. May be called again: that is a restart.
    pub fn load(&self, events: &[EventRecord<'_>], events_per_commit: usize) {
        let (journal, opened) =
            Journal::open(journal::Config::new(self.dir.path().join("journal"))).unwrap();
        let mut end = journal.durable().0;
        for chunk in events.chunks(200) {
            let bytes = Record::Events(chunk.to_vec()).encode().unwrap();
            end = self.runtime.block_on(journal.append(bytes)).unwrap().0 + 1;
        }
        let config = LoaderConfig {
            interval: Duration::from_millis(1),
            events_max: events_per_commit,
            ..LoaderConfig::new(self.dir.path())
        };
        let writer = self.warehouse.writer("web").unwrap();
        let loader =
            Loader::start(config, journal.clone(), &opened, writer, LiveFeed::default()).unwrap();
        let mut progress = loader.progress();
        self.runtime.block_on(progress.wait_for(|at| at.committed >= end)).unwrap();
        loader.stop();
        journal.close();
    }

    pub fn context(&self) -> ReportContext<'_> {
        ReportContext {
            warehouse: &self.warehouse,
            site: &self.site,
            config: &self.config,
            now: self.now,
        }
    }

    pub fn run<T>(&self, report: impl Future<Output = Result<T, ReportError>>) -> T {
        self.runtime.block_on(report).unwrap()
    }

    /// The parameter a report refuses.
    pub fn refusal<T>(&self, report: impl Future<Output = Result<T, ReportError>>) -> &'static str {
        match self.runtime.block_on(report) {
            Err(ReportError::InvalidParameter(error)) => error.field,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("was answered"),
        }
    }

    /// A table as it is, by column.
    pub fn rows(&self, table: &str) -> Vec<BTreeMap<String, Value>> {
        let rows = self.warehouse.read_blocking(&format!("FROM web.{table}"), &[]).unwrap();
        rows.rows.into_iter().map(|row| rows.columns.iter().cloned().zip(row).collect()).collect()
    }
}

/// Numbers that look random and are the same every time.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % bound
    }

    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.below(list.len() as u64)).unwrap()]
    }

    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.below((high - low).unsigned_abs())).unwrap()
    }
}

pub const PAGES: [&str; 6] = ["/", "/a", "/A", "/b/c", "/b%c", "/ü"];

/// Visitors of two sites over some days: visits over every midnight there is, odd values, values not set.
pub fn random_events(
    seed: u64,
    start: Timestamp,
    days: i64,
    count: usize,
) -> Vec<EventRecord<'static>> {
    let mut dice = Dice(seed);
    let mut events = Vec::new();
    let start = start.as_microsecond();
    while events.len() < count {
        let person = dice.below(30);
        let mut at = dice.between(start, start + days * DAY);
        let site = if dice.below(10) == 0 { "other.example" } else { "a.example" };
        for _ in 0..=dice.below(7) {
            events.push(random_event(&mut dice, site, person, at));
            at += dice.pick(&[dice_wait(1), dice_wait(5), dice_wait(29), dice_wait(45)]);
        }
    }
    events.sort_by_key(|event| event.at_micros);
    events
}

const fn dice_wait(minutes: i64) -> i64 {
    minutes * MINUTE + 17
}

/// A page view with nothing else known.
pub fn view(visitor: VisitorIds, at: i64, pathname: &str) -> EventRecord<'_> {
    EventRecord {
        at_micros: at,
        site: "a.example",
        name: PAGEVIEW,
        hostname: "a.example",
        pathname,
        visitor,
        interactive: true,
        scroll_depth: None,
        engaged_ms: None,
        props: None,
        revenue: None,
        attributes: Attributes { country: Some("DE"), ..Attributes::default() },
        dropped: None,
    }
}

fn random_event(dice: &mut Dice, site: &'static str, person: u64, at: i64) -> EventRecord<'static> {
    let name = dice.pick(&[PAGEVIEW, PAGEVIEW, PAGEVIEW, ENGAGEMENT, "Signup", "Seen"]);
    let browser = dice.pick(&[Some("Chrome"), Some("Firefox"), None]);
    EventRecord {
        at_micros: at,
        site,
        name,
        hostname: dice.pick(&["a.example", "www.a.example"]),
        pathname: dice.pick(&PAGES),
        visitor: visitor(site, person, at),
        interactive: name != "Seen",
        scroll_depth: None,
        engaged_ms: None,
        props: None,
        revenue: None,
        attributes: Attributes {
            source: dice.pick(&[None, Some("Google"), Some("google"), Some("Bing")]),
            channel: dice.pick(&[Some("Direct"), Some("Organic Search")]),
            utm_source: dice.pick(&[None, Some("100%_off")]),
            country: dice.pick(&[None, Some("DE"), Some("US")]),
            city: dice.pick(&[None, Some("Köln"), Some("KÖLN")]),
            browser,
            browser_version: if browser.is_some() { dice.pick(&[Some("1.0"), None]) } else { None },
            os: Some("Linux"),
            os_version: None,
            device: dice.pick(&[Some("Mobile"), Some("Desktop")]),
            ..Attributes::default()
        },
        dropped: if dice.below(20) == 0 { Some("crawler:Test") } else { None },
    }
}

/// A visitor's numbers, which change at midnight UTC as ingest makes them.
pub fn visitor(site: &str, person: u64, at: i64) -> VisitorIds {
    let number = |day: i64| {
        let mut dice =
            Dice(day.unsigned_abs() * 1_000 + person * 2 + u64::from(site == "a.example"));
        dice.below(u64::MAX)
    };
    let day = at.div_euclid(DAY);
    let is_early = at.rem_euclid(DAY) < 30 * MINUTE;
    VisitorIds { today: number(day), yesterday: is_early.then(|| number(day - 1)) }
}
