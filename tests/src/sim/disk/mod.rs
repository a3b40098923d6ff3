//! The disks of a world: what SQLite writes is there at once, but only what it synced survives a power cut; at any
//! write the power may be cut, the disk be full or an error come back. [`vfs`] puts them between SQLite and its files.

mod vfs;

use super::rng::Rng;
use rusqlite::ffi;
use std::{
    collections::BTreeMap,
    ffi::c_int,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

/// A write is torn between sectors, bytes.
const SECTOR_BYTES: usize = 512;
/// Endings of the files that belong to a database, and are written through SQLite's file system.
const ENDINGS: [&str; 3] = ["", "-wal", "-journal"];

/// What happens to a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFault {
    /// The power is cut: from here on nothing is written.
    PowerCut,
    /// One write or sync fails.
    Error,
    /// From here on no file grows, until there is space again.
    Full,
}

/// The disk under one database.
pub struct Disk {
    database: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Image>,
    /// What happens, and after how many writes and syncs more.
    planned: Option<(u32, DiskFault)>,
    happened: Option<DiskFault>,
    /// Nothing is written any more: the process is dead or the power is out.
    dead: bool,
    full: bool,
}

/// A file: what is on the disk for good, and what would be lost with the power.
#[derive(Default)]
struct Image {
    synced: Option<Vec<u8>>,
    unsynced: Vec<Change>,
    bytes: usize,
}

#[derive(Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
    Delete,
}

static DISKS: Mutex<BTreeMap<String, Weak<Disk>>> = Mutex::new(BTreeMap::new());

impl Disk {
    /// The disk under the database at `database`, which need not be there yet.
    pub fn under(database: &Path) -> Arc<Disk> {
        vfs::install();
        let disk = Arc::new(Disk { database: database.to_owned(), state: Mutex::default() });
        let mut disks = DISKS.lock().unwrap_or_else(PoisonError::into_inner);
        disks.retain(|_, disk| disk.strong_count() > 0);
        disks.insert(database.to_string_lossy().into_owned(), Arc::downgrade(&disk));
        disk
    }

    /// The disk on which a file of SQLite's lies, if it is one of a world's.
    fn of(path: &str) -> Option<Arc<Disk>> {
        let disks = DISKS.lock().unwrap_or_else(PoisonError::into_inner);
        ENDINGS.iter().find_map(|ending| disks.get(path.strip_suffix(ending)?)?.upgrade())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something will happen at the `after`th write or sync from now, if there are so many before [`Disk::relax`].
    pub fn plan(&self, fault: DiskFault, after: u32) {
        let mut state = self.state();
        (state.planned, state.happened) = (Some((after.max(1), fault)), None);
    }

    /// What was planned and has not happened will not; what has. Space and power stay as they are, but for a power cut:
    /// whoever asks goes on to [`Disk::cut_power`], now or a little later.
    pub fn relax(&self) -> Option<DiskFault> {
        let mut state = self.state();
        state.planned = None;
        let happened = state.happened.take();
        if happened == Some(DiskFault::PowerCut) {
            state.dead = false;
        }
        happened
    }

    /// Whether files cannot grow.
    pub fn is_full(&self) -> bool {
        self.state().full
    }

    /// Whether something happens to it just now that a failure may come of.
    pub fn fails(&self) -> bool {
        let state = self.state();
        state.full || state.happened.is_some()
    }

    /// There is space again.
    pub fn has_space(&self) {
        self.state().full = false;
    }

    /// The process is killed: `end` closes its files as the system would, writing nothing.
    pub fn kill<T>(&self, end: impl FnOnce() -> T) -> T {
        self.state().dead = true;
        let ended = end();
        self.state().dead = false;
        ended
    }

    /// The power is cut while no file is open: what was not synced is there in part, or not at all. Says how many
    /// changes were lost or torn.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn cut_power(&self, rng: &mut Rng) -> io::Result<u64> {
        let mut lost = 0;
        for (path, image) in &mut self.state().files {
            let survivors = survivors(rng, std::mem::take(&mut image.unsynced), &mut lost);
            survivors.iter().for_each(|change| apply(&mut image.synced, change));
            image.bytes = image.synced.as_ref().map_or(0, Vec::len);
            match &image.synced {
                Some(bytes) => fs::write(path, bytes)?,
                None => remove(Path::new(path))?,
            }
        }
        // The index of the log is memory.
        remove(&PathBuf::from(format!("{}-shm", self.database.display())))?;
        Ok(lost)
    }

