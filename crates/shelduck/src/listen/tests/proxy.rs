//! The PROXY protocol: from whom it is taken, and that nothing goes without it.

use super::*;

const PROXY: [u8; 4] = [127, 0, 0, 7];

fn behind_proxies() -> ListenConfig {
    let uncapped = vec!["127.0.0.7/32".parse().unwrap()];
    ListenConfig { proxy_protocol: true, uncapped, ..patient() }
}

/// A header that announces a client, with what the proxy adds.
fn header(additions: &[u8]) -> Vec<u8> {
    let length = u16::try_from(12 + additions.len()).unwrap().to_be_bytes();
    let addresses = [198, 51, 100, 7, 127, 0, 0, 1, 0x12, 0x67, 0x1f, 0x90];
    [b"\r\n\r\n\0\r\nQUIT\n\x21\x11", &length[..], &addresses, additions].concat()
}

const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\x00\0\0";
const REQUEST: &[u8] = b"GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// What is answered to these bytes from that address, in as many pieces.
async fn said(server: &Running, from: [u8; 4], pieces: &[&[u8]]) -> String {
    let Ok(mut client) = server.try_connect_from(from).await else { return String::new() };
    for piece in pieces {
        if client.stream.write_all(piece).await.is_err() {
            return String::new();
        }
        tokio::task::yield_now().await;
    }
    let mut said = Vec::new();
    let end = tokio::time::timeout(PATIENCE, client.stream.read_to_end(&mut said)).await;
    assert!(end.is_ok(), "the connection is still open");
    String::from_utf8(said).unwrap()
}

#[tokio::test]
async fn the_client_is_whom_the_proxy_names() {
    let server = Running::start(behind_proxies());
    let answer = said(&server, PROXY, &[&header(&[]), REQUEST]).await;
    assert!(answer.contains("198.51.100.7:4711") && answer.contains("tls: false"), "{answer:?}");
    let header = header(&[0x20, 0, 5, 1, 0, 0, 0, 0]);
    let answer = said(&server, PROXY, &[&[&header, REQUEST].concat()]).await;
    assert!(answer.contains("198.51.100.7:4711") && answer.contains("tls: true"), "{answer:?}");
    let bytes: Vec<&[u8]> = header.chunks(1).chain([REQUEST]).collect();
    assert!(said(&server, PROXY, &bytes).await.contains("198.51.100.7:4711"), "byte by byte");
    let answer = said(&server, PROXY, &[LOCAL, REQUEST]).await;
    assert!(answer.contains("127.0.0.7:"), "the proxy's own health check: {answer:?}");
}

#[tokio::test]
async fn without_a_header_nothing_is_answered() {
    let server = Running::start(behind_proxies());
    assert_eq!(said(&server, PROXY, &[REQUEST]).await, "");
    let v1 = b"PROXY TCP4 198.51.100.7 127.0.0.1 4711 8080\r\n";
    assert_eq!(said(&server, PROXY, &[v1, REQUEST]).await, "", "version 1");
    let mut wrong = header(&[]);
    wrong[13] = 0x31;
    assert_eq!(said(&server, PROXY, &[&wrong, REQUEST]).await, "", "a Unix socket's");
}

#[tokio::test]
async fn a_header_that_anybody_could_write_is_not_read() {
    let server = Running::start(behind_proxies());
    assert_eq!(said(&server, [127, 0, 0, 8], &[&header(&[]), REQUEST]).await, "");
    assert_eq!(said(&server, [127, 0, 0, 8], &[REQUEST]).await, "");
}

#[tokio::test]
async fn a_second_header_is_no_request() {
    let server = Running::start(behind_proxies());
    let answer = said(&server, PROXY, &[&header(&[]), &header(&[]), REQUEST]).await;
    assert!(!answer.contains("200") && !answer.contains("198.51.100.7"), "{answer:?}");
}

#[tokio::test]
async fn where_it_is_off_a_header_is_no_request() {
    let uncapped = vec!["127.0.0.7/32".parse().unwrap()];
    let server = Running::start(ListenConfig { uncapped, ..patient() });
    let answer = said(&server, PROXY, &[&header(&[]), REQUEST]).await;
    assert!(!answer.contains("200") && !answer.contains("198.51.100.7"), "{answer:?}");
}

#[tokio::test]
async fn half_a_header_is_closed_at_its_deadline() {
    let limits = ListenConfig { first_byte_deadline: SHORT, ..behind_proxies() };
    let server = Running::start(limits);
    let half = header(&[]);
    assert_eq!(said(&server, PROXY, &[&half[..20]]).await, "");
    assert_eq!(said(&server, PROXY, &[]).await, "", "silent");
}

#[tokio::test]
async fn clients_behind_a_proxy_have_their_own_share() {
    let limits = ListenConfig { connections_per_address_max: 1, ..behind_proxies() };
    let server = Running::start(limits);
    let mut first = server.connect_from(PROXY).await;
    first.stream.write_all(&header(&[])).await.unwrap();
    assert!(first.get("/").await.ends_with("fine"));
    assert_eq!(said(&server, PROXY, &[&header(&[]), REQUEST]).await, "");
    let mut other = header(&[]);
    other[16..20].copy_from_slice(&[198, 51, 100, 8]);
    assert!(said(&server, PROXY, &[&other, REQUEST]).await.contains("198.51.100.8:4711"));
}
