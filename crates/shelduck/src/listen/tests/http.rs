//! What the listener itself answers, and what it tells the service.

use super::*;

#[tokio::test]
async fn request_knows_its_socket() {
    let server = Running::start(patient());
    let mut client = server.connect_from([127, 0, 0, 9]).await;
    let local = client.stream.local_addr().unwrap();
    let said = client.get("/peer").await;
    assert!(said.contains(&format!("{:?}", Some(Peer::network(local, false)))), "{said:?}");
}

#[tokio::test]
async fn too_many_headers_are_431_at_one_past_the_limit() {
    let server = Running::start(ListenConfig { headers_max: 10, ..patient() });
    for (count, status) in [(9, "200"), (10, "431")] {
        let mut client = server.connect().await;
        let headers: String = (0..count).map(|number| format!("X-{number}: 1\r\n")).collect();
        client.send(&format!("GET / HTTP/1.1\r\nHost: a\r\n{headers}\r\n")).await;
        let said = client.answer().await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{said:?}");
    }
}

#[tokio::test]
async fn more_headers_than_the_parser_takes_are_431() {
    let server = Running::start(patient());
    let mut client = server.connect().await;
    client.send(&format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: 1\r\n".repeat(200))).await;
    assert!(client.answer().await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn head_that_is_too_large_is_431_before_it_is_complete() {
    let server = Running::start(ListenConfig { head_bytes_max: 8 << 10, ..patient() });
    let mut client = server.connect().await;
    client.send(&format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}", "x".repeat(9 << 10))).await;
    assert!(client.answer().await.starts_with("HTTP/1.1 431 "));
    let mut client = server.connect().await;
    client.send(&format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(7 << 10))).await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn path_that_is_too_long_is_414_at_one_past_the_limit() {
    let server = Running::start(ListenConfig { uri_bytes_max: 100, ..patient() });
    for (length, status) in [(100, "200"), (101, "414")] {
        let said = server.connect().await.get(&format!("/?{}", "x".repeat(length - 2))).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{said:?}");
    }
}

#[tokio::test]
async fn last_request_of_a_connection_says_so() {
    let server = Running::start(ListenConfig { requests_per_connection_max: 2, ..patient() });
    let mut client = server.connect().await;
    assert!(!client.get("/").await.contains("connection: close"));
    assert!(client.get("/").await.contains("connection: close"));
    assert_eq!(client.ended().await, "");
}

#[tokio::test]
async fn panic_in_a_handler_is_500_and_the_connection_goes_on() {
    let server = Running::start(patient());
    let mut client = server.connect().await;
    assert!(client.get("/panic").await.starts_with("HTTP/1.1 500 "));
    assert!(client.get("/").await.ends_with("fine"));
}

#[tokio::test]
async fn requests_sent_together_are_answered_in_order() {
    let server = Running::start(patient());
    let mut client = server.connect().await;
    client.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let said = client.ended().await;
    let (first, second) = said.split_once("3 bytes").unwrap();
    assert!(
        first.starts_with("HTTP/1.1 200")
            && second.starts_with("HTTP/1.1 200")
            && second.ends_with("fine")
    );
}

#[tokio::test]
async fn bytes_that_are_not_http1_are_400_and_http2_is_not_guessed() {
    let server = Running::start(patient());
    let mut client = server.connect().await;
    client.send("\u{16}\u{3}\u{1} hello\r\n\r\n").await;
    assert!(client.ended().await.starts_with("HTTP/1.1 400 "));
    let mut client = server.connect().await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert!(!client.ended().await.contains("200"));
}
