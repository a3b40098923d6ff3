//! `restore`: a backup becomes the database, in a new life.

use crate::{
    clock::now_ms,
    files::{FileFolder, copy_referenced},
    service::{NewLife, begin_life, check},
    storage::{DATABASE_FILE, Storage, StorageError, open_writable},
};
use anyhow::{Context, bail};
use clap::Args;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// 备份文件（由 backup 生成）
    file: PathBuf,
}

impl Restore {
    /// The present database is kept beside the restored one; until the last rename nothing has changed.
    pub fn run(self, data: &Path) -> anyhow::Result<()> {
        let present = data.join(DATABASE_FILE);
        if is_in_use(&present)? {
            bail!("服务还在运行，没有恢复。请先停下服务再恢复。");
        }
        std::fs::create_dir_all(data)?;
        let staging = data.join("restore");
        if staging.exists() {
            std::fs::remove_dir_all(&staging)?;
        }
        std::fs::create_dir(&staging)?;
        copy_database(&self.file, &staging.join(DATABASE_FILE))
            .with_context(|| format!("{} 打不开或不是连心册的备份，没有恢复", self.file.display()))?;
        let storage = Storage::open(&staging).context("备份的数据库打不开，没有恢复")?;
        let (former, new, now) = (storage.identity().epoch, NewLife::random()?, now_ms());
        storage.write(move |db| begin_life(db, former, new, "从备份恢复", now))?;
        drop(storage);
        let db = open_writable(&staging.join(DATABASE_FILE))?;
        let tx = db.unchecked_transaction()?;
        let report = check(&tx)?;
        let beside = FileFolder::of_database(&self.file);
        if beside.root().exists() {
            // Photos that came after the backup stay where they are: their records come back.
            let files = FileFolder::of_database(&present);
            let _held = files.hold()?;
            copy_referenced(&tx, &beside, &files)?;
        }
        tx.rollback()?;
        db.close().map_err(|(_, error)| error)?;
        if !report.problems.is_empty() {
            bail!("备份没有通过检查（{} 处不对），没有恢复。", report.problems.len());
        }
        let kept = keep_present(data, now)?;
        std::fs::rename(staging.join(DATABASE_FILE), &present)?;
        std::fs::remove_dir_all(&staging)?;
        println!("已从 {} 恢复（{} 条记录）。", self.file.display(), report.records);
        if let Some(kept) = kept {
            println!("原来的数据库留在 {}。", kept.display());
        }
        println!("启动服务后，手机下次同步会自动把备份之后的补回来，不用人管。");
        Ok(())
    }
}

/// Whether a running server has the database open: it holds the lock of its write-ahead log.
fn is_in_use(present: &Path) -> Result<bool, StorageError> {
    if !present.exists() {
        return Ok(false);
    }
    let db = Connection::open_with_flags(present, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.busy_timeout(std::time::Duration::ZERO)?;
    // Leaving the log needs the database to itself.
    let mode = db.pragma_update_and_check(None, "journal_mode", "delete", |row| row.get::<_, String>(0));
    let alone = mode.is_ok_and(|mode| mode == "delete");
    Ok(!alone)
}

fn copy_database(from: &Path, to: &Path) -> anyhow::Result<()> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut target = Connection::open(to)?;
    rusqlite::backup::Backup::new(&source, &mut target)?.run_to_completion(
        super::admin::backup_pages_per_step,
        std::time::Duration::ZERO,
        None,
    )?;
    Ok(())
}

/// Puts the present database aside, if there is one.
fn keep_present(data: &Path, now_ms: i64) -> std::io::Result<Option<PathBuf>> {
    let present = data.join(DATABASE_FILE);
    if !present.exists() {
        return Ok(None);
    }
    let kept = data.join(format!("lianxin-before-restore-{now_ms}.db"));
    std::fs::rename(&present, &kept)?;
    Ok(Some(kept))
}
