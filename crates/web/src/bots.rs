//! Which requests are not from people, and why.
//!
//! Three layers, first match decides: the crawlers a public list knows by name (`crawler-user-agents`), words that robots nobody listed use
//! of themselves, and requests that look like no browser's. The reason is kept with the event in `dropped_events`, so that an
//! operator can see what was left out and count it.
//!
//! Both lists err on the side of people. Entries of the public list that hit phones and in-app browsers are replaced or left out
//! ([`REPLACED`]); a header counts only against requests that carry the other headers of a browser, so servers that forward
//! events of their visitors are not robots.

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::RegexSet;

mod lists {
    use super::Family;

    include!(concat!(env!("OUT_DIR"), "/crawlers.rs"));
}

/// What kind of program a listed pattern stands for; the first part of the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Crawler,
    HttpLibrary,
    Automation,
}

impl Family {
    const fn id(self) -> &'static str {
        match self {
            Self::Crawler => "crawler",
            Self::HttpLibrary => "http_library",
            Self::Automation => "automation",
        }
    }
}

/// Patterns of the public list that also hit people, and what stands in for them.
const REPLACED: &[(&str, Option<&str>)] = &[
    // A build number of Android 15: every phone of some makers.
    ("AP3A.240617.008", None),
    // Huawei G610-C008/…; the crawler names its address and is caught by that.
    ("008/", None),
    // Phones and tablets: HTC Butterfly, Fever Plus, ViewSonic, Expanse.
    ("Butterfly", None),
    ("Fever", None),
    ("Sonic", None),
    ("Expanse", Some("^Expanse,")),
    // The browser of that name, beside the spider.
    ("Sogou", Some("(?i)sogou[a-z -]*spider")),
    // In-app browsers, beside the link previews.
    ("Viber", Some("^Viber")),
    ("WhatsApp", Some("^WhatsApp")),
    // Browsers in which a person sits.
    ("Fluid", None),
];

/// Words by which robots nobody listed give themselves away. Each was tried against real browsers, phones named `CUBOT` and
/// `M bot` among them.
const GENERIC: &[(&str, &str)] = &[
    ("headless", "(?i)headless"),
    ("generic:crawler", "(?i)crawl"),
    ("generic:bot", r"(?i)(?:^|[^u]|[^c]u)bot(?:[/;,)\-]|$)"),
    ("generic:spider", r"(?i)spider(?:[/;,)\-+]|$)"),
    ("generic:scraper", r"(?i)scrap(?:er|ing|y)(?:[^a-z]|$)"),
    ("generic:monitor", r"(?i)monitoring|uptime|synthetic|health-?check"),
    ("generic:fetcher", r"(?i)fetcher|validator"),
    (
        "http_library",
        r"(?i)^(?:java|reqwest|ureq|guzzlehttp|postmanruntime|libcurl|python|ruby|php|perl|dart)(?:[/ -]|$)",
    ),
    // People's browsers do not carry an address to complain to.
    ("generic:contact_url", "(?i)https?://"),
];

/// The compiled lists.
pub(crate) struct Bots {
    plain: AhoCorasick,
    plain_patterns: Vec<(&'static str, Family)>,
    listed: RegexSet,
    listed_patterns: Vec<(&'static str, Family)>,
    generic: RegexSet,
}

/// The headers of a request that tell a browser from a program.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HeaderSigns<'a> {
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) accept_language: Option<&'a str>,
    pub(crate) client_hint_brands: Option<&'a str>,
    pub(crate) fetch_mode: Option<&'a str>,
}

