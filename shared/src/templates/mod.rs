//! The templates of the five source documents as data files compiled into the program: categories,
//! must-visit schemes, the bank of checklist items, the checklists, and the topics of opinions.
//!
//! [`templates`] is the one way to them; it does no I/O and parses once.

use crate::domain::{
    campaign::MustVisitScheme,
    category::{Category, GENERAL, Place},
    checklist::{ChecklistTemplate, Item},
    opinion::Topic,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

/// Everything that ships as a template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates {
    /// Categories in the order in which lists and columns show them.
    pub categories: Vec<Category>,
    /// Must-visit schemes, S0 to S4.
    pub schemes: Vec<MustVisitScheme>,
    /// The bank of checklist items.
    pub items: Vec<Item>,
    /// Checklists, every version ever shipped.
    pub checklists: Vec<ChecklistTemplate>,
    /// Topics of opinions; a parent stands before its children.
    pub topics: Vec<Topic>,
}

/// The templates that ship with this version.
pub fn templates() -> &'static Templates {
    static TEMPLATES: OnceLock<Templates> = OnceLock::new();
    // The files are part of the program and a test parses them, so this cannot fail in a tested build.
    TEMPLATES.get_or_init(|| Templates::parse().unwrap_or_default())
}

impl Templates {
    fn parse() -> Result<Self, serde_json::Error> {
        Ok(Templates {
            categories: serde_json::from_str(include_str!("categories.json"))?,
            schemes: serde_json::from_str(include_str!("schemes.json"))?,
            items: serde_json::from_str(include_str!("items.json"))?,
            checklists: serde_json::from_str(include_str!("checklists.json"))?,
            topics: serde_json::from_str(include_str!("topics.json"))?,
        })
    }

