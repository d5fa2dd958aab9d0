//! How much a client lets us send (RFC 9113, 5.2): what it grants is shared between h2 and the streams whose frames are written past it.
//! A pure core: it sees what the frames on the connection said, and knows no socket.

use std::collections::{BTreeMap, HashMap};

/// What a connection grants at its start, and a stream if the client's settings do not say otherwise.
const GRANTED_AT_FIRST: i64 = 65_535;
/// The most that may be granted; more is the client's error.
pub(super) const GRANTED_MAX: i64 = (1 << 31) - 1;
/// Below this part of the connection's window it does not pay to write past h2, which has the rest.
const OURS_MIN: i64 = 64 * 1024;

/// A stream whose frames are written past h2: its place among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server::h2) struct Lane(u32);

/// A lane of no connection.
#[cfg(test)]
pub(in crate::server::h2) fn test_lane(number: u32) -> Lane {
    Lane(number)
}

/// The windows of one connection.
#[derive(Debug)]
pub(super) struct Windows {
    ours: Share,
    theirs: Share,
    /// What a stream begins with.
    initial: i64,
    lanes: Vec<Stream>,
    free: Vec<u32>,
    by_id: HashMap<u32, u32>,
    /// What streams were granted that nobody writes past h2, or not yet.
    early: BTreeMap<u32, i64>,
    early_max: usize,
    /// Whether some lane may have more room than before.
    has_opened: bool,
    /// Whether the client takes frames of shared data.
    takes_shared: bool,
}

/// A part of the connection's window.
#[derive(Debug, Default)]
struct Share {
    /// What may be sent now. It can only be below 0 by the client's fault.
    room: i64,
    /// What was sent and not granted anew.
    out: i64,
}

impl Share {
    fn spend(&mut self, bytes: i64) {
        self.room -= bytes;
        self.out += bytes;
    }

    fn get_back(&mut self, bytes: i64) {
        self.room += bytes;
        self.out -= bytes;
    }

    fn size(&self) -> i64 {
        self.room + self.out
    }
}

#[derive(Debug)]
struct Stream {
    id: u32,
    /// Below 0 when the settings took back what was sent already.
    window: i64,
    /// Whether the answer's head is on its way, so that frames may follow.
    has_begun: bool,
}

impl Windows {
    /// Of a connection that just began, with so many streams at most.
    pub(super) fn new(streams_max: u32) -> Self {
        let theirs = Share {
            room: GRANTED_AT_FIRST,
            out: 0,
        };
        Self {
            ours: Share::default(),
            theirs,
            initial: GRANTED_AT_FIRST,
            lanes: Vec::new(),
            free: Vec::new(),
            by_id: HashMap::new(),
            early: BTreeMap::new(),
            early_max: 2 * streams_max as usize,
            has_opened: false,
            takes_shared: false,
        }
    }

    /// The client says that it takes frames of shared data.
    pub(super) fn share(&mut self) {
        self.takes_shared = true;
    }

    /// Whether the client takes frames of shared data.
    pub(super) fn takes_shared(&self) -> bool {
        self.takes_shared
    }

    /// A lane for a stream; `None` if too much of the connection's window is h2's.
    pub(super) fn open(&mut self, id: u32) -> Option<Lane> {
        if self.ours.size() < OURS_MIN {
            return None;
        }
        let early = self.early.remove(&id).unwrap_or(0);
        let stream = Stream {
            id,
            window: self.initial + early,
            has_begun: false,
        };
        let lane = match self.free.pop() {
            Some(lane) => {
                self.lanes[lane as usize] = stream;
                lane
            }
            None => {
                self.lanes.push(stream);
                u32::try_from(self.lanes.len() - 1).expect("a connection has few streams")
            }
        };
        self.by_id.insert(id, lane);
        Some(Lane(lane))
    }

    /// Its stream has ended.
    pub(super) fn close(&mut self, lane: Lane) {
        self.by_id.remove(&self.lanes[lane.0 as usize].id);
        self.free.push(lane.0);
    }

