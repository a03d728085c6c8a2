//! What each visitor did before: so that distinct visitors can be counted
//! without comparing visitors.
//!
//! A visitor's number lives for one day. While it lives, this remembers with which values ([`crate::dimensions`]) the number was
//! seen, and tells the loader for each row which of its values are *repeats*. Reports count the rows that repeat nothing: over ten
//! million events that is five times cheaper than comparing numbers, and as exact.
//!
//! What cannot be known is said: `since` is 1970 for a visitor met while the memory was full or the clock had been set back, and
//! an event's `UNSURE_*` bit is set when its visitor has too many pages to remember. Reports compare numbers for those rows only.
//!
//! # Invariants
//! - A visitor is known in all its rows or in none, and so is each pair of visitor and page, hostname or event name: otherwise
//!   it would be counted once by its marks and once by its number. `tests` compare with plain distinct counts.
//! - Nothing here is needed for a right answer: a table full of zeros gives the same reports, more slowly.
//! - Memory is bounded by [`VISITORS_MAX`] and [`PAIRS_MAX`].
//!
//! # Deployment
//! A clock set back by more than [`DISORDER_MICROS`] costs speed for the rest of that day, not exactness, but for reports that
//! begin inside the stretch of time that happened twice.

mod restore;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use foldhash::HashMap;

use crate::dimensions::{DIMENSIONS, Dimension, Level};
use crate::event::{ENGAGEMENT, PAGEVIEW};
use crate::record::Attributes;

/// The most visitors of a day remembered; about 350 bytes each. The next ones are counted by their numbers.
pub const VISITORS_MAX: usize = 200_000;
/// The most pages, hostnames and event names remembered of one visitor.
pub const PAIRS_MAX: usize = 256;
/// How far events may arrive out of order.
pub const DISORDER_MICROS: i64 = 10 * 60 * 1_000_000;

/// `events.repeats`: the visitor viewed this page before. The bits of the dimensions themselves are [`Dimension::mark`].
pub const PAGE: u32 = 1 << 0;
/// `events.repeats`: the visitor viewed a page of this host before.
pub const HOSTNAME: u32 = 1 << 1;
/// `events.repeats`: the visitor sent an event of this name before.
pub const NAME: u32 = 1 << 2;
/// How far left of a dimension's bit the bit is that says the same of the visit.
pub const IN_VISIT_SHIFT: u32 = 3;
/// How far left of a dimension's bit the bit is that says it is not known.
pub const UNSURE_SHIFT: u32 = 6;
/// `visits.repeats`: the visitor has an earlier visit.
pub const RETURNING: u32 = 1 << 31;

const DAY_MICROS: i64 = 86_400_000_000;
const HOUR_MICROS: i64 = 3_600_000_000;

/// Which visit, of whom.
#[derive(Debug, Clone, Copy)]
pub struct VisitKey<'a> {
    /// The site.
    pub site: &'a str,
    /// The visitor, by the number the row is written with.
    pub visitor_id: u64,
    /// The visit. A visitor's later visit has a larger number.
    pub visit_id: u64,
    /// When the visit began.
    pub started_at: i64,
}

/// What an event has of an event's dimensions.
#[derive(Debug, Clone, Copy)]
pub struct EventValues<'a> {
    /// When it happened.
    pub at: i64,
    /// The visitor's number of the day before, where the event has one: a visit carried over midnight began under it.
    pub yesterday: Option<u64>,
    /// Its name.
    pub name: &'a str,
    /// The host of the page.
    pub hostname: &'a str,
    /// The path of the page.
    pub pathname: &'a str,
}

/// What a visit has of a visit's dimensions.
#[derive(Debug, Clone, Copy)]
pub struct VisitValues<'a> {
    /// The path of its first page view.
    pub entry_page: Option<&'a str>,
    /// The path of its last page view.
    pub exit_page: Option<&'a str>,
    /// In the order of [`crate::schema::VISIT_ATTRIBUTES`].
    pub attributes: [Option<&'a str>; ATTRIBUTES],
}

/// How many attributes a visit has.
pub const ATTRIBUTES: usize = crate::schema::VISIT_ATTRIBUTES.len();

