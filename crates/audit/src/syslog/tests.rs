//! The log sent on to receivers of the tests.

use std::path::Path;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, UdpSocket, UnixDatagram};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::record::tests::entry;
use crate::{Config, Signer};

fn log(dir: &Path) -> AuditLog {
    let signer = Signer::from_seed(&[7; 32]).unwrap();
    AuditLog::open(Config::new(dir.join("audit")), signer).unwrap().0
}

fn config(dir: &Path, address: &str) -> SyslogConfig {
    SyslogConfig {
        address: address.parse().unwrap(),
        authorities: Some(dir.join("ca.pem")),
        position: dir.join("position"),
    }
}

/// One message of a stream, by the length in front of it.
async fn framed(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut length = 0;
    loop {
        match stream.read_u8().await.unwrap() {
            b' ' => break,
            digit => length = length * 10 + usize::from(digit - b'0'),
        }
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await.unwrap();
    String::from_utf8(message).unwrap()
}

fn number(message: &str) -> u64 {
    let (_, rest) = message.split_once("sequenceId=\"").unwrap();
    rest.split_once('"').unwrap().0.parse().unwrap()
}

async fn until_event(stream: &mut (impl AsyncRead + Unpin), event: &str) -> u64 {
    loop {
        let message = framed(stream).await;
        if message.contains(&format!(" {event} [")) {
            return number(&message);
        }
    }
}

#[tokio::test]
async fn datagrams_carry_one_message_each() {
    let dir = tempfile::tempdir().unwrap();
    let unix = UnixDatagram::bind(dir.path().join("log")).unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let log = log(dir.path());
    for address in [
        format!("unix://{}", dir.path().join("log").display()),
        format!("udp://{}", udp.local_addr().unwrap()),
    ] {
        let forwarder = Forwarder::new(&log, &config(dir.path(), &address)).unwrap();
        let running = tokio::spawn(forwarder.run(std::future::pending(), |_| {}));
        log.record(entry("authz_admin"));
        loop {
            let (mut one, mut other) = ([0; 8192], [0; 8192]);
            let bytes = tokio::select! {
                length = unix.recv(&mut one) => &one[..length.unwrap()],
                length = udp.recv(&mut other) => &other[..length.unwrap()],
            };
            let message = std::str::from_utf8(bytes).unwrap();
            assert!(message.starts_with("<86>1 ") && message.ends_with('}'), "{message}");
            if message.contains(" authz_admin [") {
                break;
            }
        }
        running.abort();
        let _cancelled = running.await;
    }
}

#[tokio::test]
async fn what_a_broken_connection_may_have_lost_is_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("tcp://{}", receiver.local_addr().unwrap());
    let log = log(dir.path());
    let forwarder = Forwarder::new(&log, &config(dir.path(), &address)).unwrap();
    let (heard, mut standings) = tokio::sync::mpsc::channel(16);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async move {
        let _asked = stopped.await;
    };
    let running = tokio::spawn(forwarder.run(stopped, move |now| heard.try_send(now).unwrap()));
    let (mut stream, _) = receiver.accept().await.unwrap();
    assert_eq!(standings.recv().await, Some(Standing::Reached));
    log.record(entry("first"));
    let first = until_event(&mut stream, "first").await;
    drop(stream);
    assert_eq!(standings.recv().await, Some(Standing::Lost));
    log.record(entry("second"));
    let (mut stream, _) = receiver.accept().await.unwrap();
    assert_eq!(until_event(&mut stream, "first").await, first, "it is the same record");
    assert!(until_event(&mut stream, "second").await > first);
    assert_eq!(standings.recv().await, Some(Standing::Reached));
    log.record(entry("last"));
    stop.send(()).unwrap();
    // The stop breaks off what is under way and sends the rest over a connection of its own, unless nothing was left.
    let (mut rest, _) = receiver.accept().await.unwrap();
    let mut all = Vec::new();
    tokio::try_join!(stream.read_to_end(&mut all), async {
        let mut more = Vec::new();
        rest.read_to_end(&mut more).await.map(|_| more)
    })
    .map(|(_, more)| all.extend(more))
    .unwrap();
    running.await.unwrap();
    let all = String::from_utf8(all).unwrap();
    assert!(all.contains(" last ["), "{all}");
    let kept: u64 = fs::read_to_string(dir.path().join("position")).unwrap().parse().unwrap();
    assert!(kept > first + 1);
    assert_eq!(standings.recv().await, None);
}

