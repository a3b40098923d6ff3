//! Hashes of patches and the chain over them, by which a receipt names exactly what it acknowledges.

use super::{patch::Patch, stamp::DeviceId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use std::fmt;

const HASH_BYTES: usize = 16;

fn truncated(hasher: Sha256) -> [u8; HASH_BYTES] {
    let mut out = [0; HASH_BYTES];
    for (to, from) in out.iter_mut().zip(hasher.finalize()) {
        *to = from;
    }
    out
}

/// 128 bits of SHA-256 over a patch's canonical form. Kept in its envelope, so that the chain still holds
/// after a field has been erased by law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatchHash(pub [u8; HASH_BYTES]);

impl PatchHash {
    /// The hash of `patch`.
    pub fn of(patch: &Patch) -> Self {
        let mut hasher = Sha256::new();
        patch.hash_into(&mut |bytes: &[u8]| hasher.update(bytes));
        Self(truncated(hasher))
    }
}

/// The hash over all patches of a device up to one, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainHash(pub [u8; HASH_BYTES]);

impl ChainHash {
    /// The chain of a device that has sent nothing.
    pub fn start(device: DeviceId) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"lianxin chain");
        hasher.update(device.bits().to_be_bytes());
        Self(truncated(hasher))
    }

    /// The chain with one patch more.
    #[must_use]
    pub fn then(self, patch: PatchHash) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(self.0);
        hasher.update(patch.0);
        Self(truncated(hasher))
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}
impl Serialize for ChainHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for ChainHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16)
            .ok()
            .filter(|_| text.len() == 2 * HASH_BYTES)
            .map(|bits| Self(bits.to_be_bytes()))
            .ok_or_else(|| de::Error::custom("not a chain hash"))
    }
}