/// What to write on the row of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventMarks {
    /// `visitor_since_hour`: no event of the visitor is older, in hours since 1970; 0 when not known.
    pub since_hour: u32,
    /// `repeats`.
    pub repeats: u32,
}

/// What to write on the row of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisitMarks {
    /// `visitor_since`: when the visitor's first visit began, in microseconds since 1970; 0 when not known.
    pub since: i64,
    /// `repeats`.
    pub repeats: u32,
}

impl VisitMarks {
    const UNKNOWN: Self = Self { since: 0, repeats: 0 };
}

impl EventMarks {
    const UNKNOWN: Self = Self { since_hour: 0, repeats: 0 };
}

#[derive(Debug, Clone, Copy)]
struct Bounds {
    visitors_max: usize,
    pairs_max: usize,
}

/// The visitors of the day.
#[derive(Debug)]
pub struct Seen {
    bounds: Bounds,
    hasher: RandomState,
    /// Where each visit dimension takes its columns from.
    sources: Vec<(u32, Vec<Source>)>,
    sites: HashMap<Box<str>, u32>,
    visitors: HashMap<(u32, u64), Visitor>,
    /// The newest event.
    newest: i64,
    /// The day whose visitors are remembered.
    day: i64,
    /// Days on which visitors were met that are not remembered. At most the last two.
    unsure_days: Vec<i64>,
}

#[derive(Debug)]
struct Visitor {
    /// Whether this is all it did; else only that it must stay unknown.
    is_known: bool,
    since_hour: u32,
    last_at: i64,
    /// What pages, hostnames and names it was seen with, as hashes, each with the last visit.
    pairs: Vec<(u64, u64)>,
    /// Whether it was seen with more than that.
    is_incomplete: bool,
    /// What a visit was seen with before midnight, under another number.
    carried: Option<Carried>,
    /// Its visits in order, with their values as hashes.
    visits: Vec<VisitorVisit>,
}

#[derive(Debug)]
struct Carried {
    visit_id: u64,
    pairs: Vec<u64>,
    /// Whether it was seen with more than that.
    is_incomplete: bool,
}

#[derive(Debug)]
struct VisitorVisit {
    visit_id: u64,
    started_at: i64,
    values: Box<[u64]>,
}

/// Where a visit's value comes from.
#[derive(Debug, Clone, Copy)]
enum Source {
    EntryPage,
    ExitPage,
    Attribute(usize),
}

impl Seen {
    fn empty(bounds: Bounds) -> Self {
        Self {
            bounds,
            hasher: RandomState::new(),
            sources: Dimension::of_visits().map(|d| (d.mark, sources_of(d))).collect(),
            sites: HashMap::default(),
            visitors: HashMap::default(),
            newest: i64::MIN,
            day: i64::MIN,
            unsure_days: Vec::new(),
        }
    }

    /// How many visitors are remembered.
    pub fn len(&self) -> usize {
        self.visitors.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.visitors.is_empty()
    }

    /// The marks of an event that is counted. Events are given in the order of the journal.
    pub fn event(&mut self, visit: &VisitKey<'_>, event: &EventValues<'_>) -> EventMarks {
        self.advance(event.at);
        let pairs = self.pairs_of(event);
        let site = self.site(visit.site);
        let key = (site, visit.visitor_id);
        if !self.visitors.contains_key(&key) {
            let Some(visitor) = self.meet(site, visit, event) else { return EventMarks::UNKNOWN };
            self.visitors.insert(key, visitor);
        }
        let Some(visitor) = self.visitors.get_mut(&key) else { return EventMarks::UNKNOWN };
        visitor.last_at = visitor.last_at.max(event.at);
        if !visitor.is_known {
            return EventMarks::UNKNOWN;
        }
        let mut repeats = 0;
        for (mark, pair) in pairs.into_iter().flatten() {
            let is_full = visitor.pairs.len() >= self.bounds.pairs_max;
            repeats |= visitor.repeats((mark, pair), visit.visit_id, is_full);
        }
        EventMarks { since_hour: visitor.since_hour, repeats }
    }

