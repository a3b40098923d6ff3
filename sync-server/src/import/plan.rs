//! The plan: what each household of the file means for the register. Merged by a valid 身份证号 of the head
//! or a member; by village, group and head only if at most one side has a number; what could mean two
//! things is refused. Fields are only ever filled or changed, never emptied; and a table, which may be older than
//! what was learnt at the door, changes nothing that somebody wrote since the last import, unless it is told to.

use super::dedupe::{Deduped, dedupe};
use super::index::{Found, Index, People};
use super::line::RowRef;
use super::parse::{Fields, Parsed, ParsedHousehold};
use super::report::{Outcome, Report, RowReport};
use super::words;
use crate::export::words::iso_day;
use lianxin_shared::domain::category::TAG_PREFIX;
use lianxin_shared::domain::household::HouseholdClass;
use lianxin_shared::domain::person::Sex;
use lianxin_shared::domain::text;
use lianxin_shared::domain::{Coded, id_number};
use lianxin_shared::replica::Value;
use lianxin_shared::templates::templates;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A household of the register, as far as an import looks at it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExistingHousehold {
    /// Record.
    pub id: Uuid,
    /// Code of its village.
    pub village: String,
    /// Its fields.
    pub fields: Fields,
    /// Those of them that no import wrote last.
    pub edited: Edits,
    /// Those that were erased by law.
    pub erased: BTreeSet<String>,
    /// Its people.
    pub members: Vec<ExistingPerson>,
}

/// A person of the register.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExistingPerson {
    /// Record.
    pub id: Uuid,
    /// Fields.
    pub fields: Fields,
    /// Those of them that no import wrote last.
    pub edited: Edits,
    /// Those that were erased by law.
    pub erased: BTreeSet<String>,
}

/// Fields whose values somebody wrote, on a phone or in the office, and no import has written over since.
pub type Edits = BTreeMap<String, Edit>;

/// Who wrote a value, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// Their name.
    pub by: String,
    /// By their clock, Unix milliseconds.
    pub at_ms: i64,
}

/// What stands where a cell of the file differs from what somebody wrote since the last import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Prefer {
    /// What they wrote; the report names both.
    #[default]
    Edits,
    /// The file.
    File,
}

/// What is to be written for one household. `household` of a new person is the caller's to add.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Not in the register.
    Create {
        /// Fields of the household.
        household: Fields,
        /// Fields of its people.
        members: Vec<Fields>,
    },
    /// In the register; something is new or different.
    Update {
        /// Record.
        id: Uuid,
        /// Fields that differ; may be empty if only people change.
        changed: Fields,
        /// People that are new.
        new_members: Vec<Fields>,
        /// People with the fields that differ.
        changed_members: Vec<(Uuid, Fields)>,
    },
    /// In the register, and all as the file says.
    Same {
        /// Record.
        id: Uuid,
    },
    /// Not to be written.
    Refused {
        /// Why, in words.
        reasons: Vec<String>,
    },
}

/// One household of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedHousehold {
    /// Its first row.
    pub at: RowRef,
    /// Code of its village.
    pub village: String,
    /// 户主
    pub head: String,
    /// What to write.
    pub action: Action,
}

/// What an import would write, and the report that goes with it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Households in the order of the file.
    pub households: Vec<PlannedHousehold>,
    /// Row by row.
    pub report: Report,
}

/// Compares a file with the register. `existing` holds every living household that an import may meet, of
/// all villages: a person who already lives in another village must be noticed.
pub fn plan(file_name: &str, existing: &[ExistingHousehold], parsed: Parsed, prefer: Prefer) -> Plan {
    let index = Index::new(existing);
    let Deduped { households, mut settled, .. } = dedupe(parsed.households);
    let mut plan = Plan::default();
    plan.report.file = file_name.to_owned();
    plan.report.sheets = parsed.sheets;
    plan.report.rows = parsed.settled;
    plan.report.rows.append(&mut settled);
    let found: Vec<_> = households.iter().map(|told| index.find(told, &parsed.villages)).collect();
    let found = each_once(found);
    let mut groups = index.groups.clone();
    for (mut household, found) in households.into_iter().zip(found) {
        one_name_per_group(&mut household, &mut groups);
        let known = found.map(|found| found.and_then(|found| Some((found.at, existing.get(found.at)?))));
        let action = match known {
            Err(reason) => refuse(&household, reason, &mut plan.report),
            Ok(None) => create(&household, &mut plan.report),
            Ok(Some((at, known))) => update(&household, (at, known), &index, prefer, &mut plan.report),
        };
        plan.households.push(PlannedHousehold {
            at: household.at,
            village: household.village,
            head: household.head,
            action,
        });
    }
    plan.report.settle(parsed.warnings);
    plan
}

