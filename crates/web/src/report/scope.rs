//! The rows a report is about: its site, its range, its filters, as conditions.

use warehouse::Value;

use super::{ParameterError, ReportContext, ReportError};
use crate::filter::Filters;
use crate::range::{Comparison, Period, Range, RangeRequest, RangeRules};
use crate::seen::RETURNING;
use crate::sql::{Sql, Time};

/// The parameters every report over a range takes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ScopeParams<'a> {
    pub(super) period: Option<&'a str>,
    pub(super) from: Option<&'a str>,
    pub(super) to: Option<&'a str>,
    pub(super) filters: Option<&'a str>,
    pub(super) compare: Option<&'a str>,
}

/// What a report is about.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub(super) site: Value,
    pub(super) range: Range,
    pub(super) compared: Option<Range>,
    pub(super) filters: Filters,
}

/// Which events count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// All but engagement, which only lengthens a visit.
    Events,
    /// Page views.
    Pageviews,
    /// What is neither.
    Custom,
}

impl Names {
    pub(super) const fn condition(self) -> &'static str {
        match self {
            Self::Events => "name <> 'engagement'",
            Self::Pageviews => "name = 'pageview'",
            Self::Custom => "name <> 'engagement' AND name <> 'pageview'",
        }
    }
}

/// The rows of one range of a scope.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) scope: &'a Scope,
    pub(super) range: &'a Range,
}

impl Scope {
    /// Checks the parameters. Only the period `all` has to ask the warehouse, for its first visit.
    pub(super) async fn resolve(
        context: &ReportContext<'_>,
        params: &ScopeParams<'_>,
    ) -> Result<Self, ReportError> {
        let request = RangeRequest::parse(params.period, params.from, params.to)?;
        let filters = params.filters.map(Filters::parse).transpose()?.unwrap_or_default();
        let comparison = params.compare.map(parse_comparison).transpose()?;
        let first_visit = if request == RangeRequest::Period(Period::All) {
            super::status::first_visit(context).await?
        } else {
            None
        };
        let rules = RangeRules {
            zone: context.zone()?,
            now: context.now,
            first_visit,
            days_max: context.config.days_max,
        };
        let range = Range::resolve(request, &rules)?;
        let compared = comparison.map(|comparison| range.compared(comparison));
        Ok(Self { site: context.domain(), range, compared, filters })
    }

    /// The range itself and, if there is one, what it is compared with.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let ranges = std::iter::once(&self.range).chain(&self.compared);
        ranges.map(|range| Part { scope: self, range })
    }
}

fn parse_comparison(id: &str) -> Result<Comparison, ParameterError> {
    match id {
        "previous" => Ok(Comparison::Previous),
        "year" => Ok(Comparison::Year),
        _ => Err(ParameterError::new("compare", "must be previous or year")),
    }
}

impl<'a> Part<'a> {
    pub(super) fn filters(&self) -> &'a Filters {
        &self.scope.filters
    }

    pub(super) fn start(&self) -> Time {
        Time(self.range.start)
    }

    pub(super) fn end(&self) -> Time {
        Time(self.range.end)
    }

    /// `FROM … WHERE` for the visits active in the range that pass the filters on visits.
    pub(super) fn visits_clause(&self) -> Sql {
        let mut sql = Sql::new("FROM web.visits WHERE site = ");
        sql.bind(self.scope.site.clone())
            .push(format_args!(" AND started_at < {} AND last_at >= {}", self.end(), self.start()))
            .part(&self.filters().on_visits());
        sql
    }

    /// `FROM … WHERE` for the events of these names in the range that pass all filters.
    pub(super) fn events_clause(&self, names: Names) -> Sql {
        let mut sql = Sql::new("FROM web.events WHERE ");
        sql.part(&self.events_in_range())
            .push(" AND ")
            .push(names.condition())
            .part(&self.filters().on_events());
        let only_on_visits = self.filters().only_on_visits();
        if !only_on_visits.is_empty() {
            sql.push(" AND visit_id IN (SELECT visit_id ").part(&self.visits_clause()).push(")");
        }
        sql
    }

    /// The same visits, but only those with an event that passes the filters on events.
    pub(super) fn matching_visits_clause(&self) -> Sql {
        let mut sql = self.visits_clause();
        if self.filters().any_on_events() {
            sql.push(" AND visit_id IN (SELECT visit_id ")
                .part(&self.events_clause(Names::Events))
                .push(")");
        }
        sql
    }

    /// Whether a visit may bounce in this report, as a condition: under a filter on pages only visits that began on such a page.
    pub(super) fn entry(&self) -> Sql {
        let pages = self.filters().iter().filter(|filter| filter.dimension.id == "page");
        let conditions: Vec<Sql> = pages.map(|filter| filter.condition("entry_page")).collect();
        if conditions.is_empty() {
            return Sql::new("true");
        }
        let mut sql = Sql::default();
        sql.parts(" AND ", &conditions);
        sql
    }

    /// Distinct visitors of rows of `visits`, of which `mark` says whether they repeat something.
    pub(super) fn visitors(&self, mark: u32) -> String {
        if !self.has_marks() {
            return "count(DISTINCT visitor_id)".to_owned();
        }
        format!(
            "{} + count(DISTINCT visitor_id) FILTER (WHERE visitor_since < {})",
            self.firsts(mark),
            self.start()
        )
    }

    /// Rows of `visits` that repeat nothing, as far as that is known.
    pub(super) fn firsts(&self, mark: u32) -> String {
        let start = self.start();
        let is_first = match mark {
            // The uppermost bit.
            RETURNING => format!("repeats < {RETURNING}"),
            _ => format!("repeats & {mark} = 0"),
        };
        format!("count_if(visitor_since >= {start} AND {is_first})")
    }

    /// The condition that an event is the site's and in the range.
    pub(super) fn events_in_range(&self) -> Sql {
        let mut sql = Sql::new("site = ");
        sql.bind(self.scope.site.clone()).push(format_args!(
            " AND timestamp >= {} AND timestamp < {}",
            self.start(),
            self.end()
        ));
        sql
    }

    /// Whether visitors can be counted by the marks of [`crate::seen`]: marks know nothing of filters.
    pub(super) fn has_marks(&self) -> bool {
        self.filters().is_empty()
    }
}
