//! The throttle: after some wrong guesses the next must wait, longer each time. Kept in memory; it takes the
//! time as a parameter and never blocks.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
};

/// Wrong guesses at one name before its first wait.
#[allow(non_upper_case_globals)]
pub const failures_free_per_name: u32 = 5;
/// Wrong guesses from one address before its first wait; more than for a name, since a whole office or a
/// village behind one mobile gateway may share an address.
#[allow(non_upper_case_globals)]
pub const failures_free_per_address: u32 = 20;
/// The first wait, milliseconds; it doubles with every further failure.
#[allow(non_upper_case_globals)]
const wait_ms_first: i64 = 30_000;
/// The longest wait, milliseconds.
#[allow(non_upper_case_globals)]
const wait_ms_max: i64 = 60 * 60 * 1000;
/// Failures are forgotten this long after the last, milliseconds.
#[allow(non_upper_case_globals)]
const memory_ms_max: i64 = 24 * 60 * 60 * 1000;
/// The most names and addresses remembered.
#[allow(non_upper_case_globals)]
const entries_max: usize = 20_000;

/// How long to wait before the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Whole seconds, rounded up.
    pub seconds: i64,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seconds {
            ..60 => write!(f, "{} 秒", self.seconds),
            seconds => write!(f, "{} 分钟", (seconds + 59) / 60),
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    failures: u32,
    last_ms: i64,
    blocked_until_ms: i64,
}

impl Entry {
    fn forgotten(&self, now_ms: i64) -> bool {
        now_ms.saturating_sub(self.last_ms) >= memory_ms_max
    }
}

/// Attempts by name and by address.
#[derive(Debug, Default)]
pub struct Throttle {
    entries: Mutex<BTreeMap<String, Entry>>,
}

impl Throttle {
    /// One that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether an attempt may be made now. It is counted as a failure at once, so that many attempts at the
    /// same moment cannot slip through; [`Throttle::succeeded`] takes that back. `keys` are what is being
    /// guessed and from where, each with its number of free failures. An attempt that is told to wait counts
    /// for nothing.
    ///
    /// # Errors
    /// How long to wait.
    pub fn admit(&self, keys: &[(&str, u32)], now_ms: i64) -> Result<(), Wait> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let blocked = keys.iter().filter_map(|(key, _)| entries.get(*key)).map(|e| e.blocked_until_ms).max();
        let left_ms = blocked.unwrap_or(0).saturating_sub(now_ms);
        if left_ms > 0 {
            return Err(Wait { seconds: (left_ms + 999) / 1000 });
        }
        for (key, free) in keys {
            make_room(&mut entries, now_ms);
            let entry = entries.entry((*key).to_owned()).or_default();
            if entry.forgotten(now_ms) {
                *entry = Entry::default();
            }
            entry.failures = entry.failures.saturating_add(1);
            entry.last_ms = now_ms;
            if entry.failures >= *free {
                let doublings = (entry.failures - free).min(16);
                let wait = wait_ms_first.saturating_mul(1 << doublings).min(wait_ms_max);
                entry.blocked_until_ms = now_ms.saturating_add(wait);
            }
        }
        Ok(())
    }

    /// The attempt was right: the name starts anew, the address gets its one attempt back.
    pub fn succeeded(&self, name: &str, address: &str) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.remove(name);
        if let Some(entry) = entries.get_mut(address) {
            entry.failures = entry.failures.saturating_sub(1);
            entry.blocked_until_ms = 0;
        }
    }
}

/// Keeps the memory bounded: what is forgotten goes first, then the entry longest quiet.
fn make_room(entries: &mut BTreeMap<String, Entry>, now_ms: i64) {
    if entries.len() < entries_max {
        return;
    }
    entries.retain(|_, entry| !entry.forgotten(now_ms));
    if entries.len() >= entries_max
        && let Some(oldest) =
            entries.iter().min_by_key(|(_, entry)| entry.last_ms).map(|(key, _)| key.clone())
    {
        entries.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: (&str, u32) = ("name:laozhou", 5);
    const ADDRESS: (&str, u32) = ("address:192.0.2.1", 20);

    fn fail(throttle: &Throttle, now_ms: i64) -> Result<(), Wait> {
        throttle.admit(&[NAME, ADDRESS], now_ms)
    }

    #[test]
    fn the_sixth_guess_waits_and_every_further_failure_doubles_the_wait() {
        let throttle = Throttle::new();
        for _ in 0..5 {
            assert_eq!(fail(&throttle, 1_000), Ok(()));
        }
        assert_eq!(fail(&throttle, 1_000), Err(Wait { seconds: 30 }));
        assert_eq!(fail(&throttle, 30_999), Err(Wait { seconds: 1 }));
        assert_eq!(fail(&throttle, 31_000), Ok(()));
        assert_eq!(fail(&throttle, 31_000), Err(Wait { seconds: 60 }));
        assert_eq!(fail(&throttle, 91_000), Ok(()));
        assert_eq!(fail(&throttle, 91_000).unwrap_err().to_string(), "2 分钟");
    }

    #[test]
    fn the_wait_never_exceeds_an_hour_and_a_quiet_day_forgets() {
        let throttle = Throttle::new();
        let mut now = 0;
        for _ in 0..40 {
            while let Err(wait) = fail(&throttle, now) {
                assert!(wait.seconds <= 3600);
                now += wait.seconds * 1000;
            }
        }
        now += memory_ms_max;
        for _ in 0..5 {
            assert_eq!(fail(&throttle, now), Ok(()));
        }
    }

    #[test]
    fn success_starts_the_name_anew() {
        let throttle = Throttle::new();
        for _ in 0..4 {
            fail(&throttle, 0).unwrap();
        }
        fail(&throttle, 0).unwrap();
        throttle.succeeded(NAME.0, ADDRESS.0);
        for _ in 0..5 {
            assert_eq!(fail(&throttle, 1), Ok(()));
        }
    }

    #[test]
    fn one_address_guessing_many_names_is_slowed_down_and_others_are_not() {
        let throttle = Throttle::new();
        for n in 0..20 {
            throttle.admit(&[(&format!("name:{n}"), 5), ADDRESS], 0).unwrap();
        }
        assert!(throttle.admit(&[("name:another", 5), ADDRESS], 0).is_err());
        assert!(throttle.admit(&[("name:another", 5), ("address:192.0.2.2", 20)], 0).is_ok());
    }

    #[test]
    fn memory_stays_bounded() {
        let throttle = Throttle::new();
        for n in 0..(entries_max as i64 + 10) {
            throttle.admit(&[(&format!("name:{n}"), 5)], n).unwrap();
        }
        assert_eq!(throttle.entries.lock().unwrap().len(), entries_max);
    }
}
