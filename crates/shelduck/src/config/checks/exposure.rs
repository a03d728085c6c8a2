//! What can be reached, from where, and by which pages.

use std::net::IpAddr;

use api::PostureItem;
use gate::config::exact_origin;
use url::Url;

use super::super::{Config, Loaded};
use super::Subject;
use super::bounds::gate_fault;

const HTTP: Subject = Subject::new("http_exposure", "What others can reach is encrypted");
const ADMIN: Subject =
    Subject::new("admin_exposure", "The operator's listener cannot be reached from the internet");
const PUBLIC_URL: Subject = Subject::new("public_url", "The address people use is HTTPS");
const PROXIES: Subject =
    Subject::new("trusted_proxies", "Only the proxy in front may say who a client is");
const CORS: Subject = Subject::new("cors", "Only named origins may read the API");
const NOT_SERVED: Subject =
    Subject::new("not_served_yet", "Every listener that is configured is served");

/// Widest networks that one would run proxies in; anything wider lets strangers claim addresses.
const PROXY_PREFIX_MIN: (u8, u8) = (8, 16);

pub(super) fn http(config: &Config) -> PostureItem {
    let listen = config.http.listen;
    if listen.ip().is_loopback() {
        return HTTP.passed(format!("{listen} is only reachable from this machine"));
    }
    if config.http.is_encrypted() {
        return HTTP.passed(format!("{listen} speaks TLS"));
    }
    if !config.server.trusted_proxies.is_empty() {
        return HTTP.passed(format!(
            "{listen} speaks plain HTTP, for the proxies of server.trusted_proxies, which must speak TLS"
        ));
    }
    HTTP.refused(
        format!("{listen} is reachable from elsewhere without TLS"),
        "set http.tls.certificate and http.tls.key (or http.tls.acme_domains), or name the proxy in front in server.trusted_proxies, or listen on 127.0.0.1",
    )
}

pub(super) fn admin(config: &Config) -> PostureItem {
    let listen = config.admin.listen;
    let private = match listen.ip() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    };
    if private {
        return ADMIN.passed(format!("{listen} is not reachable from the internet"));
    }
    ADMIN.refused(
        format!("admin.listen {listen} could be reached from the internet"),
        "set admin.listen to 127.0.0.1:8081",
    )
}

pub(super) fn public_url(config: &Config) -> PostureItem {
    let Some(text) = &config.server.public_url else {
        return if config.server.trusted_proxies.is_empty() {
            PUBLIC_URL.passed("not set: the address of the listener")
        } else {
            PUBLIC_URL.refused(
                "there is a proxy in front, and server.public_url is not set",
                "set server.public_url to the address people use",
            )
        };
    };
    let bare = "write scheme and host alone, like https://stats.example.com";
    // Browsers and the parser differ about hosts that are patterns.
    if gate_fault(config, "public_url").is_some() {
        return PUBLIC_URL.refused(format!("{text} is no address that a browser would send"), bare);
    }
    match Url::parse(text) {
        Ok(url) if url.path() != "/" || url.query().is_some() || url.host().is_none() => {
            PUBLIC_URL.refused(format!("{text} is more or less than scheme and host"), bare)
        }
        Ok(url) if url.scheme() == "https" => PUBLIC_URL.passed(format!("{text} is HTTPS")),
        Ok(url) if url.scheme() == "http" && is_loopback(&url) => {
            PUBLIC_URL.passed(format!("{text} is only for this machine"))
        }
        _ => PUBLIC_URL.refused(format!("{text} is not an https:// address"), bare),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

pub(super) fn trusted_proxies(config: &Config) -> PostureItem {
    let networks = &config.server.trusted_proxies;
    let name_it = "name the proxy's own address or network";
    if let Some(everybody) = networks.iter().find(|network| network.prefix_len() == 0) {
        return PROXIES
            .refused(format!("{everybody} is everybody: anyone could claim any address"), name_it);
    }
    let (v4, v6) = PROXY_PREFIX_MIN;
    let is_wide = |network: &&ipnet::IpNet| {
        network.prefix_len() < if network.addr().is_ipv4() { v4 } else { v6 }
    };
    if let Some(wide) = networks.iter().find(is_wide) {
        return PROXIES.warned(format!("{wide} holds more machines than your proxies"), name_it);
    }
    PROXIES.passed(format!("{} networks", networks.len()))
}

pub(super) fn cors(config: &Config) -> Vec<PostureItem> {
    let wrong = config.cors.api_origins.iter().filter(|origin| exact_origin(origin).is_err());
    let refuse = |origin: &String| {
        CORS.refused(
            format!("`{origin}` is not an exact origin"),
            "write each origin out, like https://app.example.com; wildcards and `null` are refused",
        )
    };
    wrong.map(refuse).collect()
}

pub(super) fn not_served_yet(loaded: &Loaded) -> Option<PostureItem> {
    let paths = loaded.set.iter().map(|set| set.path);
    let early: Vec<&str> =
        paths.filter(|path| path.starts_with("mysql.") || path.starts_with("agents.")).collect();
    (!early.is_empty()).then(|| {
        NOT_SERVED.warned(
            format!("{} has no effect in this version", early.join(", ")),
            "take it out until the release that serves it",
        )
    })
}
