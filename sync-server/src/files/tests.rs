//! Files on a real disk, without HTTP: what a crash between two steps leaves, what goes and what stays.

mod erase;

use super::*;
use crate::{
    service::{Caller, NewLife, begin_life},
    storage::{DATABASE_FILE, Storage, StorageError},
};
use lianxin_shared::{
    domain::photo::field_of_hash,
    replica::{DeviceId, FieldSet, Value},
};
use rusqlite::Connection;
use std::{collections::BTreeSet, fs};
use uuid::Uuid;

const TOWNSHIP: &str = "519921105000";
const WILLOW: &str = "519921105201";
const BRIDGE: &str = "519921105202";

/// A whole JPEG by its marks, different for each `n`.
fn jpeg(n: u8) -> Vec<u8> {
    [[0xFF, 0xD8, 0xFF, 0xE0].as_slice(), &vec![n; 3000], &[0xFF, 0xD9]].concat()
}

struct World {
    dir: tempfile::TempDir,
    storage: Storage,
    caller: Caller,
}

fn caller(device: u64) -> Caller {
    let villages = BTreeSet::from([WILLOW.to_owned()]);
    Caller { device: DeviceId::from_bits(device), villages, past: Default::default(), revoked: false }
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Storage::init(dir.path(), "清溪镇", TOWNSHIP).unwrap();
        let storage = Storage::open(dir.path()).unwrap();
        Self { dir, storage, caller: caller(7) }
    }

    fn begin(&self, bytes: &[u8], role: Role, now_ms: i64) -> Result<Upload, FileError> {
        let new = NewUpload {
            village: WILLOW.to_owned(),
            hash: FileHash::of(bytes),
            role,
            bytes: bytes.len() as u64,
        };
        begin(&self.storage, &self.caller, new, now_ms)
    }

    fn append(&self, upload: &Upload, bytes: &[u8]) {
        self.storage.files().open_upload(&upload.id).unwrap().append(bytes).unwrap();
    }

    /// A whole file, sent at this time.
    fn sent(&self, bytes: &[u8], role: Role, now_ms: i64) -> FileHash {
        let upload = self.begin(bytes, role, now_ms).unwrap();
        if !upload.done {
            self.append(&upload, bytes);
            assert_eq!(settle(&self.storage, &upload, now_ms).unwrap(), upload.bytes);
        }
        upload.hash
    }

    /// A record of the village names the photo.
    fn name(&self, hash: &FileHash) {
        let set = FieldSet::from([(field_of_hash(hash.as_str()), Value::Bool(true))]);
        self.storage.write(move |db| note_references(db, Uuid::from_u128(1), &set)).unwrap();
    }

    fn rows(&self, sql: &'static str) -> i64 {
        self.storage.read(|db| Ok::<i64, StorageError>(db.query_row(sql, [], |row| row.get(0))?)).unwrap()
    }

    fn open(&self, hash: &FileHash) -> Result<StoredFile, FileError> {
        open_file(&self.storage, WILLOW, hash)
    }
}

#[test]
fn a_file_is_whole_under_its_hash_or_not_there() {
    let world = World::new();
    let photo = jpeg(1);
    let upload = world.begin(&photo, Role::Original, 0).unwrap();
    world.append(&upload, &photo[..1000]);
    assert_eq!(settle(&world.storage, &upload, 0).unwrap(), 1000);
    assert!(matches!(world.open(&upload.hash), Err(FileError::NoSuchFile)));
    world.append(&upload, &photo[1000..]);
    assert_eq!(settle(&world.storage, &upload, 0).unwrap(), 3006);
    let stored = world.open(&upload.hash).unwrap();
    assert_eq!((stored.media.as_str(), &stored.bytes), ("image/jpeg", &photo));
    assert!(matches!(open_file(&world.storage, BRIDGE, &upload.hash), Err(FileError::NoSuchFile)));
    let again = world.begin(&photo, Role::Original, 0).unwrap();
    assert!(again.done, "nothing is sent twice");
    let other = begin(
        &world.storage,
        &caller(8),
        NewUpload { village: WILLOW.into(), hash: upload.hash.clone(), role: Role::Original, bytes: 3006 },
        0,
    );
    assert!(other.unwrap().done);
    for _ in 0..5 {
        assert_eq!(world.begin(&photo, Role::Original, 0).unwrap().id, again.id);
    }
    assert_eq!(world.rows("SELECT count(*) FROM upload"), 2, "one for each device");
}

