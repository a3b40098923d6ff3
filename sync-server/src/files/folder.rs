//! The folder beside the database: `<database>.files/whole/<village>/<first two digits>/<hash>` and
//! `<database>.files/uploads/<id>`. A backup's files lie the same way beside the backup.

use super::{FileHash, Upload};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::SystemTime,
};

/// What is appended to the database's file name.
const SUFFIX: &str = ".files";

/// See the module.
#[derive(Debug, Clone)]
pub struct FileFolder {
    root: PathBuf,
    /// Whoever adds a whole file reads; whoever removes some writes: else a file could go in the moment it comes.
    changes: Arc<RwLock<()>>,
}

impl FileFolder {
    /// The one that belongs to a database's file.
    pub fn of_database(database: &Path) -> Self {
        let mut name = database.as_os_str().to_owned();
        name.push(SUFFIX);
        Self { root: name.into(), changes: Arc::default() }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the bytes of a whole file lie.
    pub fn whole_path(&self, village: &str, hash: &FileHash) -> PathBuf {
        let first = hash.as_str().get(..2).unwrap_or_default();
        self.root.join("whole").join(village).join(first).join(hash.as_str())
    }

    pub(super) fn uploads_dir(&self) -> PathBuf {
        self.root.join("uploads")
    }

    pub(super) fn whole_dir(&self) -> PathBuf {
        self.root.join("whole")
    }

    fn upload_path(&self, id: &str) -> PathBuf {
        self.uploads_dir().join(id)
    }

    /// Whether the bytes of a whole file are here.
    pub fn has(&self, village: &str, hash: &FileHash) -> bool {
        self.whole_path(village, hash).is_file()
    }

    /// An upload's file, made if need be.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn open_upload(&self, id: &str) -> io::Result<UploadFile> {
        let path = self.upload_path(id);
        if !path.exists() {
            make_folder(&self.uploads_dir())?;
            OpenOptions::new().create(true).append(true).open(&path)?.sync_all()?;
            sync_folder(&self.uploads_dir())?;
        }
        let file = OpenOptions::new().write(true).open(&path)?;
        let length = file.metadata()?.len();
        Ok(UploadFile { file, length })
    }

    /// How long an upload's file is and when it was last written; none if there is none.
    pub(super) fn upload_state(&self, id: &str) -> Option<(u64, SystemTime)> {
        let data = fs::metadata(self.upload_path(id)).ok()?;
        Some((data.len(), data.modified().ok()?))
    }

    pub(super) fn remove_upload(&self, id: &str) -> io::Result<()> {
        ignore_missing(fs::remove_file(self.upload_path(id)))
    }

    /// The bytes of a full upload, or of the whole file that it has become already.
    pub(super) fn read_full(&self, upload: &Upload) -> io::Result<Vec<u8>> {
        match fs::read(self.upload_path(&upload.id)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::read(self.whole_path(&upload.village, &upload.hash))
            }
            read => read,
        }
    }

    /// Makes a full, synced upload a whole file, durably; fine if an earlier try came so far and no further. The caller
    /// holds [`Self::adding`].
    pub(super) fn keep(&self, upload: &Upload) -> io::Result<()> {
        let (from, to) = (self.upload_path(&upload.id), self.whole_path(&upload.village, &upload.hash));
        let dir = to.parent().unwrap_or(&self.root);
        make_folder(dir)?;
        if from.exists() {
            fs::rename(&from, &to)?;
        } else if !to.exists() {
            return Err(io::ErrorKind::NotFound.into());
        }
        // All the way up: a folder that an earlier crash left may not be durable itself.
        dir.ancestors().take_while(|above| above.starts_with(&self.root)).try_for_each(sync_folder)
    }

    /// Held while a whole file is added.
    pub(super) fn adding(&self) -> RwLockReadGuard<'_, ()> {
        self.changes.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held while whole files are removed.
    pub(super) fn removing(&self) -> RwLockWriteGuard<'_, ()> {
        self.changes.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until the returned file is dropped, no process removes a file. Waits for one that does.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn hold(&self) -> io::Result<File> {
        let file = self.lock_file()?;
        file.lock_shared()?;
        Ok(file)
    }

    /// The right to remove files, until dropped; none while somebody holds them.
    pub(super) fn alone(&self) -> io::Result<Option<File>> {
        let file = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn lock_file(&self) -> io::Result<File> {
        make_folder(&self.root)?;
        OpenOptions::new().create(true).truncate(false).write(true).open(self.root.join("lock"))
    }
}

/// An upload's file, open for writing at its end.
#[derive(Debug)]
pub struct UploadFile {
    file: File,
    length: u64,
}

impl UploadFile {
    /// Bytes in it.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Appends.
    ///
    /// # Errors
    /// When the disk fails; part of the bytes may be there.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Takes back all beyond `length`.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.length = length;
        Ok(())
    }

    /// Durable from here on.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

/// Makes a folder and all above it, durably.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent() {
        make_folder(above)?;
        match fs::create_dir(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => sync_folder(above)?,
        }
    }
    Ok(())
}

/// Names in a folder are durable from here on.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    // Only Unix opens folders; elsewhere the file system keeps names in order by itself.
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

pub(super) fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
