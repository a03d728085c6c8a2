//! What an operator can set about the gate, with defaults and floors.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::factor::totp::TotpAlgorithm;
pub use crate::forwarded::ForwardedHeader;
use crate::key::is_environment;
pub use crate::limits::{LimitsConfig, Mode};
pub use crate::lockout::LockoutConfig;
pub use crate::password::PasswordConfig;
use crate::scope::is_database_name;
pub use tokens::{ACCESS_LIFE_S_MAX, TokensConfig};

mod tokens;

/// What an operator can set about the gate.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GateConfig {
    /// How the server is reached from outside; its origin may act on behalf of a session.
    pub public_url: Option<String>,
    /// Proxies whose word about the client is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// The one family of headers that those proxies write.
    pub forwarded_header: ForwardedHeader,
    /// Host names the server answers to; none listed means any.
    pub hosts: Vec<String>,
    /// Whether HTTPS-only may be burned into browsers.
    pub hsts_preload: bool,
    /// Passwords.
    pub passwords: PasswordConfig,
    /// What happens to who guesses.
    pub lockout: LockoutConfig,
    /// How long sessions live.
    pub sessions: SessionsConfig,
    /// Tokens for programs.
    pub tokens: TokensConfig,
    /// Second factors.
    pub mfa: MfaConfig,
    /// API keys.
    pub keys: KeysConfig,
    /// How often what may be done.
    pub limits: LimitsConfig,
    /// Foreign pages that may read.
    pub cors: CorsConfig,
    /// Layers that are switched off.
    pub off: OffConfig,
    /// Whether every decision about a caller who proved who it is becomes an event, and not only refusals.
    pub audit_decisions: bool,
}

/// Layers of defence that are switched off. Authentication, policies and the proof of origin have no switch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OffConfig {
    /// Nobody is refused for asking too often.
    pub limits: bool,
    /// Nobody is locked for guessing.
    pub lockout: bool,
    /// Answers lack the headers that protect browsers.
    pub headers: bool,
}

/// How long sessions live.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionsConfig {
    /// Idle life of privileged sessions.
    pub privileged_idle_s: u32,
    /// Idle life of other sessions.
    pub idle_s: u32,
    /// Whole life of privileged sessions.
    pub privileged_absolute_s: u32,
    /// Whole life of other sessions.
    pub absolute_s: u32,
    /// Sessions of one user at a time; the oldest ends.
    pub per_user_max: usize,
}

impl Default for SessionsConfig {
    fn default() -> Self {
        Self {
            privileged_idle_s: 30 * 60,
            idle_s: 60 * 60,
            privileged_absolute_s: 12 * 3600,
            absolute_s: 24 * 3600,
            per_user_max: 10,
        }
    }
}

/// Second factors.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MfaConfig {
    /// Who must have one.
    pub required: MfaRule,
    /// Databases of which everybody who may do anything with them must have one.
    pub databases: Vec<String>,
    /// How many steps of thirty seconds back a code may be of.
    pub steps_back: u8,
    /// Digits of a code of an app enrolled from now on.
    pub digits: u8,
    /// How codes of an app enrolled from now on are made.
    pub algorithm: TotpAlgorithm,
}

/// Who must have a second factor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MfaRule {
    /// Who may do what the product's table says needs one.
    #[default]
    Privileged,
    /// Everybody.
    All,
    /// Nobody.
    None,
}

impl Default for MfaConfig {
    fn default() -> Self {
        Self {
            required: MfaRule::default(),
            databases: Vec::new(),
            steps_back: 1,
            digits: 6,
            algorithm: TotpAlgorithm::default(),
        }
    }
}

impl MfaConfig {
    fn faults(&self, fault: &mut impl FnMut(&'static str, String)) {
        if self.steps_back > 1 {
            fault("mfa.steps_back", "must be 0 or 1".to_owned());
        }
        if !matches!(self.digits, 6 | 8) {
            fault("mfa.digits", "must be 6 or 8".to_owned());
        }
        for name in &self.databases {
            if !is_database_name(name) {
                fault("mfa.databases", format!("{name:?} is no name of a database"));
            }
        }
    }
}

/// API keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeysConfig {
    /// The mark inside new keys; keys with another mark are refused.
    pub environment: String,
    /// Life of a key when its maker names none.
    pub life_days: u32,
    /// Longest life of a key.
    pub life_days_max: u32,
    /// How long a replaced key goes on working.
    pub overlap_hours: u32,
    /// Whether keys of 32 to 63 characters may be brought along from other systems.
    pub short_imports: bool,
}

