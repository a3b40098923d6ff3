//! `restore`: a backup becomes the database, in a new life.

use crate::{
    clock::now_ms,
    files::{FileFolder, copy_referenced},
    service::{NewLife, begin_life, carry_over, check},
    storage::{DATABASE_FILE, Storage, open_writable},
};
use anyhow::{Context, bail};
use clap::Args;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// 备份文件（由 backup 生成）
    file: PathBuf,
    /// 这里原来是另一个乡镇的数据库，也换掉（原来的留在旁边）
    #[arg(long)]
    replace_other: bool,
}

impl Restore {
    /// The present database is kept beside the restored one. Until everything is checked nothing has changed but photos
    /// that are there in addition.
    pub fn run(self, data: &Path) -> anyhow::Result<()> {
        let present = data.join(DATABASE_FILE);
        let state = state_of(&present);
        if state == Present::InUse {
            bail!("服务还在运行，没有恢复。请先停下服务再恢复。");
        }
        std::fs::create_dir_all(data)?;
        let staging = Staging::new(data)?;
        let staging = staging.0.as_path();
        copy_database(&self.file, &staging.join(DATABASE_FILE))
            .with_context(|| format!("{} 打不开或不是连心册的备份，没有恢复", self.file.display()))?;
        let storage = Storage::open(staging).context("备份的数据库打不开，没有恢复")?;
        let (former, new, now) = (storage.identity().epoch, NewLife::random()?, now_ms());
        storage.write(move |db| begin_life(db, &[former], new, "从备份恢复", now))?;
        drop(storage);
        let db = open_writable(&staging.join(DATABASE_FILE))?;
        let carried = if state == Present::Readable { carry_over(&db, &present).ok() } else { None };
        if carried == Some(false) && !self.replace_other {
            bail!(
                "{} 是另一个乡镇的数据库，没有恢复。请核对 --data 和备份文件；真要换掉它，请加 --replace-other，原来的会留在旁边。",
                present.display()
            );
        }
        let tx = db.unchecked_transaction()?;
        let report = check(&tx)?;
        if !report.problems.is_empty() {
            bail!("备份没有通过检查（{} 处不对），没有恢复。", report.problems.len());
        }
        let mut photos_missing = 0;
        let beside = FileFolder::of_database(&self.file);
        if beside.root().exists() {
            // Photos that came after the backup stay where they are: their records come back.
            let files = FileFolder::of_database(&present);
            let _held = files.hold()?;
            photos_missing = copy_referenced(&tx, &beside, &files)?.lost;
        }
        tx.rollback()?;
        db.close().map_err(|(_, error)| error)?;
        let kept = keep_present(data, now)?;
        std::fs::rename(staging.join(DATABASE_FILE), &present)?;
        std::fs::File::open(data)?.sync_all()?;
        println!("已从 {} 恢复（{} 条记录）。", self.file.display(), report.records);
        if let Some(kept) = kept {
            println!("原来的数据库留在 {}。", kept.display());
            println!("今后依法抹去的，那里面还会有：确认恢复好了、用不着它了，请删掉。");
        }
        if photos_missing > 0 {
            println!("备份里缺 {photos_missing} 个照片文件；用 files 看还差哪些，手机上有的会再传。");
        }
        println!("启动服务后，手机下次同步会自动把备份之后写的补回来。");
        if carried == Some(true) {
            println!(
                "账号、分管的村、停用的手机、收与不收都按原来的数据库，没有退回去；依法抹去过的又抹去了一次。"
            );
        } else {
            let why = match carried {
                Some(_) => "原来的数据库是另一个乡镇的",
                None => "原来的数据库读不出来",
            };
            println!(
                "注意：{why}，账号、密码、分管的村、停用的手机都退回到了备份的时候。\n\
                 启动服务之前请核对：device list（丢过的手机要重新 device revoke）、cadre list、cadre villages。\n\
                 备份之后登记的手机要重新给登记码，写过的都在手机里。\n\
                 备份之后依法抹去的又回来了：请按办理抹去时的文书，在办公台里重新抹去。"
            );
        }
        Ok(())
    }
}

/// Where the backup's database is made ready, within the data folder.
const STAGING: &str = "restore";
/// With what the name of a database that was replaced begins.
const KEPT: &str = "lianxin-before-restore-";

/// The folder in which the backup's database is made ready: it goes, whatever becomes of the restore, for nobody would
/// erase from it what is erased later.
struct Staging(PathBuf);

impl Staging {
    fn new(data: &Path) -> std::io::Result<Self> {
        let folder = data.join(STAGING);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            println!("恢复用的临时文件夹 {} 没有删掉（{error}），请手工删除。", self.0.display());
        }
    }
}

/// What restores have left in the data folder: databases that were replaced, and the copy of a restore that was killed.
pub(super) fn left_by_restores(data: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut left = Vec::new();
    for entry in std::fs::read_dir(data)? {
        let name = entry?.file_name();
        let is_left = name.to_str().is_some_and(|name| name.starts_with(KEPT) || name == STAGING);
        left.extend(is_left.then(|| data.join(name)));
    }
    left.sort();
    Ok(left)
}

/// What is known of the database that is to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Present {
    /// There is none, or it is damaged.
    Unreadable,
    /// A server has it open.
    InUse,
    /// At rest, and it can be read.
    Readable,
}

/// Leaving the write-ahead log needs the database to itself: that tells whether a server runs.
fn state_of(present: &Path) -> Present {
    if !present.exists() {
        return Present::Unreadable;
    }
    let mode = Connection::open_with_flags(present, OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(|db| {
        db.busy_timeout(std::time::Duration::ZERO)?;
        db.pragma_update_and_check(None, "journal_mode", "delete", |row| row.get::<_, String>(0))
    });
    match mode.map_err(|error| error.sqlite_error_code()) {
        Ok(mode) if mode == "delete" => Present::Readable,
        Ok(_) | Err(Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) => Present::InUse,
        Err(_) => Present::Unreadable,
    }
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

/// Puts the present database aside, if there is one, with whatever SQLite left beside it: an old log must never meet the
/// restored database.
fn keep_present(data: &Path, now_ms: i64) -> std::io::Result<Option<PathBuf>> {
    let kept = data.join(format!("{KEPT}{now_ms}.db"));
    let mut is_kept = false;
    for ending in ["-wal", "-shm", ""] {
        let present = data.join(format!("{DATABASE_FILE}{ending}"));
        if present.exists() {
            std::fs::rename(present, data.join(format!("{KEPT}{now_ms}.db{ending}")))?;
            is_kept = true;
        }
    }
    Ok(is_kept.then_some(kept))
}
