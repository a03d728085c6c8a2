//! Sites.

use control::{
    ALLOWED_HOSTNAMES_MAX, Hostname, NewSite, SITES_MAX, SiteChange, SiteError, SiteSettings,
    StoreError, TimeZoneName,
};

use crate::{at, fill, store};

fn host(name: &str) -> Hostname {
    name.parse().unwrap()
}

fn new_site(domain: &str) -> NewSite {
    NewSite {
        domain: host(domain),
        time_zone: TimeZoneName::utc(),
        settings: SiteSettings::default(),
    }
}

#[test]
fn a_domain_is_one_site_however_it_is_spelt() {
    let store = store();
    let made = store.control.create_site(&new_site("Shop.Example"), at(0)).unwrap();
    assert_eq!(made.domain.as_str(), "shop.example");
    let error = store.control.create_site(&new_site("shop.example."), at(1)).unwrap_err();
    assert!(matches!(error, SiteError::DomainTaken), "{error}");
    assert_eq!(store.control.site(&host("www.SHOP.example")).unwrap(), Some(made));
    assert_eq!(store.control.site(&host("m.shop.example")).unwrap(), None);
}

#[test]
fn sites_are_listed_by_domain_and_removed() {
    let store = store();
    for domain in ["b.example", "a.example"] {
        store.control.create_site(&new_site(domain), at(0)).unwrap();
    }
    let domains: Vec<String> =
        store.control.sites().unwrap().into_iter().map(|site| site.domain.to_string()).collect();
    assert_eq!(domains, ["a.example", "b.example"]);
    assert!(store.control.remove_site(&host("a.example")).unwrap());
    assert!(!store.control.remove_site(&host("a.example")).unwrap());
    assert_eq!(store.control.sites().unwrap().len(), 1);
}

#[test]
fn a_change_leaves_the_rest_alone() {
    let store = store();
    let hosts = vec![host("shop.example.net"), host("127.0.0.1")];
    let settings = SiteSettings { allowed_hostnames: hosts.clone() };
    store.control.create_site(&NewSite { settings, ..new_site("shop.example") }, at(0)).unwrap();
    let change =
        SiteChange { time_zone: Some("europe/berlin".parse().unwrap()), ..SiteChange::default() };
    let changed = store.control.change_site(&host("shop.example"), change).unwrap();
    assert_eq!(changed.time_zone.as_str(), "Europe/Berlin");
    assert_eq!(changed.settings.allowed_hostnames, hosts);
    assert_eq!(store.control.site(&host("shop.example")).unwrap(), Some(changed));
    let error =
        store.control.change_site(&host("absent.example"), SiteChange::default()).unwrap_err();
    assert!(matches!(error, SiteError::Unknown), "{error}");
}

#[test]
fn only_iana_time_zones_are_known() {
    for name in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata"] {
        assert_eq!(name.parse::<TimeZoneName>().unwrap().as_str(), name);
    }
    for name in [
        "",
        "Mars/Olympus",
        "+02:00",
        "../../etc/passwd",
        "Etc/Unknown",
        "Europe/Berlin\0",
        "CET-1CEST",
    ] {
        let error = name.parse::<TimeZoneName>().unwrap_err();
        assert!(matches!(error, SiteError::UnknownTimeZone), "{name}");
    }
}

#[test]
fn a_site_has_so_many_hosts() {
    let store = store();
    let hosts: Vec<Hostname> =
        (0..=ALLOWED_HOSTNAMES_MAX).map(|number| host(&format!("h{number}.example"))).collect();
    let settings = SiteSettings { allowed_hostnames: hosts[1..].to_vec() };
    let made = store
        .control
        .create_site(&NewSite { settings, ..new_site("shop.example") }, at(0))
        .unwrap();
    let change = SiteChange { allowed_hostnames: Some(hosts), ..SiteChange::default() };
    let error = store.control.change_site(&host("shop.example"), change).unwrap_err();
    assert!(matches!(error, SiteError::TooManyHostnames), "{error}");
    assert_eq!(store.control.site(&made.domain).unwrap(), Some(made));
}

#[test]
fn there_are_so_many_sites() {
    let store = store();
    fill(
        &store,
        SITES_MAX - 1,
        "INSERT INTO sites (domain, time_zone, created_at, settings) VALUES ('s' || ?1 || '.example', 'UTC', 0, '{}')",
    );
    store.control.create_site(&new_site("last.example"), at(0)).unwrap();
    let error = store.control.create_site(&new_site("one-more.example"), at(0)).unwrap_err();
    assert!(matches!(error, SiteError::TooMany), "{error}");
}

#[test]
fn a_row_that_was_tampered_with_is_damage() {
    let store = store();
    store.control.create_site(&new_site("shop.example"), at(0)).unwrap();
    let other = rusqlite::Connection::open(store.folder.path().join("control.sqlite")).unwrap();
    other.execute("UPDATE sites SET time_zone = 'Mars/Olympus'", []).unwrap();
    let error = store.control.sites().unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
}
