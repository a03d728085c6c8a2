//! TLS: ALPN, stalls, and certificates that change under way.

use std::fs;
use std::sync::Arc;

use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CipherSuite, ClientConfig, NamedGroup, ProtocolVersion, RootCertStore};
use tempfile::TempDir;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::super::TlsConfig;
use super::super::tcp::ListenError;
use super::super::tls::{Certificates, TlsError};
use super::*;

pub(super) struct Files {
    dir: TempDir,
}

impl Files {
    pub(super) fn new() -> (Self, CertificateDer<'static>) {
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

    pub(super) fn config(&self) -> TlsConfig {
        TlsConfig {
            certificate: self.dir.path().join("certificate.pem"),
            key: self.dir.path().join("key.pem"),
        }
    }
}

/// A TLS client that trusts one certificate.
pub(super) async fn connect(
    server: &Running,
    trusted: &CertificateDer<'static>,
    alpn: &[&[u8]],
) -> io::Result<TlsStream<TcpStream>> {
    connect_with(server, std::slice::from_ref(trusted), alpn, aws_lc_rs::default_provider()).await
}

/// As [`connect`], with what the provider can do, and any of several certificates.
async fn connect_with(
    server: &Running,
    trusted: &[CertificateDer<'static>],
    alpn: &[&[u8]],
    provider: CryptoProvider,
) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    assert_eq!(roots.add_parsable_certificates(trusted.iter().cloned()), (trusted.len(), 0));
    let provider = Arc::new(provider);
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

#[tokio::test]
async fn asked_to_it_reads_the_certificate_at_once() {
    let (files, old) = Files::new();
    let limits = ListenConfig {
        tls: Some(files.config()),
        certificate_check_interval: PATIENCE,
        ..patient()
    };
    let listener = Listener::bind(limits).unwrap();
    let (address, reload, drain) =
        (listener.local_address(), listener.reload(), CancellationToken::new());
    let served = tokio::spawn(listener.serve(service(answer), drain.clone()));
    let server = Running { address, drain, served };
    connect(&server, &old, &[]).await.unwrap();
    let new = files.replace();
    assert!(connect(&server, &new, &[]).await.is_err(), "nobody has asked");
    reload.ask();
    while connect(&server, &new, &[]).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn certificates_change_under_load_without_a_failed_request() {
    let (files, first) = Files::new();
    let limits = ListenConfig {
        tls: Some(files.config()),
        certificate_check_interval: Duration::from_millis(5),
        ..patient()
    };
    let server = Running::start(limits);
    let mut trusted = vec![first];
    // Either the certificate of before the change or that of after it; never neither.
    let request = async |trusted: &[CertificateDer<'static>]| {
        let provider = aws_lc_rs::default_provider();
        let mut stream = connect_with(&server, trusted, &[], provider).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        assert!(said.ends_with("fine"), "{said:?}");
    };
    // One connection from before all changes stays as it is.
    let mut old = connect(&server, &trusted[0], &[]).await.unwrap();
    for _ in 0..10 {
        trusted.push(files.replace());
        for _ in 0..5 {
            request(&trusted).await;
        }
        old.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let mut said = [0; 15];
        old.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"HTTP/1.1 200 OK");
        let mut rest = [0; 1024];
        while !rest.windows(4).any(|part| part == b"fine") {
            let _more = old.read(&mut rest).await.unwrap();
        }
    }
    while connect(&server, trusted.last().unwrap(), &[]).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn only_forward_secret_authenticated_suites_and_the_hybrid_exchange_first() {
    let (files, certificate) = Files::new();
    let server = Running::start(ListenConfig { tls: Some(files.config()), ..patient() });
    let full = aws_lc_rs::default_provider();
    let mut agreed = Vec::new();
    for suite in aws_lc_rs::ALL_CIPHER_SUITES {
        let one = CryptoProvider { cipher_suites: vec![*suite], ..full.clone() };
        if let Ok(stream) =
            connect_with(&server, std::slice::from_ref(&certificate), &[], one).await
        {
            let connection = stream.get_ref().1;
            agreed.push(connection.negotiated_cipher_suite().unwrap().suite());
        }
    }
    // The certificate's key is ECDSA; with an RSA key the three RSA twins of the last three take their places.
    assert_eq!(
        agreed,
        [
            CipherSuite::TLS13_AES_256_GCM_SHA384,
            CipherSuite::TLS13_AES_128_GCM_SHA256,
            CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        ]
    );
    let stream = connect(&server, &certificate, &[]).await.unwrap();
    let connection = stream.get_ref().1;
    assert_eq!(connection.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    let group = connection.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, NamedGroup::X25519MLKEM768);
    // A client that only offers it, and one that would rather not, both get what is best for them.
    let classic = full.kx_groups.iter().filter(|group| group.name() == NamedGroup::X25519);
    let classic = CryptoProvider { kx_groups: classic.copied().collect(), ..full.clone() };
    let stream =
        connect_with(&server, std::slice::from_ref(&certificate), &[], classic).await.unwrap();
    let group = stream.get_ref().1.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, NamedGroup::X25519);
}

#[test]
fn an_expiring_certificate_is_noticed_in_steps() {
    let files = Files { dir: tempfile::tempdir().unwrap() };
    let mut parameters = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    parameters.not_after = rcgen::date_time_ymd(2030, 3, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    fs::write(files.config().certificate, parameters.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(files.config().key, key.serialize_pem()).unwrap();
    let certificates = Certificates::load(files.config()).unwrap();
    let expires: Timestamp = "2030-03-01T00:00:00Z".parse().unwrap();
    for (hours, reached) in
        [(24 * 22, 0), (24 * 21, 0), (24 * 21 - 1, 1), (24 * 7 - 1, 2), (23, 3), (0, 3), (-24, 3)]
    {
        let now = expires.checked_sub(SignedDuration::from_hours(hours)).unwrap();
        assert_eq!(certificates.watch_expiry(now), reached, "{hours} hours before");
    }
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
