//! Text as people type it into Excel and phones, made comparable: full-width characters, stray and
//! invisible spaces, names, and telephone numbers. Pure; nothing here throws a villager's words away.

/// Full-width letters, digits and signs become half-width; every space becomes U+0020; invisible
/// characters go. For labels and numbers, where signs mean the same in either width.
pub fn half_width(text: &str) -> String {
    visible(text).map(narrow).collect()
}

/// What a cell or field says: letters and digits in half width, runs of spaces (U+3000 and line breaks
/// too) as one, none at the ends, invisible characters gone. Chinese punctuation stays as it was written.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text) {
        let c = if c.is_whitespace() {
            ' '
        } else if matches!(c, '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ') {
            narrow(c)
        } else {
            c
        };
        if c != ' ' || !(out.is_empty() || out.ends_with(' ')) {
            out.push(c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// A person's name: [`clean`], without the spaces that align 张　三 with 欧阳修, and with one kind of
/// middle dot (阿依古丽·买买提). Spaces between Latin letters stay.
pub fn name(text: &str) -> String {
    let cleaned = clean(text);
    let mut out = String::with_capacity(cleaned.len());
    let mut chars = cleaned.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' => {
                let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
                if latin(out.chars().next_back()) && latin(chars.peek().copied()) {
                    out.push(' ');
                }
            }
            '•' | '・' | '‧' | '∙' | '⋅' | '．' => out.push('·'),
            _ => out.push(c),
        }
    }
    out
}

/// Without what cannot be seen: zero-width spaces, direction marks, soft hyphens, BOMs, control
/// characters. A zero-width joiner stays inside an emoji, which it holds together.
fn visible(text: &str) -> impl Iterator<Item = char> {
    let mut before = ' ';
    text.chars().filter(move |&c| {
        let keep = match c {
            '\u{200D}' => matches!(before, '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{FE0F}'),
            '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' => false,
            '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => false,
            _ => !c.is_control() || c.is_whitespace(),
        };
        if keep {
            before = c;
        }
        keep
    })
}

fn narrow(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

/// The telephone numbers of one cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phones {
    /// Recognised, in order, none twice: mobiles as 11 digits, landlines as `0557-1234567` or without
    /// the area code.
    pub numbers: Vec<String>,
    /// What is no telephone number, as it was written: “儿子”, a digit too few, a short number.
    pub rest: Vec<String>,
}

impl Phones {
    /// As one field: the numbers joined by `、`; if there is none, what was written.
    pub fn joined(&self) -> String {
        let parts = if self.numbers.is_empty() { &self.rest } else { &self.numbers };
        parts.join("、")
    }
}

/// Reads a cell of telephone numbers: `1.3812345678E10` and `13812345678.0` (Excel numbers), spaces,
/// dashes, +86, full-width digits, several in one cell.
pub fn phones(text: &str) -> Phones {
    let mut found = Phones::default();
    let hard =
        |c: char| matches!(c, '、' | ',' | '，' | ';' | '；' | '。' | '/' | '|' | '\\' | '\n' | '\r' | '\t');
    for part in text.split(hard) {
        let part = half_width(part);
        let part = part.trim();
        if let Some(digits) = excel_number(part) {
            found.take(&digits);
        } else {
            found.read(part);
        }
    }
    found
}

impl Phones {
    /// One part between separators: runs of digits (spaces, dashes and brackets inside) and words.
    fn read(&mut self, part: &str) {
        let mut run = String::new();
        let mut word = String::new();
        for c in part.chars().chain([' ']) {
            let dash = matches!(c, '-' | '—' | '–' | '－' | '_' | '.' | '(' | ')' | '[' | ']' | ':' | '+');
            if c.is_ascii_digit() {
                self.take_word(&mut word);
                run.push(c);
                continue;
            }
            let complete = phone(&run).is_some_and(|number| number.len() >= 10);
            if c == ' ' || dash {
                self.take_word(&mut word);
                if complete {
                    self.take(&std::mem::take(&mut run));
                }
            } else {
                self.take_run(&mut run);
                word.push(c);
            }
        }
        self.take_word(&mut word);
        self.take_run(&mut run);
    }

    fn take_run(&mut self, run: &mut String) {
        if !run.is_empty() {
            self.take(&std::mem::take(run));
        }
    }

    fn take_word(&mut self, word: &mut String) {
        if !word.is_empty() {
            self.rest.push(std::mem::take(word));
        }
    }

    fn take(&mut self, digits: &str) {
        match phone(digits) {
            Some(number) if self.numbers.contains(&number) => {}
            Some(number) => self.numbers.push(number),
            None => self.rest.push(digits.to_owned()),
        }
    }
}

/// `1.3812345678E10` or `13812345678.0`, if no digit was lost in it.
fn excel_number(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    let (mantissa, exponent) = upper.split_once('E').unwrap_or((&upper, "0"));
    let (whole, fraction) = mantissa.split_once('.')?;
    let exponent: usize = exponent.trim_start_matches('+').parse().ok()?;
    let fraction = fraction.trim_end_matches('0');
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || exponent > 14 || fraction.len() > exponent {
        return None;
    }
    // 1.38E+10 is what Excel shows of a narrow column: the digits behind are gone, not zero.
    if exponent > 0 && fraction.len() + 3 < exponent {
        return None;
    }
    Some(format!("{whole}{fraction:0<exponent$}"))
}

