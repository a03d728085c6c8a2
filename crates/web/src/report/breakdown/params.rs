//! What a breakdown is asked by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::ParameterError;
use super::super::scope::ScopeParams;

/// The most values one answer holds.
pub const LIMIT_MAX: u64 = 1_000;
/// How many it holds when nothing is asked.
pub const LIMIT_DEFAULT: u64 = 9;
/// The longest text to search for, in bytes.
pub const SEARCH_BYTES_MAX: usize = 200;
/// How far paging goes.
pub const OFFSET_MAX: u64 = 1_000_000;

/// What a breakdown is asked by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakdownParams {
    /// A period by name; without it and without dates, `28d`.
    pub period: Option<String>,
    /// The first day.
    pub from: Option<String>,
    /// The last day.
    pub to: Option<String>,
    /// Filters as JSON: `[["is", "country", ["DE"]]]`.
    pub filters: Option<String>,
    /// `previous` or `year`.
    pub compare: Option<String>,
    /// How many values, at most 1000; without it, 9.
    pub limit: Option<String>,
    /// `next_cursor` of the answer before.
    pub cursor: Option<String>,
    /// Only values that contain this, in any case of letters.
    pub search: Option<String>,
    /// The metric to sort by; without it, `visitors`.
    #[schemars(with = "Option<Sort>")]
    pub sort: Option<String>,
    /// The direction; without it, `desc`.
    #[schemars(with = "Option<Order>")]
    pub order: Option<String>,
}

/// A metric to sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Distinct visitors.
    Visitors,
    /// Visits.
    Visits,
    /// Page views.
    Pageviews,
    /// Page views and custom events.
    Events,
    /// Bounces, in per cent.
    BounceRate,
    /// Mean length of a visit.
    VisitDuration,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Visitors,
        Self::Visits,
        Self::Pageviews,
        Self::Events,
        Self::BounceRate,
        Self::VisitDuration,
    ];

    /// The name in requests, and of the column.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Visitors => "visitors",
            Self::Visits => "visits",
            Self::Pageviews => "pageviews",
            Self::Events => "events",
            Self::BounceRate => "bounce_rate",
            Self::VisitDuration => "visit_duration",
        }
    }
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Largest first.
    Desc,
    /// Smallest first.
    Asc,
}

/// Which of the values are asked for, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) limit: u64,
    pub(super) offset: u64,
    pub(super) search: Option<String>,
    pub(super) sort: Sort,
    pub(super) order: Order,
}

impl BreakdownParams {
    pub(super) fn scope(&self) -> ScopeParams<'_> {
        ScopeParams {
            period: self.period.as_deref(),
            from: self.from.as_deref(),
            to: self.to.as_deref(),
            filters: self.filters.as_deref(),
            compare: self.compare.as_deref(),
        }
    }

    pub(super) fn page(&self) -> Result<Page, ParameterError> {
        Ok(Page {
            limit: self.limit()?,
            offset: self.offset()?,
            search: self.search()?,
            sort: self.sort()?,
            order: self.order()?,
        })
    }

    fn limit(&self) -> Result<u64, ParameterError> {
        let Some(text) = self.limit.as_deref() else { return Ok(LIMIT_DEFAULT) };
        digits(text).filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(|| {
            ParameterError::new("limit", format!("must be a whole number from 1 to {LIMIT_MAX}"))
        })
    }

    fn offset(&self) -> Result<u64, ParameterError> {
        let Some(text) = self.cursor.as_deref() else { return Ok(0) };
        digits(text)
            .filter(|offset| *offset <= OFFSET_MAX)
            .ok_or_else(|| ParameterError::new("cursor", "must be next_cursor of an answer"))
    }

    fn search(&self) -> Result<Option<String>, ParameterError> {
        let text = self.search.as_deref().unwrap_or_default();
        if text.len() > SEARCH_BYTES_MAX {
            return Err(ParameterError::new(
                "search",
                format!("must not be longer than {SEARCH_BYTES_MAX} bytes"),
            ));
        }
        Ok((!text.is_empty()).then(|| text.to_lowercase()))
    }

    fn sort(&self) -> Result<Sort, ParameterError> {
        let Some(id) = self.sort.as_deref() else { return Ok(Sort::Visitors) };
        Sort::ALL.into_iter().find(|sort| sort.id() == id).ok_or_else(|| {
            let known = Sort::ALL.map(Sort::id).join(", ");
            ParameterError::new("sort", format!("must be one of {known}"))
        })
    }

    fn order(&self) -> Result<Order, ParameterError> {
        match self.order.as_deref() {
            None | Some("desc") => Ok(Order::Desc),
            Some("asc") => Ok(Order::Asc),
            Some(_) => Err(ParameterError::new("order", "must be desc or asc")),
        }
    }
}

/// A number of digits alone; a sign or a space is none.
fn digits(text: &str) -> Option<u64> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(set: impl FnOnce(&mut BreakdownParams)) -> Result<Page, &'static str> {
        let mut params = BreakdownParams::default();
        set(&mut params);
        params.page().map_err(|error| error.field)
    }

    #[test]
    fn limits_hold_at_the_bound_and_not_one_past_it() {
        let limit = |text: &str| page(|p| p.limit = Some(text.to_owned())).map(|page| page.limit);
        assert_eq!(limit("1"), Ok(1));
        assert_eq!(limit("1000"), Ok(1000));
        for wrong in ["0", "1001", "-1", "+1", " 1", "1.0", "", "18446744073709551616"] {
            assert_eq!(limit(wrong), Err("limit"), "{wrong}");
        }
        let cursor =
            |text: &str| page(|p| p.cursor = Some(text.to_owned())).map(|page| page.offset);
        assert_eq!(cursor("1000000"), Ok(1_000_000));
        assert_eq!(cursor("1000001"), Err("cursor"));
        assert_eq!(cursor("x"), Err("cursor"));
        let search = |bytes: usize| page(|p| p.search = Some("x".repeat(bytes)));
        assert!(search(SEARCH_BYTES_MAX).is_ok());
        assert_eq!(search(SEARCH_BYTES_MAX + 1), Err("search"));
    }

    #[test]
    fn names_are_those_listed() {
        assert_eq!(page(|p| p.sort = Some("percentage".into())), Err("sort"));
        assert_eq!(page(|p| p.order = Some("DESC".into())), Err("order"));
        for sort in Sort::ALL {
            assert_eq!(page(|p| p.sort = Some(sort.id().into())).map(|page| page.sort), Ok(sort));
        }
    }
}
