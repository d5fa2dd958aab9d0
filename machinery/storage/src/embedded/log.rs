//! The append log: frames in preallocated segment files, each durable before the next is written.
//! It does not know what a frame's body means: `record` does.
//!
//! One frame is one group commit. Because the next frame is written only after a sync of the one before, at most the last
//! frame of the last segment can be torn: it was never acknowledged and is cut. A bad frame with a good one behind it is
//! damage to what was acknowledged, and the log refuses to open.

mod frame;
mod segment;

pub use frame::Frame;
use segment::Segment;

use crate::store::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// The log of one folder, open for appending.
pub struct Log {
    folder: PathBuf,
    /// Full segments that a checkpoint will make superfluous.
    sealed: Vec<PathBuf>,
    active: Segment,
    next_sequence: u64,
}

impl Log {
    /// Opens or creates it. Frames after `checkpointed` are shown to `replay` in order.
    pub fn open(
        folder: &Path,
        checkpointed: u64,
        mut replay: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let mut segments = list(folder)?;
        if let Some((_, path)) = segments.last().filter(|(_, path)| segment::is_unfinished(path)) {
            // Its creation was interrupted; nothing was ever appended.
            fs::remove_file(path).map_err(|error| fatal(path, &error))?;
            segments.pop();
        }
        let Some((last_first, last_path)) = segments.pop() else {
            return Self::create(folder, checkpointed);
        };
        let mut reader = Reader { next: None, checkpointed, replay: &mut replay };
        let mut sealed = Vec::new();
        for (first, path) in segments {
            reader.begin(first, &path)?;
            let segment = Segment::open(&path, first)?;
            segment.read(|sequence, body| reader.frame(&path, sequence, body))?.expect_end(&path)?;
            sealed.push(path);
        }
        reader.begin(last_first, &last_path)?;
        let mut active = Segment::open(&last_path, last_first)?;
        let tail = active.read(|sequence, body| reader.frame(&last_path, sequence, body))?;
        let next_sequence = reader.next.unwrap_or_default();
        if next_sequence <= checkpointed {
            return Err(damaged(&last_path, "frames that the checkpoint has are missing"));
        }
        active.cut(tail).map_err(|error| fatal(&last_path, &error))?;
        Ok(Self { folder: folder.to_owned(), sealed, active, next_sequence })
    }

    fn create(folder: &Path, checkpointed: u64) -> Result<Self, Error> {
        if checkpointed > 0 {
            return Err(damaged(folder, "its segments are missing"));
        }
        let active = Segment::create(folder, 1).map_err(|error| fatal(folder, &error))?;
        Ok(Self { folder: folder.to_owned(), sealed: Vec::new(), active, next_sequence: 1 })
    }

    /// Appends one frame; durable on return. After an error the log's state is not known and it must not be used again.
    pub fn append(&mut self, frame: &mut Frame) -> Result<(), Error> {
        self.active.append(frame, self.next_sequence).map_err(|error| fatal(self.active.path(), &error))?;
        self.next_sequence += 1;
        Ok(())
    }

    /// The last frame's number; 0 before the first.
    pub fn last_sequence(&self) -> u64 {
        self.next_sequence - 1
    }

    /// Bytes in the segment that is appended to.
    pub fn active_bytes(&self) -> u64 {
        self.active.len()
    }

    /// Ends the active segment and begins another.
    pub fn rotate(&mut self) -> Result<(), Error> {
        let next =
            Segment::create(&self.folder, self.next_sequence).map_err(|error| fatal(&self.folder, &error))?;
        let full = std::mem::replace(&mut self.active, next);
        self.sealed.push(full.path().to_owned());
        Ok(())
    }

    /// Deletes the segments that were full when the checkpoint was taken.
    pub fn drop_sealed(&mut self) -> Result<(), Error> {
        for path in self.sealed.drain(..) {
            fs::remove_file(&path).map_err(|error| fatal(&path, &error))?;
        }
        segment::sync_folder(&self.folder).map_err(|error| fatal(&self.folder, &error))
    }
}

/// Follows frame numbers over the segments.
struct Reader<'a, F> {
    /// The number that must come next; `None` before the first segment.
    next: Option<u64>,
    checkpointed: u64,
    replay: &'a mut F,
}

impl<F: FnMut(&[u8]) -> Result<(), Error>> Reader<'_, F> {
    fn begin(&mut self, first: u64, path: &Path) -> Result<(), Error> {
        let fits = match self.next {
            Some(next) => first == next,
            None => first <= self.checkpointed + 1,
        };
        self.next = Some(first);
        if fits { Ok(()) } else { Err(damaged(path, "frames before this segment are missing")) }
    }

    fn frame(&mut self, path: &Path, sequence: u64, body: &[u8]) -> Result<(), Error> {
        if self.next != Some(sequence) {
            return Err(damaged(path, "its frames are not in order"));
        }
        self.next = Some(sequence + 1);
        if sequence > self.checkpointed { (self.replay)(body) } else { Ok(()) }
    }
}

/// Segments by the number of their first frame.
fn list(folder: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
    let mut found = Vec::new();
    for item in fs::read_dir(folder).map_err(|error| fatal(folder, &error))? {
        let path = item.map_err(|error| fatal(folder, &error))?.path();
        let number = path.file_name().and_then(|name| name.to_str()).and_then(segment::first_of_name);
        found.extend(number.map(|first| (first, path)));
    }
    found.sort();
    Ok(found)
}

fn fatal(path: &Path, error: &std::io::Error) -> Error {
    Error::Fatal(format!("{}: {error}", path.display()))
}

fn damaged(path: &Path, what: &str) -> Error {
    Error::Fatal(format!("{}: the log is damaged: {what}", path.display()))
}

#[cfg(test)]
mod tests;
