//! Photos in the store: their bytes, who names them, which of them the township has.
//!
//! Invariant: a photo that a screen shows as taken is committed, and what a draft or a shown record names is never
//! collected. What the township has is known from its answers in the present life of its database alone.

use super::{
    NewPhoto, PhotoName, PhotoPlace, PhotoSize, PhotoView, StoreError, db_error, draft::VisitDraft,
    request::Bytes,
};
use lianxin_shared::{
    domain::{
        photo::{self, hash_of, photos_of},
        picture::media_of,
    },
    replica::{FieldSet, Row, kind},
    sync::{Parcel, Part},
};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

/// A photo that nothing names any more stays for so long: it may be taken back.
#[allow(non_upper_case_globals)]
const unused_ms_max: i64 = 24 * 60 * 60 * 1000;
/// Photos fetched from the township that are kept, bytes; the oldest go first.
#[allow(non_upper_case_globals)]
const fetched_bytes_max: i64 = 48 * 1024 * 1024;
/// The longest file that is taken from the township, bytes.
#[allow(non_upper_case_globals)]
pub const fetched_file_bytes_max: usize = 1024 * 1024;

const JPEG_START: [u8; 3] = [0xFF, 0xD8, 0xFF];
const JPEG_END: [u8; 2] = [0xFF, 0xD9];

fn part_of(size: PhotoSize) -> i64 {
    match size {
        PhotoSize::Small => 0,
        PhotoSize::Full => 1,
    }
}

/// Keeps a new photo, once per village, and names it.
pub(super) fn keep(db: &Connection, new: &NewPhoto) -> Result<PhotoName, StoreError> {
    let unreadable = || StoreError::Invalid("这张照片没有读出来，请再选一次或重拍。".to_owned());
    let original = new.original.decode().ok_or_else(unreadable)?;
    let thumb = new.thumb.decode().ok_or_else(unreadable)?;
    let fits = |bytes: &[u8], bytes_max: usize| {
        bytes.starts_with(&JPEG_START) && bytes.ends_with(&JPEG_END) && bytes.len() <= bytes_max
    };
    if !fits(&original, photo::original_bytes_max) || !fits(&thumb, photo::thumb_bytes_max) {
        return Err(unreadable());
    }
    let name = PhotoName { village: new.village.clone(), hash: hash_of(&original) };
    for (size, bytes) in [(PhotoSize::Small, &thumb), (PhotoSize::Full, &original)] {
        put(db, &name, size, bytes, true)?;
    }
    Ok(name)
}

/// Keeps a file that the township has sent; `false` if it is not what was asked for.
pub(super) fn keep_fetched(
    db: &Connection,
    name: &PhotoName,
    size: PhotoSize,
    bytes: &[u8],
) -> Result<bool, StoreError> {
    // A thumbnail's hash is not known here; whoever answers in the township's place (a proxy's page, say) sends no picture.
    let is_right = size == PhotoSize::Small || hash_of(bytes) == name.hash;
    // What was asked for may have left meanwhile, with its village.
    if media_of(bytes).is_none() || !is_right || !is_used(db, name)? {
        return Ok(false);
    }
    put(db, name, size, bytes, false)?;
    db.prepare_cached(
        "DELETE FROM photo_file WHERE own = 0 AND id IN
           (SELECT id FROM (SELECT id, sum(bytes) OVER (ORDER BY id DESC) AS newer FROM photo_file WHERE own = 0)
            WHERE newer > ?1)",
    )
    .and_then(|mut s| s.execute([fetched_bytes_max]))
    .map_err(db_error)?;
    Ok(true)
}

fn put(
    db: &Connection,
    name: &PhotoName,
    size: PhotoSize,
    bytes: &[u8],
    own: bool,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO photo_file (village, photo, part, hash, bytes, own, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (village, photo, part) DO UPDATE SET own = max(own, excluded.own), unused = NULL",
    )
    .and_then(|mut s| {
        let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        s.execute(params![name.village, name.hash, part_of(size), hash_of(bytes), length, own, bytes])
    })
    .map_err(db_error)?;
    Ok(())
}

/// A photo's picture, if it is on this phone.
pub(super) fn picture(
    db: &Connection,
    name: &PhotoName,
    size: PhotoSize,
) -> Result<Option<Bytes>, StoreError> {
    db.prepare_cached("SELECT body FROM photo_file WHERE village = ?1 AND photo = ?2 AND part = ?3")
        .and_then(|mut s| {
            s.query_row(params![name.village, name.hash, part_of(size)], |row| {
                Ok(Bytes::of(row.get_ref(0)?.as_blob()?))
            })
            .optional()
        })
        .map_err(db_error)
}

