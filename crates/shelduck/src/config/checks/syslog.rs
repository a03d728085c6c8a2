//! Sending the audit log on.

use api::PostureItem;
use audit::syslog::tls;

use super::super::Config;
use super::Subject;
use crate::wiring;

const RECEIVER: Subject =
    Subject::new("syslog", "The audit log goes to a receiver of its own, unread on the way");

pub(super) fn receiver(config: &Config) -> PostureItem {
    let receiver = match wiring::syslog(config) {
        Ok(Some(receiver)) => receiver,
        Ok(None) => return RECEIVER.not_applicable("audit.syslog is not set: the log stays here"),
        Err(error) => {
            return RECEIVER.refused(
                format!("audit.syslog is {error}"),
                "write it like tls://host:6514, tcp://host:601, udp://host:514 or unix:///dev/log",
            );
        }
    };
    if let Err(error) = tls(&receiver) {
        return RECEIVER.refused(
            format!("audit.syslog: {error}"),
            "set audit.syslog_ca to a file with the certificates (PEM) of the receiver's authorities",
        );
    }
    if receiver.address.is_readable_on_the_way() {
        return RECEIVER.warned(
            "audit.syslog crosses the network without TLS; others there could read and change it",
            "use tls://, or a receiver on this machine",
        );
    }
    RECEIVER.passed("audit.syslog is encrypted, or stays on this machine")
}
