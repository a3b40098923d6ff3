//! Cadres as the server knows them: who, of which unit, and the villages whose records their phones receive.

use super::{AuthError, clean_name};
use crate::storage::random_uuid;
use lianxin_shared::domain::region;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};

/// One cadre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cadre {
    /// Id kept in records.
    pub id: String,
    /// 姓名
    pub name: String,
    /// 单位、职务
    pub unit: String,
    /// Codes of the villages granted.
    pub villages: BTreeSet<String>,
}

/// A new id that no cadre has, for a cadre added by hand.
///
/// # Errors
/// When the platform gives no randomness.
pub fn new_cadre_id() -> Result<String, AuthError> {
    Ok(random_uuid()?.to_string())
}

/// Adds a cadre with the villages whose records their phones will receive.
///
/// # Errors
/// When the id is taken, a name or village is unusable, or the database fails.
pub fn add_cadre(db: &Connection, cadre: &Cadre) -> Result<(), AuthError> {
    let id = clean_name("干部编号", &cadre.id)?;
    let name = clean_name("姓名", &cadre.name)?;
    let unit = cadre.unit.trim();
    if unit.chars().count() > super::name_chars_max {
        return Err(AuthError::Name("单位职务", super::name_chars_max));
    }
    check_villages(&cadre.villages)?;
    let added = db.execute(
        "INSERT INTO cadre (id, name, unit) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING",
        params![id, name, unit],
    )?;
    if added == 0 {
        return Err(AuthError::Taken(id));
    }
    let mut grant = db.prepare_cached("INSERT INTO cadre_village (cadre, village) VALUES (?1, ?2)")?;
    for village in &cadre.villages {
        grant.execute([&id, village])?;
    }
    Ok(())
}

/// All cadres by name, with their villages.
///
/// # Errors
/// When the database fails.
pub fn list_cadres(db: &Connection) -> Result<Vec<Cadre>, AuthError> {
    let mut statement = db.prepare_cached("SELECT id, name, unit FROM cadre ORDER BY unit, name, id")?;
    let cadres = statement.query_map([], |row| {
        Ok(Cadre { id: row.get(0)?, name: row.get(1)?, unit: row.get(2)?, villages: BTreeSet::new() })
    })?;
    let mut cadres = cadres.collect::<Result<Vec<_>, _>>()?;
    for cadre in &mut cadres {
        cadre.villages = villages_of(db, &cadre.id)?;
    }
    Ok(cadres)
}

/// The villages granted to a cadre.
pub(super) fn villages_of(db: &Connection, cadre: &str) -> Result<BTreeSet<String>, AuthError> {
    let mut statement = db.prepare_cached("SELECT village FROM cadre_village WHERE cadre = ?1")?;
    let codes = statement.query_map([cadre], |row| row.get(0))?;
    Ok(codes.collect::<Result<_, _>>()?)
}

/// The villages whose grant has ended, and when (Unix milliseconds).
///
/// # Errors
/// When the database fails.
pub fn past_villages(db: &Connection, cadre: &str) -> Result<BTreeMap<String, i64>, AuthError> {
    let mut statement =
        db.prepare_cached("SELECT village, ended_at FROM cadre_village_past WHERE cadre = ?1")?;
    let past = statement.query_map([cadre], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(past.collect::<Result<_, _>>()?)
}

/// Grants exactly these villages from now on. A cadre's phones receive a village's records with the next sync, and
/// let them go when its grant has ended; what was written before that is still accepted.
///
/// # Errors
/// When there is no such cadre, no village or an odd one, or the database fails.
pub fn set_villages(
    db: &Connection,
    cadre: &str,
    villages: &BTreeSet<String>,
    now_ms: i64,
) -> Result<(), AuthError> {
    let known = db.query_row("SELECT 1 FROM cadre WHERE id = ?1", [cadre], |_| Ok(())).optional()?;
    known.ok_or_else(|| AuthError::Unknown(cadre.to_owned()))?;
    check_villages(villages)?;
    let before = villages_of(db, cadre)?;
    for ended in before.difference(villages) {
        db.execute("DELETE FROM cadre_village WHERE cadre = ?1 AND village = ?2", [cadre, ended])?;
        db.execute(
            "INSERT OR REPLACE INTO cadre_village_past (cadre, village, ended_at) VALUES (?1, ?2, ?3)",
            params![cadre, ended, now_ms],
        )?;
    }
    for granted in villages.difference(&before) {
        db.execute("INSERT INTO cadre_village (cadre, village) VALUES (?1, ?2)", [cadre, granted])?;
        db.execute("DELETE FROM cadre_village_past WHERE cadre = ?1 AND village = ?2", [cadre, granted])?;
    }
    Ok(())
}

fn check_villages(villages: &BTreeSet<String>) -> Result<(), AuthError> {
    if villages.is_empty() {
        return Err(AuthError::NoVillage);
    }
    match villages.iter().find(|code| !region::is_code(code)) {
        Some(odd) => Err(AuthError::Village(odd.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::fresh, *};

    fn axiang() -> Cadre {
        Cadre {
            id: "c1".to_owned(),
            name: "阿香".to_owned(),
            unit: "清溪镇民政办".to_owned(),
            villages: BTreeSet::from(["519921105201".to_owned(), "519921105202".to_owned()]),
        }
    }

    #[test]
    fn a_cadre_keeps_their_villages() {
        let (_dir, storage) = fresh();
        storage.write(|db| add_cadre(db, &axiang())).unwrap();
        assert_eq!(storage.read(list_cadres).unwrap(), [axiang()]);
        assert!(matches!(storage.write(|db| add_cadre(db, &axiang())), Err(AuthError::Taken(_))));
    }

    #[test]
    fn what_cannot_work_is_refused_and_nothing_is_kept() {
        let (_dir, storage) = fresh();
        let nowhere = Cadre { villages: BTreeSet::new(), ..axiang() };
        let odd = Cadre { villages: BTreeSet::from(["12".to_owned()]), ..axiang() };
        let nameless = Cadre { name: " ".to_owned(), ..axiang() };
        assert!(matches!(storage.write(move |db| add_cadre(db, &nowhere)), Err(AuthError::NoVillage)));
        assert!(matches!(storage.write(move |db| add_cadre(db, &odd)), Err(AuthError::Village(_))));
        assert!(matches!(storage.write(move |db| add_cadre(db, &nameless)), Err(AuthError::Name(..))));
        assert_eq!(storage.read(list_cadres).unwrap(), []);
        assert_ne!(new_cadre_id().unwrap(), new_cadre_id().unwrap());
    }
}
