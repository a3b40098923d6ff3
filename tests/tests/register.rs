//! The register on a phone: who is on it, who has left it, and who stands for whom.

use lianxin_app::store::{
    Edit, HouseholdFilter, HouseholdPage, HouseholdQuery, Households, Reply, Request, Store, Today,
};
use lianxin_shared::{
    replica::{Base, DeviceId, FieldSet, Value, kind},
    wire::{PROTOCOL, v1::EnrolResponse},
};
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
