//! 照片: how a record names its photos. The field `photos.<hash>` holds the caption (or `true` where there is none);
//! null has taken the photo off. The bytes travel apart from the records, under (village, hash).

/// What the name of a photo's field begins with.
pub const FIELD_PREFIX: &str = "photos.";
/// Digits of a file's hash: SHA-256 of all its bytes, lowercase hexadecimal.
pub const HASH_DIGITS: usize = 64;

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
}
