//! A browser that somebody signed in from before.
//!
//! Whoever can lock an account by guessing can keep its owner out. So a good sign-in leaves a second cookie, which proves
//! nothing but that this account was once opened from here: attempts that show it are counted apart from those of
//! strangers (OWASP's device cookies). It opens nothing.
//!
//! # Invariants
//! - A proof is made by [`Gate::device`] only, after its code was checked, and is good for one account.
//! - Nothing about it is stored: what a browser shows is checked with a key of this purpose.

use std::fmt;

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::gate::Gate;
use crate::random::{self, RandomError};
use crate::secret::{Fingerprint, MacKey, hex, unhex};

/// Longest text that is looked at.
const TOKEN_CHARACTERS_MAX: usize = 200;
/// How far a clock may have gone back since the token was made.
const AHEAD_S_MAX: i64 = 300;

/// What a browser keeps: `nonce.account.issued.code`, the first two and the last in hexadecimal.
#[derive(Clone)]
pub struct DeviceToken(Zeroizing<String>);

impl DeviceToken {
    /// The token itself, for the cookie only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DeviceToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DeviceToken(hidden)")
    }
}

/// The proof that an account was opened from this browser before.
#[derive(Clone, Copy)]
pub struct Device {
    nonce: [u8; 16],
    account: [u8; 16],
}

impl Device {
    pub(crate) const fn nonce(&self) -> [u8; 16] {
        self.nonce
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Device(hidden)")
    }
}

impl Gate {
    /// The proof in what a browser shows, if it is one.
    #[must_use]
    pub fn device(&self, shown: &str) -> Option<Device> {
        let life = i64::from(self.config().lockout.device_life_s);
        let (ring, now) = (self.ring(), self.now());
        ring.devices.iter().find_map(|(_, key)| read(key, shown, now, life))
    }

    /// Whether that proof is about this account, given by its canonical name.
    pub(crate) fn is_device_of(&self, device: &Device, account: &str) -> bool {
        self.ring().devices.iter().any(|(_, key)| device.account == account_code(key, account))
    }

    /// A new token for the browser that just opened this account.
    pub(crate) fn new_device(&self, account: &str) -> Result<DeviceToken, RandomError> {
        let nonce = random::array::<16>(&*self.random)?;
        Ok(write(self.ring().devices.primary(), nonce, account, self.now()))
    }
}

fn account_code(key: &MacKey, account: &str) -> [u8; 16] {
    key.mac(&[b"account", account.as_bytes()]).half()
}

fn code(key: &MacKey, nonce: &[u8], account: &[u8], issued: i64) -> Fingerprint {
    key.mac(&[b"token", nonce, account, &issued.to_be_bytes()])
}

fn write(key: &MacKey, nonce: [u8; 16], account: &str, now: Timestamp) -> DeviceToken {
    let (account, issued) = (account_code(key, account), now.as_second());
    let code = code(key, &nonce, &account, issued);
    let text = format!("{}.{}.{issued}.{}", hex(&nonce), hex(&account), hex(&code.0));
    DeviceToken(Zeroizing::new(text))
}

fn read(key: &MacKey, shown: &str, now: Timestamp, life_s: i64) -> Option<Device> {
    if shown.len() > TOKEN_CHARACTERS_MAX {
        return None;
    }
    let mut parts = shown.split('.');
    let mut bytes = || unhex(parts.next()?);
    let nonce: [u8; 16] = bytes()?.try_into().ok()?;
    let account: [u8; 16] = bytes()?.try_into().ok()?;
    let issued: i64 = parts.next()?.parse().ok()?;
    let shown_code = unhex(parts.next()?)?.try_into().ok().map(Fingerprint)?;
    let age = now.as_second().checked_sub(issued)?;
    let right = code(key, &nonce, &account, issued).matches(&shown_code);
    let usable = right && parts.next().is_none() && (-AHEAD_S_MAX..life_s).contains(&age);
    usable.then_some(Device { nonce, account })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::RootSecret;

    fn key() -> MacKey {
        RootSecret::from_random([5; 32]).derive("device cookies")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn a_token_is_good_for_its_account_and_its_time() {
        let token = write(&key(), [7; 16], "ada", at(0));
        let seen = |second| read(&key(), token.expose(), at(second), 1_000);
        let device = seen(0).unwrap();
        assert_eq!(device.account, account_code(&key(), "ada"));
        assert_ne!(device.account, account_code(&key(), "grace"));
        assert!(seen(999).is_some() && seen(1_000).is_none());
        assert!(seen(-300).is_some() && seen(-301).is_none());
        let other = RootSecret::from_random([6; 32]).derive("device cookies");
        assert!(read(&other, token.expose(), at(0), 1_000).is_none());
    }

    #[test]
    fn no_changed_token_is_taken() {
        let token = write(&key(), [7; 16], "ada", at(0));
        let text = token.expose();
        for place in 0..text.len() {
            let mut changed = text.to_owned().into_bytes();
            changed[place] = if changed[place] == b'1' { b'2' } else { b'1' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(read(&key(), &changed, at(0), 1_000).is_none(), "{place}");
        }
        let long = format!("{text}.{}", "a".repeat(TOKEN_CHARACTERS_MAX));
        for wrong in ["", ".", "...", &text[1..], &format!("{text}."), &long] {
            assert!(read(&key(), wrong, at(0), 1_000).is_none(), "{wrong}");
        }
        assert!(text.len() <= TOKEN_CHARACTERS_MAX);
    }

    #[test]
    fn it_does_not_print() {
        let token = write(&key(), [7; 16], "ada", at(0));
        let device = read(&key(), token.expose(), at(0), 1_000).unwrap();
        assert_eq!(format!("{token:?} {device:?}"), "DeviceToken(hidden) Device(hidden)");
    }
}
