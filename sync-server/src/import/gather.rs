//! Lines to households: rows of people are brought together under their head, and rows that cannot be
//! placed are refused with the reason.

use super::columns::Column;
use super::header::Layout;
use super::line::{Line, RowRef};
use super::parse::{Fields, ParsedHousehold, ParsedPerson};
use super::report::{Outcome, RowReport};
use super::words;
use lianxin_shared::domain::household::Household;
use lianxin_shared::domain::person::Person;
use lianxin_shared::domain::{Coded, Problem};
use lianxin_shared::replica::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What came of the lines of a sheet.
#[derive(Default)]
pub struct Gathered {
    /// Households.
    pub households: Vec<ParsedHousehold>,
    /// Refused rows.
    pub refused: Vec<RowReport>,
    /// Warnings of the others.
    pub warnings: BTreeMap<RowRef, Vec<String>>,
}

/// Brings the lines of one sheet together.
pub fn gather(lines: Vec<Line>, layout: &Layout, person_per_row: bool) -> Gathered {
    let mut gathered = Gathered::default();
    let groups = if person_per_row {
        Grouping::new(layout).group(lines, &mut gathered)
    } else {
        lines.into_iter().map(alone).collect()
    };
    for group in groups {
        household(group, person_per_row, &mut gathered);
    }
    gathered
}

/// One row per household: its person is the head, whatever the column is called.
fn alone(mut line: Line) -> Vec<Line> {
    if line.head.is_empty() {
        line.head = line.name.clone();
    }
    line.name = line.head.clone();
    line.number = line.number.or(line.head_number.take());
    line.faults.append(&mut line.head_faults);
    vec![line]
}

/// Finds the household of each line of a table of people.
struct Grouping {
    has_head_column: bool,
    groups: Vec<Vec<Line>>,
    /// Groups that have their head's own row.
    headed: BTreeSet<usize>,
    current: Option<usize>,
    by_number: BTreeMap<(String, String), usize>,
}

impl Grouping {
    fn new(layout: &Layout) -> Self {
        // A table of people with 户主 but without 姓名 names each row's person under 户主.
        let has_head_column = layout.has(Column::Head) && layout.has(Column::Name);
        Grouping {
            has_head_column,
            groups: Vec::new(),
            headed: BTreeSet::new(),
            current: None,
            by_number: BTreeMap::new(),
        }
    }

    fn group(mut self, lines: Vec<Line>, gathered: &mut Gathered) -> Vec<Vec<Line>> {
        for mut line in lines {
            if !self.has_head_column && line.name.is_empty() && !line.head_filled {
                line.name = std::mem::take(&mut line.head);
            }
            if self.has_head_column && line.name.is_empty() && !line.head_filled {
                line.name = line.head.clone();
            }
            match self.place(&line) {
                Ok(at) => {
                    self.current = Some(at);
                    if is_head_line(&line) {
                        self.headed.insert(at);
                    }
                    if let Some(group) = self.groups.get_mut(at) {
                        group.push(line);
                    }
                }
                Err(fault) => {
                    line.faults.push(fault.to_owned());
                    refuse(&line, line.faults.clone(), gathered);
                }
            }
        }
        self.groups
    }

    fn place(&mut self, line: &Line) -> Result<usize, &'static str> {
        let is_head = words::is_head(&line.relation);
        if !line.household_no.is_empty() {
            let next = self.groups.len();
            let at = *self.by_number.entry((line.village.clone(), line.household_no.clone())).or_insert(next);
            return Ok(if at == next { self.open() } else { at });
        }
        if self.has_head_column && !line.head.is_empty() {
            let current = self.current.filter(|at| {
                let second_head = is_head_line(line) && self.headed.contains(at);
                let first = self.groups.get(*at).and_then(|group| group.first());
                !second_head && first.is_some_and(|first| first.head == line.head && same_place(first, line))
            });
            return Ok(current.unwrap_or_else(|| self.open()));
        }
        if is_head {
            return Ok(self.open());
        }
        match self.current {
            _ if line.relation.is_empty() && !self.has_head_column => {
                Err("“与户主关系”是空的，分不清是户主还是成员；请填写")
            }
            None => Err("上面没有户主，不知道是哪一户的；请补上户主那一行"),
            Some(current) => Ok(current),
        }
    }

    fn open(&mut self) -> usize {
        self.groups.push(Vec::new());
        self.groups.len() - 1
    }
}

fn same_place(one: &Line, other: &Line) -> bool {
    one.village == other.village && words::group_key(&one.group) == words::group_key(&other.group)
}

