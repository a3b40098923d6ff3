//! The register as SQL alone lists it, without the phone's index: what every answer of that index must equal.

use anyhow::{Result, ensure};
use lianxin_app::{
    beijing,
    store::{HouseholdFilter, HouseholdQuery, Households},
};
use lianxin_shared::{
    sqlite::{IS_PRESENT, uuid_at},
    templates::templates,
};
use rusqlite::{Connection, OptionalExtension, ToSql};
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
                    " AND EXISTS (SELECT 1 FROM visit v WHERE v.household = h.id AND v.visitor = :cadre)",
                );
                order = "(SELECT max(v.occurred_at) FROM visit v
                          WHERE v.household = h.id AND v.visitor = :cadre) DESC, h.id";
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
            let name = format!(":word{nth}");
            sql.push_str(&format!(
                " AND (instr(h.search, {name}) > 0
                  OR h.id IN (SELECT household FROM person WHERE instr(search, {name}) > 0))"
            ));
            params.push((name, Box::new(word.to_owned())));
        }
        let named: Vec<(&str, &dyn ToSql)> =
            params.iter().map(|(name, value)| (name.as_str(), value.as_ref())).collect();
        let mut statement =
            db.prepare(&format!("SELECT h.id FROM household h WHERE {sql} ORDER BY {order}"))?;
        let all: Vec<Uuid> =
            statement.query_map(named.as_slice(), |row| uuid_at(row, "id"))?.collect::<Result<_, _>>()?;
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