#[test]
fn what_is_wrong_with_a_file_is_said_and_the_upload_begins_anew() {
    let world = World::new();
    let photo = jpeg(1);
    let upload = world.begin(&photo, Role::Original, 0).unwrap();
    world.append(&upload, &jpeg(2));
    assert!(matches!(settle(&world.storage, &upload, 0), Err(FileError::HashDiffers)));
    assert!(matches!(find(&world.storage, &world.caller, &upload.id), Err(FileError::NoSuchUpload)));
    let text = b"<html><script>alert(1)</script></html>".to_vec();
    let upload = world.begin(&text, Role::Original, 0).unwrap();
    world.append(&upload, &text);
    assert!(matches!(settle(&world.storage, &upload, 0), Err(FileError::NotAPicture)));
    assert_eq!(world.rows("SELECT count(*) FROM file") + world.rows("SELECT count(*) FROM upload"), 0);
    assert_eq!(offset(&world.storage, &world.begin(&photo, Role::Original, 0).unwrap()), 0);
    assert!(matches!(world.begin(b"", Role::Original, 0), Err(FileError::NotAPicture)));
    let big = vec![0; usize::try_from(thumb_bytes_max).unwrap() + 1];
    let thumb = Role::Thumb(FileHash::of(&photo));
    assert!(matches!(world.begin(&big, thumb, 0), Err(FileError::TooLarge(64))));
    assert!(world.begin(&big, Role::Original, 0).is_ok());
}

#[test]
fn a_crash_between_the_last_steps_is_healed_by_asking_again() {
    let world = World::new();
    // All bytes arrived, nothing judged.
    let (one, two) = (jpeg(1), jpeg(2));
    let upload = world.begin(&one, Role::Original, 0).unwrap();
    world.append(&upload, &one);
    assert_eq!(offset(&world.storage, &upload), 3006);
    assert_eq!(settle(&world.storage, &upload, 0).unwrap(), 3006);
    assert!(world.open(&upload.hash).is_ok());
    // Renamed, and the database never heard of it.
    let upload = world.begin(&two, Role::Original, 0).unwrap();
    world.append(&upload, &two);
    world.storage.files().keep(&upload).unwrap();
    assert!(world.open(&upload.hash).is_err());
    assert_eq!(settle(&world.storage, &upload, 0).unwrap(), 3006);
    assert!(world.open(&upload.hash).is_ok());
    // The database forgets it (an older backup), the disk does not: nothing has to be sent again.
    world
        .storage
        .write(|db| -> Result<_, FileError> { Ok(db.execute_batch("DELETE FROM file; DELETE FROM upload")?) })
        .unwrap();
    assert!(world.begin(&two, Role::Original, 0).unwrap().done);
    assert!(world.open(&upload.hash).is_ok());
    // The disk forgets it, the database does not: it can be sent again.
    fs::remove_file(world.storage.files().whole_path(WILLOW, &upload.hash)).unwrap();
    assert!(matches!(world.open(&upload.hash), Err(FileError::NoSuchFile)));
    assert!(!world.begin(&two, Role::Original, 0).unwrap().done);
    world.sent(&two, Role::Original, 0);
    assert_eq!(world.open(&upload.hash).unwrap().bytes, two);
}

#[test]
fn a_device_that_begins_again_goes_on_and_cannot_fill_the_disk() {
    let world = World::new();
    let first = world.begin(&jpeg(0), Role::Original, 0).unwrap();
    world.append(&first, &jpeg(0)[..10]);
    let again = world.begin(&jpeg(0), Role::Original, 0).unwrap();
    assert_eq!((&again.id, offset(&world.storage, &again)), (&first.id, 10));
    let others = u8::try_from(device_uploads_max).unwrap();
    for n in 1..others {
        world.begin(&jpeg(n), Role::Original, 0).unwrap();
    }
    assert!(matches!(world.begin(&jpeg(others), Role::Original, 0), Err(FileError::TooMany)));
    assert!(matches!(
        begin(
            &world.storage,
            &caller(8),
            NewUpload { village: BRIDGE.into(), hash: first.hash.clone(), role: Role::Original, bytes: 9 },
            0
        ),
        Err(FileError::OtherVillage)
    ));
    assert!(matches!(find(&world.storage, &caller(8), &first.id), Err(FileError::NoSuchUpload)));
    // One that has stood still for long makes room.
    let path = world.storage.files().uploads_dir().join(&first.id);
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 3600);
    fs::File::options().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
    world.begin(&jpeg(others), Role::Original, 0).unwrap();
    assert!(!path.exists());
    assert!(matches!(find(&world.storage, &world.caller, &first.id), Err(FileError::NoSuchUpload)));
}