type Finding = Result<Option<Found>, String>;

/// Two households of the file cannot both be one of the register: a number outweighs a name, and where
/// that does not decide, all of them are refused.
fn each_once(found: Vec<Finding>) -> Vec<Finding> {
    let mut claims: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for found in found.iter().flatten().flatten() {
        let (numbers, names) = claims.entry(found.at).or_default();
        *(if found.by_number { numbers } else { names }) += 1;
    }
    let check = |finding: Finding| match finding {
        Ok(Some(found)) => {
            let (numbers, names) = claims.get(&found.at).copied().unwrap_or_default();
            let rivals = if found.by_number { numbers } else { numbers + names };
            if rivals > 1 {
                return Err("文件里有几户都对应户册里的同一户，分不清；请核对并补上身份证号".to_owned());
            }
            Ok(Some(found))
        }
        other => other,
    };
    found.into_iter().map(check).collect()
}

/// 一组 and 第一村民小组 are one group and get one name: the register's, else the file's first.
fn one_name_per_group(household: &mut ParsedHousehold, groups: &mut BTreeMap<(String, String), String>) {
    if household.group.is_empty() {
        return;
    }
    let key = (household.village.clone(), words::group_key(&household.group));
    let name = groups.entry(key).or_insert_with(|| household.group.clone());
    household.fields.insert("group".to_owned(), Value::from(name.as_str()));
}

fn refuse(household: &ParsedHousehold, reason: String, report: &mut Report) -> Action {
    let at: BTreeMap<RowRef, &str> = std::iter::once((household.at, household.head.as_str()))
        .chain(household.members.iter().map(|member| (member.at, member.name.as_str())))
        .collect();
    report.rows.extend(at.into_iter().map(|(at, who)| row(at, who, Outcome::Refused, vec![reason.clone()])));
    Action::Refused { reasons: vec![reason] }
}

fn create(household: &ParsedHousehold, report: &mut Report) -> Action {
    report.totals.households_new += 1;
    report.totals.people_new += household.members.len();
    report.rows.push(row(household.at, &household.head, Outcome::New, Vec::new()));
    let members = household.members.iter();
    report.rows.extend(members.map(|member| row(member.at, &member.name, Outcome::New, Vec::new())));
    let members: Vec<Fields> = household.members.iter().map(|member| member.fields.clone()).collect();
    Action::Create { household: with_tags_of(&household.fields, members.iter()), members }
}

/// A person's tag is repeated on the household, since lists and coverage go by household.
fn with_tags_of<'a>(household: &Fields, people: impl Iterator<Item = &'a Fields>) -> Fields {
    let tags = people.flatten().filter(|(field, _)| field.starts_with(TAG_PREFIX));
    let tags = tags.map(|(field, value)| (field.clone(), value.clone()));
    household.clone().into_iter().chain(tags).collect()
}

fn update(
    household: &ParsedHousehold,
    (at, known): (usize, &ExistingHousehold),
    index: &Index<'_>,
    prefer: Prefer,
    report: &mut Report,
) -> Action {
    let (mut new_members, mut changed_members, mut accepted) = (Vec::new(), Vec::new(), Vec::new());
    let mut people = People::new(at, known);
    for member in &household.members {
        let (outcome, notes) = match people.find(member, index) {
            Err(reason) => (Outcome::Refused, vec![reason]),
            Ok(None) => {
                new_members.push(member.fields.clone());
                (Outcome::New, Vec::new())
            }
            Ok(Some(person)) => {
                let Changes { changed, notes, kept } =
                    changes((&person.fields, &person.edited, &person.erased), &member.fields, prefer);
                report.totals.cells_kept += kept;
                let same = changed.is_empty();
                if !same {
                    changed_members.push((person.id, changed));
                }
                (if same { Outcome::Same } else { Outcome::Updated }, notes)
            }
        };
        if outcome != Outcome::Refused {
            accepted.push(&member.fields);
        }
        report.rows.push(row(member.at, &member.name, outcome, notes));
    }
    let told = with_tags_of(&household.fields, accepted.into_iter());
    let Changes { changed, notes, kept } =
        changes((&known.fields, &known.edited, &known.erased), &told, prefer);
    report.totals.cells_kept += kept;
    let outcome = if changed.is_empty() { Outcome::Same } else { Outcome::Updated };
    report.rows.push(row(household.at, &household.head, outcome, notes));
    report.totals.people_new += new_members.len();
    report.totals.people_updated += changed_members.len();
    if changed.is_empty() && new_members.is_empty() && changed_members.is_empty() {
        report.totals.households_same += 1;
        return Action::Same { id: known.id };
    }
    report.totals.households_updated += 1;
    Action::Update { id: known.id, changed, new_members, changed_members }
}

