//! A watcher's place in a ring: a few numbers and its bucket, whatever it has still to read.
//! It holds no event and no segment, and decides nothing about what is done with an event.

use crate::bucket::{Bucket, BucketKey};
use crate::directory::Directory;
use crate::parked::Parked;
use crate::position::{Lagged, Position};
use crate::seats::{Seat, Seats};
use crate::segment::Entry;
use crate::shared::Shared;
use crate::sync::{Arc, Ordering, fence};

/// Which events a cursor reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// All of them.
    All,
    /// Those that have one value.
    Bucket(BucketKey<'a>),
}

/// Reads the events of a scope in order, each once.
///
/// In a bucket it finds its first event by going back from the newest one, and each further one by the link
/// that the event before has. So what it has read and not read is two numbers, and reading n events looks at no more
/// than 2n, however late they are read.
pub struct Cursor<T, W: Parked> {
    shared: Arc<Shared<T, W>>,
    bucket: Option<Arc<Bucket<W>>>,
    seen: u64,
    /// The next event of the bucket where it is known.
    upcoming: Option<u64>,
    seat: Option<Arc<Seat<W>>>,
}

/// An event while it is being looked at.
#[derive(Debug)]
pub struct Seen<'a, T> {
    /// Its place.
    pub position: Position,
    /// The revision that it was pushed with.
    pub revision: i64,
    /// What was pushed.
    pub event: &'a Arc<T>,
}

impl<T, W: Parked> Cursor<T, W> {
    pub(crate) fn open(shared: Arc<Shared<T, W>>, scope: Scope<'_>, at: Position) -> Result<Self, Lagged> {
        let bucket = match scope {
            Scope::All => None,
            Scope::Bucket(key) => Some(shared.index.open(key, || shared.floor())),
        };
        let mut cursor = Cursor {
            shared,
            bucket,
            seen: at.0,
            upcoming: None,
            seat: None,
        };
        cursor.find_first()?;
        Ok(cursor)
    }

    /// Another cursor of the same scope, at the same place.
    pub fn fork(&self) -> Result<Self, Lagged> {
        let scope = self.bucket.as_ref().map(|bucket| bucket.key());
        let scope = scope.map_or(Scope::All, Scope::Bucket);
        Self::open(self.shared.clone(), scope, self.position())
    }

    /// A number that two open cursors have in common if and only if they are of the same scope of the same ring.
    pub fn scope_id(&self) -> usize {
        match &self.bucket {
            Some(bucket) => Arc::as_ptr(bucket).addr(),
            None => Arc::as_ptr(&self.shared).addr(),
        }
    }

    /// Passes over what another cursor of the same scope has shown up to a position. It never goes back.
    pub fn skip_to(&mut self, position: Position) {
        if position.0 > self.seen {
            (self.seen, self.upcoming) = (position.0, None);
        }
    }

    /// Passes over what the ring has dropped, if nothing of it in the scope came after this revision. If something did, or may
    /// have, it is false, and the cursor stays where it is.
    pub fn skip_dropped(&mut self, revision: i64) -> bool {
        // What the directory has no more is told by the bucket, which is therefore asked after it.
        let (floor, is_lost) = self.shared.directory.with(|directory| {
            let lost = match &self.bucket {
                Some(bucket) => bucket.lost().max(directory.began_revision),
                None => directory.floor_revision,
            };
            (directory.floor(), lost > revision)
        });
        if !is_lost {
            self.skip_to(Position(floor.position));
        }
        !is_lost
    }

    /// The newest event, or where it was opened: what comes next is after this.
    pub fn position(&self) -> Position {
        Position(self.seen)
    }

    /// Whether there is something to read, or something was lost; one look at one number. While a publish is under way it may
    /// be true before `next` gives the event.
    pub fn is_behind(&self) -> bool {
        let newest = self
            .bucket
            .as_ref()
            .map_or_else(|| self.shared.head(), |bucket| bucket.last());
        newest > self.seen
    }