#[test]
fn orphans_go_and_what_any_history_names_stays() {
    let world = World::new();
    let (named, orphan, young) = (jpeg(1), jpeg(2), jpeg(3));
    let hash = world.sent(&named, Role::Original, 0);
    let thumb = world.sent(&jpeg(4), Role::Thumb(hash.clone()), 0);
    let other_thumb = world.sent(&jpeg(5), Role::Thumb(FileHash::of(b"no record names it")), 0);
    let orphan = world.sent(&orphan, Role::Original, 0);
    world.name(&hash);
    let later = (orphan_days_max + 1) * day_ms;
    let young = world.sent(&young, Role::Original, later);
    let unfinished = world.begin(&jpeg(6), Role::Original, later).unwrap();
    let held = world.storage.files().hold().unwrap();
    assert_eq!(collect(&world.storage, later).unwrap(), None, "a backup is under way");
    drop(held);
    let collected = collect(&world.storage, later).unwrap().unwrap();
    assert_eq!((collected.files, collected.strays), (2, 0));
    for (hash, here) in
        [(&hash, true), (&thumb, true), (&young, true), (&orphan, false), (&other_thumb, false)]
    {
        assert_eq!(world.open(hash).is_ok(), here);
        assert_eq!(world.storage.files().has(WILLOW, hash), here);
    }
    assert_eq!(open_thumbnail(&world.storage, WILLOW, &hash).unwrap().bytes, jpeg(4));
    assert!(find(&world.storage, &world.caller, &unfinished.id).is_ok());
    let week = later + (upload_days_max + 1) * day_ms;
    // Both the unfinished one and the one that is done go, the file of the latter stays.
    assert_eq!(
        collect(&world.storage, week).unwrap().unwrap(),
        Collected { uploads: 2, files: 0, strays: 0 }
    );
    assert_eq!(world.storage.files().upload_state(&unfinished.id), None);
    assert!(world.open(&young).is_ok());
    // Bytes on the disk that nobody knows.
    fs::write(world.storage.files().uploads_dir().join("0123"), "x").unwrap();
    let unknown = world.storage.files().whole_path(BRIDGE, &hash);
    super::folder::make_folder(unknown.parent().unwrap()).unwrap();
    fs::write(&unknown, "x").unwrap();
    assert_eq!(collect(&world.storage, week).unwrap().unwrap().strays, 1);
    let much_later = crate::clock::now_ms() + (orphan_days_max + 1) * day_ms;
    world.name(&young);
    assert_eq!(
        collect(&world.storage, much_later).unwrap().unwrap(),
        Collected { uploads: 0, files: 0, strays: 1 }
    );
    assert!(!unknown.exists() && world.open(&hash).is_ok());
}

#[test]
fn a_restored_database_leaves_its_photos_time_to_be_named_again() {
    let world = World::new();
    let hash = world.sent(&jpeg(1), Role::Original, 0);
    let restored_ms = (orphan_days_max + 5) * day_ms;
    let former = world.storage.identity().epoch;
    let new = NewLife::random().unwrap();
    let began = world.storage.write(move |db| begin_life(db, &[former], new, "从备份恢复", restored_ms));
    assert!(began.unwrap());
    assert_eq!(collect(&world.storage, restored_ms + day_ms).unwrap().unwrap().files, 0);
    assert!(world.open(&hash).is_ok(), "a phone may still bring back the record that names it");
    let later = restored_ms + orphan_days_max * day_ms;
    assert_eq!(collect(&world.storage, later).unwrap().unwrap().files, 1);
}

