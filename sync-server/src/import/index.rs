//! Look-ups in the register: who has this number, which households have this head.

use super::dedupe::{NameKey, differ, household_no, name_key};
use super::names::Names;
use super::parse::{ParsedHousehold, ParsedPerson};
use super::place::Villages;
use super::plan::{ExistingHousehold, ExistingPerson};
use super::words;
use lianxin_shared::domain::id_number::{self, IdNumber};
use lianxin_shared::domain::text;
use lianxin_shared::replica::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A household of the register that a household of the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its position.
    pub at: usize,
    /// A number says so, not only village, group and head.
    pub by_number: bool,
}

/// The register by numbers and by names.
pub struct Index<'a> {
    existing: &'a [ExistingHousehold],
    /// Valid number of each household's head.
    heads: Vec<Option<IdNumber>>,
    /// Households and, if it is a person's, the person.
    by_number: BTreeMap<String, BTreeSet<(usize, Option<usize>)>>,
    by_name: Names<NameKey>,
    /// By village, head, and whether a group is known.
    by_head: Names<(String, String, bool)>,
    /// Each group's name by village and key.
    pub groups: BTreeMap<(String, String), String>,
}

fn field<'a>(fields: &'a BTreeMap<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_text).unwrap_or_default()
}

impl<'a> Index<'a> {
    /// Builds the index.
    pub fn new(existing: &'a [ExistingHousehold]) -> Self {
        let mut index = Index {
            existing,
            heads: Vec::with_capacity(existing.len()),
            by_number: BTreeMap::new(),
            by_name: Names::default(),
            by_head: Names::default(),
            groups: BTreeMap::new(),
        };
        for (at, household) in existing.iter().enumerate() {
            index.add(at, household);
        }
        index
    }

    fn add(&mut self, at: usize, household: &ExistingHousehold) {
        let head = text::name(field(&household.fields, "head"));
        let group = field(&household.fields, "group");
        let mut head_number = id_number::valid(field(&household.fields, "id_number"));
        if let Some(number) = &head_number {
            self.by_number.entry(number.to_string()).or_default().insert((at, None));
        }
        for (position, person) in household.members.iter().enumerate() {
            let Some(number) = id_number::valid(field(&person.fields, "id_number")) else { continue };
            self.by_number.entry(number.to_string()).or_default().insert((at, Some(position)));
            let is_head = words::is_head(field(&person.fields, "relation"))
                || (field(&person.fields, "relation").is_empty()
                    && text::name(field(&person.fields, "name")) == head);
            if is_head && head_number.is_none() {
                head_number = Some(number);
            }
        }
        let (numbered, number) = (head_number.is_some(), household_no(&household.fields));
        self.heads.push(head_number);
        self.by_name.insert(name_key(&household.village, group, &head), numbered, &number, at);
        self.by_head.insert((household.village.clone(), head, !group.is_empty()), numbered, &number, at);
        if !group.is_empty() {
            let key = (household.village.clone(), words::group_key(group));
            self.groups.entry(key).or_insert_with(|| group.to_owned());
        }
    }

    fn head_number(&self, at: usize) -> Option<&IdNumber> {
        self.heads.get(at).and_then(Option::as_ref)
    }

    fn head_name(&self, at: usize) -> &str {
        self.existing.get(at).map_or("", |household| field(&household.fields, "head"))
    }

    fn households_of(&self, number: &IdNumber) -> BTreeSet<usize> {
        let owners = self.by_number.get(number.as_str()).into_iter().flatten();
        owners.map(|(at, _)| *at).collect()
    }

    /// The household of the register that this one is, if any.
    ///
    /// # Errors
    /// It could be several, or its people say that the household has changed in a way that no table may
    /// decide (分户、换户主、迁村); in words.
    pub fn find(&self, told: &ParsedHousehold, villages: &Villages) -> Result<Option<Found>, String> {
        let mut households =
            told.head_number.as_ref().map(|number| self.households_of(number)).unwrap_or_default();
        if households.is_empty() {
            let numbers = told.members.iter().filter_map(|member| member.number.as_ref());
            households = numbers.flat_map(|number| self.households_of(number)).collect();
        }
        let mut households = households.into_iter();
        match (households.next(), households.next()) {
            (Some(at), None) => self.check(at, told, villages).map(Some),
            (Some(one), Some(other)) => Err(format!(
                "这一户的身份证号在户册里分在几户（户主 {}、{}），分不清是哪一户；请先在户册里理清",
                self.head_name(one),
                self.head_name(other)
            )),
            (None, _) => self.find_by_name(told),
        }
    }

