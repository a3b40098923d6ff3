//! Photos that were erased by law.

use super::*;
use crate::service::{ErasureAct, LocalWriter, Origin, erase_for_good, push};
use lianxin_shared::replica::{Base, ChainHash, Patch, PatchDraft, Stamp, kind};

#[test]
fn an_erased_photo_goes_at_once_with_its_thumbnail_and_is_not_taken_again() {
    let world = World::new();
    let photo = |n: u8| (jpeg(n), FileHash::of(&jpeg(n)));
    let ((only, hash), (shared, shared_hash), (late, late_hash)) = (photo(1), photo(2), photo(3));
    let write = |id: u128, hashes: &[&FileHash]| {
        let set: FieldSet =
            hashes.iter().map(|hash| (field_of_hash(hash.as_str()), Value::Bool(true))).collect();
        world
            .storage
            .write(move |db| {
                let mut writer = LocalWriter::new(db)?;
                writer.write(Origin::Office, (kind::DIARY, Uuid::from_u128(id), WILLOW), set, 0)?;
                writer.finish()
            })
            .unwrap();
    };
    write(1, &[&hash, &shared_hash]);
    write(2, &[&shared_hash]);
    world.sent(&only, Role::Original, 0);
    let thumb = world.sent(&jpeg(11), Role::Thumb(hash.clone()), 0);
    world.sent(&shared, Role::Original, 0);
    let half = world.begin(&jpeg(12), Role::Thumb(hash.clone()), 0).unwrap();
    world.append(&half, &jpeg(12)[..100]);

    let act = ErasureAct { by: "走访办".to_owned(), why: "本人要求".to_owned(), at_ms: 0 };
    let whole = vec![(Uuid::from_u128(1), BTreeSet::from([String::new()]))];
    erase_for_good(&world.storage, whole, act).unwrap();
    for gone in [&hash, &thumb] {
        assert!(matches!(world.open(gone), Err(FileError::NoSuchFile)));
        assert!(!world.storage.files().has(WILLOW, gone), "nor on the disk");
    }
    assert!(matches!(find(&world.storage, &world.caller, &half.id), Err(FileError::NoSuchUpload)));
    assert!(world.open(&shared_hash).is_ok(), "another record names it");

    // A phone that has not heard of it, and one that names a photo that nobody knew.
    late_patch(&world, 1, &[&late_hash]);
    for bytes in [&only, &late] {
        let upload = world.begin(bytes, Role::Original, 1).unwrap();
        assert!(upload.done, "it counts as arrived");
        assert!(!world.storage.files().has(WILLOW, &upload.hash), "and nothing of it is kept");
    }
}

#[test]
fn a_single_photo_erased_leaves_its_page_and_check_finds_nothing_wrong() {
    let world = World::new();
    let (gone, stays) = (jpeg(1), jpeg(2));
    let (gone_hash, stays_hash) = (FileHash::of(&gone), FileHash::of(&stays));
    let set = [&gone_hash, &stays_hash].map(|hash| (field_of_hash(hash.as_str()), Value::Bool(true)));
    world
        .storage
        .write(move |db| {
            let mut writer = LocalWriter::new(db)?;
            let record = (kind::DIARY, Uuid::from_u128(1), WILLOW);
            writer.write(Origin::Office, record, FieldSet::from(set), 0)?;
            writer.finish()
        })
        .unwrap();
    world.sent(&gone, Role::Original, 0);
    world.sent(&stays, Role::Original, 0);
    let act = ErasureAct { by: "走访办".to_owned(), why: "本人要求".to_owned(), at_ms: 0 };
    let field = BTreeSet::from([field_of_hash(gone_hash.as_str())]);
    erase_for_good(&world.storage, vec![(Uuid::from_u128(1), field)], act).unwrap();
    assert!(matches!(world.open(&gone_hash), Err(FileError::NoSuchFile)));
    assert!(world.open(&stays_hash).is_ok());
    // A phone that has not heard of it names it again.
    late_patch(&world, 1, &[&gone_hash]);
    let report = world.storage.read(|db| check_files(db, world.storage.files())).unwrap();
    assert_eq!(report.problems, [""; 0]);
}

#[tokio::test]
async fn a_photo_that_a_backup_holds_goes_soon_after() {
    let world = World::new();
    let (photo, hash) = (jpeg(1), FileHash::of(&jpeg(1)));
    world.name(&hash);
    world.sent(&photo, Role::Original, 0);
    let entry = format!(
        "INSERT INTO erased (record, field, kind, village, by, why, at, seq)
         VALUES (x'01', 'photos.{hash}', 'diary', '{WILLOW}', '', '', 0, 1); DELETE FROM file_reference"
    );
    world.storage.write(move |db| Ok::<_, StorageError>(db.execute_batch(&entry)?)).unwrap();
    let backup = world.storage.files().hold().unwrap();
    let act = ErasureAct { by: "走访办".to_owned(), why: "本人要求".to_owned(), at_ms: 0 };
    assert!(!erase_for_good(&world.storage, Vec::new(), act).unwrap(), "and says so");
    assert!(world.storage.files().has(WILLOW, &hash));
    let told = tokio::time::timeout(std::time::Duration::ZERO, world.storage.left_over().notified());
    assert!(told.await.is_ok(), "whoever collects hears of it");
    drop(backup);
    assert!(clean_up(&world.storage));
    assert!(!world.storage.files().has(WILLOW, &hash));
}

/// The world's phone, new to the server, writes that a record shows these photos.
fn late_patch(world: &World, id: u128, photos: &[&FileHash]) {
    let stamp = Stamp { wall_ms: 1, counter: 0, device: DeviceId::from_bits(7) };
    let set = photos.iter().map(|hash| (field_of_hash(hash.as_str()), Value::Bool(true))).collect();
    let (kind, village) = (kind::DIARY.to_owned(), WILLOW.to_owned());
    let edit = PatchDraft { stamp, kind, id: Uuid::from_u128(id), village, set, base: Base::new() };
    let caller = world.caller.clone();
    world
        .storage
        .write(move |db| {
            db.execute("INSERT INTO cadre (id, name) VALUES ('c', '阿香')", [])?;
            let row = rusqlite::params![caller.device.to_i64(), [0u8; 32], ChainHash::start(caller.device).0];
            let sql =
                "INSERT INTO device (id, cadre, token_hash, enrolled_at, chain) VALUES (?1, 'c', ?2, 0, ?3)";
            db.execute(sql, row)?;
            let patch = Patch { device_seq: 1, edit };
            push(db, &caller, u64::MAX, &[patch], &Default::default(), 1).unwrap();
            Ok::<_, StorageError>(())
        })
        .unwrap();
}
