//! The key of the database: 32 random bytes that never leave the device.

use std::fmt;

/// Length of the key, in bytes.
pub const KEY_BYTES: usize = 32;

/// The raw key of the store's database. It shows itself to nobody: `Debug` prints no byte of it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreKey([u8; KEY_BYTES]);

impl StoreKey {
    /// A new key from the system's random source.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; KEY_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The key in `bytes`, or `None` when their number is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The key from 64 hexadecimal digits, or `None` for anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != KEY_BYTES * 2 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; KEY_BYTES];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// The key's bytes, for wrapping.
    pub fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// The key as 64 hexadecimal digits, for the key file and SQLite.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_hex_form_and_hides_from_debug() {
        let key = StoreKey::random().unwrap();
        assert_eq!(StoreKey::from_hex(&key.hex()), Some(key.clone()));
        assert_eq!(format!("{key:?}"), "StoreKey(..)");
        for wrong in ["", "00", &"zz".repeat(32), &"汉".repeat(64)] {
            assert_eq!(StoreKey::from_hex(wrong), None);
        }
    }
}