    /// Files were put in place behind SQLite's back, durably.
    pub fn was_replaced(&self) {
        self.state().files.clear();
    }

    fn opened(&self, path: &str) -> Result<(), c_int> {
        let mut state = self.state();
        if state.dead {
            return Err(ffi::SQLITE_CANTOPEN);
        }
        if !state.files.contains_key(path) {
            let synced = fs::read(path).ok();
            let bytes = synced.as_ref().map_or(0, Vec::len);
            state.files.insert(path.to_owned(), Image { synced, unsynced: Vec::new(), bytes });
        }
        Ok(())
    }

    fn write(&self, path: &str, at: usize, bytes: &[u8]) -> Result<(), c_int> {
        let mut state = self.state();
        let end = at + bytes.len();
        let happens = state.happens();
        let grows = state.files.get(path).is_none_or(|image| end > image.bytes);
        match happens {
            Some(DiskFault::Error) => return Err(ffi::SQLITE_IOERR_WRITE),
            _ if state.full && grows => return Err(ffi::SQLITE_FULL),
            // It may have been on its way.
            Some(DiskFault::PowerCut) => {}
            _ => state.alive()?,
        }
        let change = Change::Write { at, bytes: bytes.to_vec() };
        let image = state.files.entry(path.to_owned()).or_default();
        image.unsynced.push(change);
        if happens == Some(DiskFault::PowerCut) {
            return Err(ffi::SQLITE_IOERR_WRITE);
        }
        image.bytes = image.bytes.max(end);
        Ok(())
    }

    fn truncate(&self, path: &str, bytes: usize) -> Result<(), c_int> {
        let mut state = self.state();
        state.alive()?;
        let image = state.files.entry(path.to_owned()).or_default();
        image.unsynced.push(Change::Truncate(bytes));
        image.bytes = image.bytes.min(bytes);
        Ok(())
    }

    fn sync(&self, path: &str) -> Result<(), c_int> {
        let mut state = self.state();
        match state.happens() {
            Some(DiskFault::Error | DiskFault::PowerCut) => return Err(ffi::SQLITE_IOERR_FSYNC),
            Some(DiskFault::Full) | None => state.alive()?,
        }
        let is_new = state.files.get(path).is_some_and(|image| image.synced.is_none());
        if let Some(image) = state.files.get_mut(path) {
            image.settle();
        }
        // With a new file SQLite syncs the folder, and with it what was deleted there.
        if is_new {
            state.files.values_mut().for_each(Image::settle_deletion);
        }
        Ok(())
    }

    fn delete(&self, path: &str, durably: bool) -> Result<(), c_int> {
        let mut state = self.state();
        state.alive()?;
        let image = state.files.entry(path.to_owned()).or_default();
        image.bytes = 0;
        if durably {
            (image.synced, image.unsynced) = (None, Vec::new());
        } else {
            image.unsynced.push(Change::Delete);
        }
        Ok(())
    }
}

impl Image {
    /// All of it is on the disk for good.
    fn settle(&mut self) {
        for change in std::mem::take(&mut self.unsynced) {
            apply(&mut self.synced, &change);
        }
    }

    /// Deleted, it stays so; what was written to it anew is still not synced.
    fn settle_deletion(&mut self) {
        if let Some(last) = self.unsynced.iter().rposition(|change| matches!(change, Change::Delete)) {
            self.synced = None;
            self.unsynced.drain(..=last);
        }
    }
}

impl State {
    fn alive(&self) -> Result<(), c_int> {
        if self.dead { Err(ffi::SQLITE_IOERR_WRITE) } else { Ok(()) }
    }

    /// One write or sync more: what happens at it.
    fn happens(&mut self) -> Option<DiskFault> {
        let (left, fault) = self.planned?;
        if left > 1 {
            self.planned = Some((left - 1, fault));
            return None;
        }
        self.planned = None;
        self.happened = Some(fault);
        match fault {
            DiskFault::PowerCut => self.dead = true,
            DiskFault::Full => self.full = true,
            DiskFault::Error => {}
        }
        Some(fault)
    }
}

