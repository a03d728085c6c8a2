//! What `loader` promises, case by case.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use warehouse::{Config as WarehouseConfig, Value, Warehouse};

use super::step::{Engine, Step};
use super::*;
use crate::event::{Currency, ENGAGEMENT, PAGEVIEW, Revenue};
use crate::identity::VisitorIds;
use crate::record::{Attributes, EventRecord, Record};
use crate::schema::DATABASE;

const MINUTE: i64 = 60_000_000;
const START: i64 = 20_000 * 24 * 60 * MINUTE;

fn event(minute: i64, visitor: u64, name: &'static str) -> EventRecord<'static> {
    EventRecord {
        at_micros: START + minute * MINUTE,
        site: "a.example",
        name,
        hostname: "a.example",
        pathname: "/",
        visitor: VisitorIds { today: visitor, yesterday: None },
        interactive: name != ENGAGEMENT,
        scroll_depth: None,
        engaged_ms: None,
        props: Some(r#"{"plan":"pro"}"#),
        revenue: Some(Revenue { thousandths: -12_345, currency: Currency::parse("EUR").unwrap() }),
        attributes: Attributes {
            source: Some("Google"),
            country: Some("NL"),
            ..Attributes::default()
        },
        dropped: None,
    }
}

/// What a journal without damage says of itself.
fn whole() -> Opened {
    Opened { torn_bytes: 0, next: Offset(0), oldest: Offset(0), holes: Vec::new() }
}

/// A journal and a warehouse in one folder, and an engine between them.
struct Bench {
    dir: tempfile::TempDir,
    events_max: usize,
}

impl Bench {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), events_max: 20_000 }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn config(&self) -> LoaderConfig {
        LoaderConfig {
            interval: Duration::from_millis(10),
            events_max: self.events_max,
            ..LoaderConfig::new(self.path())
        }
    }

    fn journal(&self, first_offset: u64) -> Journal {
        let mut config = journal::Config::new(self.path().join("journal"));
        config.first_offset = first_offset;
        Journal::open(config).unwrap().0
    }

    fn warehouse(&self) -> Warehouse {
        let config = WarehouseConfig::for_test(&self.path().join("warehouse"));
        let (warehouse, incidents) = Warehouse::open(config, &[DATABASE]).unwrap();
        assert!(incidents.is_empty());
        warehouse
    }

    fn engine(&self, warehouse: &Warehouse) -> Engine {
        let writer = warehouse.writer("web").unwrap();
        let journal = self.journal(writer.offset());
        Engine::new(self.config(), journal, writer, LiveFeed::default()).unwrap()
    }

    fn append(&self, records: &[Vec<EventRecord<'static>>]) {
        let records: Vec<_> =
            records.iter().map(|events| Record::Events(events.clone()).encode().unwrap()).collect();
        self.append_bytes(&records);
    }

    fn append_bytes(&self, records: &[Vec<u8>]) -> Vec<Offset> {
        let journal = self.journal(0);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let append = |record: &Vec<u8>| runtime.block_on(journal.append(record.clone())).unwrap();
        records.iter().map(append).collect()
    }

    fn quarantine(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.config().quarantine_file).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[test]
fn it_rests_by_what_it_worked_and_longer_under_load() {
    let rest = |worked_ms, records| rest_after(Duration::from_millis(worked_ms), records);
    assert_eq!(rest(20, 1), Duration::from_millis(60));
    assert_eq!(rest(900, 19_999), Duration::from_millis(1_500), "what is new is shown soon");
    assert_eq!(rest(20, 20_000), Duration::from_secs(5), "large commits are cheap by the event");
}

fn drain(engine: &mut Engine) {
    while engine.step().unwrap() == Step::More {}
}

/// All rows of all tables, in an order that does not depend on how they were written.
fn tables(warehouse: &Warehouse) -> BTreeMap<&'static str, Vec<Vec<Value>>> {
    ["events", "dropped_events", "open_visits", "closed_visits"]
        .into_iter()
        .map(|table| {
            let sql = format!("SELECT * FROM web.{table} ORDER BY ALL");
            (table, warehouse.read_blocking(&sql, &[]).unwrap().rows)
        })
        .collect()
}

fn one(warehouse: &Warehouse, sql: &str) -> Value {
    warehouse.read_blocking(sql, &[]).unwrap().rows[0][0].clone()
}

#[test]
fn events_and_visits_are_written_as_they_are() {
    let bench = Bench::new();
    bench.append(&[
        vec![event(0, 1, PAGEVIEW)],
        vec![event(1, 1, "Click"), EventRecord { site: "b.example", ..event(1, 9, PAGEVIEW) }],
        vec![EventRecord { dropped: Some("crawler:Googlebot"), ..event(2, 2, PAGEVIEW) }],
        vec![EventRecord {
            scroll_depth: Some(80),
            engaged_ms: Some(900),
            ..event(3, 1, ENGAGEMENT)
        }],
        vec![event(4, 3, ENGAGEMENT)],
    ]);
    let warehouse = bench.warehouse();
    let mut engine = bench.engine(&warehouse);
    drain(&mut engine);
    let text = |sql: &str| {
        let rows = warehouse.read_blocking(sql, &[]).unwrap().rows;
        rows.iter().map(|row| row[0].as_text().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        text(
            "SELECT concat_ws('|', site, name, epoch_ms(timestamp), visitor_id, scroll_depth, engaged_ms, props->>'plan', \
              revenue_amount, revenue_currency, source, country) FROM web.events ORDER BY timestamp, site"
        ),
        "a.example|pageview|1728000000000|1|pro|-12.345|EUR|Google|NL \
         a.example|Click|1728000060000|1|pro|-12.345|EUR|Google|NL \
         b.example|pageview|1728000060000|9|pro|-12.345|EUR|Google|NL \
         a.example|engagement|1728000180000|1|80|900|pro|-12.345|EUR|Google|NL"
    );
    assert_eq!(
        text(
            "SELECT concat_ws('|', site, visitor_id, pageviews, events, bounce, entry_page, exit_page, \
              epoch_ms(last_at) - epoch_ms(started_at), source) FROM web.visits ORDER BY visit_id"
        ),
        "a.example|1|1|2|false|/|/|180000|Google b.example|9|1|1|true|/|/|0|Google"
    );
    assert_eq!(
        text(
            "SELECT concat_ws('|', visitor_id, visit_id, reason) FROM web.dropped_events ORDER BY timestamp"
        ),
        "2|0|crawler:Googlebot 3|0|engagement_without_visit"
    );
    assert_eq!(one(&warehouse, "SELECT count(DISTINCT visit_id) FROM web.events"), Value::I64(2));
}

#[test]
fn a_visit_that_ends_moves_to_the_closed_ones() {
    let bench = Bench::new();
    bench.append(&[vec![event(0, 1, PAGEVIEW)]]);
    let warehouse = bench.warehouse();
    drain(&mut bench.engine(&warehouse));
    assert_eq!(one(&warehouse, "SELECT count(*) FROM web.open_visits"), Value::I64(1));
    bench.append(&[vec![event(90, 2, PAGEVIEW)]]);
    drain(&mut bench.engine(&warehouse));
    assert_eq!(one(&warehouse, "SELECT visitor_id FROM web.open_visits"), Value::U64(2));
    assert_eq!(one(&warehouse, "SELECT visitor_id FROM web.closed_visits"), Value::U64(1));
}

#[test]
fn a_record_nobody_can_read_stops_nothing() {
    let bench = Bench::new();
    let good = Record::Events(vec![event(0, 1, PAGEVIEW)]).encode().unwrap();
    let huge = Revenue { thousandths: i64::MAX, currency: Currency::parse("USD").unwrap() };
    let unfit = Record::Events(vec![EventRecord { revenue: Some(huge), ..event(0, 1, PAGEVIEW) }]);
    let never = Record::Events(vec![EventRecord { at_micros: i64::MAX, ..event(0, 1, PAGEVIEW) }]);
    let offsets = bench.append_bytes(&[
        vec![9, 1, 2],
        good.clone(),
        vec![1, 255],
        unfit.encode().unwrap(),
        never.encode().unwrap(),
        good,
    ]);
    let warehouse = bench.warehouse();
    let mut engine = bench.engine(&warehouse);
    drain(&mut engine);
    assert_eq!(one(&warehouse, "SELECT count(*) FROM web.events"), Value::I64(2));
    assert_eq!(engine.progress().quarantined, 4);
    let lines = bench.quarantine();
    let kept: Vec<_> = lines.iter().map(|line| line["offset"].as_u64().unwrap()).collect();
    assert_eq!(kept, [offsets[0].0, offsets[2].0, offsets[3].0, offsets[4].0]);
    assert_eq!(lines[0]["bytes"], "090102");
    assert!(lines[0]["reason"].as_str().unwrap().contains("use the newer program"));
}

#[test]
fn a_row_the_warehouse_refuses_is_found_and_set_aside() {
    let bench = Bench::new();
    let warehouse = bench.warehouse();
    {
        // A table that takes everything but one page stands for whatever an engine may dislike.
        let mut writer = warehouse.writer("web").unwrap();
        writer
            .commit(0, |batch| {
                let create = batch.query("SELECT sql FROM duckdb_tables() WHERE table_name = 'events' AND database_name = 'web'", &[])?;
                let sql = create.rows[0][0].as_text().unwrap().replace("pathname VARCHAR NOT NULL", "pathname VARCHAR NOT NULL CHECK (pathname <> '/poison')");
                assert!(sql.contains("CHECK"), "{sql}");
                batch.execute("DROP TABLE web.events", &[])?;
                batch.execute(&sql.replace("CREATE TABLE events", "CREATE TABLE web.events").replace("CREATE TABLE main.events", "CREATE TABLE web.events"), &[])?;
                Ok(())
            })
            .unwrap();
    }
    let record = |n: u64| {
        let pathname = if n == 37 { "/poison" } else { "/" };
        vec![EventRecord { pathname, ..event(0, n, PAGEVIEW) }]
    };
    bench.append(&(0..100).map(record).collect::<Vec<_>>());
    let mut engine = bench.engine(&warehouse);
    drain(&mut engine);
    assert_eq!(one(&warehouse, "SELECT count(*) FROM web.events"), Value::I64(99));
    assert_eq!(one(&warehouse, "SELECT count(*) FROM web.open_visits"), Value::I64(99));
    assert_eq!(engine.progress().quarantined, 1);
    assert!(bench.quarantine()[0]["reason"].as_str().unwrap().contains("CHECK"));
    assert!(!engine.progress().is_failing);
}

#[test]
fn a_lost_stretch_of_the_journal_is_passed_over() {
    let bench = Bench::new();
    bench.append(&[vec![event(0, 1, PAGEVIEW)]]);
    // The folder is lost; the log goes on at a higher offset than the warehouse has committed.
    std::fs::remove_dir_all(bench.path().join("journal")).unwrap();
    drop(bench.journal(5_000));
    bench.append(&[vec![event(1, 2, PAGEVIEW)]]);
    let warehouse = bench.warehouse();
    let mut engine = bench.engine(&warehouse);
    drain(&mut engine);
    assert_eq!(
        one(&warehouse, "SELECT list(visitor_id) FROM web.events"),
        Value::List(vec![Value::U64(2)])
    );
    assert!(engine.progress().committed > 5_000);
}

#[test]
fn a_journal_that_ends_too_early_is_of_another_installation() {
    let bench = Bench::new();
    let warehouse = bench.warehouse();
    warehouse.writer("web").unwrap().commit(1_000, |_| Ok(())).unwrap();
    let journal = bench.journal(0);
    let started = Loader::start(
        bench.config(),
        journal,
        &whole(),
        warehouse.writer("web").unwrap(),
        LiveFeed::default(),
    );
    assert!(matches!(started, Err(LoaderError::JournalBehind { committed: 1_000, durable: 0 })));
}

#[test]
fn the_journal_is_trimmed_behind_the_checkpoint() {
    let bench = Bench::new();
    let warehouse = bench.warehouse();
    let mut config = journal::Config::new(bench.path().join("journal"));
    config.segment_bytes_max = 1_000;
    let (journal, _) = Journal::open(config).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for minute in 0..50 {
        let record = Record::Events(vec![event(minute, 1, PAGEVIEW)]).encode().unwrap();
        runtime.block_on(journal.append(record)).unwrap();
    }
    let config = LoaderConfig { keep_bytes: 2_000, checkpoint_bytes: 1, ..bench.config() };
    let writer = warehouse.writer("web").unwrap();
    let mut engine = Engine::new(config, journal.clone(), writer, LiveFeed::default()).unwrap();
    drain(&mut engine);
    let kept = journal.durable().0 - journal.oldest().0;
    assert!((2_000..4_000).contains(&kept), "{kept} bytes of journal are kept");
    assert_eq!(one(&warehouse, "SELECT count(*) FROM web.events"), Value::I64(50));
}

#[test]
fn the_running_loader_loads_tells_and_drains() {
    let bench = Bench::new();
    let warehouse = bench.warehouse();
    let journal = bench.journal(0);
    let live = LiveFeed::default();
    let mut follower = live.subscribe("a.example");
    let writer = warehouse.writer("web").unwrap();
    let loader = Loader::start(bench.config(), journal.clone(), &whole(), writer, live).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let record = Record::Events(vec![event(7, 1, PAGEVIEW)]).encode().unwrap();
        journal.append(record.clone()).await.unwrap();
        follower.changed().await.unwrap();
        assert_eq!(*follower.borrow(), Some(START + 7 * MINUTE));
        let durable = journal.durable().0;
        loader.progress().wait_for(|progress| progress.committed == durable).await.unwrap();
        for _ in 0..100 {
            journal.append(record.clone()).await.unwrap();
        }
    });
    journal.close();
    loader.stop();
    assert_eq!(one(&warehouse, "SELECT count(*) FROM web.events"), Value::I64(101));
}

