//! Who is near a limit, who is over one, what runs.

use std::cmp::Reverse;
use std::time::Duration;

use super::limiter::{Limiter, Seen};
use super::subject::{Bucket, Counted, Subject};
use crate::address::ClientAddress;
use crate::audit::origin_code;
use crate::gate::Gate;
use crate::permit::Permit;
use crate::policy::Class;

/// Most quotas in one answer: those over their limit first, then the fullest.
pub const LIVE_ITEMS_MAX: usize = 200;

/// The limits as they are used at the moment.
#[derive(Clone, Debug)]
pub struct LiveLimits {
    /// The quotas in use, those over their limit first, then the fullest.
    pub items: Vec<LiveItem>,
    /// Quotas in use that are not among them.
    pub omitted: usize,
    /// Quotas remembered, used or not.
    pub remembered: usize,
    /// Queries that run.
    pub in_flight: usize,
    /// Units of heavy work in use, and in all.
    pub heavy_units: (u32, u32),
    /// Callers waiting for units.
    pub heavy_waiting: usize,
}

/// One quota in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveItem {
    /// Whose: kind and id; an address as the code the audit log has for it.
    pub subject: String,
    /// For which class of routes.
    pub class: &'static str,
    /// For which database, if for one.
    pub database: Option<String>,
    /// What was taken within the last minute.
    pub used: u32,
    /// What may be.
    pub quota: u32,
    /// Requests refused within the last minute.
    pub refused: u32,
    /// Requests that a limit which only watches would have refused.
    pub shadow: u32,
    /// The caller's queries that run.
    pub in_flight: u32,
}

/// How full a quota is, the fullest greatest: refusals (or what would have been some), thousandths of the quota, units.
fn fullness(seen: &Seen) -> (u32, u64, u32) {
    let thousandths = u64::from(seen.used) * 1_000 / u64::from(seen.quota.max(1));
    (seen.refused.saturating_add(seen.shadow), thousandths, seen.used)
}

impl Limiter {
    /// The fullest quotas in use, fullest first, and how many others there are.
    pub(crate) fn fullest(&self, most: usize, now: Duration) -> (Vec<Seen>, usize) {
        let mut items = Vec::new();
        self.each(now, |seen| items.push(seen));
        items.sort_unstable_by_key(|seen| Reverse(fullness(seen)));
        let omitted = items.len().saturating_sub(most);
        items.truncate(most);
        (items, omitted)
    }
}

impl Gate {
    /// The limits as they are used at the moment, by everybody: for an administrator's eyes.
    #[must_use]
    pub fn live_limits(&self) -> LiveLimits {
        let (seen, omitted) = self.limiter.fullest(LIVE_ITEMS_MAX, self.clock.elapsed());
        let (used, waiting) = self.heavy.load();
        LiveLimits {
            items: seen.iter().map(|seen| self.live_item(seen)).collect(),
            omitted,
            remembered: self.limiter.remembered(),
            in_flight: self.in_flight.total(),
            heavy_units: (used, self.heavy.units()),
            heavy_waiting: waiting,
        }
    }

    /// The caller's own quotas in use, by class and database.
    #[must_use]
    pub fn own_limits(&self, permit: &Permit) -> Vec<LiveItem> {
        let subject = self.limiter.subject(permit.principal(), permit.client());
        let databases = self.limiter.databases().numbers();
        let buckets = Class::ALL.into_iter().flat_map(|class| {
            let counted = Counted::Class(class);
            databases.clone().map(move |database| Bucket { subject, counted, database })
        });
        let now = self.clock.elapsed();
        let seen = buckets.filter_map(|bucket| self.limiter.seen(bucket, now));
        seen.take(LIVE_ITEMS_MAX).map(|seen| self.live_item(&seen)).collect()
    }

    fn live_item(&self, seen: &Seen) -> LiveItem {
        let bucket = &seen.bucket;
        let in_flight = match bucket.counted {
            Counted::Class(Class::Query) => self.in_flight.of(&bucket.subject),
            _ => 0,
        };
        LiveItem {
            subject: self.label(&bucket.subject),
            class: bucket.counted.name(),
            database: self.limiter.databases().name(bucket.database).map(|name| name.to_string()),
            used: seen.used,
            quota: seen.quota,
            refused: seen.refused,
            shadow: seen.shadow,
            in_flight,
        }
    }

    fn label(&self, subject: &Subject) -> String {
        let (now, ring) = (self.now(), self.ring());
        subject.label(|client: &ClientAddress| origin_code(&ring.origins, client, now))
    }
}
