//! How many connections are open, and whose.
//!
//! A connection is new until its first answer, then its caller is anonymous or known. New connections have a share of
//! their own, and when it is full the oldest of them ends: who is slow loses to who is not. Anonymous callers have a share
//! too, and when it is full they get their answers but do not keep the connection. What is left is for callers who proved
//! who they are, so no number of strangers keeps them out.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;
use tokio::task::AbortHandle;

use super::config::ListenConfig;

/// Bits of an IPv6 address that one customer does not choose.
const IPV6_SITE_MASK: u128 = !0 << 64;

/// Counts open connections and refuses those over a cap.
#[derive(Clone)]
pub(super) struct Caps(Arc<Inner>);

struct Inner {
    total_max: usize,
    new_max: usize,
    anonymous_max: usize,
    per_address_max: usize,
    uncapped: Vec<IpNet>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    total: usize,
    anonymous: usize,
    by_site: HashMap<IpAddr, usize>,
    /// The new ones, oldest first, with what ends each once it has a task.
    new: BTreeMap<u64, Option<AbortHandle>>,
    next: u64,
}

/// Which cap refused a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OverCap {
    Total,
    Address,
}

impl OverCap {
    /// The label in metrics.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Address => "address",
        }
    }
}

/// What the callers of a connection have shown of themselves so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    Anonymous,
    Known,
}

impl Stage {
    const ALL: [Self; 3] = [Self::New, Self::Anonymous, Self::Known];

    fn load(from: &AtomicU8) -> Self {
        let number = usize::from(from.load(Relaxed));
        Self::ALL.get(number).copied().unwrap_or(Self::New)
    }
}

impl Caps {
    pub(super) fn new(config: &ListenConfig) -> Self {
        Self(Arc::new(Inner {
            total_max: config.connections_max,
            new_max: config.new_max(),
            anonymous_max: config.anonymous_max(),
            per_address_max: config.connections_per_address_max,
            uncapped: config.uncapped.clone(),
            open: Mutex::default(),
        }))
    }

    /// Counts a connection until the slot is dropped. Local sockets have no address, and they and the proxies are known.
    pub(super) fn take(&self, address: Option<IpAddr>) -> Result<Slot, OverCap> {
        let is_known = address.is_none_or(|address| self.is_uncapped(address));
        let site = address.filter(|_| !is_known).map(site);
        let mut open = self.0.lock();
        // Whoever is over its own share displaces nobody.
        if site.is_some_and(|site| open.of(site) >= self.0.per_address_max) {
            return Err(OverCap::Address);
        }
        if open.total >= self.0.total_max && !open.displace_oldest() {
            return Err(OverCap::Total);
        }
        if let Some(site) = site {
            open.enter_address(site);
        }
        open.total += 1;
        metrics::gauge!("shelduck_connections_open").increment(1.0);
        let stage = if is_known { Stage::Known } else { Stage::New };
        let number = open.next;
        open.next += 1;
        if stage == Stage::New {
            if open.new.len() >= self.0.new_max {
                open.displace_oldest();
            }
            open.new.insert(number, None);
        }
        drop(open);
        let stage = AtomicU8::new(stage as u8);
        Ok(Slot { caps: self.clone(), number, site: Mutex::new(site), stage })
    }

    /// Whether a declared proxy is at that address.
    pub(super) fn is_uncapped(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.uncapped.iter().any(|net| net.contains(&address))
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Ends the oldest new connection; its place is free from now on.
    fn displace_oldest(&mut self) -> bool {
        let Some((_, task)) = self.new.pop_first() else { return false };
        if let Some(task) = task {
            task.abort();
        }
        self.leave();
        metrics::counter!("shelduck_connections_displaced_total").increment(1);
        true
    }

    fn of(&self, site: IpAddr) -> usize {
        self.by_site.get(&site).copied().unwrap_or(0)
    }

    fn enter_address(&mut self, site: IpAddr) {
        *self.by_site.entry(site).or_insert(0) += 1;
    }

    fn leave_address(&mut self, site: IpAddr) {
        if let Some(count) = self.by_site.get_mut(&site) {
            *count -= 1;
            if *count == 0 {
                self.by_site.remove(&site);
            }
        }
    }

    fn leave(&mut self) {
        self.total -= 1;
        metrics::gauge!("shelduck_connections_open").decrement(1.0);
    }
}

/// One counted connection.
pub(super) struct Slot {
    caps: Caps,
    number: u64,
    site: Mutex<Option<IpAddr>>,
    stage: AtomicU8,
}

impl Slot {
    /// Ends this task when the place is needed for another connection.
    pub(super) fn is_held_by(&self, task: AbortHandle) {
        let mut open = self.caps.0.lock();
        match open.new.get_mut(&self.number) {
            Some(place) => *place = Some(task),
            // Displaced before it had a task.
            None if Stage::load(&self.stage) == Stage::New => task.abort(),
            None => {}
        }
    }

