//! CSS, icons and logo as embedded constants, for the phone app and the office console. They are embedded
//! because every renderer then shows them without a bundler and without a second request.

pub mod icons;

/// Colours, radius and type for both faces, in the light scheme. Goes before any other sheet.
pub const TOKENS_CSS: &str = include_str!("tokens.css");

/// The dark scheme's colours; goes after [`TOKENS_CSS`], under the condition on which a face is dark.
pub const TOKENS_DARK_CSS: &str = include_str!("tokens_dark.css");

/// The condition under which a face is dark that goes by the system's setting.
pub const SYSTEM_IS_DARK: &str = "(prefers-color-scheme: dark)";

/// The phone's own sheet; needs [`TOKENS_CSS`] before it. Sizes are in rem: the app sets the root's size.
pub const PHONE_CSS: &str = concat!(
    include_str!("phone/base.css"),
    include_str!("phone/parts.css"),
    include_str!("phone/screens.css")
);

/// The office console's own sheet; needs [`TOKENS_CSS`] before it.
pub const CONSOLE_CSS: &str = include_str!("console.css");

/// The office console's script, without which every page works too.
pub const CONSOLE_JS: &str = include_str!("console.js");

/// The logo as a whole SVG document: an open book whose pages meet in a heart.
pub const LOGO_SVG: &str = include_str!("logo.svg");
/// The logo's book as path data in its 64 × 64 square, for renderers that draw it inline.
pub const LOGO_BOOK: &str = "M32 22c-4-5-11-6-18-5v27c7-1 14 0 18 5 4-5 11-6 18-5V17c-7-1-14 0-18 5z";
/// The logo's heart, likewise.
pub const LOGO_HEART: &str = "M32 40c-5.5-3.6-8.5-6.4-8.5-9.8 0-2.6 2-4.4 4.3-4.4 1.7 0 3.3.9 4.2 2.6.9-1.7 2.5-2.6 4.2-2.6 2.3 0 4.3 1.8 4.3 4.4 0 3.4-3 6.2-8.5 9.8z";

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of `#rrggbb` (WCAG 2.2).
    fn luminance(hex: &str) -> f64 {
        let channel = |at: usize| {
            let c = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn token<'a>(scheme: &'a str, name: &str) -> &'a str {
        let start = scheme.find(&format!("--{name}:")).unwrap_or_else(|| panic!("no token {name}"));
        let value = &scheme[start..];
        let hash = value.find('#').unwrap();
        &value[hash..hash + 7]
    }

    #[test]
    fn the_logo_drawn_inline_is_the_logo_of_the_file() {
        assert!(LOGO_SVG.contains(LOGO_BOOK) && LOGO_SVG.contains(LOGO_HEART));
    }

    /// Sunlight on an old screen: every pair of text and ground that the sheets use is WCAG AA or better.
    #[test]
    fn text_is_readable_on_its_ground_in_both_schemes() {
        let pairs = [
            ("ink", "paper"),
            ("ink", "card"),
            ("ink", "sunk"),
            ("muted", "paper"),
            ("muted", "card"),
            ("muted", "sunk"),
            ("accent", "card"),
            ("accent", "accent-weak"),
            ("accent-ink", "accent"),
            ("accent-ink", "accent-press"),
            ("ok", "ok-weak"),
            ("ok", "card"),
            ("wait", "wait-weak"),
            ("wait", "card"),
            ("ink", "wait-weak"),
            ("info", "info-weak"),
            ("info", "card"),
            ("info", "paper"),
        ];
        for scheme in [TOKENS_CSS, TOKENS_DARK_CSS] {
            for (text, ground) in pairs {
                let (a, b) = (luminance(token(scheme, text)), luminance(token(scheme, ground)));
                let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                assert!(contrast >= 4.5, "{text} on {ground}: {contrast:.2}");
            }
            let (edge, card) = (luminance(token(scheme, "edge")), luminance(token(scheme, "card")));
            let contrast = (edge.max(card) + 0.05) / (edge.min(card) + 0.05);
            assert!(contrast >= 3.0, "the edge of an input on its card: {contrast:.2}");
        }
    }
}
