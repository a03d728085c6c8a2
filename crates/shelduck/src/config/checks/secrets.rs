//! Secrets: long, random, used once, and not out of anybody's documentation.

use std::collections::HashMap;

use api::PostureItem;
use secrecy::ExposeSecret;

use super::super::{Config, secrets as all};
use super::{Subject, known};
use crate::secret::{self, Kept};

const ROOT: Subject = Subject::new("secret", "The root secret is long and random");
const PREVIOUS: Subject = Subject::new("previous_secret", "The root secret of before was one");
const REUSED: Subject = Subject::new("secret_reuse", "No secret is used twice");
const KNOWN: Subject = Subject::new("secret_known", "No secret is out of a document");

const MAKE_ONE: &str = "`shelduck secret` makes one";

pub(super) fn root(config: &Config) -> PostureItem {
    let path = secret::path(&config.server.data_dir);
    let (secret, place) = match &config.server.secret {
        Some(secret) => (secret.clone(), "server.secret".to_owned()),
        None => match Kept::read(&config.server.data_dir) {
            Ok(Some(kept)) => (kept.primary, path.display().to_string()),
            Ok(None) | Err(_) => {
                return ROOT.passed("one is made at the first start and kept in the data folder");
            }
        },
    };
    match weakness(secret.expose_secret()) {
        None => ROOT.passed(format!("{place} is long and random")),
        Some(weakness) => ROOT.refused(format!("{place} {weakness}"), MAKE_ONE),
    }
}

/// What was made under it was made under a root secret, or there is nothing to recognise.
pub(super) fn previous(config: &Config) -> Option<PostureItem> {
    let secret = config.server.previous_secret.as_ref()?.expose_secret();
    let own = Kept::read(&config.server.data_dir).ok().flatten();
    let is_in_use = config.server.secret.is_none()
        && own.is_some_and(|kept| kept.primary.expose_secret() == secret);
    Some(if is_in_use {
        PREVIOUS.refused(
            "server.previous_secret is the secret in the data folder, which is in use",
            "take it out, or put the new secret there",
        )
    } else if gate::RootSecret::parse(secret).is_err() {
        PREVIOUS.refused(
            "server.previous_secret is not 64 hexadecimal digits",
            "take it out when there was none before",
        )
    } else {
        PREVIOUS.passed("what it made is still recognised; take it out when that is over")
    })
}

/// What is wrong with a root secret.
pub(crate) fn weakness(secret: &str) -> Option<&'static str> {
    if known::is_published(secret) {
        return Some("is published in a document that everybody can read");
    }
    if secret.len() != 64 || !secret.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some("is not 64 hexadecimal digits");
    }
    let digits: Vec<u32> = secret.chars().filter_map(|character| character.to_digit(16)).collect();
    (is_periodic(&digits) || is_regular(&digits) || entropy_bits(&digits) < ENTROPY_BITS_MIN)
        .then_some("is not random")
}

/// Of 64 random digits, fewer bits of entropy per digit come up once in more than a billion draws.
const ENTROPY_BITS_MIN: f64 = 3.2;
/// Of 63 steps between random digits, the commonest comes up about 9 times.
const EQUAL_STEPS_MAX: usize = 24;

/// Whether the digits are a shorter text repeated.
fn is_periodic(digits: &[u32]) -> bool {
    let repeats = |period: usize| {
        digits.iter().zip(digits.iter().skip(period)).all(|(left, right)| left == right)
    };
    (1..=digits.len() / 2).any(repeats)
}

/// Whether the digits go up or down in equal steps, as in `0123456789abcdef`.
fn is_regular(digits: &[u32]) -> bool {
    let mut steps = [0_usize; 16];
    for (left, right) in digits.iter().zip(digits.iter().skip(1)) {
        let step = usize::try_from((right + 16 - left) % 16).unwrap_or(0);
        if let Some(count) = steps.get_mut(step) {
            *count += 1;
        }
    }
    steps.iter().any(|count| *count > EQUAL_STEPS_MAX)
}

fn entropy_bits(digits: &[u32]) -> f64 {
    let mut counts: HashMap<u32, u32> = HashMap::new();
    for digit in digits {
        *counts.entry(*digit).or_default() += 1;
    }
    let all = f64::from(u32::try_from(digits.len()).unwrap_or(u32::MAX));
    counts.values().map(|count| f64::from(*count) / all).map(|share| -share * share.log2()).sum()
}

pub(super) fn reused(config: &Config) -> PostureItem {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for (path, secret) in all(config) {
        if let Some(first) = seen.insert(secret, path) {
            return REUSED.refused(
                format!("{first} and {path} have the same value"),
                format!("give each its own; {MAKE_ONE}"),
            );
        }
    }
    REUSED.passed(format!("{} secrets are configured", seen.len()))
}

/// The root secret has its own check.
pub(super) fn known(config: &Config) -> Vec<PostureItem> {
    let published = all(config).filter(|(path, _)| *path != "server.secret");
    published
        .filter(|(_, secret)| known::is_published(secret))
        .map(|(path, _)| KNOWN.refused(format!("{path} is published in a document"), MAKE_ONE))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_drew_at_random_is_refused() {
        for secret in [
            "a1".repeat(32),
            "0".repeat(64),
            "0123456789abcdef".repeat(4),
            "fedcba9876543210".repeat(4),
            "02468ace13579bdf".repeat(4),
            "00112233445566778899aabbccddeeff00112233445566778899aabbccddee01".to_owned(),
            "deadbeef".repeat(8),
            format!("{}{}", "1".repeat(40), "23456789abcdef0123456789"),
            "changeme".to_owned(),
            "admin123".to_owned(),
            "g".repeat(64),
        ] {
            assert!(weakness(&secret).is_some(), "{secret}");
        }
    }

    #[test]
    fn what_was_drawn_at_random_is_taken() {
        for _ in 0..20_000 {
            let secret = secret::generate().unwrap();
            assert_eq!(weakness(secret.expose_secret()), None);
        }
    }
}
