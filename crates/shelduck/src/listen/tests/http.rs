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

#[tokio::test]
async fn what_the_listener_answers_itself_looks_like_the_gates_answers() {
    let server = Running::start(ListenConfig { headers_max: 3, uri_bytes_max: 20, ..patient() });
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(20));
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: 1\r\n".repeat(3));
    let panic = "GET /panic HTTP/1.1\r\nHost: a\r\n\r\n".to_owned();
    for (request, slug) in
        [(long, "uri-too-long"), (many, "headers-too-large"), (panic, "internal")]
    {
        let mut client = server.connect().await;
        client.send(&request).await;
        let said = client.answer().await;
        for header in [
            "content-type: application/problem+json",
            "cache-control: no-store",
            "x-content-type-options: nosniff",
            "content-security-policy: default-src 'none'; frame-ancestors 'none'",
            "x-frame-options: DENY",
            "referrer-policy: strict-origin-when-cross-origin",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(said.contains(&format!("{header}\r\n")), "{header} in {said:?}");
        }
        assert!(said.contains(&format!("urn:shelduck:problem:{slug}")), "{said:?}");
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        let id = head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();
        assert!(body.contains(id), "{said:?}");
        assert!(!head.contains("server:"));
    }
}

#[tokio::test]
async fn a_lone_line_feed_is_no_line_end() {
    let server = Running::start(patient());
    for head in [
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let mut client = server.connect().await;
        client.send(head).await;
        assert!(client.ended().await.starts_with("HTTP/1.1 400 "), "{head:?}");
    }
    // On a connection that was used, and not in a body.
    let mut client = server.connect().await;
    client.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\na\nb\n").await;
    assert!(client.answer().await.ends_with("4 bytes"));
    client.send("GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n").await;
    assert!(client.ended().await.starts_with("HTTP/1.1 400 "));
}

#[tokio::test]
async fn nothing_follows_a_body_in_chunks() {
    let server = Running::start(patient());
    let mut client = server.connect().await;
    client
        .send(
            "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 44\r\nTransfer-Encoding: chunked\r\n\r\n\
             0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .await;
    let said = client.ended().await;
    assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{said:?}");
    assert!(said.contains("connection: close") && said.ends_with("0 bytes"), "{said:?}");
}
