//! Exponential back-off with jitter. The randomness is a seed that the driver gives.

/// The first pause after a failure.
#[allow(non_upper_case_globals)]
pub const retry_ms_min: u64 = 2_000;
/// The longest pause.
#[allow(non_upper_case_globals)]
pub const retry_ms_max: u64 = 5 * 60 * 1000;

/// How long to wait after the nth failure in a row.
#[derive(Debug, Clone)]
pub struct Backoff {
    failures: u32,
    state: u64,
}

impl Backoff {
    /// With a random seed, so that a village's phones do not all return at once.
    pub fn new(seed: u64) -> Self {
        Self { failures: 0, state: seed }
    }

    /// One failure more: the pause before the next try, between half and all of the doubled step.
    pub fn next_pause_ms(&mut self) -> u64 {
        let step = retry_ms_min.saturating_mul(1 << self.failures.min(16)).min(retry_ms_max);
        self.failures = self.failures.saturating_add(1);
        step / 2 + self.random() % (step / 2 + 1)
    }

    /// It worked: the next failure starts from the shortest pause.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// SplitMix64.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_start_again() {
        let mut backoff = Backoff::new(42);
        let pauses: Vec<u64> = (0..12).map(|_| backoff.next_pause_ms()).collect();
        assert!(pauses[0] >= retry_ms_min / 2 && pauses[0] <= retry_ms_min, "{pauses:?}");
        assert!(pauses.iter().all(|p| *p <= retry_ms_max) && pauses[11] >= retry_ms_max / 2, "{pauses:?}");
        backoff.reset();
        assert!(backoff.next_pause_ms() <= retry_ms_min);
    }
}
