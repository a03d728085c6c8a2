//! Tokens that somebody might make, each wrong in one way: all are refused
//! alike.
//!
//! They are put together from bytes and signed with the server's own key where that is possible, so that the one wrong thing is all
//! that is wrong; no library for tokens stands between the trick and the server.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gate::{Keyring, RootSecret};

use super::{issue, issue_to, opens, world};
use crate::support::{Call, World, get};

/// What the test's server signs with, found as the server finds it.
fn key_of(root: u8) -> Ed25519KeyPair {
    let secret = RootSecret::from_random([root; 32]);
    let seed = secret.derive("access tokens, Ed25519").mac(&[]).0;
    Ed25519KeyPair::from_seed_unchecked(&seed).unwrap()
}

/// One member of a JSON object: its name and its value as written.
type Member = (String, String);

/// A token in its parts.
#[derive(Clone)]
struct Parts {
    head: Vec<Member>,
    claims: Vec<Member>,
}

fn members(json: &serde_json::Value) -> Vec<Member> {
    let object = json.as_object().unwrap();
    object.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
}

fn object(members: &[Member]) -> String {
    let members: Vec<_> =
        members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn signed(head: impl AsRef<[u8]>, claims: impl AsRef<[u8]>, key: &Ed25519KeyPair) -> String {
    let message = format!("{}.{}", encode(head), encode(claims));
    let signature = key.sign(message.as_bytes());
    format!("{message}.{}", encode(signature))
}

impl Parts {
    fn of(token: &str) -> Self {
        let part = |place: usize| {
            let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(place).unwrap()).unwrap();
            members(&serde_json::from_slice(&bytes).unwrap())
        };
        Self { head: part(0), claims: part(1) }
    }

    /// With another value, or with a member that was not there.
    fn head(&self, name: &str, value: &str) -> String {
        let head = replaced(&self.head, name, value);
        signed(object(&head), object(&self.claims), &key_of(3))
    }

    fn head_without(&self, name: &str) -> String {
        let head: Vec<_> = self.head.iter().filter(|(one, _)| one != name).cloned().collect();
        signed(object(&head), object(&self.claims), &key_of(3))
    }

    fn head_also(&self, name: &str, value: &str) -> String {
        let mut head = vec![(name.to_owned(), value.to_owned())];
        head.extend(self.head.iter().cloned());
        signed(object(&head), object(&self.claims), &key_of(3))
    }

    fn raw_head(&self, head: impl AsRef<[u8]>) -> String {
        signed(head, object(&self.claims), &key_of(3))
    }

    fn claim(&self, name: &str, value: &str) -> String {
        let claims = replaced(&self.claims, name, value);
        signed(object(&self.head), object(&claims), &key_of(3))
    }

    fn claim_without(&self, name: &str) -> String {
        let claims: Vec<_> = self.claims.iter().filter(|(one, _)| one != name).cloned().collect();
        signed(object(&self.head), object(&claims), &key_of(3))
    }

    /// With a second member of that name.
    fn claim_also(&self, name: &str, value: &str) -> String {
        let mut claims = vec![(name.to_owned(), value.to_owned())];
        claims.extend(self.claims.iter().cloned());
        signed(object(&self.head), object(&claims), &key_of(3))
    }

    fn raw_claims(&self, claims: impl AsRef<[u8]>) -> String {
        signed(object(&self.head), claims, &key_of(3))
    }

    fn value(&self, name: &str) -> String {
        let found = self.claims.iter().chain(&self.head).find(|(one, _)| one == name);
        found.unwrap().1.clone()
    }

    fn number(&self, name: &str) -> i64 {
        self.value(name).parse().unwrap()
    }

    fn whole(&self) -> String {
        signed(object(&self.head), object(&self.claims), &key_of(3))
    }
}

fn replaced(members: &[Member], name: &str, value: &str) -> Vec<Member> {
    let mut found = false;
    let mut all: Vec<_> = members
        .iter()
        .map(|(one, kept)| {
            let same = one == name;
            found |= same;
            (one.clone(), if same { value.to_owned() } else { kept.clone() })
        })
        .collect();
    if !found {
        all.push((name.to_owned(), value.to_owned()));
    }
    all
}

