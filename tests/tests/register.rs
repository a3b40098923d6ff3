//! The register on a phone: who is on it, who has left it, and who stands for whom.

use lianxin_app::store::{
    Edit, FoundBy, HouseholdFilter, HouseholdPage, HouseholdQuery, Households, Reply, Request, Store, Today,
    Walked,
};
use lianxin_shared::{
    replica::{Base, DeviceId, FieldSet, Value, kind},
    wire::{PROTOCOL, v1::EnrolResponse},
};
use lianxin_tests::register::{Listed, queries};
use proptest::prelude::*;
use rusqlite::Connection;
use std::collections::BTreeMap;
use uuid::Uuid;

const VILLAGE: &str = "519921105201";
/// 2025-11-22 10:00 in Beijing.
const NOW_MS: i64 = 1_763_776_800_000;

/// 阿香's phone, during a campaign by S3.
struct Phone {
    store: Store,
    campaign: Uuid,
}

impl Phone {
    fn new() -> Self {
        let mut store = Store::open(Connection::open_in_memory().expect("memory")).expect("a store");
        let enrolled = EnrolResponse {
            server_id: Uuid::from_u128(1),
            epoch: Uuid::from_u128(2),
            device: DeviceId::from_bits(7),
            token: "00ff".to_owned(),
            server_time: NOW_MS.unsigned_abs(),
            protocol: PROTOCOL,
            cadre: "c1".to_owned(),
            cadre_name: "阿香".to_owned(),
            unit: String::new(),
            township: "清溪镇".to_owned(),
            villages: BTreeMap::from([(VILLAGE.to_owned(), "柳树沟村".to_owned())]),
        };
        let request =
            Request::Enrol { server_url: "https://x.example".to_owned(), enrolled: Box::new(enrolled) };
        store.handle(request, NOW_MS).expect("enrolled");
        let mut phone = Phone { store, campaign: Uuid::nil() };
        let texts =
            [("name", "四必到、五必访"), ("scheme", "s3"), ("start", "2025-10-20"), ("end", "2025-11-30")];
        phone.campaign =
            phone.put(kind::CAMPAIGN, None, texts.map(|(name, text)| (name, text.into())).into());
        phone
    }

    fn ask(&mut self, request: Request) -> Reply {
        self.store.handle(request, NOW_MS).expect("an answer")
    }

    fn put(&mut self, kind: &str, id: Option<Uuid>, set: Fields) -> Uuid {
        let set: FieldSet = set.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let edit = Edit { kind: kind.to_owned(), id, village: VILLAGE.to_owned(), set, base: Base::new() };
        let Reply::Record(saved) = self.ask(Request::Save(edit)) else { panic!("not saved") };
        saved.id
    }

    fn household(&mut self, head: &str) -> Uuid {
        self.put(kind::HOUSEHOLD, None, vec![("head", head.into()), ("tags.kunnan_hu", true.into())])
    }

    fn set(&mut self, id: Uuid, field: &'static str, value: &str) {
        self.put(kind::HOUSEHOLD, Some(id), vec![(field, value.into())]);
    }

    fn visit(&mut self, household: Uuid) -> Uuid {
        let campaign = self.campaign.to_string();
        let fields = vec![
            ("household", household.to_string().into()),
            ("campaign", campaign.into()),
            ("occurred_at", NOW_MS.into()),
            ("visitor", "c1".into()),
        ];
        self.put(kind::VISIT, None, fields)
    }

    fn find(&mut self, filter: HouseholdFilter, text: &str) -> Households {
        let query = HouseholdQuery { text: text.to_owned(), filter, offset: 0, limit: 50 };
        let Reply::Households(found) = self.ask(Request::Households(query)) else { panic!("no list") };
        found
    }

    fn heads(&mut self, filter: HouseholdFilter) -> Vec<String> {
        self.find(filter, "").rows.into_iter().map(|row| row.head).collect()
    }

    fn today(&mut self) -> Today {
        let Reply::Today(today) = self.ask(Request::Today) else { panic!("no page") };
        today
    }

    fn page(&mut self, id: Uuid) -> HouseholdPage {
        let Reply::Household(page) = self.ask(Request::Household { id }) else { panic!("no page") };
        *page
    }
}

