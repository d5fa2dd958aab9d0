//! The watches of a connection, by stream: which of them have lanes, and what their member may be let send again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;

use futures_util::task::AtomicWaker;

use super::lane::Lane;

/// The lanes of one connection.
#[derive(Default)]
pub(in crate::upstream) struct Lanes {
    table: Mutex<Table>,
    /// Of the connection's task, which writes what is granted.
    writer: AtomicWaker,
}

/// A watch whose request was sent; forgotten when dropped.
pub(in crate::upstream) struct Opened {
    lanes: Arc<Lanes>,
    stream: u32,
}

/// By stream.
#[derive(Default)]
pub(super) struct Table {
    /// In the order of streams, of which there are few.
    watches: Vec<(u32, Watch)>,
    /// How much the member may send again on streams, or on the connection where they are 0. A stream has a new entry only for
    /// bytes that came, so what its window has bounds them all.
    granted: Vec<(u32, u32)>,
}

/// Where a watch's data goes.
enum Watch {
    /// To h2. It has so many bytes already.
    Counted(usize),
    /// Into its lane.
    Diverted(Arc<Lane>),
}

impl Lanes {
    /// Sends the request of a watch. Not a byte of its answer is looked at before the watch is known.
    pub(in crate::upstream) fn send<T, E>(
        self: &Arc<Self>,
        send: impl FnOnce() -> Result<T, E>,
        stream: impl FnOnce(&T) -> u32,
    ) -> Result<(T, Opened), E> {
        let mut table = self.lock();
        let sent = send()?;
        let stream = stream(&sent);
        table.insert(stream, Watch::Counted(0));
        let lanes = Arc::clone(self);
        Ok((sent, Opened { lanes, stream }))
    }

    /// Takes what is granted, to be written. The context is of the connection's task, and woken when there is more.
    pub(super) fn take_granted(&self, cx: &mut Context<'_>) -> Vec<(u32, u32)> {
        self.writer.register(cx.waker());
        std::mem::take(&mut self.lock().granted)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Opened {
    /// Its lane, for all data of frames that were not begun yet, and how many bytes h2 has before that; none if its end is with h2 already.
    pub(in crate::upstream) fn divert(&self) -> Option<(Arc<Lane>, usize)> {
        let mut table = self.lanes.lock();
        let watch = table.watch(self.stream)?;
        let lane = Arc::default();
        match std::mem::replace(watch, Watch::Diverted(Arc::clone(&lane))) {
            Watch::Counted(count) => Some((lane, count)),
            Watch::Diverted(_) => None,
        }
    }

    /// The client has taken so many bytes of the lane: its member may send as many again.
    pub(in crate::upstream) fn release(&self, count: usize) {
        let mut table = self.lanes.lock();
        let Some(Watch::Diverted(lane)) = table.watch(self.stream) else {
            return;
        };
        lane.release(count);
        table.grant(self.stream, count);
        drop(table);
        self.lanes.writer.wake();
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.lanes.lock().remove(self.stream);
    }
}

impl Table {
    /// A frame of data and nothing else begins. Its lane, if it has one.
    pub(super) fn data(&mut self, stream: u32, length: usize) -> Option<&Arc<Lane>> {
        match self.watch(stream)? {
            Watch::Counted(count) => {
                *count += length;
                None
            }
            Watch::Diverted(lane) => Some(lane),
        }
    }

    /// Whether data of a stream goes into a lane.
    pub(super) fn is_diverted(&mut self, stream: u32) -> bool {
        matches!(self.watch(stream), Some(Watch::Diverted(_)))
    }

    /// All that follows of a stream is h2's, or it is over.
    pub(super) fn remove(&mut self, stream: u32) {
        if let Ok(at) = self.find(stream) {
            self.watches.remove(at);
        }
    }

    /// So much may be sent again.
    pub(super) fn grant(&mut self, stream: u32, count: usize) {
        // What comes is bounded by windows, which are of 31 bits.
        self.granted
            .extend(u32::try_from(count).ok().map(|count| (stream, count)));
    }

    fn insert(&mut self, stream: u32, watch: Watch) {
        match self.find(stream) {
            Ok(at) => self.watches[at].1 = watch,
            Err(at) => self.watches.insert(at, (stream, watch)),
        }
    }

    fn watch(&mut self, stream: u32) -> Option<&mut Watch> {
        let at = self.find(stream).ok()?;
        Some(&mut self.watches[at].1)
    }

    fn find(&self, stream: u32) -> Result<usize, usize> {
        self.watches.binary_search_by_key(&stream, |(stream, _)| *stream)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::task::Waker;

    /// A watch that is known.
    pub(in crate::upstream::direct) fn opened(lanes: &Arc<Lanes>, stream: u32) -> Opened {
        let sent = lanes.send(|| Ok::<_, ()>(stream), |id| *id);
        sent.expect("sent").1
    }

    fn granted(lanes: &Lanes) -> Vec<(u32, u32)> {
        lanes.take_granted(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn data_is_counted_until_it_is_diverted() {
        let lanes = Arc::new(Lanes::default());
        let (watch, other) = (opened(&lanes, 5), opened(&lanes, 3));
        assert!(lanes.lock().data(5, 10).is_none());
        assert!(lanes.lock().data(5, 20).is_none());
        assert!(lanes.lock().data(9, 40).is_none());
        let (lane, before) = watch.divert().expect("open");
        assert_eq!(before, 30);
        assert!(lanes.lock().data(5, 1).is_some_and(|one| Arc::ptr_eq(one, &lane)));
        assert!(lanes.lock().data(3, 1).is_none());
        assert_eq!(other.divert().expect("open").1, 1);
    }

    #[test]
    fn what_was_taken_is_granted_as_long_as_the_stream_is_open() {
        let lanes = Arc::new(Lanes::default());
        let (watch, over) = (opened(&lanes, 1), opened(&lanes, 3));
        watch.release(1);
        assert_eq!(granted(&lanes), []);
        watch.divert().expect("open");
        over.divert().expect("open");
        watch.release(7);
        lanes.lock().remove(3);
        over.release(8);
        assert_eq!(granted(&lanes), [(1, 7)]);
        assert_eq!(granted(&lanes), []);
        drop(watch);
        assert!(lanes.lock().watches.is_empty());
        assert!(over.divert().is_none());
    }
}
