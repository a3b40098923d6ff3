//! The one writer: a thread that takes what waits, runs it in one transaction with a savepoint each, commits
//! once, and only then answers. Phones that come at once cost one fsync, as many of them as wait: the service has a thread
//! for eight.

use super::StorageError;
use rusqlite::Connection;
use std::{
    panic::AssertUnwindSafe,
    sync::{Mutex, PoisonError, mpsc},
    thread::JoinHandle,
};

/// The most writes of one transaction.
#[allow(non_upper_case_globals)]
const group_writes_max: usize = 64;

type Job = Box<dyn FnOnce(&Connection) -> bool + Send>;

struct Waiting {
    /// Runs the write; false if it failed and its savepoint must go.
    run: Job,
    /// Tells the caller how the commit went.
    finish: Box<dyn FnOnce(Result<(), StorageError>) + Send>,
}

/// See the module.
pub struct Writer {
    queue: Mutex<Option<mpsc::Sender<Waiting>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(db: Connection) -> Result<Self, StorageError> {
        let (queue, waiting) = mpsc::channel::<Waiting>();
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || {
                let file = file_of(&db);
                while let Ok(first) = waiting.recv() {
                    let rest = waiting.try_iter().take(group_writes_max - 1);
                    let group: Vec<Waiting> = std::iter::once(first).chain(rest).collect();
                    commit_group(&db, file, group);
                }
            })
            .map_err(|_| StorageError::Stopped)?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Some(thread) })
    }

    pub(super) fn write<T, E>(
        &self,
        write: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let (done, result) = mpsc::channel::<Result<T, E>>();
        let slot = std::sync::Arc::new(Mutex::new(None));
        let filled = slot.clone();
        let run: Job = Box::new(move |db| {
            let outcome = write(db);
            let ok = outcome.is_ok();
            *filled.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            ok
        });
        let finish = Box::new(move |committed: Result<(), StorageError>| {
            let outcome = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
            let answer = match (outcome, committed) {
                (Some(Err(failed)), _) => Err(failed),
                (_, Err(error)) => Err(E::from(error)),
                (Some(Ok(value)), Ok(())) => Ok(value),
                (None, Ok(())) => Err(E::from(StorageError::Stopped)),
            };
            // The caller may have gone; the write stands all the same.
            let _ = done.send(answer);
        });
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sent = queue.and_then(|queue| queue.send(Waiting { run, finish }).ok());
        sent.ok_or(StorageError::Stopped)?;
        result.recv().map_err(|_| StorageError::Stopped)?
    }
}

impl Drop for Writer {
    /// Commits what waits, then ends.
    fn drop(&mut self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn commit_group(db: &Connection, file: Option<(u64, u64)>, group: Vec<Waiting>) {
    let mut finishes = Vec::with_capacity(group.len());
    let outcome = run_group(db, file, group, &mut finishes);
    if outcome.is_err() && !db.is_autocommit() {
        let _ = db.execute_batch("ROLLBACK");
    }
    let failure = outcome.err().map(|error| error.to_string());
    for finish in finishes {
        finish(match &failure {
            None => Ok(()),
            Some(words) => Err(StorageError::Sqlite(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR),
                Some(words.clone()),
            ))),
        });
    }
}

type Finish = Box<dyn FnOnce(Result<(), StorageError>) + Send>;

fn run_group(
    db: &Connection,
    file: Option<(u64, u64)>,
    group: Vec<Waiting>,
    finishes: &mut Vec<Finish>,
) -> Result<(), StorageError> {
    let mut begun = db.execute_batch("BEGIN IMMEDIATE");
    for waiting in group {
        if begun.is_ok() {
            begun = one(db, waiting.run);
        }
        finishes.push(waiting.finish);
    }
    begun?;
    if file_of(db) != file {
        return Err(StorageError::Gone);
    }
    db.execute_batch("COMMIT")?;
    Ok(())
}

/// Which file this is, whatever its name: SQLite goes on writing into one that was deleted or replaced, where nobody
/// finds it again.
#[cfg(unix)]
fn file_of(db: &Connection) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::metadata(db.path().filter(|path| !path.is_empty())?).ok()?;
    Some((file.dev(), file.ino()))
}

/// Elsewhere an open file can be neither deleted nor replaced.
#[cfg(not(unix))]
fn file_of(_: &Connection) -> Option<(u64, u64)> {
    None
}

fn one(db: &Connection, run: Job) -> Result<(), rusqlite::Error> {
    db.execute_batch("SAVEPOINT one")?;
    // A fault in one write must not end the thread that all phones' writes wait for; its savepoint goes.
    if std::panic::catch_unwind(AssertUnwindSafe(|| run(db))).unwrap_or(false) {
        db.execute_batch("RELEASE one")
    } else if db.is_autocommit() {
        // A full disk makes SQLite roll the whole transaction back by itself.
        Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None))
    } else {
        db.execute_batch("ROLLBACK TO one; RELEASE one")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_others_of_its_group() {
        let dir = tempfile::tempdir().unwrap();
        let db = Connection::open(dir.path().join("w.db")).unwrap();
        db.execute_batch("CREATE TABLE t (x UNIQUE)").unwrap();
        let writer = Writer::start(db).unwrap();
        let add = |x: i64| {
            writer.write(move |db| {
                db.execute("INSERT INTO t VALUES (?1)", [x]).map(|_| ()).map_err(StorageError::from)
            })
        };
        assert!(add(1).is_ok());
        assert!(add(1).is_err());
        assert!(add(2).is_ok());
        drop(writer);
        let db = Connection::open(dir.path().join("w.db")).unwrap();
        assert_eq!(db.query_row("SELECT count(*) FROM t", [], |r| r.get::<_, i64>(0)).unwrap(), 2);
    }

    #[test]
    fn nothing_is_acknowledged_into_a_file_that_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w.db");
        let db = Connection::open(&path).unwrap();
        db.execute_batch("CREATE TABLE t (x)").unwrap();
        let writer = Writer::start(db).unwrap();
        let add = || {
            writer
                .write(|db| db.execute("INSERT INTO t VALUES (1)", []).map(drop).map_err(StorageError::from))
        };
        assert!(add().is_ok());
        std::fs::rename(&path, dir.path().join("kept.db")).unwrap();
        assert!(add().is_err(), "deleted");
        std::fs::write(&path, "another").unwrap();
        assert!(add().is_err(), "replaced");
        std::fs::rename(dir.path().join("kept.db"), &path).unwrap();
        assert!(add().is_ok(), "back in its place");
    }

    #[test]
    fn a_write_that_panics_is_one_failed_write_and_the_writer_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let db = Connection::open(dir.path().join("w.db")).unwrap();
        db.execute_batch("CREATE TABLE t (x)").unwrap();
        let writer = Writer::start(db).unwrap();
        let add = |then: fn()| {
            writer.write(move |db| {
                db.execute("INSERT INTO t VALUES (1)", []).map_err(StorageError::from)?;
                then();
                Ok::<_, StorageError>(())
            })
        };
        assert!(add(|| panic!("a fault of ours")).is_err());
        assert!(add(|| ()).is_ok());
        drop(writer);
        let db = Connection::open(dir.path().join("w.db")).unwrap();
        assert_eq!(db.query_row("SELECT count(*) FROM t", [], |r| r.get::<_, i64>(0)).unwrap(), 1);
    }
}
