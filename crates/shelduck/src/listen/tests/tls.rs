//! TLS: ALPN, stalls, and certificates that change under way.

use std::fs;
use std::sync::Arc;

use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::super::TlsConfig;
use super::super::tcp::ListenError;
use super::super::tls::{Certificates, TlsError};
use super::*;

struct Files {
    dir: TempDir,
}

impl Files {
    fn new() -> (Self, CertificateDer<'static>) {
        let files = Self { dir: tempfile::tempdir().unwrap() };
        let certificate = files.replace();
        (files, certificate)
    }

    /// Puts a new certificate and key in place.
    fn replace(&self) -> CertificateDer<'static> {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(self.config().certificate, cert.pem()).unwrap();
        fs::write(self.config().key, signing_key.serialize_pem()).unwrap();
        cert.der().clone()
    }

    fn config(&self) -> TlsConfig {
        TlsConfig {
            certificate: self.dir.path().join("certificate.pem"),
            key: self.dir.path().join("key.pem"),
        }
    }
}

/// A TLS client that trusts one certificate.
async fn connect(
    server: &Running,
    trusted: &CertificateDer<'static>,
    alpn: &[&[u8]],
) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(server.address).await.unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from("localhost").unwrap(), stream)
        .await
}

#[tokio::test]
async fn handshake_that_stalls_is_closed() {
    let (files, _) = Files::new();
    let server = Running::start(ListenConfig {
        tls: Some(files.config()),
        handshake_deadline: SHORT,
        ..patient()
    });
    assert_eq!(server.connect().await.ended().await, "", "silent");
    let mut client = server.connect().await;
    // The start of a ClientHello record, and no more of it.
    client.stream.write_all(&[0x16, 3, 1, 2, 0, 1]).await.unwrap();
    assert_eq!(client.ended().await, "", "half a hello");
}

#[tokio::test]
async fn plain_http_on_a_tls_port_is_refused() {
    let (files, _) = Files::new();
    let server = Running::start(ListenConfig { tls: Some(files.config()), ..patient() });
    let mut client = server.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut said = Vec::new();
    let _ = client.stream.read_to_end(&mut said).await;
    assert!(!said.starts_with(b"HTTP"), "{said:?}");
}

#[tokio::test]
async fn http1_over_tls_when_the_client_asks_for_it_or_for_nothing() {
    let (files, certificate) = Files::new();
    let server = Running::start(ListenConfig { tls: Some(files.config()), ..patient() });
    for alpn in [&[b"http/1.1".as_slice()][..], &[]] {
        let mut stream = connect(&server, &certificate, alpn).await.unwrap();
        stream
            .write_all(b"GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        assert!(said.starts_with("HTTP/1.1 200 ") && said.contains("tls: true"), "{said:?}");
    }
    assert!(connect(&server, &certificate, &[b"spdy/3"]).await.is_err(), "no protocol in common");
}

#[tokio::test]
async fn http2_when_alpn_says_so_and_a_drain_ends_it_in_order() {
    let (files, certificate) = Files::new();
    let server = Running::start(ListenConfig { tls: Some(files.config()), ..patient() });
    let stream = connect(&server, &certificate, &[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    for _ in 0..3 {
        let request = Request::get("https://localhost/").body(Empty::<Bytes>::new()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "fine");
    }
    server.drain.cancel();
    connection.await.unwrap().unwrap();
    assert_eq!(server.served.await.unwrap(), 0);
}

#[tokio::test]
async fn unused_http2_connection_is_closed_after_a_pause() {
    let (files, certificate) = Files::new();
    let limits = ListenConfig { tls: Some(files.config()), idle_deadline: SHORT, ..patient() };
    let server = Running::start(limits);
    let stream = connect(&server, &certificate, &[b"h2"]).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::get("https://localhost/").body(Empty::<Bytes>::new()).unwrap();
    assert_eq!(sender.send_request(request).await.unwrap().status(), StatusCode::OK);
    assert!(
        tokio::time::timeout(PATIENCE, connection).await.is_ok(),
        "the connection is still open"
    );
}

#[tokio::test]
async fn too_many_headers_are_431_on_http2_too() {
    let (files, certificate) = Files::new();
    let server =
        Running::start(ListenConfig { tls: Some(files.config()), headers_max: 10, ..patient() });
    let stream = connect(&server, &certificate, &[b"h2"]).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let mut request = Request::get("https://localhost/");
    for number in 0..11 {
        request = request.header(format!("x-{number}"), "1");
    }
    let response = sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test]
async fn replaced_certificate_is_used_without_a_restart() {
    let (files, old) = Files::new();
    let interval = Duration::from_millis(20);
    let limits = ListenConfig {
        tls: Some(files.config()),
        certificate_check_interval: interval,
        ..patient()
    };
    let server = Running::start(limits);
    connect(&server, &old, &[]).await.unwrap();
    let new = files.replace();
    while connect(&server, &new, &[]).await.is_err() {
        tokio::time::sleep(interval).await;
    }
    assert!(connect(&server, &old, &[]).await.is_err());
}

#[test]
fn bad_replacement_keeps_the_certificate_and_the_next_good_one_is_taken() {
    let (files, _) = Files::new();
    let certificates = Certificates::load(files.config()).unwrap();
    let first = certificates.current();
    assert!(!certificates.refresh().unwrap(), "nothing changed");
    fs::write(files.config().key, "not a key").unwrap();
    assert!(matches!(certificates.refresh(), Err(TlsError::Key { .. })));
    assert!(!certificates.refresh().unwrap(), "it is not tried again and again");
    assert!(Arc::ptr_eq(&first, &certificates.current()));
    files.replace();
    assert!(certificates.refresh().unwrap());
    assert!(!Arc::ptr_eq(&first, &certificates.current()));
}

#[test]
fn unusable_files_are_named_when_binding() {
    let (files, _) = Files::new();
    let bind = || match Certificates::load(files.config()) {
        Err(error) => error,
        Ok(_) => panic!("accepted"),
    };
    let key = fs::read(files.config().key).unwrap();
    let (other, _) = Files::new();
    fs::copy(other.config().key, files.config().key).unwrap();
    assert!(matches!(bind(), TlsError::Config(_)), "another certificate's key");
    fs::write(files.config().key, "").unwrap();
    assert!(matches!(bind(), TlsError::Key { .. }));
    fs::write(files.config().key, key).unwrap();
    fs::write(files.config().certificate, "").unwrap();
    assert!(matches!(bind(), TlsError::NoCertificate(_)));
    fs::remove_file(files.config().certificate).unwrap();
    assert!(matches!(bind(), TlsError::Stat { .. }));
    let bound = Listener::bind(ListenConfig { tls: Some(files.config()), ..patient() });
    assert!(matches!(bound, Err(ListenError::Tls(_))));
}