    /// The head of a stream's answer is on its way.
    pub(super) fn begin(&mut self, id: u32) {
        if let Some(lane) = self.by_id.get(&id) {
            self.lanes[*lane as usize].has_begun = true;
            self.has_opened = true;
        }
    }

    /// How much may be sent on a lane now.
    pub(super) fn room(&self, lane: Lane) -> usize {
        let stream = &self.lanes[lane.0 as usize];
        if !stream.has_begun {
            return 0;
        }
        usize::try_from(stream.window.min(self.ours.room)).unwrap_or(0)
    }

    /// So much is sent on a lane; it has the room.
    pub(super) fn spend(&mut self, lane: Lane, bytes: usize) {
        let bytes = bytes as i64;
        self.lanes[lane.0 as usize].window -= bytes;
        self.ours.spend(bytes);
    }

    /// The stream of a lane.
    pub(super) fn id(&self, lane: Lane) -> u32 {
        self.lanes[lane.0 as usize].id
    }

    /// h2 sends so much.
    pub(super) fn spend_theirs(&mut self, bytes: u32) {
        self.theirs.spend(i64::from(bytes));
    }

    /// Whether some lane may have got more room since the last call.
    pub(super) fn take_has_opened(&mut self) -> bool {
        std::mem::take(&mut self.has_opened)
    }

    /// The client grants the connection so much more. What of it h2 is to know.
    pub(super) fn grant(&mut self, bytes: u32) -> u32 {
        let bytes = i64::from(bytes);
        if self.ours.room + self.theirs.room + bytes > GRANTED_MAX {
            // h2 finds that this is too much, and says so.
            return GRANTED_MAX as u32;
        }
        let out = self.ours.out + self.theirs.out;
        let back = bytes.min(out);
        // Each gets back in proportion to what it has sent.
        let to_ours = if out == 0 { 0 } else { back * self.ours.out / out };
        let to_theirs = (back - to_ours).min(self.theirs.out);
        let to_ours = back - to_theirs;
        self.ours.get_back(to_ours);
        self.theirs.get_back(to_theirs);
        // The window grows: until both parts are alike, the smaller one gets it.
        let more = bytes - back;
        let lead = self.theirs.size() - self.ours.size();
        let to_ours_too = ((more + lead) / 2).clamp(0, more);
        self.ours.room += to_ours_too;
        self.theirs.room += more - to_ours_too;
        self.has_opened |= to_ours + to_ours_too > 0;
        u32::try_from(to_theirs + more - to_ours_too).expect("a part of what was granted")
    }

    /// The client grants a stream so much more. What of it h2 is to know.
    pub(super) fn grant_stream(&mut self, id: u32, bytes: u32) -> u32 {
        let Some(lane) = self.by_id.get(&id) else {
            self.note_early(id, bytes);
            return bytes;
        };
        let stream = &mut self.lanes[*lane as usize];
        if stream.window + i64::from(bytes) > GRANTED_MAX {
            return GRANTED_MAX as u32;
        }
        stream.window += i64::from(bytes);
        self.has_opened = true;
        0
    }

    fn note_early(&mut self, id: u32, bytes: u32) {
        let early = self.early.entry(id).or_insert(0);
        *early = (*early + i64::from(bytes)).min(GRANTED_MAX);
        if self.early.len() > self.early_max {
            // The oldest streams have ended long ago.
            self.early.pop_first();
        }
    }

