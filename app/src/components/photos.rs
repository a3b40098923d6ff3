//! The ways in for photos: camera and album.

use dioxus::{html::FileData, prelude::*};
use lianxin_assets::icons;

use super::icon::Icon;
use crate::text::photo as words;

/// 拍照 and 从相册选; natively the album alone. What was chosen goes out; the same file may be chosen again.
#[component]
pub(crate) fn PhotoInputs(disabled: bool, onchoose: Callback<Vec<FileData>>) -> Element {
    rsx! {
        div { class: "photo-inputs",
            Camera { disabled, onchoose }
            FileInput { label: words::ALBUM, icon: icons::PICTURE, disabled, several: true, testid: "photo-album", onchoose }
        }
    }
}

#[cfg(target_family = "wasm")]
#[component]
fn Camera(disabled: bool, onchoose: Callback<Vec<FileData>>) -> Element {
    rsx! {
        FileInput { label: words::CAMERA, icon: icons::CAMERA, disabled, camera: true, testid: "photo-camera", onchoose }
    }
}

/// A native window has no camera of its own.
#[cfg(not(target_family = "wasm"))]
#[component]
fn Camera(disabled: bool, onchoose: Callback<Vec<FileData>>) -> Element {
    let _ = (disabled, onchoose);
    rsx! {}
}

#[component]
fn FileInput(
    label: &'static str,
    icon: &'static str,
    disabled: bool,
    #[props(default)] several: bool,
    #[props(default)] camera: bool,
    testid: &'static str,
    onchoose: Callback<Vec<FileData>>,
) -> Element {
    // A fresh input after each choice: the browser tells nothing when the same file is chosen twice.
    let mut chosen = use_signal(|| 0_u32);
    rsx! {
        label { class: if disabled { "btn off" } else { "btn" },
            Icon { path: icon, small: true }
            "{label}"
            for turn in [chosen()] {
                input {
                    key: "{turn}", class: "visually-hidden", r#type: "file", accept: "image/*", multiple: several, disabled,
                    capture: if camera { "environment" }, "data-testid": testid,
                    onchange: move |event: FormEvent| {
                        let files = event.files();
                        if !files.is_empty() {
                            onchoose.call(files);
                            chosen += 1;
                        }
                    },
                }
            }
        }
    }
}