/// Notes the photos of a record as it is shown; part of the transaction that changes it.
pub(super) fn note_record(db: &Connection, row: &Row) -> Result<(), StoreError> {
    // A pull brings thousands of households; only these kinds may have had photos without naming any now.
    let may_have_had = matches!(row.kind.as_str(), kind::VISIT | kind::DIARY);
    if !may_have_had && !row.fields.keys().any(|field| field.starts_with(photo::FIELD_PREFIX)) {
        return Ok(());
    }
    if row.value("deleted").is_true() {
        return leave(db, row.id);
    }
    let photos = photos_of(&row.values());
    note(db, row.id, false, &row.village, photos.iter().map(|photo| photo.hash.as_str()))
}

/// A record has left this phone, with its household or its village: what was taken for it is still sent.
fn leave(db: &Connection, record: Uuid) -> Result<(), StoreError> {
    let kept = format!(
        "UPDATE OR REPLACE photo_use SET draft = 2 WHERE record = ?1 AND draft = 0
           AND EXISTS (SELECT 1 FROM photo_file f WHERE {IS_UNSENT_FILE} AND f.epoch <> ?2)"
    );
    let current = epoch(db).map_err(db_error)?;
    db.prepare_cached(&kept)
        .and_then(|mut s| s.execute(params![record.as_bytes(), current]))
        .and_then(|_| db.prepare_cached("DELETE FROM photo_use WHERE record = ?1 AND draft = 0"))
        .and_then(|mut s| s.execute([record.as_bytes()]))
        .map_err(db_error)?;
    Ok(())
}

/// The same of a draft.
pub(super) fn note_draft(db: &Connection, draft: &VisitDraft) -> Result<(), StoreError> {
    note(db, draft.id, true, &draft.village, draft.photos.iter().map(|photo| photo.hash.as_str()))
}

/// The draft is gone.
pub(super) fn forget_draft(db: &Connection, id: Uuid) -> Result<(), StoreError> {
    note(db, id, true, "", std::iter::empty())
}

fn note<'h>(
    db: &Connection,
    record: Uuid,
    draft: bool,
    village: &str,
    hashes: impl Iterator<Item = &'h str>,
) -> Result<(), StoreError> {
    // A record that has left comes back as itself.
    db.prepare_cached("DELETE FROM photo_use WHERE record = ?1 AND draft % 2 = ?2")
        .and_then(|mut s| s.execute(params![record.as_bytes(), draft]))
        .map_err(db_error)?;
    for hash in hashes {
        db.prepare_cached(
            "INSERT OR IGNORE INTO photo_use (photo, record, draft, village) VALUES (?1, ?2, ?3, ?4)",
        )
        .and_then(|mut s| s.execute(params![hash, record.as_bytes(), draft, village]))
        .map_err(db_error)?;
        follow(db, hash, village)?;
    }
    Ok(())
}

/// A record has moved to another village, and its photos with it: there they are unknown.
fn follow(db: &Connection, photo: &str, village: &str) -> Result<(), StoreError> {
    let sql = format!(
        "UPDATE OR IGNORE photo_file SET village = ?2, epoch = '', refused = ''
         WHERE photo = ?1 AND village <> ?2 AND own = 1 AND NOT {IS_USED}"
    );
    db.prepare_cached(&sql).and_then(|mut s| s.execute([photo, village])).map_err(db_error)?;
    Ok(())
}

/// Of a row `f` of `photo_file` beside one of `photo_use`.
const IS_UNSENT_FILE: &str =
    "f.photo = photo_use.photo AND f.village = photo_use.village AND f.own = 1 AND f.refused = ''";
const IS_USED: &str =
    "EXISTS (SELECT 1 FROM photo_use u WHERE u.photo = photo_file.photo AND u.village = photo_file.village)";
/// Only what a record names is sent: a draft may still be thrown away.
const IS_WRITTEN: &str = "EXISTS (SELECT 1 FROM photo_use u WHERE u.photo = photo_file.photo
                         AND u.village = photo_file.village AND u.draft <> 1)";

fn is_used(db: &Connection, name: &PhotoName) -> Result<bool, StoreError> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM photo_use WHERE photo = ?1 AND village = ?2)")
        .and_then(|mut s| s.query_row([&name.hash, &name.village], |row| row.get(0)))
        .map_err(db_error)
}