/// A token of another algorithm, with a code under a secret an attacker can know.
fn hmac_signed(parts: &Parts, alg: &str, algorithm: hmac::Algorithm, secret: &[u8]) -> String {
    let head = object(&replaced(&parts.head, "alg", &format!("\"{alg}\"")));
    let message = format!("{}.{}", encode(head), encode(object(&parts.claims)));
    let code = hmac::sign(&hmac::Key::new(algorithm, secret), message.as_bytes());
    format!("{message}.{}", encode(code))
}

fn text(value: &str) -> String {
    format!("\"{value}\"")
}

type Case = (String, String);

/// Tricks with the algorithm.
fn algorithms(parts: &Parts) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: &str, token: String| cases.push((format!("alg: {name}"), token));
    for alg in [
        "none", "None", "NONE", "nOnE", "none ", "", "Ed25519", "eddsa", "EDDSA", "EdDSA ",
        "ES256", "ES384", "RS256", "PS512", "HS256", "HS384", "dir",
    ] {
        add(&format!("{alg:?} with our signature"), parts.head("alg", &text(alg)));
    }
    for alg in ["none", "None", "NONE"] {
        let unsigned = parts.head("alg", &text(alg));
        let (message, _) = unsigned.rsplit_once('.').unwrap();
        add(&format!("{alg} without a signature"), format!("{message}."));
        add(&format!("{alg} with an invented signature"), format!("{message}.AAAA"));
    }
    for value in ["null", "5", "[\"EdDSA\"]", "{\"a\":\"EdDSA\"}", "true"] {
        add(value, parts.head("alg", value));
    }
    add("missing", parts.head_without("alg"));
    add("twice, none first", parts.head_also("alg", "\"none\""));
    add("twice, the same", parts.head_also("alg", "\"EdDSA\""));
    let key = key_of(3);
    let public = key.public_key().as_ref().to_vec();
    let mut der = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00".to_vec();
    der.extend(&public);
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(&der)
    );
    for (name, secret) in [
        ("the public key's bytes", public.clone()),
        ("the public key in base64url", encode(&public).into_bytes()),
        ("the public key's DER", der.clone()),
        ("the public key's PEM", pem.clone().into_bytes()),
        ("its PEM without the last line end", pem.trim_end().as_bytes().to_vec()),
        (
            "the private seed",
            RootSecret::from_random([3; 32]).derive("access tokens, Ed25519").mac(&[]).0.to_vec(),
        ),
        ("nothing", Vec::new()),
        ("the key's name", parts.value("kid").trim_matches('"').as_bytes().to_vec()),
        ("a word", b"secret".to_vec()),
    ] {
        add(&format!("HS256 with {name}"), hmac_signed(parts, "HS256", hmac::HMAC_SHA256, &secret));
    }
    add("HS512 with the public key", hmac_signed(parts, "HS512", hmac::HMAC_SHA512, &public));
    cases
}

/// Tricks with the rest of the header.
fn headers(parts: &Parts) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: &str, token: String| cases.push((format!("head: {name}"), token));
    for value in [
        "\"JWT\"",
        "\"at+JWT\"",
        "\"application/at+jwt\"",
        "\"id+jwt\"",
        "\"rt+jwt\"",
        "\"\"",
        "null",
        "[\"at+jwt\"]",
        "1",
    ] {
        add(&format!("typ {value}"), parts.head("typ", value));
    }
    add("typ missing", parts.head_without("typ"));
    for value in [
        "null",
        "0",
        "[]",
        "[\"a\"]",
        "{}",
        "\"\"",
        "\"../../../../dev/null\"",
        "\"/dev/zero\"",
        "\"' OR '1'='1\"",
        "\"'; DROP TABLE users; --\"",
        "\"https://evil.test/key\"",
        "\"\\u0000\"",
        "\"$(id)\"",
        "\"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\"",
    ] {
        add(&format!("kid {value}"), parts.head("kid", value));
    }
    add("kid very long", parts.head("kid", &text(&"k".repeat(2_000))));
    add("kid missing", parts.head_without("kid"));
    add("kid twice", parts.head_also("kid", "\"other\""));
    cases.extend(foreign_keys(parts));
    cases.extend(broken_headers(parts));
    cases
}

