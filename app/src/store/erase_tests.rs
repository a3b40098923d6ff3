use crate::store::{
    Edit, NewPhoto, PhotoName, PhotoSize, Reply, Request, VisitTarget,
    draft::{PhotoDraft, VisitDraft},
    test_world::{DEVICE, NOW_MS, VILLAGE, World, enrolled},
};
use lianxin_shared::{
    domain::{photo, visit},
    replica::{ChainHash, DeviceId, Stamp, Value, conflict_id, kind},
    wire::v1::{ERASED_REASON, Held, Life, Receipt},
};
use rusqlite::Connection;
use uuid::Uuid;

/// Words that may stand nowhere.
const WORDS: &str = "13912345678";

fn household(n: u128) -> Uuid {
    Uuid::from_u128(0x1000 + n)
}

#[test]
fn an_erased_field_leaves_the_row_the_own_patches_and_what_is_searched() {
    let mut world = World::new();
    let id = household(1);
    world.save(id, kind::HOUSEHOLD, &[("head", "周秀兰"), ("phone", WORDS)]).unwrap();
    world.exchange(Vec::new(), &[]);
    assert_eq!(world.told_in(WORDS), ["household", "patch_body", "record"]);

    let row = world.row(id, kind::HOUSEHOLD, &[("head", "周秀兰".into()), ("phone", Value::Null)]);
    world.exchange(vec![row], &[(id, "phone")]);

    assert_eq!(world.told_in(WORDS), [""; 0]);
    assert_eq!(world.shown(id).get("head"), Some(&"周秀兰".into()), "the rest stays");
    let refused = world.save(id, kind::HOUSEHOLD, &[("phone", WORDS)]).unwrap_err().to_string();
    assert!(refused.contains("电话") && refused.contains("依法抹去"), "{refused}");
    world.save(id, kind::HOUSEHOLD, &[("note", "门前路已修")]).unwrap();
}

#[test]
fn words_under_way_are_sent_as_they_were_signed_and_go_with_their_receipt() {
    let mut world = World::new();
    let id = household(1);
    let row = world.row(id, kind::HOUSEHOLD, &[("head", "周秀兰".into())]);
    world.exchange(vec![row], &[]);
    world.save(id, kind::HOUSEHOLD, &[("phone", WORDS)]).unwrap();
    // Sealed and sent, but that answer is lost; an older one tells of the erasure.
    let sent = world.store.sync_load(1 << 20, None).unwrap().patches;
    world.answer(Vec::new(), &[(id, "phone")]);
    let row = world.row(id, kind::HOUSEHOLD, &[("head", "周秀兰".into()), ("phone", Value::Null)]);
    let again = world.exchange(vec![row], &[]);
    assert_eq!(again, sent, "the server knows it by its hash");
    assert_eq!(world.told_in(WORDS), [""; 0]);
}

#[test]
fn an_open_patch_loses_its_words_before_it_is_ever_sent() {
    let mut world = World::new();
    let id = household(1);
    world.save(id, kind::HOUSEHOLD, &[("head", "周秀兰"), ("phone", WORDS)]).unwrap();
    world.answer(Vec::new(), &[(id, "phone")]);
    assert_eq!(world.told_in(WORDS), [""; 0]);
    let sent = world.exchange(Vec::new(), &[]);
    assert_eq!(sent[0].edit.set.get("phone"), Some(&Value::Null));
    assert_eq!(sent[0].edit.set.get("head"), Some(&"周秀兰".into()));
}

#[test]
fn an_erased_household_is_in_no_list_and_its_page_says_why() {
    let mut world = World::new();
    let id = household(1);
    world.save(id, kind::HOUSEHOLD, &[("head", "周秀兰"), ("phone", WORDS)]).unwrap();
    world.exchange(Vec::new(), &[]);
    let row = world.row(id, kind::HOUSEHOLD, &[("deleted", true.into())]);
    world.exchange(vec![row], &[(id, "")]);
    assert_eq!((world.told_in(WORDS), world.told_in("周秀兰")), (Vec::new(), Vec::new()));
    let listed: i64 =
        world.store.connection().query_row("SELECT count(*) FROM household", [], |row| row.get(0)).unwrap();
    assert_eq!(listed, 0);
    let page = world.store.handle(Request::Household { id }, NOW_MS).unwrap_err().to_string();
    assert!(page.contains("依法抹去"), "{page}");
    assert!(world.save(id, kind::HOUSEHOLD, &[("head", "周秀兰")]).is_err());
}