/// A receiver with TLS, and its certificate.
fn with_certificate() -> (TlsAcceptor, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), cert.pem())
}

#[tokio::test]
async fn authorities_that_are_read_again_count_from_the_next_connection_on() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = receiver.local_addr().unwrap().port();
    let ((acceptor, certificate), (_, stranger)) = (with_certificate(), with_certificate());
    let log = log(dir.path());
    let settings = config(dir.path(), &format!("tls://localhost:{port}"));
    fs::write(dir.path().join("ca.pem"), stranger).unwrap();
    let forwarder = Forwarder::new(&log, &settings).unwrap();
    let authorities = forwarder.authorities();
    let running = tokio::spawn(forwarder.run(std::future::pending(), |_| {}));
    log.record(entry("authz_admin"));
    let (stream, _) = receiver.accept().await.unwrap();
    if let Ok(mut stream) = acceptor.accept(stream).await {
        assert!(stream.read_u8().await.is_err(), "a stranger was trusted");
    }
    for unusable in ["", "-----BEGIN CERTIFICATE-----"] {
        fs::write(dir.path().join("ca.pem"), unusable).unwrap();
        assert!(authorities.read_again(&settings).is_err());
    }
    let (stream, _) = receiver.accept().await.unwrap();
    if let Ok(mut stream) = acceptor.accept(stream).await {
        assert!(stream.read_u8().await.is_err(), "what cannot be read changed what is trusted");
    }
    fs::write(dir.path().join("ca.pem"), certificate).unwrap();
    authorities.read_again(&settings).unwrap();
    let (stream, _) = receiver.accept().await.unwrap();
    let mut stream = acceptor.accept(stream).await.unwrap();
    until_event(&mut stream, "authz_admin").await;
    running.abort();
    let _cancelled = running.await;
}

#[tokio::test]
async fn a_receiver_with_tls_is_checked() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = receiver.local_addr().unwrap().port();
    let (acceptor, certificate) = with_certificate();
    let log = log(dir.path());
    let settings = config(dir.path(), &format!("tls://localhost:{port}"));
    assert!(matches!(tls(&settings), Err(SyslogError::Authorities { .. })));
    let without = SyslogConfig { authorities: None, ..settings.clone() };
    assert!(matches!(tls(&without), Err(SyslogError::NoAuthorities)));

    let stranger = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    for (authority, is_taken) in [(stranger.cert.pem(), false), (certificate, true)] {
        fs::write(dir.path().join("ca.pem"), authority).unwrap();
        let forwarder = Forwarder::new(&log, &settings).unwrap();
        let running = tokio::spawn(forwarder.run(std::future::pending(), |_| {}));
        log.record(entry("authz_admin"));
        let (stream, _) = receiver.accept().await.unwrap();
        match acceptor.accept(stream).await {
            Ok(mut stream) if is_taken => {
                until_event(&mut stream, "authz_admin").await;
            }
            // In TLS 1.3 the server may be done before the client looks at the certificate.
            Ok(mut stream) => assert!(stream.read_u8().await.is_err()),
            Err(error) => assert!(!is_taken, "{error}"),
        }
        running.abort();
        let _cancelled = running.await;
    }
}

#[tokio::test]
async fn a_position_of_another_log_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let log = log(dir.path());
    log.record(entry("before"));
    log.settled().await.unwrap();
    let settings = config(dir.path(), "udp://127.0.0.1:9");
    let newest = Forwarder::new(&log, &settings).unwrap().arrived;
    assert!(newest > 0, "the first time it begins behind what is there");
    for (kept, expected) in [("1", 1), ("999", newest), ("nonsense", newest)] {
        fs::write(dir.path().join("position"), kept).unwrap();
        assert_eq!(Forwarder::new(&log, &settings).unwrap().arrived, expected, "{kept}");
    }
}
