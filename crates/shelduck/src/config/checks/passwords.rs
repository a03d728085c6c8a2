//! Passwords: how they are hashed, which may be chosen, what stops guessing.

use api::PostureItem;
use gate::password::BreachedFile;

use super::super::Config;
use super::Subject;
use super::bounds::gate_fault;

const BOUNDS: Subject =
    Subject::new("passwords", "Hashes, lockout and sessions are at least as strict as the floor");
const COMPOSITION: Subject =
    Subject::new("password_composition", "No rule makes people choose weaker passwords");
const EXPIRY: Subject =
    Subject::new("password_expiry", "No password has to be changed for its age");
const HISTORY: Subject =
    Subject::new("password_history", "Passwords that were used may not be used again");
const BREACHED: Subject =
    Subject::new("breached_file", "The list of breached passwords can be used");

pub(super) fn bounds(config: &Config) -> PostureItem {
    let auth = &config.auth;
    if auth.memory.0 < 19 << 20 || auth.memory.0 > 4 << 30 {
        return BOUNDS.refused(
            "auth.passwords.memory is out of bounds",
            "auth.passwords.memory must be from 19MiB to 4GiB",
        );
    }
    if auth.iterations < 2 {
        return BOUNDS.refused(
            "auth.passwords.iterations is too low",
            "auth.passwords.iterations must be at least 2",
        );
    }
    if !(15..=128).contains(&auth.length_min) {
        return BOUNDS.refused(
            "auth.passwords.length_min is out of bounds",
            "auth.passwords.length_min must be from 15 to 128",
        );
    }
    if auth.attempts == 0 || auth.address_attempts == 0 || auth.duration.is_zero() {
        return BOUNDS.refused(
            "a number of the lockout is 0: the lockout cannot be switched off by its numbers",
            "set auth.lockout.* above 0",
        );
    }
    if let Some(fault) = gate_fault(config, "lockout") {
        return BOUNDS.refused(fault, "set auth.lockout.* within their bounds");
    }
    if auth.idle.is_zero() || auth.absolute < auth.idle {
        return BOUNDS.refused(
            "auth.sessions.absolute is shorter than auth.sessions.idle",
            "auth.sessions.absolute must not be shorter than auth.sessions.idle",
        );
    }
    if let Some(fault) = gate_fault(config, "sessions") {
        return BOUNDS.refused(fault, "set auth.sessions.* within their bounds");
    }
    BOUNDS.passed(format!(
        "{} MiB and {} passes a hash, {} characters, a lock after {} failures",
        auth.memory.0 >> 20,
        auth.iterations,
        auth.length_min,
        auth.attempts
    ))
}

/// What makes passwords worse than they could be, and the list that makes them better; what is as it should be has no line.
pub(super) fn rules(config: &Config) -> Vec<PostureItem> {
    let auth = &config.auth;
    let mut items = Vec::new();
    if auth.composition {
        items.push(COMPOSITION.warned(
            "auth.passwords.composition is on: NIST SP 800-63B-4 and ASVS 6.2.5 advise against it, because people then choose \
             weaker ones",
            "take it out; length, the list of known passwords and the estimate of strength are always checked",
        ));
    }
    if auth.expiry_days > 0 {
        items.push(EXPIRY.warned(
            "auth.passwords.expiry_days is set: NIST SP 800-63B-4 and ASVS 6.2.10 advise against it",
            "take it out; after a leak use `shelduck user reset-link`, or have passwords changed",
        ));
    }
    if !(1..=24).contains(&auth.history) {
        items.push(HISTORY.refused(
            "auth.passwords.history is out of bounds",
            "auth.passwords.history must be from 1 to 24",
        ));
    }
    items.extend(auth.breached_file.as_ref().map(|path| match BreachedFile::open(path) {
        Ok(_) => BREACHED.passed(format!("{} is a sorted list of hashes", path.display())),
        Err(error) => BREACHED.refused(
            format!("{} cannot be used: {error}", path.display()),
            "write one hash a line in hexadecimal, sorted",
        ),
    }));
    items
}
