//! Benchmarks: the native store as the phone uses it, keyed and durable, against what bare SQLite and the bare network
//! take in the same run.

mod day;
mod growth;
mod input;
mod limit;
mod memory;
mod phone;
mod stage;
mod start;
mod sync;
mod wire;

pub use day::day;
pub use growth::growth;
pub use input::{VisitRecord, raw_records, records};
pub use phone::{save_visit, search_households};
pub use start::start_offline;
pub use sync::{SyncBench, sync_workloads};

use serde_json::{Value, json};
use std::{io::Write, path::Path, time::Duration};

/// The nth per mille of sorted durations, milliseconds.
fn per_mille(sorted: &[Duration], nth: usize) -> f64 {
    let at = (sorted.len().saturating_sub(1) * nth) / 1000;
    sorted.get(at).map_or(0.0, |d| d.as_secs_f64() * 1000.0)
}

/// What the first visit of a phone downloads: every file of the bundle, as brotli packed it where the build did, else
/// gzip -6; none if it is not built.
///
/// # Errors
/// When a file cannot be read.
pub fn first_load(web: &Path) -> anyhow::Result<Option<Value>> {
    if !web.join("index.html").exists() {
        return Ok(None);
    }
    let (mut plain, mut packed, mut folders) = (0, 0, vec![web.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with('.') || name.ends_with(".br") {
                continue;
            }
            let bytes = std::fs::read(&path)?;
            plain += bytes.len();
            let brotli = path.with_file_name(format!("{name}.br"));
            packed += if brotli.exists() {
                usize::try_from(std::fs::metadata(brotli)?.len())?
            } else {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(&bytes)?;
                encoder.finish()?.len()
            };
        }
    }
    Ok(Some(json!({ "workload": "first_load", "bytes_plain": plain, "bytes_packed": packed })))
}
