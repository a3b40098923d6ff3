//! 拼音首字母 of names, for search as people type it: 周秀兰 → `zxl`.
//!
//! Surnames with a reading of their own are read as surnames (单 shàn, 曾 zēng, 尉迟 yù chí). Only one
//! reading of each character is indexed. Characters without a known reading, those beyond the BMP (𠮷)
//! among them, stand for themselves, so that they are found by being typed.

/// First character of the table that the build script writes, one letter per character.
const TABLE_FIRST: u32 = 0x4E00;
static TABLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/initials.txt"));

/// Surnames of two characters that are read otherwise than character by character.
const DOUBLE_SURNAMES: [(&str, &str); 4] = [("尉迟", "yc"), ("万俟", "mq"), ("单于", "cy"), ("澹台", "tt")];

/// Surnames whose initial differs from the usual reading of the character.
const SURNAMES: [(char, char); 18] = [
    ('单', 's'), // shàn
    ('曾', 'z'), // zēng
    ('仇', 'q'), // qiú
    ('解', 'x'), // xiè
    ('查', 'z'), // zhā
    ('盖', 'g'), // gě
    ('朴', 'p'), // piáo
    ('区', 'o'), // ōu
    ('翟', 'z'), // zhái
    ('种', 'c'), // chóng
    ('祭', 'z'), // zhài
    ('乜', 'n'), // niè
    ('缪', 'm'), // miào
    ('折', 's'), // shé
    ('召', 's'), // shào
    ('秘', 'b'), // bì
    ('繁', 'p'), // pó
    ('覃', 'q'), // qín
];

/// Characters that given names use in another reading than the most frequent one.
const GIVEN: [(char, char); 1] = [
    ('长', 'c'), // 长顺, 长生: cháng
];

/// The initials of a name, lower case, without spaces and `·`: 周秀兰 → `zxl`, 𠮷有福 → `𠮷yf`,
/// Li明 → `lim`.
pub fn initials(name: &str) -> String {
    let name = name.trim();
    let mut out = String::with_capacity(name.len());
    let double = DOUBLE_SURNAMES.iter().find(|(surname, _)| name.starts_with(surname));
    let rest = match double {
        Some((surname, letters)) => {
            out.push_str(letters);
            name.strip_prefix(surname).unwrap_or_default()
        }
        None => {
            let mut chars = name.chars();
            if let Some(surname) = chars.next() {
                push(&mut out, surname, &SURNAMES);
            }
            chars.as_str()
        }
    };
    for c in rest.chars() {
        push(&mut out, c, &GIVEN);
    }
    out
}

fn push(out: &mut String, c: char, special: &[(char, char)]) {
    if c.is_whitespace() || matches!(c, '·' | '•' | '．' | '.') {
        return;
    }
    match special.iter().find(|(one, _)| *one == c) {
        Some((_, letter)) => out.push(*letter),
        None => match usual(c) {
            Some(letter) => out.push(letter),
            None => out.extend(c.to_lowercase()),
        },
    }
}

/// The initial of a character's usual reading.
fn usual(c: char) -> Option<char> {
    let index = u32::from(c).checked_sub(TABLE_FIRST).and_then(|i| usize::try_from(i).ok())?;
    TABLE.get(index).map(|byte| char::from(*byte)).filter(char::is_ascii_lowercase)
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
    fn the_table_covers_the_whole_block() {
        assert_eq!(TABLE.len(), 0x9FFF - 0x4E00 + 1);
        assert_eq!((usual('一'), usual('龥')), (Some('y'), Some('y')));
    }
}
