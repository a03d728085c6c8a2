//! What a certificate file holds.

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::extensions::GeneralName;
use zeroize::Zeroizing;

use crate::order::OrderError;

/// How long one that we sign ourselves is valid: the order that replaces it takes seconds.
const OWN_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A certificate that fits the key beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    names: Vec<String>,
    begins: Timestamp,
    ends: Timestamp,
    /// Signed by ourselves, until there is one of an authority.
    is_own: bool,
}

impl Held {
    /// Reads a file with a chain and its key; none when it cannot be served with.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        let text = Zeroizing::new(std::fs::read(path).ok()?);
        Self::of(&text)
    }

    /// The same, of what would be in the file.
    pub(crate) fn of(text: &[u8]) -> Option<Self> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(text).collect::<Result<_, _>>().ok()?;
        let key = PrivateKeyDer::from_pem_slice(text).ok()?;
        let held = Self::of_certificate(chain.first()?)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        CertifiedKey::from_der(chain, key, &provider).ok()?;
        Some(held)
    }

    fn of_certificate(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
        let alternatives = parsed.subject_alternative_name().ok().flatten()?;
        let dns = |name: &GeneralName<'_>| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        };
        Some(Self {
            names: alternatives.value.general_names.iter().filter_map(dns).collect(),
            begins: Timestamp::from_second(parsed.validity().not_before.timestamp()).ok()?,
            ends: Timestamp::from_second(parsed.validity().not_after.timestamp()).ok()?,
            is_own: parsed.issuer().as_raw() == parsed.subject().as_raw(),
        })
    }

    /// From when on it is to be renewed: two thirds of its life, or at once when it is not what is wanted.
    pub(crate) fn due(&self, names: &[String]) -> Timestamp {
        if self.is_own || !self.is_for(names) {
            return Timestamp::MIN;
        }
        let life = self.ends.duration_since(self.begins);
        self.begins.saturating_add(life / 3 * 2).unwrap_or(Timestamp::MIN)
    }

    /// Whether it can be served with for these names.
    pub(crate) fn is_valid(&self, names: &[String], now: Timestamp) -> bool {
        !self.is_own && self.is_for(names) && now < self.ends
    }

    /// When it ends.
    pub(crate) fn ends(&self) -> Timestamp {
        self.ends
    }

    fn is_for(&self, names: &[String]) -> bool {
        let lower = |name: &String| name.to_ascii_lowercase();
        let mut held: Vec<_> = self.names.iter().map(lower).collect();
        let mut wanted: Vec<_> = names.iter().map(lower).collect();
        held.sort();
        held.dedup();
        wanted.sort();
        wanted.dedup();
        held == wanted
    }
}

/// A chain and key signed by nobody else, to be reached with until an authority has answered.
pub(crate) fn own(names: &[String], now: Timestamp) -> Result<Zeroizing<Vec<u8>>, OrderError> {
    let mut params = CertificateParams::new(names).map_err(OrderError::Making)?;
    params.distinguished_name.push(DnType::CommonName, "not from an authority yet");
    let end = now.saturating_add(OWN_LIFE).unwrap_or(now);
    for (date, at) in [(&mut params.not_before, now), (&mut params.not_after, end)] {
        let day = at.to_zoned(TimeZone::UTC).date();
        let month = u8::try_from(day.month()).unwrap_or(1);
        *date = date_time_ymd(day.year().into(), month, u8::try_from(day.day()).unwrap_or(1));
    }
    let key = KeyPair::generate().map_err(OrderError::Making)?;
    let certificate = params.self_signed(&key).map_err(OrderError::Making)?;
    Ok(joined(&certificate.pem(), &key))
}

/// One file's content, so that both are replaced in one step.
pub(crate) fn joined(chain: &str, key: &KeyPair) -> Zeroizing<Vec<u8>> {
    let key = Zeroizing::new(key.serialize_pem());
    Zeroizing::new([chain.trim_end().as_bytes(), b"\n", key.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = ["a.example", "b.example"];

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// One of an authority, for 90 days.
    fn held() -> Held {
        let begins: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let ends = begins + SignedDuration::from_hours(90 * 24);
        Held { names: names(&NAMES), begins, ends, is_own: false }
    }

    #[test]
    fn two_thirds_of_its_life_a_certificate_is_left_alone() {
        assert_eq!(held().due(&names(&NAMES)), "2026-03-02T00:00:00Z".parse().unwrap());
        assert_eq!(
            held().due(&names(&["B.example", "a.example", "a.example"])),
            held().due(&names(&NAMES))
        );
    }

    #[test]
    fn what_is_not_wanted_is_due_at_once() {
        for other in [&["a.example"][..], &["a.example", "b.example", "c.example"], &["c.example"]]
        {
            assert_eq!(held().due(&names(other)), Timestamp::MIN, "{other:?}");
            assert!(!held().is_valid(&names(other), held().begins), "{other:?}");
        }
        let own = Held { is_own: true, ..held() };
        assert_eq!(own.due(&names(&NAMES)), Timestamp::MIN);
        assert!(!own.is_valid(&names(&NAMES), own.begins));
        assert!(held().is_valid(&names(&NAMES), held().begins));
        assert!(!held().is_valid(&names(&NAMES), held().ends));
    }

    #[test]
    fn one_of_our_own_can_be_served_with_and_is_known_as_such() {
        let now: Timestamp = "2026-11-25T14:00:00Z".parse().unwrap();
        let found = Held::of(&own(&names(&NAMES), now).unwrap()).unwrap();
        assert_eq!(found.names, NAMES);
        assert!(found.is_own && found.begins <= now && found.ends > now);
        assert_eq!(found.due(&names(&NAMES)), Timestamp::MIN);
    }

    #[test]
    fn what_does_not_fit_together_is_not_held() {
        let now = Timestamp::UNIX_EPOCH;
        let (one, two) = (own(&names(&NAMES), now).unwrap(), own(&names(&NAMES), now).unwrap());
        let parts = |whole: &[u8]| {
            let text = String::from_utf8(whole.to_vec()).unwrap();
            let (chain, key) = text.split_once("-----BEGIN PRIVATE").unwrap();
            (chain.to_owned(), format!("-----BEGIN PRIVATE{key}"))
        };
        let ((chain, key), (_, other)) = (parts(&one), parts(&two));
        assert!(Held::of(format!("{chain}{key}").as_bytes()).is_some());
        for wrong in [format!("{chain}{other}"), chain, key, String::new(), "x".to_owned()] {
            assert!(Held::of(wrong.as_bytes()).is_none(), "{}", wrong.len());
        }
    }
}
