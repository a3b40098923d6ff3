//! Users of the office console.

use super::{AuthError, clean_name, password};
use rusqlite::{Connection, OptionalExtension, params};

/// Someone of the office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// What they sign in with.
    pub name: String,
    /// What pages call them (王主任).
    pub display: String,
}

/// Adds a user.
///
/// # Errors
/// When the name is taken or unusable, the password too short, or the database fails.
pub fn add_user(
    db: &Connection,
    name: &str,
    display: &str,
    password: &str,
    now_ms: i64,
) -> Result<(), AuthError> {
    let name = clean_name("登录名", name)?;
    let display = clean_name("姓名", display)?;
    let hash = password::hash(password)?;
    let added = db.execute(
        "INSERT INTO user (name, display, password_hash, created_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO NOTHING",
        params![name, display, hash, now_ms],
    )?;
    if added == 0 { Err(AuthError::Taken(name)) } else { Ok(()) }
}

/// Gives a user a new password and ends all their sessions.
///
/// # Errors
/// When there is no such user, the password is too short, or the database fails.
pub fn set_password(db: &Connection, name: &str, password: &str) -> Result<(), AuthError> {
    let hash = password::hash(password)?;
    let changed = db.execute("UPDATE user SET password_hash = ?2 WHERE name = ?1", params![name, hash])?;
    if changed == 0 {
        return Err(AuthError::Unknown(name.to_owned()));
    }
    db.execute("DELETE FROM session WHERE user = ?1", [name])?;
    Ok(())
}

/// The user, if the password is theirs. Takes as long for an unknown name as for a known one (some tens of
/// milliseconds): call it where blocking is allowed.
///
/// # Errors
/// When the database fails.
pub fn check_password(db: &Connection, name: &str, password: &str) -> Result<Option<User>, AuthError> {
    let found = db
        .prepare_cached("SELECT name, display, password_hash FROM user WHERE name = ?1")?
        .query_row([name.trim()], |row| {
            Ok((User { name: row.get(0)?, display: row.get(1)? }, row.get::<_, String>(2)?))
        })
        .optional()?;
    let fits = password::verify(password, found.as_ref().map(|(_, hash)| hash.as_str()));
    Ok(found.filter(|_| fits).map(|(user, _)| user))
}

/// How many users there are: without any, nobody can sign in.
///
/// # Errors
/// When the database fails.
pub fn user_count(db: &Connection) -> Result<i64, AuthError> {
    Ok(db.query_row("SELECT count(*) FROM user", [], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::fresh, *};

    #[test]
    fn a_user_signs_in_with_their_own_password_alone() {
        let (_dir, storage) = fresh();
        storage.write(|db| add_user(db, " laozhou ", "老周", "qingxi-2025", 1)).unwrap();
        let check = |name: &'static str, password: &'static str| {
            storage.read(|db| check_password(db, name, password)).unwrap()
        };
        let zhou = User { name: "laozhou".to_owned(), display: "老周".to_owned() };
        assert_eq!(check("laozhou", "qingxi-2025"), Some(zhou));
        assert_eq!(check("laozhou", "qingxi-2024"), None);
        assert_eq!(check("axiang", "qingxi-2025"), None);
        let again = storage.write(|db| add_user(db, "laozhou", "另一人", "qingxi-2026", 2));
        assert!(matches!(again, Err(AuthError::Taken(_))));
    }

    #[test]
    fn a_new_password_replaces_the_old_one() {
        let (_dir, storage) = fresh();
        storage.write(|db| add_user(db, "axiang", "阿香", "before-2025", 1)).unwrap();
        storage.write(|db| set_password(db, "axiang", "after-2025")).unwrap();
        assert_eq!(storage.read(|db| check_password(db, "axiang", "before-2025")).unwrap(), None);
        assert!(storage.read(|db| check_password(db, "axiang", "after-2025")).unwrap().is_some());
        let missing = storage.write(|db| set_password(db, "nobody", "after-2025"));
        assert!(matches!(missing, Err(AuthError::Unknown(_))));
    }
}
