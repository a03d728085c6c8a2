//! The memory of the day, read back from the tables after a start.
//!
//! The tables hold everything the memory knew when they were committed, so a restart changes no mark. Read in slices, because
//! a day of a large site as values of rows takes more memory than the memory itself.

use warehouse::{Rows, Value};

use super::{
    ATTRIBUTES, Bounds, Carried, DAY_MICROS, DISORDER_MICROS, HOSTNAME, HOUR_MICROS, NAME, PAGE,
    PAIRS_MAX, Seen, UNSURE_SHIFT, VISITORS_MAX, VisitKey, VisitValues, Visitor, day_of,
};
use crate::record::Attributes;

const SLICES: u64 = 16;

/// Which rows are read back.
struct Stretch {
    /// The newest event.
    newest: i64,
    /// No number that still lives is older.
    since: i64,
}

impl Seen {
    /// The memory as it was when the tables were last committed.
    ///
    /// # Errors
    /// Whatever `query` says.
    pub fn restore<E>(mut query: impl FnMut(&str, &[Value]) -> Result<Rows, E>) -> Result<Self, E> {
        let mut seen = Self::empty(Bounds { visitors_max: VISITORS_MAX, pairs_max: PAIRS_MAX });
        seen.restore_from(&mut query)?;
        Ok(seen)
    }

    pub(super) fn restore_from<E>(
        &mut self,
        query: &mut impl FnMut(&str, &[Value]) -> Result<Rows, E>,
    ) -> Result<(), E> {
        let Some(stretch) = stretch(&query(STRETCH, &[])?) else { return Ok(()) };
        self.newest = stretch.newest;
        self.day = day_of(stretch.newest.saturating_sub(DISORDER_MICROS));
        for slice in 0..SLICES {
            let since = Value::Timestamp(stretch.since);
            for row in &query(&visits_sql(slice), std::slice::from_ref(&since))?.rows {
                self.restore_visit(row);
            }
            let since = Value::Timestamp(stretch.since.saturating_sub(DISORDER_MICROS));
            for row in &query(&pairs_sql(slice), std::slice::from_ref(&since))?.rows {
                self.restore_pair(row);
            }
        }
        for row in &query(&carried_sql(), &[])?.rows {
            self.restore_carried(row);
        }
        Ok(())
    }

    fn restore_visit(&mut self, row: &[Value]) {
        let [site, visitor_id, visit_id, started_at, last_at, since, texts @ ..] = row else {
            return;
        };
        let (Some(site), Some(visitor_id)) = (site.as_text(), visitor_id.as_u64()) else { return };
        let last_at = micros(last_at);
        if micros(since) == 0 {
            self.unsure_days.push(day_of(last_at));
            self.unsure_days.dedup();
            return;
        }
        let mut texts = texts.iter().map(Value::as_text);
        let (entry_page, exit_page) = (texts.next().flatten(), texts.next().flatten());
        let mut attributes = [None; ATTRIBUTES];
        for (place, text) in attributes.iter_mut().zip(texts) {
            *place = text;
        }
        let visit_id = visit_id.as_u64().unwrap_or_default();
        let visit = VisitKey { site, visitor_id, visit_id, started_at: micros(started_at) };
        let values = VisitValues { entry_page, exit_page, attributes };
        let key = (self.site(site), visitor_id);
        let visitor = self.visitors.entry(key).or_insert_with(|| Visitor::new(visit.started_at));
        visitor.last_at = visitor.last_at.max(last_at);
        self.visit(&visit, &values);
    }

    fn restore_pair(&mut self, row: &[Value]) {
        let [site, visitor_id, since_hour, mark, value, visit_id] = row else { return };
        let Some(pair) = self.pair(mark, value) else { return };
        let Some(visitor) = self.restored(site, visitor_id) else { return };
        visitor.since_hour = number(since_hour);
        if mark.as_u64() == Some(INCOMPLETE) {
            visitor.is_incomplete = true;
            return;
        }
        visitor.pairs.push((pair, visit_id.as_u64().unwrap_or_default()));
    }

    fn restore_carried(&mut self, row: &[Value]) {
        let [site, visitor_id, visit_id, is_incomplete, mark, value] = row else { return };
        let Some(pair) = self.pair(mark, value) else { return };
        let Some(visitor) = self.restored(site, visitor_id) else { return };
        let visit_id = visit_id.as_u64().unwrap_or_default();
        let carried = visitor.carried.get_or_insert(Carried {
            visit_id,
            pairs: Vec::new(),
            is_incomplete: false,
        });
        carried.is_incomplete |= is_incomplete.as_bool().unwrap_or(true);
        carried.pairs.push(pair);
    }

