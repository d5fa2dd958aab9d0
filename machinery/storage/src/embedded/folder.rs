//! The store's folder: what lies where, who may read it, and that one process has it.
//! It does not know what the files hold.

use crate::store::Error;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The folder, locked for as long as this lives.
pub struct Folder {
    path: PathBuf,
    /// The kernel lets go of the lock when the process ends, however it ends.
    _lock: File,
}

impl Folder {
    /// Creates the folder if need be (mode 0700) and locks it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::Fatal(format!("{}: {error}", path.display()));
        private_folder(path).map_err(failed)?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join("lock"));
        let lock = lock.map_err(failed)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => in_use(path),
            TryLockError::Error(error) => failed(error),
        })?;
        let folder = Self {
            path: path.to_owned(),
            _lock: lock,
        };
        private_folder(&folder.log()).map_err(failed)?;
        Ok(folder)
    }

    /// Where the log's segments are.
    pub fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// The checkpoint file.
    pub fn checkpoint(&self) -> PathBuf {
        self.path.join("checkpoint.redb")
    }
}

/// What all files of a store's folder take together.
pub fn size_bytes(path: &Path) -> std::io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        sum += match entry.metadata() {
            Ok(found) if found.is_dir() => size_bytes(&entry.path())?,
            Ok(found) => found.len(),
            // A segment of the log that was just deleted.
            Err(_) => 0,
        };
    }
    Ok(sum)
}

fn private_folder(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o700))
}

fn in_use(path: &Path) -> Error {
    Error::Fatal(format!(
        "the folder {} is in use by another process: stop that one, or give this one a folder of its own",
        path.display()
    ))
}
