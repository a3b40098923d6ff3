use super::*;
use crate::store::{
    Edit, Loaded, OpenDraft, Reply, Request, Store, VisitTarget, draft::PhotoDraft, test_world::enrolled,
};
use lianxin_shared::{
    domain::photo::{field_of_hash, value_of_caption},
    replica::{ChainHash, DeviceId, Value},
    wire::v1::{Life, Receipt},
};
use std::path::Path;

const VILLAGE: &str = "519921105201";
const NOW_MS: i64 = 1_448_172_300_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn store_at(path: &Path) -> Store {
    let mut store = Store::open(Connection::open(path).unwrap()).unwrap();
    if store.membership().unwrap().is_none() {
        let request = Request::Enrol {
            server_url: "http://here".to_owned(),
            enrolled: enrolled(DeviceId::from_bits(7), Uuid::from_u128(2)),
        };
        store.handle(request, NOW_MS).unwrap();
    }
    store
}

fn store() -> Store {
    store_at(Path::new(":memory:"))
}

/// What only looks like a JPEG to whoever reads its ends, `bytes` long.
fn jpeg(n: u8, bytes: usize) -> Vec<u8> {
    [JPEG_START.as_slice(), &vec![n; bytes - 5], &JPEG_END].concat()
}

fn taken(n: u8) -> NewPhoto {
    let (original, thumb) = (Bytes::of(&jpeg(n, 90_000)), Bytes::of(&jpeg(n, 9_000)));
    NewPhoto { village: VILLAGE.to_owned(), original, thumb }
}

fn keep(store: &mut Store, n: u8) -> PhotoName {
    match store.handle(Request::KeepPhoto(Box::new(taken(n))), NOW_MS).unwrap() {
        Reply::PhotoKept(name) => name,
        other => panic!("{other:?}"),
    }
}

fn picture(store: &mut Store, name: &PhotoName, size: PhotoSize) -> Option<Vec<u8>> {
    match store.handle(Request::Picture { name: name.clone(), size }, NOW_MS).unwrap() {
        Reply::Picture(bytes) => bytes.map(|bytes| bytes.decode().unwrap()),
        other => panic!("{other:?}"),
    }
}

fn start_visit(store: &mut Store) -> OpenDraft {
    let target =
        VisitTarget::Other { kind: "school".into(), name: "中心小学".into(), village: VILLAGE.into() };
    match store.handle(Request::StartVisit { target }, NOW_MS).unwrap() {
        Reply::Draft(open) => *open,
        other => panic!("{other:?}"),
    }
}

/// A draft that names these photos; its id.
fn visit_with(store: &mut Store, names: &[&PhotoName]) -> Uuid {
    let mut draft = start_visit(store).draft;
    draft.photos =
        names.iter().map(|name| PhotoDraft { hash: name.hash.clone(), caption: "门前".into() }).collect();
    let id = draft.id;
    store.handle(Request::SaveDraft(Box::new(draft)), NOW_MS).unwrap();
    id
}

fn complete(store: &mut Store, id: Uuid) {
    store.handle(Request::CompleteVisit { id }, NOW_MS).unwrap();
}

fn record(store: &mut Store, id: Uuid) -> Loaded {
    match store.handle(Request::Record { id }, NOW_MS).unwrap() {
        Reply::Record(loaded) => loaded,
        other => panic!("{other:?}"),
    }
}

fn files(store: &Store) -> i64 {
    store.connection().query_row("SELECT count(*) FROM photo_file", [], |row| row.get(0)).unwrap()
}

fn lacking_of(store: &Store) -> (u32, u32) {
    lacking(store.connection()).unwrap()
}

#[test]
fn a_photo_is_kept_once_and_comes_back_byte_by_byte() {
    let mut store = store();
    let name = keep(&mut store, 1);
    assert_eq!(name.hash, hash_of(&jpeg(1, 90_000)));
    assert_eq!(keep(&mut store, 1), name);
    assert_eq!(files(&store), 2, "a thumbnail and an original, once");
    assert_eq!(picture(&mut store, &name, PhotoSize::Full), Some(jpeg(1, 90_000)));
    assert_eq!(picture(&mut store, &name, PhotoSize::Small), Some(jpeg(1, 9_000)));
    let elsewhere = PhotoName { village: "519921105202".to_owned(), ..name };
    assert_eq!(picture(&mut store, &elsewhere, PhotoSize::Full), None, "a hash opens nothing elsewhere");
}

