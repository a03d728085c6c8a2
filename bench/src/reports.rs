//! The dashboard's reports over ten million events, beside the same questions
//! asked of DuckDB directly.
//!
//! The direct statements are what a person who knows DuckDB would write against these tables: the right table, no joins, exact
//! distinct counts. They know nothing of the marks the loader leaves for the reports.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::StreamExt;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use journal::Journal;
use serde_json::{Map, Value, json};
use warehouse::{Config, Warehouse};
use web::live::LiveFeed;
use web::loader::{Loader, LoaderConfig};
use web::record::Record;
use web::report::breakdown::BreakdownParams;
use web::report::overview::OverviewParams;
use web::report::timeseries::TimeseriesParams;
use web::report::{ReportConfig, ReportContext, breakdown, overview, timeseries};
use web::sample::{SAMPLE_HOSTNAME, Sample, SampleConfig};
use web::sites::Site;

use crate::median;

const EVENTS: u64 = 10_000_000;
const DAYS: u32 = 30;
const ROUNDS: usize = 5;

/// A question, as the dashboard asks it and as a person would.
struct Question {
    name: &'static str,
    report: Report,
    /// Of `$RANGE`, which stands for the site and the time.
    direct: &'static str,
}

enum Report {
    Overview,
    Timeseries,
    Breakdown(&'static str),
}

/// What one load of the dashboard's page asks.
const PAGE: &[Question] = &[
    Question {
        name: "overview",
        report: Report::Overview,
        direct: "SELECT count(DISTINCT visitor_id), count(*), sum(pageviews), avg(bounce::INT), avg(epoch(last_at - started_at)) \
                 FROM web.visits WHERE $VISITS",
    },
    Question {
        name: "timeseries",
        report: Report::Timeseries,
        direct: "SELECT date_trunc('day', started_at), count(DISTINCT visitor_id) FROM web.visits WHERE $VISITS GROUP BY 1 ORDER BY 1",
    },
    Question {
        name: "channels",
        report: Report::Breakdown("channel"),
        direct: "SELECT channel, count(DISTINCT visitor_id) AS visitors FROM web.visits WHERE $VISITS GROUP BY 1 ORDER BY 2 DESC LIMIT 9",
    },
    Question {
        name: "pages",
        report: Report::Breakdown("page"),
        direct: "SELECT pathname, count(DISTINCT visitor_id) AS visitors, count(*) FROM web.events \
                 WHERE $EVENTS AND name = 'pageview' GROUP BY 1 ORDER BY 2 DESC LIMIT 9",
    },
    Question {
        name: "countries",
        report: Report::Breakdown("country"),
        direct: "SELECT country, count(DISTINCT visitor_id) AS visitors FROM web.visits WHERE $VISITS GROUP BY 1 ORDER BY 2 DESC LIMIT 250",
    },
    Question {
        name: "browsers",
        report: Report::Breakdown("browser"),
        direct: "SELECT browser, count(DISTINCT visitor_id) AS visitors FROM web.visits WHERE $VISITS GROUP BY 1 ORDER BY 2 DESC LIMIT 9",
    },
    Question {
        name: "events",
        report: Report::Breakdown("event"),
        direct: "SELECT name, count(DISTINCT visitor_id) AS visitors, count(*) FROM web.events \
                 WHERE $EVENTS AND name NOT IN ('pageview', 'engagement') GROUP BY 1 ORDER BY 2 DESC LIMIT 9",
    },
];

/// Loads the events the way every event goes and asks.
pub(crate) async fn run() -> Result<Value> {
    let dir = tempfile::tempdir()?;
    let now = Timestamp::now();
    let first_day = now.to_zoned(TimeZone::UTC).date().checked_sub(i64::from(DAYS).days())?;
    let sample = sized(first_day);
    let begun = Instant::now();
    let events = load(dir.path(), &sample).await?;
    let load_seconds = begun.elapsed().as_secs_f64();
    let file = fs::metadata(dir.path().join("warehouse/web.duckdb"))?.len();

    let (warehouse, _) = Warehouse::open(config(dir.path()), &[web::schema::DATABASE])?;
    let site = Site::new(SAMPLE_HOSTNAME, "UTC", &[]).context("the site")?;
    let reports = ReportConfig::default();
    let context = ReportContext { warehouse: &warehouse, site: &site, config: &reports, now };
    let (from, to) = (first_day, first_day.checked_add(i64::from(DAYS - 1).days())?);
    let range = Asked {
        from: from.to_string(),
        to: to.to_string(),
        until: to.checked_add(1.day())?.to_string(),
    };

    let mut answers = Map::new();
    let (mut page_ms, mut worst) = (0.0, 0.0_f64);
    for question in PAGE {
        let (mut ours, mut direct) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(timed(ask(&context, question, &range)).await?);
            let sql = range.fill(question.direct);
            direct.push(
                timed(async {
                    Ok(warehouse.read(sql, Vec::new(), Duration::from_secs(60)).await.map(drop)?)
                })
                .await?,
            );
        }
        let (ours, direct) = (median(&mut ours), median(&mut direct));
        eprintln!(
            "reports: {:<10} {ours:>7.1} ms, directly {direct:>7.1} ms, ratio {:.2}",
            question.name,
            ours / direct
        );
        page_ms += ours;
        worst = worst.max(ours / direct);
        answers.insert(
            question.name.to_owned(),
            json!({"report_ms": ours, "direct_ms": direct, "ratio": ours / direct}),
        );
    }
    #[expect(clippy::cast_precision_loss, reason = "a share for a report")]
    let bytes_per_event = file as f64 / events as f64;
    eprintln!(
        "reports: whole page {page_ms:.0} ms, worst ratio {worst:.2}, {bytes_per_event:.1} bytes per event"
    );
    Ok(json!({
        "events": events,
        "days": DAYS,
        "load_seconds": load_seconds,
        "bytes_per_event": bytes_per_event,
        "bytes_per_event_aimed_at": 40,
        "questions": answers,
        "whole_page_ms": page_ms,
        "whole_page_ms_allowed": 1000,
        "worst_ratio": worst,
        "worst_ratio_allowed": 1.5,
    }))
}

