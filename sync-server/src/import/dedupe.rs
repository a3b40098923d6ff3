//! One file may tell of one household twice, on two sheets or in two rows: what agrees becomes one, what
//! contradicts is refused. Every look-up goes through an index, so 100,000 rows cost no more each than ten.

use super::line::RowRef;
use super::names::Names;
use super::parse::{Fields, ParsedHousehold, ParsedPerson};
use super::report::{Outcome, RowReport};
use super::words;
use lianxin_shared::domain::id_number::IdNumber;
use lianxin_shared::domain::text;
use lianxin_shared::replica::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Village, group and head: what a household is known by when no number tells.
pub type NameKey = (String, String, String);

/// The key of a household.
pub fn name_key(village: &str, group: &str, head: &str) -> NameKey {
    (village.to_owned(), words::group_key(group), text::name(head))
}

/// Two sides that each have a number, and not the same: never one person.
pub fn differ(one: Option<&IdNumber>, other: Option<&IdNumber>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

/// 户编号 as it is compared.
pub fn household_no(fields: &Fields) -> String {
    let text = fields.get("household_no").and_then(Value::as_text).unwrap_or_default();
    text::half_width(text).replace(' ', "")
}

/// The households of a file, each once, and what became of the rows that said nothing new or were refused.
#[derive(Default)]
pub struct Deduped {
    /// Households, each once.
    pub households: Vec<ParsedHousehold>,
    /// Rows that are settled.
    pub settled: Vec<RowReport>,
    by_number: BTreeMap<String, (usize, usize)>,
    by_name: Names<NameKey>,
    by_person: BTreeMap<(usize, String), Vec<usize>>,
}

/// Makes each household of the file one.
pub fn dedupe(parsed: Vec<ParsedHousehold>) -> Deduped {
    // Heads of one name with several numbers: a row without a number could be any of them, wherever it stands.
    let mut numbers: BTreeMap<NameKey, BTreeSet<String>> = BTreeMap::new();
    for household in &parsed {
        let key = name_key(&household.village, &household.group, &household.head);
        numbers.entry(key).or_default().extend(household.head_number.iter().map(ToString::to_string));
    }
    let mut deduped = Deduped::default();
    for household in parsed {
        let key = name_key(&household.village, &household.group, &household.head);
        let namesakes = numbers.get(&key).map_or(0, BTreeSet::len);
        match deduped.find(&household, &key, namesakes) {
            Err(reason) => deduped.refuse(&household, &reason),
            Ok(None) => deduped.add(household, key),
            Ok(Some(at)) => deduped.absorb(at, household),
        }
    }
    deduped
}

impl Deduped {
    fn find(
        &self,
        household: &ParsedHousehold,
        key: &NameKey,
        namesakes: usize,
    ) -> Result<Option<usize>, String> {
        let owner = household.head_number.as_ref().and_then(|number| self.by_number.get(number.as_str()));
        if let Some((at, _)) = owner {
            let known = self.households.get(*at);
            return match known {
                Some(known) if known.head_number == household.head_number => Ok(Some(*at)),
                Some(known) => Err(format!(
                    "户主“{}”的身份证号已在{}那一户（户主 {}）里是成员",
                    household.head,
                    place(known.at, household.at),
                    known.head
                )),
                None => Ok(None),
            };
        }
        let numbered = household.head_number.is_some();
        if !numbered && namesakes > 1 && !household.fields.contains_key("household_no") {
            return Err(format!(
                "同村同组有几个户主叫“{}”，这一行没有身份证号，分不清是谁；请补上",
                household.head
            ));
        }
        let same = self.by_name.candidates(key, numbered, &household_no(&household.fields));
        match same.as_slice() {
            [] => Ok(None),
            [at] => Ok(Some(*at)),
            _ => Err(format!(
                "文件里同村同组有几户户主都叫“{}”，分不清是哪一户；请补上身份证号",
                household.head
            )),
        }
    }

    fn add(&mut self, mut household: ParsedHousehold, key: NameKey) {
        let at = self.households.len();
        let members = std::mem::take(&mut household.members);
        self.by_name.insert(key, household.head_number.is_some(), &household_no(&household.fields), at);
        self.households.push(household);
        for member in members {
            self.add_member(at, member);
        }
    }

    /// The same household once more.
    fn absorb(&mut self, at: usize, other: ParsedHousehold) {
        let Some(known) = self.households.get_mut(at) else { return };
        let by_number = known.head_number.is_some() && known.head_number == other.head_number;
        let differing = contradictions(&known.fields, &other.fields, by_number);
        let first = place(known.at, other.at);
        if !differing.is_empty() {
            let same = if by_number {
                "户主身份证号相同"
            } else {
                "同村同组同名，又不是两边都有身份证号"
            };
            let reason = format!("与{first}{same}，但{}；请改正或补上身份证号", differing.join("、"));
            self.refuse(&other, &reason);
            return;
        }
        let key = name_key(&known.village, &known.group, &known.head);
        self.by_name.remove(&key, known.head_number.is_some(), &household_no(&known.fields), at);
        unite(&mut known.fields, other.fields);
        known.head_number = known.head_number.take().or(other.head_number);
        self.by_name.insert(key, known.head_number.is_some(), &household_no(&known.fields), at);
        self.settled.push(RowReport {
            at: other.at,
            outcome: Outcome::Duplicate,
            who: other.head,
            notes: vec![format!("与{first}是同一户，已合在一起")],
        });
        for member in other.members {
            self.add_member(at, member);
        }
    }

    fn add_member(&mut self, at: usize, member: ParsedPerson) {
        let owner = member.number.as_ref().and_then(|number| self.by_number.get(number.as_str())).copied();
        if let Some((owner, _)) = owner.filter(|(owner, _)| *owner != at) {
            let known =
                self.households.get(owner).map(|known| (place(known.at, member.at), known.head.as_str()));
            let (first, head) = known.unwrap_or_default();
            let reason = format!("身份证号已在{first}那一户（户主 {head}）里；一个人只能在一户");
            self.refuse_member(&member, reason);
            return;
        }
        let named = (at, member.name.clone());
        let same = match owner {
            Some((_, position)) => Ok(Some(position)),
            None => self.namesake(at, &named, &member),
        };
        match same {
            Err(reason) => self.refuse_member(&member, reason),
            Ok(Some(position)) => self.absorb_member(at, position, member),
            Ok(None) => {
                let Some(household) = self.households.get_mut(at) else { return };
                let position = household.members.len();
                if let Some(number) = &member.number {
                    self.by_number.insert(number.to_string(), (at, position));
                }
                self.by_person.entry(named).or_default().push(position);
                household.members.push(member);
            }
        }
    }

    fn namesake(
        &self,
        at: usize,
        named: &(usize, String),
        member: &ParsedPerson,
    ) -> Result<Option<usize>, String> {
        let members =
            self.households.get(at).map(|household| household.members.as_slice()).unwrap_or_default();
        let known = self.by_person.get(named).map(Vec::as_slice).unwrap_or_default();
        let mut same = known.iter().filter(|position| {
            members
                .get(**position)
                .is_some_and(|known| !differ(known.number.as_ref(), member.number.as_ref()))
        });
        match (same.next(), same.next()) {
            (None, _) => Ok(None),
            (Some(position), None) => Ok(Some(*position)),
            _ => Err(format!("这一户有几个“{}”，分不清是谁；请补上身份证号", member.name)),
        }
    }

    fn absorb_member(&mut self, at: usize, position: usize, other: ParsedPerson) {
        let Some(household) = self.households.get_mut(at) else { return };
        let Some(known) = household.members.get_mut(position) else { return };
        let by_number = known.number.is_some() && known.number == other.number;
        let differing = contradictions(&known.fields, &other.fields, by_number);
        let first = place(known.at, other.at);
        if !differing.is_empty() {
            let same = if by_number {
                "身份证号相同"
            } else {
                "同户同名，又不是两边都有身份证号"
            };
            let reason = format!("与{first}{same}，但{}；请改正", differing.join("、"));
            self.refuse_member(&other, reason);
            return;
        }
        unite(&mut known.fields, other.fields);
        if let (None, Some(number)) = (&known.number, &other.number) {
            self.by_number.insert(number.to_string(), (at, position));
        }
        known.number = known.number.take().or(other.number);
        let notes = vec![format!("与{first}是同一人，已合在一起")];
        self.settled.push(RowReport { at: other.at, outcome: Outcome::Duplicate, who: other.name, notes });
    }

    fn refuse(&mut self, household: &ParsedHousehold, reason: &str) {
        let report = |at, who: &str| RowReport {
            at,
            outcome: Outcome::Refused,
            who: who.to_owned(),
            notes: vec![reason.to_owned()],
        };
        self.settled.push(report(household.at, &household.head));
        let others = household.members.iter().filter(|member| member.at != household.at);
        self.settled.extend(others.map(|member| report(member.at, &member.name)));
    }

    fn refuse_member(&mut self, member: &ParsedPerson, reason: String) {
        let notes = vec![reason];
        self.settled.push(RowReport {
            at: member.at,
            outcome: Outcome::Refused,
            who: member.name.clone(),
            notes,
        });
    }
}

/// “第 5 行”, with the sheet if it is another one.
fn place(known: RowRef, from: RowRef) -> String {
    if known.sheet == from.sheet {
        format!("第 {} 行", known.row)
    } else {
        format!("第 {} 张工作表第 {} 行", known.sheet + 1, known.row)
    }
}

/// Fields in which two rows about one record say different things. Telephones add up if a number says that
/// it is the same person; notes always do.
fn contradictions(known: &Fields, other: &Fields, by_number: bool) -> Vec<String> {
    let adds_up = |field: &str| field == "note" || (field == "phone" && by_number);
    let mut differing = Vec::new();
    for (field, value) in other {
        let Some(before) = known.get(field) else { continue };
        if !adds_up(field) && !super::plan::same(field, before, value) {
            differing.push(super::plan::difference(field, before, value));
        }
    }
    differing
}

fn unite(known: &mut Fields, other: Fields) {
    for (field, value) in other {
        let both = match (known.get(&field).and_then(Value::as_text), value.as_text()) {
            (Some(before), Some(after)) if field == "phone" => {
                text::phones(&format!("{before}、{after}")).joined()
            }
            (Some(before), Some(after)) if field == "note" && !before.contains(after) => {
                format!("{before}；{after}")
            }
            (Some(_), _) => continue,
            (None, _) => {
                known.entry(field).or_insert(value);
                continue;
            }
        };
        known.insert(field, Value::Text(both));
    }
}
