//! Puts the DuckDB library beside the binaries, where their rpath looks for it.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() {
        return Ok(());
    }
    let dir = env::var_os("DUCKDB_LIB_DIR")
        .ok_or("DUCKDB_LIB_DIR must name the folder of libduckdb.so")?;
    let from = PathBuf::from(dir).join("libduckdb.so");
    println!("cargo:rerun-if-changed={}", from.display());
    // OUT_DIR is <target>/<profile>/build/<package>-<hash>/out.
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let profile = out.ancestors().nth(3).ok_or("OUT_DIR has three parents")?;
    // A copy under another name first: a running binary may have the old one mapped.
    let fresh = profile.join("libduckdb.so.new");
    fs::copy(&from, &fresh).map_err(|error| {
        format!("cannot copy {}: {error}; `make deps` fetches it", from.display())
    })?;
    fs::rename(&fresh, profile.join("libduckdb.so"))?;
    Ok(())
}