#[test]
fn what_is_no_picture_or_too_long_is_refused_in_words() {
    let mut store = store();
    let whole = taken(1);
    for wrong in [
        NewPhoto { original: Bytes::of(b"<html>"), ..whole.clone() },
        NewPhoto { original: Bytes::of(&jpeg(1, photo::original_bytes_max + 1)), ..whole.clone() },
        NewPhoto { thumb: Bytes::of(&jpeg(1, photo::thumb_bytes_max + 1)), ..whole.clone() },
        NewPhoto { thumb: Bytes::of(&[]), ..whole },
    ] {
        let refused = store.handle(Request::KeepPhoto(Box::new(wrong)), NOW_MS).unwrap_err();
        assert!(refused.to_string().contains("再选一次或重拍"), "{refused}");
    }
    assert_eq!(files(&store), 0);
}

#[test]
fn a_killed_phone_has_its_draft_with_its_photos_and_sends_them_after_the_visit_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("phone.db");
    let (id, name) = {
        let mut store = store_at(&path);
        let name = keep(&mut store, 1);
        (visit_with(&mut store, &[&name]), name)
    };
    let mut store = store_at(&path);
    store.collect_photos(NOW_MS).unwrap();
    store.collect_photos(NOW_MS + 30 * DAY_MS).unwrap();
    assert_eq!(picture(&mut store, &name, PhotoSize::Full), Some(jpeg(1, 90_000)), "a draft keeps its own");
    assert_eq!((store.next_parcel().unwrap(), lacking_of(&store)), (None, (0, 0)), "drafts stay here");
    complete(&mut store, id);
    let field = record(&mut store, id).fields.remove(&field_of_hash(&name.hash));
    assert_eq!(field, Some(value_of_caption("门前")));
    assert_eq!(lacking_of(&store), (1, 0));

    let thumb = store.next_parcel().unwrap().unwrap();
    assert_eq!((thumb.part, thumb.bytes, &thumb.photo), (Part::Thumb, 9_000, &name.hash));
    assert_eq!(store.parcel_bytes(&thumb, 8_990, 100).unwrap(), jpeg(1, 9_000)[8_990..]);
    store.parcel_delivered(&thumb).unwrap();
    assert_eq!(lacking_of(&store), (1, 0), "a photo is two files");
    let original = store.next_parcel().unwrap().unwrap();
    assert_eq!((original.part, original.was_there), (Part::Original, false));
    store.parcel_delivered(&original).unwrap();
    assert_eq!((store.next_parcel().unwrap(), lacking_of(&store)), (None, (0, 0)));
    let Reply::Visit(page) = store.handle(Request::Visit { id }, NOW_MS).unwrap() else { panic!() };
    assert_eq!(page.photos[0].place, PhotoPlace::Received);

    // The server begins a new life: nobody knows what it still has.
    let receipt = Receipt { device_seq: 0, chain: ChainHash::start(DeviceId::from_bits(7)) };
    let life = Life { epoch: Uuid::from_u128(3), receipt };
    store.sync_renew(&life).unwrap();
    assert_eq!(lacking_of(&store), (1, 0));
    assert!(store.next_parcel().unwrap().unwrap().was_there, "asked before it is sent again");
}

