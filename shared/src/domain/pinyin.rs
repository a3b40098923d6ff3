//! 拼音 of names, for search as people type it: 周秀兰 → `zxl`, `zhouxiulan`, `zhouxl`.
//!
//! Surnames with a reading of their own are read as surnames (单 shàn, 曾 zēng, 尉迟 yù chí). Only one
//! reading of each character is known. Characters without a known reading, those beyond the BMP (𠮷)
//! among them, stand for themselves, so that they are found by being typed.

use std::str::Chars;

/// First character of the table that the build script writes.
const TABLE_FIRST: u32 = 0x4E00;
/// The number of each character's syllable from 1 on, two bytes each, the lower first; 0 without one.
static READINGS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/readings.bin"));
/// All syllables, each filled up with blanks.
static SYLLABLES: &str = include_str!(concat!(env!("OUT_DIR"), "/syllables.txt"));
const SYLLABLE_BYTES: usize = 6;

/// Surnames of two characters that are read otherwise than character by character.
const DOUBLE_SURNAMES: [(&str, [&str; 2]); 4] =
    [("尉迟", ["yu", "chi"]), ("万俟", ["mo", "qi"]), ("单于", ["chan", "yu"]), ("澹台", ["tan", "tai"])];

/// Surnames whose reading differs from the usual one of the character.
const SURNAMES: [(char, &str); 18] = [
    ('单', "shan"),
    ('曾', "zeng"),
    ('仇', "qiu"),
    ('解', "xie"),
    ('查', "zha"),
    ('盖', "ge"),
    ('朴', "piao"),
    ('区', "ou"),
    ('翟', "zhai"),
    ('种', "chong"),
    ('祭', "zhai"),
    ('乜', "nie"),
    ('缪', "miao"),
    ('折', "she"),
    ('召', "shao"),
    ('秘', "bi"),
    ('繁', "po"),
    ('覃', "qin"),
];

/// Characters that given names use in another reading than the most frequent one.
const GIVEN: [(char, &str); 1] = [
    ('长', "chang"), // 长顺, 长生
];

/// A name's characters, each with its syllable if it has one; spaces and `·` are passed over.
#[derive(Clone)]
struct Readings<'a> {
    rest: Chars<'a>,
    /// Syllables of a double surname that are still to come.
    double: &'static [&'static str],
    special: &'static [(char, &'static str)],
}

impl<'a> Readings<'a> {
    fn of(name: &'a str) -> Self {
        let name = name.trim();
        match DOUBLE_SURNAMES.iter().find(|(surname, _)| name.starts_with(surname)) {
            Some((_, double)) => Self { rest: name.chars(), double, special: &GIVEN },
            None => Self { rest: name.chars(), double: &[], special: &SURNAMES },
        }
    }
}

impl Iterator for Readings<'_> {
    type Item = (char, Option<&'static str>);

    fn next(&mut self) -> Option<Self::Item> {
        let c = self.rest.find(|c| !c.is_whitespace() && !matches!(c, '·' | '•' | '．' | '.'))?;
        let special = std::mem::replace(&mut self.special, &GIVEN);
        if let Some((first, rest)) = self.double.split_first() {
            self.double = rest;
            return Some((c, Some(first)));
        }
        let own = special.iter().find(|(one, _)| *one == c).map(|(_, syllable)| *syllable);
        Some((c, own.or_else(|| usual(c))))
    }
}

/// The syllable of a character's usual reading.
fn usual(c: char) -> Option<&'static str> {
    let index = u32::from(c).checked_sub(TABLE_FIRST).and_then(|i| usize::try_from(i).ok())?;
    let number = READINGS.get(index * 2..)?.first_chunk::<2>().map(|two| u16::from_le_bytes(*two))?;
    let at = usize::from(number.checked_sub(1)?) * SYLLABLE_BYTES;
    SYLLABLES.get(at..at + SYLLABLE_BYTES).map(str::trim_end)
}

