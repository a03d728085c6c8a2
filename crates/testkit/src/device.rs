//! What people hold: an authenticator app, and a browser with a passkey.
//!
//! The passkey's authenticator is written after the W3C's text (Web Authentication Level 3, sections 5.8.1, 6.1 and 6.5) and
//! signs with another library than the one the server checks with, so that what it shows is an oracle.

use anyhow::{Context, Result, bail, ensure};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use totp_rs::{Builder, Secret};
use url::Url;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const CREDENTIAL_INCLUDED: u8 = 0x40;

/// The six digits that an app of this secret shows at that second.
///
/// # Errors
/// When it is no secret, or no second.
pub fn totp_code(secret: &str, second: i64) -> Result<String> {
    let secret = Secret::try_from_base32(secret).context("not a secret")?;
    let app = Builder::new().with_secret(secret).build().context("not an app")?;
    Ok(app.generate(u64::try_from(second)?).to_string())
}

/// A browser with an authenticator that holds one passkey; a clone is a copy of both.
#[derive(Clone)]
pub struct Device {
    origin: Url,
    verified: bool,
    passkey: Option<Passkey>,
}

#[derive(Clone)]
struct Passkey {
    id: [u8; 16],
    domain: String,
    user: String,
    key: SigningKey,
    counter: u32,
}

impl Device {
    /// In a page of that origin.
    ///
    /// # Errors
    /// When it is no origin.
    pub fn at(origin: &str) -> Result<Self> {
        Ok(Self { origin: origin.parse()?, verified: true, passkey: None })
    }

    /// In a page of another origin, with what it remembers.
    ///
    /// # Errors
    /// When it is no origin.
    pub fn moved_to(self, origin: &str) -> Result<Self> {
        Ok(Self { origin: origin.parse()?, ..self })
    }

    /// Knows from now on that somebody is there, and not who.
    #[must_use]
    pub fn without_verification(mut self) -> Self {
        self.verified = false;
        self
    }

    /// Makes a passkey as the options ask; what a browser would send.
    ///
    /// # Errors
    /// When the options cannot be read, or ask for what this device does not do.
    pub fn make(&mut self, options: impl Serialize) -> Result<Value> {
        let options = serde_json::to_value(options)?;
        let asked = options.get("pubKeyCredParams").and_then(Value::as_array);
        let es256 =
            asked.is_some_and(|all| all.iter().any(|one| one.get("alg") == Some(&json!(-7))));
        ensure!(es256, "ES256 is not asked for");
        let domain = text(&options, "/rp/id")?;
        self.may_use(&domain, options.pointer("/authenticatorSelection/userVerification"))?;
        let mut id = [0; 16];
        getrandom::fill(&mut id)?;
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        let key = SigningKey::from_slice(&secret)?;
        let user = text(&options, "/user/id")?;
        let passkey = Passkey { id, domain, user, key, counter: 1 };
        let client_data = self.client_data("webauthn.create", &text(&options, "/challenge")?);
        let mut data = self.authenticator_data(&passkey, CREDENTIAL_INCLUDED);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(id);
        data.extend(cose_key(&passkey.key)?);
        let answer = json!({
            "id": encode(&id),
            "rawId": encode(&id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(client_data.as_bytes()),
                "attestationObject": encode(&attestation(&data)?),
                "transports": ["internal"],
            },
        });
        self.passkey = Some(passkey);
        Ok(answer)
    }

    /// Answers a challenge as the options ask; what a browser would send.
    ///
    /// # Errors
    /// When the options cannot be read, or there is no passkey for them.
    pub fn answer(&mut self, options: impl Serialize) -> Result<Value> {
        let options = serde_json::to_value(options)?;
        let domain = text(&options, "/rpId")?;
        self.may_use(&domain, options.get("userVerification"))?;
        let mut passkey = self.passkey.clone().context("there is no passkey")?;
        ensure!(passkey.domain == domain, "the passkey is for {}", passkey.domain);
        let id = encode(&passkey.id);
        let listed = options.get("allowCredentials").and_then(Value::as_array);
        let listed = listed.filter(|all| !all.is_empty());
        let allowed =
            listed.is_none_or(|all| all.iter().any(|one| one.get("id") == Some(&json!(id))));
        ensure!(allowed, "the passkey is not asked for");
        passkey.counter += 1;
        let client_data = self.client_data("webauthn.get", &text(&options, "/challenge")?);
        let data = self.authenticator_data(&passkey, 0);
        let mut signed = data.clone();
        signed.extend(Sha256::digest(client_data.as_bytes()));
        let signature: Signature = passkey.key.sign(&signed);
        let user = passkey.user.clone();
        self.passkey = Some(passkey);
        Ok(json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(client_data.as_bytes()),
                "authenticatorData": encode(&data),
                "signature": encode(signature.to_der().as_bytes()),
                "userHandle": user,
            },
        }))
    }

    /// What a browser and an authenticator refuse by themselves.
    fn may_use(&self, domain: &str, verification: Option<&Value>) -> Result<()> {
        let host = self.origin.host_str().context("no host")?;
        let own = host == domain || host.ends_with(&format!(".{domain}"));
        ensure!(own, "a page of {host} may not use passkeys of {domain}");
        if !self.verified && verification == Some(&json!("required")) {
            bail!("this device cannot verify its user");
        }
        Ok(())
    }

    fn client_data(&self, kind: &str, challenge: &str) -> String {
        let origin = self.origin.origin().ascii_serialization();
        json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false })
            .to_string()
    }

    fn authenticator_data(&self, passkey: &Passkey, flags: u8) -> Vec<u8> {
        let verified = if self.verified { USER_VERIFIED } else { 0 };
        let mut data = Sha256::digest(passkey.domain.as_bytes()).to_vec();
        data.push(flags | USER_PRESENT | verified);
        data.extend(passkey.counter.to_be_bytes());
        data
    }
}

/// The public key as a COSE key: `{1: 2, 3: -7, -1: 1, -2: x, -3: y}`.
fn cose_key(key: &SigningKey) -> Result<Vec<u8>> {
    let point = key.verifying_key().to_sec1_point(false);
    let (tag, both) = point.as_bytes().split_first().context("no point")?;
    let (x, y) = both.split_at_checked(32).context("a short point")?;
    ensure!(*tag == 4 && y.len() == 32, "a compressed point");
    let mut bytes = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
    bytes.extend(x);
    bytes.extend([0x22, 0x58, 0x20]);
    bytes.extend(y);
    Ok(bytes)
}

/// `{"fmt": "none", "attStmt": {}, "authData": data}` in CBOR.
fn attestation(data: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = vec![0xa3];
    bytes.extend(b"\x63fmt\x64none\x67attStmt\xa0\x68authData\x58");
    bytes.push(u8::try_from(data.len())?);
    bytes.extend(data);
    Ok(bytes)
}

fn text(options: &Value, pointer: &str) -> Result<String> {
    let found = options.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).with_context(|| format!("no {pointer}: {options}"))
}

/// Base64 for addresses, without padding (RFC 4648, section 5).
fn encode(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let index = usize::try_from((bits >> (18 - 6 * place)) & 63).unwrap_or(0);
            text.extend(LETTERS.get(index).copied().map(char::from));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_the_rfc_does() {
        // RFC 4648, section 10, without the padding.
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
        }
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
    }
}
