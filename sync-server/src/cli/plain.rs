//! Words of others on a terminal: they must not move its cursor, colour it or turn the line around.

/// The text without what a terminal obeys instead of showing; line breaks stay.
pub(super) fn plain(text: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let obeyed = |c: char| (c.is_control() && c != '\n') || turns(c);
    text.chars().map(|c| if obeyed(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_terminal_shows_words_and_obeys_none() {
        assert_eq!(plain("红\u{1b}[31m\r\u{9b}2J\u{202e}"), "红\u{fffd}[31m\u{fffd}\u{fffd}2J\u{fffd}");
        assert_eq!(plain("𠮷家\n第二行 😟"), "𠮷家\n第二行 😟");
    }
}
