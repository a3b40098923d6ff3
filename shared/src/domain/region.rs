//! 区划: 12-digit statistical codes (约定) and the groups (组) inside a village.

/// Digits of a village's or township's code.
pub const CODE_DIGITS: usize = 12;
/// Digits that name the township inside a village's code.
pub const TOWNSHIP_DIGITS: usize = 9;

/// Fields of a `village` record, which is scoped by its own code.
pub mod field {
    /// Name of the village (柳树沟村).
    pub const NAME: &str = "name";
    /// Name of its township (清溪镇).
    pub const TOWNSHIP: &str = "township";
}

/// Whether this is a 12-digit code.
pub fn is_code(code: &str) -> bool {
    code.len() == CODE_DIGITS && code.bytes().all(|b| b.is_ascii_digit())
}

/// The township's code of a village's code: nine digits and three zeros. `None` if it is no code.
pub fn township_of(code: &str) -> Option<String> {
    if !is_code(code) {
        return None;
    }
    code.get(..TOWNSHIP_DIGITS).map(|prefix| format!("{prefix}000"))
}

/// Whether the code names a township itself; campaigns are scoped by it and every device is granted it.
pub fn is_township(code: &str) -> bool {
    township_of(code).is_some_and(|township| township == code)
}

const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];

/// The name of the n-th group: 3 → 三组, 12 → 十二组. Beyond 99 the digits stay Arabic.
pub fn group_name(number: u32) -> String {
    let digit = |n: u32| usize::try_from(n).ok().and_then(|n| DIGITS.get(n)).copied().unwrap_or_default();
    let (tens, ones) = (number / 10, number % 10);
    match (tens, ones) {
        (10.., _) => format!("{number}组"),
        (0, ones) => format!("{}组", digit(ones)),
        (1, 0) => "十组".to_owned(),
        (1, ones) => format!("十{}组", digit(ones)),
        (tens, 0) => format!("{}十组", digit(tens)),
        (tens, ones) => format!("{}十{}组", digit(tens), digit(ones)),
    }
}

/// The number of a group as people write it (三组, 第3组, 十二社, 3), so that lists sort 二组 before 十组.
/// `None` for a named one (河西组).
pub fn group_number(group: &str) -> Option<u32> {
    let core = group.trim().trim_start_matches('第');
    let core = core.trim_end_matches(['组', '社', '队']).trim_end_matches("村民小").trim();
    if let Ok(number) = core.parse() {
        return Some(number);
    }
    let digit = |text: &str| DIGITS.iter().position(|d| *d == text).and_then(|n| u32::try_from(n).ok());
    match core.split_once('十') {
        None => digit(core),
        Some((tens, ones)) => {
            let tens = if tens.is_empty() { 1 } else { digit(tens)? };
            let ones = if ones.is_empty() { 0 } else { digit(ones)? };
            Some(tens * 10 + ones)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_village_knows_its_township() {
        assert_eq!(township_of("519921105201").as_deref(), Some("519921105000"));
        assert!(is_township("519921105000") && !is_township("519921105201"));
        assert_eq!(township_of("5199211052"), None);
        assert_eq!(township_of("５１９９２１１０５２０１"), None);
    }

    #[test]
    fn groups_are_read_as_people_write_them() {
        for number in 0..120 {
            assert_eq!(group_number(&group_name(number)), Some(number));
        }
        for (written, number) in [("第3组", 3), ("3", 3), ("十二社", 12), (" 三村民小组 ", 3), ("5队", 5)]
        {
            assert_eq!(group_number(written), Some(number), "{written}");
        }
        assert_eq!(group_number("河西组"), None);
        assert_eq!(group_number(""), None);
    }
}