/// Headers that name another key or another way of reading.
fn foreign_keys(parts: &Parts) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: &str, token: String| cases.push((format!("head: {name}"), token));
    let attacker = key_of(66);
    let x = encode(attacker.public_key().as_ref());
    let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
    for (name, value) in [
        ("jku", "\"https://evil.test/jwks.json\""),
        ("x5u", "\"https://evil.test/cert.pem\""),
        ("jwk", jwk.as_str()),
        ("x5c", "[\"MIIB\"]"),
        ("x5t", "\"AAAA\""),
        ("x5t#S256", "\"AAAA\""),
        ("crit", "[\"b64\"]"),
        ("crit", "[\"exp\"]"),
        ("crit", "[]"),
        ("b64", "false"),
        ("zip", "\"DEF\""),
        ("cty", "\"JWT\""),
        ("enc", "\"A256GCM\""),
        ("unheard-of", "1"),
    ] {
        add(&format!("{name} {value}"), parts.head(name, value));
    }
    let head = object(&replaced(&parts.head, "jwk", &jwk));
    add("its own key inside", signed(head, object(&parts.claims), &attacker));
    let head = object(&replaced(&parts.head, "kid", &text("mine")));
    add("another key", signed(&head, object(&parts.claims), &attacker));
    add(
        "another key under our name",
        signed(object(&parts.head), object(&parts.claims), &attacker),
    );
    cases
}

/// Headers that are no header.
fn broken_headers(parts: &Parts) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: &str, token: String| cases.push((format!("head: {name}"), token));
    let whole = object(&parts.head);
    for (name, raw) in [
        ("a list", "[]".to_owned()),
        ("a text", "\"EdDSA\"".to_owned()),
        ("null", "null".to_owned()),
        ("an empty object", "{}".to_owned()),
        ("two objects", format!("{whole}{whole}")),
        ("something behind", format!("{whole} x")),
        ("a mark in front", format!("\u{feff}{whole}")),
        ("a comment", whole.replacen('{', "{/**/", 1)),
        ("not closed", whole.trim_end_matches('}').to_owned()),
        (
            "deep",
            whole.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(1_000), "]".repeat(1_000)), 1),
        ),
        ("endlessly deep", "[".repeat(2_500)),
    ] {
        add(name, parts.raw_head(raw));
    }
    add("no text", parts.raw_head([0xff, 0xfe, b'{', b'}']));
    cases
}

/// Tricks with times.
fn times(parts: &Parts) -> Vec<Case> {
    let mut cases = Vec::new();
    let (iat, exp) = (parts.number("iat"), parts.number("exp"));
    for (claim, now) in [("exp", exp), ("nbf", iat), ("iat", iat), ("auth_time", iat)] {
        let mut add = |value: &str| {
            cases.push((format!("time: {claim} {value}"), parts.claim(claim, value)));
        };
        for value in [
            "null",
            "true",
            "[]",
            "{}",
            "\"\"",
            "-1",
            "-9223372036854775808",
            "1e400",
            "1e10",
            "NaN",
            "99999999999999999999999999",
            "18446744073709551615",
            "0x6b49d200",
        ] {
            add(value);
        }
        add(&text(&now.to_string()));
        add(&format!("{now}.0"));
        add(&format!("{now}.5"));
        add(&format!("[{now}]"));
        cases.push((format!("time: {claim} missing"), parts.claim_without(claim)));
        cases.push((format!("time: {claim} twice"), parts.claim_also(claim, &now.to_string())));
    }
    for (name, claim, value) in [
        ("over", "exp", iat - 1),
        ("over this second", "exp", iat),
        ("longer than an hour", "exp", iat + 3_601),
        ("a year", "exp", iat + 31_536_000),
        ("not yet", "nbf", iat + 300),
        ("made tomorrow", "iat", iat + 86_400),
        ("proved after it was made", "auth_time", iat + 1),
    ] {
        cases.push((format!("time: {name}"), parts.claim(claim, &value.to_string())));
    }
    cases
}