/// A pattern list could not be compiled. Cannot happen with lists the tests passed with.
#[derive(Debug, thiserror::Error)]
pub enum BotListError {
    /// A regular expression.
    #[error("a pattern of the crawler list does not compile")]
    Regex(#[from] regex::Error),
    /// The plain texts.
    #[error("the crawler list does not compile")]
    Plain(#[from] aho_corasick::BuildError),
}

impl Bots {
    /// Compiles the lists.
    pub(crate) fn new() -> Result<Self, BotListError> {
        let replaced = |pattern: &str| REPLACED.iter().find(|(known, _)| *known == pattern);
        let plain_patterns: Vec<_> =
            lists::PLAIN.iter().copied().filter(|(text, _)| replaced(text).is_none()).collect();
        let listed_patterns: Vec<_> = lists::REGEXES
            .iter()
            .copied()
            .filter(|(pattern, _)| replaced(pattern).is_none())
            .chain(REPLACED.iter().filter_map(|(_, by)| Some(((*by)?, Family::Crawler))))
            .collect();
        Ok(Self {
            plain: AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(plain_patterns.iter().map(|(text, _)| text))?,
            listed: RegexSet::new(listed_patterns.iter().map(|(pattern, _)| pattern))?,
            generic: RegexSet::new(GENERIC.iter().map(|(_, pattern)| pattern))?,
            plain_patterns,
            listed_patterns,
        })
    }

    /// Why this user agent is no browser's; `None` when it may be.
    pub(crate) fn reason(&self, user_agent: &str) -> Option<Cow<'static, str>> {
        let plain = self.plain.find(user_agent).map(|found| found.pattern().as_usize());
        let plain = plain.and_then(|index| self.plain_patterns.get(index));
        let listed = || {
            let index = self.listed.matches(user_agent).into_iter().next()?;
            self.listed_patterns.get(index)
        };
        if let Some((pattern, family)) = plain.or_else(listed) {
            return Some(Cow::Owned(format!("{}:{}", family.id(), name_of(pattern))));
        }
        let index = self.generic.matches(user_agent).into_iter().next()?;
        GENERIC.get(index).map(|(reason, _)| Cow::Borrowed(*reason))
    }
}

/// Why these headers are no browser's; `None` when they may be.
pub(crate) fn header_reason(signs: HeaderSigns<'_>) -> Option<&'static str> {
    if signs.user_agent.is_none_or(|agent| agent.trim().is_empty()) {
        return Some("empty_user_agent");
    }
    if signs.client_hint_brands.is_some_and(|brands| brands.contains("Headless")) {
        return Some("headless");
    }
    // Every browser that sends `Sec-Fetch-Mode` also says which languages it wants; automation often forgets.
    if signs.fetch_mode.is_some() && signs.accept_language.is_none_or(|it| it.trim().is_empty()) {
        return Some("no_accept_language");
    }
    None
}

/// The readable part of a pattern: `^Apache-HttpClient` is `Apache-HttpClient`, `[wW]get` is `wget`.
fn name_of(pattern: &str) -> String {
    let mut name = String::new();
    let mut class: Option<String> = None;
    for letter in pattern.trim_start_matches("(?i)").chars() {
        match (letter, &mut class) {
            ('[', None) => class = Some(String::new()),
            (']', Some(letters)) => {
                if let [one, other] = letters.as_bytes()
                    && one.eq_ignore_ascii_case(other)
                {
                    name.push(char::from(*one));
                }
                class = None;
            }
            (letter, Some(letters)) => letters.push(letter),
            ('|', None) => break,
            ('^' | '$' | '(' | ')' | '\\' | '?' | '*' | '+' | '{' | '}', None) => {}
            (letter, None) => name.push(letter),
        }
    }
    name.trim_matches(|letter: char| !letter.is_ascii_alphanumeric()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(user_agent: &str) -> Option<String> {
        Bots::new().unwrap().reason(user_agent).map(Cow::into_owned)
    }

    #[test]
    fn robots_are_known_by_name() {
        let check = |user_agent: &str, expected: &str| {
            assert_eq!(reason(user_agent).as_deref(), Some(expected), "{user_agent}");
        };
        check(
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "crawler:Googlebot",
        );
        check(
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "crawler:GPTBot",
        );
        check(
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36",
            "automation:HeadlessChrome",
        );
        check("curl/8.5.0", "http_library:curl");
        check("python-requests/2.32.3", "http_library:python-requests");
        check("Go-http-client/1.1", "http_library:Go-http-client");
        check("Java/17.0.1", "http_library");
        check("WhatsApp/2.23.20.0 A", "crawler:WhatsApp");
        check(
            "Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)",
            "crawler:sogouspider",
        );
        check(
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "crawler:facebookexternalhit",
        );
        check("Mozilla/5.0 (compatible; NobodyKnowsBot/1.0)", "generic:bot");
        check(
            "Mozilla/5.0 (compatible; Unheard/1.0; +https://unheard.example)",
            "generic:contact_url",
        );
    }

    #[test]
    fn nearly_all_user_agents_of_the_public_list_are_caught() {
        #[derive(serde::Deserialize)]
        struct Crawler {
            instances: Vec<String>,
        }
        let list =
            include_str!("../../../deps/node_modules/crawler-user-agents/crawler-user-agents.json");
        let list: Vec<Crawler> = serde_json::from_str(list).unwrap();
        let bots = Bots::new().unwrap();
        let all: Vec<&String> = list.iter().flat_map(|crawler| &crawler.instances).collect();
        let missed = all.iter().filter(|agent| bots.reason(agent).is_none()).count();
        assert!(all.len() > 2_000);
        // Those in `REPLACED` that are people.
        assert!(missed <= 3, "{missed} of {}", all.len());
    }

    #[test]
    fn people_are_not_robots() {
        for user_agent in crate::agent::tests::PEOPLE {
            assert_eq!(reason(user_agent), None, "{user_agent}");
        }
    }

    #[test]
    fn headers_that_no_browser_sends_are_a_reason() {
        let browser = HeaderSigns {
            user_agent: Some("Mozilla/5.0"),
            accept_language: Some("de"),
            client_hint_brands: Some("\"Chromium\";v=\"131\""),
            fetch_mode: Some("cors"),
        };
        assert_eq!(header_reason(browser), None);
        let check = |signs, expected| assert_eq!(header_reason(signs), expected, "{signs:?}");
        check(HeaderSigns { user_agent: None, ..browser }, Some("empty_user_agent"));
        check(HeaderSigns { user_agent: Some(" "), ..browser }, Some("empty_user_agent"));
        check(HeaderSigns { accept_language: None, ..browser }, Some("no_accept_language"));
        check(
            HeaderSigns { client_hint_brands: Some("\"HeadlessChrome\";v=\"131\""), ..browser },
            Some("headless"),
        );
        // A server that forwards what its visitor did.
        check(
            HeaderSigns {
                accept_language: None,
                fetch_mode: None,
                client_hint_brands: None,
                ..browser
            },
            None,
        );
    }

    #[test]
    fn every_replaced_pattern_is_in_the_list() {
        for (pattern, _) in REPLACED {
            let mut listed = lists::PLAIN.iter().chain(lists::REGEXES);
            let listed = listed.any(|(known, _)| known == pattern);
            assert!(listed, "{pattern} is not in the list any more");
        }
    }
}
