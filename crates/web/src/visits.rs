//! Events into visits: a pure function of the journal's order.
//!
//! A visit goes on while its visitor does something at least every 30 minutes. The state is the set of open visits and nothing else;
//! it can be rebuilt from the table `open_visits` at any committed offset, and the events after it then give the same visits as
//! if nothing had happened. Time is only what the events say: whether a visit is over is decided at each event, never by a clock.
//!
//! # Invariants
//! - The result does not depend on where batches end: `tests` compare every cut, and a naive model.
//! - An event moves the time of the state only for itself: a clock that jumps ahead and back again closes visits, but does not
//!   break the visits after.
//!
//! # Safety of the tables
//! Their keys are numbers that we made (a keyed hash, an offset) and registered sites: nobody can choose keys that collide, so
//! they do with a quick hash.
//!
//! # Not here
//! Tables and commits: [`crate::loader`].

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use foldhash::{HashMap, HashSet};

use crate::event::{ENGAGEMENT, PAGEVIEW};
use crate::record::{Attributes, EventRecord};

/// How long a visitor may do nothing before the visit is over.
pub const TIMEOUT_MICROS: i64 = 30 * 60 * 1_000_000;
/// Requests answered side by side reach the journal out of order by moments; a visit is closed only this much after its timeout.
const DISORDER_MICROS: i64 = 60 * 1_000_000;
/// How many visits are open at most; one more closes the one nothing happened in for longest. A visit takes about a kilobyte.
pub const OPEN_VISITS_MAX: usize = 250_000;
/// Why an engagement event is not counted when no visit is open.
pub const ENGAGEMENT_WITHOUT_VISIT: &str = "engagement_without_visit";

/// A visit so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The site.
    pub site: Box<str>,
    /// Its name: the offset of its first event in the journal, and the event's position in the record.
    pub visit_id: u64,
    /// The visitor, by today's number.
    pub visitor_id: u64,
    /// The time of its first event.
    pub started_at: i64,
    /// The time of its last event.
    pub last_at: i64,
    /// How many page views it has.
    pub pageviews: u32,
    /// How many events it has, engagement not counted.
    pub events: u32,
    /// Whether it has fewer than two page views and no interactive custom event.
    pub bounce: bool,
    /// The host it began on.
    pub entry_hostname: Box<str>,
    /// The path of its first page view.
    pub entry_page: Option<Box<str>>,
    /// The path of its last page view.
    pub exit_page: Option<Box<str>>,
    /// What it has from its first event.
    pub attributes: VisitAttributes,
}

/// [`Attributes`] that own their texts, in the same order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VisitAttributes(Box<[Option<Box<str>>]>);

impl VisitAttributes {
    /// Takes over values in the order of [`crate::schema::VISIT_ATTRIBUTES`].
    pub fn new<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        Self(values.into_iter().map(|value| value.map(Into::into)).collect())
    }

    /// The values, in order.
    pub fn values(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter().map(Option::as_deref)
    }
}

impl From<&Attributes<'_>> for VisitAttributes {
    fn from(attributes: &Attributes<'_>) -> Self {
        Self::new(attributes.values())
    }
}

impl Visit {
    fn begin(event: &EventRecord<'_>, visit_id: u64) -> Self {
        Self {
            site: event.site.into(),
            visit_id,
            visitor_id: event.visitor.today,
            started_at: event.at_micros,
            last_at: event.at_micros,
            pageviews: 0,
            events: 0,
            bounce: true,
            entry_hostname: event.hostname.into(),
            entry_page: None,
            exit_page: None,
            attributes: VisitAttributes::from(&event.attributes),
        }
    }

    fn add(&mut self, event: &EventRecord<'_>) {
        self.visitor_id = event.visitor.today;
        self.started_at = self.started_at.min(event.at_micros);
        self.last_at = self.last_at.max(event.at_micros);
        if event.name == ENGAGEMENT {
            return;
        }
        self.events = self.events.saturating_add(1);
        if event.name == PAGEVIEW {
            self.pageviews = self.pageviews.saturating_add(1);
            let page: Box<str> = event.pathname.into();
            if self.entry_page.is_none() {
                self.entry_page = Some(page.clone());
            }
            self.exit_page = Some(page);
        }
        self.bounce &= self.pageviews < 2 && (event.name == PAGEVIEW || !event.interactive);
    }

    fn is_continued_by(&self, at_micros: i64) -> bool {
        at_micros.abs_diff(self.last_at) <= TIMEOUT_MICROS.unsigned_abs()
    }

    fn closes_after(&self) -> i64 {
        self.last_at.saturating_add(TIMEOUT_MICROS + DISORDER_MICROS)
    }
}

/// What became of an event.
#[derive(Debug, PartialEq, Eq)]
pub enum Applied<'a> {
    /// It belongs to this visit.
    Counted(&'a Visit),
    /// It is kept apart, for this reason.
    Dropped(&'a str),
}

/// What has changed since it was asked last.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Visits that are over, as they ended.
    pub closed: Vec<Visit>,
    /// Open visits that are new or have changed, by name.
    pub touched: HashSet<u64>,
}

