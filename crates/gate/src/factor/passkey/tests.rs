//! Passkeys against the vectors of the W3C.

use serde_json::json;

use super::*;
use crate::store::factors::PasskeyRecord;

/// The vectors of the W3C: Web Authentication Level 3, section 16.7, "Packed Attestation with ES256 Credential", for the
/// relying party `example.org` at the origin `https://example.org`. Both ceremonies verified the user.
mod vector {
    pub(super) const ENROLMENT_CHALLENGE: &str =
        "c1184a5fddf8045e13dc47f54b61f5a656b666b59018f16d870e9256e9952012";
    pub(super) const CREDENTIAL_ID: &str =
        "c9a6f5b3462d02873fea0c56862234f99f081728084e511bb7760201a89054a5";
    pub(super) const ENROLMENT_CLIENT_DATA: &str = "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a227752684b58393334424634543345663153324831706c61325a725751475046746877365356756d56494249222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874726144617461223a22636c69656e74446174614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a20396138624e596a4b436757724258552d66436c316167227d";
    pub(super) const ATTESTATION_OBJECT: &str = "a363666d74667061636b65646761747453746d74a363616c6726637369675847304502203f19ec4b229f46ab8c45eff29b904ff10c0390dc40bf1216f04a78f4ceba3425022100fe7041a32759aff05a0f9f26c70a999c7a284451ba89234a1d3483c25e21925b637835638159022530820221308201c8a00302010202110088c220f83c8ef1feafe94deae45faad0300a06082a8648ce3d0403023062311e301c06035504030c15576562417574686e207465737420766563746f7273310c300a060355040a0c0357334331253023060355040b0c1c41757468656e74696361746f72204174746573746174696f6e204341310b30090603550406130241413020170d3234303130313030303030305a180f33303234303130313030303030305a305f311e301c06035504030c15576562417574686e207465737420766563746f7273310c300a060355040a0c0357334331223020060355040b0c1941757468656e74696361746f72204174746573746174696f6e310b30090603550406130241413059301306072a8648ce3d020106082a8648ce3d03010703420004a91ba4389409dd38a428141940ca8feb1ac0d7b4350558104a3777a49322f3798440f378b3398ab2d3bb7bf91322c92eb23556f59ad0a836fec4c7663b0e4dc3a360305e300c0603551d130101ff04023000300e0603551d0f0101ff040403020780301d0603551d0e04160414a589ba72d060842ab11f74fb246bdedab16f9b9b301f0603551d2304183016801445aff715b0dd786741fee996ebc16547a3931b1e300a06082a8648ce3d040302034700304402201726b9d85ecd8a5ed51163722ca3a20886fd9b242a0aa0453d442116075defd502207ef471e530ac87961a88a7f0d0c17b091ffc6b9238d30f79f635b417be5910e768617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b54d00000000876ca4f52071c3e9b25509ef2cdf7ed60020c9a6f5b3462d02873fea0c56862234f99f081728084e511bb7760201a89054a5a50102032620012158201cf27f25da591208a4239c2e324f104f585525479a29edeedd830f48e77aeae522582059e4b7da6c0106e206ce390c93ab98a15a5ec3887e57f0cc2bece803b920c423";
    pub(super) const PROOF_CHALLENGE: &str =
        "b1106fa46a57bef1781511c0557dc898a03413d5f0f17d244630c194c7e1adb5";
    pub(super) const PROOF_CLIENT_DATA: &str = "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a2273524276704770587676463446524841565833496d4b4130453958773858306b526a44426c4d6668726255222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874726144617461223a22636c69656e74446174614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a20415a4d77794d78496244382d756775464e7036723851227d";
    pub(super) const AUTHENTICATOR_DATA: &str =
        "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50d00000000";
    pub(super) const SIGNATURE: &str = "30450220694969d3ee928de6f02ef23a9c644d7d779916451734a94b432542f498a1ebe90221008b0819c824218a97152cd099c55bfb1477b29d900a49a64018314f9bfccda163";
}

