//! What is kept of the log when its segments are deleted: a redb file with all held versions and leases.
//! It does not decide when: the writer does, and hands over what changed since the last one.

use super::index::{Index, VersionId};
use super::limits::{CHECKPOINT_CACHE_BYTES, CHECKPOINT_SLACK_BYTES};
use super::record;
use super::state::{State, damaged};
use super::version::Version;
use crate::store::Error;
use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};
use std::collections::HashSet;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const VERSIONS: TableDefinition<(i64, u32), &[u8]> = TableDefinition::new("versions");
const LEASES: TableDefinition<i64, u64> = TableDefinition::new("leases");
const META: TableDefinition<&str, i64> = TableDefinition::new("meta");
const FORMAT: i64 = 1;

/// What one checkpoint adds to the one before.
pub struct Delta {
    /// New versions, in order.
    pub fresh: Vec<Arc<Version>>,
    /// Versions that are no longer held; they may never have been saved.
    pub dead: Vec<VersionId>,
    /// All leases with their seconds to live.
    pub leases: Vec<(i64, u64)>,
    pub last_lease: i64,
    pub revision: i64,
    pub compacted: i64,
    pub history_first: i64,
    /// The last frame of the log that is covered.
    pub sequence: u64,
}

/// The open checkpoint file.
pub struct Checkpoint {
    database: Database,
    path: PathBuf,
}

impl Checkpoint {
    /// Opens or creates the file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = file.map_err(|error| Error::Fatal(format!("{}: {error}", path.display())))?;
        let database = FileBackend::new(file)
            .map_err(|error| Error::Fatal(format!("{}: {error}", path.display())))
            .and_then(|backend| Database::builder().set_cache_size(CHECKPOINT_CACHE_BYTES).create_with_backend(backend).map_err(failed))?;
        Ok(Self { database, path: path.to_owned() })
    }

    /// The saved state and the last frame that it covers; an empty store and 0 before the first checkpoint.
    pub fn load(&self, now: Instant) -> Result<(State, u64), Error> {
        let read = self.database.begin_read().map_err(failed)?;
        let meta = match read.open_table(META) {
            Ok(meta) => meta,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok((State::empty(), 0)),
            Err(error) => return Err(failed(error)),
        };
        let number = |name: &str| -> Result<i64, Error> {
            let found = meta.get(name).map_err(failed)?.map(|number| number.value());
            found.ok_or_else(|| damaged("the checkpoint is incomplete"))
        };
        if number("format")? != FORMAT {
            return Err(Error::Fatal(format!("{}: made by another version of this program", self.path.display())));
        }
        let mut state = State::empty();
        state.index = Index::loading(number("history_first")?, number("compacted")?);
        for lease in read.open_table(LEASES).map_err(failed)?.iter().map_err(failed)? {
            let (id, seconds) = lease.map_err(failed)?;
            state.leases.grant(id.value(), Duration::from_secs(seconds.value()), now);
        }
        state.leases.used(number("last_lease")?);
        let mut loader = Loader { state: &mut state, revision: Vec::new() };
        for version in read.open_table(VERSIONS).map_err(failed)?.iter().map_err(failed)? {
            let (_, bytes) = version.map_err(failed)?;
            let version = record::decode_version(&mut bytes.value());
            loader.take(Arc::new(version.ok_or_else(|| damaged("a version cannot be read"))?))?;
        }
        loader.flush()?;
        if state.index.revision() != number("revision")? {
            return Err(damaged("revisions are missing in the checkpoint"));
        }
        let sequence = u64::try_from(number("sequence")?).map_err(|_| damaged("a number is negative"))?;
        Ok((state, sequence))
    }

    /// Saves a delta; durable on return.
    pub fn save(&mut self, delta: &Delta) -> Result<(), Error> {
        let mut write = self.database.begin_write().map_err(failed)?;
        // Opening after a kill must not walk the whole file; this also makes the commit two-phase.
        write.set_quick_repair(true);
        let stored_bytes = {
            let mut versions = write.open_table(VERSIONS).map_err(failed)?;
            let dead: HashSet<VersionId> = delta.dead.iter().copied().collect();
            let mut bytes = Vec::new();
            for version in delta.fresh.iter().filter(|version| !dead.contains(&(version.modified, version.sub))) {
                bytes.clear();
                record::encode_version(version, &mut bytes);
                versions.insert((version.modified, version.sub), bytes.as_slice()).map_err(failed)?;
            }
            for id in &delta.dead {
                versions.remove(id).map_err(failed)?;
            }
            let mut leases = write.open_table(LEASES).map_err(failed)?;
            leases.retain(|_, _| false).map_err(failed)?;
            for (id, seconds) in &delta.leases {
                leases.insert(id, seconds).map_err(failed)?;
            }
            let mut meta = write.open_table(META).map_err(failed)?;
            for (name, number) in delta.numbers() {
                meta.insert(name, number).map_err(failed)?;
            }
            versions.stats().map_err(failed)?.stored_bytes()
        };
        write.commit().map_err(failed)?;
        self.give_back(stored_bytes)
    }

    /// Shortens a file that is mostly free pages.
    fn give_back(&mut self, stored_bytes: u64) -> Result<(), Error> {
        let file_bytes = std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        if file_bytes > CHECKPOINT_SLACK_BYTES.max(2 * stored_bytes) {
            self.database.compact().map_err(failed)?;
        }
        Ok(())
    }
}

impl Delta {
    fn numbers(&self) -> [(&'static str, i64); 6] {
        let sequence = i64::try_from(self.sequence).expect("fewer frames than nanoseconds in a century");
        [
            ("format", FORMAT),
            ("last_lease", self.last_lease),
            ("revision", self.revision),
            ("compacted", self.compacted),
            ("history_first", self.history_first),
            ("sequence", sequence),
        ]
    }
}

/// Sorts versions, which come in revision order, into state and history.
struct Loader<'a> {
    state: &'a mut State,
    /// The changes of one revision of the history.
    revision: Vec<Arc<Version>>,
}

impl Loader<'_> {
    fn take(&mut self, version: Arc<Version>) -> Result<(), Error> {
        if version.modified < self.state.index.history_first() {
            let before = self.state.index.latest(&version.key).map_or(0, |version| version.lease);
            self.state.leases.move_key(&version.key, before, version.lease);
            self.state.index.load(version);
            return Ok(());
        }
        if self.revision.first().is_some_and(|first| first.modified != version.modified) {
            self.flush()?;
        }
        self.revision.push(version);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        let Some(first) = self.revision.first() else { return Ok(()) };
        if first.modified != self.state.index.revision() + 1 {
            return Err(damaged("a revision is missing in the checkpoint"));
        }
        self.state.apply(std::mem::take(&mut self.revision).into());
        Ok(())
    }
}

fn failed(error: impl Into<redb::Error>) -> Error {
    Error::Fatal(format!("checkpoint: {}", error.into()))
}
