//! Where the gate's events go: its [`AuditSink`] over the audit log.
//!
//! Neither knows the other. Here an event becomes an entry, the operator's rule about addresses is applied, and every event is
//! counted under its name and outcome, of which there are few.

use std::net::IpAddr;

use audit::{AuditLog, Entry, Weight};
use futures_util::future::BoxFuture;
use gate::ClientAddress;
use gate::audit::{AuditEvent, AuditSink, EventName, NotKept, Outcome};
use ipnet::IpNet;

/// What is recorded of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origins {
    /// Its code, which changes every month.
    Pseudonym,
    /// Its code, and the network around it: /24 or /48.
    Network,
}

/// The audit log as the gate's sink.
#[derive(Debug, Clone)]
pub struct AuditTrail {
    log: AuditLog,
    origins: Origins,
}

impl AuditTrail {
    /// The gate's view of this log. Every counter begins at zero, so that the first event is seen as one.
    #[must_use]
    pub fn new(log: AuditLog, origins: Origins) -> Self {
        for name in EventName::ALL {
            for outcome in Outcome::ALL {
                count(*name, outcome, 0);
            }
        }
        Self { log, origins }
    }
}

fn count(name: EventName, outcome: Outcome, times: u64) {
    let labels = [("event", name.name()), ("outcome", outcome.name())];
    metrics::counter!("shelduck_audit_events_total", &labels).increment(times);
}

impl AuditSink for AuditTrail {
    fn record(&self, event: &AuditEvent) {
        count(event.name, event.outcome, 1);
        // Whatever was done is a change; what was refused or only looked at is not.
        let done = event.outcome == Outcome::Success && event.name != EventName::AuthzAllow;
        self.log.record(Entry {
            at: event.at,
            event: event.name.name(),
            outcome: event.outcome.name(),
            actor: event.actor.clone(),
            action: event.action.clone(),
            object: event.object.clone(),
            database: event.database.clone(),
            request_id: event.request_id.map(|id| id.to_string()),
            origin: event.origin.clone(),
            network: match self.origins {
                Origins::Pseudonym => None,
                Origins::Network => network(&event.client),
            },
            weight: if done { Weight::Act } else { Weight::Notice },
        });
    }

    fn accepts(&self) -> bool {
        self.log.accepts()
    }

    fn settled(&self) -> BoxFuture<'static, Result<(), NotKept>> {
        let settled = self.log.settled();
        Box::pin(async move { settled.await.map_err(|_| NotKept) })
    }
}

/// The network around an address: 256 of version 4, a site of version 6.
fn network(client: &ClientAddress) -> Option<String> {
    let address = client.expose()?;
    let prefix = match address {
        IpAddr::V4(_) => 24,
        IpAddr::V6(_) => 48,
    };
    IpNet::new(address, prefix).ok().map(|network| network.trunc().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_network_around_an_address_is_recorded() {
        let around = |text: &str| network(&ClientAddress::network(text.parse().unwrap())).unwrap();
        assert_eq!(around("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(around("2001:db8:5a:9d21::c3f7"), "2001:db8:5a::/48");
        assert_eq!(network(&ClientAddress::LOCAL), None);
    }
}
