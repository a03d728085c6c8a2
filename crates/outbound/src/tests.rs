//! Answers whole, in time, from whom they should be.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// A certificate for a name, and its key.
fn certificate(name: &str) -> CertifiedKey<rcgen::KeyPair> {
    generate_simple_self_signed([name.to_owned()]).unwrap()
}

fn trusting(certificate: &CertifiedKey<rcgen::KeyPair>) -> Client {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("authorities.pem");
    std::fs::write(&file, certificate.cert.pem()).unwrap();
    Client::new(Some(&file)).unwrap()
}

/// Reads one request and answers with these bytes; gives the request.
async fn answer_once<S>(mut stream: S, answer: &[u8]) -> String
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut said = Vec::new();
    while !said.windows(4).any(|four| four == b"\r\n\r\n") {
        if stream.read_buf(&mut said).await.unwrap_or(0) == 0 {
            break;
        }
    }
    // Whoever has read enough is gone.
    let _sent = stream.write_all(answer).await;
    let _closed = stream.shutdown().await;
    String::from_utf8(said).unwrap()
}

async fn plain(answer: Vec<u8>) -> (Result<Response<Bytes>, OutboundError>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served =
        tokio::spawn(async move { answer_once(listener.accept().await.unwrap().0, &answer).await });
    let request = Request::get(format!("http://{address}/a?b=c")).body(Bytes::new()).unwrap();
    let client = trusting(&certificate("unused.test"));
    (client.send(request).await, served.await.unwrap())
}

#[tokio::test]
async fn an_answer_is_given_whole_and_a_redirect_is_not_followed() {
    let answer =
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 2\r\n\r\nok";
    let (answer, said) = plain(answer.to_vec()).await;
    let answer = answer.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (302, &b"ok"[..]));
    assert!(
        said.starts_with("GET /a?b=c HTTP/1.1\r\n") && said.contains("host: 127.0.0.1:"),
        "{said}"
    );
}

#[tokio::test]
async fn an_answer_of_the_longest_length_is_read_and_one_byte_more_is_not() {
    let of = |length: usize| {
        let mut answer =
            format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").into_bytes();
        answer.resize(answer.len() + length, b'x');
        answer
    };
    assert_eq!(plain(of(ANSWER_BYTES_MAX)).await.0.unwrap().body().len(), ANSWER_BYTES_MAX);
    let over = plain(of(ANSWER_BYTES_MAX + 1)).await.0;
    assert!(matches!(over, Err(OutboundError::Answer(_))), "{over:?}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_none() {
    let answer = plain(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".to_vec()).await.0;
    assert!(matches!(answer, Err(OutboundError::Answer(_))), "{answer:?}");
    let answer = plain(Vec::new()).await.0;
    assert!(matches!(answer, Err(OutboundError::Http(_))), "{answer:?}");
}

#[tokio::test]
async fn only_whom_an_authority_vouches_for_is_spoken_to() {
    let known = certificate("127.0.0.1");
    let key = PrivateKeyDer::try_from(known.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![known.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        answer_once(stream, b"HTTP/1.1 204 No Content\r\n\r\n").await;
        acceptor.accept(listener.accept().await.unwrap().0).await.is_err()
    });
    let ask = async |client: Client| {
        client.send(Request::get(format!("https://{address}/")).body(Bytes::new()).unwrap()).await
    };
    assert_eq!(ask(trusting(&known)).await.unwrap().status(), 204);
    let refused = ask(trusting(&certificate("127.0.0.1"))).await;
    assert!(matches!(refused, Err(OutboundError::Connect(_))), "{refused:?}");
    assert!(served.await.unwrap(), "the stranger went on");
}

#[tokio::test]
async fn one_that_says_nothing_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let request = Request::get(format!("http://{address}/")).body(Bytes::new()).unwrap();
    let mut client = trusting(&certificate("unused.test"));
    assert_eq!(client.time_max, REQUEST_TIME_MAX);
    client.time_max = Duration::from_millis(20);
    let answer = client.send(request).await;
    assert!(matches!(answer, Err(OutboundError::Late)), "{answer:?}");
}

#[test]
fn a_file_without_authorities_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("empty.pem");
    assert!(matches!(Client::new(Some(&file)), Err(OutboundError::Authorities { .. })));
    std::fs::write(&file, "nothing\n").unwrap();
    assert!(matches!(Client::new(Some(&file)), Err(OutboundError::NoAuthorities)));
}