/// Fields by their names.
type Fields = Vec<(&'static str, Value)>;

#[test]
fn a_household_that_has_left_is_neither_counted_nor_listed_but_found_with_all_its_visits() {
    let mut phone = Phone::new();
    let (zhou, wang) = (phone.household("周秀兰"), phone.household("王长顺"));
    let li = phone.household("李有田");
    let visit = phone.visit(wang);
    phone.set(zhou, "state", "away");
    assert_eq!((phone.today().left, phone.today().must_visit), (2, 3), "外出 is still to be visited");

    phone.set(wang, "state", "moved");
    phone.set(li, "state", "dissolved");
    let today = phone.today();
    assert_eq!((today.left, today.must_visit), (1, 1));
    assert_eq!(today.households.iter().map(|row| row.id).collect::<Vec<_>>(), [zhou]);
    let found = phone.find(HouseholdFilter::All, "");
    assert_eq!((found.total, found.all, found.not_visited, found.off_register), (1, 1, 1, 2));
    assert_eq!(found.categories, [("kunnan_hu".to_owned(), 1)]);
    for filter in [
        HouseholdFilter::All,
        HouseholdFilter::NotVisited,
        HouseholdFilter::Category("kunnan_hu".to_owned()),
        HouseholdFilter::Village(VILLAGE.to_owned()),
    ] {
        assert_eq!(phone.heads(filter.clone()), ["周秀兰"], "{filter:?}");
    }
    assert!(phone.heads(HouseholdFilter::Recent).is_empty());

    let left = phone.find(HouseholdFilter::OffRegister, "");
    let standing: BTreeMap<_, _> =
        left.rows.into_iter().map(|row| (row.head, (row.standing, row.must_visit_left))).collect();
    let expected = [("李有田", "dissolved"), ("王长顺", "moved")];
    assert_eq!(standing, expected.map(|(head, code)| (head.to_owned(), (code.to_owned(), false))).into());
    assert_eq!(phone.find(HouseholdFilter::OffRegister, "wcs").rows[0].id, wang);
    assert_eq!(phone.page(wang).timeline[0].id, visit);
}

#[test]
fn a_day_counts_households_where_somebody_was_met_each_once() {
    let mut phone = Phone::new();
    let (zhou, wang) = (phone.household("周秀兰"), phone.household("王长顺"));
    let (li, old) = (phone.household("李有田"), phone.household("周秀兰家"));
    phone.set(old, "merged_into", &zhou.to_string());
    assert_eq!(phone.today().walked, Walked::default());
    for household in [zhou, zhou, old] {
        phone.visit(household);
    }
    let nobody = [phone.visit(wang), phone.visit(wang), phone.visit(zhou)];
    for id in nobody {
        phone.put(kind::VISIT, Some(id), vec![("absent", true.into())]);
    }
    let void = phone.visit(li);
    phone.put(kind::VISIT, Some(void), vec![("void_reason", "走错了门".into())]);
    let school = vec![
        ("target_kind", "school".into()),
        ("occurred_at", NOW_MS.into()),
        ("visitor", "c1".into()),
        ("target_name", "中心小学".into()),
    ];
    phone.put(kind::VISIT, None, school);
    let opinion = |visit: Uuid| {
        vec![("visit", visit.to_string().into()), ("visitor", "c1".into()), ("occurred_at", NOW_MS.into())]
    };
    phone.put(kind::OPINION, None, opinion(void));
    phone.put(kind::OPINION, None, opinion(nobody[2]));
    let walked = Walked { households: 1, absent: 1, places: 1, opinions: 1 };
    assert_eq!(phone.today().walked, walked);
    let Reply::Diary(diary) = phone.ask(Request::Diary { date: "2025-11-22".to_owned() }) else {
        panic!("no diary")
    };
    assert_eq!(diary.walked, walked);
    assert_eq!(phone.heads(HouseholdFilter::Recent), ["周秀兰"], "elsewhere nobody was met, or it is void");
}

#[test]
fn the_head_leads_the_members_whoever_was_written_down_first() {
    let mut phone = Phone::new();
    let zhou = phone.household("周秀兰");
    for (name, relation) in [("小满", "孙女"), ("王长顺", "配偶"), ("王有田", "长子"), ("周秀兰", "户主")]
    {
        let fields = vec![
            ("household", zhou.to_string().into()),
            ("name", name.into()),
            ("relation", relation.into()),
        ];
        phone.put(kind::PERSON, None, fields);
    }
    let members = phone.page(zhou).members;
    let names: Vec<_> = members.iter().filter_map(|one| one.fields["name"].as_text()).collect();
    assert_eq!(names, ["周秀兰", "王长顺", "王有田", "小满"]);
}

#[test]
fn a_merged_household_counts_under_the_one_that_it_is_shown_under() {
    let mut phone = Phone::new();
    let (one, two, three) = (phone.household("周秀兰"), phone.household("周秀兰家"), phone.household("周家"));
    let visit = phone.visit(one);
    assert_eq!(phone.today().left, 2);
    phone.set(one, "merged_into", &two.to_string());
    phone.set(two, "merged_into", &three.to_string());
    let today = phone.today();
    assert_eq!((today.left, today.must_visit), (0, 1), "a visit of the first covers the last");
    let page = phone.page(three);
    assert_eq!(page.timeline.iter().map(|entry| entry.id).collect::<Vec<_>>(), [visit]);
    assert_eq!((page.row.last_visit_ms, page.row.standing.as_str()), (Some(NOW_MS), ""));
    assert_eq!(phone.page(one).row.standing, "merged");

    // Another phone has linked the last to the first: a ring. One of them stands for all, nobody is lost.
    phone.set(three, "merged_into", &one.to_string());
    let least = [one, two, three].into_iter().min().expect("three");
    let found = phone.find(HouseholdFilter::All, "");
    assert_eq!(found.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [least]);
    assert_eq!((phone.today().left, phone.today().must_visit), (0, 1));
}

/// What happens to the register between two searches.
#[derive(Debug, Clone)]
enum Change {
    /// Of these households, a field.
    Household(u128, &'static str, Value),
    /// The first of these households goes over into the second, or stands alone again.
    Merged(u128, Option<u128>),
    /// Of these people, a field.
    Person(u128, &'static str, Value),
    /// A person lives in this household.
    Home(u128, u128),
    /// A visit by this cadre at this hour.
    Visit { household: u128, visitor: &'static str, hour: i64, absent: bool },
    /// Only the hour passes.
    Nothing,
}

const HOUSEHOLDS: u128 = 8;
const PEOPLE: u128 = 6;

fn change() -> impl Strategy<Value = Change> {
    let home = || 0..HOUSEHOLDS;
    let names =
        prop::sample::select(vec!["周秀兰", "马建国", "𠮷田有福", "Aygül", "赵 玉梅", "周周", "50%_周"]);
    let text = |values: &[&'static str]| prop::sample::select(values.to_vec()).prop_map(Value::from);
    let flag = || any::<bool>().prop_map(Value::from);
    let household = prop_oneof![
        (Just("head"), names.clone().prop_map(Value::from)),
        (Just("group"), text(&["一组", "二组", "十一组", ""])),
        (Just("door"), text(&["3号", "11号", "11号附1", ""])),
        (Just("phone"), text(&["13800000001", "13900000002"])),
        (Just("state"), text(&["", "away", "moved", "dissolved"])),
        (Just("tags.kunnan_hu"), flag()),
        (Just("tags.getihu"), flag()),
        (Just("deleted"), flag()),
    ];
    let person = prop_oneof![
        (Just("name"), names.prop_map(Value::from)),
        (Just("phone"), text(&["13800000001", "15000000003"])),
        (Just("tags.gugua_laoren"), flag()),
        (Just("deleted"), flag()),
    ];
    prop_oneof![
        4 => (home(), household).prop_map(|(id, (field, value))| Change::Household(id, field, value)),
        2 => (home(), prop::option::weighted(0.8, home())).prop_map(|(old, into)| Change::Merged(old, into)),
        2 => (0..PEOPLE, person).prop_map(|(id, (field, value))| Change::Person(id, field, value)),
        2 => (0..PEOPLE, home()).prop_map(|(id, home)| Change::Home(id, home)),
        2 => (home(), prop::sample::select(vec!["c1", "c2"]), 0..9i64, any::<bool>())
            .prop_map(|(household, visitor, hour, absent)| Change::Visit { household, visitor, hour, absent }),
        1 => Just(Change::Nothing),
    ]
}

impl Phone {
    fn change(&mut self, change: Change) {
        let home = |id: u128| Uuid::from_u128(0x1000 + id);
        let person = |id: u128| Some(Uuid::from_u128(0x2000 + id));
        let text = |id: Uuid| Value::from(id.to_string());
        match change {
            Change::Household(id, field, value) => {
                self.put(kind::HOUSEHOLD, Some(home(id)), vec![(field, value)]);
            }
            Change::Merged(old, into) => {
                let into = into.map_or(Value::Null, |into| text(home(into)));
                self.put(
                    kind::HOUSEHOLD,
                    Some(home(old)),
                    vec![("merged_into", into), ("note", "并户".into())],
                );
            }
            Change::Person(id, field, value) => {
                self.put(kind::PERSON, person(id), vec![(field, value)]);
            }
            Change::Home(id, household) => {
                self.put(kind::PERSON, person(id), vec![("household", text(home(household)))]);
            }
            Change::Visit { household, visitor, hour, absent } => {
                let fields = vec![
                    ("household", text(home(household))),
                    ("campaign", self.campaign.to_string().into()),
                    ("occurred_at", (NOW_MS - hour * 3_600_000).into()),
                    ("visitor", visitor.into()),
                    ("absent", absent.into()),
                ];
                self.put(kind::VISIT, None, fields);
            }
            Change::Nothing => {}
        }
    }

    /// The answer to a query is what the tables have.
    fn finds_what_the_tables_have(&mut self, query: HouseholdQuery) {
        let wanted = Listed::of(self.store.connection(), query.clone(), "c1", NOW_MS).expect("a list");
        let Reply::Households(found) = self.ask(Request::Households(query)) else { panic!("no list") };
        wanted.equals(&found).expect("the same");
    }
}

const TEXTS: [&str; 15] = [
    "",
    "周",
    "zxl",
    "1380",
    "周 一组",
    "11号",
    "getihu 3",
    "%",
    "AYG",
    "没有这户",
    "zhouxiulan",
    "zhaoyum",
    "majg",
    "xiul 一",
    "ou",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_changes_the_register_is_found_as_the_tables_have_it(
        story in prop::collection::vec((change(), 0..80usize, 0..3u32), 1..40),
    ) {
        let mut phone = Phone::new();
        let all = queries([VILLAGE.to_owned(), "519921105202".to_owned()], &TEXTS);
        for (what, nth, offset) in story {
            phone.change(what);
            let query = HouseholdQuery { offset, limit: 3, ..all[nth % all.len()].clone() };
            phone.finds_what_the_tables_have(query);
        }
        for query in all {
            phone.finds_what_the_tables_have(query);
        }
    }
}

#[test]
fn a_household_is_found_by_whole_pinyin_and_by_its_members_and_says_by_whom() {
    let mut phone = Phone::new();
    let wang = phone.household("王桂花");
    let member =
        vec![("household", wang.to_string().into()), ("name", "李小明".into()), ("phone", "1390002".into())];
    phone.put(kind::PERSON, None, member);
    phone.household("汪国栋");
    let mut by = |text: &str| -> Vec<_> {
        phone.find(HouseholdFilter::All, text).rows.into_iter().map(|row| (row.head, row.found_by)).collect()
    };
    let own = [("王桂花".to_owned(), None)];
    for text in ["wangguihua", "wanggui", "wang gh", "wanggh"] {
        assert_eq!(by(text), own, "{text}");
    }
    let heads: Vec<String> = by("wangg").into_iter().map(|(head, _)| head).collect();
    assert_eq!(heads.len(), 2, "both are spelled so: {heads:?}");
    let ming = [("王桂花".to_owned(), Some(FoundBy::Member("李小明".to_owned())))];
    for text in ["lixiaoming", "xiaom", "li xm", "小明", "wang 小明"] {
        assert_eq!(by(text), ming, "{text}");
    }
    let phone_of = FoundBy::MemberPhone { name: "李小明".to_owned(), phone: "1390002".to_owned() };
    assert_eq!(by("139"), [("王桂花".to_owned(), Some(phone_of))]);
}

#[test]
fn the_household_whose_name_was_typed_stands_first() {
    let mut phone = Phone::new();
    let mut home = |head: &str, door: i64, member: &str| {
        let set = vec![("head", head.into()), ("door", format!("{door}号").into())];
        let id = phone.put(kind::HOUSEHOLD, None, set);
        phone.put(kind::PERSON, None, vec![("household", id.to_string().into()), ("name", member.into())]);
    };
    home("张三", 1, "王明");
    home("小王明", 2, "李四");
    home("王明华", 3, "李四");
    home("王明", 4, "赵六");
    for text in ["王明", "wangming", "wm"] {
        let found = phone.find(HouseholdFilter::All, text).rows;
        let heads: Vec<&str> = found.iter().map(|row| row.head.as_str()).collect();
        assert_eq!(heads, ["王明", "张三", "王明华", "小王明"], "{text}");
    }
}

#[test]
fn more_new_households_than_are_read_one_by_one_are_all_found() {
    let mut phone = Phone::new();
    phone.household("周秀兰");
    assert_eq!(phone.find(HouseholdFilter::All, "周").total, 1);
    for nth in 0..600 {
        phone.household(&format!("周{nth}"));
    }
    assert_eq!(phone.find(HouseholdFilter::All, "周").total, 601);
    assert_eq!(phone.find(HouseholdFilter::All, "周599").total, 1);
    phone.finds_what_the_tables_have(HouseholdQuery { limit: 50, offset: 40, ..HouseholdQuery::default() });
}

#[test]
fn on_the_first_day_of_the_next_campaign_everybody_is_left_to_visit_again() {
    let mut phone = Phone::new();
    let zhou = phone.household("周秀兰");
    phone.visit(zhou);
    assert_eq!((phone.today().left, phone.find(HouseholdFilter::NotVisited, "").total), (0, 0));
    let texts = [("name", "冬季走访"), ("scheme", "s3"), ("start", "2025-12-01"), ("end", "2025-12-31")];
    phone.put(kind::CAMPAIGN, None, texts.map(|(name, text)| (name, text.into())).into());
    assert_eq!(phone.today().left, 0, "it has not begun");
    let december = NOW_MS + 10 * 86_400_000;
    let Ok(Reply::Today(today)) = phone.store.handle(Request::Today, december) else { panic!("no page") };
    assert_eq!((today.campaign.as_str(), today.left), ("冬季走访", 1));
}
