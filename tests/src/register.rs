//! The register as SQL alone lists it, without the phone's index: what every answer of that index must equal.

use anyhow::{Result, ensure};
use lianxin_app::{
    beijing,
    store::{HouseholdFilter, HouseholdQuery, Households},
};
use lianxin_shared::{
    domain::{pinyin, typed},
    sqlite::{IS_PRESENT, uuid_at},
    templates::templates,
};
use rusqlite::{Connection, OptionalExtension, ToSql};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A query with what it must find: how many in all, and the page.
#[derive(Debug)]
pub struct Listed {
    /// The query.
    pub query: HouseholdQuery,
    total: u32,
    page: Vec<Uuid>,
}

impl Listed {
    /// What the register's tables say of a query, for this cadre and moment.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn of(db: &Connection, query: HouseholdQuery, cadre: &str, now_ms: i64) -> Result<Self> {
        let mut sql = match query.filter {
            HouseholdFilter::OffRegister => format!("NOT {IS_PRESENT}"),
            _ => IS_PRESENT.to_owned(),
        };
        let (campaign, categories) = running(db, now_ms)?;
        let mut params: Vec<(String, Box<dyn ToSql>)> = Vec::new();
        let mut order = "h.village, h.grp_no, h.grp, h.door_no, h.door, h.head, h.id";
        match &query.filter {
            HouseholdFilter::All | HouseholdFilter::OffRegister => {}
            HouseholdFilter::NotVisited => {
                sql.push_str(LEFT);
                params.push((":campaign".to_owned(), Box::new(campaign)));
                params.push((":categories".to_owned(), Box::new(categories)));
            }
            HouseholdFilter::Recent => {
                sql.push_str(
                    " AND EXISTS (SELECT 1 FROM visit v WHERE v.household = h.id AND v.visitor = :cadre
                       AND v.absent = 0 AND v.void = 0)",
                );
                order = "(SELECT max(v.occurred_at) FROM visit v
                          WHERE v.household = h.id AND v.visitor = :cadre AND v.absent = 0 AND v.void = 0)
                         DESC, h.id";
                params.push((":cadre".to_owned(), Box::new(cadre.to_owned())));
            }
            HouseholdFilter::Category(code) => {
                sql.push_str(" AND h.id IN (SELECT household FROM tag WHERE category = :code)");
                params.push((":code".to_owned(), Box::new(code.clone())));
            }
            HouseholdFilter::Village(code) => {
                sql.push_str(" AND h.village = :village");
                params.push((":village".to_owned(), Box::new(code.clone())));
            }
        }
        for (nth, word) in query.text.to_lowercase().split_whitespace().enumerate() {
            if let Some(group) = typed::group(word) {
                sql.push_str(&format!(" AND h.grp_no = {group}"));
                continue;
            }
            let (name, spelt) = (format!(":word{nth}"), format!(":spelt{nth}"));
            sql.push_str(&format!(
                " AND (instr(h.search, {name}) > 0
                  OR h.id IN (SELECT household FROM person WHERE instr(search, {name}) > 0)
                  OR (length({name}) > 1 AND h.village IN (SELECT code FROM village WHERE instr(name, {name}) > 0))
                  OR h.id IN (SELECT unhex(value) FROM json_each({spelt})))"
            ));
            params.push((name, Box::new(word.to_owned())));
            params.push((spelt, Box::new(spelt_by(db, word)?)));
        }
        let named: Vec<(&str, &dyn ToSql)> =
            params.iter().map(|(name, value)| (name.as_str(), value.as_ref())).collect();
        let mut statement =
            db.prepare(&format!("SELECT h.id FROM household h WHERE {sql} ORDER BY {order}"))?;
        let all: Vec<Uuid> =
            statement.query_map(named.as_slice(), |row| uuid_at(row, "id"))?.collect::<Result<_, _>>()?;
        let mut fits = Vec::new();
        for id in &all {
            fits.push(fit(db, *id, &query.text.to_lowercase())?);
        }
        // What fits equally well stays in the order of the list.
        let mut ranked: Vec<_> = fits.into_iter().zip(all).collect();
        ranked.sort_by_key(|(fit, _)| *fit);
        let all: Vec<Uuid> = ranked.into_iter().map(|(_, id)| id).collect();
        let page = all.iter().skip(query.offset as usize).take(query.limit as usize).copied().collect();
        Ok(Self { total: u32::try_from(all.len())?, page, query })
    }

    /// The phone's answer is this.
    ///
    /// # Errors
    /// When it is not.
    pub fn equals(&self, found: &Households) -> Result<()> {
        let page: Vec<Uuid> = found.rows.iter().map(|row| row.id).collect();
        ensure!(
            (found.total, &page) == (self.total, &self.page),
            "{:?} finds {} households, {page:?}, and not {}, {:?}",
            self.query,
            found.total,
            self.total,
            self.page
        );
        Ok(())
    }
}

