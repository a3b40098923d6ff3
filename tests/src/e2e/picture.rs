//! The README's pictures, made by the same run that tests what they show.

use image::{ExtendedColorType, ImageEncoder, codecs::png, imageops::FilterType};
use std::path::Path;

/// The largest picture, bytes.
#[allow(non_upper_case_globals)]
const picture_bytes_max: usize = 120 * 1024;

/// Whether this run is to make them: `LIANXIN_PICTURES=1`.
pub fn pictures_wanted() -> bool {
    std::env::var("LIANXIN_PICTURES").is_ok_and(|wanted| wanted == "1")
}

/// Saves a screenshot as `assets/pictures/NAME.png`, `width` pixels wide and small.
pub fn save_picture(screenshot: &[u8], name: &str, width: u32) {
    let shot = image::load_from_memory(screenshot).expect("a picture").to_rgb8();
    let height = shot.height() * width / shot.width();
    let mut small = image::imageops::resize(&shot, width, height, FilterType::Lanczos3);
    // A few shades fewer are not seen and compress far better.
    small.iter_mut().for_each(|shade| *shade = (*shade & 0xf8) | (*shade >> 5));
    let mut bytes = Vec::new();
    png::PngEncoder::new_with_quality(&mut bytes, png::CompressionType::Best, png::FilterType::Adaptive)
        .write_image(&small, small.width(), small.height(), ExtendedColorType::Rgb8)
        .expect("PNG");
    assert!(bytes.len() <= picture_bytes_max, "{name}: {} bytes", bytes.len());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    super::browser::write(&root.join("assets/pictures").join(format!("{name}.png")), &bytes);
}