fn records() -> impl Strategy<Value = Vec<Vec<EventRecord<'static>>>> {
    let step = prop_oneof![6 => 0..5_i64, 2 => 25..40_i64, 1 => 200..900_i64, 1 => -1..1_i64];
    let name = prop_oneof![4 => Just(PAGEVIEW), 2 => Just(ENGAGEMENT), 1 => Just("Click")];
    let one = (step, name, 0..4_u64, any::<bool>(), prop::bool::weighted(0.15), 0..4_usize);
    prop::collection::vec(one, 1..40).prop_map(|steps| {
        let mut minute = 23 * 60;
        let day = |minute: i64| u64::try_from(minute / (24 * 60)).unwrap();
        steps
            .into_iter()
            .map(|(step, name, visitor, for_both, dropped, page)| {
                minute += step;
                let number = |day: u64| visitor + 100 * day;
                let is_early = minute % (24 * 60) < 30 && day(minute) > 0;
                let event = EventRecord {
                    visitor: VisitorIds {
                        today: number(day(minute)),
                        yesterday: is_early.then(|| number(day(minute) - 1)),
                    },
                    pathname: ["/", "/a", "/b", "/c"][page],
                    attributes: Attributes {
                        source: Some(["x", "y"][page % 2]),
                        ..Attributes::default()
                    },
                    dropped: dropped.then_some("headless"),
                    ..event(minute, 0, name)
                };
                if for_both {
                    vec![event.clone(), EventRecord { site: "b.example", ..event }]
                } else {
                    vec![event]
                }
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 30, ..ProptestConfig::default() })]

    /// The process may end after any commit, and every next one may cut its batches elsewhere: the tables come out the same.
    #[test]
    fn a_crash_between_any_two_commits_changes_no_row(
        records in records(),
        lives in prop::collection::vec((1..12_usize, 1..5_usize), 0..6),
    ) {
        let whole = Bench::new();
        whole.append(&records);
        let warehouse = whole.warehouse();
        drain(&mut whole.engine(&warehouse));
        let expected = tables(&warehouse);

        let mut cut = Bench::new();
        cut.append(&records);
        for (events_max, steps) in lives {
            cut.events_max = events_max;
            let warehouse = cut.warehouse();
            let mut engine = cut.engine(&warehouse);
            for _ in 0..steps {
                engine.step().unwrap();
            }
        }
        let warehouse = cut.warehouse();
        drain(&mut cut.engine(&warehouse));
        prop_assert_eq!(tables(&warehouse), expected);
    }
}
