//! 公民身份号码 (GB 11643-1999): the checksum, the old 15-digit numbers, and the 20-digit 残疾人证号
//! that carries one. Pure: whether a birth date lies in the future is for a caller with a clock.

use super::{person::Sex, text::half_width};
use chrono::{Datelike, NaiveDate};
use std::fmt;

/// Weights of the first seventeen digits (GB 11643-1999, ISO 7064 MOD 11-2).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Check characters by remainder.
const CHECK_CHARS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
/// No living person, and no one in a township's books, was born before this year.
const BIRTH_YEAR_MIN: i32 = 1850;

/// A valid 18-digit 公民身份号码: digits, birth date and checksum are right, `X` is upper case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdNumber {
    text: String,
    birth: NaiveDate,
    sex: Sex,
}

impl IdNumber {
    /// The eighteen characters.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Birth date (digits 7 to 14).
    pub fn birth(&self) -> NaiveDate {
        self.birth
    }

    /// Sex (digit 17).
    pub fn sex(&self) -> Sex {
        self.sex
    }

    /// From exactly eighteen characters, seventeen digits and a digit or `X`.
    fn from_eighteen(text: String) -> Result<Self, IdNumberError> {
        let digits: Vec<u32> = text.chars().take(17).filter_map(|c| c.to_digit(10)).collect();
        if digits.len() != 17 {
            return Err(IdNumberError::Characters);
        }
        let number = |range: std::ops::Range<usize>| {
            digits.get(range).map_or(0, |part| part.iter().fold(0, |sum, digit| sum * 10 + digit))
        };
        let year = i32::try_from(number(6..10)).unwrap_or(0);
        let birth = NaiveDate::from_ymd_opt(year, number(10..12), number(12..14))
            .filter(|date| date.year() >= BIRTH_YEAR_MIN)
            .ok_or(IdNumberError::Birth)?;
        let expected = check_char(&digits);
        if !text.ends_with(expected) {
            return Err(IdNumberError::Checksum { expected });
        }
        let sex = if number(16..17) % 2 == 1 { Sex::Male } else { Sex::Female };
        Ok(IdNumber { text, birth, sex })
    }
}

impl fmt::Display for IdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// 残疾类别 and 等级, the two digits that a 残疾人证号 adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disability {
    /// 1 视力, 2 听力, 3 言语, 4 肢体, 5 智力, 6 精神, 7 多重
    pub kind: u8,
    /// 1 (heaviest) to 4
    pub grade: u8,
}

/// What a cell of numbers turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The person's number.
    pub number: IdNumber,
    /// From a 残疾人证号: the holder's disability.
    pub disability: Option<Disability>,
    /// It was written as an old 15-digit number. That form has no checksum, so a slip of the pen in it
    /// cannot be noticed: whoever shows it should ask for a second look.
    pub from_fifteen: bool,
}

/// Why a text is no 身份证号; the words are for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdNumberError {
    /// Nothing there.
    #[error("身份证号是空的")]
    Empty,
    /// Written in scientific notation: Excel dropped the last digits.
    #[error("身份证号被 Excel 存成了数字（如 3.4E+17），后几位已经丢失；请把这一列设成“文本”重新填写")]
    Truncated,
    /// Neither 15, 18 nor 20 characters.
    #[error("身份证号应是 18 位（残疾证号 20 位），这里是 {chars} 位")]
    Length {
        /// Characters found.
        chars: usize,
    },
    /// Something other than digits and a last X.
    #[error("身份证号里有不是数字的字符")]
    Characters,
    /// No such day.
    #[error("身份证号里的出生日期不存在")]
    Birth,
    /// The last character does not fit the others.
    #[error("身份证号校验码不对：按前 17 位，末位应是 {expected}，多半有一位写错了")]
    Checksum {
        /// The character that the first seventeen digits ask for.
        expected: char,
    },
    /// The two digits after the number in a 残疾人证号 are out of range.
    #[error("残疾证号末两位应是类别（1—7）和等级（1—4）")]
    Disability,
}

/// Reads a 身份证号 or 残疾人证号 as people write it: full-width digits, spaces, dashes, a leading
/// apostrophe and a small x are forgiven; nothing else is.
///
/// A 15-digit number is upgraded (19 before the year, the check character behind): those were given
/// until 1999 to people born in the 1900s, so the 18-digit one follows from it without a guess.
///
/// # Errors
/// [`IdNumberError`] says what is wrong with it.
pub fn parse(text: &str) -> Result<Identity, IdNumberError> {
    let plain: String = half_width(text)
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\'' | '‘' | '’' | '`'))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let chars = plain.chars().count();
    if chars == 0 {
        return Err(IdNumberError::Empty);
    }
    if plain.contains("E+") || (plain.contains('.') && plain.contains('E')) {
        return Err(IdNumberError::Truncated);
    }
    let (certificate, _reissue) = plain.split_once('B').unwrap_or((&plain, ""));
    match certificate.chars().count() {
        15 => upgrade(certificate),
        18 if chars == 18 => Ok(identity(IdNumber::from_eighteen(plain)?)),
        20 => with_disability(certificate),
        _ => Err(IdNumberError::Length { chars }),
    }
}

/// The number inside a stored value, if it is valid: what records are matched by.
pub fn valid(text: &str) -> Option<IdNumber> {
    parse(text).ok().map(|identity| identity.number)
}

fn identity(number: IdNumber) -> Identity {
    Identity { number, disability: None, from_fifteen: false }
}

fn check_char(digits: &[u32]) -> char {
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    let remainder = usize::try_from(sum % 11).unwrap_or(0);
    CHECK_CHARS.get(remainder).copied().unwrap_or('0')
}

