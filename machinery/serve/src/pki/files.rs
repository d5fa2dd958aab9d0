//! Files with keys: readable by their owner only, and never seen half written.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::Error;

/// Writes a file of mode 0600 in a folder of mode 0700, whole or not at all.
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::File {
        path: path.to_owned(),
        source,
    };
    write_folder(path)?;
    let draft = path.with_extension("draft");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .map_err(failed)?;
    file.write_all(content)
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    fs::rename(&draft, path).map_err(failed)
}

/// Waits until nobody else makes files beside this one; as long as the answer lives, nobody does.
pub(super) fn lock(path: &Path) -> Result<fs::File, Error> {
    write_folder(path)?;
    let failed = |source| Error::File {
        path: path.to_owned(),
        source,
    };
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(path).map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(file)
}

/// Makes the folder of a file, of mode 0700, if it is not there.
fn write_folder(path: &Path) -> Result<(), Error> {
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

/// Reads a text file.
pub(super) fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_the_owner_reads_keys() {
        let folder = std::env::temp_dir().join(format!("shardplane-pki-{}", std::process::id()));
        let path = folder.join("inner").join("a.key");
        write_private(&path, b"secret").expect("a writable folder");
        let mode = fs::metadata(&path).expect("written").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::remove_dir_all(&folder).expect("our own folder");
    }
}
