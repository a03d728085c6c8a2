//! Randomness, passed in.

/// The system gave no randomness; nothing secret can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no randomness is available")]
pub struct RandomError;

/// A source of bytes nobody can guess.
pub trait Random: Send + Sync + 'static {
    /// Fills the whole slice.
    ///
    /// # Errors
    /// The system has no randomness to give; the caller must give up.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError>;
}

/// The operating system's source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(bytes).map_err(|_| RandomError)
    }
}

/// An array of random bytes.
pub(crate) fn array<const N: usize>(random: &dyn Random) -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    random.fill(&mut bytes)?;
    Ok(bytes)
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Random letters and digits, each equally likely.
pub(crate) fn base62(random: &dyn Random, length: usize) -> Result<String, RandomError> {
    let mut text = String::with_capacity(length);
    let mut pool = [0_u8; 64];
    while text.len() < length {
        random.fill(&mut pool)?;
        // Six bits each; 62 and 63 are thrown away, so no letter is likelier than another.
        let letters = pool.iter().filter_map(|byte| BASE62.get(usize::from(byte & 63)));
        text.extend(letters.take(length - text.len()).copied().map(char::from));
    }
    Ok(text)
}

/// A number in letters and digits, of exactly that many places; higher places are cut off.
pub(crate) fn base62_number(mut number: u64, places: usize) -> String {
    let mut text = String::with_capacity(places);
    for _ in 0..places {
        let digit = usize::try_from(number % 62).unwrap_or(0);
        text.extend(BASE62.get(digit).copied().map(char::from));
        number /= 62;
    }
    text
}
