//! The README's pictures, made by the same run that tests what they show.

use color_quant::NeuQuant;
use image::imageops::FilterType;
use std::path::Path;

/// The largest picture, bytes.
#[allow(non_upper_case_globals)]
const picture_bytes_max: usize = 120 * 1024;
/// Colours of a picture's palette.
const COLOURS: usize = 200;
/// How thoroughly the palette is chosen: 1 looks at every pixel, 30 at few.
const SAMPLING: i32 = 3;

/// Whether this run is to make them: `LIANXIN_PICTURES=1`.
pub fn pictures_wanted() -> bool {
    std::env::var("LIANXIN_PICTURES").is_ok_and(|wanted| wanted == "1")
}

/// Saves a screenshot as `assets/pictures/NAME.png`, `width` pixels wide and small.
pub fn save_picture(screenshot: &[u8], name: &str, width: u32) {
    let shot = image::load_from_memory(screenshot).expect("a picture").to_rgba8();
    let height = shot.height() * width / shot.width();
    let small = image::imageops::resize(&shot, width, height, FilterType::Lanczos3);
    let palette = NeuQuant::new(SAMPLING, COLOURS, small.as_raw());
    let pixels =
        small.pixels().map(|pixel| u8::try_from(palette.index_of(&pixel.0)).expect("at most 256 colours"));
    let pixels: Vec<u8> = pixels.collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(palette.color_map_rgb());
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header().expect("PNG");
    writer.write_image_data(&pixels).expect("PNG");
    writer.finish().expect("PNG");
    assert!(bytes.len() <= picture_bytes_max, "{name}: {} bytes", bytes.len());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    super::browser::write(&root.join("assets/pictures").join(format!("{name}.png")), &bytes);
}
