//! Notes when the program was built: a clock before that moment is wrong.

use std::time::SystemTime;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let seconds = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs());
    println!("cargo:rustc-env=SHELDUCK_BUILT_AT={seconds}");
}
