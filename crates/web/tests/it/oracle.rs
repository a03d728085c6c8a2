//! The reports once more, by looking at every row: slow, plain, and sharing no
//! code with what it checks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use warehouse::Value;

use crate::support::World;

pub type Row = BTreeMap<String, Value>;
/// Operator, dimension, values; as in a request.
pub type FilterSpec = (&'static str, &'static str, Vec<&'static str>);

/// All rows of one site.
pub struct Oracle {
    events: Vec<Row>,
    visits: BTreeMap<u64, Row>,
}

/// The rows of a range under filters.
pub struct Selection<'a> {
    pub events: Vec<&'a Row>,
    pub visits: Vec<&'a Row>,
    oracle: &'a Oracle,
    filters: Vec<FilterSpec>,
    start: i64,
    end: i64,
}

/// The metrics of some visits.
#[derive(Debug, PartialEq, Clone, Default)]
pub struct Numbers {
    pub visitors: u64,
    pub visits: u64,
    pub pageviews: u64,
    pub events: u64,
    pub bounce_rate: Option<f64>,
    pub duration_s: Option<f64>,
}

pub fn text(row: &Row, column: &str) -> Option<String> {
    row[column].as_text().map(str::to_owned)
}

pub fn number(row: &Row, column: &str) -> u64 {
    row[column].as_u64().unwrap()
}

pub fn time(row: &Row, column: &str) -> i64 {
    row[column].as_timestamp().unwrap()
}

const OF_EVENTS: [(&str, &str); 3] =
    [("page", "pathname"), ("hostname", "hostname"), ("event", "name")];

pub fn is_of_events(dimension: &str) -> bool {
    OF_EVENTS.iter().any(|(id, _)| *id == dimension)
}

pub fn value(row: &Row, dimension: &str) -> Option<String> {
    if let Some((_, column)) = OF_EVENTS.iter().find(|(id, _)| *id == dimension) {
        return text(row, column);
    }
    match dimension {
        "browser_version" | "os_version" => {
            let product = dimension.strip_suffix("_version").unwrap();
            Some(format!("{} {}", text(row, product)?, text(row, dimension)?))
        }
        _ => text(row, dimension),
    }
}

fn passes((operator, _, values): &FilterSpec, value: Option<&str>) -> bool {
    let value = value.unwrap_or("");
    let is_one = values.contains(&value);
    let has_one = values.iter().any(|part| value.contains(part));
    match *operator {
        "is" => is_one,
        "is_not" => !is_one,
        "contains" => has_one,
        "contains_not" => !has_one,
        other => panic!("{other}"),
    }
}

impl Oracle {
    pub fn new(world: &World) -> Self {
        let is_ours = |row: &Row| row["site"].as_text() == Some(&*world.site.domain);
        let visits = world.rows("visits").into_iter().filter(is_ours);
        Self {
            events: world.rows("events").into_iter().filter(is_ours).collect(),
            visits: visits.map(|row| (number(&row, "visit_id"), row)).collect(),
        }
    }

    pub fn select(
        &self,
        start: Timestamp,
        end: Timestamp,
        filters: &[FilterSpec],
    ) -> Selection<'_> {
        let (start, end) = (start.as_microsecond(), end.as_microsecond());
        let (of_events, of_visits): (Vec<_>, Vec<_>) =
            filters.iter().partition(|(_, dimension, _)| is_of_events(dimension));
        let holds = |filters: &[&FilterSpec], row: &Row| {
            filters.iter().all(|filter| passes(filter, value(row, filter.1).as_deref()))
        };
        let events: Vec<&Row> = self
            .events
            .iter()
            .filter(|row| (start..end).contains(&time(row, "timestamp")))
            .filter(|row| row["name"].as_text() != Some("engagement"))
            .filter(|row| holds(&of_events, row))
            .filter(|row| holds(&of_visits, &self.visits[&number(row, "visit_id")]))
            .collect();
        let with_event: BTreeSet<u64> = events.iter().map(|row| number(row, "visit_id")).collect();
        let visits = self
            .visits
            .values()
            .filter(|row| time(row, "started_at") < end && time(row, "last_at") >= start)
            .filter(|row| holds(&of_visits, row))
            .filter(|row| of_events.is_empty() || with_event.contains(&number(row, "visit_id")))
            .collect();
        Selection { events, visits, oracle: self, filters: filters.to_vec(), start, end }
    }
}

pub fn distinct<'a>(rows: impl IntoIterator<Item = &'a &'a Row>, column: &str) -> u64 {
    rows.into_iter().map(|row| number(row, column)).collect::<BTreeSet<_>>().len() as u64
}

fn is_view(row: &&&Row) -> bool {
    row["name"].as_text() == Some("pageview")
}

