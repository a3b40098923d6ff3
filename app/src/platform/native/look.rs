//! The look is a small file beside the store: it is read before the store is open.

use std::{fs, path::Path};

use super::paths;
use crate::platform::Look;

/// The file's name.
const LOOK_FILE: &str = "look";

/// The look that is kept on this device.
pub fn kept_look() -> Look {
    paths::data_dir().map(|dir| read(&dir)).unwrap_or_default()
}

/// Keeps a look; where that cannot be, it holds until the window is closed.
pub fn keep_look(look: Look) {
    let Ok(dir) = paths::data_dir() else { return };
    if let Err(error) = fs::create_dir_all(&dir).and_then(|()| fs::write(dir.join(LOOK_FILE), look.code())) {
        tracing::warn!(%error, "the look is not kept");
    }
}

fn read(dir: &Path) -> Look {
    fs::read_to_string(dir.join(LOOK_FILE)).map(|code| Look::from_code(&code)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_found_again_and_a_broken_file_is_the_systems() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()), Look::System);
        for look in Look::ALL {
            fs::write(dir.path().join(LOOK_FILE), look.code()).unwrap();
            assert_eq!(read(dir.path()), look);
        }
        fs::write(dir.path().join(LOOK_FILE), "purple").unwrap();
        assert_eq!(read(dir.path()), Look::System);
    }
}
