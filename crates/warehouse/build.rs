//! Puts the DuckDB library beside the binaries, where their rpath looks for it.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() {
        return;
    }
    let from = PathBuf::from(
        env::var_os("DUCKDB_LIB_DIR").expect("DUCKDB_LIB_DIR names the folder of libduckdb.so"),
    )
    .join("libduckdb.so");
    println!("cargo:rerun-if-changed={}", from.display());
    // OUT_DIR is <target>/<profile>/build/<package>-<hash>/out.
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let profile = out.ancestors().nth(3).expect("OUT_DIR has three parents");
    let to = profile.join("libduckdb.so");
    // A copy under another name first: a running binary may have the old one mapped.
    let fresh = profile.join("libduckdb.so.new");
    fs::copy(&from, &fresh).and_then(|_| fs::rename(&fresh, &to)).unwrap_or_else(|error| {
        panic!("copy {} to {}: {error}; `make deps` fetches it", from.display(), to.display())
    });
}
