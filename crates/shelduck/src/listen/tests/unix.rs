//! The local socket: who gets in, and which file it is.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tokio::net::UnixStream;

use super::super::UnixSocketListener;
use super::super::tcp::ListenError;
use super::*;

#[tokio::test]
async fn own_user_gets_in_as_the_local_operator() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    let listener = UnixSocketListener::bind(&path, patient()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let drain = CancellationToken::new();
    let served = tokio::spawn(listener.serve(service(answer), drain.clone()));
    let mut stream = UnixStream::connect(&path).await.unwrap();
    stream.write_all(b"GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.contains(&format!("{:?}", Some(Peer::local()))), "{said:?}");
    drain.cancel();
    assert_eq!(served.await.unwrap(), 0);
    assert!(!path.exists(), "the file goes with the listener");
}

#[tokio::test]
async fn socket_of_a_dead_process_is_replaced_but_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let alive = UnixSocketListener::bind(&path, patient()).unwrap();
    assert!(matches!(UnixSocketListener::bind(&path, patient()), Err(ListenError::SocketInUse(_))));
    drop(alive);
    fs::write(&path, "a file").unwrap();
    assert!(matches!(
        UnixSocketListener::bind(&path, patient()),
        Err(ListenError::Socket { step: "replace", .. })
    ));
    assert_eq!(fs::read_to_string(&path).unwrap(), "a file");
}
