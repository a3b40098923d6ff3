//! What somebody has typed into a search, as the words that it means: people write a group and a door without a space
//! (三组17号), and a telephone in groups of digits (138 0000 0001, 138-0000-0001).

use super::region::group_number;

/// The least digits of a whole telephone, without the area's code; a door has fewer.
const PHONE_DIGITS_MIN: usize = 7;
/// The least digits of a telephone's group: doors (151-2, 10-2-1503) have shorter ones.
const GROUP_DIGITS_MIN: usize = 3;
/// A mobile telephone begins with a group of this many digits.
const MOBILE_GROUP_DIGITS: usize = 3;
/// Between the groups of a telephone, beside spaces.
const HYPHENS: [char; 4] = ['-', '－', '–', '—'];

/// The words of a text: all of them must be found. A telephone is one word of digits, whatever stood between them.
/// Full-width letters and digits are read as plain ones.
pub fn words(text: &str) -> Vec<String> {
    let text: String = text.chars().map(plain_width).collect();
    let mut words = Vec::new();
    let mut run: Vec<&str> = Vec::new();
    for token in text.split_whitespace() {
        if token.chars().all(|c| c.is_ascii_digit() || HYPHENS.contains(&c)) {
            run.push(token);
        } else {
            words.append(&mut of_digits(&run));
            run.clear();
            words.extend(of_place(token).map(str::to_owned));
        }
    }
    words.append(&mut of_digits(&run));
    words
}

/// １７ as 17; any other character as it is.
fn plain_width(c: char) -> char {
    const FULL_WIDTH: std::ops::RangeInclusive<char> = '！'..='～';
    const APART: u32 = '！' as u32 - '!' as u32;
    if FULL_WIDTH.contains(&c) { char::from_u32(c as u32 - APART).unwrap_or(c) } else { c }
}

/// The number of a group, if a word names one (三组, 3组, 第三组): the same group is written in several ways.
pub fn group(word: &str) -> Option<u32> {
    group_number(word).filter(|_| word.ends_with('组'))
}

/// “三组17号” as “三组” and “17号”; any other word as it is.
fn of_place(token: &str) -> impl Iterator<Item = &str> {
    let (group, door) = match token.split_once('组') {
        Some((group, door)) if !group.is_empty() && door.starts_with(|c: char| c.is_ascii_digit()) => {
            token.split_at(token.len() - door.len())
        }
        _ => (token, ""),
    };
    [group, door].into_iter().filter(|part| !part.is_empty())
}

/// Words of digits that stand side by side: those of a telephone are one.
fn of_digits(run: &[&str]) -> Vec<String> {
    let groups = |run: &[&str]| -> Vec<String> {
        let groups = run.iter().flat_map(|token| token.split(HYPHENS));
        groups.filter(|group| !group.is_empty()).map(str::to_owned).collect()
    };
    let start = run.iter().position(|token| begins_mobile(token));
    let (before, number) = run.split_at(start.unwrap_or(0));
    let number_groups = groups(number);
    let digits: usize = number_groups.iter().map(String::len).sum();
    let is_grouped =
        number_groups.iter().all(|group| (GROUP_DIGITS_MIN..PHONE_DIGITS_MIN).contains(&group.len()));
    let is_number = is_grouped && digits >= PHONE_DIGITS_MIN;
    let plain = |tokens: &[&str]| tokens.iter().map(|token| (*token).to_owned()).collect::<Vec<_>>();
    let mut words = plain(before);
    if is_number {
        words.push(number_groups.concat());
    } else {
        words.append(&mut plain(number));
    }
    words
}

/// Whether a word of digits begins as mobile telephones do: 13x to 19x.
fn begins_mobile(token: &str) -> bool {
    let first = token.split(HYPHENS).next().unwrap_or_default();
    let second = first.strip_prefix('1');
    first.len() == MOBILE_GROUP_DIGITS
        && second.is_some_and(|rest| rest.starts_with(|c| ('3'..='9').contains(&c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_a_telephone_are_one_word_and_those_of_a_door_are_not() {
        for (text, means) in [
            ("140 4510 9138", vec!["14045109138"]),
            ("140-4510-9138", vec!["14045109138"]),
            ("140 45", vec!["140", "45"]),
            ("140 4510", vec!["1404510"]),
            ("010-8888 6666", vec!["01088886666"]),
            ("151-2", vec!["151-2"]),
            ("三组 151-2", vec!["三组", "151-2"]),
            ("三组151-2", vec!["三组", "151-2"]),
            ("138-1", vec!["138-1"]),
            ("151-201", vec!["151-201"]),
            ("10-2-1503", vec!["10-2-1503"]),
            ("3 2-1-1501", vec!["3", "2-1-1501"]),
            ("周 138 0000 0001", vec!["周", "13800000001"]),
            ("17 138 0000 0001", vec!["17", "13800000001"]),
            ("234 5678", vec!["2345678"]),
            ("17 13800000001", vec!["17", "13800000001"]),
            ("3 17", vec!["3", "17"]),
            ("101 2", vec!["101", "2"]),
            ("12-3", vec!["12-3"]),
            ("三组17号", vec!["三组", "17号"]),
            ("三组 17号", vec!["三组", "17号"]),
            ("李组长", vec!["李组长"]),
            ("１７号 ３组", vec!["17号", "3组"]),
            ("ＺＸＬ", vec!["ZXL"]),
            ("", vec![]),
        ] {
            assert_eq!(words(text), means, "{text}");
        }
    }

    #[test]
    fn a_group_is_the_same_however_it_is_written() {
        for word in ["三组", "3组", "第三组", "第3组"] {
            assert_eq!(group(word), Some(3), "{word}");
        }
        for word in ["3", "三", "河西组", "组", "17号"] {
            assert_eq!(group(word), None, "{word}");
        }
    }
}
