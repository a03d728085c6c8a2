//! Proving names to an authority, on the port of everybody else.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::super::Prover;
use super::tls::{Files, connect};
use super::*;

const PROTOCOL: &[u8] = b"acme-tls/1";

/// What a name is proved with, and the certificate in it.
fn proof() -> (Arc<ServerConfig>, CertificateDer<'static>) {
    let (files, certificate) = Files::new();
    let key = PrivateKeyDer::from_pem_file(files.config().key).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    (Arc::new(config), certificate)
}

/// A server that proves this name; gives its own certificate and that of the proof.
fn proving(name: &'static str) -> (Running, CertificateDer<'static>, CertificateDer<'static>) {
    let (files, certificate) = Files::new();
    let (config, shown) = proof();
    let proof_of = move |asked: &str| (asked == name).then(|| Arc::clone(&config));
    let prover = Prover { protocol: PROTOCOL, proof_of: Arc::new(proof_of) };
    let limits = ListenConfig { tls: Some(files.config()), prover: Some(prover), ..patient() };
    (Running::start(limits), certificate, shown)
}

#[tokio::test]
async fn an_authority_gets_the_proof_and_no_word_of_http() {
    let (server, certificate, shown) = proving("localhost");
    let mut stream = connect(&server, &shown, &[PROTOCOL]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(PROTOCOL));
    // It may be closed on before this is out.
    let _sent = stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut said = Vec::new();
    let _ended = stream.read_to_end(&mut said).await;
    assert!(said.is_empty(), "{said:?}");
    assert!(connect(&server, &certificate, &[PROTOCOL]).await.is_err(), "our own certificate");
}

#[tokio::test]
async fn everybody_else_gets_the_certificate_whatever_they_offer_beside() {
    let (server, certificate, shown) = proving("localhost");
    for alpn in [&[b"http/1.1".as_slice()][..], &[], &[PROTOCOL, b"http/1.1"]] {
        let mut stream = connect(&server, &certificate, alpn).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        assert!(said.starts_with("HTTP/1.1 200 "), "{said:?}");
        assert!(connect(&server, &shown, alpn).await.is_err(), "the proof was shown");
    }
}

#[tokio::test]
async fn without_an_order_in_progress_nobody_speaks_the_protocol() {
    let (server, certificate, shown) = proving("another.test");
    let (files, other) = Files::new();
    let without = Running::start(ListenConfig { tls: Some(files.config()), ..patient() });
    for (server, trusted) in [(&server, &certificate), (&server, &shown), (&without, &other)] {
        assert!(connect(server, trusted, &[PROTOCOL]).await.is_err());
    }
}

#[tokio::test]
async fn a_handshake_that_stalls_is_closed_with_a_prover_too() {
    let (files, _) = Files::new();
    let prover = Prover { protocol: PROTOCOL, proof_of: Arc::new(|_| None) };
    let server = Running::start(ListenConfig {
        tls: Some(files.config()),
        prover: Some(prover),
        handshake_deadline: Duration::from_millis(50),
        ..patient()
    });
    let mut client = server.connect().await;
    let mut said = Vec::new();
    // Reset or closed, in any case over.
    let _ended = client.stream.read_to_end(&mut said).await;
    assert!(said.is_empty(), "{said:?}");
}
