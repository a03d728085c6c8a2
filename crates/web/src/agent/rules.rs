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

/// Asked before the list: browsers it takes for others, by the word they end their user agent with.
const FIRST_BROWSER_RULES: &[Rule] = &[
    Rule::named("Aloha Browser", r"(AlohaBrowser)/(\d+)\.(\d+)"),
    Rule::named("DuckDuckGo", r"(DuckDuckGo|Ddg)/(\d+)(?:\.(\d+))?"),
    // `android@1.2.3` is a wallet to the list.
    Rule::named("Ecosia", r"\((Ecosia) (?:android|ios)@(\d+)\.(\d+)"),
    Rule::named("HeyTap Browser", r"(HeyTapBrowser)/(\d+)\.(\d+)"),
    Rule::named("Huawei Browser", r"(HuaweiBrowser)/(\d+)\.(\d+)"),
    Rule::named("Opera GX", r"(OPX|OPRGX)/(\d+)\.(\d+)"),
    Rule::named("Phoenix Browser", r"(PHX)/(\d+)\.(\d+)"),
    Rule::named("Quark", r"(Quark)/(\d+)\.(\d+)"),
    Rule::named("vivo Browser", r"(VivoBrowser)/(\d+)\.(\d+)"),
    Rule::named("Yandex Browser", r"(YaBrowser|YaSearchBrowser)/(\d+)\.(\d+)"),
];

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
    const fn named(name: &'static str, regex: &'static str) -> Self {
        Self { regex, name: Some(name), major: None, minor: None }
    }

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
