//! Peak memory, as the kernel counts it.

use anyhow::Context;
use std::fs;

/// Writing this to `clear_refs` begins a new peak.
const RESET_PEAK: &str = "5";

/// This process's memory over one piece of work.
pub struct Peak {
    before_kb: u64,
}

impl Peak {
    /// From now on.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn begin() -> anyhow::Result<Self> {
        fs::write("/proc/self/clear_refs", RESET_PEAK)?;
        Ok(Self { before_kb: status_kb("self", "VmRSS")? })
    }

    /// What the work took more than there was before it, MB.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn end_mb(self) -> anyhow::Result<u64> {
        Ok(status_kb("self", "VmHWM")?.saturating_sub(self.before_kb) / 1024)
    }
}

/// The most memory that a process has had, MB.
///
/// # Errors
/// When there is no such process.
pub fn peak_of_process_mb(id: u32) -> anyhow::Result<u64> {
    Ok(status_kb(&id.to_string(), "VmHWM")? / 1024)
}

fn status_kb(process: &str, field: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context("no such field")?;
    let number = line.split_whitespace().find_map(|word| word.parse().ok());
    number.context("no number")
}
