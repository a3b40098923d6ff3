//! How much the machine sends at once, and how often.

/// Size of the first batch, bytes before compression (about a quarter goes over the air).
#[allow(non_upper_case_globals)]
pub const batch_bytes_start: usize = 256 * 1024;
/// Halving ends here; one patch is always sent, whatever its size.
#[allow(non_upper_case_globals)]
pub const batch_bytes_min: usize = 16 * 1024;
/// Doubling ends here, about 1 MiB compressed: the server works on one while the phone is busy with the next.
#[allow(non_upper_case_globals)]
pub const batch_bytes_max: usize = 4 * 1024 * 1024;
/// A batch that takes longer does not make the next one larger.
#[allow(non_upper_case_globals)]
pub const batch_slow_ms: i64 = 5_000;
/// Pause after a local change, so that a burst of typing is one exchange.
#[allow(non_upper_case_globals)]
pub const settle_ms: i64 = 3_000;
/// With nothing to send, look for others' changes this often.
#[allow(non_upper_case_globals)]
pub const idle_pull_ms: i64 = 5 * 60 * 1000;
/// A phone meets a new life of its server, or a copy of itself, at most so often in one round; more is a fault.
#[allow(non_upper_case_globals)]
pub const renewals_max: u32 = 3;
/// Repairs in one round: each fetches thousands of rows; more would be a fault that repairing does not cure.
#[allow(non_upper_case_globals)]
pub const repairs_max: u32 = 64;
