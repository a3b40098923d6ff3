//! Sessions of the console: a random token in a cookie that scripts cannot read, stored as a hash; a second
//! token in every form, so that another site cannot post in the user's name.

use super::{AuthError, User, random_secret, secret_hash};
use rusqlite::{Connection, OptionalExtension, params};

/// How long a session lasts, milliseconds: one working day.
#[allow(non_upper_case_globals)]
pub const session_ms_max: i64 = 12 * 60 * 60 * 1000;

/// `__Host-` binds the cookie to this very host; browsers accept it only over TLS.
const COOKIE_SECURE: &str = "__Host-lianxin";
const COOKIE_PLAIN: &str = "lianxin";

/// A session just begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// For the cookie alone.
    pub token: String,
    /// For the forms.
    pub csrf: String,
}

/// A session as a request finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub user: User,
    /// What every form must repeat.
    pub csrf: String,
}

/// Begins a session and clears away those that have ended.
///
/// # Errors
/// When the database fails or the platform gives no randomness.
pub fn start_session(db: &Connection, user: &str, now_ms: i64) -> Result<NewSession, AuthError> {
    let session = NewSession { token: random_secret()?, csrf: random_secret()? };
    db.execute("DELETE FROM session WHERE expires_at <= ?1", [now_ms])?;
    db.execute(
        "INSERT INTO session (token_hash, user, csrf, expires_at) VALUES (?1, ?2, ?3, ?4)",
        params![secret_hash(&session.token), user, session.csrf, now_ms.saturating_add(session_ms_max)],
    )?;
    Ok(session)
}

/// The session of a cookie's token, unless it has ended.
///
/// # Errors
/// When the database fails.
pub fn find_session(db: &Connection, token: &str, now_ms: i64) -> Result<Option<Session>, AuthError> {
    let mut statement = db.prepare_cached(
        "SELECT user.name, user.display, session.csrf FROM session JOIN user ON user.name = session.user
         WHERE session.token_hash = ?1 AND session.expires_at > ?2",
    )?;
    let found = statement.query_row(params![secret_hash(token), now_ms], |row| {
        Ok(Session { user: User { name: row.get(0)?, display: row.get(1)? }, csrf: row.get(2)? })
    });
    Ok(found.optional()?)
}

/// Signs out: the token is worthless from now on.
///
/// # Errors
/// When the database fails.
pub fn end_session(db: &Connection, token: &str) -> Result<(), AuthError> {
    db.execute("DELETE FROM session WHERE token_hash = ?1", [secret_hash(token)])?;
    Ok(())
}

/// The `Set-Cookie` value that keeps a session; `secure` where the server speaks TLS.
pub fn session_cookie(token: &str, secure: bool) -> String {
    let seconds = session_ms_max / 1000;
    match secure {
        true => {
            format!("{COOKIE_SECURE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax; Secure")
        }
        false => format!("{COOKIE_PLAIN}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax"),
    }
}

/// The `Set-Cookie` value that takes the cookie away.
pub fn clearing_cookie(secure: bool) -> String {
    match secure {
        true => format!("{COOKIE_SECURE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"),
        false => format!("{COOKIE_PLAIN}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"),
    }
}

/// The session's token in a `Cookie` header.
pub fn token_in_cookies(header: &str, secure: bool) -> Option<&str> {
    let wanted = if secure { COOKIE_SECURE } else { COOKIE_PLAIN };
    let pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find(|(name, value)| *name == wanted && !value.is_empty()).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{add_user, testing::fresh},
        *,
    };

    #[test]
    fn a_session_lasts_twelve_hours_or_until_signing_out() {
        let (_dir, storage) = fresh();
        storage.write(|db| add_user(db, "laozhou", "老周", "qingxi-2025", 0)).unwrap();
        let first = storage.write(|db| start_session(db, "laozhou", 1_000)).unwrap();
        let second = storage.write(|db| start_session(db, "laozhou", 1_000)).unwrap();
        assert_eq!(first.token.len(), 64);
        let find = |token: &str, now: i64| storage.read(|db| find_session(db, token, now)).unwrap();
        assert_eq!(find(&first.token, 1_000 + session_ms_max - 1).unwrap().csrf, first.csrf);
        assert_eq!(find(&first.token, 1_000 + session_ms_max), None);
        let token = first.token.clone();
        storage.write(move |db| end_session(db, &token)).unwrap();
        assert_eq!(find(&first.token, 2_000), None);
        assert!(find(&second.token, 2_000).is_some());
    }

    #[test]
    fn the_stored_session_does_not_hold_the_token() {
        let (_dir, storage) = fresh();
        storage.write(|db| add_user(db, "laozhou", "老周", "qingxi-2025", 0)).unwrap();
        let session = storage.write(|db| start_session(db, "laozhou", 0)).unwrap();
        let stored: Vec<u8> = storage
            .read(|db| {
                Ok::<_, AuthError>(db.query_row("SELECT token_hash FROM session", [], |row| row.get(0))?)
            })
            .unwrap();
        assert_eq!(stored, secret_hash(&session.token));
    }

    #[test]
    fn the_cookie_is_found_among_others_and_only_under_its_name() {
        let cookie = session_cookie("abc", true);
        assert!(cookie.contains("HttpOnly") && cookie.contains("Secure") && cookie.contains("SameSite=Lax"));
        assert!(!session_cookie("abc", false).contains("Secure"));
        assert_eq!(token_in_cookies("theme=dark; __Host-lianxin=abc", true), Some("abc"));
        assert_eq!(token_in_cookies("lianxin=abc", true), None);
        assert_eq!(token_in_cookies("lianxin=", false), None);
    }
}
