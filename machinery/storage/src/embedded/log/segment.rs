//! One file of the log: a header, frames, then zeros to the end.
//! It does not know its neighbours.

use super::frame::{Frame, HEADER_BYTES, Header, checksum};
use super::{damaged, fatal};
use crate::embedded::limits::PREALLOCATE_BYTES;
use crate::store::Error;
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"SHPDLOG1";
const START: u64 = 32;
const SUFFIX: &str = ".log";

/// An open segment.
pub struct Segment {
    path: PathBuf,
    file: File,
    salt: u64,
    /// Where the next frame goes.
    position: u64,
    /// The file's length; all zeros from `position` on.
    allocated: u64,
}

/// How a segment's frames ended.
#[derive(Clone, Copy, Debug)]
pub struct Tail {
    position: u64,
    /// Something that is no frame follows.
    torn: bool,
}

impl Tail {
    /// Refuses a torn end, which a segment that is not the last cannot have.
    pub fn expect_end(self, path: &Path) -> Result<(), Error> {
        if self.torn { Err(damaged(path, "a frame in its middle is broken")) } else { Ok(()) }
    }
}

/// The number in a segment's file name.
pub fn first_of_name(name: &str) -> Option<u64> {
    name.strip_suffix(SUFFIX)?.parse().ok()
}

/// Whether the file's header was never finished, so that it holds nothing.
pub fn is_unfinished(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| match bytes.split_first_chunk::<{ START as usize }>() {
        Some((header, rest)) => header_salt(header).is_none() && rest.iter().all(|byte| *byte == 0),
        None => true,
    })
}

/// Makes names in a folder durable.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn header_salt(header: &[u8; START as usize]) -> Option<u64> {
    let salt = u64::from_le_bytes(*header[8..].first_chunk()?);
    let sum = u32::from_le_bytes(*header[24..].first_chunk()?);
    (header.starts_with(MAGIC) && checksum(salt, &[&header[..24]]) == sum).then_some(salt)
}

impl Segment {
    /// Makes the file for frames from `first` on; its name and room are durable on return.
    pub fn create(folder: &Path, first: u64) -> io::Result<Self> {
        let path = folder.join(format!("{first:020}{SUFFIX}"));
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        let salt = RandomState::new().build_hasher().finish();
        let mut bytes = vec![0; PREALLOCATE_BYTES as usize];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..16].copy_from_slice(&salt.to_le_bytes());
        bytes[16..24].copy_from_slice(&first.to_le_bytes());
        let sum = checksum(salt, &[&bytes[..24]]);
        bytes[24..28].copy_from_slice(&sum.to_le_bytes());
        file.write_all_at(&bytes, 0)?;
        file.sync_all()?;
        sync_folder(folder)?;
        Ok(Self { path, file, salt, position: START, allocated: PREALLOCATE_BYTES })
    }

    /// Opens an existing file; [`Self::read`] and [`Self::cut`] come before the first append.
    pub fn open(path: &Path, first: u64) -> Result<Self, Error> {
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(|error| fatal(path, &error))?;
        let mut header = [0; START as usize];
        file.read_exact_at(&mut header, 0).map_err(|error| fatal(path, &error))?;
        let salt = header_salt(&header).ok_or_else(|| damaged(path, "its header is broken"))?;
        if header[16..24] != first.to_le_bytes() {
            return Err(damaged(path, "its name is not its header's"));
        }
        let allocated = file.metadata().map_err(|error| fatal(path, &error))?.len();
        Ok(Self { path: path.to_owned(), file, salt, position: START, allocated })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes in use.
    pub fn len(&self) -> u64 {
        self.position
    }

    /// Shows all frames, in order, and says where they end.
    pub fn read(&self, mut visit: impl FnMut(u64, &[u8]) -> Result<(), Error>) -> Result<Tail, Error> {
        let mut position = START;
        let mut body = Vec::new();
        while let Some(header) = self.frame_at(position, &mut body).map_err(|error| fatal(&self.path, &error))? {
            visit(header.sequence, &body)?;
            position += header.frame_len().unwrap_or(0);
        }
        let rest = self.rest(position).map_err(|error| fatal(&self.path, &error))?;
        if self.holds_frame(&rest) {
            return Err(damaged(&self.path, "a frame in its middle is broken"));
        }
        Ok(Tail { position, torn: rest.iter().any(|byte| *byte != 0) })
    }

    fn frame_at(&self, position: u64, body: &mut Vec<u8>) -> io::Result<Option<Header>> {
        let mut header = [0; HEADER_BYTES];
        if position + HEADER_BYTES as u64 > self.allocated {
            return Ok(None);
        }
        self.file.read_exact_at(&mut header, position)?;
        let room = self.allocated - position;
        let Some(header) = Header::parse(&header, self.salt).filter(|header| header.frame_len() <= Some(room)) else {
            return Ok(None);
        };
        body.resize(usize::try_from(header.len).unwrap_or(usize::MAX), 0);
        self.file.read_exact_at(body, position + HEADER_BYTES as u64)?;
        Ok(header.fits(self.salt, body).then_some(header))
    }

    fn rest(&self, position: u64) -> io::Result<Vec<u8>> {
        let mut rest = vec![0; usize::try_from(self.allocated.saturating_sub(position)).unwrap_or(usize::MAX)];
        self.file.read_exact_at(&mut rest, position)?;
        Ok(rest)
    }

    /// Whether a whole frame lies anywhere in what should be free.
    fn holds_frame(&self, rest: &[u8]) -> bool {
        (0..rest.len()).step_by(8).any(|offset| {
            let Some(header) = Header::parse(&rest[offset..], self.salt) else { return false };
            let body = &rest[offset + HEADER_BYTES..];
            usize::try_from(header.len)
                .ok()
                .and_then(|len| body.get(..len))
                .is_some_and(|body| header.fits(self.salt, body))
        })
    }

    /// Makes what was read durable, wipes a torn end, and appends from there on. What the last process wrote and did not sync
    /// would otherwise be served and could still be lost.
    pub fn cut(&mut self, tail: Tail) -> io::Result<()> {
        self.position = tail.position;
        if tail.torn {
            let zeros = vec![0; usize::try_from(self.allocated - tail.position).unwrap_or(usize::MAX)];
            self.file.write_all_at(&zeros, tail.position)?;
        }
        self.file.sync_all()
    }

    /// Writes a frame and makes it durable.
    pub fn append(&mut self, frame: &mut Frame, sequence: u64) -> io::Result<()> {
        let bytes = frame.seal(self.salt, sequence);
        let end = self.position + bytes.len() as u64;
        if end > self.allocated {
            let room = (end - self.allocated).next_multiple_of(PREALLOCATE_BYTES);
            let zeros = vec![0; usize::try_from(room).unwrap_or(usize::MAX)];
            self.file.write_all_at(&zeros, self.allocated)?;
            self.allocated += room;
        }
        self.file.write_all_at(bytes, self.position)?;
        self.file.sync_data()?;
        self.position = end;
        Ok(())
    }
}
