//! Which households, in the order of village, group and door.

use crate::{
    console::{
        PageError,
        download::Listed,
        parts::holding,
        scope::{Campaign, campaign, json_list},
    },
    export::{Conditions, HOUSEHOLDS, Named, Table, like},
    storage::StorageError,
};
use lianxin_shared::{
    domain::{region, typed},
    sqlite::IS_PRESENT,
    templates::templates,
};
use rusqlite::{Connection, params_from_iter, types::Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The households met in a campaign, and those under which they are shown after a 并户.
const MET: &str = "(SELECT household FROM visit WHERE campaign = ? AND absent = 0 AND void = 0
    AND household IS NOT NULL
  UNION ALL
  SELECT a.shown FROM household_alias a CROSS JOIN visit v ON v.household = a.old
    WHERE v.campaign = ? AND v.absent = 0 AND v.void = 0)";

/// A household that has a word, or one of whose people has.
const FOUND: &str = r"h.search LIKE ? ESCAPE '\'
  OR EXISTS (SELECT 1 FROM person p WHERE p.household = h.id AND p.search LIKE ? ESCAPE '\')";

/// The same by digits of a telephone, whatever stands between them in the register.
const GROUPED_PHONE: &str = r" OR replace(replace(h.phone, ' ', ''), '-', '') LIKE ? ESCAPE '\'
  OR EXISTS (SELECT 1 FROM person p WHERE p.household = h.id
    AND replace(replace(p.search, ' ', ''), '-', '') LIKE ? ESCAPE '\')";

/// As it stands in the address; an empty field does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::console) struct HouseholdFilter {
    /// Code of the village.
    pub village: String,
    /// Category of the household or one of its members.
    pub category: String,
    /// `yes` or `no`: met in the campaign of today.
    pub visited: String,
    /// `1` for those that the campaign's scheme requires.
    pub must: String,
    /// `off` for those that are not on the register any more, `all` for both; otherwise those that are on it.
    pub register: String,
    /// Names, initials, group, door, telephone.
    pub q: String,
    /// Page, counted from 1.
    pub page: String,
}

impl HouseholdFilter {
    /// Whether anything is filtered.
    pub(super) fn is_active(&self) -> bool {
        *self != self.clone().cleared()
    }

    fn cleared(self) -> Self {
        HouseholdFilter { page: self.page, ..HouseholdFilter::default() }
    }

    /// The same filter on another page.
    pub(super) fn at_page(&self, page: String) -> Self {
        HouseholdFilter { page, ..self.clone() }
    }

    /// The households chosen. Without a campaign, nothing is required and nobody counts as met.
    pub(super) fn ids(
        &self,
        db: &Connection,
        campaign: Option<&Campaign>,
    ) -> Result<Vec<Uuid>, StorageError> {
        let mut all = Conditions::default();
        match self.register.as_str() {
            "off" => all.add(&format!("NOT {IS_PRESENT}"), []),
            "all" => {}
            _ => all.add(IS_PRESENT, []),
        }
        all.text("h.village = ?", &self.village);
        all.text("h.id IN (SELECT household FROM tag WHERE category = ?)", &self.category);
        if !self.must.is_empty() {
            let required = campaign.map(Campaign::categories).unwrap_or_default();
            all.add(
                "h.id IN (SELECT household FROM tag WHERE category IN (SELECT value FROM json_each(?)))",
                [json_list(&required)?.into()],
            );
        }
        let met = match self.visited.as_str() {
            "yes" => Some("IN"),
            "no" => Some("NOT IN"),
            _ => None,
        };
        if let Some(within) = met {
            let id = campaign.map(|campaign| campaign.id.to_string()).unwrap_or_default();
            all.add(&format!("h.id {within} {MET}"), [Value::from(id.clone()), Value::from(id)]);
        }
        for term in typed::words(&self.q.to_lowercase()) {
            let pattern = Value::from(like(&term));
            if let Some(group) = typed::group(&term) {
                all.add("h.grp_no = ?", [Value::from(i64::from(group))]);
                continue;
            }
            let is_number = term.chars().all(|c| c.is_ascii_digit());
            let grouped = if is_number { GROUPED_PHONE } else { "" };
            let sql = format!("({FOUND}{grouped})");
            all.add(&sql, std::iter::repeat_n(pattern, sql.matches('?').count()));
        }
        let (holds, values) = all.parts();
        let sql = format!("SELECT h.id, h.village, h.grp, h.door FROM household h WHERE {holds}");
        let mut statement = db.prepare(&sql)?;
        let rows = statement.query_map(params_from_iter(values), |row| {
            let place = Place::new(row.get(1)?, row.get(2)?, row.get(3)?);
            Ok((place, row.get::<_, [u8; 16]>(0)?))
        })?;
        let mut found = rows.collect::<Result<Vec<_>, _>>()?;
        found.sort_unstable();
        Ok(found.into_iter().map(|(_, id)| Uuid::from_bytes(id)).collect())
    }
}

impl Listed for HouseholdFilter {
    const TABLE: &'static Table = &HOUSEHOLDS;

    fn chosen(&self, db: &Connection, now_ms: i64) -> Result<Vec<Uuid>, PageError> {
        Ok(self.ids(db, campaign(db, now_ms)?.as_ref())?)
    }

    fn described(&self, db: &Connection) -> Result<String, PageError> {
        let mut words: Vec<String> = Named::Village.of(db, &self.village)?.into_iter().collect();
        if !self.category.is_empty() {
            words.push(templates().category_name(&self.category).to_owned());
        }
        let said = [
            match self.register.as_str() {
                "off" => "迁出、销户、并户的",
                "all" => "含迁出、销户、并户的",
                _ => "在册",
            },
            match self.visited.as_str() {
                "yes" => "本次活动走访到了",
                "no" => "本次活动还没走访到",
                _ => "",
            },
            if self.must.is_empty() { "" } else { "必访对象" },
        ];
        words.extend(said.into_iter().filter(|word| !word.is_empty()).map(str::to_owned));
        words.extend(holding(&self.q));
        Ok(words.join("、"))
    }
}

/// Where a household stands among the others: 二组 before 十组, 9号 before 10号. SQL knows no such order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    village: String,
    group_number: u32,
    group: String,
    door_number: u32,
    door: String,
}

impl Place {
    fn new(village: String, group: String, door: String) -> Self {
        let digits: String = door.chars().take_while(char::is_ascii_digit).collect();
        Place {
            village,
            group_number: region::group_number(&group).unwrap_or(u32::MAX),
            group,
            door_number: digits.parse().unwrap_or(u32::MAX),
            door,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn households_stand_as_one_walks_past_them() {
        let place = |group: &str, door: &str| Place::new("1".into(), group.into(), door.into());
        assert!(place("二组", "1号") < place("十组", "1号"));
        assert!(place("三组", "9号") < place("三组", "10号"));
        assert!(place("九组", "1号") < place("河西组", "1号"));
    }
}