/// The initials of a name, lower case, without spaces and `·`: 周秀兰 → `zxl`, 𠮷有福 → `𠮷yf`,
/// Li明 → `lim`.
pub fn initials(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (c, syllable) in Readings::of(name) {
        match syllable.and_then(|syllable| syllable.chars().next()) {
            Some(letter) => out.push(letter),
            None => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// The syllables of a name as they are typed, ü as v; a character without one stands for itself.
pub fn syllables(name: &str) -> Vec<String> {
    let spelled = |(c, syllable): (char, Option<&str>)| {
        syllable.map_or_else(|| c.to_lowercase().collect(), str::to_owned)
    };
    Readings::of(name).map(spelled).collect()
}

/// Whether `typed` (lower case, without spaces) spells some characters of the name that follow one another, each by its
/// syllable, by its initial (z or zh), or by itself; the last by any beginning of its syllable. 王桂花 is found by
/// `wangguihua`, `guihu`, `wanggh`, `王gh`.
pub fn is_spelled(name: &str, typed: &str) -> bool {
    let mut readings = Readings::of(name);
    loop {
        if follows(readings.clone(), typed, false) {
            return true;
        }
        if readings.next().is_none() {
            return false;
        }
    }
}

/// Whether `typed` spells the name from its first character on, as [`is_spelled`] does: 王桂花 by `wangg`.
pub fn is_begun(name: &str, typed: &str) -> bool {
    follows(Readings::of(name), typed, false)
}

/// Whether `typed` spells every character of the name: 王桂花 by `wgh`, `wangguihua`, `wangguihu`.
pub fn is_whole(name: &str, typed: &str) -> bool {
    follows(Readings::of(name), typed, true)
}

/// Whether `typed` spells the characters from here on; if `to_end`, all of them.
fn follows(mut readings: Readings<'_>, typed: &str, to_end: bool) -> bool {
    let is_enough = |rest: &Readings<'_>| !to_end || rest.clone().next().is_none();
    if typed.is_empty() {
        return is_enough(&readings);
    }
    let Some((c, syllable)) = readings.next() else { return false };
    if let Some(rest) = typed.strip_prefix(c) {
        return follows(readings, rest, to_end);
    }
    let Some(syllable) = syllable else {
        let mut rest = typed.chars();
        return c.to_lowercase().all(|one| rest.next() == Some(one))
            && follows(readings, rest.as_str(), to_end);
    };
    // Whoever has no ü on the keyboard types v, or u.
    let same = |(a, b): &(u8, u8)| a == b || (*a == b'v' && *b == b'u');
    let agreed = syllable.bytes().zip(typed.bytes()).take_while(same).count();
    let goes_on = |from: usize| typed.get(from..).is_some_and(|rest| follows(readings.clone(), rest, to_end));
    agreed > 0 && agreed == typed.len() && is_enough(&readings)
        || agreed == syllable.len() && goes_on(agreed)
        || agreed >= 2 && syllable.get(1..2) == Some("h") && goes_on(2)
        || agreed >= 1 && syllable.len() > 1 && goes_on(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_their_initials() {
        for (name, letters) in [
            ("周秀兰", "zxl"),
            ("韩冬梅", "hdm"),
            ("王长顺", "wcs"),
            ("阿依古丽·买买提", "ayglmmt"),
            (" 李 明 ", "lm"),
            ("Li明", "lim"),
            ("", ""),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }

    #[test]
    fn surnames_with_their_own_reading() {
        for (name, letter) in [
            ("单田芳", 's'),
            ("曾国强", 'z'),
            ("仇玉梅", 'q'),
            ("解永贵", 'x'),
            ("查良", 'z'),
            ("盖叫天", 'g'),
            ("朴永浩", 'p'),
            ("区志明", 'o'),
            ("翟凤英", 'z'),
            ("覃桂花", 'q'),
            ("沈红", 's'),
        ] {
            assert_eq!(initials(name).chars().next(), Some(letter), "{name}");
        }
        assert_eq!(initials("尉迟敬德"), "ycjd");
        assert_eq!(initials("万俟卨"), "mqx");
        assert_eq!(initials("单于明"), "cym");
        assert_eq!(initials("欧阳修"), "oyx");
    }

    #[test]
    fn a_surname_reading_is_not_used_inside_a_name() {
        assert_eq!(initials("王曾"), "wc");
    }

    #[test]
    fn a_rare_character_stands_for_itself() {
        assert_eq!(initials("𠮷有福"), "𠮷yf");
        assert_eq!(initials("马𣲘"), "m𣲘");
    }

    #[test]
    fn a_name_spelled_whole_is_told_from_one_begun() {
        for (typed, begun, whole) in [
            ("wgh", true, true),
            ("wangguihua", true, true),
            ("王guih", true, true),
            ("wangg", true, false),
            ("wanggu", true, false),
            ("guihua", false, false),
            ("wanghua", false, false),
        ] {
            assert_eq!((is_begun("王桂花", typed), is_whole("王桂花", typed)), (begun, whole), "{typed}");
        }
    }

    #[test]
    fn names_are_found_by_their_syllables_whole_begun_or_mixed_with_initials() {
        for typed in [
            "wangguihua",
            "wangguih",
            "wang",
            "wangg",
            "wanggh",
            "wguihua",
            "wgh",
            "wgui",
            "guihua",
            "hua",
            "gh",
            "王gh",
            "wang桂",
        ] {
            assert!(is_spelled("王桂花", typed), "{typed}");
        }
        for typed in ["wanghua", "guiwang", "anggui", "wangguihuax", "w0", "李gh", "huawang"] {
            assert!(!is_spelled("王桂花", typed), "{typed}");
        }
        assert!(
            is_spelled("周秀兰", "zhxl") && is_spelled("周秀兰", "zxiul") && is_spelled("周秀兰", "zhouxl")
        );
        assert!(is_spelled("吕翠", "lvcui") && is_spelled("吕翠", "lucui"));
        assert!(is_spelled("尉迟敬德", "yuchijing") && is_spelled("单田芳", "shantian"));
        assert!(is_spelled("𠮷有福", "𠮷youf") && is_spelled("阿依古丽·买买提", "gulimaim"));
        assert!(is_spelled("Li明", "liming") && is_spelled("Li明", "im"));
        assert_eq!(syllables("王长顺"), ["wang", "chang", "shun"]);
    }

    #[test]
    fn the_table_covers_the_whole_block() {
        assert_eq!(READINGS.len(), (0x9FFF - 0x4E00 + 1) * 2);
        assert_eq!((usual('一'), usual('龥')), (Some("yi"), Some("yu")));
    }
}
