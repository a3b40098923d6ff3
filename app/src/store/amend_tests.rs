use super::*;
use crate::store::{
    HouseholdPage, Mine, OpenDraft, Reply, Request, Store, StoreError, Tally, VisitPage, VisitTarget,
    draft::{OpinionDraft, Sorted},
    test_world::enrolled,
};
use lianxin_shared::{
    domain::visit::field,
    replica::{DeviceId, patch_bytes_max},
};
use std::collections::BTreeSet;

const VILLAGE: &str = "519921105201";
const NOW_MS: i64 = 1_448_172_300_000;
const HOUR_MS: i64 = 60 * 60 * 1000;

fn store() -> Store {
    let mut store = Store::open(Connection::open_in_memory().unwrap()).unwrap();
    let request = Request::Enrol {
        server_url: "http://here".to_owned(),
        enrolled: enrolled(DeviceId::from_bits(7), Uuid::from_u128(2)),
    };
    store.handle(request, NOW_MS).unwrap();
    store
}

fn opened(store: &mut Store, request: Request, now_ms: i64) -> OpenDraft {
    match store.handle(request, now_ms).unwrap() {
        Reply::Draft(open) => *open,
        other => panic!("{other:?}"),
    }
}

fn done(store: &mut Store, request: Request, now_ms: i64) {
    assert_eq!(store.handle(request, now_ms).unwrap(), Reply::Done);
}

fn page(store: &mut Store, id: Uuid) -> VisitPage {
    match store.handle(Request::Visit { id }, NOW_MS).unwrap() {
        Reply::Visit(page) => *page,
        other => panic!("{other:?}"),
    }
}

fn mine(store: &mut Store) -> Mine {
    match store.handle(Request::Mine, NOW_MS).unwrap() {
        Reply::Mine(mine) => *mine,
        other => panic!("{other:?}"),
    }
}

fn household(store: &mut Store) -> Uuid {
    let set = FieldSet::from([("head".to_owned(), "周秀兰".into())]);
    let edit =
        Edit { kind: kind::HOUSEHOLD.into(), id: None, village: VILLAGE.into(), set, base: Base::new() };
    match store.handle(Request::Save(edit), NOW_MS).unwrap() {
        Reply::Record(loaded) => loaded.id,
        other => panic!("{other:?}"),
    }
}

fn household_page(store: &mut Store, id: Uuid, now_ms: i64) -> HouseholdPage {
    match store.handle(Request::Household { id }, now_ms).unwrap() {
        Reply::Household(page) => *page,
        other => panic!("{other:?}"),
    }
}

fn said(n: u128, text: &str) -> OpinionDraft {
    OpinionDraft { id: Uuid::from_u128(n), text: text.to_owned(), ..OpinionDraft::default() }
}

/// Keeps the draft as `change` leaves it, and completes it.
fn finished(store: &mut Store, open: OpenDraft, change: impl FnOnce(&mut VisitDraft), now_ms: i64) -> Uuid {
    let (mut draft, id) = (open.draft.clone(), open.draft.id);
    change(&mut draft);
    done(store, Request::SaveDraft(Box::new(draft)), now_ms);
    done(store, Request::CompleteVisit { id }, now_ms);
    id
}

/// A finished visit with one opinion; its household and id.
fn visited(store: &mut Store) -> (Uuid, Uuid) {
    let home = household(store);
    let open = opened(store, Request::StartVisit { target: VisitTarget::Household(home) }, NOW_MS);
    let id = finished(
        store,
        open,
        |draft| {
            for item in templates().items_of(&draft.checklists).iter().filter(|item| !item.is_opinion) {
                let (field, value) = match item.options.first() {
                    Some(option) => item.pick(&option.code),
                    None => (item.field(), "问过了".into()),
                };
                draft.answers.insert(field, value);
            }
            draft.notes = "老人耳背。".to_owned();
            draft.opinions.push(said(51, "路不好走。"));
        },
        NOW_MS,
    );
    (home, id)
}