impl Default for KeysConfig {
    fn default() -> Self {
        Self {
            environment: "live".to_owned(),
            life_days: 90,
            life_days_max: 366,
            overlap_hours: 24,
            short_imports: false,
        }
    }
}

/// Longest life of a key that can be configured.
pub const KEY_LIFE_DAYS_MAX: u32 = 366;

/// Foreign pages that may read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorsConfig {
    /// Exact origins: scheme, host, port.
    pub api_origins: Vec<String>,
}

/// One thing wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// Which setting, as a path inside [`GateConfig`].
    pub key: &'static str,
    /// What is wrong, for the operator.
    pub message: String,
}

/// Everything wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFaults(pub Vec<ConfigFault>);

impl std::fmt::Display for ConfigFaults {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(formatter, "{separator}{}: {}", fault.key, fault.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigFaults {}

impl GateConfig {
    /// Everything wrong with it; empty when it can be used.
    #[must_use]
    pub fn faults(&self) -> Vec<ConfigFault> {
        let mut faults = Vec::new();
        let mut fault = |key, message: String| faults.push(ConfigFault { key, message });
        for proxies in &self.trusted_proxies {
            if proxies.prefix_len() == 0 {
                fault("trusted_proxies", format!("{proxies} trusts everybody"));
            }
        }
        for origin in &self.cors.api_origins {
            if let Err(message) = exact_origin(origin) {
                fault("cors.api_origins", format!("{origin:?} {message}"));
            }
        }
        for host in &self.hosts {
            if !is_host(host) {
                fault("hosts", format!("{host:?} is not a host name"));
            }
        }
        if self.public_url.is_some() && self.public_origin().is_none() {
            fault("public_url", "must be an http or https address".to_owned());
        }
        if !is_environment(&self.keys.environment) {
            fault("keys.environment", "must be one to eight lower-case letters".to_owned());
        }
        if self.keys.life_days == 0 || self.keys.life_days > self.keys.life_days_max {
            fault("keys.life_days", "must be between 1 and keys.life_days_max".to_owned());
        }
        if self.keys.life_days_max > KEY_LIFE_DAYS_MAX {
            fault("keys.life_days_max", format!("must be at most {KEY_LIFE_DAYS_MAX}"));
        }
        if self.keys.overlap_hours > 168 {
            fault("keys.overlap_hours", "must be at most 168".to_owned());
        }
        self.sessions.faults(&mut fault);
        self.mfa.faults(&mut fault);
        self.passwords.faults(&mut fault);
        self.lockout.faults(&mut fault);
        self.limits.faults(&mut fault);
        self.tokens.faults(&mut fault);
        faults
    }

    /// The origin of the public address, as browsers write it.
    #[must_use]
    pub fn public_origin(&self) -> Option<String> {
        let url = Url::parse(self.public_url.as_ref()?).ok()?;
        let usable = matches!(url.scheme(), "http" | "https") && url.has_host();
        let origin = usable.then(|| url.origin().ascii_serialization());
        // The parser takes hosts no browser would send, such as patterns.
        origin.filter(|origin| exact_origin(origin).is_ok())
    }
}

impl SessionsConfig {
    fn faults(&self, fault: &mut impl FnMut(&'static str, String)) {
        let pairs =
            [(self.privileged_idle_s, self.privileged_absolute_s), (self.idle_s, self.absolute_s)];
        if pairs.iter().any(|(idle, absolute)| *idle == 0 || idle > absolute) {
            fault(
                "sessions",
                "idle life must be more than zero and no more than the absolute life".to_owned(),
            );
        }
        if self.absolute_s > 7 * 24 * 3600 || self.privileged_absolute_s > 24 * 3600 {
            fault(
                "sessions",
                "absolute life is at most 24 hours when privileged and 7 days otherwise".to_owned(),
            );
        }
        if self.per_user_max == 0 {
            fault("sessions.per_user_max", "must be at least 1".to_owned());
        }
    }
}

/// Checks that a text is one exact origin: scheme, host, port, nothing else, and no pattern.
///
/// # Errors
/// What is wrong with it, to follow the text itself.
pub fn exact_origin(text: &str) -> Result<(), &'static str> {
    if text == "*" || text == "null" || text.contains('*') {
        return Err("is not one exact origin");
    }
    let url = Url::parse(text).map_err(|_| "is not an address")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must begin with http:// or https://");
    }
    // The parser takes more letters than names of hosts have.
    let is_plain = |byte: u8| is_host_letter(byte) || byte == b'_';
    if !url.host_str().is_some_and(|host| host.bytes().all(is_plain)) {
        return Err("has a host with letters that hosts do not have");
    }
    if url.origin().ascii_serialization() == text {
        Ok(())
    } else {
        Err(
            "must be written as browsers send it: scheme, host and port in lower case, no path, no default port",
        )
    }
}

fn is_host(text: &str) -> bool {
    let address = text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    !text.is_empty() && (address || text.bytes().all(is_host_letter))
}

const fn is_host_letter(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b':' | b'[' | b']')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faulty(change: impl FnOnce(&mut GateConfig)) -> Vec<&'static str> {
        let mut config = GateConfig::default();
        change(&mut config);
        config.faults().into_iter().map(|fault| fault.key).collect()
    }

    #[test]
    fn the_defaults_are_right() {
        assert_eq!(faulty(|_| ()), Vec::<&str>::new());
    }

    #[test]
    fn every_refused_setting_is_named() {
        for origin in [
            "*",
            "null",
            "https://*.example.org",
            "https://Example.org",
            "https://example.org/",
            "example.org",
            "https://example.org:443",
            "ftp://example.org",
            "https://user@example.org",
            "https://one.example,two.example",
            "https://~xn,-mnttpst",
            "",
        ] {
            assert_eq!(
                faulty(|c| c.cors.api_origins = vec![origin.to_owned()]),
                ["cors.api_origins"],
                "{origin}"
            );
        }
        assert_eq!(
            faulty(|c| c.cors.api_origins = vec!["https://example.org:8443".to_owned()]),
            Vec::<&str>::new()
        );
        let unusual =
            ["http://my_host", "http://[2001:db8::1]:81", "https://xn--bcher-kva.example"];
        let unusual = unusual.map(str::to_owned).to_vec();
        assert_eq!(faulty(|c| c.cors.api_origins = unusual), Vec::<&str>::new());
        assert_eq!(
            faulty(|c| c.trusted_proxies = vec!["0.0.0.0/0".parse().unwrap()]),
            ["trusted_proxies"]
        );
        for url in ["ftp://example.org", "https://*.example.org"] {
            assert_eq!(faulty(|c| c.public_url = Some(url.to_owned())), ["public_url"], "{url}");
        }
        assert_eq!(
            faulty(|c| c.public_url = Some("https://example.org/stats".to_owned())),
            Vec::<&str>::new()
        );
        assert_eq!(faulty(|c| c.hosts = vec!["a/b".to_owned()]), ["hosts"]);
        assert_eq!(faulty(|c| c.keys.environment = "Live".to_owned()), ["keys.environment"]);
        assert_eq!(faulty(|c| c.keys.life_days = 0), ["keys.life_days"]);
        assert_eq!(faulty(|c| c.keys.life_days_max = 367), ["keys.life_days_max"]);
        assert_eq!(faulty(|c| c.keys.overlap_hours = 169), ["keys.overlap_hours"]);
        assert_eq!(faulty(|c| c.sessions.idle_s = 0), ["sessions"]);
        assert_eq!(faulty(|c| c.tokens.access_life_s = 3_601), ["tokens.access_life_s"]);
        assert_eq!(faulty(|c| c.tokens.access_life_s = 59), ["tokens.access_life_s"]);
        assert_eq!(faulty(|c| c.tokens.refresh_idle_s = 31 * 86_400), ["tokens"]);
        assert_eq!(faulty(|c| c.tokens.refresh_absolute_s = 91 * 86_400), ["tokens"]);
        assert_eq!(faulty(|c| c.tokens.per_user_max = 0), ["tokens.per_user_max"]);
        assert_eq!(faulty(|c| c.sessions.absolute_s = 8 * 24 * 3600), ["sessions"]);
        assert_eq!(faulty(|c| c.passwords.memory_kib = 18 * 1024), ["passwords"]);
        assert_eq!(faulty(|c| c.passwords.characters_min = 14), ["passwords.characters_min"]);
        assert_eq!(faulty(|c| c.lockout.account_failures = 0), ["lockout"]);
        assert_eq!(faulty(|c| c.mfa.steps_back = 2), ["mfa.steps_back"]);
        assert_eq!(faulty(|c| c.mfa.digits = 7), ["mfa.digits"]);
        assert_eq!(faulty(|c| c.mfa.databases = vec!["a/b".to_owned()]), ["mfa.databases"]);
        assert_eq!(faulty(|c| c.limits.read = 0), ["limits"]);
    }
}
