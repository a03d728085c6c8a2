//! Reads arbitrary bytes as a PROXY protocol header, version 2.
//!
//! The prefix decides how much follows, and no more than that and a bound is read; without the signature nothing is.

#![no_main]

use gate::proxy_protocol::{PREFIX_BYTES, REST_BYTES_MAX, read, rest_bytes};
use libfuzzer_sys::fuzz_target;

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fuzz_target!(|data: &[u8]| {
    let Some((prefix, rest)) = data.split_first_chunk::<PREFIX_BYTES>() else { return };
    let Ok(follow) = rest_bytes(prefix) else { return };
    assert!(prefix.starts_with(SIGNATURE) && follow <= REST_BYTES_MAX);
    assert_eq!(follow, usize::from(u16::from_be_bytes([prefix[14], prefix[15]])));
    if let Some(rest) = rest.get(..follow) {
        let _ = read(prefix, rest);
    }
});