    /// The next event, if there is one. After an error the cursor stays where it is and says the same again.
    #[allow(
        clippy::should_implement_trait,
        reason = "an iterator ends, and does not fail"
    )]
    pub fn next(&mut self) -> Result<Option<Arc<T>>, Lagged> {
        self.next_with(|seen| seen.event.clone())
    }

    /// Shows the next event, if there is one, without counting a reference to it. What `see` does should be short: as long as
    /// it lasts, the ring's present segments stay in memory.
    pub fn next_with<R>(&mut self, see: impl FnOnce(Seen<'_, T>) -> R) -> Result<Option<R>, Lagged> {
        if !self.is_behind() {
            return Ok(None);
        }
        let look = Look::new(self);
        let found = self.shared.directory.with(|directory| {
            let Some((position, entry)) = self.locate(directory, look)? else {
                return Ok(None);
            };
            let link = self.bucket.as_ref().and_then(|bucket| entry.link(bucket));
            let shown = see(Seen {
                position: Position(position),
                revision: entry.revision,
                event: &entry.event,
            });
            Ok(Some((position, link.and_then(|link| link.following()), shown)))
        })?;
        Ok(found.map(|(position, upcoming, shown)| {
            (self.seen, self.upcoming) = (position, upcoming);
            shown
        }))
    }

    /// Has every later publish in the scope mark and wake this handle, in place of an earlier one, until the cursor is dropped.
    /// True if there is something to read already, of which nobody may be told again.
    pub fn park(&mut self, handle: W) -> bool {
        self.unpark();
        self.seat = Some(self.seats().sit(handle));
        // Its other half is in `Writer::notify`: either that sees the seat, or the next line sees what was published.
        fence(Ordering::SeqCst);
        self.is_behind()
    }

    /// Ends what `park` began; dropping the cursor does so, too.
    pub fn unpark(&mut self) {
        if let Some(seat) = self.seat.take() {
            self.seats().leave(&seat);
        }
    }

    fn seats(&self) -> &Seats<W> {
        self.bucket
            .as_ref()
            .map_or(&self.shared.seats, |bucket| &bucket.seats)
    }

    fn find_first(&mut self) -> Result<(), Lagged> {
        let look = Look::new(self);
        let first = self.shared.directory.with(|directory| {
            if self.bucket.is_none() && self.seen + 1 < directory.tail {
                return Err(self.lagged(directory));
            }
            Ok(self.locate(directory, look)?.map(|(position, _)| position))
        })?;
        self.upcoming = first;
        Ok(())
    }

    /// The next event in the scope that is published.
    fn locate<'d>(&self, directory: &'d Directory<T, W>, look: Look) -> Found<'d, T, W> {
        if look.newest <= self.seen {
            return Ok(None);
        }
        let position = match (&self.bucket, self.upcoming) {
            (None, _) => self.seen + 1,
            (Some(_), Some(upcoming)) => upcoming,
            (Some(bucket), None) => self.walk_back(directory, bucket, look.newest)?,
        };
        if position > look.head {
            return Ok(None);
        }
        let entry = directory.get(position).ok_or_else(|| self.lagged(directory))?;
        Ok(Some((position, entry)))
    }

    /// The oldest event of the bucket that is not seen yet, found from the newest one. It is lost if on the way there is
    /// one that is not held: that one, or one that nobody knows of, was not seen.
    fn walk_back(
        &self,
        directory: &Directory<T, W>,
        bucket: &Arc<Bucket<W>>,
        newest: u64,
    ) -> Result<u64, Lagged> {
        let mut position = newest;
        loop {
            let link = directory.get(position).and_then(|entry| entry.link(bucket));
            let previous = link.ok_or_else(|| self.lagged(directory))?.previous;
            if previous <= self.seen {
                return Ok(position);
            }
            position = previous;
        }
    }

    fn lagged(&self, directory: &Directory<T, W>) -> Lagged {
        Lagged {
            missed_from: Position(self.seen + 1),
            tail: Position(directory.tail),
        }
    }
}

impl<T, W: Parked> Drop for Cursor<T, W> {
    fn drop(&mut self) {
        self.unpark();
        if let Some(bucket) = &self.bucket {
            self.shared.index.close(bucket, || self.shared.tail());
        }
    }
}

/// A position and what is there, if there is something to read.
type Found<'d, T, W> = Result<Option<(u64, &'d Entry<T, W>)>, Lagged>;

/// What was newest when a read began. It is taken before the directory, which then has all of it: a directory that
/// was taken before would miss a segment that is newer, and what is only new would look lost.
#[derive(Clone, Copy)]
struct Look {
    /// The newest position that may be shown.
    head: u64,
    /// The newest position in the scope. In a bucket it may be past the head, while a publish is under way.
    newest: u64,
}

impl Look {
    fn new<T, W: Parked>(cursor: &Cursor<T, W>) -> Look {
        let head = cursor.shared.head();
        let newest = cursor.bucket.as_ref().map_or(head, |bucket| bucket.last());
        Look { head, newest }
    }
}