#[test]
fn thumbnails_go_first_and_what_leads_nowhere_goes_last() {
    let mut store = store();
    let names = [keep(&mut store, 1), keep(&mut store, 2)];
    let id = visit_with(&mut store, &[&names[0], &names[1]]);
    complete(&mut store, id);
    let first = store.next_parcel().unwrap().unwrap();
    assert_eq!((first.part, &first.photo), (Part::Thumb, &names[0].hash));
    store.parcel_put_off(&first).unwrap();
    let mut order = Vec::new();
    while let Some(parcel) = store.next_parcel().unwrap() {
        order.push((parcel.part, parcel.photo.clone()));
        store.parcel_delivered(&parcel).unwrap();
    }
    let [a, b] = names.map(|name| name.hash);
    assert_eq!(
        order,
        [(Part::Thumb, b.clone()), (Part::Original, a.clone()), (Part::Original, b), (Part::Thumb, a)]
    );
}

#[test]
fn a_refused_photo_stays_is_said_and_is_offered_again_when_asked() {
    let mut store = store();
    let name = keep(&mut store, 1);
    let id = visit_with(&mut store, &[&name]);
    complete(&mut store, id);
    while let Some(parcel) = store.next_parcel().unwrap() {
        store.parcel_refused(&parcel, "这个村没有分给您").unwrap();
    }
    assert_eq!(lacking_of(&store), (0, 1));
    let Reply::Visit(page) = store.handle(Request::Visit { id }, NOW_MS).unwrap() else { panic!() };
    assert_eq!(page.photos[0].place, PhotoPlace::Refused("这个村没有分给您".to_owned()));
    assert!(picture(&mut store, &name, PhotoSize::Full).is_some());
    store.offer_refused_again().unwrap();
    assert_eq!(lacking_of(&store), (1, 0));
}

#[test]
fn what_nothing_names_goes_after_a_day_and_can_be_taken_back_before() {
    let mut store = store();
    let name = keep(&mut store, 1);
    let id = visit_with(&mut store, &[&name]);
    complete(&mut store, id);
    let change = |store: &mut Store, value: Value| {
        let field = field_of_hash(&name.hash);
        let loaded = record(store, id);
        let edit = Edit {
            kind: loaded.kind,
            id: Some(id),
            village: VILLAGE.to_owned(),
            base: [(field.clone(), vec![loaded.stamps[&field]])].into(),
            set: [(field, value)].into(),
        };
        store.handle(Request::Save(edit), NOW_MS).unwrap();
    };
    change(&mut store, Value::Null);
    assert_eq!(store.next_parcel().unwrap(), None, "what was taken off is not sent");
    store.collect_photos(NOW_MS).unwrap();
    store.collect_photos(NOW_MS + DAY_MS - 1).unwrap();
    change(&mut store, value_of_caption(""));
    store.collect_photos(NOW_MS + 3 * DAY_MS).unwrap();
    assert!(picture(&mut store, &name, PhotoSize::Full).is_some(), "taken back");
    change(&mut store, Value::Null);
    store.collect_photos(NOW_MS + 4 * DAY_MS).unwrap();
    assert_eq!(files(&store), 2);
    store.collect_photos(NOW_MS + 5 * DAY_MS + 1).unwrap();
    assert_eq!(files(&store), 0);
}

#[test]
fn a_photo_of_two_records_stays_with_the_second() {
    let mut store = store();
    let name = keep(&mut store, 1);
    let (kept, thrown) = (visit_with(&mut store, &[&name]), visit_with(&mut store, &[&name]));
    store.handle(Request::DiscardDraft { id: thrown }, NOW_MS).unwrap();
    complete(&mut store, kept);
    store.collect_photos(NOW_MS).unwrap();
    store.collect_photos(NOW_MS + 9 * DAY_MS).unwrap();
    assert_eq!(files(&store), 2);
}

