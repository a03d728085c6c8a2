//! One deadline each, and that the others do not strike in its place.

use futures_util::stream;
use tokio::sync::mpsc;

use super::*;

#[tokio::test]
async fn silent_connection_is_closed() {
    let server = Running::start(ListenConfig { first_byte_deadline: SHORT, ..patient() });
    assert_eq!(server.connect().await.ended().await, "");
}

#[tokio::test]
async fn head_that_drips_is_closed_however_steadily() {
    let server = Running::start(ListenConfig { head_deadline: SHORT, ..patient() });
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Filler: ").await;
    assert_eq!(client.drip(b'x').await, "");
}

#[tokio::test]
async fn head_that_drips_on_a_used_connection_is_closed() {
    let server = Running::start(ListenConfig { head_deadline: SHORT, ..patient() });
    let mut client = server.connect().await;
    assert!(client.get("/").await.ends_with("fine"));
    client.send("GET / HT").await;
    assert_eq!(client.ended().await, "");
}

#[tokio::test]
async fn pause_between_requests_is_not_under_the_head_deadline() {
    let server = Running::start(ListenConfig {
        head_deadline: SHORT,
        first_byte_deadline: SHORT,
        ..patient()
    });
    let mut client = server.connect().await;
    assert!(client.get("/").await.ends_with("fine"));
    // Another connection's end shows that the deadline is over.
    let mut other = server.connect().await;
    other.send("GET").await;
    other.ended().await;
    assert!(client.get("/").await.ends_with("fine"));
}

#[tokio::test]
async fn unused_connection_is_closed_after_a_pause() {
    let server = Running::start(ListenConfig { idle_deadline: SHORT, ..patient() });
    let mut client = server.connect().await;
    assert!(client.get("/").await.ends_with("fine"));
    assert_eq!(client.ended().await, "");
}

#[tokio::test]
async fn body_that_drips_is_answered_408_at_its_deadline() {
    let server = Running::start(ListenConfig { body_deadline: SHORT, ..patient() });
    let mut client = server.connect().await;
    client.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n").await;
    let said = client.drip(b'x').await;
    assert!(said.starts_with("HTTP/1.1 408 "), "{said:?}");
}

#[tokio::test]
async fn body_under_the_least_rate_is_answered_408() {
    let limits = ListenConfig { body_grace: SHORT, body_bytes_per_second_min: 10_000, ..patient() };
    let server = Running::start(limits);
    let mut client = server.connect().await;
    client.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n").await;
    let said = client.drip(b'x').await;
    assert!(said.starts_with("HTTP/1.1 408 "), "{said:?}");
}

#[tokio::test]
async fn body_over_the_least_rate_goes_on_after_the_grace() {
    let limits = ListenConfig {
        body_grace: Duration::from_millis(1),
        body_bytes_per_second_min: 10,
        ..patient()
    };
    let server = Running::start(limits);
    let mut client = server.connect().await;
    client.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n").await;
    client.send(&"x".repeat(1000)).await;
    tokio::time::sleep(SHORT).await;
    client.send(&"x".repeat(1000)).await;
    assert!(client.answer().await.ends_with("2000 bytes"));
}

#[tokio::test]
async fn client_that_does_not_read_its_answer_is_cut_off() {
    let (held, mut released) = mpsc::channel::<()>(1);
    let endless = service(move |_| {
        let held = held.clone();
        async move {
            let chunks = stream::unfold(held, |held| async move {
                Some((Ok::<_, io::Error>(Bytes::from(vec![0; 64 << 10])), held))
            });
            Response::new(Body::from_stream(chunks))
        }
    });
    let server =
        Running::start_with(ListenConfig { write_stall_deadline: SHORT, ..patient() }, endless);
    let mut client = server.connect().await;
    client.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut start = [0; 12];
    client.stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
    // Senders are held by the service and by the answer: both are gone only when the drain did not have to wait for it.
    server.drain.cancel();
    let end = tokio::time::timeout(PATIENCE, released.recv()).await;
    assert_eq!(end, Ok(None), "the answer is still being sent");
    assert_eq!(server.served.await.unwrap(), 0);
}

#[tokio::test]
async fn request_at_work_is_under_no_deadline_of_the_connection() {
    let limits = ListenConfig {
        first_byte_deadline: SHORT,
        head_deadline: SHORT,
        idle_deadline: SHORT,
        ..patient()
    };
    let slow = service(|_| async {
        tokio::time::sleep(4 * SHORT).await;
        text("done".to_owned())
    });
    let server = Running::start_with(limits, slow);
    let mut client = server.connect().await;
    assert!(client.get("/slow").await.ends_with("done"));
}