pub fn views(rows: &[&Row]) -> u64 {
    rows.iter().filter(is_view).count() as u64
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn mean(sum: u64, count: usize, scale: f64) -> Option<f64> {
    (count > 0).then(|| (sum as f64 / count as f64 * scale * 10.0).round() / 10.0)
}

impl<'a> Selection<'a> {
    pub fn numbers(&self) -> Numbers {
        self.numbers_of(&self.visits, &self.events)
    }

    pub fn numbers_of(&self, visits: &[&'a Row], events: &[&'a Row]) -> Numbers {
        Numbers {
            visitors: distinct(visits, "visitor_id"),
            visits: visits.len() as u64,
            pageviews: views(events),
            events: events.len() as u64,
            bounce_rate: self.bounce_rate(visits),
            duration_s: duration(visits),
        }
    }

    /// Under a filter on pages, only of visits that began on such a page.
    pub fn bounce_rate(&self, visits: &[&Row]) -> Option<f64> {
        let entered = |row: &&&Row| {
            let pages = self.filters.iter().filter(|(_, dimension, _)| *dimension == "page");
            pages.into_iter().all(|filter| passes(filter, text(row, "entry_page").as_deref()))
        };
        let entries: Vec<_> = visits.iter().filter(entered).collect();
        let bounces = entries.iter().filter(|row| row["bounce"].as_bool().unwrap()).count();
        mean(bounces as u64, entries.len(), 100.0)
    }

    /// Every value of a dimension with its metrics; what a dimension cannot say is `None`.
    pub fn breakdown(&self, dimension: &str) -> BTreeMap<Option<String>, Numbers> {
        if is_of_events(dimension) { self.by_event(dimension) } else { self.by_visit(dimension) }
    }

    fn by_visit(&self, dimension: &str) -> BTreeMap<Option<String>, Numbers> {
        let mut groups: BTreeMap<Option<String>, Vec<&Row>> = BTreeMap::new();
        for visit in &self.visits {
            groups.entry(value(visit, dimension)).or_default().push(visit);
        }
        groups
            .into_iter()
            .map(|(of, visits)| {
                let belongs = |row: &&&Row| {
                    value(&self.oracle.visits[&number(row, "visit_id")], dimension) == of
                };
                let events: Vec<_> = self.events.iter().filter(belongs).copied().collect();
                let numbers = self.numbers_of(&visits, &events);
                (of, numbers)
            })
            .collect()
    }

    fn by_event(&self, dimension: &str) -> BTreeMap<Option<String>, Numbers> {
        let asks_for_events = self.filters.iter().any(|(_, dimension, _)| *dimension == "event");
        let mut groups: BTreeMap<Option<String>, Vec<&Row>> = BTreeMap::new();
        for event in &self.events {
            if asks_for_events || (dimension == "event") != is_view(&event) {
                groups.entry(value(event, dimension)).or_default().push(event);
            }
        }
        let entry = if dimension == "page" { "entry_page" } else { "entry_hostname" };
        groups
            .into_iter()
            .map(|(of, events)| {
                let entered = |row: &&&Row| dimension != "event" && text(row, entry) == of;
                let entries: Vec<&Row> = self.visits.iter().filter(entered).copied().collect();
                let bounces = entries.iter().filter(|row| row["bounce"].as_bool().unwrap()).count();
                let numbers = Numbers {
                    visitors: distinct(&events, "visitor_id"),
                    visits: distinct(&events, "visit_id"),
                    pageviews: views(&events),
                    events: events.len() as u64,
                    bounce_rate: mean(bounces as u64, entries.len(), 100.0),
                    duration_s: duration(&entries),
                };
                (of, numbers)
            })
            .collect()
    }

    /// Visits and events by bucket: the bucket's local time as far as `width` tells buckets apart.
    pub fn buckets(
        &self,
        width: Width,
        zone: &TimeZone,
    ) -> BTreeMap<String, (Vec<&'a Row>, Vec<&'a Row>)> {
        let mut buckets: BTreeMap<String, (Vec<&Row>, Vec<&Row>)> = BTreeMap::new();
        for event in &self.events {
            let key = width.key(time(event, "timestamp"), zone);
            buckets.entry(key).or_default().1.push(event);
        }
        for visit in &self.visits {
            let from = time(visit, "started_at").max(self.start);
            let to = time(visit, "last_at").min(self.end - 1);
            for key in width.keys(from, to, zone) {
                buckets.entry(key).or_default().0.push(visit);
            }
        }
        buckets
    }
}

pub fn duration(visits: &[&Row]) -> Option<f64> {
    let length = |row: &&Row| (time(row, "last_at") - time(row, "started_at")).unsigned_abs();
    mean(visits.iter().map(length).sum(), visits.len(), 1e-6)
}

/// The width of a bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Width {
    Minute,
    Hour,
    Day,
    Week,
    Month,
}

impl Width {
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Minute, "minute"),
        (Self::Hour, "hour"),
        (Self::Day, "day"),
        (Self::Week, "week"),
        (Self::Month, "month"),
    ];

    pub fn key(self, micros: i64, zone: &TimeZone) -> String {
        let at = Timestamp::from_microsecond(micros).unwrap().to_zoned(zone.clone());
        match self {
            Self::Minute => at.strftime("%F %H:%M %:z").to_string(),
            Self::Hour => at.strftime("%F %H %:z").to_string(),
            Self::Day => at.strftime("%F").to_string(),
            Self::Week => at.strftime("%G-%V").to_string(),
            Self::Month => at.strftime("%Y-%m").to_string(),
        }
    }

    /// Every bucket of a stretch for hours and minutes, else its first.
    fn keys(self, from: i64, to: i64, zone: &TimeZone) -> BTreeSet<String> {
        let first = self.key(from, zone);
        if !matches!(self, Self::Minute | Self::Hour) {
            return BTreeSet::from([first]);
        }
        let steps = (from..=to).step_by(60_000_000).chain([to]);
        steps.map(|at| self.key(at, zone)).collect()
    }
}
