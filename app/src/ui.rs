//! The screens' root.

use dioxus::prelude::*;
use futures_util::StreamExt;

use crate::store::{Reply, Request, StoreClient, StorePhase};

/// Opens the app's window or takes over the page.
pub fn launch() {
    #[cfg(feature = "desktop")]
    let builder = LaunchBuilder::desktop().with_cfg(desktop_window());
    #[cfg(not(feature = "desktop"))]
    let builder = LaunchBuilder::new();
    builder.launch(App);
}

#[cfg(feature = "desktop")]
fn desktop_window() -> dioxus::desktop::Config {
    use dioxus::desktop::{Config, LogicalSize, WindowBuilder};
    let window = WindowBuilder::new().with_title("连心册").with_inner_size(LogicalSize::new(390., 844.));
    Config::new().with_menu(None).with_window(window)
}

#[component]
fn App() -> Element {
    let client = use_hook(StoreClient::start);
    let client = match client {
        Ok(client) => client,
        Err(error) => return rsx! { p { "{error}" } },
    };
    let mut phase = use_signal(|| StorePhase::Opening);
    let mut note = use_signal(String::new);
    let phases = client.clone();
    use_future(move || {
        let client = phases.clone();
        async move {
            let mut phases = client.phases();
            while let Some(next) = phases.next().await {
                phase.set(next);
                if *phase.peek() == StorePhase::Open
                    && let Ok(Reply::Status(status)) = client.call(Request::Status).await
                {
                    note.set(status.place);
                }
            }
        }
    });
    let saver = client.clone();
    let state = format!("{:?}", phase());
    rsx! {
        document::Title { "连心册" }
        p { id: "phase", "{state}" }
        p { id: "note", "{note}" }
        button { id: "over", onclick: move |_| client.take_over(), "换到这里用" }
        textarea {
            id: "text",
            initial_value: "",
            oninput: move |event| {
                let client = saver.clone();
                async move {
                    let text = event.value();
                    if client.call(Request::SavePlace { route: text.clone() }).await.is_ok() {
                        note.set(text);
                    }
                }
            },
        }
    }
}