    /// The category of a code.
    pub fn category(&self, code: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.code == code)
    }

    /// The categories that a village's register offers as tags and filters.
    pub fn village_categories(&self) -> impl Iterator<Item = &Category> {
        self.categories.iter().filter(|category| category.place == Place::Village)
    }

    /// What is put on with a category's tag: the category itself, and what whoever is of it is of too. The one rule for
    /// whoever writes tags, an import and the phone alike; taking one off takes off that one alone.
    pub fn with_also<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a str> {
        let also = self.category(code).and_then(|category| category.is_also.as_deref());
        [code].into_iter().chain(also)
    }

    /// What people read for a category code, 一般户 included; the code itself if this version does not know it.
    pub fn category_name<'a>(&'a self, code: &'a str) -> &'a str {
        match self.category(code) {
            Some(category) => &category.name,
            None if code == GENERAL => "一般户",
            None => code,
        }
    }

    /// The scheme of a code.
    pub fn scheme(&self, code: &str) -> Option<&MustVisitScheme> {
        self.schemes.iter().find(|scheme| scheme.code == code)
    }

    /// The topic of a code.
    pub fn topic(&self, code: &str) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.code == code)
    }

    /// A topic with those beneath it.
    pub fn topics_under<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a str> {
        let beneath = self.topics.iter().filter(move |topic| topic.parent.as_deref() == Some(code));
        [code].into_iter().chain(beneath.map(|topic| topic.code.as_str()))
    }

    /// The item of an id.
    pub fn item(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    /// Whether a field of a visit holds an answer that is an opinion in people's own words ([`Item::is_opinion`]). Former
    /// versions wrote them into the visit too, where nobody may read them beside its name.
    pub fn is_opinion_answer(&self, field: &str) -> bool {
        self.items.iter().any(|item| item.is_opinion && item.has_field(field))
    }

    /// The newest version of a category's checklist.
    pub fn checklist(&self, category: &str) -> Option<&ChecklistTemplate> {
        self.checklists.iter().filter(|list| list.category == category).max_by_key(|list| list.version)
    }

    /// The newest checklist versions for a household that carries these categories; 一般户 if none of them
    /// has a checklist. This is what a new visit writes into its `checklists.<category>` fields.
    pub fn versions_for<'a>(&self, categories: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, i64> {
        let lists = categories.into_iter().filter_map(|code| self.checklist(code));
        let versions: BTreeMap<_, _> = lists.map(|list| (list.category.clone(), list.version)).collect();
        if versions.is_empty() {
            return self.checklist(GENERAL).map(|l| (GENERAL.to_owned(), l.version)).into_iter().collect();
        }
        versions
    }

    /// The items of a visit by the checklist versions it keeps, each once, in a stable order: categories in
    /// the order of [`Templates::categories`], items in the order of their checklist. A version that this
    /// program does not know contributes nothing; its answers stay in the record untouched.
    pub fn items_of(&self, versions: &BTreeMap<String, i64>) -> Vec<Item> {
        let order = self.categories.iter().map(|c| c.code.as_str()).chain([GENERAL]);
        let lists = order.filter_map(|code| {
            let version = versions.get(code)?;
            self.checklists.iter().find(|list| list.category == code && list.version == *version)
        });
        let mut asked = BTreeSet::new();
        lists
            .flat_map(|list| &list.items)
            .filter(|id| asked.insert(id.as_str()))
            .filter_map(|id| self.item(id))
            .cloned()
            .collect()
    }

    /// The categories whose checklist, in the version that a visit keeps, asks this item; in the order of
    /// [`Templates::categories`].
    pub fn asked_by<'a>(
        &'a self,
        versions: &'a BTreeMap<String, i64>,
        item: &'a str,
    ) -> impl Iterator<Item = &'a str> {
        let order = self.categories.iter().map(|category| category.code.as_str()).chain([GENERAL]);
        order.filter(move |code| {
            let asks = |list: &&ChecklistTemplate| {
                list.category == *code && versions.get(*code) == Some(&list.version)
            };
            self.checklists.iter().find(asks).is_some_and(|list| list.items.iter().any(|id| id == item))
        })
    }

    /// The items to ask at a new visit to a household with these categories: the union of their newest
    /// checklists without repetition (“no form twice”); 一般户 if it carries none.
    pub fn union_of<'a>(&self, categories: impl IntoIterator<Item = &'a str>) -> Vec<Item> {
        self.items_of(&self.versions_for(categories))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::checklist::AnswerKind;

    fn assert_unique<'a>(what: &str, codes: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for code in codes {
            assert!(seen.insert(code), "{what} {code} occurs twice");
            assert!(
                code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
                "{what} {code}: field names are lower case ASCII without dots"
            );
        }
    }

    #[test]
    fn every_template_parses_and_codes_are_unique() {
        let t = Templates::parse().unwrap();
        assert_eq!(&t, templates());
        assert_unique("category", t.categories.iter().map(|c| c.code.as_str()));
        assert_unique("scheme", t.schemes.iter().map(|s| s.code.as_str()));
        assert_unique("topic", t.topics.iter().map(|s| s.code.as_str()));
        assert_unique("item", t.items.iter().map(|i| i.id.as_str()));
        for item in &t.items {
            assert_unique(&item.id, item.options.iter().map(|o| o.code.as_str()));
            assert!(item.question.ends_with(['？', '写', '）']), "{}", item.question);
        }
    }

    #[test]
    fn every_item_has_what_its_kind_needs() {
        for item in &templates().items {
            let codes: BTreeSet<&str> = item.options.iter().map(|o| o.code.as_str()).collect();
            match item.kind {
                AnswerKind::YesNo => assert_eq!(codes, BTreeSet::from(["no", "yes"]), "{}", item.id),
                AnswerKind::Choice => assert!((2..=6).contains(&codes.len()), "{}", item.id),
                AnswerKind::Several => assert!((2..=8).contains(&codes.len()), "{}", item.id),
                AnswerKind::Number => assert!(item.unit.is_some() && codes.is_empty(), "{}", item.id),
                AnswerKind::Text | AnswerKind::Date => assert!(codes.is_empty(), "{}", item.id),
            }
            // Its answer is not in the record: nothing could ask for it or hang on it.
            assert!(!item.is_opinion || item.kind == AnswerKind::Text && !item.required, "{}", item.id);
            if let (Some(min), Some(max)) = (item.min, item.max) {
                assert!(min < max, "{}", item.id);
            }
        }
    }

    #[test]
    fn every_checklist_is_short_and_asks_only_what_the_bank_holds() {
        let t = templates();
        let mut used = BTreeSet::new();
        for list in &t.checklists {
            assert!(list.category == GENERAL || t.category(&list.category).is_some(), "{}", list.category);
            assert!((5..=12).contains(&list.items.len()), "{}: {}", list.category, list.items.len());
            assert_unique(&list.category, list.items.iter().map(String::as_str));
            let mut earlier = BTreeSet::new();
            for id in &list.items {
                let item = t.item(id).unwrap_or_else(|| panic!("{}: no item {id}", list.category));
                if let Some(show_if) = &item.show_if {
                    assert!(earlier.contains(&show_if.item), "{}: {id} before its condition", list.category);
                    let parent = t.item(&show_if.item).unwrap();
                    assert!(parent.options.iter().any(|o| o.code == show_if.equals), "{id}");
                }
                earlier.insert(id.clone());
            }
            used.extend(earlier);
        }
        for item in &t.items {
            assert!(used.contains(&item.id), "no checklist asks {}", item.id);
        }
    }

    #[test]
    fn every_category_has_a_checklist_and_every_scheme_names_categories() {
        let t = templates();
        for category in &t.categories {
            assert!(t.checklist(&category.code).is_some(), "{}", category.code);
        }
        for scheme in &t.schemes {
            assert_unique(&scheme.code, scheme.categories());
            for code in scheme.categories() {
                assert!(t.category(code).is_some(), "{}: {code}", scheme.code);
            }
        }
        for topic in &t.topics {
            assert!(topic.parent.as_deref().is_none_or(|p| t.topic(p).is_some()), "{}", topic.code);
        }
    }

    #[test]
    fn schemes_hold_what_the_documents_list() {
        let names = |code: &str| -> Vec<&str> {
            let t = templates();
            t.scheme(code).unwrap().categories().map(|c| t.category_name(c)).collect()
        };
        assert_eq!(
            names("s3"),
            [
                "困难户",
                "上访户",
                "种养专业户",
                "个体工商户",
                "老党员",
                "老干部",
                "残疾人",
                "下岗职工",
                "孤寡老人"
            ]
        );
        assert_eq!(names("s4"), ["特困户家庭", "老党员", "留守儿童", "空巢老人", "种养大户", "上访户"]);
        assert_eq!(names("s1"), Vec::<&str>::new());
        let s4 = templates().scheme("s4").unwrap();
        assert!(s4.requires(["kunnan_hu", "lao_dangyuan"]) && !s4.requires(["kunnan_hu"]));
    }

    #[test]
    fn a_question_knows_whose_checklists_ask_it() {
        let t = templates();
        let versions = t.versions_for(["lao_dangyuan", "gugua_laoren"]);
        assert_eq!(t.asked_by(&versions, "party_year").collect::<Vec<_>>(), ["lao_dangyuan"]);
        assert_eq!(t.asked_by(&versions, "self_care").collect::<Vec<_>>(), ["lao_dangyuan", "gugua_laoren"]);
        assert_eq!(t.asked_by(&versions, "getihu").count(), 0);
    }

    #[test]
    fn who_is_of_one_documents_category_is_of_anothers_too() {
        let t = templates();
        for category in &t.categories {
            let also = category.is_also.as_deref().map(|code| t.category(code).unwrap());
            // One step is the whole rule, and a tag goes to the same kind of record.
            assert!(also.is_none_or(|also| also.is_also.is_none() && also.borne_by == category.borne_by));
        }
        let s3 = t.scheme("s3").unwrap();
        assert!(!s3.requires(["tekun_hu"]), "the tag alone is none of S3");
        for code in ["tekun_hu", "zhongyang_dahu"] {
            assert!(s3.requires(t.with_also(code)), "{code}");
        }
        assert_eq!(t.with_also("lao_dangyuan").collect::<Vec<_>>(), ["lao_dangyuan"]);
    }

    #[test]
    fn two_categories_ask_nothing_twice_and_in_one_order() {
        let t = templates();
        let ids = |codes: &[&str]| -> Vec<String> {
            t.union_of(codes.iter().copied()).into_iter().map(|item| item.id).collect()
        };
        let both = ids(&["gugua_laoren", "canji_ren"]);
        assert_eq!(both, ids(&["canji_ren", "gugua_laoren"]));
        assert_eq!(both.iter().collect::<BTreeSet<_>>().len(), both.len());
        assert_eq!(both.iter().filter(|id| *id == "self_care").count(), 1);
        let disabled = ids(&["canji_ren"]);
        assert_eq!(both.get(..disabled.len()), Some(disabled.as_slice()));
    }

    #[test]
    fn a_household_without_category_gets_the_general_list_and_a_later_version_nothing() {
        let t = templates();
        assert_eq!(t.versions_for([]), BTreeMap::from([(GENERAL.to_owned(), 1)]));
        assert_eq!(t.versions_for(["of_a_newer_version"]), BTreeMap::from([(GENERAL.to_owned(), 1)]));
        assert!(!t.union_of([]).is_empty());
        assert_eq!(t.items_of(&BTreeMap::from([("canji_ren".to_owned(), 99)])), []);
    }
}
