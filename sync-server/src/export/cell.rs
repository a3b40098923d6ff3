//! Text in cells: what a villager said must never run as a formula, and never break the file.

/// The most characters of one cell; Excel's own limit is 32,767.
#[allow(non_upper_case_globals)]
pub(super) const cell_chars_max: usize = 32_000;
const CUT: &str = "……（太长，全文见连心册）";

/// Whether a spreadsheet might take the text for a formula. Full-width forms count, since Chinese and
/// Japanese Excel read them as the plain ones; so do those behind what nobody sees.
pub(super) fn looks_like_formula(text: &str) -> bool {
    let unseen = |c: char| c.is_whitespace() || c.is_control() || INVISIBLE.contains(&c);
    let first = text.trim_start_matches(unseen).chars().next();
    text.starts_with(['\t', '\r', '\n'])
        || first.is_some_and(|c| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠'))
}

/// Marks without width or of direction alone, which an importing spreadsheet may drop.
const INVISIBLE: [char; 14] = [
    '\u{feff}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}',
    '\u{202c}', '\u{202d}', '\u{202e}', '\u{2060}', '\u{2066}', '\u{2067}',
];

/// The text for a workbook, which is XML: two code points that no XML may hold are replaced.
pub(super) fn for_xml(text: String) -> String {
    if text.contains(NO_XML) { text.replace(NO_XML, "\u{fffd}") } else { text }
}

const NO_XML: [char; 2] = ['\u{fffe}', '\u{ffff}'];

/// The text with an apostrophe before it if it looks like a formula: spreadsheets then show it as it stands.
pub(super) fn disarmed(text: &str) -> String {
    if looks_like_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// The text as far as a cell holds it.
pub(super) fn fitting(text: &str) -> String {
    if text.chars().count() <= cell_chars_max {
        return text.to_owned();
    }
    text.chars().take(cell_chars_max).chain(CUT.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed_and_words_are_not() {
        for text in [
            "=1+1",
            "+86",
            "-5",
            "@SUM",
            "\t=1",
            "\r=1",
            "\n=1",
            "＝1",
            "－5",
            " =1",
            "\u{3000}=1",
            "\u{feff}=1",
            "\u{200b}\u{202e}+1",
            "\u{0}=1",
        ] {
            assert_eq!(disarmed(text), format!("'{text}"));
        }
        for text in ["路不好", "", "1=1", "“=”"] {
            assert_eq!(disarmed(text), text);
        }
    }

    #[test]
    fn what_xml_cannot_hold_does_not_break_the_workbook() {
        assert_eq!(for_xml("路\u{ffff}不\u{fffe}好".to_owned()), "路\u{fffd}不\u{fffd}好");
        assert_eq!(for_xml("𠮷\u{0}".to_owned()), "𠮷\u{0}", "control characters have a form of their own");
    }

    #[test]
    fn a_very_long_text_says_where_the_rest_is() {
        let long = "长".repeat(cell_chars_max + 1);
        assert!(fitting(&long).ends_with(CUT));
        assert!(fitting(&long).chars().count() < 32_767);
    }
}
