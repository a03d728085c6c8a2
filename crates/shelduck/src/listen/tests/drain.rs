//! Stopping: who is at work finishes, who is not goes, nobody new comes.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::*;

/// Answers at once, but on `/gated` says that it began, and answers when it is let.
fn gated(began: &Arc<Semaphore>, may_end: &Arc<Semaphore>) -> impl Handler + use<> {
    let (began, may_end) = (Arc::clone(began), Arc::clone(may_end));
    service(move |request: Request<Body>| {
        let (began, may_end) = (Arc::clone(&began), Arc::clone(&may_end));
        async move {
            if request.uri().path() != "/gated" {
                return answer(request).await;
            }
            began.add_permits(1);
            let _permit = may_end.acquire().await.unwrap();
            text("done".to_owned())
        }
    })
}

#[tokio::test]
async fn drain_finishes_requests_and_closes_the_rest() {
    let (began, may_end) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let server = Running::start_with(patient(), gated(&began, &may_end));
    let mut silent = server.connect().await;
    let mut idle = server.connect().await;
    assert!(idle.get("/").await.ends_with("fine"));
    let mut busy = server.connect().await;
    busy.send("GET /gated HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let _began = began.acquire().await.unwrap();
    server.drain.cancel();
    assert_eq!(silent.ended().await, "");
    assert_eq!(idle.ended().await, "");
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody new");
    assert!(!server.served.is_finished());
    may_end.add_permits(1);
    let said = busy.ended().await;
    assert!(said.contains("connection: close") && said.ends_with("done"), "{said:?}");
    assert_eq!(server.served.await.unwrap(), 0);
}

#[tokio::test]
async fn drain_cuts_off_what_takes_too_long() {
    let (began, may_end) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let server = Running::start_with(
        ListenConfig { drain_deadline: SHORT, ..patient() },
        gated(&began, &may_end),
    );
    let mut busy = server.connect().await;
    busy.send("GET /gated HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let _began = began.acquire().await.unwrap();
    server.drain.cancel();
    assert_eq!(busy.ended().await, "");
    assert_eq!(server.served.await.unwrap(), 1);
}

#[tokio::test]
async fn drain_does_not_wait_for_half_a_head() {
    let server = Running::start(ListenConfig { head_deadline: SHORT, ..patient() });
    let mut client = server.connect().await;
    client.send("GET / HT").await;
    server.drain.cancel();
    assert_eq!(server.served.await.unwrap(), 0);
    client.ended().await;
}