/// The vectors of section 16.2, "None Attestation with ES256 Credential", whose authenticator did not verify its user.
mod unverified {
    pub(super) const CHALLENGE: &str =
        "00c30fb78531c464d2b6771dab8d7b603c01162f2fa486bea70f283ae556e130";
    pub(super) const CREDENTIAL_ID: &str =
        "f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4";
    pub(super) const CLIENT_DATA: &str = "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a22414d4d507434557878475453746e63647134313759447742466938767049612d7077386f4f755657345441222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874726144617461223a22636c69656e74446174614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a20426b5165446a646354427258426941774a544c453551227d";
    pub(super) const ATTESTATION_OBJECT: &str = "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b559000000008446ccb9ab1db374750b2367ff6f3a1f0020f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61225820930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220";
}

const ADA: UserId = UserId(Uuid::from_u128(0xada));

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks_exact(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// As browsers write bytes.
fn written(hex: &str) -> String {
    Passki::base64_encode(&bytes(hex))
}

/// Randomness that was drawn before.
struct Drawn(Vec<u8>);

impl Random for Drawn {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        bytes.copy_from_slice(&self.0);
        Ok(())
    }
}

fn at(origin: &str) -> Passkeys {
    Passkeys::new(&PasskeySite::of(Some(origin)))
}

fn enrolment(id: &str, client_data: &str, object: &str) -> PasskeyAnswer {
    PasskeyAnswer::new(json!({
        "id": written(id),
        "rawId": written(id),
        "type": "public-key",
        "clientExtensionResults": {},
        "response": { "clientDataJSON": written(client_data), "attestationObject": written(object) },
    }))
}

fn proof() -> Value {
    json!({
        "id": written(vector::CREDENTIAL_ID),
        "rawId": written(vector::CREDENTIAL_ID),
        "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": written(vector::PROOF_CLIENT_DATA),
            "authenticatorData": written(vector::AUTHENTICATOR_DATA),
            "signature": written(vector::SIGNATURE),
        },
    })
}

fn enrolled() -> PasskeyRecord {
    let server = at("https://example.org");
    let drawn = Drawn(bytes(vector::ENROLMENT_CHALLENGE));
    let (options, state) = server.begin_enrolment((ADA, "ada"), &[], &drawn).unwrap();
    let options = serde_json::to_value(options).unwrap();
    assert_eq!(options["challenge"], written(vector::ENROLMENT_CHALLENGE));
    assert_eq!(options["rp"]["id"], "example.org");
    let answer =
        enrolment(vector::CREDENTIAL_ID, vector::ENROLMENT_CLIENT_DATA, vector::ATTESTATION_OBJECT);
    let made = server.finish_enrolment(&answer, &state).unwrap();
    assert_eq!((&made.id, made.counter), (&bytes(vector::CREDENTIAL_ID), 0));
    PasskeyRecord {
        id: PasskeyId(Uuid::from_u128(1)),
        user: ADA,
        name: "vector".to_owned(),
        credential_id: made.id,
        credential: made.json,
        counter: made.counter,
        created_at: jiff::Timestamp::UNIX_EPOCH,
        last_used_at: None,
    }
}

#[test]
fn the_vectors_of_the_w3c_are_taken() {
    let passkey = enrolled();
    let server = at("https://example.org");
    let drawn = Drawn(bytes(vector::PROOF_CHALLENGE));
    let (_, state) = server.begin_proof(std::slice::from_ref(&passkey), &drawn).unwrap();
    let counter = server.finish_proof(&PasskeyAnswer::new(proof()), &state, &passkey).unwrap();
    assert_eq!(counter, 0);
}