    /// Counts the connection for the client a proxy names; the proxy's own address is counted for nobody.
    pub(super) fn is_from(&self, client: IpAddr) -> Result<(), OverCap> {
        let mut own = self.site.lock().unwrap_or_else(PoisonError::into_inner);
        if own.is_some() || self.caps.is_uncapped(client) {
            return Ok(());
        }
        let client = site(client);
        let mut open = self.caps.0.lock();
        if open.of(client) >= self.caps.0.per_address_max {
            return Err(OverCap::Address);
        }
        open.enter_address(client);
        *own = Some(client);
        Ok(())
    }

    /// A caller got an answer; says whether the connection may be kept for another.
    pub(super) fn answered(&self, is_known: bool) -> bool {
        let stage = Stage::load(&self.stage);
        if stage == Stage::Known || (stage == Stage::Anonymous && !is_known) {
            return true;
        }
        let mut open = self.caps.0.lock();
        // On HTTP/2 two answers may come here at once, and a displaced connection is counted no more.
        let stage = Stage::load(&self.stage);
        let next = match (stage, is_known) {
            (Stage::Known, _) | (Stage::Anonymous, false) => return true,
            (Stage::New, _) if !open.new.contains_key(&self.number) => return false,
            (Stage::New, false) if open.anonymous >= self.caps.0.anonymous_max => return false,
            (_, true) => Stage::Known,
            (Stage::New, false) => Stage::Anonymous,
        };
        if stage == Stage::New {
            open.new.remove(&self.number);
        }
        open.anonymous += usize::from(next == Stage::Anonymous);
        open.anonymous -= usize::from(stage == Stage::Anonymous);
        self.stage.store(next as u8, Relaxed);
        true
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.caps.0.lock();
        let is_counted = match Stage::load(&self.stage) {
            Stage::New => open.new.remove(&self.number).is_some(),
            Stage::Anonymous => {
                open.anonymous -= 1;
                true
            }
            Stage::Known => true,
        };
        if is_counted {
            open.leave();
        }
        let site = self.site.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(site) = site.take() {
            open.leave_address(site);
        }
    }
}

/// What one client can be held to: an IPv4 address, or the /64 of an IPv6 address.
fn site(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & IPV6_SITE_MASK)),
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(total: usize, per_address: usize) -> Caps {
        Caps::new(&ListenConfig {
            connections_max: total,
            connections_per_address_max: per_address,
            uncapped: vec!["10.0.0.0/8".parse().unwrap()],
            ..ListenConfig::default()
        })
    }

    fn is_displaced(slot: &Slot) -> bool {
        let is_new = Stage::load(&slot.stage) == Stage::New;
        is_new && !slot.caps.0.lock().new.contains_key(&slot.number)
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    /// A connection whose caller proved who it is.
    fn known(caps: &Caps, from: &str) -> Result<Slot, OverCap> {
        let slot = caps.take(address(from))?;
        assert!(slot.answered(true));
        Ok(slot)
    }

    #[test]
    fn caps_hold_at_the_limit_and_one_past_it() {
        let caps = caps(3, 2);
        let first = known(&caps, "192.0.2.1").unwrap();
        let _second = known(&caps, "192.0.2.1").unwrap();
        assert_eq!(caps.take(address("192.0.2.1")).err(), Some(OverCap::Address));
        let _other = known(&caps, "192.0.2.2").unwrap();
        assert_eq!(caps.take(address("192.0.2.3")).err(), Some(OverCap::Total));
        drop(first);
        let _again = caps.take(address("192.0.2.1")).unwrap();
    }

    #[test]
    fn an_ipv6_client_is_its_site_and_a_mapped_one_is_ipv4() {
        let caps = caps(10, 1);
        let _one = caps.take(address("2001:db8:1:2::1")).unwrap();
        assert_eq!(caps.take(address("2001:db8:1:2:ffff::9")).err(), Some(OverCap::Address));
        let _other = caps.take(address("2001:db8:1:3::1")).unwrap();
        let _mapped = caps.take(address("::ffff:192.0.2.1")).unwrap();
        assert_eq!(caps.take(address("192.0.2.1")).err(), Some(OverCap::Address));
    }

    #[test]
    fn declared_proxies_count_only_in_all() {
        let caps = caps(3, 1);
        let _slots: Vec<_> = (0..2).map(|_| caps.take(address("10.1.2.3")).unwrap()).collect();
        let _mapped = caps.take(address("::ffff:10.1.2.3")).unwrap();
        assert_eq!(caps.take(address("10.1.2.3")).err(), Some(OverCap::Total));
    }

    #[test]
    fn nothing_is_kept_about_clients_that_left() {
        let caps = caps(100, 10);
        for number in 0..50 {
            drop(caps.take(address(&format!("192.0.2.{number}"))).unwrap());
        }
        assert_eq!(caps.0.lock().by_site.len(), 0);
        assert_eq!(caps.0.lock().total, 0);
    }

    #[test]
    fn the_oldest_new_connection_makes_place_for_the_newest() {
        let caps = caps(8, 8);
        let slots: Vec<_> = (0..3).map(|_| caps.take(address("192.0.2.1")).unwrap()).collect();
        let ended = |slots: &[Slot]| slots.iter().map(is_displaced).collect::<Vec<_>>();
        assert_eq!(ended(&slots), [true, false, false], "a quarter of all may be new");
        assert!(!slots[0].answered(true), "it is over with it, whoever it was");
        assert!(slots[1].answered(false));
        let _newer = caps.take(address("192.0.2.2")).unwrap();
        assert_eq!(ended(&slots), [true, false, false], "one that had its answer is new no more");
        let _newest = caps.take(address("192.0.2.3")).unwrap();
        assert_eq!(ended(&slots), [true, false, true]);
        drop(slots);
        assert_eq!(caps.0.lock().total, 2);
    }

    #[test]
    fn whoever_is_over_its_own_share_displaces_nobody() {
        let caps = caps(8, 1);
        let one = caps.take(address("192.0.2.1")).unwrap();
        let two = caps.take(address("192.0.2.2")).unwrap();
        for _ in 0..10 {
            assert_eq!(caps.take(address("192.0.2.1")).err(), Some(OverCap::Address));
        }
        assert!(!is_displaced(&one) && !is_displaced(&two));
    }

    #[test]
    fn anonymous_callers_keep_half_and_known_ones_the_rest() {
        let caps = caps(4, 8);
        let anonymous: Vec<_> = (0..2)
            .map(|_| caps.take(address("192.0.2.1")).unwrap())
            .inspect(|slot| assert!(slot.answered(false) && slot.answered(false)))
            .collect();
        let third = caps.take(address("192.0.2.2")).unwrap();
        assert!(!third.answered(false), "it has its answer, and ends");
        drop(third);
        let _known = [(); 2].map(|()| known(&caps, "192.0.2.3").unwrap());
        assert_eq!(caps.take(address("192.0.2.4")).err(), Some(OverCap::Total));
        assert!(anonymous[0].answered(true), "who signs in moves to the others");
        drop(anonymous);
        let again = caps.take(address("192.0.2.1")).unwrap();
        assert!(again.answered(false));
        drop(again);
        let open = caps.0.lock();
        assert_eq!((open.total, open.anonymous, open.new.len()), (2, 0, 0));
    }

    #[test]
    fn a_client_behind_a_proxy_is_counted_for_itself() {
        let caps = caps(20, 1);
        let one = caps.take(address("10.1.2.3")).unwrap();
        assert_eq!(one.is_from("198.51.100.7".parse().unwrap()), Ok(()));
        let two = caps.take(address("10.1.2.3")).unwrap();
        assert_eq!(two.is_from("198.51.100.7".parse().unwrap()), Err(OverCap::Address));
        assert_eq!(two.is_from("198.51.100.8".parse().unwrap()), Ok(()));
        drop((one, two));
        assert_eq!(caps.0.lock().by_site.len(), 0);
    }
}
