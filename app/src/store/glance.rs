//! A long text as one line of a list.

/// The beginning of a text on one line, with … where it goes on beyond `chars_max`.
pub(super) fn glance(text: &str, chars_max: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_says_that_it_goes_on() {
        assert_eq!(glance("今天走了一户，\n路不好走。", 7), "今天走了一户，…");
        assert_eq!(glance(" 𠮷家\n漏雨 ", 5), "𠮷家 漏雨");
    }
}