/// One telephone number from its bare digits.
fn phone(digits: &str) -> Option<String> {
    let bare = ["0086", "86"]
        .iter()
        .find_map(|prefix| digits.strip_prefix(prefix).filter(|rest| is_mobile(rest)))
        .unwrap_or(digits);
    if is_mobile(bare) || (bare.len() == 10 && bare.starts_with("400")) {
        return Some(bare.to_owned());
    }
    if let Some(rest) = bare.strip_prefix('0') {
        // 010 and 02x have three digits, every other area code four.
        let area = if rest.starts_with(['1', '2']) { 3 } else { 4 };
        let (area, local) = bare.split_at_checked(area)?;
        return is_local(local).then(|| format!("{area}-{local}"));
    }
    is_local(bare).then(|| bare.to_owned())
}

fn is_mobile(digits: &str) -> bool {
    let mut chars = digits.chars();
    digits.len() == 11 && chars.next() == Some('1') && chars.next().is_some_and(|c| ('3'..='9').contains(&c))
}

fn is_local(digits: &str) -> bool {
    matches!(digits.len(), 7 | 8) && digits.starts_with(|c: char| ('2'..='9').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stray_spaces_and_wide_digits_go_words_stay() {
        assert_eq!(clean("　东街，１２号\u{200B}　　后院 \u{FEFF}"), "东街，12号 后院");
        assert_eq!(clean("第一行\n第二行"), "第一行 第二行");
        assert_eq!(half_width("户主：（姓名）　１２"), "户主:(姓名) 12");
    }

    #[test]
    fn names_lose_their_alignment_and_keep_rare_characters() {
        assert_eq!(name(" 张　三 "), "张三");
        assert_eq!(name("\u{20BB7}田\u{3000}\u{2A6A5}"), "\u{20BB7}田\u{2A6A5}");
        assert_eq!(name("阿依古丽 • 买买提"), "阿依古丽·买买提");
        assert_eq!(name("John  Smith"), "John Smith");
    }

    #[test]
    fn an_emoji_family_stays_together_a_joiner_elsewhere_goes() {
        assert_eq!(clean("👨\u{200D}👩\u{200D}👧"), "👨\u{200D}👩\u{200D}👧");
        assert_eq!(clean("张\u{200D}三"), "张三");
    }

    fn numbers(text: &str) -> Vec<String> {
        phones(text).numbers
    }

    #[test]
    fn phones_as_excel_and_people_write_them() {
        for text in [
            "13812345678",
            "1.3812345678E10",
            "1.3812345678e+10",
            "13812345678.0",
            "138 1234 5678",
            "138-1234-5678",
            "１３８１２３４５６７８",
            "+86 138 1234 5678",
            "0086-13812345678",
            "138\u{3000}1234\u{200B}5678",
        ] {
            assert_eq!(phones(text), Phones { numbers: vec!["13812345678".into()], rest: vec![] }, "{text}");
        }
        assert_eq!(numbers("0557-1234567"), Vec::<String>::new(), "local numbers do not start with 1");
        assert_eq!(numbers("(0557)6234567"), ["0557-6234567"]);
        assert_eq!(numbers("01062345678"), ["010-62345678"]);
        assert_eq!(numbers("6234567"), ["6234567"]);
    }

    #[test]
    fn several_in_one_cell() {
        let both = ["13812345678", "13912345678"];
        for text in [
            "13812345678、13912345678",
            "13812345678 13912345678",
            "138 1234 5678 139 1234 5678",
            "13812345678/13912345678",
            "13812345678\n13912345678",
            "13812345678；１３９１２３４５６７８，13812345678",
        ] {
            assert_eq!(numbers(text), both, "{text}");
        }
        assert_eq!(numbers("13812345678 0557-6234567"), ["13812345678", "0557-6234567"]);
    }

    #[test]
    fn what_is_no_number_is_kept_and_named() {
        let found = phones("13812345678（儿子）");
        assert_eq!((found.joined().as_str(), found.rest.join("").as_str()), ("13812345678", "儿子"));
        assert_eq!(phones("1381234567").joined(), "1381234567", "a digit too few is not thrown away");
        assert_eq!(phones("1.38E+10").numbers, Vec::<String>::new(), "digits lost by Excel are not invented");
        assert_eq!(phones("661234").rest, ["661234"], "短号");
        assert_eq!(phones(" 　").joined(), "");
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in "[\\PC\u{3000}\u{200B}\n]{0,40}") {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once.clone());
            prop_assert!(!once.starts_with(' ') && !once.ends_with(' ') && !once.contains("  "));
            let as_name = name(&text);
            prop_assert_eq!(name(&as_name), as_name);
            let narrow = half_width(&text);
            prop_assert_eq!(half_width(&narrow), narrow);
        }

        /// Every character beyond the BMP that can be seen survives.
        #[test]
        fn rare_characters_survive(text in "[\u{20000}-\u{2A6DF}\u{30000}-\u{3134A}]{1,8}") {
            prop_assert_eq!(clean(&text), text.clone());
            prop_assert_eq!(name(&text), text);
        }

        #[test]
        fn any_mobile_in_any_dress_is_found(tail in 0u64..1_000_000_000, second in 3u64..10, dress in 0usize..5) {
            let plain = format!("1{second}{tail:09}");
            let (a, rest) = plain.split_at(3);
            let (b, c) = rest.split_at(4);
            let dressed = match dress {
                0 => format!("{a} {b} {c}"),
                1 => format!("{a}-{b}-{c}"),
                2 => format!("+86{plain}"),
                3 => format!("{}.0", plain),
                _ => format!(" {plain}　"),
            };
            prop_assert_eq!(numbers(&dressed), vec![plain]);
        }

        #[test]
        fn joined_numbers_read_back_the_same(text in "[0-9 、，()\\-+.Ee儿子]{0,40}") {
            let found = phones(&text);
            prop_assert_eq!(phones(&found.numbers.join("、")).numbers, found.numbers);
        }
    }
}
