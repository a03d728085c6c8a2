//! Too many connections, from one address and in all; a thousand silent ones.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::*;

#[tokio::test]
async fn one_address_cannot_take_more_than_its_share() {
    let server = Running::start(ListenConfig { connections_per_address_max: 2, ..patient() });
    let mut first = server.connect().await;
    let mut second = server.connect().await;
    assert!(first.get("/").await.ends_with("fine"));
    assert!(second.get("/").await.ends_with("fine"));
    assert!(!server.lets_in([127, 0, 0, 1]).await);
    assert!(server.lets_in([127, 0, 0, 2]).await);
    drop(first);
    // The server sees the end in its own time.
    while !server.lets_in([127, 0, 0, 1]).await {}
}

#[tokio::test]
async fn all_together_cannot_take_more_than_the_total() {
    let server = Running::start(ListenConfig { connections_max: 1, ..patient() });
    let mut first = server.connect().await;
    assert!(first.get("/").await.ends_with("fine"));
    assert!(!server.lets_in([127, 0, 0, 2]).await);
    assert!(first.get("/").await.ends_with("fine"), "the one that is in stays in");
}

#[tokio::test]
async fn declared_proxy_is_not_held_to_the_share_of_an_address() {
    let uncapped = vec!["127.0.0.1/32".parse().unwrap()];
    let server =
        Running::start(ListenConfig { connections_per_address_max: 1, uncapped, ..patient() });
    let mut clients = vec![server.connect().await, server.connect().await, server.connect().await];
    for client in &mut clients {
        assert!(client.get("/").await.ends_with("fine"));
    }
}

#[tokio::test]
async fn the_quick_are_served_while_the_silent_wait() {
    let server = Running::start(ListenConfig { connections_max: 8, ..patient() });
    // Four times as many as may be new at once; each address keeps within its share.
    let mut silent = Vec::new();
    for number in 0..8_u8 {
        let mut client = server.connect_from([127, 0, 1, number]).await;
        client.send("GET / HTTP/1.1\r\n").await;
        silent.push(client);
        assert!(server.connect().await.get("/").await.ends_with("fine"), "{number}");
    }
    let mut first = silent.swap_remove(0);
    assert_eq!(first.ended().await, "", "the oldest was displaced long before its deadline");
}

#[tokio::test]
async fn strangers_cannot_keep_all_places() {
    let server = Running::start(ListenConfig { connections_max: 8, ..patient() });
    let mut kept = Vec::new();
    for number in 0..4_u8 {
        let mut client = server.connect_from([127, 0, 1, number]).await;
        assert!(!client.get("/").await.contains("connection: close"));
        kept.push(client);
    }
    let mut one_more = server.connect_from([127, 0, 1, 9]).await;
    let said = one_more.get("/").await;
    assert!(said.contains("connection: close") && said.ends_with("fine"), "{said:?}");
    assert_eq!(one_more.ended().await, "");
    for client in &mut kept {
        assert!(client.get("/").await.ends_with("fine"), "who is in stays in");
    }
}

#[tokio::test]
async fn a_thousand_silent_connections_do_not_keep_others_out() {
    const SILENT: usize = 1000;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some_and(|current| current < 4 * SILENT as u64) {
        setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    }
    let server = Running::start(ListenConfig { connections_per_address_max: 600, ..patient() });
    let mut silent = Vec::new();
    for number in 0..SILENT {
        // Half send nothing at all, half the start of a head; from one address, over its cap in the end.
        let Ok(mut client) = server.try_connect_from([127, 0, 0, 3]).await else { continue };
        if number % 2 == 0 {
            let _ = client.stream.write_all(b"GET / HTTP/1.1\r\n").await;
        }
        silent.push(client);
    }
    assert!(!server.lets_in([127, 0, 0, 3]).await, "the address has used up its share");
    for _ in 0..20 {
        assert!(server.connect().await.get("/").await.ends_with("fine"));
    }
}