/// Lets go what nothing has named for a day.
pub(super) fn collect(db: &Connection, now_ms: i64) -> Result<(), StoreError> {
    let sent = format!(
        "DELETE FROM photo_use WHERE draft = 2
           AND NOT EXISTS (SELECT 1 FROM photo_file f WHERE {IS_UNSENT_FILE} AND f.epoch <> ?1)"
    );
    db.prepare_cached(&sent).and_then(|mut s| s.execute([epoch(db)?])).map_err(db_error)?;
    let steps = [
        (
            format!(
                "UPDATE photo_file SET unused = NULL WHERE unused IS NOT NULL AND (unused > ?1 OR {IS_USED})"
            ),
            now_ms,
        ),
        (format!("UPDATE photo_file SET unused = ?1 WHERE unused IS NULL AND NOT {IS_USED}"), now_ms),
        ("DELETE FROM photo_file WHERE unused < ?1".to_owned(), now_ms.saturating_sub(unused_ms_max)),
    ];
    for (sql, at) in steps {
        db.prepare_cached(&sql).and_then(|mut s| s.execute([at])).map_err(db_error)?;
    }
    Ok(())
}

/// A village is leaving this phone, and its records have left.
pub(super) fn evict(db: &Connection, village: &str) -> Result<(), StoreError> {
    db.prepare_cached(&format!("DELETE FROM photo_file WHERE village = ?1 AND NOT {IS_USED}"))
        .and_then(|mut s| s.execute([village]))
        .map_err(db_error)?;
    Ok(())
}

/// Whether photos of a village are still to be sent.
pub(super) fn is_unsent(db: &Connection, village: &str) -> Result<bool, StoreError> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM photo_file
         WHERE village = ?1 AND own = 1 AND refused = '' AND epoch <> ?2 AND {IS_WRITTEN})"
    );
    db.prepare_cached(&sql)
        .and_then(|mut s| s.query_row([village, &epoch(db)?], |row| row.get(0)))
        .map_err(db_error)
}

fn epoch(db: &Connection) -> rusqlite::Result<String> {
    db.prepare_cached("SELECT value FROM meta WHERE key = 'epoch'")?
        .query_row([], |row| row.get(0))
        .optional()
        .map(Option::unwrap_or_default)
}

/// The next file to send.
pub(super) fn next(db: &Connection) -> Result<Option<Parcel>, StoreError> {
    let sql = format!(
        "SELECT village, photo, part, hash, bytes, epoch <> '' AS was_there FROM photo_file
         WHERE own = 1 AND refused = '' AND epoch <> ?1 AND {IS_WRITTEN} ORDER BY put_off, part, id LIMIT 1"
    );
    let parcel = |row: &rusqlite::Row<'_>| {
        Ok(Parcel {
            village: row.get("village")?,
            photo: row.get("photo")?,
            part: if row.get::<_, i64>("part")? == 0 { Part::Thumb } else { Part::Original },
            hash: row.get("hash")?,
            bytes: row.get::<_, i64>("bytes")?.unsigned_abs(),
            was_there: row.get("was_there")?,
        })
    };
    db.prepare_cached(&sql).and_then(|mut s| s.query_row([epoch(db)?], parcel).optional()).map_err(db_error)
}

/// Some bytes of a file; fewer if it ends before, none if it is not here any more.
pub(super) fn bytes(
    db: &Connection,
    parcel: &Parcel,
    offset: u64,
    length: u64,
) -> Result<Vec<u8>, StoreError> {
    let found = db
        .prepare_cached(
            "SELECT substr(body, ?4 + 1, ?5) FROM photo_file WHERE village = ?1 AND photo = ?2 AND part = ?3",
        )
        .and_then(|mut s| {
            let [offset, length] = [offset, length].map(|number| i64::try_from(number).unwrap_or(i64::MAX));
            let values = params![parcel.village, parcel.photo, part_number(parcel), offset, length];
            s.query_row(values, |row| row.get(0)).optional()
        })
        .map_err(db_error)?;
    found.ok_or(StoreError::NotFound)
}

fn part_number(parcel: &Parcel) -> i64 {
    match parcel.part {
        Part::Thumb => 0,
        Part::Original => 1,
    }
}

/// The server of this life has the file.
pub(super) fn delivered(db: &Connection, parcel: &Parcel) -> Result<(), StoreError> {
    change(db, parcel, "epoch = (SELECT value FROM meta WHERE key = 'epoch'), put_off = 0", "")
}

/// The server will not take the file.
pub(super) fn refused(db: &Connection, parcel: &Parcel, words: &str) -> Result<(), StoreError> {
    change(db, parcel, "refused = ?4", words)
}

/// What was refused is offered once more, at the cadre's word.
pub(super) fn offer_again(db: &Connection) -> Result<(), StoreError> {
    db.execute("UPDATE photo_file SET refused = '' WHERE refused <> ''", []).map_err(db_error)?;
    Ok(())
}

