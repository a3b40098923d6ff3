//! The screens: launch and the app's root.

use dioxus::prelude::*;
use lianxin_assets::{PHONE_CSS, SYSTEM_IS_DARK, TOKENS_CSS, TOKENS_DARK_CSS};

use crate::{
    platform::{Look, kept_look},
    route::Route,
    state::{
        look::ChosenLook,
        page_life, place,
        register::{RegisterSearch, Search},
        session::Session,
    },
    store::{FontSize, HouseholdFilter, StoreClient, StorePhase},
    text,
    views::{enrol::EnrolView, startup},
};

/// Opens the app's window or takes over the page.
pub fn launch() {
    #[cfg(feature = "desktop")]
    let builder = LaunchBuilder::desktop().with_cfg(desktop_window());
    #[cfg(not(feature = "desktop"))]
    let builder = LaunchBuilder::new();
    builder.launch(App);
}

/// A window of a phone's size, without a menu.
#[cfg(feature = "desktop")]
fn desktop_window() -> dioxus::desktop::Config {
    use dioxus::desktop::{Config, LogicalSize, WindowBuilder};
    let window = WindowBuilder::new().with_title(text::APP).with_inner_size(LogicalSize::new(390., 844.));
    let config = Config::new().with_menu(None).with_window(window);
    // What shows before the first screen is painted: --paper of the scheme.
    match kept_look() {
        Look::System => config,
        Look::Light => config.with_background_color((0xfa, 0xf7, 0xf2, 0xff)),
        Look::Dark => config.with_background_color((0x15, 0x13, 0x11, 0xff)),
    }
}

/// The root: starts the store, then shows what its life allows.
#[component]
fn App() -> Element {
    let started = use_hook(StoreClient::start);
    let look = use_context_provider(|| ChosenLook::new(kept_look()));
    rsx! {
        style { {TOKENS_CSS} }
        style { media: dark_when(look.now()), {TOKENS_DARK_CSS} }
        style { {PHONE_CSS} }
        match started {
            Ok(client) => rsx! { Started { client: Client(client) } },
            Err(error) => rsx! {
                div { class: "app", startup::Trouble { words: error.to_string(), onretry: None } }
            },
        }
    }
}

/// The condition under which the dark scheme holds.
fn dark_when(look: Look) -> &'static str {
    match look {
        Look::System => SYSTEM_IS_DARK,
        Look::Light => "not all",
        Look::Dark => "all",
    }
}

/// The store's client as a property: it never changes.
#[derive(Clone)]
struct Client(StoreClient);

impl PartialEq for Client {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[component]
fn Started(client: Client) -> Element {
    let session = use_context_provider(|| Session::new(client.0));
    use_context_provider(|| RegisterSearch(Search::new(HouseholdFilter::All)));
    use_hook(|| {
        page_life::watch(session);
        spawn(session.listen_events());
        spawn(session.listen_phases());
    });
    let size = session.status.read().as_ref().map(|status| status.font_size);
    rsx! {
        style { {root_size(size)} }
        div { class: "app", Stage { session } }
    }
}

/// 标准 17, 大 20, 特大 24 px where the browser's own setting is 16, and in proportion where it is not. Before
/// the size is known nothing is judged by the screen's width in letters: Chromium would keep that judgement.
fn root_size(size: Option<FontSize>) -> &'static str {
    match size {
        None => "html{font-size:106.25%} .app{container-type:normal}",
        Some(FontSize::Standard) => "html{font-size:106.25%}",
        Some(FontSize::Large) => "html{font-size:125%}",
        Some(FontSize::ExtraLarge) => "html{font-size:150%}",
    }
}

/// What may be shown now: the app, the first start, or why not.
#[component]
fn Stage(session: Session) -> Element {
    let retry = move |()| session.client().take_over();
    match session.phase.read().clone() {
        StorePhase::OtherTab { since_ms, unanswered } => {
            return rsx! { startup::OtherTab { title: text::startup::OTHER_TAB, since_ms, unanswered, ontake: retry } };
        }
        StorePhase::TakenOver => {
            let (title, since_ms, unanswered) = (text::startup::TAKEN_OVER, None, false);
            return rsx! { startup::OtherTab { title, since_ms, unanswered, ontake: retry } };
        }
        StorePhase::Failed(error) => {
            return rsx! { startup::Trouble { words: error.to_string(), onretry: Some(EventHandler::new(retry)) } };
        }
        StorePhase::Opening | StorePhase::Open | StorePhase::Closing => {}
    }
    if let Some(error) = session.trouble.read().clone() {
        let again = move |()| {
            spawn(session.refresh());
        };
        return rsx! { startup::Trouble { words: error.to_string(), onretry: Some(EventHandler::new(again)) } };
    }
    let locked = session.status.read().as_ref().filter(|status| status.locked).cloned();
    if let Some(status) = locked {
        return rsx! { startup::Locked { drafts: status.drafts_open, photos: status.sync.photos } };
    }
    let enrolled = session.status.read().as_ref().map(|status| status.identity.is_some());
    match enrolled {
        None => rsx! { startup::Opening {} },
        Some(false) => rsx! { EnrolView {} },
        Some(true) => rsx! { Pages { session } },
    }
}

/// The pages, from where the app was left.
#[component]
fn Pages(session: Session) -> Element {
    use_hook(|| place::reopen(session));
    rsx! { Router::<Route> {} }
}