    /// The marks of a visit as it now is. A batch gives its visits in the order of their numbers, after its events.
    pub fn visit(&mut self, visit: &VisitKey<'_>, values: &VisitValues<'_>) -> VisitMarks {
        let hashes: Box<[u64]> =
            self.sources.iter().map(|(_, sources)| self.value(sources, values)).collect();
        let key = (self.site(visit.site), visit.visitor_id);
        match self.visitors.get_mut(&key) {
            Some(visitor) if visitor.is_known => visitor.visit(visit, hashes, &self.sources),
            _ => VisitMarks::UNKNOWN,
        }
    }

    /// Ends a batch, all its visits written: forgets whose number is over.
    pub fn end_batch(&mut self) {
        let day = day_of(self.newest.saturating_sub(DISORDER_MICROS));
        if day <= self.day {
            return;
        }
        self.day = day;
        let active = self.newest.saturating_sub(2 * HOUR_MICROS);
        self.visitors.retain(|_, visitor| {
            visitor.last_at >= active || visitor.last_at >= day.saturating_mul(DAY_MICROS)
        });
        self.unsure_days.retain(|unsure| *unsure + 1 >= day);
    }

    fn pairs_of(&self, event: &EventValues<'_>) -> [Option<(u32, u64)>; 3] {
        if event.name == ENGAGEMENT {
            return [None; 3];
        }
        let pair = |mark: u32, value: &str| Some((mark, self.pair_hash(mark, value)));
        if event.name == PAGEVIEW {
            [pair(PAGE, event.pathname), pair(HOSTNAME, event.hostname), pair(NAME, event.name)]
        } else {
            [None, None, pair(NAME, event.name)]
        }
    }

    fn pair_hash(&self, mark: u32, value: &str) -> u64 {
        self.hasher.hash_one((mark, value))
    }

    fn value(&self, sources: &[Source], values: &VisitValues<'_>) -> u64 {
        let texts = sources.iter().map(|source| match source {
            Source::EntryPage => values.entry_page,
            Source::ExitPage => values.exit_page,
            Source::Attribute(position) => values.attributes.get(*position).copied().flatten(),
        });
        self.hasher.hash_one(texts.collect::<Option<Vec<&str>>>())
    }

    fn site(&mut self, name: &str) -> u32 {
        if let Some(site) = self.sites.get(name) {
            return *site;
        }
        let site = u32::try_from(self.sites.len()).unwrap_or(u32::MAX);
        self.sites.insert(name.into(), site);
        site
    }

    /// A visitor not remembered: a new one, or one that must stay unknown. `None` when it cannot even be remembered as that.
    fn meet(
        &mut self,
        site: u32,
        visit: &VisitKey<'_>,
        event: &EventValues<'_>,
    ) -> Option<Visitor> {
        let today = day_of(event.at);
        if self.unsure_days.contains(&today) {
            return None;
        }
        // Shortly after midnight the visitors of the day before are still there.
        let days = if self.day < today { 2 } else { 1 };
        if self.visitors.len() >= self.bounds.visitors_max.saturating_mul(days) {
            self.unsure_days.push(today);
            return None;
        }
        let mut visitor = Visitor::new(visit.started_at);
        if day_of(visit.started_at) < today {
            let before = event.yesterday.and_then(|id| self.visitors.get(&(site, id)));
            match before.filter(|before| before.is_known) {
                Some(before) => visitor.carried = Some(before.carry(visit.visit_id)),
                None => visitor.is_known = false,
            }
        }
        Some(visitor)
    }

    /// Moves the present, and notices a clock that was set back.
    fn advance(&mut self, at: i64) {
        if at.saturating_add(DISORDER_MICROS) < self.newest {
            self.newest = at;
            self.day = self.day.min(day_of(at));
            if !self.unsure_days.contains(&day_of(at)) {
                self.unsure_days.push(day_of(at));
            }
        }
        self.newest = self.newest.max(at);
    }
}

impl Visitor {
    fn new(started_at: i64) -> Self {
        let since = started_at.saturating_sub(DISORDER_MICROS);
        Self {
            is_known: true,
            since_hour: u32::try_from(since.div_euclid(HOUR_MICROS)).unwrap_or(0),
            last_at: started_at,
            pairs: Vec::new(),
            is_incomplete: false,
            carried: None,
            visits: Vec::new(),
        }
    }

