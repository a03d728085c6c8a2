//! Whose word about the client is taken, and what counts for nothing.

use gate::config::ForwardedHeader;
use ipnet::IpNet;

use crate::support::{Call, World, post};

fn world(family: ForwardedHeader) -> World {
    World::with(|config| {
        let networks = ["10.0.0.0/8", "2001:db8::/32"];
        config.trusted_proxies = networks.iter().flat_map(|text| text.parse::<IpNet>()).collect();
        config.forwarded_header = family;
    })
}

/// The client the handler sees.
async fn client(world: &World, call: Call) -> String {
    let reply = world.send(call.body("x")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.text().split(' ').next().unwrap_or_default().to_owned()
}

fn event() -> Call {
    post("/api/event")
}

#[tokio::test]
async fn up_to_three_proxies_are_walked_from_the_right() {
    let world = world(ForwardedHeader::XForwardedFor);
    for (from, chain, expected) in [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", Some("198.51.100.7"), "192.0.2.1"),
        ("10.0.0.1", Some("198.51.100.7"), "198.51.100.7"),
        ("10.0.0.1", Some("6.6.6.6, 198.51.100.7, 10.0.0.2"), "198.51.100.7"),
        ("10.0.0.1", Some("6.6.6.6, 198.51.100.7, 10.0.0.3, 10.0.0.2"), "198.51.100.7"),
        ("2001:db8::1", Some("[2001:db9::7]:4711"), "2001:db9::7"),
        ("::ffff:10.0.0.1", Some("::ffff:198.51.100.7"), "198.51.100.7"),
        ("10.0.0.1", Some("fe80::1%eth0"), "10.0.0.1"),
        ("10.0.0.1", Some(""), "10.0.0.1"),
        ("10.0.0.1", Some("unknown"), "10.0.0.1"),
        ("10.0.0.1", Some("198.51.100.7, \u{9}"), "10.0.0.1"),
    ] {
        let mut call = event().from(from);
        if let Some(chain) = chain {
            call = call.header("x-forwarded-for", chain);
        }
        assert_eq!(client(&world, call).await, expected, "{from} {chain:?}");
    }
    let hundred = vec!["198.51.100.7"; 100].join(",");
    let call = event().from("10.0.0.1").header("x-forwarded-for", &hundred);
    assert_eq!(client(&world, call).await, "198.51.100.7");
}

#[tokio::test]
async fn one_family_of_headers_is_read_and_the_other_never() {
    let both = || {
        event()
            .from("10.0.0.1")
            .header("x-forwarded-for", "198.51.100.1")
            .header("forwarded", "for=198.51.100.2;proto=https")
    };
    let plain = world(ForwardedHeader::XForwardedFor);
    let rfc = world(ForwardedHeader::Forwarded);
    assert_eq!(client(&plain, both()).await, "198.51.100.1");
    assert_eq!(client(&rfc, both()).await, "198.51.100.2");
    let forged = || event().from("10.0.0.1").header("forwarded", "for=198.51.100.2");
    assert_eq!(client(&plain, forged()).await, "10.0.0.1");
    let forged = || event().from("10.0.0.1").header("x-forwarded-for", "198.51.100.1");
    assert_eq!(client(&rfc, forged()).await, "10.0.0.1");
}

#[tokio::test]
async fn whether_the_client_speaks_tls_is_said_by_the_same_family() {
    let hsts = async |world: &World, call: Call| {
        world.send(call.body("x")).await.header("strict-transport-security").is_some()
    };
    let call = || event().from("10.0.0.1").header("x-forwarded-for", "198.51.100.1");
    let plain = world(ForwardedHeader::XForwardedFor);
    assert!(hsts(&plain, call().header("x-forwarded-proto", "https")).await);
    assert!(!hsts(&plain, call().header("forwarded", "for=198.51.100.1;proto=https")).await);
    let two = call().header("x-forwarded-proto", "https").header("x-forwarded-proto", "http");
    assert!(!hsts(&plain, two).await);
    let rfc = world(ForwardedHeader::Forwarded);
    assert!(hsts(&rfc, call().header("forwarded", "for=198.51.100.1;proto=https")).await);
    assert!(!hsts(&rfc, call().header("x-forwarded-proto", "https")).await);
    assert!(!hsts(&rfc, call().header("forwarded", "for=198.51.100.1;proto=http")).await);
    let nearer = "for=198.51.100.1;proto=http, for=10.0.0.2;proto=https";
    assert!(!hsts(&rfc, call().header("forwarded", nearer)).await, "the client's own connection");
}