/// The open visits.
#[derive(Debug)]
pub struct Visits {
    open_max: usize,
    /// By name; a visitor has at most one.
    open: HashMap<u64, Visit>,
    /// The names by site and visitor.
    by_visitor: HashMap<Box<str>, HashMap<u64, u64>>,
    /// When to look whether a visit is over. A visit that went on is put back.
    closing: BinaryHeap<Reverse<(i64, u64)>>,
    changes: Changes,
}

impl Visits {
    /// The state after the visits in the table `open_visits` were open.
    pub fn rebuild(open: impl IntoIterator<Item = Visit>) -> Self {
        Self::with_open_max(OPEN_VISITS_MAX, open)
    }

    fn with_open_max(open_max: usize, open: impl IntoIterator<Item = Visit>) -> Self {
        let mut visits = Self {
            open_max: open_max.max(1),
            open: HashMap::default(),
            by_visitor: HashMap::default(),
            closing: BinaryHeap::new(),
            changes: Changes::default(),
        };
        for visit in open {
            visits.insert(visit);
        }
        visits.changes = Changes::default();
        visits
    }

    /// Applies the next event of the journal, which has this name if it begins a visit.
    pub fn apply<'a>(&'a mut self, event: &EventRecord<'a>, event_id: u64) -> Applied<'a> {
        self.close_before(event.at_micros);
        if let Some(reason) = event.dropped {
            return Applied::Dropped(reason);
        }
        let continued = self.continued(event);
        if continued.is_none() && event.name == ENGAGEMENT {
            return Applied::Dropped(ENGAGEMENT_WITHOUT_VISIT);
        }
        let visit_id = continued.unwrap_or_else(|| self.begin(event, event_id));
        self.changes.touched.insert(visit_id);
        let visit = self.open.entry(visit_id).or_insert_with(|| Visit::begin(event, visit_id));
        visit.add(event);
        Applied::Counted(visit)
    }

    /// An open visit by its name.
    pub fn get(&self, visit_id: u64) -> Option<&Visit> {
        self.open.get(&visit_id)
    }

    /// How many visits are open.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// What has changed since this was asked last.
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// The visit this event goes on with: today's, or yesterday's, which then belongs to today's number.
    fn continued(&mut self, event: &EventRecord<'_>) -> Option<u64> {
        let goes_on = |visits: &Self, visitor: u64| {
            let visit_id = *visits.by_visitor.get(event.site)?.get(&visitor)?;
            visits.open.get(&visit_id)?.is_continued_by(event.at_micros).then_some(visit_id)
        };
        let today = event.visitor.today;
        if let Some(visit_id) = goes_on(self, today) {
            return Some(visit_id);
        }
        let yesterday = event.visitor.yesterday?;
        let visit_id = goes_on(self, yesterday)?;
        let visitors = self.by_visitor.get_mut(event.site)?;
        visitors.remove(&yesterday);
        let replaced = visitors.insert(today, visit_id);
        self.close(replaced);
        Some(visit_id)
    }

    fn begin(&mut self, event: &EventRecord<'_>, visit_id: u64) -> u64 {
        while self.open.len() >= self.open_max {
            self.close_oldest();
        }
        self.insert(Visit::begin(event, visit_id));
        visit_id
    }

    /// Closes the visit that nothing happened in for longest, to keep the bound.
    fn close_oldest(&mut self) {
        while let Some(Reverse((due, visit_id))) = self.closing.pop() {
            match self.open.get(&visit_id).map(Visit::closes_after) {
                Some(closes_after) if closes_after == due => return self.end(visit_id),
                Some(closes_after) => self.closing.push(Reverse((closes_after, visit_id))),
                None => {}
            }
        }
    }

    fn insert(&mut self, visit: Visit) {
        self.closing.push(Reverse((visit.closes_after(), visit.visit_id)));
        let visitors = self.by_visitor.entry(visit.site.clone()).or_default();
        let replaced = visitors.insert(visit.visitor_id, visit.visit_id);
        self.close(replaced);
        self.open.insert(visit.visit_id, visit);
    }

    /// Closes a visit whose place by visitor was given to another one.
    fn close(&mut self, visit_id: Option<u64>) {
        if let Some(visit) = visit_id.and_then(|visit_id| self.open.remove(&visit_id)) {
            self.changes.touched.insert(visit.visit_id);
            self.changes.closed.push(visit);
        }
    }

    fn close_before(&mut self, now_micros: i64) {
        while let Some(Reverse((due, visit_id))) = self.closing.peek().copied() {
            if due >= now_micros {
                return;
            }
            self.closing.pop();
            let Some(visit) = self.open.get(&visit_id) else { continue };
            if visit.closes_after() >= now_micros {
                self.closing.push(Reverse((visit.closes_after(), visit_id)));
                continue;
            }
            self.end(visit_id);
        }
    }

    /// Closes a visit and frees its place by visitor.
    fn end(&mut self, visit_id: u64) {
        let Some(visit) = self.open.get(&visit_id) else { return };
        if let Some(visitors) = self.by_visitor.get_mut(&visit.site) {
            visitors.remove(&visit.visitor_id);
            if visitors.is_empty() {
                self.by_visitor.remove(&visit.site);
            }
        }
        self.close(Some(visit_id));
    }
}

#[cfg(test)]
mod tests;