/// A sample of about [`EVENTS`] events.
fn sized(first_day: jiff::civil::Date) -> Sample {
    let of = |visitors_per_day| {
        Sample::new(SampleConfig {
            seed: 7,
            first_day,
            days: DAYS,
            visitors_per_day,
            zone: TimeZone::UTC,
        })
    };
    let per_visitor = of(1_000).event_count().max(1);
    let visitors = u32::try_from(EVENTS * 1_000 / per_visitor).unwrap_or(u32::MAX);
    of(visitors)
}

fn config(dir: &Path) -> Config {
    Config {
        dir: dir.join("warehouse"),
        memory_bytes_max: 2 << 30,
        threads: 2,
        readers: 4,
        probe: None,
    }
}

async fn load(dir: &Path, sample: &Sample) -> Result<u64> {
    let (warehouse, _) = Warehouse::open(config(dir), &[web::schema::DATABASE])?;
    let writer = warehouse.writer(web::schema::DATABASE.name)?;
    let (journal, opened) = Journal::open(journal::Config::new(dir.join("journal")))?;
    let settings = LoaderConfig {
        interval: Duration::from_millis(50),
        keep_bytes: 0,
        ..LoaderConfig::new(dir)
    };
    let loader = Loader::start(settings, journal.clone(), &opened, writer, LiveFeed::default())?;
    let mut events = 0_u64;
    // Many at a time, which share their fsyncs, but in the order of time, as events come in.
    let mut appends = futures_util::stream::iter(sample.events())
        .map(|event| {
            let journal = journal.clone();
            async move {
                let bytes = Record::Events(vec![event.record(SAMPLE_HOSTNAME)]).encode()?;
                anyhow::Ok(journal.append(bytes).await?)
            }
        })
        .buffered(4096);
    while let Some(appended) = appends.next().await {
        appended?;
        events += 1;
        if events.is_multiple_of(1_000_000) {
            eprintln!("reports: {events} events in the journal");
        }
    }
    drop(appends);
    let end = journal.durable();
    let mut progress = loader.progress();
    let done = *progress.wait_for(|progress| progress.committed >= end.0).await?;
    ensure!(done.quarantined == 0, "{} events were refused", done.quarantined);
    tokio::task::spawn_blocking(move || loader.stop()).await?;
    journal.close();
    let mut writer = warehouse.writer(web::schema::DATABASE.name)?;
    writer.checkpoint()?;
    Ok(events)
}

struct Asked {
    from: String,
    to: String,
    until: String,
}

impl Asked {
    fn fill(&self, sql: &str) -> String {
        let (from, until) = (&self.from, &self.until);
        sql.replace(
            "$VISITS",
            &format!("site = '{SAMPLE_HOSTNAME}' AND started_at < TIMESTAMP '{until}' AND last_at >= TIMESTAMP '{from}'"),
        )
        .replace(
            "$EVENTS",
            &format!("site = '{SAMPLE_HOSTNAME}' AND timestamp >= TIMESTAMP '{from}' AND timestamp < TIMESTAMP '{until}'"),
        )
    }
}

async fn ask(context: &ReportContext<'_>, question: &Question, range: &Asked) -> Result<()> {
    let (from, to) = (Some(range.from.clone()), Some(range.to.clone()));
    match question.report {
        Report::Overview => {
            let params = OverviewParams { from, to, ..OverviewParams::default() };
            overview::run(context, &params).await?;
        }
        Report::Timeseries => {
            let params = TimeseriesParams {
                from,
                to,
                interval: Some("day".to_owned()),
                ..TimeseriesParams::default()
            };
            timeseries::run(context, &params).await?;
        }
        Report::Breakdown(dimension) => {
            let params = BreakdownParams { from, to, ..BreakdownParams::default() };
            breakdown::run(context, dimension, &params).await?;
        }
    }
    Ok(())
}

async fn timed(work: impl Future<Output = Result<()>>) -> Result<f64> {
    let begun = Instant::now();
    work.await?;
    Ok(begun.elapsed().as_secs_f64() * 1000.0)
}
