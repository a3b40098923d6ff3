//! Photos as phones keep them: upright, small, and without anything that a camera wrote beside the pixels (place, time,
//! model). Drawing them anew drops all of that: the villager is protected.

use super::Picture;
use lianxin_shared::domain::photo::{original_bytes_max, side_px_max, thumb_bytes_max, thumb_side_px_max};

/// The longest file that is looked at, bytes: more pixels than an old phone can draw.
#[allow(non_upper_case_globals)]
pub const file_bytes_max: u64 = 40 * 1024 * 1024;
/// Qualities that are tried at one size, per cent.
const QUALITIES: [u8; 5] = [82, 72, 62, 50, 40];
/// The next size, per cent of the one before.
#[allow(non_upper_case_globals)]
const smaller_percent: u32 = 75;
/// Below this a picture shows nothing any more, pixels.
#[allow(non_upper_case_globals)]
const side_px_min: u32 = 64;

/// Why a file became no photo; in the words of the person who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// It is none, or of a kind that this device cannot read.
    #[error("不是照片，或这部手机读不了这种格式")]
    Unreadable,
    /// See [`file_bytes_max`].
    #[error("文件太大（超过 {} MB）", file_bytes_max / 1024 / 1024)]
    TooLarge,
}

/// A photo and its thumbnail, JPEG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrunk {
    /// At most `side_px_max` long and `original_bytes_max` large.
    pub original: Vec<u8>,
    /// At most `thumb_side_px_max` long and `thumb_bytes_max` large.
    pub thumb: Vec<u8>,
}

/// Shrinks a picture.
///
/// # Errors
/// When it cannot be drawn.
pub async fn shrink(picture: &Picture) -> Result<Shrunk, PictureError> {
    Ok(Shrunk {
        original: jpeg_within(picture, side_px_max, original_bytes_max).await?,
        thumb: jpeg_within(picture, thumb_side_px_max, thumb_bytes_max).await?,
    })
}

async fn jpeg_within(picture: &Picture, side_max: u32, bytes_max: usize) -> Result<Vec<u8>, PictureError> {
    let mut side = side_max;
    while side >= side_px_min {
        let (width, height) = fitted(picture.size(), side);
        let drawn = picture.drawn(width, height)?;
        for quality in QUALITIES {
            let bytes = drawn.jpeg(quality).await?;
            if bytes.len() <= bytes_max {
                return Ok(bytes);
            }
        }
        side = side * smaller_percent / 100;
    }
    Err(PictureError::Unreadable)
}

/// The size at which a picture is no longer than `side_max`; it is never made larger.
fn fitted((width, height): (u32, u32), side_max: u32) -> (u32, u32) {
    let longest = width.max(height).max(1);
    if longest <= side_max {
        return (width.max(1), height.max(1));
    }
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(side_max) / u64::from(longest);
        u32::try_from(side).unwrap_or(side_max).max(1)
    };
    (scaled(width), scaled(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_side_fits_and_nothing_grows() {
        assert_eq!(fitted((4000, 3000), 1600), (1600, 1200));
        assert_eq!(fitted((3000, 4000), 1600), (1200, 1600));
        assert_eq!(fitted((10, 12_000), 1600), (1, 1600));
        assert_eq!(fitted((800, 600), 1600), (800, 600));
    }
}
