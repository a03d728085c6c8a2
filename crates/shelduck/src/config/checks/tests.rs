//! Each check on one configuration that it refuses.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::config::load::Set;
use crate::config::{Config, Place};

fn loaded(change: impl FnOnce(&mut Config)) -> (tempfile::TempDir, Loaded) {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.server.data_dir = dir.path().join("data");
    change(&mut config);
    (dir, Loaded { config, problems: Vec::new(), file: None, credentials: None, set: Vec::new() })
}

fn findings(items: Vec<PostureItem>) -> Vec<(&'static str, Verdict)> {
    let is_worth = |item: &PostureItem| matches!(item.verdict, Verdict::Fail | Verdict::Warn);
    items.into_iter().filter(is_worth).map(|item| (item.id, item.verdict)).collect()
}

fn check(change: impl FnOnce(&mut Config)) -> Vec<(&'static str, Verdict)> {
    let (_dir, loaded) = loaded(change);
    findings(run(&loaded, Timestamp::now()))
}

fn refused(id: &'static str) -> [(&'static str, Verdict); 1] {
    [(id, Verdict::Fail)]
}

fn warned(id: &'static str) -> [(&'static str, Verdict); 1] {
    [(id, Verdict::Warn)]
}

#[test]
fn the_defaults_pass() {
    assert_eq!(check(|_| {}), []);
}

#[test]
fn each_unsafe_setting_is_refused_by_its_check() {
    assert_eq!(
        check(|config| config.http.listen = "0.0.0.0:80".parse().unwrap()),
        refused("http_exposure")
    );
    assert_eq!(
        check(|config| config.admin.listen = "0.0.0.0:81".parse().unwrap()),
        refused("admin_exposure")
    );
    assert_eq!(
        check(|config| config.server.public_url = Some("http://example.com".into())),
        refused("public_url")
    );
    assert_eq!(
        check(|config| config.server.public_url = Some("https://example.com/a".into())),
        refused("public_url")
    );
    assert_eq!(
        check(|config| config.server.secret = Some("changeme".to_owned().into())),
        refused("secret")
    );
    assert_eq!(
        check(|config| config.server.secret = Some("a1".repeat(32).into())),
        refused("secret")
    );
    assert_eq!(check(|config| config.auth.attempts = 0), refused("passwords"));
    assert_eq!(check(|config| config.auth.length_min = 8), refused("passwords"));
    assert_eq!(check(|config| config.auth.history = 0), refused("password_history"));
    assert_eq!(check(|config| config.auth.history = 25), refused("password_history"));
    assert_eq!(
        check(|config| config.auth.breached_file = Some("nothing-here".into())),
        refused("breached_file")
    );
    assert_eq!(check(|config| config.auth.previous_codes = 2), refused("totp_codes"));
    assert_eq!(check(|config| config.auth.digits = 7), refused("totp_codes"));
    assert_eq!(check(|config| config.auth.attempts_in_a_row = 101), refused("passwords"));
    assert_eq!(check(|config| config.auth.stuffing_pairs = 0), refused("passwords"));
    assert_eq!(
        check(|config| config.auth.device_life = std::time::Duration::ZERO),
        refused("passwords")
    );
    assert_eq!(check(|config| config.limits.auth = 0), refused("limits"));
    assert_eq!(check(|config| config.limits.bad_credentials = 0), refused("limits"));
    assert_eq!(check(|config| config.limits.api_size = 0), refused("limits"));
    assert_eq!(check(|config| config.limits.api_per_second = 0), refused("limits"));
    assert_eq!(check(|config| config.limits.tier_key = 0), refused("limits"));
    assert_eq!(check(|config| config.limits.heavy_units = 0), refused("limits"));
    assert_eq!(check(|config| config.query.threads = 0), refused("engine"));
    assert_eq!(check(|config| config.audit.files_max = 0), refused("audit"));
    assert_eq!(check(|config| config.http.key = Some("k.pem".into())), refused("tls_certificate"));
    for origin in [
        "*",
        "null",
        "https://*.example.com",
        "https://example.com/",
        "example.com",
        "HTTPS://example.com",
    ] {
        assert_eq!(
            check(|config| config.cors.api_origins = vec![origin.into()]),
            refused("cors"),
            "{origin}"
        );
    }
    for everyone in ["0.0.0.0/0", "::/0"] {
        let found = check(|config| {
            config.server.trusted_proxies = vec![everyone.parse().unwrap()];
            config.server.public_url = Some("https://example.com".into());
        });
        assert_eq!(found, refused("trusted_proxies"));
    }
}

#[test]
fn what_may_be_meant_is_a_warning() {
    assert_eq!(
        check(|config| config.auth.required = crate::config::MfaRequired::None),
        warned("second_factor")
    );
    assert_eq!(check(|config| config.auth.required = crate::config::MfaRequired::All), []);
    assert_eq!(
        check(|config| config.limits.mode = crate::config::LimitsMode::Shadow),
        warned("limits")
    );
    assert_eq!(
        check(|config| config.audit.keep = std::time::Duration::from_secs(86_400)),
        warned("audit")
    );
    let wide = check(|config| {
        config.server.trusted_proxies = vec!["10.0.0.0/7".parse().unwrap()];
        config.server.public_url = Some("https://example.com".into());
    });
    assert_eq!(wide, warned("trusted_proxies"));
}

