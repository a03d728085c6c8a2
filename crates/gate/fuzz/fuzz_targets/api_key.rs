//! Reads arbitrary text as an API key.
//!
//! What is read has exactly the shape a scanner looks for, comes back letter by letter, and no neighbour of it is a key.

#![no_main]

use gate::ApiKey;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(key) = ApiKey::parse(text) else { return };
    assert_eq!(key.expose(), text);
    let parts: Vec<&str> = text.split('_').collect();
    assert_eq!(parts.len(), 5, "prefix, environment, id, secret, checksum");
    assert_eq!((parts[1], parts[2]), (key.environment(), key.id().as_str()));
    assert_eq!((parts[2].len(), parts[3].len(), parts[4].len()), (16, 43, 6));
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    assert!(!format!("{key:?}").contains(parts[3]), "a key does not print");
    for place in 0..text.len() {
        let mut other = text.as_bytes().to_vec();
        other[place] = if other[place] == b'a' { b'b' } else { b'a' };
        let other = String::from_utf8(other).expect("letters");
        assert!(ApiKey::parse(&other).is_err(), "a typing error at {place} is not noticed");
    }
});
