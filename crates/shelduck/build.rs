//! Notes when the program was built: a clock before that moment is wrong.
//!
//! `SOURCE_DATE_EPOCH` overrides it, so that one source built twice gives one binary.

use std::env;
use std::time::SystemTime;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let given = env::var_os("SOURCE_DATE_EPOCH").and_then(|text| text.to_str()?.parse().ok());
    let seconds: u64 = given.unwrap_or_else(|| {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_secs())
    });
    println!("cargo:rustc-env=SHELDUCK_BUILT_AT={seconds}");
}