/// Tricks with issuer and audience, and all other claims.
fn claims(parts: &Parts, other: &Parts) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: String, token: String| cases.push((format!("claim: {name}"), token));
    let issuer = parts.value("iss");
    let bare = issuer.trim_matches('"');
    for claim in ["iss", "aud"] {
        for value in [
            format!("[{issuer}]"),
            format!("[{issuer},\"https://evil.test\"]"),
            "[]".to_owned(),
            "null".to_owned(),
            "1".to_owned(),
            "\"\"".to_owned(),
            "\"https://evil.test\"".to_owned(),
            text(&bare[..bare.len() - 1]),
            text(&format!("{bare}/")),
            text(&format!("{bare}.evil.test")),
            text(&bare.to_uppercase()),
            text(&bare.replace("https", "http")),
        ] {
            add(format!("{claim} {value}"), parts.claim(claim, &value));
        }
        add(format!("{claim} missing"), parts.claim_without(claim));
        add(format!("{claim} twice"), parts.claim_also(claim, "\"https://evil.test\""));
    }
    cases.extend(ids(parts, other));
    cases.extend(rights(parts));
    cases.extend(broken_claims(parts));
    cases
}

/// Tricks with whose and which.
fn ids(parts: &Parts, other: &Parts) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: String, token: String| cases.push((format!("claim: {name}"), token));
    for claim in ["sub", "jti", "sid"] {
        let value = parts.value(claim);
        let id = value.trim_matches('"');
        for value in [
            "null".to_owned(),
            "0".to_owned(),
            "\"\"".to_owned(),
            "\"*\"".to_owned(),
            format!("[{value}]"),
            text(&id.to_uppercase()),
            text(&format!("urn:uuid:{id}")),
            text(&format!("{{{id}}}")),
            text(&id.replace('-', "")),
            text(&format!("{id} ")),
        ] {
            add(format!("{claim} {value}"), parts.claim(claim, &value));
        }
        add(format!("{claim} missing"), parts.claim_without(claim));
        add(format!("{claim} twice"), parts.claim_also(claim, &value));
    }
    let nobody = text("00000000-0000-4000-8000-000000000000");
    add("sub of nobody".to_owned(), parts.claim("sub", &nobody));
    add("sub of another".to_owned(), parts.claim("sub", &other.value("sub")));
    add("sid of nothing".to_owned(), parts.claim("sid", &nobody));
    add("sid of another".to_owned(), parts.claim("sid", &other.value("sid")));
    cases
}

/// Tricks with epochs, scopes and factors.
fn rights(parts: &Parts) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: String, token: String| cases.push((format!("claim: {name}"), token));
    for (claim, values) in [
        ("epoch", &["1", "\"0\"", "0.0", "-1", "null", "[0]"][..]),
        ("era", &["1", "\"0\"", "0.0", "-1", "null", "[0]"]),
        (
            "scope",
            &[
                "null",
                "[]",
                "[\"read:*\"]",
                "\"\"",
                "\"fly:*\"",
                "\"read\"",
                "\"read:*  write:*\"",
                "7",
            ],
        ),
        ("amr", &["null", "\"password\"", "[1]", "{}"]),
    ] {
        for value in values {
            add(format!("{claim} {value}"), parts.claim(claim, value));
        }
        add(format!("{claim} missing"), parts.claim_without(claim));
        add(format!("{claim} twice"), parts.claim_also(claim, &parts.value(claim)));
    }
    add("one more".to_owned(), parts.claim("admin", "true"));
    add("an id token's".to_owned(), parts.claim("nonce", "\"x\""));
    cases
}

