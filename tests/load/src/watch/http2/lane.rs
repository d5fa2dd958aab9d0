//! What every event of a stream touches, side by side for all streams of a connection: a thousand watches that each event reaches are a
//! thousand places in memory, of which most are cold when it comes.

/// A stream that belongs to no watch any more.
const NOBODY: u32 = u32::MAX;

/// One stream.
#[derive(Debug)]
pub struct Lane {
    /// The number of its watch.
    pub watch: u32,
    /// What came and is not given back to the stream's window.
    pub owed_bytes: u32,
    /// The revision to resume from.
    pub last: u64,
    /// The watch is open and reads at once, and the next bytes begin an event that is to be recorded.
    pub steady: bool,
}

/// The streams of a connection; those of a client have odd numbers.
#[derive(Debug, Default)]
pub struct Lanes {
    all: Vec<Lane>,
}

impl Lanes {
    /// A new stream.
    pub fn begin(&mut self, watch: usize, last: u64) -> u32 {
        let stream = self.all.len() as u32 * 2 + 1;
        self.all.push(Lane {
            watch: watch as u32,
            owed_bytes: 0,
            last,
            steady: false,
        });
        stream
    }

    /// A stream that belongs to a watch.
    pub fn get(&mut self, stream: u32) -> Option<&mut Lane> {
        let lane = self.all.get_mut(stream as usize / 2)?;
        (lane.watch != NOBODY).then_some(lane)
    }

    /// It belongs to its watch no more.
    pub fn end(&mut self, stream: u32) {
        if let Some(lane) = self.get(stream) {
            lane.watch = NOBODY;
        }
    }
}
