//! Hashes that other systems made: compared, never made.
//!
//! A password whose hash came from elsewhere was never looked at by our rules; that happens when its owner first signs in, when
//! it also gets a hash of our own. Bcrypt looks at 72 bytes and no more, so a longer password is wrong: otherwise every text
//! with the same beginning would be right.

use argon2::Params;
use argon2::password_hash::phc::PasswordHash;

use crate::store::PasswordHashText;

/// Bytes of a password that bcrypt looks at.
const BCRYPT_BYTES_MAX: usize = 72;
/// Characters of a bcrypt hash.
const BCRYPT_CHARACTERS: usize = 60;
/// Cheaper ones are guessed too fast, dearer ones would keep a processor for minutes.
const BCRYPT_COST: std::ops::RangeInclusive<u32> = 10..=16;
/// Dearest parameters of a foreign Argon2id hash.
const MEMORY_KIB_MAX: u32 = 1024 * 1024;
const PASSES_MAX: u32 = 16;
const LANES_MAX: u32 = 16;

/// Reads a foreign hash: bcrypt of cost 10 to 16, or Argon2id in PHC form with parameters that can be computed.
pub(crate) fn read(text: &str) -> Option<PasswordHashText> {
    let known = if is_bcrypt(text) { is_sound_bcrypt(text) } else { is_sound_argon2id(text) };
    known.then(|| PasswordHashText(text.to_owned()))
}

/// Whether that is bcrypt's.
pub(super) fn is_bcrypt(hash: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| hash.starts_with(prefix))
}

/// Compares with a hash of bcrypt's; blocks as long as one does.
pub(super) fn verify(password: &[u8], hash: &str) -> bool {
    let (looked_at, rest) = password.split_at(password.len().min(BCRYPT_BYTES_MAX));
    // A NUL would end what bcrypt sees.
    let whole = rest.is_empty() && !looked_at.contains(&0);
    bcrypt::verify(looked_at, hash).is_ok_and(|right| right && whole)
}

fn is_sound_bcrypt(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/';
    let mut parts = text.split('$').skip(2);
    let (Some(cost), Some(rest), None) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let digits = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
    let shaped = text.len() == BCRYPT_CHARACTERS && digits && rest.bytes().all(plain);
    shaped && cost.parse().is_ok_and(|cost| BCRYPT_COST.contains(&cost))
}

fn is_sound_argon2id(text: &str) -> bool {
    let Ok(hash) = PasswordHash::new(text) else {
        return false;
    };
    let sound = |params: &Params| {
        params.m_cost() <= MEMORY_KIB_MAX
            && params.t_cost() <= PASSES_MAX
            && params.p_cost() <= LANES_MAX
    };
    hash.algorithm.as_str() == "argon2id"
        && hash.salt.is_some()
        && hash.hash.is_some()
        && Params::try_from(&hash).is_ok_and(|params| sound(&params))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vectors of Openwall's implementation, and one of them in the other two spellings of the version.
    const OPENWALL: [(&str, &str); 6] = [
        ("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
        ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
    ];

    #[test]
    fn the_published_vectors_are_right() {
        for (password, hash) in OPENWALL {
            assert!(verify(password.as_bytes(), hash), "{hash}");
            assert!(!verify(b"another", hash), "{hash}");
        }
    }

    #[test]
    fn nothing_counts_beyond_what_bcrypt_looks_at() {
        let long = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored";
        // Openwall's vector for the first 72 bytes of that text.
        let hash = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";
        assert!(verify(&long.as_bytes()[..72], hash));
        assert!(!verify(long.as_bytes(), hash));
        assert!(!verify(&long.as_bytes()[..73], hash));
        assert!(!verify(b"U*U\0rest", OPENWALL[0].1));
    }

    #[test]
    fn only_sound_hashes_are_taken_in() {
        let bcrypt = |cost: &str| {
            format!("$2b${cost}$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")
        };
        for cost in ["10", "12", "16"] {
            assert!(read(&bcrypt(cost)).is_some(), "{cost}");
        }
        for cost in ["05", "09", "17", "31", "99", "1", "+9", "012"] {
            assert!(read(&bcrypt(cost)).is_none(), "{cost}");
        }
        let argon2 = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$CWr/c7VHSl0pkO8CIf0C2L4C2rAQzJVTy1OTQQ2yu2A";
        assert!(read(argon2).is_some());
        for (from, to) in [
            ("argon2id", "argon2i"),
            ("m=19456", "m=4194304"),
            ("t=2", "t=1000"),
            ("p=1", "p=200"),
            ("$CWr/c7VHSl0pkO8CIf0C2L4C2rAQzJVTy1OTQQ2yu2A", ""),
        ] {
            assert!(read(&argon2.replace(from, to)).is_none(), "{to}");
        }
        for text in
            ["", "$2b$", "$2b$12$short", "plain", "{SHA}x", &bcrypt("12").replace("E5Y", "E5 ")]
        {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