/// Claims that are no claims.
fn broken_claims(parts: &Parts) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: String, token: String| cases.push((format!("claim: {name}"), token));
    let whole = object(&parts.claims);
    for (name, raw) in [
        ("a list", "[]".to_owned()),
        ("a text", "\"x\"".to_owned()),
        ("null", "null".to_owned()),
        ("an empty object", "{}".to_owned()),
        ("two objects", format!("{whole}{whole}")),
        ("something behind", format!("{whole}\u{0}")),
        ("endlessly deep", "[".repeat(2_500)),
        (
            "deep inside",
            whole.replacen(
                '{',
                &format!("{{\"x\":{}1{},", "{\"a\":".repeat(300), "}".repeat(300)),
                1,
            ),
        ),
    ] {
        add(name.to_owned(), parts.raw_claims(raw));
    }
    add("no text".to_owned(), parts.raw_claims([b'{', 0xff, b'}']));
    cases
}

/// Tricks with the signature and the form of the whole.
fn forms(parts: &Parts, other: &Parts) -> Vec<Case> {
    let good = parts.whole();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, payload) = message.split_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let with = |bytes: &[u8]| format!("{message}.{}", encode(bytes));
    let mut flipped = bytes.clone();
    flipped[0] ^= 1;
    let mut flipped_last = bytes.clone();
    flipped_last[63] ^= 0x80;
    let last = signature.chars().next_back().unwrap();
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = letters.find(last).unwrap();
    let trailing = letters.chars().nth(place | 1).unwrap();
    let stolen = other.whole();
    let json =
        format!(r#"{{"protected":"{head}","payload":"{payload}","signature":"{signature}"}}"#);
    let cases = [
        ("cut", with(&bytes[..63])),
        ("half", with(&bytes[..32])),
        ("extended", with(&[&bytes[..], &[0]].concat())),
        ("twice", with(&[&bytes[..], &bytes[..]].concat())),
        ("of zeros", with(&[0; 64])),
        ("of ones", with(&[255; 64])),
        ("with another first bit", with(&flipped)),
        ("with another last bit", with(&flipped_last)),
        ("with its number raised by the order", with(&raised(&bytes))),
        (
            "with bits behind its end",
            format!("{message}.{}{trailing}", &signature[..signature.len() - 1]),
        ),
        ("padded", format!("{good}==")),
        ("in the other base64", format!("{head}.{payload}.{}", STANDARD.encode(&bytes))),
        ("of another token", format!("{message}.{}", stolen.rsplit_once('.').unwrap().1)),
        (
            "over claims of another",
            format!("{head}.{}.{signature}", stolen.split('.').nth(1).unwrap()),
        ),
        ("missing", format!("{message}.")),
        ("missing with its dot", message.to_owned()),
        ("one part", head.to_owned()),
        ("four parts", format!("{good}.{signature}")),
        ("five parts, as encrypted", format!("{good}.{signature}.{signature}")),
        ("an empty header", format!(".{payload}.{signature}")),
        ("a detached payload", format!("{head}..{signature}")),
        ("two dots", "..".to_owned()),
        ("space inside", format!("{head}. {payload}.{signature}")),
        ("a tab inside", format!("{head}.\t{payload}.{signature}")),
        ("the JSON form", json),
        ("a byte too long", "a.b.".to_owned() + &"c".repeat(4_093)),
        ("1 MiB", format!("{head}.{}.{signature}", "A".repeat(1 << 20))),
    ];
    cases.into_iter().map(|(name, token)| (format!("form: {name}"), token)).collect()
}

