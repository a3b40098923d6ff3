//! A picture that the browser decodes and draws.

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Blob, File, ImageBitmap, ImageBitmapOptions, ImageEncodeOptions, ImageOrientation, OffscreenCanvas,
    OffscreenCanvasRenderingContext2d,
};

use super::js;
use crate::platform::{PictureError, file_bytes_max};

/// A decoded picture; its memory is given back when dropped.
pub struct Picture(ImageBitmap);

/// A picture drawn at one size.
pub struct Drawn(OffscreenCanvas);

fn unreadable(_: JsValue) -> PictureError {
    PictureError::Unreadable
}

impl Picture {
    /// Decodes a file, upright.
    ///
    /// # Errors
    /// When it is too large or no picture.
    pub async fn of(file: &File) -> Result<Self, PictureError> {
        if file.size() > file_bytes_max as f64 {
            return Err(PictureError::TooLarge);
        }
        let window = web_sys::window().ok_or(PictureError::Unreadable)?;
        let upright = ImageBitmapOptions::new();
        upright.set_image_orientation(ImageOrientation::FromImage);
        let decoded = window.create_image_bitmap_with_blob_and_image_bitmap_options(file, &upright);
        let bitmap = js::settle(decoded).await.map_err(unreadable)?;
        bitmap.dyn_into().map(Self).map_err(unreadable)
    }

    /// Width and height, pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.0.width(), self.0.height())
    }

    /// Draws it at a size.
    ///
    /// # Errors
    /// When the browser has no room for it.
    pub fn drawn(&self, width: u32, height: u32) -> Result<Drawn, PictureError> {
        let canvas = OffscreenCanvas::new(width, height).map_err(unreadable)?;
        let context = canvas.get_context("2d").map_err(unreadable)?.ok_or(PictureError::Unreadable)?;
        let context: OffscreenCanvasRenderingContext2d = context.unchecked_into();
        let (width, height) = (f64::from(width), f64::from(height));
        // JPEG knows no transparency.
        context.set_fill_style_str("#fff");
        context.fill_rect(0., 0., width, height);
        js::set(&context, "imageSmoothingQuality", &JsValue::from_str("high"));
        context
            .draw_image_with_image_bitmap_and_dw_and_dh(&self.0, 0., 0., width, height)
            .map_err(unreadable)?;
        Ok(Drawn(canvas))
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Drawn {
    /// As JPEG of a quality, per cent.
    ///
    /// # Errors
    /// When the browser cannot write JPEG.
    pub async fn jpeg(&self, quality: u8) -> Result<Vec<u8>, PictureError> {
        let options = ImageEncodeOptions::new();
        options.set_type("image/jpeg");
        options.set_quality(f64::from(quality) / 100.);
        let written = js::settle(self.0.convert_to_blob_with_options(&options)).await.map_err(unreadable)?;
        let blob: Blob = written.dyn_into().map_err(unreadable)?;
        let bytes = js::settle(Ok(blob.array_buffer())).await.map_err(unreadable)?;
        Ok(Uint8Array::new(&bytes).to_vec())
    }
}
