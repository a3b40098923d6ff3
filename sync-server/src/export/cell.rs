//! Text in cells: what a villager said must never run as a formula, and never break the file.

/// The most characters of one cell; Excel's own limit is 32,767.
#[allow(non_upper_case_globals)]
pub(super) const cell_chars_max: usize = 32_000;
const CUT: &str = "……（太长，全文见连心册）";

/// Whether a spreadsheet might take the text for a formula. Full-width forms count, since Chinese and
/// Japanese Excel read them as the plain ones.
pub(super) fn looks_like_formula(text: &str) -> bool {
    let first = text.trim_start_matches([' ', '\u{3000}']).chars().next();
    first.is_some_and(|c| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'))
}

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
        for text in ["=1+1", "+86", "-5", "@SUM", "\t=1", "\r=1", "\n=1", "＝1", "－5", " =1", "\u{3000}=1"]
        {
            assert_eq!(disarmed(text), format!("'{text}"));
        }
        for text in ["路不好", "", "1=1", "“=”"] {
            assert_eq!(disarmed(text), text);
        }
    }

    #[test]
    fn a_very_long_text_says_where_the_rest_is() {
        let long = "长".repeat(cell_chars_max + 1);
        assert!(fitting(&long).ends_with(CUT));
        assert!(fitting(&long).chars().count() < 32_767);
    }
}
