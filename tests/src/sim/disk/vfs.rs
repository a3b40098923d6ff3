//! SQLite's file system with a [`Disk`] in between: it passes everything on to the system's own, but asks the disk
//! first whether what is written may be.
//!
//! Of the crates that offer a file system in safe Rust, one knows no shared memory, which the server's log needs, and
//! the other must have clang's library wherever it is compiled. So these are SQLite's own structures.
#![expect(unsafe_code, reason = "SQLite calls a file system through C structures")]

use super::Disk;
use rusqlite::ffi::{self, sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs};
use std::{
    ffi::{CStr, c_char, c_int, c_void},
    ptr, slice,
    sync::{Arc, Once},
};

const NAME: &CStr = c"lianxin-disk";

/// An open file; the system's own follows it in memory.
#[repr(C)]
struct File {
    base: sqlite3_file,
    /// Null if the file lies on no disk of a world's.
    watched: *mut Watched,
}

struct Watched {
    disk: Arc<Disk>,
    path: String,
}

unsafe extern "C" {
    /// Of SQLite3MultipleCiphers: puts the cipher over a file system, under the name `multipleciphers-…`.
    fn sqlite3mc_vfs_create(real: *const c_char, make_default: c_int) -> c_int;
}

/// Makes it, under the cipher, what every database of this process is opened with from now on.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the names are C strings for ever, the structures are leaked; SQLite initialises itself in `find`.
        unsafe {
            let system = ffi::sqlite3_vfs_find(c"unix".as_ptr());
            assert!(!system.is_null(), "SQLite has no file system for this machine");
            let mut own: sqlite3_vfs = *system;
            own.szOsFile += size_of::<File>() as c_int;
            own.zName = NAME.as_ptr();
            own.pNext = ptr::null_mut();
            own.pAppData = system.cast();
            own.xOpen = Some(open);
            own.xDelete = Some(delete);
            let registered = ffi::sqlite3_vfs_register(Box::leak(Box::new(own)), 0);
            assert_eq!(registered, ffi::SQLITE_OK, "SQLite takes no file system");
            assert_eq!(sqlite3mc_vfs_create(NAME.as_ptr(), 1), ffi::SQLITE_OK, "the cipher takes none");
        }
    });
}

/// The system's file behind one of ours.
///
/// # Safety
/// `file` is one that [`open`] was given.
unsafe fn real(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: `szOsFile` made room for both.
    unsafe { file.cast::<File>().add(1).cast() }
}

/// # Safety
/// As for [`real`], and no reference outlives the call.
unsafe fn watched<'a>(file: *mut sqlite3_file) -> Option<&'a Watched> {
    // SAFETY: set by `open`, dropped by `close`, after which SQLite uses the file no more.
    unsafe { (*file.cast::<File>()).watched.as_ref() }
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives a name that is null or a C string, and `szOsFile` bytes for the file.
    unsafe {
        let system = (*vfs).pAppData.cast::<sqlite3_vfs>();
        let own = file.cast::<File>();
        ((*own).base.pMethods, (*own).watched) = (ptr::null(), ptr::null_mut());
        let path = if name.is_null() { None } else { CStr::from_ptr(name).to_str().ok() };
        let disk = path.and_then(Disk::of);
        if let (Some(path), Some(disk)) = (path, &disk)
            && let Err(code) = disk.opened(path)
        {
            return code;
        }
        let Some(open) = (*system).xOpen else { return ffi::SQLITE_CANTOPEN };
        let opened = open(system, name, real(file), flags, out);
        if opened == ffi::SQLITE_OK {
            (*own).base.pMethods = &METHODS;
            if let (Some(path), Some(disk)) = (path, disk) {
                (*own).watched = Box::into_raw(Box::new(Watched { disk, path: path.to_owned() }));
            }
        }
        opened
    }
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, name: *const c_char, durably: c_int) -> c_int {
    // SAFETY: SQLite gives a C string; `pAppData` is the system's file system.
    unsafe {
        if let Ok(path) = CStr::from_ptr(name).to_str()
            && let Some(disk) = Disk::of(path)
            && let Err(code) = disk.delete(path, durably != 0)
        {
            return code;
        }
        let system = (*vfs).pAppData.cast::<sqlite3_vfs>();
        (*system).xDelete.map_or(ffi::SQLITE_IOERR_DELETE, |delete| delete(system, name, durably))
    }
}