#[test]
fn what_others_took_is_kept_only_if_it_is_what_a_record_names() {
    let mut store = store();
    let (bytes, thumb) = (jpeg(5, 2_000), jpeg(5, 500));
    let name = PhotoName { village: VILLAGE.to_owned(), hash: hash_of(&bytes) };
    store.fetched(name.clone(), PhotoSize::Full, Ok(&bytes)).unwrap();
    assert_eq!(files(&store), 0, "nothing names it here");
    let id = visit_with(&mut store, &[&name]);
    complete(&mut store, id);
    store.fetched(name.clone(), PhotoSize::Full, Ok(&thumb)).unwrap();
    assert_eq!(files(&store), 0, "other bytes than were asked for");
    store.fetched(name.clone(), PhotoSize::Full, Ok(&bytes)).unwrap();
    store.fetched(name.clone(), PhotoSize::Small, Ok(b"<html>Please sign in</html>")).unwrap();
    assert_eq!(files(&store), 1, "a page of somebody in between is no picture");
    store.fetched(name.clone(), PhotoSize::Small, Ok(&thumb)).unwrap();
    assert_eq!(picture(&mut store, &name, PhotoSize::Full), Some(bytes));
    assert_eq!(store.next_parcel().unwrap(), None, "it is not this phone's to send");
    let Reply::Visit(page) = store.handle(Request::Visit { id }, NOW_MS).unwrap() else { panic!() };
    assert_eq!(page.photos[0].place, PhotoPlace::Elsewhere);
    assert_eq!(picture(&mut store, &name, PhotoSize::Small), Some(thumb));
}

#[test]
fn a_record_that_leaves_the_phone_leaves_no_photo_unsent() {
    let mut store = store();
    let name = keep(&mut store, 1);
    let id = visit_with(&mut store, &[&name]);
    complete(&mut store, id);
    let mut gone = Row::empty("visit", id, VILLAGE);
    gone.mark_deleted();
    note_record(store.connection(), &gone).unwrap();
    store.collect_photos(NOW_MS).unwrap();
    store.collect_photos(NOW_MS + 9 * DAY_MS).unwrap();
    while let Some(parcel) = store.next_parcel().unwrap() {
        store.parcel_delivered(&parcel).unwrap();
    }
    assert_eq!((files(&store), lacking_of(&store)), (2, (0, 0)), "it was kept until it was sent");
    store.collect_photos(NOW_MS + 9 * DAY_MS).unwrap();
    store.collect_photos(NOW_MS + 11 * DAY_MS).unwrap();
    assert_eq!(files(&store), 0);
}

#[test]
fn photos_follow_a_record_to_another_village() {
    let mut store = store();
    let name = keep(&mut store, 1);
    let id = visit_with(&mut store, &[&name]);
    complete(&mut store, id);
    while let Some(parcel) = store.next_parcel().unwrap() {
        store.parcel_delivered(&parcel).unwrap();
    }
    let shown = crate::store::records::shown(store.connection(), id).unwrap().unwrap();
    let moved = Row { village: "519921105202".to_owned(), ..shown };
    note_record(store.connection(), &moved).unwrap();
    let there = PhotoName { village: moved.village, ..name };
    assert_eq!(picture(&mut store, &there, PhotoSize::Full), Some(jpeg(1, 90_000)));
    assert_eq!(store.next_parcel().unwrap().unwrap().village, there.village, "it is sent there");
}

#[test]
fn records_that_came_before_this_version_knew_photos_name_them_too() {
    let mut db = Connection::open_in_memory().unwrap();
    let steps = &crate::store::MIGRATIONS;
    lianxin_shared::sqlite::migrate(&mut db, &steps[..4]).unwrap();
    let (shown, off) = (hash_of(b"shown"), hash_of(b"off"));
    let mut row = Row::empty("visit", Uuid::from_u128(9), VILLAGE);
    let stamp = lianxin_shared::replica::Stamp { wall_ms: 1, counter: 0, device: DeviceId::from_bits(1) };
    let set = [(field_of_hash(&shown), value_of_caption("井")), (field_of_hash(&off), Value::Null)];
    row.apply(
        &lianxin_shared::replica::PatchDraft {
            stamp,
            kind: "visit".into(),
            id: row.id,
            village: VILLAGE.into(),
            set: set.into(),
            base: Default::default(),
        },
        stamp,
    );
    let mut replica = lianxin_shared::sqlite::Replica::new(&db);
    replica.put(&row).unwrap();
    replica.finish().unwrap();
    let store = Store::open(db).unwrap();
    let named = names(store.connection(), row.id).unwrap();
    assert_eq!(named, [PhotoName { village: VILLAGE.to_owned(), hash: shown }]);
}