/// The same signature with the order of the group added to its second half: a verifier that does not look takes it.
fn raised(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut raised = signature.to_vec();
    let mut carry = 0;
    for (byte, order) in raised[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = u8::try_from(sum & 255).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    raised
}

/// An address for each, so that what is looked at is the token and not the lock of its address.
fn address(number: usize) -> String {
    format!("10.{}.{}.{}", number >> 16, (number >> 8) & 255, number & 255)
}

/// The whole refusal, but for the request's id.
async fn refusal(world: &World, call: Call) -> String {
    let reply = world.send(call).await;
    let mut body = reply.json();
    body["request_id"].take();
    format!("{} {:?} {body}", reply.status, reply.header("www-authenticate"))
}

#[tokio::test]
async fn every_wrong_token_is_refused_alike() {
    let world = world();
    let (ada, grace) = (issue(&world).await, issue_to(&world, "grace").await);
    let (parts, other) = (Parts::of(ada.access.expose()), Parts::of(grace.access.expose()));
    assert_eq!(
        world.status(get("/v1/me").key(&parts.whole())).await,
        200,
        "right until one thing is wrong"
    );

    let mut cases = algorithms(&parts);
    cases.extend(headers(&parts));
    cases.extend(times(&parts));
    cases.extend(claims(&parts, &other));
    cases.extend(forms(&parts, &other));
    cases.push(("a refresh token".to_owned(), ada.refresh.expose().to_owned()));
    assert!(cases.len() > 250, "{}", cases.len());
    let expected = refusal(&world, get("/v1/me")).await;
    assert!(expected.starts_with("401 Some(\"Bearer realm="), "{expected}");
    for (number, (name, token)) in cases.iter().enumerate() {
        let call = get("/v1/me").from(&address(number)).key(token);
        assert_eq!(refusal(&world, call).await, expected, "{name}");
    }
    assert!(opens(&world, &ada.access).await, "nothing that was tried ended a right one");
}

#[tokio::test]
async fn a_token_is_looked_at_in_one_place_only() {
    let world = world();
    let token = issue(&world).await.access;
    let text = token.expose();
    let expected = refusal(&world, get("/v1/me")).await;
    let me = || get("/v1/me").from("10.9.9.9");
    let cases = [
        get(&format!("/v1/me?access_token={text}")),
        get(&format!("/v1/me?token={text}")),
        me().cookie(&format!("access_token={text}")),
        me().cookie(&format!("__Host-shelduck={text}")),
        me().header("authorization", text),
        me().header("authorization", &format!("JWT {text}")),
        me().header("authorization", &format!("Token {text}")),
        me().header("authorization", &format!("ApiKey {text}")),
        me().header("authorization", &format!("Bearer Bearer {text}")),
        me().header("authorization", &format!("Bearer {text},{text}")),
        me().header("x-api-key", text),
        me().header("x-access-token", text),
    ];
    for (number, call) in cases.into_iter().enumerate() {
        assert_eq!(refusal(&world, call).await, expected, "case {number}");
    }
    let mangled = format!("Bearer {}x", text);
    let two = me().key(text).header("authorization", &mangled);
    assert_eq!(world.send(two).await.problem(), "two-credentials");
    assert_eq!(world.status(me().key(text)).await, 200);
    assert_eq!(world.status(me().header("authorization", &format!("bearer {text}"))).await, 200);
}

#[tokio::test]
async fn other_secrets_other_servers_and_ended_tokens_are_refused_alike() {
    let expected = refusal(&world(), get("/v1/me")).await;
    let url = "https://stats.test";
    let home = world();
    let token = issue(&home).await.access;

    let tenant = World::on(home.store.clone(), home.clock.clone(), |config| {
        config.public_url = Some("https://other.test".to_owned());
    });
    assert_eq!(
        refusal(&tenant, get("/v1/me").key(token.expose())).await,
        expected,
        "another tenant"
    );

    let retired = World::on(home.store.clone(), home.clock.clone(), |config| {
        config.public_url = Some(url.to_owned());
    });
    retired.gate.set_keyring(&Keyring::from(RootSecret::from_random([8; 32]))).unwrap();
    assert_eq!(
        refusal(&retired, get("/v1/me").key(token.expose())).await,
        expected,
        "a retired key"
    );

    assert_eq!(home.status(crate::support::post("/v1/auth/logout").key(token.expose())).await, 204);
    assert_eq!(refusal(&home, get("/v1/me").key(token.expose())).await, expected, "an ended token");
}