/// The households where a word spells somebody's name, as JSON: what SQL cannot say.
fn spelt_by(db: &Connection, word: &str) -> Result<String> {
    let mut ids: Vec<String> = Vec::new();
    if word.chars().any(char::is_lowercase) {
        let sql = "SELECT id, head FROM household UNION ALL SELECT household, name FROM person";
        let mut statement = db.prepare(sql)?;
        let named =
            statement.query_map([], |row| Ok((uuid_at(row, "id")?, row.get::<_, String>("head")?)))?;
        for one in named {
            let (id, name) = one?;
            if spelt_by_name(&name, word).is_some() {
                ids.push(id.simple().to_string());
            }
        }
    }
    Ok(serde_json::to_string(&ids)?)
}

/// How well a household fits a text: 0 where a word is its head's whole name, 1 a member's; then where one begins a name,
/// then where one lies within a name, and 6 where no word is of a name or each is a single letter.
fn fit(db: &Connection, household: Uuid, text: &str) -> Result<u32> {
    let sql = "SELECT head, 0 AS is_member FROM household WHERE id = ?1
               UNION ALL SELECT name, 1 FROM person WHERE household = ?1";
    let mut statement = db.prepare_cached(sql)?;
    let names: Vec<(String, u32)> = statement
        .query_map([household.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut best = 6;
    for word in text.split_whitespace().filter(|word| word.len() > 1) {
        for (name, is_member) in &names {
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            let written = name.find(word).map(|at| if at > 0 { 2 } else { u32::from(name != word) });
            let spelt = spelt_by_name(&name, word).filter(|_| word.chars().any(char::is_lowercase));
            let part = [written, spelt].into_iter().flatten().min();
            best = part.map_or(best, |part| best.min(2 * part + is_member));
        }
    }
    Ok(best)
}

/// Writes down everything that may be typed for a name from any of its characters on, as far as the word goes: 0 if the
/// word is the whole name, 1 if it begins it, 2 if it lies within.
fn spelt_by_name(name: &str, word: &str) -> Option<u32> {
    let syllables = pinyin::syllables(name);
    let own: Vec<char> =
        name.trim().chars().filter(|c| !c.is_whitespace() && !matches!(c, '·' | '•' | '．' | '.')).collect();
    let last = syllables.len().checked_sub(1)?;
    let mut best = None;
    for from in 0..=last {
        let mut written = BTreeSet::from([String::new()]);
        for (at, (syllable, own)) in syllables.iter().zip(&own).enumerate().skip(from) {
            let is_letters = *syllable != own.to_lowercase().to_string();
            let is_begun =
                is_letters && written.iter().any(|before| format!("{before}{syllable}").starts_with(word));
            let initials = if is_letters { 1 + usize::from(syllable[1..].starts_with('h')) } else { 0 };
            let mut pieces: Vec<String> = (1..=initials).map(|end| syllable[..end].to_owned()).collect();
            pieces.extend([syllable.clone(), own.to_string()]);
            let next =
                |before: &String| pieces.iter().map(|piece| format!("{before}{piece}")).collect::<Vec<_>>();
            written = written.iter().flat_map(next).filter(|text| word.starts_with(text.as_str())).collect();
            if is_begun || written.contains(word) {
                let part = if from > 0 { 2 } else { u32::from(at < last) };
                best = Some(best.map_or(part, |best: u32| best.min(part)));
            }
        }
    }
    best
}

/// Every chip with every text.
pub fn queries(villages: impl IntoIterator<Item = String>, texts: &[&str]) -> Vec<HouseholdQuery> {
    let category = |code: &str| HouseholdFilter::Category(code.to_owned());
    let mut filters = vec![
        HouseholdFilter::All,
        HouseholdFilter::NotVisited,
        HouseholdFilter::Recent,
        HouseholdFilter::OffRegister,
        category("kunnan_hu"),
        category("gugua_laoren"),
    ];
    filters.extend(villages.into_iter().map(HouseholdFilter::Village));
    let texts = || texts.iter().map(|text| (*text).to_owned());
    let of = |filter: HouseholdFilter| {
        texts().map(move |text| HouseholdQuery { text, filter: filter.clone(), offset: 0, limit: 200 })
    };
    filters.into_iter().flat_map(of).collect()
}

const LEFT: &str = "
  AND EXISTS (SELECT 1 FROM tag t, json_each(:categories) c WHERE t.household = h.id AND t.category = c.value)
  AND NOT EXISTS (SELECT 1 FROM visit v
    WHERE v.household IN (SELECT h.id UNION ALL SELECT a.old FROM household_alias a WHERE a.shown = h.id)
      AND v.absent = 0 AND v.void = 0 AND v.campaign = :campaign)";

/// The id of the campaign of the day as visits name it, and its categories as JSON; empty without one.
fn running(db: &Connection, now_ms: i64) -> Result<(String, String)> {
    let found: Option<(Uuid, String)> = db
        .query_row(
            "SELECT id, scheme FROM campaign
             ORDER BY (start_day <= ?1 AND (end_day = '' OR end_day >= ?1)) DESC, start_day DESC LIMIT 1",
            [beijing::date(now_ms)],
            |row| Ok((uuid_at(row, "id")?, row.get(1)?)),
        )
        .optional()?;
    let Some((id, scheme)) = found else { return Ok((String::new(), "[]".to_owned())) };
    let codes: Vec<&str> =
        templates().scheme(&scheme).map(|scheme| scheme.categories().collect()).unwrap_or_default();
    Ok((id.to_string(), serde_json::to_string(&codes)?))
}