fn is_head_line(line: &Line) -> bool {
    words::is_head(&line.relation)
        || (line.relation.is_empty() && line.name == line.head && !line.name.is_empty())
}

/// The row that speaks for a household.
struct Lead {
    /// Its position among the household's rows.
    at: usize,
    /// It is the head's own row, not that of a member beside whom the head is named.
    is_head: bool,
    /// Name of the head.
    head: String,
    /// Why the household cannot be taken.
    spoiled: Vec<String>,
}

impl Lead {
    fn find(lines: &mut [Line], person_per_row: bool) -> Option<Lead> {
        let is_head = |line: &Line| !person_per_row || is_head_line(line);
        let heads = lines.iter().filter(|line| is_head(line)).count();
        let at = lines.iter().position(is_head).unwrap_or(0);
        // Only a 户编号 holds these rows together: by custom the head comes first.
        let by_custom =
            heads == 0 && lines.iter().all(|line| line.relation.is_empty() && line.head.is_empty());
        let line = lines.get_mut(at)?;
        if by_custom {
            line.warnings.push("表里没有“与户主关系”，把同一户编号的第一行当作户主".to_owned());
        }
        let is_head = heads > 0 || by_custom;
        let head = if is_head { line.name.clone() } else { line.head.clone() };
        let mut spoiled: Vec<String> = line.place_fault.iter().chain(&line.head_faults).cloned().collect();
        if is_head {
            spoiled.extend(line.faults.iter().cloned());
        }
        if head.is_empty() {
            let why = if person_per_row { "这一户没有户主那一行" } else { "没有户主姓名" };
            spoiled.push(format!("{why}；请补上"));
        }
        if heads > 1 {
            spoiled.push(format!("户编号“{}”有两个户主，分不清；请改正编号", line.household_no));
        }
        Some(Lead { at, is_head, head, spoiled })
    }
}

/// Makes one household of its lines, or refuses them.
fn household(mut lines: Vec<Line>, person_per_row: bool, gathered: &mut Gathered) {
    let Some(lead) = Lead::find(&mut lines, person_per_row) else { return };
    let Some(line) = lines.get(lead.at) else { return };
    if !lead.spoiled.is_empty() {
        refuse_all(&lines, line.at, &lead.spoiled, gathered);
        return;
    }
    let own_number = if lead.is_head { line.number.clone() } else { None };
    let mut found = ParsedHousehold {
        at: line.at,
        village: line.village.clone(),
        group: first_of(&lines, line, |line| &line.group),
        head: lead.head.clone(),
        head_number: own_number.or(line.head_number.clone()),
        ..ParsedHousehold::default()
    };
    found.fields = household_fields(&lines, line, &found);
    let problems = told(Household::from_fields(&found.fields).validate());
    if !problems.is_empty() {
        refuse_all(&lines, line.at, &problems, gathered);
        return;
    }
    if !lead.is_head && found.head_number.is_some() {
        found.members.push(head_beside_members(&found));
    }
    for (at, line) in lines.iter().enumerate() {
        match person(line, lead.is_head && at == lead.at, &found, person_per_row) {
            Ok(member) => {
                found.members.extend(member);
                if !line.warnings.is_empty() {
                    gathered.warnings.insert(line.at, line.warnings.clone());
                }
            }
            Err(reasons) => refuse(line, reasons, gathered),
        }
    }
    gathered.households.push(found);
}

fn refuse_all(lines: &[Line], lead: RowRef, spoiled: &[String], gathered: &mut Gathered) {
    for line in lines {
        if line.at == lead {
            refuse(line, spoiled.to_vec(), gathered);
        } else {
            let mut reasons = line.faults.clone();
            reasons.push(format!("户主那一行（第 {} 行）没有通过，成员也没有写入", lead.row));
            refuse(line, reasons, gathered);
        }
    }
}

fn refuse(line: &Line, notes: Vec<String>, gathered: &mut Gathered) {
    let who = if line.name.is_empty() { &line.head } else { &line.name };
    gathered.refused.push(RowReport { at: line.at, outcome: Outcome::Refused, who: who.clone(), notes });
}

/// The lead's value, or the first that another row has.
fn first_of(lines: &[Line], lead: &Line, value: impl Fn(&Line) -> &String) -> String {
    let values = std::iter::once(lead).chain(lines).map(value);
    values.into_iter().find(|text| !text.is_empty()).cloned().unwrap_or_default()
}

