//! Tokens and keys: how long they live, and what signs them.

use api::PostureItem;
use gate::token::TokenAlgorithm;
use secrecy::ExposeSecret;

use super::super::Config;
use super::Subject;
use super::bounds::gate_fault;
use super::secrets::weakness;

const LIVES: Subject = Subject::new("token_lives", "Tokens and keys end in time");
const SECRET: Subject = Subject::new("token_secret", "What signs access tokens is not guessed");
const IMPORTS: Subject = Subject::new("key_imports", "Keys that are brought along are long enough");

pub(super) fn lives(config: &Config) -> PostureItem {
    if let Some(fault) = gate_fault(config, "tokens") {
        return LIVES.refused(fault, "set auth.tokens.* within their bounds");
    }
    if let Some(fault) = gate_fault(config, "keys") {
        return LIVES.refused(fault, "set auth.keys.* within their bounds");
    }
    let minutes = config.auth.access_life.as_secs() / 60;
    LIVES.passed(format!("access tokens end after {minutes} minutes, keys after their time"))
}

pub(super) fn secret(config: &Config) -> PostureItem {
    let is_shared = config.auth.token_algorithm == TokenAlgorithm::Hs256;
    match &config.auth.token_secret {
        None => SECRET.passed("a key derived from the root secret signs access tokens"),
        Some(_) if !is_shared => SECRET.refused(
            "auth.tokens.secret is set, and auth.tokens.algorithm is not `hs256`",
            "take the secret out, or set auth.tokens.algorithm to `hs256`",
        ),
        Some(secret) => match weakness(secret.expose_secret()) {
            Some(weakness) => SECRET
                .refused(format!("auth.tokens.secret {weakness}"), "`shelduck secret` makes one"),
            None => SECRET.passed("auth.tokens.secret is long and random"),
        },
    }
}

pub(super) fn imports(config: &Config) -> PostureItem {
    if config.auth.short_imports {
        return IMPORTS.warned(
            "auth.keys.short_imports allows keys of fewer than 256 bits",
            "take it out when the programs that have them got keys of ours",
        );
    }
    IMPORTS.passed("keys that are brought along need 256 bits")
}
