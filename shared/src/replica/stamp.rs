//! Stamps: the hybrid logical clock reading that identifies a write.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// A device: 63 random bits from the server, never reused, so that it fits SQLite's integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(u64);

impl DeviceId {
    /// From any 64 bits; the top bit is cleared.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits & (u64::MAX >> 1))
    }
    /// As SQLite stores it.
    pub const fn to_i64(self) -> i64 {
        self.0 as i64
    }
    /// From SQLite's integer.
    pub const fn from_i64(int: i64) -> Self {
        Self::from_bits(int as u64)
    }
    /// The bits.
    pub const fn bits(self) -> u64 {
        self.0
    }
}

/// One reading of the hybrid logical clock: wall milliseconds (48 bits), counter, device. Orders by time,
/// then counter, then device. It is a write's IDENTITY and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Unix milliseconds, corrected by the last known offset to the server.
    pub wall_ms: u64,
    /// Distinguishes readings within one millisecond.
    pub counter: u16,
    /// Who wrote.
    pub device: DeviceId,
}

/// The largest wall time that a stamp holds: 48 bits of milliseconds (the year 10889).
pub(crate) const WALL_MS_MAX: u64 = (1 << 48) - 1;

impl Stamp {
    /// Sixteen bytes whose byte order is the stamps' order, as SQLite stores them.
    pub fn to_bytes(self) -> [u8; 16] {
        let high = (self.wall_ms.min(WALL_MS_MAX) << 16) | u64::from(self.counter);
        (u128::from(high) << 64 | u128::from(self.device.0)).to_be_bytes()
    }

    /// The greatest that is less.
    pub fn just_below(self) -> Self {
        Self::from_bytes(u128::from_be_bytes(self.to_bytes()).saturating_sub(1).to_be_bytes())
    }

    /// The inverse of [`Stamp::to_bytes`].
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let bits = u128::from_be_bytes(bytes);
        let high = (bits >> 64) as u64;
        Stamp {
            wall_ms: high >> 16,
            counter: (high & 0xFFFF) as u16,
            device: DeviceId::from_bits(bits as u64),
        }
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.to_bytes()))
    }
}
impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A stamp or device id that is not hexadecimal of the right length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a stamp: {0:?}")]
pub struct StampParseError(String);

impl FromStr for Stamp {
    type Err = StampParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bits = u128::from_str_radix(text, 16).ok().filter(|_| text.len() == 32);
        bits.map(|b| Stamp::from_bytes(b.to_be_bytes())).ok_or_else(|| StampParseError(text.to_owned()))
    }
}
impl FromStr for DeviceId {
    type Err = StampParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bits = u64::from_str_radix(text, 16).ok().filter(|_| text.len() == 16);
        bits.map(DeviceId::from_bits).ok_or_else(|| StampParseError(text.to_owned()))
    }
}

macro_rules! serde_as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}
serde_as_text!(Stamp);
serde_as_text!(DeviceId);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_keep_the_order_and_come_back(a in any::<(u64, u16, u64)>(), b in any::<(u64, u16, u64)>()) {
            let stamp = |(w, c, d): (u64, u16, u64)| Stamp { wall_ms: w & WALL_MS_MAX, counter: c, device: DeviceId::from_bits(d) };
            let (a, b) = (stamp(a), stamp(b));
            prop_assert_eq!(a.cmp(&b), a.to_bytes().cmp(&b.to_bytes()));
            prop_assert_eq!(Stamp::from_bytes(a.to_bytes()), a);
            prop_assert_eq!(a.to_string().parse::<Stamp>().unwrap(), a);
        }
    }
}