#[test]
fn the_vectors_are_refused_wherever_they_are_not_meant_for() {
    let passkey = enrolled();
    let prove = |origin: &str, challenge: &str, answer: Value, passkey: &PasskeyRecord| {
        let server = at(origin);
        let drawn = Drawn(bytes(challenge));
        let (_, state) = server.begin_proof(std::slice::from_ref(passkey), &drawn).unwrap();
        server.finish_proof(&PasskeyAnswer::new(answer), &state, passkey).is_ok()
    };
    let (here, challenge) = ("https://example.org", vector::PROOF_CHALLENGE);
    assert!(prove(here, challenge, proof(), &passkey));
    for origin in ["https://example.org:8443", "https://www.example.org", "https://example.com"] {
        assert!(!prove(origin, challenge, proof(), &passkey), "{origin}");
    }
    assert!(!prove(here, vector::ENROLMENT_CHALLENGE, proof(), &passkey));
    let named = |user: UserId| {
        let mut answer = proof();
        answer["response"]["userHandle"] = Passki::base64_encode(user.0.as_bytes()).into();
        prove(here, challenge, answer, &passkey)
    };
    assert!(named(ADA) && !named(UserId(Uuid::from_u128(0xe7e))));
    assert!(!prove(here, challenge, proof(), &PasskeyRecord { counter: 1, ..passkey.clone() }));
}

#[test]
fn who_was_not_known_before_must_be_named() {
    let passkey = enrolled();
    let server = at("https://example.org");
    let drawn = Drawn(bytes(vector::PROOF_CHALLENGE));
    let (_, state) = server.begin_proof(&[], &drawn).unwrap();
    let mut answer = proof();
    let finish = |answer: &Value| {
        server.finish_proof(&PasskeyAnswer::new(answer.clone()), &state, &passkey).is_ok()
    };
    assert!(!finish(&answer));
    answer["response"]["userHandle"] = Passki::base64_encode(ADA.0.as_bytes()).into();
    assert!(finish(&answer));
}

#[test]
fn an_authenticator_that_did_not_verify_its_user_enrols_nothing() {
    let server = at("https://example.org");
    let drawn = Drawn(bytes(unverified::CHALLENGE));
    let (_, state) = server.begin_enrolment((ADA, "ada"), &[], &drawn).unwrap();
    let answer = enrolment(
        unverified::CREDENTIAL_ID,
        unverified::CLIENT_DATA,
        unverified::ATTESTATION_OBJECT,
    );
    let refused = server.finish_enrolment(&answer, &state);
    assert!(matches!(
        refused.err(),
        Some(PasskeyError::Refused(PasskiError::UserVerificationRequired))
    ));
}

#[test]
fn the_public_address_decides_whether_there_are_passkeys() {
    let check = |url: &str| match PasskeySite::of(Some(url)) {
        PasskeySite::Ready { domain, origin } => format!("{domain} {origin}"),
        PasskeySite::Unavailable(obstacle) => format!("{obstacle:?}"),
    };
    for (url, expected) in [
        ("https://stats.example.com", "stats.example.com https://stats.example.com"),
        ("https://stats.example.com:8443/x", "stats.example.com https://stats.example.com:8443"),
        ("https://Stats.Example.com:443", "stats.example.com https://stats.example.com"),
        ("http://localhost:8080", "localhost http://localhost:8080"),
        ("http://a.localhost", "a.localhost http://a.localhost"),
        ("http://127.0.0.1:8080", "localhost http://localhost:8080"),
        ("http://[::1]:8080/", "localhost http://localhost:8080"),
        ("http://stats.example.com", "NotEncrypted"),
        ("http://notlocalhost", "NotEncrypted"),
        ("https://192.0.2.7", "NoDomain"),
        ("https://[2001:db8::1]", "NoDomain"),
        ("not an address", "NoPublicUrl"),
    ] {
        assert_eq!(check(url), expected, "{url}");
    }
    assert_eq!(PasskeySite::of(None), PasskeySite::Unavailable(PasskeyObstacle::NoPublicUrl));
}

#[test]
fn the_credential_of_an_answer_is_bounded() {
    let answer = |bytes: usize| {
        let id = Passki::base64_encode(&vec![7; bytes]);
        PasskeyAnswer::new(json!({ "rawId": id })).credential_id().is_some()
    };
    assert!(answer(CREDENTIAL_ID_BYTES_MAX) && !answer(CREDENTIAL_ID_BYTES_MAX + 1));
    for odd in [Value::Null, json!({ "rawId": 7 }), json!({ "rawId": "%" })] {
        assert!(PasskeyAnswer::new(odd).credential_id().is_none());
    }
}
