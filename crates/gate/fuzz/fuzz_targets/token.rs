//! Shows arbitrary access tokens, some signed by the server's own key.
//!
//! The first line is a header, the second the claims, both as they are signed; `$name` stands for what the issued token says
//! there. Text that begins otherwise is shown as it is. What opens anything says what the issued token says, once each, in a
//! second reading by another reader of JSON's values; and no unsigned text opens anything.

#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::signature::Ed25519KeyPair;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gate_fuzz::{PRODUCT, peer, root_secret};
use http::Request;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

struct Issued {
    key: Ed25519KeyPair,
    head: Map<String, Value>,
    claims: Map<String, Value>,
}

static ISSUED: LazyLock<Issued> = LazyLock::new(|| {
    let part = |place: usize| {
        let part = PRODUCT.access_token.split('.').nth(place).expect("three parts");
        let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
        serde_json::from_slice(&bytes).expect("an object")
    };
    let seed = root_secret().derive("access tokens, Ed25519").mac(&[]).0;
    let key = Ed25519KeyPair::from_seed_unchecked(&seed).expect("a key");
    let issued = Issued { key, head: part(0), claims: part(1) };
    let text = |object: &Map<String, Value>| Value::from(object.clone()).to_string();
    let own = issued.sign(&text(&issued.head), &text(&issued.claims));
    assert!(opens(&own, b"own"), "what the key signs opens nothing, so nothing would be found");
    issued
});

impl Issued {
    fn sign(&self, head: &str, claims: &str) -> String {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let message = format!("{}.{}", encode(head.as_bytes()), encode(claims.as_bytes()));
        let signature = self.key.sign(message.as_bytes());
        format!("{message}.{}", encode(signature.as_ref()))
    }

    /// With what the issued token says in the place of its names, the longest first.
    fn filled(&self, text: &str) -> String {
        let mut names: Vec<_> = self.head.iter().chain(&self.claims).collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        names.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("${name}"), &value.to_string())
        })
    }
}

fn opens(token: &str, input: &[u8]) -> bool {
    let request = Request::get("/v1/things")
        .header("host", "stats.test")
        .header("authorization", format!("Bearer {token}"));
    let Ok(request) = request.body(Body::empty()) else { return false };
    PRODUCT.send(request, peer(input)).status == 200
}

fuzz_target!(|text: &str| {
    let issued = &*ISSUED;
    let mut lines = text.lines();
    let (Some(head), Some(claims)) = (lines.next(), lines.next()) else {
        let is_known = text == PRODUCT.access_token || text == PRODUCT.key;
        assert!(is_known || !opens(text, text.as_bytes()), "nobody signed it");
        return;
    };
    let (head, claims) = (issued.filled(head), issued.filled(claims));
    if !opens(&issued.sign(&head, &claims), text.as_bytes()) {
        return;
    }
    let read = |text: &str| serde_json::from_str::<Map<String, Value>>(text).expect("an object");
    let (head, said) = (read(&head), read(&claims));
    assert_eq!(head, issued.head, "a header has one form");
    for name in ["iss", "aud", "sub", "sid", "epoch", "era"] {
        assert_eq!(said.get(name), issued.claims.get(name), "{name}");
    }
    assert_eq!(said.len(), issued.claims.len(), "a claim is missing or one too many");
    let number = |name: &str| said[name].as_u64().expect("a number");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.expect("a time").as_secs();
    assert!(number("iat") <= now + 10 && now <= number("exp"), "not now");
    assert!(number("nbf") == number("iat") && number("auth_time") <= number("iat"));
    assert!(number("exp") - number("iat") <= 3600, "longer than any");
});