    /// A number leads to this household; is it the same household still?
    fn check(&self, at: usize, told: &ParsedHousehold, villages: &Villages) -> Result<Found, String> {
        let Some(known) = self.existing.get(at) else { return Err("户册里找不到这一户".to_owned()) };
        let head = self.head_name(at);
        let same_number = told.head_number.is_some() && told.head_number.as_ref() == self.head_number(at);
        let same_name = text::name(head) == text::name(&told.head)
            && !differ(told.head_number.as_ref(), self.head_number(at));
        if !same_number && !same_name {
            return Err(format!(
                "户主“{}”或成员的身份证号，在户册里属于户主“{head}”的那一户：像是分户或换了户主，请先在户册里办理",
                told.head
            ));
        }
        if known.village != told.village {
            return Err(format!(
                "这一户在户册里属于{}；换村不能靠导入，请核对",
                villages.name(&known.village)
            ));
        }
        Ok(Found { at, by_number: true })
    }

    fn find_by_name(&self, told: &ParsedHousehold) -> Result<Option<Found>, String> {
        let (numbered, number) = (told.head_number.is_some(), household_no(&told.fields));
        let key = name_key(&told.village, &told.group, &told.head);
        match self.by_name.candidates(&key, numbered, &number).as_slice() {
            [] => {}
            [at] => return Ok(Some(Found { at: *at, by_number: false })),
            _ => {
                return Err(format!(
                    "户册里同村同组有几户户主都叫“{}”，分不清是哪一户；请补上身份证号",
                    told.head
                ));
            }
        }
        // Without a group on one side it may be the same household, or a namesake's.
        let (village, group, head) = key;
        let unclear = self.by_head.candidates(&(village, head, group.is_empty()), numbered, &number);
        match unclear.first() {
            Some(_) => Err(format!(
                "户册里同村有户主也叫“{}”，但两边有一边没写组，又不是两边都有身份证号，分不清是不是一户；请补上组别或身份证号",
                told.head
            )),
            None => Ok(None),
        }
    }
}

/// The people of one household of the register, while those of the file are laid beside them.
pub struct People<'a> {
    at: usize,
    household: &'a ExistingHousehold,
    by_name: BTreeMap<String, Vec<usize>>,
    taken: BTreeSet<usize>,
}

impl<'a> People<'a> {
    /// Of the household at this position.
    pub fn new(at: usize, household: &'a ExistingHousehold) -> Self {
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (position, person) in household.members.iter().enumerate() {
            by_name.entry(text::name(field(&person.fields, "name"))).or_default().push(position);
        }
        People { at, household, by_name, taken: BTreeSet::new() }
    }

    /// The person of the register that this one is, if any; each is found once.
    ///
    /// # Errors
    /// The number is in another household, or several people could be meant; in words.
    pub fn find(
        &mut self,
        told: &ParsedPerson,
        index: &Index<'a>,
    ) -> Result<Option<&'a ExistingPerson>, String> {
        let owners = told.number.as_ref().and_then(|number| index.by_number.get(number.as_str()));
        let here =
            owners.into_iter().flatten().find_map(|(at, position)| position.filter(|_| *at == self.at));
        if let Some(position) = here {
            return Ok(self.take(position));
        }
        if let Some((at, _)) = owners.into_iter().flatten().find(|(at, _)| *at != self.at) {
            return Err(format!(
                "身份证号在户册里属于户主“{}”的那一户；成员换户请在户册里办理",
                index.head_name(*at)
            ));
        }
        let known = self.by_name.get(&told.name).map(Vec::as_slice).unwrap_or_default();
        let mut same = known.iter().copied().filter(|position| {
            let person = self.household.members.get(*position);
            let number = person.and_then(|person| id_number::valid(field(&person.fields, "id_number")));
            !self.taken.contains(position) && !differ(number.as_ref(), told.number.as_ref())
        });
        match (same.next(), same.next()) {
            (None, _) => Ok(None),
            (Some(position), None) => Ok(self.take(position)),
            _ => Err(format!("户册里这一户有几个“{}”，分不清是谁；请补上身份证号", told.name)),
        }
    }

    fn take(&mut self, position: usize) -> Option<&'a ExistingPerson> {
        self.taken.insert(position);
        self.household.members.get(position)
    }
}