/// Others go before this one.
pub(super) fn put_off(db: &Connection, parcel: &Parcel) -> Result<(), StoreError> {
    change(db, parcel, "put_off = put_off + 1", "")
}

fn change(db: &Connection, parcel: &Parcel, what: &str, words: &str) -> Result<(), StoreError> {
    let sql = format!(
        "UPDATE photo_file SET {what} WHERE village = ?1 AND photo = ?2 AND part = ?3 AND ?4 IS NOT NULL"
    );
    db.prepare_cached(&sql)
        .and_then(|mut s| s.execute(params![parcel.village, parcel.photo, part_number(parcel), words]))
        .map_err(db_error)?;
    Ok(())
}

/// Photos of records that are not wholly with the township, and those that it will not take.
pub(super) fn lacking(db: &Connection) -> Result<(u32, u32), StoreError> {
    let sql = format!(
        "SELECT count(DISTINCT CASE WHEN refused = '' THEN village || photo END),
                count(DISTINCT CASE WHEN refused <> '' THEN village || photo END)
         FROM photo_file WHERE own = 1 AND epoch <> ?1 AND {IS_WRITTEN}"
    );
    db.prepare_cached(&sql)
        .and_then(|mut s| s.query_row([epoch(db)?], |row| Ok((row.get(0)?, row.get(1)?))))
        .map_err(db_error)
}

/// The photos that a record's fields name, with where each is.
pub(super) fn views(db: &Connection, village: &str, fields: &FieldSet) -> Result<Vec<PhotoView>, StoreError> {
    let view = |photo: photo::Photo| {
        let name = PhotoName { village: village.to_owned(), hash: photo.hash };
        view_of(db, name, photo.caption)
    };
    photos_of(fields).into_iter().map(view).collect()
}

/// A photo under its caption, with where it is.
pub(super) fn view_of(db: &Connection, name: PhotoName, caption: String) -> Result<PhotoView, StoreError> {
    let current = epoch(db).map_err(db_error)?;
    let mut statement = db
        .prepare_cached("SELECT own, epoch, refused FROM photo_file WHERE village = ?1 AND photo = ?2")
        .map_err(db_error)?;
    let mut rows = statement.query([&name.village, &name.hash]).map_err(db_error)?;
    let mut place = PhotoPlace::Elsewhere;
    let (mut own, mut there) = (false, true);
    while let Some(row) = rows.next().map_err(db_error)? {
        let get = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(bool, String, String)> {
            Ok((row.get("own")?, row.get("epoch")?, row.get("refused")?))
        };
        let (is_own, epoch, refused) = get(row).map_err(db_error)?;
        own |= is_own;
        there &= epoch == current;
        if !refused.is_empty() {
            place = PhotoPlace::Refused(refused);
        }
    }
    if own && place == PhotoPlace::Elsewhere {
        place = if there { PhotoPlace::Received } else { PhotoPlace::Waiting };
    }
    Ok(PhotoView { name, caption, place })
}

/// Lets go at once of the photos of a record that `is_erased` says are, where nothing else names them. Whether it named any.
pub(super) fn erase(
    db: &Connection,
    record: Uuid,
    is_erased: impl Fn(&str) -> bool,
) -> Result<bool, StoreError> {
    let mut named: Vec<String> = db
        .prepare_cached("SELECT DISTINCT photo FROM photo_use WHERE record = ?1")
        .and_then(|mut s| s.query_map([record.as_bytes()], |row| row.get(0))?.collect())
        .map_err(db_error)?;
    named.retain(|photo| is_erased(photo));
    let unused = format!("DELETE FROM photo_file WHERE photo = ?1 AND NOT {IS_USED}");
    for photo in &named {
        db.prepare_cached("DELETE FROM photo_use WHERE record = ?1 AND photo = ?2")
            .and_then(|mut s| s.execute(params![record.as_bytes(), photo]))
            .and_then(|_| db.prepare_cached(&unused))
            .and_then(|mut s| s.execute([photo]))
            .map_err(db_error)?;
    }
    Ok(!named.is_empty())
}

/// The names of a record's photos.
pub(super) fn names(db: &Connection, record: Uuid) -> Result<Vec<PhotoName>, StoreError> {
    db.prepare_cached("SELECT village, photo FROM photo_use WHERE record = ?1 AND draft = 0 ORDER BY photo")
        .and_then(|mut s| {
            s.query_map([record.as_bytes()], |row| {
                Ok(PhotoName { village: row.get("village")?, hash: row.get("photo")? })
            })?
            .collect()
        })
        .map_err(db_error)
}

#[cfg(test)]
#[path = "photos_tests.rs"]
mod tests;