/// Which changes reached the disk although nobody waited for it: none, the first few, or any of them, torn.
fn survivors(rng: &mut Rng, changes: Vec<Change>, lost: &mut u64) -> Vec<Change> {
    let of = changes.len();
    let kept: Vec<Change> = match rng.below(4) {
        0 => Vec::new(),
        1 => {
            let first = rng.below(of + 1);
            changes.into_iter().take(first).collect()
        }
        _ => changes.into_iter().filter_map(|change| torn(rng, change, lost)).collect(),
    };
    *lost += (of - kept.len()) as u64;
    kept
}

fn torn(rng: &mut Rng, change: Change, lost: &mut u64) -> Option<Change> {
    match (rng.below(3), change) {
        (0, _) => None,
        (1, Change::Write { at, mut bytes }) => {
            let sectors = rng.below(bytes.len() / SECTOR_BYTES + 1);
            if sectors > 0 {
                bytes.truncate(sectors * SECTOR_BYTES);
                *lost += 1;
            }
            Some(Change::Write { at, bytes })
        }
        (_, change) => Some(change),
    }
}

fn apply(file: &mut Option<Vec<u8>>, change: &Change) {
    match change {
        Change::Delete => *file = None,
        Change::Truncate(bytes) => file.get_or_insert_default().truncate(*bytes),
        Change::Write { at, bytes } => {
            let file = file.get_or_insert_default();
            let end = at + bytes.len();
            if file.len() < end {
                file.resize(end, 0);
            }
            file[*at..end].copy_from_slice(bytes);
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    fn database(synchronous: &str) -> (tempfile::TempDir, PathBuf, Arc<Disk>, Connection) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let disk = Disk::under(&path);
        let db = Connection::open(&path).unwrap();
        db.pragma_update(None, "journal_mode", "wal").unwrap();
        db.pragma_update(None, "synchronous", synchronous).unwrap();
        db.execute_batch("CREATE TABLE t (x)").unwrap();
        (dir, path, disk, db)
    }

    fn rows(db: &Connection) -> i64 {
        db.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
    }

    /// Rows that are left of ten, after each power cut.
    fn left_after_cuts(synchronous: &str) -> Vec<i64> {
        let cut = |seed| {
            let (_dir, path, disk, db) = database(synchronous);
            for x in 0..10 {
                db.execute("INSERT INTO t VALUES (?1)", [x]).unwrap();
            }
            disk.kill(|| drop(db));
            disk.cut_power(&mut Rng::new(seed)).unwrap();
            // Without syncs the table itself may never have reached the disk.
            let db = Connection::open(&path).unwrap();
            db.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap_or(0)
        };
        (0..20).map(cut).collect()
    }

    #[test]
    fn a_power_cut_leaves_what_was_synced_and_takes_what_was_not() {
        assert_eq!(left_after_cuts("full"), vec![10; 20]);
        assert!(left_after_cuts("off").iter().any(|left| *left < 10));
    }

    #[test]
    fn a_killed_process_loses_nothing_that_it_wrote() {
        let (_dir, path, disk, db) = database("off");
        db.execute("INSERT INTO t VALUES (1)", []).unwrap();
        disk.kill(|| drop(db));
        assert_eq!(rows(&Connection::open(&path).unwrap()), 1);
    }

    #[test]
    fn a_fault_comes_at_its_write_and_leaves_the_database_whole() {
        let (_dir, _path, disk, db) = database("full");
        let insert = |fault, after| {
            disk.plan(fault, after);
            let error = db.execute("INSERT INTO t VALUES (zeroblob(9000))", []).err();
            let code = error.and_then(|error| error.sqlite_error_code());
            let happened = disk.relax();
            assert_eq!(happened.is_some(), code.is_some(), "{fault:?} at {after}: {code:?}");
            disk.has_space();
            code
        };
        for after in 1..8 {
            use rusqlite::ErrorCode::{DiskFull, SystemIoFailure};
            assert_eq!(insert(DiskFault::Error, after), Some(SystemIoFailure));
            assert!(matches!(insert(DiskFault::Full, after), Some(DiskFull) | None));
            assert_eq!(insert(DiskFault::PowerCut, after), Some(SystemIoFailure));
        }
        let whole: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(whole, "ok");
    }
}