#[test]
fn shared_counters_need_an_address_that_is_one_and_keeps_its_password() {
    for url in ["redis.example:6379", "http://:hunter2@redis.example", "rediss://h/#insecure"] {
        let found = check(|config| config.scale.redis_url = Some(url.to_owned().into()));
        assert_eq!(found, refused("shared_counters"), "{url}");
    }
    let none = check(|config| {
        config.scale.redis_url = Some("rediss://redis.example".to_owned().into());
        config.scale.servers = 0;
    });
    assert_eq!(none, refused("shared_counters"));
    let redis = |url: &str| check(|config| config.scale.redis_url = Some(url.to_owned().into()));
    assert_eq!(redis("redis://redis.example:6379/0"), warned("shared_counters"));
    assert_eq!(redis("rediss://:password@redis.example:6379/0"), []);
    assert_eq!(redis("unix:///run/redis/redis.sock"), []);
}

#[test]
fn rules_that_make_passwords_worse_are_warned_of() {
    assert_eq!(check(|config| config.auth.composition = true), warned("password_composition"));
    assert_eq!(check(|config| config.auth.expiry_days = 90), warned("password_expiry"));
}

#[test]
fn a_clock_before_the_build_is_refused() {
    assert_eq!(machine::clock(Timestamp::UNIX_EPOCH).verdict, Verdict::Fail);
}

#[test]
fn every_published_secret_is_refused() {
    for published in known::PUBLISHED {
        for spelling in
            [(*published).to_owned(), published.to_uppercase(), format!(" {published} ")]
        {
            let found = check(|config| config.server.secret = Some(spelling.clone().into()));
            assert_eq!(found, refused("secret"), "{spelling}");
        }
    }
}

#[test]
fn a_layer_is_switched_off_on_loopback_or_knowingly() {
    let off = |config: &mut Config| config.insecure.limits_off = true;
    assert_eq!(check(off), warned("insecure"));
    let behind_a_proxy = |config: &mut Config| {
        config.insecure.lockout_off = true;
        config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        config.server.public_url = Some("https://example.com".into());
    };
    assert_eq!(check(behind_a_proxy), refused("insecure"));
    let exposed = |config: &mut Config| {
        behind_a_proxy(config);
        config.insecure.headers_off = true;
        config.http.listen = "0.0.0.0:80".parse().unwrap();
    };
    assert_eq!(check(exposed), refused("insecure"));
    let knowingly = check(|config| {
        exposed(config);
        config.insecure.acknowledged = true;
    });
    assert_eq!(knowingly, warned("insecure"));
}

#[test]
fn files_of_secrets_are_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, mut loaded) = loaded(|_| {});
    let file = dir.path().join("shelduck.toml");
    let named = dir.path().join("root.txt");
    for path in [&file, &named] {
        std::fs::write(path, "").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    loaded.file = Some(file);
    assert_eq!(findings(run(&loaded, Timestamp::now())), [], "a file without secrets may be open");
    loaded.set = vec![Set { path: "server.secret", place: Place::File }];
    assert_eq!(findings(run(&loaded, Timestamp::now())), refused("config_file"));
    loaded.set = vec![Set { path: "server.secret", place: Place::ContentOf(named.clone()) }];
    assert_eq!(findings(run(&loaded, Timestamp::now())), refused("secret_file"));
    std::fs::set_permissions(&named, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(findings(run(&loaded, Timestamp::now())), []);
}

#[test]
fn a_certificate_that_ends_is_told_of() {
    let ends_in = |days: i64| {
        let (dir, mut loaded) = loaded(|_| {});
        let now = Timestamp::now();
        let end = (now + SignedDuration::from_hours(24 * days)).to_zoned(TimeZone::UTC).date();
        let (certificate, key) = (dir.path().join("c.pem"), dir.path().join("k.pem"));
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let part = |number: i8| u8::try_from(number).unwrap();
        params.not_after =
            rcgen::date_time_ymd(end.year().into(), part(end.month()), part(end.day()));
        let pair = rcgen::KeyPair::generate().unwrap();
        std::fs::write(&certificate, params.self_signed(&pair).unwrap().pem()).unwrap();
        crate::secret::write_private(&key, pair.serialize_pem().as_bytes()).unwrap();
        loaded.config.http.certificate = Some(certificate);
        loaded.config.http.key = Some(key);
        findings(run(&loaded, now))
    };
    assert_eq!(ends_in(60), []);
    assert_eq!(ends_in(20), warned("tls_certificate"));
    assert_eq!(ends_in(-1), warned("tls_certificate"));
}

#[test]
fn ids_are_unique_in_their_list() {
    let (_dir, loaded) = loaded(|_| {});
    let items = [run(&loaded, Timestamp::now()), lists(&loaded)].concat();
    let mut seen = std::collections::HashSet::new();
    for item in &items {
        assert!(seen.insert((item.source, item.id)), "{:?} {}", item.source, item.id);
        assert!(!item.title.is_empty() && !item.detail.is_empty(), "{}", item.id);
        let mends = matches!(item.verdict, Verdict::Fail | Verdict::Warn);
        assert_eq!(item.remedy.is_some(), mends, "{}", item.id);
    }
}