fn household_fields(lines: &[Line], lead: &Line, found: &ParsedHousehold) -> Fields {
    let mut fields = Fields::new();
    put(&mut fields, "head", &found.head);
    put(&mut fields, "group", &found.group);
    put(&mut fields, "household_no", &first_of(lines, lead, |line| &line.household_no));
    put(&mut fields, "door", &first_of(lines, lead, |line| &line.door));
    put(&mut fields, "address", &first_of(lines, lead, |line| &line.address));
    put(&mut fields, "phone", &household_phone(lines, lead));
    put(&mut fields, "id_number", found.head_number.as_ref().map_or("", |number| number.as_str()));
    put(&mut fields, "note", &lead.note);
    let all = || std::iter::once(lead).chain(lines);
    if let Some(count) = all().find_map(|line| line.population) {
        fields.insert("population".to_owned(), Value::Int(count));
    }
    put(&mut fields, "class", all().find_map(|line| line.class).map_or("", Coded::code));
    let tags: BTreeSet<&str> = lines.iter().flat_map(|line| line.household_tags.iter().copied()).collect();
    put_tags(&mut fields, tags);
    fields
}

/// The head's telephone, or one that merged cells give to all rows.
fn household_phone(lines: &[Line], lead: &Line) -> String {
    let merged = lines.iter().find(|line| line.phone_filled);
    let source = if lead.phone.is_empty() { merged } else { Some(lead) };
    source.map(|line| line.phone.clone()).unwrap_or_default()
}

/// The head of a table that has columns for the head beside those for each member.
fn head_beside_members(found: &ParsedHousehold) -> ParsedPerson {
    let mut fields = Fields::new();
    put(&mut fields, "name", &found.head);
    put(&mut fields, "relation", "户主");
    if let Some(number) = &found.head_number {
        put(&mut fields, "id_number", number.as_str());
        put(&mut fields, "sex", number.sex().code());
        put(&mut fields, "birth", &number.birth().format("%Y-%m-%d").to_string());
    }
    ParsedPerson { at: found.at, name: found.head.clone(), number: found.head_number.clone(), fields }
}

/// The person of a line. A row that is a household says enough about its head for a person of its own only
/// if it has the head's number, sex or birth.
fn person(
    line: &Line,
    is_head: bool,
    found: &ParsedHousehold,
    person_per_row: bool,
) -> Result<Option<ParsedPerson>, Vec<String>> {
    let mut faults = line.faults.clone();
    faults.extend(line.place_fault.clone());
    if line.name.is_empty() {
        faults.push("没有姓名；请补上".to_owned());
    }
    if !is_head {
        faults.extend(line.head_faults.clone());
        if !line.head.is_empty() && line.head != found.head && person_per_row {
            faults.push(format!("同一户里户主写的不一样：“{}”和“{}”", line.head, found.head));
        }
        if line.number.is_some() && line.number == found.head_number {
            faults.push(format!("身份证号与户主“{}”相同；请改正", found.head));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    if !person_per_row && line.number.is_none() && line.sex.is_none() && line.birth.is_none() {
        return Ok(None);
    }
    let number = if is_head { found.head_number.clone() } else { line.number.clone() };
    let mut fields = Fields::new();
    put(&mut fields, "name", &line.name);
    put(&mut fields, "relation", if is_head { "户主" } else { &line.relation });
    put(&mut fields, "id_number", number.as_ref().map_or("", |number| number.as_str()));
    put(&mut fields, "sex", line.sex.map_or("", Coded::code));
    put(&mut fields, "birth", line.birth.as_deref().unwrap_or_default());
    // A member's row on which the head is named speaks for the household.
    let of_household = !is_head && line.at == found.at;
    if !line.phone_filled && !of_household {
        put(&mut fields, "phone", &line.phone);
    }
    if !is_head && !of_household {
        put(&mut fields, "note", &line.note);
    }
    put_tags(&mut fields, line.person_tags.iter().copied());
    let problems = told(Person::from_fields(&fields).validate());
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Some(ParsedPerson { at: line.at, name: line.name.clone(), number, fields }))
}

/// What the domain finds wrong with a record, but for its telephone (an odd one is kept, with a warning)
/// and a person's household, which the caller adds.
fn told(problems: Vec<Problem>) -> Vec<String> {
    let counts = |problem: &Problem| !matches!(problem.field.as_str(), "phone" | "household");
    problems.into_iter().filter(counts).map(|problem| problem.message).collect()
}

fn put(fields: &mut Fields, name: &str, text: &str) {
    if !text.is_empty() {
        fields.insert(name.to_owned(), Value::from(text));
    }
}

fn put_tags<'a>(fields: &mut Fields, codes: impl IntoIterator<Item = &'a str>) {
    fields.extend(codes.into_iter().map(|code| (format!("tags.{code}"), Value::Bool(true))));
}
