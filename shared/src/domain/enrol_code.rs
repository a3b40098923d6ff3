//! 登记码: ten digits that the office reads out or prints, and that people type in their own way.

/// Digits of a code.
pub const ENROL_CODE_DIGITS: usize = 10;

/// Why what was typed is no code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoCode {
    /// Nothing was typed.
    Empty,
    /// Something that is no digit stands there.
    NoDigit(char),
    /// So many digits, and not ten.
    Digits(usize),
}

/// A code as somebody typed it: spaces and hyphens go, full-width digits become plain ones.
pub fn plain_code(typed: &str) -> String {
    let plain = typed.chars().filter_map(|c| match c {
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10),
        _ if c.is_whitespace() || matches!(c, '-' | '－' | '—') => None,
        other => Some(other),
    });
    plain.collect()
}

/// The ten digits that were typed; only a server knows whether they are a code.
///
/// # Errors
/// What about them cannot be a code.
pub fn read_code(typed: &str) -> Result<String, NoCode> {
    let plain = plain_code(typed);
    match (plain.chars().find(|c| !c.is_ascii_digit()), plain.chars().count()) {
        (_, 0) => Err(NoCode::Empty),
        (Some(other), _) => Err(NoCode::NoDigit(other)),
        (None, ENROL_CODE_DIGITS) => Ok(plain),
        (None, digits) => Err(NoCode::Digits(digits)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_ten_digits_however_they_are_typed() {
        for typed in ["1234567890", " 12345 67890", "12345-67890", "１２３４５　６７８９０"] {
            assert_eq!(read_code(typed).as_deref(), Ok("1234567890"), "{typed}");
        }
        assert_eq!(read_code(" - "), Err(NoCode::Empty));
        assert_eq!(read_code("12345"), Err(NoCode::Digits(5)));
        assert_eq!(read_code("12345678901"), Err(NoCode::Digits(11)));
        assert_eq!(read_code("12345O7890"), Err(NoCode::NoDigit('O')));
    }
}