/// A number whole: seventeen characters with the check character behind them. Not judged otherwise.
pub fn completed(seventeen: &str) -> String {
    let digits: Vec<u32> = seventeen.chars().filter_map(|c| c.to_digit(10)).collect();
    format!("{seventeen}{}", check_char(&digits))
}

fn upgrade(old: &str) -> Result<Identity, IdNumberError> {
    if !old.chars().all(|c| c.is_ascii_digit()) {
        return Err(IdNumberError::Characters);
    }
    let (region, rest) = old.split_at_checked(6).ok_or(IdNumberError::Characters)?;
    let number = IdNumber::from_eighteen(completed(&format!("{region}19{rest}")))?;
    Ok(Identity { number, disability: None, from_fifteen: true })
}

/// A 残疾人证号; a reissued card's `B1` was cut off before.
fn with_disability(certificate: &str) -> Result<Identity, IdNumberError> {
    let (number, tail) = certificate.split_at_checked(18).ok_or(IdNumberError::Characters)?;
    let number = IdNumber::from_eighteen(number.to_owned())?;
    let mut tail = tail.chars().map(|c| c.to_digit(10).and_then(|digit| u8::try_from(digit).ok()));
    match (tail.next().flatten(), tail.next().flatten()) {
        (Some(kind @ 1..=7), Some(grade @ 1..=4)) => {
            Ok(Identity { number, disability: Some(Disability { kind, grade }), from_fifteen: false })
        }
        _ => Err(IdNumberError::Disability),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The example of GB 11643-1999 itself.
    const STANDARD: &str = "11010519491231002X";

    #[test]
    fn the_standards_own_example_is_valid() {
        let found = parse(STANDARD).unwrap();
        assert_eq!(found.number.birth(), NaiveDate::from_ymd_opt(1949, 12, 31).unwrap());
        assert_eq!(found.number.sex(), Sex::Female);
        assert_eq!(parse("440524188001010014").unwrap().number.sex(), Sex::Male);
    }

    #[test]
    fn written_by_hand_it_is_still_the_same() {
        for text in [
            "11010519491231002x",
            "１１０１０５１９４９１２３１００２Ｘ",
            " 110105 19491231 002X ",
            "'110105-19491231-002X",
        ] {
            assert_eq!(parse(text).unwrap().number.as_str(), STANDARD, "{text}");
        }
    }

    #[test]
    fn a_fifteen_digit_number_is_upgraded_and_says_so() {
        let found = parse("110105491231002").unwrap();
        assert_eq!(found.number.as_str(), STANDARD);
        assert!(found.from_fifteen);
        assert_eq!(parse("110105491331002"), Err(IdNumberError::Birth));
    }

    #[test]
    fn a_disability_card_carries_number_kind_and_grade() {
        let found = parse("11010519491231002X42").unwrap();
        assert_eq!(found.number.as_str(), STANDARD);
        assert_eq!(found.disability, Some(Disability { kind: 4, grade: 2 }));
        assert_eq!(parse("11010519491231002X42B1").unwrap(), found, "补办的证");
        assert_eq!(parse("11010519491231002X95"), Err(IdNumberError::Disability));
    }

    #[test]
    fn each_fault_has_its_reason() {
        assert_eq!(parse("　"), Err(IdNumberError::Empty));
        assert_eq!(parse("1.10105194912310E+17"), Err(IdNumberError::Truncated));
        assert_eq!(parse("1101051949123100"), Err(IdNumberError::Length { chars: 16 }));
        assert_eq!(parse("1101051949123100AX"), Err(IdNumberError::Characters));
        assert_eq!(parse("110105194902300021"), Err(IdNumberError::Birth));
        assert_eq!(parse("110105194912310021"), Err(IdNumberError::Checksum { expected: 'X' }));
        assert_eq!(parse("11010519491231002XB1"), Err(IdNumberError::Length { chars: 20 }));
    }

    fn numbers() -> impl Strategy<Value = String> {
        (110_000u32..660_000, 1900i32..2030, 1u32..=12, 1u32..=28, 0u32..1000).prop_map(
            |(region, year, month, day, order)| {
                completed(&format!("{region:06}{year:04}{month:02}{day:02}{order:03}"))
            },
        )
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,24}") {
            let _ = parse(&text);
        }

        #[test]
        fn a_valid_number_reads_back_as_itself(number in numbers()) {
            let found = parse(&number).unwrap();
            prop_assert_eq!(found.number.as_str(), number.as_str());
            prop_assert!(!found.from_fifteen);
        }

        /// MOD 11-2 notices every single wrong digit and every swap of two neighbours.
        #[test]
        fn one_wrong_or_swapped_digit_is_noticed(number in numbers(), at in 0usize..17, add in 1u32..10) {
            let mut wrong: Vec<char> = number.chars().collect();
            let digit = (wrong[at].to_digit(10).unwrap() + add) % 10;
            wrong[at] = char::from_digit(digit, 10).unwrap();
            prop_assert!(parse(&wrong.iter().collect::<String>()).is_err());

            let mut swapped: Vec<char> = number.chars().collect();
            swapped.swap(at, at + 1);
            if swapped[at] != swapped[at + 1] {
                prop_assert!(parse(&swapped.iter().collect::<String>()).is_err());
            }
        }

        #[test]
        fn an_old_number_upgrades_to_the_same_person(number in numbers()) {
            prop_assume!(&number[6..8] == "19");
            let old = format!("{}{}", &number[..6], &number[8..17]);
            prop_assert_eq!(parse(&old).unwrap().number.text, number);
        }
    }
}
