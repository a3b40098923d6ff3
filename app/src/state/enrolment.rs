//! Making this phone the cadre's: reads the link that the office gave, asks the server, keeps the identity.

use dioxus::prelude::*;
use lianxin_shared::domain::enrol_code::read_code;

use super::session::Session;
use crate::{
    store::{Request, Status},
    sync::enrol,
    text::enrol as words,
};

/// What an enrolment link carries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EnrolLink {
    /// The one-time code; empty if the link has none.
    pub(crate) code: String,
    /// The server's address, if it is not the page's own.
    pub(crate) server: Option<String>,
}

/// Reads `/#enrol?code=…`, `/enrol?code=…` and either with `&server=…`.
pub(crate) fn enrol_link(address: &str) -> EnrolLink {
    let mut link = EnrolLink::default();
    let Some((_, rest)) = address.split_once("enrol") else { return link };
    let query = rest.trim_start_matches(['/', '?', '#']);
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "code" => link.code = percent_decoded(value),
            "server" => link.server = Some(percent_decoded(value)),
            _ => {}
        }
    }
    link
}

/// Which server this phone can be enrolled at from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EnrolAt {
    /// In a browser: the server of this page, the only one that its content policy lets it speak to.
    ThisPage(String),
    /// In a browser: the link names another server, so the page of that one must be opened.
    Elsewhere {
        /// Its address.
        server: String,
        /// The address to open there, with the code.
        open: String,
    },
    /// In an app of its own: whichever address is written down; this one to begin with.
    Any(String),
}

/// `page` is the address that served this page; none in an app of its own.
pub(crate) fn enrol_at(link: &EnrolLink, page: Option<String>) -> EnrolAt {
    let named = link.server.as_deref().map(|server| server.trim().trim_end_matches('/').to_owned());
    let Some(page) = page else { return EnrolAt::Any(named.unwrap_or_default()) };
    match named {
        // Anything but a web address could be a script.
        Some(server) if server != page && is_web(&server) => {
            let open = format!("{server}/#enrol?code={}", link.code);
            EnrolAt::Elsewhere { server, open }
        }
        _ => EnrolAt::ThisPage(page),
    }
}

fn is_web(address: &str) -> bool {
    address.starts_with("https://") || address.starts_with("http://")
}

/// `%3A` and the like as characters; what is no escape stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match tail {
            [high, low, after @ ..] if *first == b'%' => {
                let hex =
                    std::str::from_utf8(&[*high, *low]).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
                hex.map(|byte| (byte, after))
            }
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((*first, tail));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Enrols this phone. The app opens once the session takes the status that this returns.
///
/// # Errors
/// Words for the cadre: what happened and what to do.
pub(crate) async fn enrol_phone(session: Session, server: &str, code: &str) -> Result<Status, String> {
    let server = server.trim().trim_end_matches('/');
    let code = &read_code(code).map_err(|why| words::no_code(&why))?;
    if server.is_empty() {
        return Err(words::SERVER_WANTED.to_owned());
    }
    let server_id =
        session.status.peek().as_ref().and_then(|status| Some(status.identity.as_ref()?.server_id));
    let enrolled = enrol(server, code, server_id).await.map_err(|error| error.to_string())?;
    let request = Request::Enrol { server_url: server.to_owned(), enrolled: Box::new(enrolled) };
    let status = session.ask::<Status>(request).await.map_err(|error| error.to_string())?;
    session.tell(Request::SyncNow);
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_brings_the_code_and_may_bring_the_address() {
        assert_eq!(enrol_link("/#enrol?code=K7QM-3XPD").code, "K7QM-3XPD");
        let link = enrol_link("/enrol?code=K7QM3XPD&server=https%3A%2F%2Fqx.example%3A8600");
        assert_eq!(
            (link.code.as_str(), link.server.as_deref()),
            ("K7QM3XPD", Some("https://qx.example:8600"))
        );
        assert_eq!(enrol_link("/"), EnrolLink::default());
        assert_eq!(enrol_link("/enrol?code=100%").code, "100%");
    }

    #[test]
    fn a_browser_enrols_at_its_own_page_alone() {
        let page = || Some("https://qx.example:8600".to_owned());
        let link = |server: &str| EnrolLink { code: "42".to_owned(), server: Some(server.to_owned()) };
        let here = EnrolAt::ThisPage("https://qx.example:8600".to_owned());
        assert_eq!(enrol_at(&EnrolLink::default(), page()), here);
        assert_eq!(enrol_at(&link("https://qx.example:8600/"), page()), here);
        assert_eq!(enrol_at(&link("javascript:alert(1)"), page()), here);
        let (server, open) =
            ("https://by.example".to_owned(), "https://by.example/#enrol?code=42".to_owned());
        assert_eq!(enrol_at(&link("https://by.example"), page()), EnrolAt::Elsewhere { server, open });
        assert_eq!(
            enrol_at(&link("https://by.example"), None),
            EnrolAt::Any("https://by.example".to_owned())
        );
    }
}
