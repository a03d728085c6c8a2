//! The server's root secrets in their order: the primary makes and seals, its
//! predecessors only recognise.
//!
//! Replacing the root secret must not throw everybody out: what was made under the old one is still recognised until it has run
//! its time, or until its next use makes it anew under the new one. Which secret made a thing is written beside it as a
//! [`KeyLabel`], so nothing is tried that cannot fit. In an emergency the predecessors are left out, and what they made is dead.
//!
//! # Invariants
//! - No two secrets of a ring are equal, and there are at most [`PREDECESSORS_MAX`] predecessors.
//! - Every purpose has its own key under every secret (see [`RootSecret::derive`]).
//! - A label says which secret it names and nothing about it.

use std::fmt;

use crate::secret::{MacKey, RootSecret, hex, unhex};

/// Most secrets that are still recognised after they were replaced.
pub const PREDECESSORS_MAX: usize = 4;

/// The public name of a root secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyLabel([u8; 8]);

impl KeyLabel {
    /// The name of that secret.
    #[must_use]
    pub fn of(secret: &RootSecret) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = secret.derive("label").mac(&[]).0;
        Self([a, b, c, d, e, f, g, h])
    }

    /// Reads a name: sixteen hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 8] = unhex(text)?.try_into().ok()?;
        Some(Self(bytes))
    }

    pub(crate) const fn bytes(self) -> [u8; 8] {
        self.0
    }
}

impl fmt::Display for KeyLabel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for KeyLabel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Secrets that make no ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// One secret stands in two places.
    #[error("the same secret is used twice")]
    UsedTwice,
    /// More predecessors than [`PREDECESSORS_MAX`].
    #[error("there are more than {PREDECESSORS_MAX} earlier secrets")]
    TooMany,
}

/// The server's root secrets.
#[derive(Clone, Debug)]
pub struct Keyring {
    primary: RootSecret,
    predecessors: Vec<RootSecret>,
    token_secret: Option<RootSecret>,
}

impl From<RootSecret> for Keyring {
    fn from(primary: RootSecret) -> Self {
        Self { primary, predecessors: Vec::new(), token_secret: None }
    }
}

impl Keyring {
    /// A ring of a primary and its predecessors, the youngest first.
    ///
    /// # Errors
    /// A secret stands in two places, or there are too many.
    pub fn new(primary: RootSecret, predecessors: Vec<RootSecret>) -> Result<Self, KeyringError> {
        Self { primary, predecessors, token_secret: None }.checked()
    }

    /// Signs access tokens with a secret of its own that others know too, where the configuration asks for HS256.
    ///
    /// # Errors
    /// It is one of the root secrets.
    pub fn with_token_secret(mut self, secret: RootSecret) -> Result<Self, KeyringError> {
        self.token_secret = Some(secret);
        self.checked()
    }

    fn checked(self) -> Result<Self, KeyringError> {
        if self.predecessors.len() > PREDECESSORS_MAX {
            return Err(KeyringError::TooMany);
        }
        let mut labels: Vec<KeyLabel> =
            self.roots().chain(&self.token_secret).map(KeyLabel::of).collect();
        let many = labels.len();
        labels.sort_unstable();
        labels.dedup();
        if labels.len() == many { Ok(self) } else { Err(KeyringError::UsedTwice) }
    }

    /// The secret that makes and seals.
    #[must_use]
    pub const fn primary(&self) -> &RootSecret {
        &self.primary
    }

    /// The secrets that only recognise, the youngest first.
    #[must_use]
    pub fn predecessors(&self) -> &[RootSecret] {
        &self.predecessors
    }

    pub(crate) const fn token_secret(&self) -> Option<&RootSecret> {
        self.token_secret.as_ref()
    }

    /// Primary first.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &RootSecret> {
        std::iter::once(&self.primary).chain(&self.predecessors)
    }

    /// The keys of one purpose, one under each secret.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> PurposeKeys {
        let under = |secret: &RootSecret| (KeyLabel::of(secret), secret.derive(purpose));
        PurposeKeys {
            primary: under(&self.primary),
            older: self.predecessors.iter().map(under).collect(),
        }
    }
}

/// The keys of one purpose: one that makes, and older ones that recognise.
#[derive(Clone, Debug)]
pub struct PurposeKeys {
    primary: (KeyLabel, MacKey),
    older: Vec<(KeyLabel, MacKey)>,
}

impl PurposeKeys {
    /// The key that makes.
    #[must_use]
    pub const fn primary(&self) -> &MacKey {
        &self.primary.1
    }

    /// The name of the secret the making key is derived from.
    #[must_use]
    pub const fn label(&self) -> KeyLabel {
        self.primary.0
    }

    /// The key under the secret of that name; none when the ring has it no more.
    #[must_use]
    pub fn under(&self, label: KeyLabel) -> Option<&MacKey> {
        self.iter().find(|(one, _)| *one == label).map(|(_, key)| key)
    }

    /// All keys, the making one first.
    pub fn iter(&self) -> impl Iterator<Item = (KeyLabel, &MacKey)> {
        std::iter::once(&self.primary).chain(&self.older).map(|(label, key)| (*label, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(byte: u8) -> RootSecret {
        RootSecret::from_random([byte; 32])
    }

    #[test]
    fn a_predecessor_recognises_and_makes_nothing() {
        let old = Keyring::from(root(1));
        let new = Keyring::new(root(2), vec![root(1)]).unwrap();
        let (before, after) = (old.derive("codes"), new.derive("codes"));
        let made = before.primary().mac(&[b"x"]);
        assert!(!after.primary().mac(&[b"x"]).matches(&made));
        assert!(after.under(before.label()).unwrap().mac(&[b"x"]).matches(&made));
        let emergency = Keyring::from(root(2)).derive("codes");
        assert!(emergency.under(before.label()).is_none());
        assert_eq!(after.iter().map(|(label, _)| label).collect::<Vec<_>>().len(), 2);
    }

    #[test]
    fn a_secret_has_one_place() {
        assert_eq!(
            Keyring::new(root(1), vec![root(2), root(1)]).err(),
            Some(KeyringError::UsedTwice)
        );
        let ring = || Keyring::new(root(1), vec![root(2)]).unwrap();
        assert_eq!(ring().with_token_secret(root(2)).err(), Some(KeyringError::UsedTwice));
        assert!(ring().with_token_secret(root(3)).is_ok());
        let many = (2..7).map(root).collect();
        assert_eq!(Keyring::new(root(1), many).err(), Some(KeyringError::TooMany));
        assert!(Keyring::new(root(1), (2..6).map(root).collect()).is_ok());
    }

    #[test]
    fn a_label_is_read_back_and_is_no_secret() {
        let label = KeyLabel::of(&root(9));
        assert_eq!(KeyLabel::parse(&label.to_string()), Some(label));
        assert!(KeyLabel::parse("0909").is_none());
        assert!(KeyLabel::parse(&"x".repeat(16)).is_none());
        assert_ne!(label, KeyLabel::of(&root(8)));
        assert!(!format!("{:?}", Keyring::from(root(0xab))).contains("171"));
    }
}
