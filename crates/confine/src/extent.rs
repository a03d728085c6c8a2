//! How much is given up: each version of the kernel has more to offer.

use std::fmt;

use landlock::{Access, AccessFs, LandlockStatus, Ruleset, RulesetAttr, RulesetError};

use crate::files::NEWEST;

/// What is restricted, and from which version of Landlock on.
const PARTS: [(&str, u32); 5] = [
    ("files", 1),
    ("cutting files off", 3),
    ("TCP ports", 4),
    ("devices", 5),
    ("signals to others", 6),
];
const CALLS: &str = "system calls";

/// How much of it is in force, or can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// The version of Landlock; zero is none.
    pub landlock: u32,
    /// Whether system calls are restricted.
    pub calls: bool,
}

impl Extent {
    /// Whether it is everything that is asked for.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.calls && PARTS.iter().all(|(_, since)| self.landlock >= *since)
    }
}

/// What there is, then what is missing: `files, system calls; not: TCP ports`.
impl fmt::Display for Extent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = PARTS.iter().map(|(name, since)| (*name, self.landlock >= *since));
        let (have, lack): (Vec<_>, Vec<_>) =
            parts.chain([(CALLS, self.calls)]).partition(|(_, is_there)| *is_there);
        let names = |parts: Vec<(&'static str, bool)>| {
            parts.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ")
        };
        match (have.is_empty(), lack.is_empty()) {
            (_, true) => formatter.write_str(&names(have)),
            (true, _) => formatter.write_str("nothing"),
            _ => write!(formatter, "{}; not: {}", names(have), names(lack)),
        }
    }
}

/// What this kernel has to offer. A thread of its own tries it out, and ends.
#[must_use]
pub fn kernel() -> Extent {
    let landlock = std::thread::spawn(offered).join().ok().and_then(Result::ok).unwrap_or(0);
    let actions = std::fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail");
    let calls = actions.is_ok_and(|all| all.split_whitespace().any(|one| one == "errno"));
    Extent { landlock, calls }
}

/// Restricts the calling thread a little, which says what could be had.
fn offered() -> Result<u32, RulesetError> {
    let rules = Ruleset::default().handle_access(AccessFs::from_all(NEWEST))?.create()?;
    Ok(version(&rules.restrict_self()?.landlock))
}

/// The version of Landlock in use; zero is none.
pub(crate) fn version(status: &LandlockStatus) -> u32 {
    match status {
        LandlockStatus::Available { effective_abi, .. } => *effective_abi as u32,
        LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(landlock: u32, calls: bool) -> String {
        Extent { landlock, calls }.to_string()
    }

    #[test]
    fn an_extent_says_what_it_has_and_what_it_lacks() {
        assert_eq!(text(0, false), "nothing");
        assert_eq!(
            text(0, true),
            "system calls; not: files, cutting files off, TCP ports, devices, signals to others"
        );
        assert_eq!(
            text(3, true),
            "files, cutting files off, system calls; not: TCP ports, devices, signals to others"
        );
        let whole = "files, cutting files off, TCP ports, devices, signals to others, system calls";
        assert_eq!(text(6, true), whole);
        assert!(Extent { landlock: 7, calls: true }.is_whole());
        assert!(!Extent { landlock: 7, calls: false }.is_whole());
        assert!(!Extent { landlock: 5, calls: true }.is_whole());
    }
}
