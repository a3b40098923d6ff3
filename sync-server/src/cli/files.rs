//! `files`: what is known of the photos, and which have not arrived.

use crate::{
    files::{FileFolder, check_files, counts, missing},
    storage::{DATABASE_FILE, Storage},
};
use anyhow::bail;
use rusqlite::Connection;
use std::path::Path;

/// Missing photos listed at most.
#[allow(non_upper_case_globals)]
const missing_shown_max: usize = 20;

/// `files`
pub(super) fn run(data: &Path) -> anyhow::Result<()> {
    let storage = Storage::open(data)?;
    let (counts, missing) =
        storage.read(|db| -> anyhow::Result<_> { Ok((counts(db)?, missing(db, storage.files())?)) })?;
    println!(
        "照片文件 {} 个（其中缩略图 {} 个），共 {} KB，在 {}",
        counts.files,
        counts.thumbnails,
        counts.bytes.div_ceil(1024),
        storage.files().root().display()
    );
    println!("没有记录用到的 {} 个（满 30 天后清掉），正在上传的 {} 个", counts.orphans, counts.uploads);
    println!("{}", words_of_missing(missing.len()));
    for photo in missing.iter().take(missing_shown_max) {
        println!("  {}  {}", photo.village, photo.hash);
    }
    if missing.len() > missing_shown_max {
        println!("  …还有 {} 张", missing.len() - missing_shown_max);
    }
    Ok(())
}

/// No damage: the phones that took them still have them.
fn words_of_missing(photos: usize) -> String {
    match photos {
        0 => "文字和照片都到齐了。".to_owned(),
        photos => format!("文字已到，照片差 {photos} 张（还在拍照的手机里，有网时会接着传）。"),
    }
}

/// The files' part of `check`.
pub(super) fn check(db: &Connection, data: &Path) -> anyhow::Result<()> {
    let report = check_files(db, &FileFolder::of_database(&data.join(DATABASE_FILE)))?;
    println!("查了 {} 个照片文件。", report.files);
    if report.missing > 0 {
        println!("{}", words_of_missing(usize::try_from(report.missing)?));
    }
    if report.problems.is_empty() {
        return Ok(());
    }
    report.problems.iter().for_each(|problem| println!("× {problem}"));
    bail!(
        "有 {} 处照片不对，文字记录不受影响。请先停下服务，备份数据文件夹，再联系维护人员。",
        report.problems.len()
    );
}