#[test]
fn the_words_that_lost_a_conflict_go_with_those_that_won() {
    let mut world = World::new();
    let id = household(1);
    let loser = Stamp { wall_ms: 5, counter: 0, device: DEVICE };
    let conflict = conflict_id(id, "phone", loser);
    let fields = |other: Value, open: bool| {
        [
            ("record", id.to_string().into()),
            ("record_kind", kind::HOUSEHOLD.into()),
            ("field", "phone".into()),
            ("open", open.into()),
            ("other", other),
        ]
    };
    let rows = vec![
        world.row(id, kind::HOUSEHOLD, &[("head", "周秀兰".into()), ("phone", "13800000001".into())]),
        world.row(conflict, kind::CONFLICT, &fields(WORDS.into(), true)),
    ];
    world.exchange(rows, &[]);
    // The emptied rows come with a later page: what is here goes at once.
    world.answer(Vec::new(), &[(id, "phone")]);
    assert_eq!((world.told_in(WORDS), world.told_in("13800000001")), (Vec::new(), Vec::new()));
    let open: bool =
        world.store.connection().query_row("SELECT open FROM conflict", [], |row| row.get(0)).unwrap();
    assert!(!open);
}

#[test]
fn the_rows_of_a_former_life_and_what_is_sent_again_to_the_new_one_have_lost_the_words() {
    let mut world = World::new();
    let (id, other) = (household(1), household(2));
    world.exchange(Vec::new(), &[]);
    let start = world.receipt.clone();
    world.save(id, kind::HOUSEHOLD, &[("head", "周秀兰"), ("phone", WORDS)]).unwrap();
    world.exchange(Vec::new(), &[]);
    let row = world.row(other, kind::HOUSEHOLD, &[("head", WORDS.into())]);
    world.exchange(vec![row], &[(id, "phone")]);

    // Restored to before all that; the list was carried over, and names one household more.
    world.epoch = Uuid::from_u128(3);
    world.store.sync_renew(&Life { epoch: world.epoch, receipt: start.clone() }).unwrap();
    world.receipt = start;
    assert_eq!(world.told_in(WORDS), ["former_record", "household"], "of the other one");
    let sent = world.exchange(Vec::new(), &[(id, "phone"), (other, "")]);
    assert_eq!(sent.len(), 1, "its receipt held: the hash is of what was sent");
    assert_eq!(world.told_in(WORDS), [""; 0]);
    let salvage = world.store.sync_load_salvage(1 << 20).unwrap();
    assert!(!format!("{salvage:?}").contains(WORDS));
}

#[test]
fn a_correction_that_is_being_written_loses_the_field_or_goes() {
    let mut world = World::new();
    let home = household(1);
    world.save(home, kind::HOUSEHOLD, &[("head", "周秀兰")]).unwrap();
    let Reply::Draft(open) =
        world.store.handle(Request::StartVisit { target: VisitTarget::Household(home) }, NOW_MS).unwrap()
    else {
        panic!()
    };
    let draft =
        VisitDraft { absent: true, notes: WORDS.to_owned(), companions: "老周".to_owned(), ..open.draft };
    let id = draft.id;
    world.store.handle(Request::SaveDraft(Box::new(draft)), NOW_MS).unwrap();
    world.store.handle(Request::CompleteVisit { id }, NOW_MS).unwrap();
    world.exchange(Vec::new(), &[]);
    let Reply::Draft(on_screen) = world.store.handle(Request::AmendVisit { id }, NOW_MS).unwrap() else {
        panic!()
    };
    let on_screen = Request::SaveDraft(Box::new(on_screen.draft));
    assert!(world.told_in(WORDS).contains(&"draft".to_owned()));

    world.exchange(Vec::new(), &[(id, visit::field::NOTES)]);
    assert_eq!(world.told_in(WORDS), [""; 0]);
    assert!(world.told_in("老周").contains(&"draft".to_owned()), "the rest of the correction stays");
    world.store.handle(on_screen.clone(), NOW_MS).unwrap();
    assert_eq!(world.told_in(WORDS), [""; 0], "nor does an open screen bring it back");
    world.exchange(Vec::new(), &[(id, "")]);
    assert_eq!(world.told_in("老周"), [""; 0]);
    assert!(world.store.handle(Request::Draft { id }, NOW_MS).is_err());
    assert!(world.store.handle(on_screen, NOW_MS).is_err());
    let page = world.store.handle(Request::Visit { id }, NOW_MS).unwrap_err().to_string();
    assert!(page.contains("依法抹去"), "{page}");
}

