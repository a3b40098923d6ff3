//! Compiles SQLite with its cipher (sqlite3mc) into the folder that `.cargo/config.toml` names, so that
//! rusqlite links the same SQLite natively that `sqlite-wasm-rs` brings into the browser.

#[path = "build/syllables.rs"]
mod syllables;

use std::{env, fs, path::PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build/syllables.rs");
    syllables::write();
    println!("cargo:rerun-if-env-changed=SQLITE3_LIB_DIR");
    let wasm = env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|f| f.contains("wasm"));
    if wasm || env::var_os("CARGO_FEATURE_SQLITE").is_none() {
        return;
    }
    let out = PathBuf::from(
        env::var_os("SQLITE3_LIB_DIR").unwrap_or_else(|| panic!("SQLITE3_LIB_DIR: see .cargo/config.toml")),
    );
    fs::create_dir_all(&out).unwrap_or_else(|e| panic!("create {}: {e}", out.display()));
    let source = sqlite3mc_src::source_dir();
    cc::Build::new()
        .file(source.join("sqlite3mc_amalgamation.c"))
        .include(source)
        .out_dir(&out)
        .opt_level(3)
        .warnings(false)
        .define("SQLITE_ENABLE_FTS5", None)
        .define("SQLITE_DQS", "0")
        .define("SQLITE_THREADSAFE", "1")
        .define("SQLITE_USE_URI", "1")
        .define("SQLITE_ENABLE_API_ARMOR", None)
        .define("SQLITE_ENABLE_COLUMN_METADATA", None)
        .define("SQLITE_ENABLE_DBSTAT_VTAB", None)
        .define("HAVE_USLEEP", "1")
        .define("SQLITE_TEMP_STORE", "2")
        .define("SQLITE_DEFAULT_MEMSTATUS", "0")
        // Plans do not depend on the values that are bound: otherwise many a statement is prepared anew at every use.
        .define("SQLITE_ENABLE_QPSG", None)
        .compile("sqlite3");
    for header in ["sqlite3mc_amalgamation.h", "sqlite3.h"] {
        let from = source.join(header);
        if from.exists() {
            let _ = fs::copy(&from, out.join(header));
        }
    }
    println!("cargo:rustc-link-search=native={}", out.display());
}
