//! The layers that can be switched off, all in one place.
//!
//! There is no switch for authentication, for the proof of origin, for the audit log or for a refused wildcard: those
//! cannot be off.

use api::PostureItem;

use super::super::Config;
use super::Subject;

const SWITCHES: Subject = Subject::new("insecure", "No layer of defence is switched off");

/// The switches that are on, by their options.
pub(crate) fn switched_off(config: &Config) -> Vec<&'static str> {
    let insecure = &config.insecure;
    let switches = [
        (insecure.limits_off, "insecure.limits_off"),
        (insecure.lockout_off, "insecure.lockout_off"),
        (insecure.headers_off, "insecure.headers_off"),
    ];
    switches.into_iter().filter(|(off, _)| *off).map(|(_, name)| name).collect()
}

pub(super) fn switches(config: &Config) -> PostureItem {
    let off = switched_off(config);
    if off.is_empty() {
        return SWITCHES.passed("limits, lockout and headers are on");
    }
    let names = off.join(", ");
    // A proxy in front brings the internet to a loopback address.
    let is_exposed =
        !config.http.listen.ip().is_loopback() || !config.server.trusted_proxies.is_empty();
    if is_exposed && !config.insecure.acknowledged {
        return SWITCHES.refused(
            format!("{names} on a server that others can reach"),
            format!("take {names} out; insecure.acknowledged lets it start all the same"),
        );
    }
    SWITCHES.warned(format!("{names} is set"), format!("take {names} out"))
}