    /// What it was seen with in this visit.
    fn carry(&self, visit_id: u64) -> Carried {
        let in_visit = self.pairs.iter().filter(|(_, last_visit)| *last_visit == visit_id);
        let before = self.carried.as_ref().filter(|carried| carried.visit_id == visit_id);
        let mut pairs: Vec<u64> = in_visit.map(|(pair, _)| *pair).collect();
        pairs.extend(before.iter().flat_map(|carried| &carried.pairs));
        let is_incomplete = self.is_incomplete || before.is_some_and(|before| before.is_incomplete);
        Carried { visit_id, pairs, is_incomplete }
    }

    /// Takes note of a pair: the bits that say whether it was seen before.
    fn repeats(&mut self, (mark, pair): (u32, u64), visit_id: u64, is_full: bool) -> u32 {
        if let Some((_, last_visit)) = self.pairs.iter_mut().find(|(known, _)| *known == pair) {
            let in_visit = if *last_visit == visit_id { mark << IN_VISIT_SHIFT } else { 0 };
            *last_visit = visit_id;
            return mark | in_visit;
        }
        let carried = self.carried.as_ref();
        let is_carried = carried.is_some_and(|carried| carried.pairs.contains(&pair));
        let in_visit = is_carried && carried.is_some_and(|carried| carried.visit_id == visit_id);
        if !is_carried && (is_full || carried.is_some_and(|carried| carried.is_incomplete)) {
            self.is_incomplete = true;
            return mark << UNSURE_SHIFT;
        }
        self.pairs.push((pair, visit_id));
        if in_visit { mark << IN_VISIT_SHIFT } else { 0 }
    }

    fn visit(
        &mut self,
        visit: &VisitKey<'_>,
        values: Box<[u64]>,
        sources: &[(u32, Vec<Source>)],
    ) -> VisitMarks {
        let position = self.visits.partition_point(|known| known.visit_id < visit.visit_id);
        let (earlier, rest) = self.visits.split_at(position);
        let mut repeats = if earlier.is_empty() { 0 } else { RETURNING };
        for (index, (mark, _)) in sources.iter().enumerate() {
            let value = values.get(index);
            if earlier.iter().any(|known| known.values.get(index) == value) {
                repeats |= mark;
            }
        }
        let since = earlier.first().map_or(visit.started_at, |first| first.started_at);
        let is_known = rest.first().is_some_and(|known| known.visit_id == visit.visit_id);
        let entry = VisitorVisit { visit_id: visit.visit_id, started_at: visit.started_at, values };
        if is_known && let Some(known) = self.visits.get_mut(position) {
            *known = entry;
        } else {
            self.visits.insert(position, entry);
        }
        VisitMarks { since, repeats }
    }
}

fn sources_of(dimension: &Dimension) -> Vec<Source> {
    let source = |column: &&str| match *column {
        "entry_page" => Some(Source::EntryPage),
        "exit_page" => Some(Source::ExitPage),
        name => Attributes::NAMES.iter().position(|known| *known == name).map(Source::Attribute),
    };
    dimension.columns.iter().filter_map(source).collect()
}

fn day_of(micros: i64) -> i64 {
    micros.div_euclid(DAY_MICROS)
}

/// The bits of an event's dimension: seen before by the visitor, in the same visit, and not known.
pub(crate) fn event_bits(dimension: &Dimension) -> (u32, u32, u32) {
    let mark = dimension.mark;
    (mark, mark << IN_VISIT_SHIFT, mark << UNSURE_SHIFT)
}

const _: () = {
    let mut position = 0;
    while position < DIMENSIONS.len() {
        #[expect(clippy::indexing_slicing, reason = "evaluated while compiling")]
        let dimension = &DIMENSIONS[position];
        match dimension.level {
            Level::Visit => assert!(dimension.mark < RETURNING, "bit 31 says returning"),
            Level::Event => assert!(dimension.mark <= NAME, "an event has three bits of each kind"),
        }
        position += 1;
    }
};

#[cfg(test)]
mod tests;