#[test]
fn an_erased_photo_goes_at_once_unless_another_record_names_it() {
    let jpeg = |n: u8| [&[0xFF, 0xD8, 0xFF, n][..], &[0xFF, 0xD9]].concat();
    let mut world = World::new();
    let mut names = Vec::new();
    for n in 1..3 {
        let new = NewPhoto {
            village: VILLAGE.to_owned(),
            original: crate::store::Bytes::of(&jpeg(n)),
            thumb: crate::store::Bytes::of(&jpeg(n + 10)),
        };
        let request = Request::KeepPhoto(Box::new(new));
        let Reply::PhotoKept(name) = world.store.handle(request, NOW_MS).unwrap() else { panic!() };
        names.push(name);
    }
    let fields: Vec<String> = names.iter().map(|name| photo::field_of_hash(&name.hash)).collect();
    let (visit, diary) = (Uuid::from_u128(1), Uuid::from_u128(2));
    world.save(visit, kind::VISIT, &[(&fields[0], "屋前"), (&fields[1], "屋后")]).unwrap();
    world.save(diary, kind::DIARY, &[(&fields[1], "屋后")]).unwrap();
    world.exchange(Vec::new(), &[]);
    world.exchange(Vec::new(), &[(visit, "")]);
    let is_here = |world: &mut World, name: &PhotoName| {
        let request = Request::Picture { name: name.clone(), size: PhotoSize::Full };
        matches!(world.store.handle(request, NOW_MS).unwrap(), Reply::Picture(Some(_)))
    };
    assert!(!is_here(&mut world, &names[0]));
    assert!(is_here(&mut world, &names[1]), "the diary names it too");
}

#[test]
fn what_was_erased_is_left_out_of_a_save_and_the_rest_is_kept() {
    let mut world = World::new();
    let id = household(1);
    world.save(id, kind::HOUSEHOLD, &[("head", "周秀兰"), ("phone", WORDS)]).unwrap();
    world.exchange(Vec::new(), &[(id, "phone"), (id, "tags.disabled")]);
    let saved = world.save(id, kind::HOUSEHOLD, &[("phone", WORDS), ("note", "门前路已修")]).unwrap();
    assert_eq!(saved.erased, ["phone"], "the form says so");
    assert_eq!(world.told_in(WORDS), [""; 0]);
    assert_eq!(world.shown(id).get("note"), Some(&"门前路已修".into()));
    let loaded = match world.store.handle(Request::Record { id }, NOW_MS) {
        Ok(Reply::Record(loaded)) => loaded,
        other => panic!("{other:?}"),
    };
    // A switch that is tapped off says nothing of anybody.
    let set = [("tags.disabled".to_owned(), false.into()), ("note".to_owned(), "路修到门口了".into())].into();
    let base = [("note".to_owned(), vec![loaded.stamps["note"]])].into();
    let edit = Edit { kind: loaded.kind, id: Some(id), village: loaded.village, set, base };
    let Ok(Reply::Record(saved)) = world.store.handle(Request::Save(edit), NOW_MS) else { panic!("refused") };
    assert_eq!(saved.erased, [""; 0]);
    assert_eq!(world.shown(id).get("note"), Some(&"路修到门口了".into()));
}

#[test]
fn the_log_is_emptied_when_a_receipt_lets_the_words_go() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("phone");
    let db = Connection::open(&path).unwrap();
    db.pragma_update(None, "journal_mode", "wal").unwrap();
    let mut world = World::over(db);
    let log = || std::fs::metadata(dir.path().join("phone-wal")).map_or(0, |log| log.len());
    let id = household(1);
    world.save(id, kind::HOUSEHOLD, &[("head", "周秀兰"), ("phone", WORDS)]).unwrap();
    // Sent, and that answer is lost.
    world.store.sync_load(1 << 20, None).unwrap();
    world.answer(Vec::new(), &[(id, "phone")]);
    assert!(world.told_in(WORDS).contains(&"patch_body".to_owned()));
    let row = world.row(id, kind::HOUSEHOLD, &[("head", "周秀兰".into()), ("phone", Value::Null)]);
    world.exchange(vec![row], &[]);
    assert_eq!((world.told_in(WORDS), log()), (Vec::new(), 0));
}