    fn pair(&self, mark: &Value, value: &Value) -> Option<u64> {
        Some(self.pair_hash(number(mark), value.as_text()?))
    }

    fn restored(&mut self, site: &Value, visitor_id: &Value) -> Option<&mut Visitor> {
        let key = (*self.sites.get(site.as_text()?)?, visitor_id.as_u64()?);
        self.visitors.get_mut(&key)
    }
}

const STRETCH: &str = "SELECT (SELECT max(last_at) FROM web.visits), (SELECT min(least(started_at, \
    CASE WHEN visitor_since > make_timestamp(0) THEN visitor_since ELSE started_at END)) FROM web.open_visits)";

fn stretch(rows: &Rows) -> Option<Stretch> {
    let [newest, open_since] = rows.rows.first()?.as_slice() else { return None };
    let newest = newest.as_timestamp()?;
    let active = newest.saturating_sub(2 * HOUR_MICROS);
    let today = day_of(newest.saturating_sub(DISORDER_MICROS)).saturating_mul(DAY_MICROS);
    let since = open_since.as_timestamp().unwrap_or(newest).min(active).min(today);
    Some(Stretch { newest, since })
}

fn visits_sql(slice: u64) -> String {
    let attributes = Attributes::NAMES.join(", ");
    format!(
        "SELECT site, visitor_id, visit_id, started_at, last_at, visitor_since, entry_page, exit_page, {attributes} \
         FROM web.visits WHERE last_at >= ? AND visitor_id % {SLICES} = {slice} ORDER BY visit_id"
    )
}

/// Pages, hostnames and names: `(mark, column, condition)`.
const PAIRS: [(u32, &str, &str); 3] = [
    (PAGE, "pathname", "name = 'pageview'"),
    (HOSTNAME, "hostname", "name = 'pageview'"),
    (NAME, "name", "name <> 'engagement'"),
];

/// In the place of a mark: some pair of the visitor was not remembered.
const INCOMPLETE: u64 = 0;

fn pairs_sql(slice: u64) -> String {
    let each = PAIRS.map(|(mark, column, condition)| {
        let unsure = mark << UNSURE_SHIFT;
        format!(
            "SELECT site, visitor_id, min(visitor_since_hour), {mark}, {column}, max(visit_id) FROM today \
             WHERE {condition} AND repeats & {unsure} = 0 GROUP BY site, visitor_id, {column}"
        )
    });
    let unsure = (PAGE | HOSTNAME | NAME) << UNSURE_SHIFT;
    let incomplete = format!(
        "SELECT site, visitor_id, min(visitor_since_hour), {INCOMPLETE}, '', max(visit_id) FROM today \
         WHERE repeats & {unsure} <> 0 GROUP BY site, visitor_id"
    );
    format!(
        "WITH today AS MATERIALIZED (SELECT site, visitor_id, visit_id, visitor_since_hour, repeats, name, hostname, pathname \
         FROM web.events WHERE timestamp >= ? AND visitor_id % {SLICES} = {slice} AND visitor_since_hour > 0 \
         AND name <> 'engagement') {} UNION ALL {incomplete}",
        each.join(" UNION ALL ")
    )
}

fn carried_sql() -> String {
    let unsure = (PAGE | HOSTNAME | NAME) << UNSURE_SHIFT;
    let each = PAIRS.map(|(mark, column, condition)| {
        let unsure = mark << UNSURE_SHIFT;
        format!(
            "SELECT site, visitor_id, visit_id, is_incomplete, {mark}, {column} FROM before \
             WHERE {condition} AND repeats & {unsure} = 0 GROUP BY ALL"
        )
    });
    format!(
        "WITH before AS MATERIALIZED (SELECT v.site, v.visitor_id, v.visit_id, e.name, e.hostname, e.pathname, e.repeats, \
         bool_or(e.repeats & {unsure} <> 0) OVER (PARTITION BY v.visit_id) AS is_incomplete \
         FROM web.open_visits v JOIN web.events e ON e.visit_id = v.visit_id AND e.visitor_id <> v.visitor_id \
         WHERE e.name <> 'engagement') {}",
        each.join(" UNION ALL ")
    )
}

fn micros(value: &Value) -> i64 {
    value.as_timestamp().unwrap_or_default()
}

fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
}
