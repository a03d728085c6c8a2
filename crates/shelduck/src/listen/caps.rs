//! How many connections are open, in all and per client address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

/// Bits of an IPv6 address that one customer does not choose.
const IPV6_SITE_MASK: u128 = !0 << 64;

/// Counts open connections and refuses those over a cap.
#[derive(Clone)]
pub(super) struct Caps(Arc<Inner>);

struct Inner {
    total_max: usize,
    per_address_max: usize,
    uncapped: Vec<IpNet>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    total: usize,
    by_site: HashMap<IpAddr, usize>,
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

impl Caps {
    pub(super) fn new(total_max: usize, per_address_max: usize, uncapped: Vec<IpNet>) -> Self {
        Self(Arc::new(Inner { total_max, per_address_max, uncapped, open: Mutex::default() }))
    }

    /// Counts a connection until the slot is dropped. Local sockets have no address.
    pub(super) fn take(&self, address: Option<IpAddr>) -> Result<Slot, OverCap> {
        let site =
            address.map(site).filter(|_| !address.is_some_and(|address| self.is_uncapped(address)));
        let mut open = self.0.lock();
        if open.total >= self.0.total_max {
            return Err(OverCap::Total);
        }
        if let Some(site) = site {
            let count = open.by_site.entry(site).or_insert(0);
            if *count >= self.0.per_address_max {
                return Err(OverCap::Address);
            }
            *count += 1;
        }
        open.total += 1;
        metrics::gauge!("shelduck_connections_open").increment(1.0);
        Ok(Slot { caps: self.clone(), site })
    }

    fn is_uncapped(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.uncapped.iter().any(|net| net.contains(&address))
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One counted connection.
pub(super) struct Slot {
    caps: Caps,
    site: Option<IpAddr>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.caps.0.lock();
        open.total -= 1;
        metrics::gauge!("shelduck_connections_open").decrement(1.0);
        if let Some(site) = self.site
            && let Some(count) = open.by_site.get_mut(&site)
        {
            *count -= 1;
            if *count == 0 {
                open.by_site.remove(&site);
            }
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
        Caps::new(total, per_address, vec!["10.0.0.0/8".parse().unwrap()])
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn caps_hold_at_the_limit_and_one_past_it() {
        let caps = caps(3, 2);
        let first = caps.take(address("192.0.2.1")).unwrap();
        let _second = caps.take(address("192.0.2.1")).unwrap();
        assert_eq!(caps.take(address("192.0.2.1")).err(), Some(OverCap::Address));
        let _other = caps.take(address("192.0.2.2")).unwrap();
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
}
