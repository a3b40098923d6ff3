//! Whether bytes are a whole picture, by their own marks: the beginning says what it is, the end that nothing is cut off.

/// The media type of a whole JPEG, PNG or WebP; none for anything else, a picture cut short included.
pub fn media_of(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        // Cameras pad the end with zeros.
        let end = bytes.iter().rposition(|byte| *byte != 0)?;
        return bytes.get(..=end)?.ends_with(&[0xFF, 0xD9]).then_some("image/jpeg");
    }
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return bytes.ends_with(b"\0\0\0\0IEND\xaeB`\x82").then_some("image/png");
    }
    let body = bytes.strip_prefix(b"RIFF")?;
    let (length, rest) = body.split_first_chunk::<4>()?;
    let announced = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    // Chunks have even lengths: a last byte of padding may or may not be counted.
    let whole = rest.len() == announced || rest.len() == announced + announced % 2;
    (whole && rest.starts_with(b"WEBP")).then_some("image/webp")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webp(body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap().to_le_bytes();
        [b"RIFF".as_slice(), &length, b"WEBP", body].concat()
    }

    #[test]
    fn whole_pictures_are_known_by_their_bytes() {
        let jpeg = [[0xFF, 0xD8, 0xFF, 0xE0].as_slice(), b"JFIF", &[0xFF, 0xD9, 0, 0]].concat();
        let png = [b"\x89PNG\r\n\x1a\n".as_slice(), b"IHDR", b"\0\0\0\0IEND\xaeB`\x82"].concat();
        assert_eq!(media_of(&jpeg), Some("image/jpeg"));
        assert_eq!(media_of(&png), Some("image/png"));
        assert_eq!(media_of(&webp(b"VP8 1234")), Some("image/webp"));
    }

    #[test]
    fn pictures_cut_short_and_other_things_are_not() {
        let png = [b"\x89PNG\r\n\x1a\n".as_slice(), b"IHDR", b"\0\0\0\0IEND\xaeB`\x82"].concat();
        let cut = webp(b"VP8 1234");
        let cases: [&[u8]; 9] = [
            b"",
            b"RIFF",
            b"\0\0\0",
            b"<html><script>",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            &[0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3],
            &png[..png.len() - 1],
            &cut[..cut.len() - 1],
            b"RIFF\x04\0\0\0WAVE",
        ];
        for bytes in cases {
            assert_eq!(media_of(bytes), None, "{bytes:?}");
        }
    }
}