#[test]
fn a_photo_taken_for_the_correction_of_an_erased_visit_goes_with_it() {
    let mut world = World::new();
    let home = household(1);
    world.save(home, kind::HOUSEHOLD, &[("head", "周秀兰")]).unwrap();
    let draft = VisitDraft { absent: true, ..world.visit(home).draft };
    let id = draft.id;
    world.complete(draft).unwrap();
    world.exchange(Vec::new(), &[]);
    let mut draft = world.ask(Request::AmendVisit { id }).unwrap().unwrap().draft;
    let picture = |n: u8| crate::store::Bytes::of(&[&[0xFF, 0xD8, 0xFF, n][..], &[0xFF, 0xD9]].concat());
    let new = NewPhoto { village: VILLAGE.to_owned(), original: picture(1), thumb: picture(2) };
    let Ok(Reply::PhotoKept(name)) = world.store.handle(Request::KeepPhoto(Box::new(new)), NOW_MS) else {
        panic!("not kept")
    };
    draft.photos.push(PhotoDraft { hash: name.hash, caption: String::new() });
    world.ask(Request::SaveDraft(Box::new(draft))).unwrap();
    world.exchange(Vec::new(), &[(id, "")]);
    let files: i64 =
        world.store.connection().query_row("SELECT count(*) FROM photo_file", [], |row| row.get(0)).unwrap();
    assert_eq!(files, 0);
}

#[test]
fn an_exchange_that_brings_nothing_changes_nothing_while_words_about_the_record_wait_for_the_office() {
    let mut world = World::new();
    let id = household(1);
    world.save(id, kind::HOUSEHOLD, &[("head", "周秀兰"), ("phone", WORDS)]).unwrap();
    world.held = vec![Held { device_seq: 1, reason: "村不对".to_owned(), refused: false, stamp: None }];
    world.exchange(Vec::new(), &[(id, "phone")]);
    world.answer(Vec::new(), &[]);
    world.store.take_events();
    world.answer(Vec::new(), &[]);
    assert_eq!(world.store.take_events(), []);
}

#[test]
fn what_was_refused_since_its_record_was_erased_is_not_offered_to_be_taken_after_all() {
    let mut world = World::new();
    let ids = [household(1), household(2)];
    for id in ids {
        world.save(id, kind::HOUSEHOLD, &[("head", "周秀兰")]).unwrap();
    }
    let refused = |device_seq| Held { device_seq, reason: "不收".to_owned(), refused: true, stamp: None };
    world.held = vec![refused(1), refused(2)];
    world.exchange(Vec::new(), &[(ids[0], "")]);
    let Ok(Reply::Mine(mine)) = world.store.handle(Request::Mine, NOW_MS) else { panic!("no page") };
    let listed: Vec<Uuid> = mine.refused.iter().map(|row| row.id).collect();
    assert_eq!((listed, mine.not_taken.households), (vec![ids[1]], 1));
}

#[test]
fn what_this_phone_handed_in_as_another_device_is_not_told_as_another_phones() {
    let mut world = World::new();
    world.save(household(1), kind::HOUSEHOLD, &[("head", "周秀兰")]).unwrap();
    let own = world.exchange(Vec::new(), &[])[0].edit.stamp;
    let anew = DeviceId::from_bits(8);
    world.store.sync_become_other(&enrolled(anew, world.epoch), NOW_MS).unwrap();
    world.receipt = Receipt { device_seq: 0, chain: ChainHash::start(anew) };
    let other = Stamp { device: DeviceId::from_bits(5), ..own };
    let held =
        |stamp| Held { device_seq: 1, reason: "村不对".to_owned(), refused: false, stamp: Some(stamp) };
    let erased = Held { reason: ERASED_REASON.to_owned(), refused: true, ..held(other) };
    world.held = vec![held(own), held(other), erased];
    world.answer(Vec::new(), &[]);
    let Ok(Reply::Mine(mine)) = world.store.handle(Request::Mine, NOW_MS) else { panic!("no page") };
    assert_eq!(mine.held_elsewhere.iter().map(|row| row.count).sum::<u32>(), 1);
}
