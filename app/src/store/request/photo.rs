//! 照片: taken, shown, sent.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

/// Bytes on their way between the screens and the store, as Base64: what travels is text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes(String);

impl Bytes {
    /// These bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(STANDARD.encode(bytes))
    }

    /// The bytes; none if the text is no Base64.
    pub fn decode(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.0).ok()
    }

    /// An address by which an `img` shows them.
    pub fn picture_address(&self) -> String {
        // The first digits tell the format: of PNG and WebP, which other clients may have sent; phones send JPEG.
        let media = match self.0.as_bytes() {
            [b'i', b'V', b'B', ..] => "png",
            [b'U', b'k', b'l', ..] => "webp",
            _ => "jpeg",
        };
        format!("data:image/{media};base64,{}", self.0)
    }
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bytes(about {})", self.0.len() / 4 * 3)
    }
}

/// A photo's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PhotoName {
    /// Village code.
    pub village: String,
    /// Hash of the original.
    pub hash: String,
}

/// The small picture or the photo itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PhotoSize {
    /// For lists and grids.
    Small,
    /// As it was kept.
    Full,
}

/// A photo as the screen has shrunk it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewPhoto {
    /// Village code.
    pub village: String,
    /// JPEG, within `domain::photo`'s limits.
    pub original: Bytes,
    /// JPEG, likewise.
    pub thumb: Bytes,
}

/// A photo of a record.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PhotoView {
    /// Its name.
    pub name: PhotoName,
    /// What is to be seen on it.
    pub caption: String,
    /// Where it is.
    pub place: PhotoPlace,
}

/// Where a photo is, from the server's word alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PhotoPlace {
    /// Taken here and not wholly with the township.
    #[default]
    Waiting,
    /// Taken here, and the township has both files.
    Received,
    /// The township will not take it, in its words.
    Refused(String),
    /// Taken on another phone.
    Elsewhere,
}