#[test]
fn the_first_thumbnail_stays_until_its_bytes_are_lost() {
    let world = World::new();
    let of = FileHash::of(b"the photo");
    let thumb = || open_thumbnail(&world.storage, WILLOW, &of).map(|file| file.bytes);
    let first = world.sent(&jpeg(1), Role::Thumb(of.clone()), 0);
    world.sent(&jpeg(2), Role::Thumb(of.clone()), 0);
    assert_eq!(thumb().unwrap(), jpeg(1));
    fs::remove_file(world.storage.files().whole_path(WILLOW, &first)).unwrap();
    assert!(thumb().is_err());
    let upload = world.begin(&jpeg(1), Role::Thumb(of.clone()), 0).unwrap();
    assert!(!upload.done, "its phone can send it again");
    world.sent(&jpeg(2), Role::Thumb(of.clone()), 0);
    assert_eq!(thumb().unwrap(), jpeg(2), "or another stands in for it");
}

#[test]
fn a_backup_has_what_records_name_and_check_reads_it() {
    let world = World::new();
    let hash = world.sent(&jpeg(1), Role::Original, 0);
    let orphan = world.sent(&jpeg(2), Role::Original, 0);
    world.name(&hash);
    let backup = FileFolder::of_database(&world.dir.path().join("copy.db"));
    let copy = || world.storage.read(|db| copy_referenced(db, world.storage.files(), &backup)).unwrap();
    assert_eq!(copy(), Copied { files: 1, bytes: 3006, lost: 0 });
    assert_eq!(copy(), Copied { files: 1, bytes: 3006, lost: 0 });
    assert!(backup.has(WILLOW, &hash) && !backup.has(WILLOW, &orphan));
    let db = Connection::open(world.dir.path().join(DATABASE_FILE)).unwrap();
    // The reference of this test has no patch behind it, which check tells; the bytes are what is looked at here.
    let problems = || check_files(&db, world.storage.files()).unwrap().problems;
    assert_eq!(problems(), ["file references: 1 differ from a rebuild"]);
    fs::write(world.storage.files().whole_path(WILLOW, &hash), "damaged").unwrap();
    assert!(problems()[0].contains("its bytes are not those of its hash"));
    assert_eq!(copy(), Copied { files: 0, bytes: 0, lost: 1 });
}

#[test]
fn photos_of_an_older_database_are_found_by_the_migration() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(DATABASE_FILE);
    let hash = "ab".repeat(32);
    let mut db = Connection::open(&path).unwrap();
    let steps = crate::storage::MIGRATIONS;
    // The step that brought photos is the fifth.
    lianxin_shared::sqlite::migrate(&mut db, &steps[..4]).unwrap();
    let body = format!(
        r#"{{"set":{{"photos.{hash}":"门前","photos.short":1,"note":"photos.{hash}"}},"base":{{}}}}"#
    );
    db.execute(
        "INSERT INTO patch (device, device_seq, stamp, ord, record, kind, village, hash, body, received_at)
         VALUES (1, 1, x'00', x'00', x'0102', 'visit', ?1, x'00', ?2, 0)",
        [WILLOW, &body],
    )
    .unwrap();
    lianxin_shared::sqlite::migrate(&mut db, &steps).unwrap();
    let found: (i64, String) = db
        .query_row("SELECT count(*), hash FROM file_reference", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(found, (1, hash));
}

#[test]
fn a_village_withdrawn_still_takes_the_photos_that_its_records_name() {
    let mut world = World::new();
    world.caller.villages.clear();
    let (photo, other) = (jpeg(1), jpeg(2));
    assert!(matches!(world.begin(&photo, Role::Original, 0), Err(FileError::OtherVillage)));
    world.name(&FileHash::of(&photo));
    assert!(matches!(world.begin(&photo, Role::Original, 0), Err(FileError::OtherVillage)), "never granted");
    world.caller.past.insert(WILLOW.to_owned(), 0);
    let thumb = jpeg(3);
    world.sent(&thumb, Role::Thumb(FileHash::of(&photo)), 0);
    let upload = world.begin(&photo, Role::Original, 0).unwrap();
    assert_eq!(find(&world.storage, &world.caller, &upload.id).unwrap(), upload);
    assert!(
        matches!(world.begin(&other, Role::Original, 0), Err(FileError::OtherVillage)),
        "named by nothing"
    );
}
