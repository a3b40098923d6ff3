//! 照片: how a record names its photos. The field `photos.<hash>` holds the caption (or `true` where there is none);
//! null has taken the photo off. The bytes travel apart from the records, under (village, hash).

use super::{Problem, fields as f};
use crate::replica::{FieldSet, Value};
use sha2::{Digest, Sha256};

/// What the name of a photo's field begins with.
pub const FIELD_PREFIX: &str = "photos.";
/// Digits of a file's hash: SHA-256 of all its bytes, lowercase hexadecimal.
pub const HASH_DIGITS: usize = 64;

/// Longest side of a photo as phones keep it, pixels.
#[allow(non_upper_case_globals)]
pub const side_px_max: u32 = 1600;
/// A photo as phones keep it, bytes.
#[allow(non_upper_case_globals)]
pub const original_bytes_max: usize = 300 * 1024;
/// Longest side of its thumbnail, pixels.
#[allow(non_upper_case_globals)]
pub const thumb_side_px_max: u32 = 320;
/// Its thumbnail, bytes.
#[allow(non_upper_case_globals)]
pub const thumb_bytes_max: usize = 20 * 1024;
/// Photos of one record（约定）: enough to see a house, few enough for a slow line.
pub const RECORD_PHOTOS_MAX: usize = 30;
/// Longest caption, characters.
pub const CAPTION_CHARS_MAX: usize = 100;

/// A photo as a record names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Photo {
    /// Hash of the original: its name everywhere.
    pub hash: String,
    /// What is to be seen on it; empty if nobody said.
    pub caption: String,
}

/// The photos that a record shows, in the order of their hashes.
pub fn photos_of(fields: &FieldSet) -> Vec<Photo> {
    let shown = f::fields_under(fields, FIELD_PREFIX).into_iter().filter_map(|(field, value)| {
        let hash = hash_of_field(&field)?.to_owned();
        match value {
            Value::Null => None,
            Value::Text(caption) => Some(Photo { hash, caption }),
            _ => Some(Photo { hash, caption: String::new() }),
        }
    });
    shown.collect()
}

/// What a photo's field holds while the photo is shown.
pub fn value_of_caption(caption: &str) -> Value {
    if caption.is_empty() { Value::Bool(true) } else { Value::from(caption) }
}

/// What a person should mend about a record's photos.
pub fn validate(photos: &[Photo]) -> Vec<Problem> {
    let many = (photos.len() > RECORD_PHOTOS_MAX).then(|| {
        let words = format!("照片有 {} 张，一条记录最多 {RECORD_PHOTOS_MAX} 张，请去掉几张。", photos.len());
        Problem::new(FIELD_PREFIX, words)
    });
    let long = photos.iter().filter_map(|photo| {
        f::too_long(&field_of_hash(&photo.hash), "照片说明", &photo.caption, CAPTION_CHARS_MAX)
    });
    many.into_iter().chain(long).collect()
}

/// The name of these bytes.
pub fn hash_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether this is a file's hash as fields, addresses and folders write it.
pub fn is_hash(text: &str) -> bool {
    text.len() == HASH_DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The hash of the photo that a field names; none if it is no photo's field.
pub fn hash_of_field(field: &str) -> Option<&str> {
    field.strip_prefix(FIELD_PREFIX).filter(|hash| is_hash(hash))
}

/// The field by which a record names a photo.
pub fn field_of_hash(hash: &str) -> String {
    format!("{FIELD_PREFIX}{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_lowercase_hash_names_a_photo() {
        let hash = "0123456789abcdef".repeat(4);
        assert_eq!(hash_of_field(&field_of_hash(&hash)), Some(hash.as_str()));
        for field in
            ["photos.", "photo.", &field_of_hash(&hash.to_uppercase()), &field_of_hash("../../x"), &hash]
        {
            assert_eq!(hash_of_field(field), None, "{field}");
        }
    }

    #[test]
    fn a_record_shows_the_photos_that_were_not_taken_off() {
        let [a, b, c] = ["门前", "灶房", "井"].map(|words| hash_of(words.as_bytes()));
        let fields = FieldSet::from([
            (field_of_hash(&a), value_of_caption("门前的路")),
            (field_of_hash(&b), value_of_caption("")),
            (field_of_hash(&c), Value::Null),
            ("photos.not-a-hash".to_owned(), true.into()),
            ("notes".to_owned(), "照片".into()),
        ]);
        let mut shown = photos_of(&fields);
        shown.sort_by(|one, other| one.caption.cmp(&other.caption));
        let photo = |hash: &str, caption: &str| Photo { hash: hash.to_owned(), caption: caption.to_owned() };
        assert_eq!(shown, [photo(&b, ""), photo(&a, "门前的路")]);
        assert!(validate(&shown).is_empty());
        assert_eq!(validate(&[photo(&a, &"长".repeat(CAPTION_CHARS_MAX + 1))]).len(), 1);
        assert_eq!(validate(&vec![photo(&a, ""); RECORD_PHOTOS_MAX + 1]).len(), 1);
    }

    #[test]
    fn the_hash_is_that_of_every_other_sha_256() {
        assert_eq!(hash_of(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
