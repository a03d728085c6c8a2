//! The rules of `uap-core`, as the build script wrote them down.

use std::borrow::Cow;

use ua_parser::{os, user_agent};

include!(concat!(env!("OUT_DIR"), "/user_agents.rs"));

/// A regular expression, and texts that stand in for its groups.
pub(super) struct Rule {
    regex: &'static str,
    name: Option<&'static str>,
    major: Option<&'static str>,
    minor: Option<&'static str>,
}

/// Asked before the list: browsers it takes for others (`android@1.2.3` is a wallet to it).
const FIRST_BROWSER_RULES: &[Rule] = &[Rule {
    regex: r"\((Ecosia) (?:android|ios)@(\d+)\.(\d+)",
    name: None,
    major: None,
    minor: None,
}];

/// Compiles all rules; the error is a description for the log.
pub(super) fn compile() -> Result<(user_agent::Extractor<'static>, os::Extractor<'static>), String>
{
    let describe = |error: &dyn std::fmt::Display| error.to_string();
    let mut browsers = user_agent::Builder::new();
    for rule in FIRST_BROWSER_RULES.iter().chain(BROWSER_RULES) {
        browsers = browsers.push(rule.for_browser()).map_err(|error| describe(&error))?;
    }
    let mut systems = os::Builder::new();
    for rule in OS_RULES {
        systems = systems.push(rule.for_system()).map_err(|error| describe(&error))?;
    }
    let browsers = browsers.build().map_err(|error| describe(&error))?;
    Ok((browsers, systems.build().map_err(|error| describe(&error))?))
}

impl Rule {
    fn for_browser(&self) -> user_agent::Parser<'static> {
        user_agent::Parser {
            regex: Cow::Borrowed(self.regex),
            family_replacement: self.name.map(Cow::Borrowed),
            v1_replacement: self.major.map(Cow::Borrowed),
            v2_replacement: self.minor.map(Cow::Borrowed),
            ..user_agent::Parser::default()
        }
    }

    fn for_system(&self) -> os::Parser<'static> {
        os::Parser {
            regex: Cow::Borrowed(self.regex),
            os_replacement: self.name.map(Cow::Borrowed),
            os_v1_replacement: self.major.map(Cow::Borrowed),
            os_v2_replacement: self.minor.map(Cow::Borrowed),
            ..os::Parser::default()
        }
    }
}
