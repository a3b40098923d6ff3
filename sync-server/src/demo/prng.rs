//! A small seeded generator (SplitMix64), so that a demo township is the same on every machine for ever.

use uuid::Uuid;

/// SplitMix64.
#[derive(Debug, Clone)]
pub(super) struct Prng(u64);

impl Prng {
    /// One stream per `(seed, what it is for, number)`.
    pub(super) fn of(seed: u64, purpose: &str, number: u64) -> Self {
        let mut prng = Prng(seed);
        for byte in purpose.bytes() {
            prng.0 = prng.next() ^ u64::from(byte);
        }
        prng.0 = prng.next() ^ number;
        prng.next();
        prng
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n` (0 if `n` is 0).
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.next().checked_rem(n).unwrap_or(0)
    }

    /// A number in `low..=high`.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.saturating_sub(low).unsigned_abs().saturating_add(1);
        low.saturating_add(i64::try_from(self.below(span)).unwrap_or(0))
    }

    /// True in so many of a hundred.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// True in so many of ten thousand.
    pub(super) fn rare(&mut self, of_ten_thousand: u64) -> bool {
        self.below(10_000) < of_ten_thousand
    }

    /// One of a bank; the default value of an empty one.
    pub(super) fn pick<T: Copy + Default>(&mut self, bank: &[T]) -> T {
        let index = self.below(u64::try_from(bank.len()).unwrap_or(0));
        usize::try_from(index).ok().and_then(|i| bank.get(i)).copied().unwrap_or_default()
    }

    /// One of a bank by weight.
    pub(super) fn weighted<T: Copy + Default>(&mut self, bank: &[(T, u32)]) -> T {
        let mut left = self.below(bank.iter().map(|(_, weight)| u64::from(*weight)).sum());
        for (one, weight) in bank {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return *one,
            }
        }
        T::default()
    }

    /// Shuffles in place (Fisher–Yates).
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(u64::try_from(last + 1).unwrap_or(0));
            items.swap(last, usize::try_from(other).unwrap_or(last));
        }
    }

    /// A UUIDv7 of a moment.
    pub(super) fn uuid(&mut self, at_ms: i64) -> Uuid {
        let mut random = [0_u8; 10];
        for (to, from) in
            random.iter_mut().zip(self.next().to_le_bytes().into_iter().chain(self.next().to_le_bytes()))
        {
            *to = from;
        }
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(at_ms).unwrap_or(0), &random).into_uuid()
    }
}