    /// The client's settings say what streams begin with; those that are open change by the difference.
    pub(super) fn set_initial(&mut self, initial: u32) {
        let initial = i64::from(initial).min(GRANTED_MAX);
        let change = initial - self.initial;
        self.initial = initial;
        for stream in &mut self.lanes {
            stream.window = (stream.window + change).min(GRANTED_MAX);
        }
        self.has_opened |= change > 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// With a connection's window that was raised to this.
    fn raised(to: u32) -> Windows {
        let mut windows = Windows::new(4);
        windows.grant(to - GRANTED_AT_FIRST as u32);
        windows
    }

    #[test]
    fn a_small_window_is_h2s_alone() {
        assert_eq!(Windows::new(4).open(1), None);
        assert_eq!(raised(100_000).open(1), None);
        assert!(raised(200_000).open(1).is_some());
    }

    #[test]
    fn a_stream_has_room_once_its_head_is_on_its_way() {
        let mut windows = raised(1 << 20);
        assert_eq!(windows.grant_stream(3, 10), 10);
        let lane = windows.open(3).expect("there is room");
        assert_eq!(windows.room(lane), 0);
        windows.take_has_opened();
        windows.begin(3);
        assert!(windows.take_has_opened());
        assert_eq!(windows.room(lane), 65_545);
        windows.spend(lane, 65_545);
        assert_eq!(windows.room(lane), 0);
        assert_eq!(windows.grant_stream(3, 7), 0);
        assert_eq!(windows.room(lane), 7);
        windows.set_initial(65_530);
        assert_eq!(windows.room(lane), 2);
        windows.set_initial(0);
        assert_eq!(windows.room(lane), 0);
        windows.close(lane);
        assert_eq!(windows.grant_stream(3, 7), 7);
    }

    #[test]
    fn too_much_is_told_to_h2() {
        let mut windows = raised(1 << 20);
        assert_eq!(windows.grant(GRANTED_MAX as u32), GRANTED_MAX as u32);
        let lane = windows.open(1).expect("there is room");
        assert_eq!(windows.grant_stream(1, GRANTED_MAX as u32), GRANTED_MAX as u32);
        assert_eq!(windows.id(lane), 1);
    }

    #[test]
    fn the_largest_window_is_filled_up_again() {
        let mut windows = raised(GRANTED_MAX as u32);
        windows.spend_theirs(1_000);
        assert_eq!(windows.grant(1_000), 1_000);
        assert_eq!(windows.ours.room + windows.theirs.room, GRANTED_MAX);
    }

    #[test]
    fn what_was_granted_early_is_forgotten_in_order() {
        let mut windows = raised(1 << 20);
        for id in 0..20 {
            windows.grant_stream(2 * id + 1, 1);
        }
        assert_eq!(windows.early.len(), 8);
        assert_eq!(windows.early.first_key_value(), Some((&25, &1)));
    }

    proptest! {
        /// Whatever is sent and granted: both together never have more than the client granted, and what was granted is not lost.
        #[test]
        fn both_parts_together_are_the_connections_window(
            steps in proptest::collection::vec((0..3u8, 1..200_000u32), 1..200),
        ) {
            let mut windows = raised(1 << 20);
            windows.set_initial(GRANTED_MAX as u32);
            let lane = windows.open(1).expect("there is room");
            windows.begin(1);
            let (mut granted, mut sent, mut known_to_h2) = (1i64 << 20, 0i64, 0i64);
            let before = windows.theirs.room;
            let mut sent_by_h2 = 0i64;
            for (what, bytes) in steps {
                match what {
                    0 => {
                        let bytes = windows.room(lane).min(bytes as usize);
                        windows.spend(lane, bytes);
                        sent += bytes as i64;
                    }
                    1 => {
                        let bytes = windows.theirs.room.min(i64::from(bytes));
                        windows.spend_theirs(bytes as u32);
                        sent += bytes;
                        sent_by_h2 += bytes;
                    }
                    _ => {
                        granted += i64::from(bytes);
                        known_to_h2 += i64::from(windows.grant(bytes));
                    }
                }
                prop_assert!(windows.ours.room >= 0 && windows.theirs.room >= 0);
                prop_assert!(windows.ours.out >= 0 && windows.theirs.out >= 0);
                prop_assert_eq!(windows.ours.room + windows.theirs.room, granted - sent);
                prop_assert_eq!(windows.theirs.room, before + known_to_h2 - sent_by_h2);
            }
        }
    }
}
