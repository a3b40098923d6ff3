//! What this device calls itself, for the office's list of phones.

/// “Android · Chrome”, “iPhone · Safari”, “Linux” …
pub fn device_name() -> String {
    #[cfg(target_family = "wasm")]
    {
        let navigator = super::web::js::get(&js_sys::global(), "navigator");
        let agent = super::web::js::get(&navigator, "userAgent").as_string().unwrap_or_default();
        named(&agent)
    }
    #[cfg(not(target_family = "wasm"))]
    {
        std::env::consts::OS.to_owned()
    }
}

#[cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "the browser's way; tested natively"))]
fn named(agent: &str) -> String {
    let first = |words: &[(&str, &'static str)]| {
        words.iter().find(|(word, _)| agent.contains(word)).map_or("其他", |(_, name)| *name)
    };
    let system = first(&[
        ("HarmonyOS", "HarmonyOS"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    let browser = first(&[
        ("Edg/", "Edge"),
        ("HuaweiBrowser", "华为浏览器"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    format!("{system} · {browser}")
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn the_office_sees_which_phone_it_is() {
        let agent = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36";
        assert_eq!(named(agent), "Android · Chrome");
    }
}
