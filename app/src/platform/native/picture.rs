//! A picture that this program decodes and draws itself.

use image::{
    DynamicImage, ImageDecoder, ImageReader, Limits, RgbImage, codecs::jpeg::JpegEncoder,
    imageops::FilterType,
};
use std::io::Cursor;

use crate::platform::{PictureError, file_bytes_max};

/// Memory that decoding may take, bytes: a hundred million pixels.
#[allow(non_upper_case_globals)]
const decoded_bytes_max: u64 = 400 * 1024 * 1024;

/// A decoded picture.
pub struct Picture(DynamicImage);

/// A picture drawn at one size.
pub struct Drawn(RgbImage);

impl Picture {
    /// Decodes a file's bytes, upright.
    ///
    /// # Errors
    /// When it is too large or no picture.
    pub fn of(bytes: &[u8]) -> Result<Self, PictureError> {
        if bytes.len() as u64 > file_bytes_max {
            return Err(PictureError::TooLarge);
        }
        decode(bytes).map(Self).map_err(|_| PictureError::Unreadable)
    }

    /// Width and height, pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.0.width(), self.0.height())
    }

    /// Draws it at a size.
    ///
    /// # Errors
    /// None here; the browser may lack the room.
    pub fn drawn(&self, width: u32, height: u32) -> Result<Drawn, PictureError> {
        let mut scaled = self.0.resize_exact(width, height, FilterType::Triangle).to_rgba8();
        // JPEG knows no transparency: what is behind is white.
        for pixel in scaled.pixels_mut() {
            let [r, g, b, a] = pixel.0;
            let over = |c: u8| {
                let mixed = u16::from(c) * u16::from(a) + 255 * (255 - u16::from(a));
                u8::try_from(mixed / 255).unwrap_or(u8::MAX)
            };
            pixel.0 = [over(r), over(g), over(b), 255];
        }
        Ok(Drawn(DynamicImage::ImageRgba8(scaled).into_rgb8()))
    }
}

fn decode(bytes: &[u8]) -> image::ImageResult<DynamicImage> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(decoded_bytes_max);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

impl Drawn {
    /// As JPEG of a quality, per cent.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub async fn jpeg(&self, quality: u8) -> Result<Vec<u8>, PictureError> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, quality)
            .encode_image(&self.0)
            .map_err(|_| PictureError::Unreadable)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::shrink;
    use image::{ImageFormat, Rgb};
    use lianxin_shared::domain::photo::{
        original_bytes_max, side_px_max, thumb_bytes_max, thumb_side_px_max,
    };

    /// Noise, which no encoder makes small.
    fn noise(width: u32, height: u32) -> RgbImage {
        let mut state = 7_u32;
        RgbImage::from_fn(width, height, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [a, b, c, _] = state.to_be_bytes();
            Rgb([a, b, c])
        })
    }

    /// A JPEG as cameras write it: lying on its side, with the place beside the pixels.
    fn as_of_a_camera(picture: &RgbImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(picture).unwrap();
        // Big-endian TIFF with one entry: orientation (0x0112) 6, a quarter turn clockwise.
        let tiff = [
            b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".as_slice(),
            b"GPS 30.1N 103.2E",
        ]
        .concat();
        let body = [b"Exif\0\0".as_slice(), &tiff].concat();
        let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
        [&bytes[..2], &[0xFF, 0xE1], &length, &body, &bytes[2..]].concat()
    }

    #[tokio::test]
    async fn a_camera_picture_becomes_small_upright_and_silent_about_its_place() {
        let camera = as_of_a_camera(&noise(2400, 1200));
        let shrunk = shrink(&Picture::of(&camera).unwrap()).await.unwrap();
        for (bytes, bytes_max, side_max) in [
            (&shrunk.original, original_bytes_max, side_px_max),
            (&shrunk.thumb, thumb_bytes_max, thumb_side_px_max),
        ] {
            assert!(bytes.len() <= bytes_max, "{}", bytes.len());
            assert!(!bytes.windows(4).any(|part| part == b"Exif" || part == b"GPS "));
            let shown = image::load_from_memory_with_format(bytes, ImageFormat::Jpeg).unwrap();
            assert!(shown.height() <= side_max && shown.height() == shown.width() * 2, "upright");
        }
    }

    #[test]
    fn what_is_no_picture_is_said_to_be_none() {
        assert_eq!(Picture::of(b"%PDF-1.4").err(), Some(PictureError::Unreadable));
        let cut = as_of_a_camera(&noise(64, 64));
        assert!(Picture::of(&cut[..200]).is_err());
        assert_eq!(Picture::of(&vec![0; 41 * 1024 * 1024]).err(), Some(PictureError::TooLarge));
    }
}
