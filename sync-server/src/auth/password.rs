//! Passwords: argon2id with the crate's default cost (19 MiB, 2 passes), kept as PHC strings.

use super::AuthError;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

/// Shortest password, characters.
#[allow(non_upper_case_globals)]
pub const password_chars_min: usize = 8;
/// Longest password, characters: hashing longer ones would only cost time.
#[allow(non_upper_case_globals)]
pub const password_chars_max: usize = 200;

/// A well-formed hash that no password matches: its 32 zero bytes are nobody's output. Verified against when
/// the user is unknown, so that the answer takes as long as for a known one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The PHC string of a password, with a salt of its own.
///
/// # Errors
/// When its length is out of bounds or the platform gives no randomness.
pub(super) fn hash(password: &str) -> Result<String, AuthError> {
    if !(password_chars_min..=password_chars_max).contains(&password.chars().count()) {
        return Err(AuthError::PasswordLength);
    }
    let hashed = Argon2::default().hash_password(password.as_bytes());
    Ok(hashed.map_err(|error| AuthError::Hash(error.to_string()))?.to_string())
}

/// Whether the password fits the PHC string; `None` costs as much time and never fits.
pub(super) fn verify(password: &str, phc: Option<&str>) -> bool {
    if password.chars().count() > password_chars_max {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(phc.unwrap_or(NOBODY)) else { return false };
    let fits = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    fits && phc.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_alone() {
        let phc = hash("清溪镇的密码2025").unwrap();
        assert!(phc.starts_with("$argon2id$"), "{phc}");
        assert!(verify("清溪镇的密码2025", Some(&phc)));
        assert!(!verify("清溪镇的密码2026", Some(&phc)));
        assert!(!verify("清溪镇的密码2025", None));
        assert_ne!(hash("清溪镇的密码2025").unwrap(), phc, "every hash has its own salt");
    }

    #[test]
    fn the_stand_in_for_unknown_users_costs_a_real_hash() {
        assert!(PasswordHash::new(NOBODY).is_ok());
    }

    #[test]
    fn too_short_and_too_long_are_refused() {
        assert!(matches!(hash("1234567"), Err(AuthError::PasswordLength)));
        assert!(matches!(hash(&"长".repeat(201)), Err(AuthError::PasswordLength)));
    }
}