/// A method that only passes on.
macro_rules! passed_on {
    ($name:ident, $method:ident $(, $arg:ident: $kind:ty)*) => {
        unsafe extern "C" fn $name(file: *mut sqlite3_file $(, $arg: $kind)*) -> c_int {
            // SAFETY: SQLite calls it on files that `open` has opened, with what the system's method wants.
            unsafe {
                let real = real(file);
                (*(*real).pMethods).$method.map_or(ffi::SQLITE_IOERR, |method| method(real $(, $arg)*))
            }
        }
    };
}

passed_on!(pass_close, xClose);
passed_on!(read, xRead, to: *mut c_void, bytes: c_int, at: sqlite3_int64);
passed_on!(pass_write, xWrite, from: *const c_void, bytes: c_int, at: sqlite3_int64);
passed_on!(pass_truncate, xTruncate, bytes: sqlite3_int64);
passed_on!(pass_sync, xSync, flags: c_int);
passed_on!(file_size, xFileSize, bytes: *mut sqlite3_int64);
passed_on!(lock, xLock, level: c_int);
passed_on!(unlock, xUnlock, level: c_int);
passed_on!(check_reserved_lock, xCheckReservedLock, is_locked: *mut c_int);
passed_on!(file_control, xFileControl, what: c_int, with: *mut c_void);
passed_on!(sector_size, xSectorSize);
passed_on!(device_characteristics, xDeviceCharacteristics);
passed_on!(shm_map, xShmMap, page: c_int, bytes: c_int, extend: c_int, to: *mut *mut c_void);
passed_on!(shm_lock, xShmLock, from: c_int, count: c_int, flags: c_int);
passed_on!(shm_unmap, xShmUnmap, delete: c_int);
passed_on!(fetch, xFetch, at: sqlite3_int64, bytes: c_int, to: *mut *mut c_void);
passed_on!(unfetch, xUnfetch, at: sqlite3_int64, from: *mut c_void);

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: as in `passed_on`.
    unsafe {
        let real = real(file);
        if let Some(barrier) = (*(*real).pMethods).xShmBarrier {
            barrier(real);
        }
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: the box is of `open`, and SQLite closes a file once.
    unsafe {
        let own = file.cast::<File>();
        if !(*own).watched.is_null() {
            drop(Box::from_raw((*own).watched));
            (*own).watched = ptr::null_mut();
        }
        pass_close(file)
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    bytes: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite gives so many bytes to read.
    unsafe {
        if let Some(Watched { disk, path }) = watched(file) {
            let bytes = slice::from_raw_parts(from.cast::<u8>(), bytes as usize);
            if let Err(code) = disk.write(path, at as usize, bytes) {
                return code;
            }
        }
        pass_write(file, from, bytes, at)
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, bytes: sqlite3_int64) -> c_int {
    // SAFETY: as in `passed_on`.
    unsafe {
        if let Some(Watched { disk, path }) = watched(file)
            && let Err(code) = disk.truncate(path, bytes as usize)
        {
            return code;
        }
        pass_truncate(file, bytes)
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: as in `passed_on`.
    unsafe {
        match watched(file) {
            // Nobody cuts this machine's own power to look whether a world survives.
            Some(Watched { disk, path }) => disk.sync(path).err().unwrap_or(ffi::SQLITE_OK),
            None => pass_sync(file, flags),
        }
    }
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 3,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: Some(fetch),
    xUnfetch: Some(unfetch),
};
