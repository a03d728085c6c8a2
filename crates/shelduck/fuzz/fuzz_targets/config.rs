//! Reads an arbitrary document and arbitrary variables as the configuration.
//!
//! The document ends at the first zero byte; each line behind it is a variable, `NAME=value`, without the prefix. Nothing
//! panics, reading twice gives the same, and every option that was set shows a value that is read back as itself. A secret is
//! never part of a problem, whatever stands in its place.

#![no_main]
#![allow(dead_code, unused_imports)]

use libfuzzer_sys::fuzz_target;

/// The reader, as the server compiles it.
#[path = "../../src/config"]
mod config {
    pub mod external;
    pub mod load;
    pub mod options;
    pub mod printed;
    pub mod setting;
}

use config::load::{Loaded, Problem, load};
use config::options::{Config, ENTRIES, Entry};
use config::setting::Raw;

const CANARY: &str = "hunter2-hunter2";

fuzz_target!(|input: &str| {
    let (document, rest) = input.split_once('\0').unwrap_or((input, ""));
    let variables = || {
        let pairs = rest.lines().filter_map(|line| line.split_once('='));
        pairs
            .filter(|(name, _)| is_value(name))
            .map(|(name, value)| (format!("SHELDUCK_{name}"), value.to_owned()))
    };
    let of_file = || {
        let mut loaded = Loaded::from(Config::default());
        loaded.read_document("file", document);
        loaded
    };
    let (first, second) = (of_file(), of_file());
    assert_eq!(first.problems, second.problems);
    shows_what_it_reads(&first.config);
    shows_what_it_reads(&load(None, variables()).config);
    keeps_secrets(document);
});

/// What names a file or a command is not followed.
fn is_value(name: &str) -> bool {
    let name = name.to_lowercase();
    !name.ends_with("_file") && !name.ends_with("_command")
}

/// Lists are shown with commas between, which their items may hold themselves.
fn shows_what_it_reads(config: &Config) {
    let mut again = Config::default();
    let plain = |entry: &&Entry| !entry.secret && !entry.shape.starts_with("a list");
    for entry in ENTRIES.iter().filter(plain) {
        let shown = (entry.show)(config);
        let read = (entry.set)(&mut again, &Raw::Text(shown.clone()));
        assert_eq!(read, Ok(()), "{} shows {shown:?}", entry.path);
        assert_eq!((entry.show)(&again), shown, "{}", entry.path);
    }
}

/// The document's values, in the place of every secret.
fn keeps_secrets(document: &str) {
    let Ok(table) = document.parse::<toml::Table>() else { return };
    for value in table.into_iter().take(4).map(|(_, value)| value) {
        let value = toml::Value::Array(vec![value, CANARY.into()]);
        for entry in ENTRIES.iter().filter(|entry| entry.secret) {
            let refused = (entry.set)(&mut Config::default(), &Raw::Toml(value.clone()));
            assert!(refused.is_err_and(|message| !message.contains(CANARY)), "{}", entry.path);
        }
    }
}
