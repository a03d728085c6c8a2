//! Codes from an authenticator app (RFC 6238).
//!
//! The arithmetic is a library's; which step a code may be of, and that it works once, is ours. A secret is drawn here and
//! nowhere else: one that a client chose could be known to others.

use serde::{Deserialize, Serialize};
use totp_rs::{Algorithm, Builder, Secret, Totp, TotpError};
use zeroize::Zeroizing;

use super::code::OneTimeCode;
use crate::random::{Random, RandomError};

/// How long one code is shown.
pub const STEP_S: u64 = 30;
/// Failures in a row that shut an app out until it is enrolled anew.
pub const FAILURES_MAX: u32 = 100;
/// How the product is called in an app's list.
const ISSUER: &str = "Shelduck";

/// How codes are made of a secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TotpAlgorithm {
    /// HMAC-SHA-1: what every app understands.
    #[default]
    Sha1,
    /// HMAC-SHA-256: what some apps understand.
    Sha256,
}

impl TotpAlgorithm {
    /// Its written name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256].into_iter().find(|algorithm| algorithm.name() == text)
    }

    const fn library(self) -> Algorithm {
        match self {
            Self::Sha1 => Algorithm::SHA1,
            Self::Sha256 => Algorithm::SHA256,
        }
    }

    /// As long as the hash: RFC 4226 asks for 128 bits and recommends the length of the hash.
    const fn secret_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// An authenticator app, as the server knows it.
pub(crate) struct App(Totp);

impl App {
    /// Draws a secret.
    pub(crate) fn draw(
        algorithm: TotpAlgorithm,
        random: &dyn Random,
    ) -> Result<Zeroizing<Vec<u8>>, RandomError> {
        let mut secret = Zeroizing::new(vec![0; algorithm.secret_bytes()]);
        random.fill(&mut secret)?;
        Ok(secret)
    }

    /// The app of that secret, which shows codes of so many digits under that name.
    pub(crate) fn new(
        secret: &[u8],
        algorithm: TotpAlgorithm,
        digits: u8,
        account: &str,
    ) -> Result<Self, TotpError> {
        let builder = Builder::new()
            .with_algorithm(algorithm.library())
            .with_digits(digits)
            .with_step_duration(STEP_S)
            // The library's tolerance reaches into the future too; ours does not, so the steps are tried here.
            .with_skew(0)
            .with_secret(Secret::from(secret.to_vec()))
            .with_account_name(account)
            .with_issuer(Some(ISSUER));
        builder.build().map(Self)
    }

    /// The newest step that shows this code: the present one, or up to so many before it.
    pub(crate) fn step_of(&self, code: &OneTimeCode, now_s: u64, steps_back: u8) -> Option<u64> {
        let present = now_s / STEP_S;
        let oldest = present.saturating_sub(u64::from(steps_back));
        let mut steps = (oldest..=present).rev();
        steps.find(|step| self.0.check(code.expose(), step * STEP_S).is_some())
    }

    /// The secret as a person types it.
    pub(crate) fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.secret().to_base32())
    }

    /// What the QR code says.
    pub(crate) fn url(&self) -> Result<Zeroizing<String>, TotpError> {
        self.0.to_url().map(Zeroizing::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    /// RFC 6238, appendix B: the time, the code by SHA-1, the code by SHA-256, both of eight digits.
    const VECTORS: [(u64, &str, &str); 6] = [
        (59, "94287082", "46119246"),
        (1_111_111_109, "07081804", "68084774"),
        (1_111_111_111, "14050471", "67062674"),
        (1_234_567_890, "89005924", "91819424"),
        (2_000_000_000, "69279037", "90698825"),
        (20_000_000_000, "65353130", "77737706"),
    ];
    const SHA1_SECRET: &[u8] = b"12345678901234567890";
    const SHA256_SECRET: &[u8] = b"12345678901234567890123456789012";

    fn app(secret: &[u8], algorithm: TotpAlgorithm, digits: u8) -> App {
        App::new(secret, algorithm, digits, "ada").unwrap()
    }

    fn step(app: &App, code: &str, now_s: u64, back: u8) -> Option<u64> {
        app.step_of(&OneTimeCode::new(code), now_s, back)
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        let sha1 = app(SHA1_SECRET, TotpAlgorithm::Sha1, 8);
        let sha256 = app(SHA256_SECRET, TotpAlgorithm::Sha256, 8);
        let six = app(SHA1_SECRET, TotpAlgorithm::Sha1, 6);
        for (time, by_sha1, by_sha256) in VECTORS {
            assert_eq!(step(&sha1, by_sha1, time, 0), Some(time / 30), "{time}");
            assert_eq!(step(&sha256, by_sha256, time, 0), Some(time / 30), "{time}");
            assert_eq!(step(&six, &by_sha1[2..], time, 0), Some(time / 30), "{time}");
            assert_eq!(step(&sha1, by_sha256, time, 1), None);
        }
    }

    #[test]
    fn a_code_is_good_for_its_step_and_one_more_and_never_before() {
        let app = app(SHA1_SECRET, TotpAlgorithm::Sha1, 8);
        let (time, code, _) = VECTORS[2];
        let begin = time / 30 * 30;
        let check = |offset: i64, back| {
            step(&app, code, begin.checked_add_signed(offset).unwrap(), back).is_some()
        };
        for (offset, strict, usual) in [
            (-1, false, false),
            (0, true, true),
            (29, true, true),
            (30, false, true),
            (59, false, true),
            (60, false, false),
        ] {
            assert_eq!((check(offset, 0), check(offset, 1)), (strict, usual), "{offset}");
        }
    }

    #[test]
    fn only_digits_of_the_right_number_are_a_code() {
        let app = app(SHA1_SECRET, TotpAlgorithm::Sha1, 8);
        for (text, right) in [
            ("94287082", true),
            ("9428 7082", true),
            ("9428-7082", true),
            ("+4287082", false),
            ("287082", false),
            ("942870820", false),
            ("", false),
            ("９４２８７０８２", false),
        ] {
            assert_eq!(step(&app, text, 59, 0).is_some(), right, "{text:?}");
        }
    }

    #[test]
    fn secrets_are_as_long_as_the_hash_and_impossible_apps_are_errors() {
        for (algorithm, bytes) in [(TotpAlgorithm::Sha1, 20), (TotpAlgorithm::Sha256, 32)] {
            let (one, two) =
                (App::draw(algorithm, &SystemRandom).unwrap(), App::draw(algorithm, &SystemRandom));
            assert_eq!(one.len(), bytes);
            assert_ne!(*one, *two.unwrap());
            assert_eq!(TotpAlgorithm::parse(algorithm.name()), Some(algorithm));
        }
        assert!(App::new(SHA1_SECRET, TotpAlgorithm::Sha1, 200, "ada").is_err());
        assert!(App::new(b"short", TotpAlgorithm::Sha1, 6, "ada").is_err());
    }

    #[test]
    fn an_app_is_told_everything_by_its_address() {
        let plain = app(SHA1_SECRET, TotpAlgorithm::Sha1, 6);
        assert_eq!(plain.base32().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            plain.url().unwrap().as_str(),
            "otpauth://totp/Shelduck:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Shelduck"
        );
        let other = App::new(SHA256_SECRET, TotpAlgorithm::Sha256, 8, "ada@example.org").unwrap();
        let url = other.url().unwrap();
        assert!(url.starts_with("otpauth://totp/Shelduck:ada%40example.org?"), "{}", *url);
        assert!(url.contains("digits=8") && url.contains("algorithm=SHA256"), "{}", *url);
    }
}