/// The fields that patches of a record have written, patch by patch.
fn written(store: &Store, id: Uuid) -> Vec<BTreeSet<String>> {
    let mut statement =
        store.connection().prepare("SELECT body FROM whole_patch WHERE record = ?1 ORDER BY at").unwrap();
    let bodies = statement.query_map([id.as_bytes()], |row| row.get::<_, String>(0)).unwrap();
    let fields = |body: String| {
        let body: records::Body = serde_json::from_str(&body).unwrap();
        body.set.into_keys().collect()
    };
    bodies.map(|body| fields(body.unwrap())).collect()
}

/// Another editor than the correction writes one field.
fn write_elsewhere(store: &mut Store, id: Uuid, field: &str, value: Value) {
    let Loaded { kind, village, stamps, .. } = page(store, id).record;
    let base = stamps.get(field).map(|stamp| (field.to_owned(), vec![*stamp]));
    let set = FieldSet::from([(field.to_owned(), value)]);
    let edit = Edit { kind, id: Some(id), village, set, base: base.into_iter().collect() };
    store.handle(Request::Save(edit), NOW_MS + 1).unwrap();
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_correction_writes_only_what_differs_and_names_what_was_seen() {
    let mut store = store();
    let (_, id) = visited(&mut store);
    // What was sent is never written to again.
    store.sync_load(patch_bytes_max, None).unwrap();
    let before = page(&mut store, id);
    let open = opened(&mut store, Request::AmendVisit { id }, NOW_MS + HOUR_MS);
    assert_eq!(open.said.len(), 1, "what was said is there to be read");
    assert!(open.draft.opinions.is_empty(), "and not to be written over");
    assert!(page(&mut store, id).amending);
    finished(
        &mut store,
        open,
        |draft| {
            draft.notes = "老人耳背，要大声。".to_owned();
            draft.companions = "老周".to_owned();
            draft.opinions.push(said(52, "水也常停。"));
        },
        NOW_MS + HOUR_MS,
    );
    let after = page(&mut store, id);
    assert_eq!(after.record.fields[field::NOTES], "老人耳背，要大声。".into());
    assert_eq!(after.record.fields[field::COMPANIONS], "老周".into());
    assert_eq!(after.record.fields[field::OCCURRED_AT], before.record.fields[field::OCCURRED_AT]);
    assert_eq!(after.opinions.len(), 2);
    assert!(after.may_amend && !after.amending);
    let patches = written(&store, id);
    assert_eq!(patches.len(), 2, "the first words stand in their own patch: history keeps them");
    assert_eq!(patches[1], names(&[field::COMPANIONS, field::NOTES]));
    let base: String = store
        .connection()
        .query_row(
            "SELECT body FROM whole_patch WHERE record = ?1 ORDER BY at DESC LIMIT 1",
            [id.as_bytes()],
            |row| row.get(0),
        )
        .unwrap();
    let body: records::Body = serde_json::from_str(&base).unwrap();
    assert_eq!(body.base[field::NOTES], [before.record.stamps[field::NOTES]]);
    assert_eq!(mine(&mut store).waiting.visits, 1, "it is on its way again");
}

#[test]
fn a_correction_sorts_what_was_said_and_leaves_the_words() {
    let mut store = store();
    let (_, id) = visited(&mut store);
    store.sync_load(patch_bytes_max, None).unwrap();
    let open = opened(&mut store, Request::AmendVisit { id }, NOW_MS + HOUR_MS);
    let (opinion, stamp) = (open.said[0].id, open.said[0].stamps["kind"]);
    let set = FieldSet::from([
        ("kind".to_owned(), "help".into()),
        ("anonymous".to_owned(), true.into()),
        ("text".to_owned(), "改过的话".into()),
    ]);
    let sorted = Sorted { set, base: Base::from([("kind".to_owned(), vec![stamp])]) };
    finished(&mut store, open, |draft| drop(draft.sorted.insert(opinion, sorted)), NOW_MS + HOUR_MS);
    let said = opinion::Opinion::from_fields(&page(&mut store, id).opinions[0].fields);
    assert_eq!(
        (said.text.as_str(), said.kind, said.anonymous),
        ("路不好走。", opinion::OpinionKind::Help, true)
    );
    assert_eq!(written(&store, opinion)[1], names(&["anonymous", "kind"]));
    assert_eq!(written(&store, id).len(), 1, "the visit itself is as it was");

    let open = opened(&mut store, Request::AmendVisit { id }, NOW_MS + 2 * HOUR_MS);
    let base = Base::from([("anonymous".to_owned(), vec![open.said[0].stamps["anonymous"]])]);
    let sorted = Sorted { set: FieldSet::from([("anonymous".to_owned(), false.into())]), base };
    finished(&mut store, open, |draft| drop(draft.sorted.insert(opinion, sorted)), NOW_MS + 2 * HOUR_MS);
    let said = opinion::Opinion::from_fields(&page(&mut store, id).opinions[0].fields);
    assert!(said.anonymous, "a name that was withheld stays so");
}

#[test]
fn a_correction_that_changes_nothing_writes_nothing() {
    let mut store = store();
    let (_, id) = visited(&mut store);
    store.sync_load(patch_bytes_max, None).unwrap();
    let open = opened(&mut store, Request::AmendVisit { id }, NOW_MS + HOUR_MS);
    finished(&mut store, open, |_| {}, NOW_MS + HOUR_MS);
    assert_eq!(written(&store, id).len(), 1);
    assert!(!page(&mut store, id).amending);
}

#[test]
fn a_field_that_only_somebody_else_changed_meanwhile_is_left_alone() {
    let mut store = store();
    let (_, id) = visited(&mut store);
    let open = opened(&mut store, Request::AmendVisit { id }, NOW_MS);
    write_elsewhere(&mut store, id, field::CARD_LEFT, true.into());
    finished(&mut store, open, |draft| draft.notes = "补一句。".to_owned(), NOW_MS + HOUR_MS);
    let fields = page(&mut store, id).record.fields;
    assert_eq!(fields[field::CARD_LEFT], true.into());
    assert_eq!(fields[field::NOTES], "补一句。".into());
}

#[test]
fn an_answer_that_was_empty_already_is_not_emptied_over_what_somebody_gave_meanwhile() {
    let mut store = store();
    let (_, id) = visited(&mut store);
    let given = Visit::from_fields(&page(&mut store, id).record.fields).answers;
    let open = opened(&mut store, Request::AmendVisit { id }, NOW_MS);
    finished(&mut store, open, |draft| draft.absent = true, NOW_MS);
    store.sync_load(patch_bytes_max, None).unwrap();
    let open = opened(&mut store, Request::AmendVisit { id }, NOW_MS + HOUR_MS);
    let (answer, value) = given.first_key_value().unwrap();
    write_elsewhere(&mut store, id, answer, value.clone());
    finished(&mut store, open, |draft| draft.notes = "补一句。".to_owned(), NOW_MS + HOUR_MS);
    let fields = page(&mut store, id).record.fields;
    assert_eq!(fields[answer], *value);
    assert_eq!(fields[field::NOTES], "补一句。".into());
}

#[test]
fn a_correction_goes_on_when_the_phone_becomes_another_device_and_signs_its_visit_anew() {
    let mut store = store();
    let (_, id) = visited(&mut store);
    store.sync_load(patch_bytes_max, None).unwrap();
    let open = opened(&mut store, Request::AmendVisit { id }, NOW_MS);
    store.sync_become_other(&enrolled(DeviceId::from_bits(8), Uuid::from_u128(2)), NOW_MS).unwrap();
    let stands = page(&mut store, id).record.stamps[field::NOTES];
    assert_eq!(stands.device, DeviceId::from_bits(8));
    finished(&mut store, open, |draft| draft.notes = "老人耳背，要大声。".to_owned(), NOW_MS + HOUR_MS);
    let sent = store.sync_load(patch_bytes_max, None).unwrap().patches;
    let blind = sent
        .iter()
        .filter(|patch| patch.edit.id == id)
        .find(|patch| patch.edit.stamp != stands && patch.edit.base.get(field::NOTES) != Some(&vec![stands]));
    assert_eq!(blind, None, "its author has seen what is corrected: no conflict with the own words");
}

#[test]
fn a_visit_moved_to_another_hour_takes_what_was_said_along_and_is_written_after_it_was_made() {
    let mut store = store();
    let (_, id) = visited(&mut store);
    let open = opened(&mut store, Request::AmendVisit { id }, NOW_MS + 2 * HOUR_MS);
    finished(&mut store, open, |draft| draft.occurred_ms = NOW_MS + HOUR_MS, NOW_MS + 2 * HOUR_MS);
    let page = page(&mut store, id);
    for at in [field::OCCURRED_AT, field::WRITTEN_AT] {
        assert_eq!(page.record.fields[at], Value::Int(NOW_MS + HOUR_MS), "{at}");
    }
    assert_eq!(page.opinions[0].fields[opinion::field::OCCURRED_AT], Value::Int(NOW_MS + HOUR_MS));
}

#[test]
fn nobody_was_home_after_all_empties_the_answers_and_keeps_them_in_history() {
    let mut store = store();
    let (_, id) = visited(&mut store);
    store.sync_load(patch_bytes_max, None).unwrap();
    let given = Visit::from_fields(&page(&mut store, id).record.fields).answers;
    assert!(!given.is_empty());
    let open = opened(&mut store, Request::AmendVisit { id }, NOW_MS);
    finished(&mut store, open, |draft| draft.absent = true, NOW_MS);
    let fields = page(&mut store, id).record.fields;
    assert_eq!(fields[field::ABSENT], true.into());
    for name in given.keys() {
        assert_eq!(fields[name], Value::Null);
        assert!(written(&store, id)[0].contains(name), "the first patch still tells it");
    }
}

#[test]
fn only_its_author_corrects_a_visit_and_only_while_it_stands() {
    for (field, value, words) in
        [(field::VOID_REASON, "走错了门", "已作废"), (field::VISITOR, "laozhou", "要由本人更正")]
    {
        let mut store = store();
        let (_, id) = visited(&mut store);
        write_elsewhere(&mut store, id, field, value.into());
        assert!(!page(&mut store, id).may_amend);
        let told = store.handle(Request::AmendVisit { id }, NOW_MS);
        assert!(matches!(&told, Err(StoreError::Invalid(told)) if told.contains(words)), "{told:?}");
    }
}

#[test]
fn a_correction_is_no_new_visit_of_its_household() {
    let mut store = store();
    let (home, id) = visited(&mut store);
    let here = household_page(&mut store, home, NOW_MS);
    assert_eq!((here.visited_today, here.draft), (Some(id), None));
    opened(&mut store, Request::AmendVisit { id }, NOW_MS);
    let here = household_page(&mut store, home, NOW_MS);
    assert_eq!(here.draft, None, "去走访 begins a visit, it does not go on with the correction");
    let open = opened(&mut store, Request::StartVisit { target: VisitTarget::Household(home) }, NOW_MS);
    assert_ne!(open.draft.id, id);
    let Reply::Today(today) = store.handle(Request::Today, NOW_MS).unwrap() else { panic!("no page") };
    let rows: Vec<(bool, u8)> = today.drafts.iter().map(|row| (row.amends, row.step)).collect();
    assert!(rows.contains(&(true, REVIEW)) && rows.contains(&(false, 0)), "{rows:?}");
    let tomorrow = household_page(&mut store, home, NOW_MS + 24 * HOUR_MS);
    assert_eq!(tomorrow.visited_today, None);
}

#[test]
fn what_waits_is_counted_as_people_count_it() {
    let mut store = store();
    let (_, id) = visited(&mut store);
    let open = opened(&mut store, Request::AmendVisit { id }, NOW_MS);
    finished(&mut store, open, |draft| draft.opinions.push(said(52, "水也常停。")), NOW_MS);
    let page = mine(&mut store);
    let tally = Tally { visits: 1, opinions_in_visits: 2, households: 1, ..Tally::default() };
    assert_eq!((page.waiting, page.saved_today, page.sync.tally), (tally, tally, tally));
    assert_eq!((tally.things(), page.sync.waiting), (2, 4));
    let rows: Vec<(&str, u32)> = page.outbox.iter().map(|row| (row.kind.as_str(), row.opinions)).collect();
    assert_eq!(rows.len(), 2, "what was said goes with its visit: {rows:?}");
    assert!(rows.contains(&(kind::VISIT, 2)) && rows.contains(&(kind::HOUSEHOLD, 0)));
}