fn row(at: RowRef, who: &str, outcome: Outcome, notes: Vec<String>) -> RowReport {
    RowReport { at, outcome, who: who.to_owned(), notes }
}

/// What a file changes in a record.
#[derive(Default)]
struct Changes {
    /// The fields to write.
    changed: Fields,
    /// In words.
    notes: Vec<String>,
    /// Cells that differ and are left.
    kept: usize,
}

fn changes(
    (known, edited, erased): (&Fields, &Edits, &BTreeSet<String>),
    told: &Fields,
    prefer: Prefer,
) -> Changes {
    let mut changes = Changes::default();
    for (field, value) in told {
        let before = known.get(field).unwrap_or(&Value::Null);
        if same(field, before, value) {
            continue;
        }
        // It would be dropped at the door: neither its words nor a way to have them written all the same.
        if erased.contains(field) {
            changes.notes.push(format!("{}：已依法抹去，不写", label(field)));
            continue;
        }
        // A cadre's own note is not overwritten by the table's: both stay.
        if let ("note", Some(own), Some(more)) = (field.as_str(), before.as_text(), value.as_text()) {
            changes.notes.push(change(field, before, value));
            changes.changed.insert(field.clone(), Value::Text(format!("{own}；{more}")));
            continue;
        }
        match (edited.get(field), prefer) {
            (Some(edit), Prefer::Edits) => {
                changes.notes.push(left(field, before, value, edit));
                changes.kept += 1;
                continue;
            }
            (Some(edit), Prefer::File) => {
                changes.notes.push(format!("{}（原来是{}）", change(field, before, value), signed(edit)));
            }
            (None, _) => changes.notes.push(change(field, before, value)),
        }
        changes.changed.insert(field.clone(), value.clone());
    }
    changes
}

/// “电话：表里是 123，户册里是 456（2025-12-03 韩冬梅 写的），保留 456”.
fn left(field: &str, before: &Value, told: &Value, edit: &Edit) -> String {
    let (label, kept, told) = (label(field), shown(field, before), shown(field, told));
    format!("{label}：表里是 {told}，户册里是 {kept}（{}），保留 {kept}", signed(edit))
}

fn signed(edit: &Edit) -> String {
    format!("{} {} 写的", iso_day(edit.at_ms), edit.by)
}

/// Whether two values of a field say the same, however they are written.
pub(super) fn same(field: &str, before: &Value, after: &Value) -> bool {
    if before == after {
        return true;
    }
    let (Some(before), Some(after)) = (before.as_text(), after.as_text()) else { return false };
    match field {
        "group" => words::group_key(before) == words::group_key(after),
        "phone" => text::phones(before) == text::phones(after),
        "head" | "name" => text::name(before) == text::name(after),
        "id_number" => id_number::valid(before).is_some_and(|before| before.as_str() == after),
        "note" => before.contains(after),
        _ => text::clean(before) == text::clean(after),
    }
}

/// “电话 123→456”.
fn change(field: &str, before: &Value, after: &Value) -> String {
    format!("{} {}→{}", label(field), shown(field, before), shown(field, after))
}

/// “电话一处是 123、一处是 456”.
pub(super) fn difference(field: &str, one: &Value, other: &Value) -> String {
    format!("{}一处是 {}、一处是 {}", label(field), shown(field, one), shown(field, other))
}

fn shown(field: &str, value: &Value) -> String {
    match value {
        Value::Null => "（空）".to_owned(),
        Value::Bool(yes) => if *yes { "是" } else { "否" }.to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => match field {
            "class" => label_of::<HouseholdClass>(text),
            "sex" => label_of::<Sex>(text),
            _ => text.clone(),
        },
    }
}

fn label(field: &str) -> &str {
    match field {
        "head" => "户主",
        "group" => "组",
        "door" => "门牌",
        "phone" => "电话",
        "population" => "人口",
        "household_no" => "户编号",
        "class" => "户口性质",
        "address" => "住址",
        "note" => "备注",
        "id_number" => "身份证号",
        "name" => "姓名",
        "relation" => "与户主关系",
        "sex" => "性别",
        "birth" => "出生日期",
        other => other.strip_prefix(TAG_PREFIX).map_or(other, |code| templates().category_name(code)),
    }
}

fn label_of<C: Coded>(code: &str) -> String {
    C::from_code(code).map_or_else(|| code.to_owned(), |coded| coded.label().to_owned())
}
