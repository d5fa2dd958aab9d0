//! Feeds of one connection that are told the same: one is asked for all, and the chunk goes to each one's stream. Who cannot take it now
//! leaves, with what it has not got. A pure core: it is given the way to a stream, and knows no socket.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use tokio::time::Instant;

use crate::feed::{Multicast, Place, Told, Topic};
use crate::server::h2::cork::Put;
use crate::server::h2::direct::Lane;

/// A group.
pub(super) struct Group {
    topic: Topic,
    speaker: Box<dyn Multicast>,
    members: Vec<Member>,
    /// What not all members have got.
    passing: Option<Passing>,
}

/// A feed in a group.
#[derive(Clone, Copy, Debug)]
struct Member {
    slot: u32,
    lane: Lane,
}

/// A chunk on its way.
struct Passing {
    chunk: Bytes,
    /// Where those are that have nothing of it.
    before: Place,
    /// So many members, the first ones, have all of it.
    served: usize,
    /// So many bytes of it the next one has.
    part: usize,
}

/// The ways to the streams.
pub(super) trait Ways {
    /// Puts a frame with as much of some bytes, at least one, as a lane takes.
    fn put(&mut self, lane: Lane, bytes: &[u8]) -> io::Result<Put>;

    /// Puts one frame with all of some bytes for as many of the first lanes as take it so; how many those are.
    fn put_shared(&mut self, lanes: impl Iterator<Item = Lane>, bytes: &[u8]) -> usize;
}

/// A feed that goes on by itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leaver {
    pub(super) slot: u32,
    /// It goes on after this.
    pub(super) place: Place,
    /// And after these bytes.
    pub(super) rest: Bytes,
}

/// How a group's turn ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// What all may send is used up.
    Again,
    /// The socket has to take more first.
    Full,
    /// It has nothing.
    Idle,
    /// All its members are to go on by themselves.
    Part,
}

impl Group {
    /// Without members. What speaks for it has its signal.
    pub(super) fn new(topic: Topic, speaker: Box<dyn Multicast>) -> Self {
        Self {
            topic,
            speaker,
            members: Vec::new(),
            passing: None,
        }
    }

    pub(super) fn topic(&self) -> Topic {
        self.topic
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether a feed that has nothing to say stands where this does.
    pub(super) fn is_through(&self) -> bool {
        self.passing.is_none() && !self.speaker.is_behind()
    }

    /// Takes a feed in; only where [`Self::is_through`].
    pub(super) fn join(&mut self, slot: u32, lane: Lane) {
        debug_assert!(self.passing.is_none(), "it would be told what it knows");
        self.members.push(Member { slot, lane });
    }

    /// Lets a member go.
    pub(super) fn leave(&mut self, slot: u32) -> Option<Leaver> {
        let at = self.members.iter().position(|member| member.slot == slot)?;
        Some(self.remove(at))
    }

    /// Lets one after the other go until none is left.
    pub(super) fn part(&mut self) -> Option<Leaver> {
        let last = self.members.len().checked_sub(1)?;
        Some(self.remove(last))
    }

    /// Sends what there is, up to what is left for all. Those who have no room for it are added to `leaving`.
    pub(super) fn turn(
        &mut self,
        now: Instant,
        left: &mut usize,
        ways: &mut impl Ways,
        leaving: &mut Vec<Leaver>,
    ) -> io::Result<Outcome> {
        loop {
            if self.members.is_empty() {
                return Ok(Outcome::Idle);
            }
            if self.passing.is_none() {
                match self.ask(now) {
                    Told::Chunk(_) => {}
                    Told::Idle => return Ok(Outcome::Idle),
                    Told::Part => return Ok(Outcome::Part),
                }
            }
            if let Some(outcome) = self.pass(left, ways, leaving)? {
                return Ok(outcome);
            }
        }
    }

    /// The next chunk, which is then passing. Who panics has nothing to say for others.
    fn ask(&mut self, now: Instant) -> Told {
        let before = self.speaker.place();
        let speaker = &mut self.speaker;
        let told = catch_unwind(AssertUnwindSafe(|| speaker.next(now))).unwrap_or(Told::Part);
        let chunk = match &told {
            Told::Chunk(chunk) => chunk.clone(),
            Told::Idle => return told,
            // Whatever was wrong, each finds out for itself.
            Told::Part => Bytes::new(),
        };
        self.passing = Some(Passing {
            chunk,
            before,
            served: 0,
            part: 0,
        });
        told
    }

    /// Goes on with what is passing; `None` when all have it.
    fn pass(
        &mut self,
        left: &mut usize,
        ways: &mut impl Ways,
        leaving: &mut Vec<Leaver>,
    ) -> io::Result<Option<Outcome>> {
        while let Some(passing) = &mut self.passing {
            let Some(member) = self.members.get(passing.served) else {
                let count = passing.served;
                self.passing = None;
                self.speaker.sent(count);
                return Ok(None);
            };
            if *left == 0 {
                return Ok(Some(Outcome::Again));
            }
            if passing.part == 0 {
                let lanes = self.members[passing.served..].iter().map(|member| member.lane);
                let shared = ways.put_shared(lanes, &passing.chunk);
                if shared > 0 {
                    *left = left.saturating_sub(passing.chunk.len());
                    passing.served += shared;
                    continue;
                }
            }
            match ways.put(member.lane, &passing.chunk[passing.part..])? {
                Put::Some(count) => {
                    *left = left.saturating_sub(count);
                    passing.part += count;
                    if passing.part == passing.chunk.len() {
                        (passing.served, passing.part) = (passing.served + 1, 0);
                    }
                }
                Put::NoWindow => {
                    let at = passing.served;
                    leaving.push(self.remove(at));
                }
                Put::NoSpace => return Ok(Some(Outcome::Full)),
            }
        }
        Ok(None)
    }

    fn remove(&mut self, at: usize) -> Leaver {
        let slot = self.members.remove(at).slot;
        let (mut place, mut rest) = (self.speaker.place(), Bytes::new());
        if let Some(passing) = &mut self.passing {
            let is_partial = at == passing.served && passing.part > 0;
            if is_partial {
                rest = passing.chunk.slice(passing.part..);
                passing.part = 0;
            } else if at >= passing.served {
                place = passing.before;
            } else {
                passing.served -= 1;
            }
        }
        Leaver { slot, place, rest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Signal;
    use crate::server::h2::direct::test_lane;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    use std::collections::BTreeMap;

    const MEMBERS: u32 = 5;
    const CHUNKS: u64 = 40;

    /// What is said: each chunk tells its place.
    fn chunk(position: u64) -> Bytes {
        Bytes::from(format!("<{position:03}>").repeat(1 + position as usize % 4))
    }

    /// Says one chunk after the other.
    struct Count(u64);

    impl Multicast for Count {
        fn adopt(&mut self, _: Signal) {}

        fn next(&mut self, _: Instant) -> Told {
            if self.0 == CHUNKS {
                return Told::Idle;
            }
            self.0 += 1;
            Told::Chunk(chunk(self.0))
        }

        fn is_behind(&self) -> bool {
            self.0 < CHUNKS
        }

        fn place(&self) -> Place {
            Place {
                position: self.0,
                revision: 0,
            }
        }

        fn sent(&mut self, _: usize) {}
    }

    /// Clients whose windows and whose socket have room by chance.
    struct Clients<'a> {
        random: &'a mut StdRng,
        got: &'a mut BTreeMap<u32, Vec<u8>>,
        take_shared: bool,
    }

    impl Clients<'_> {
        fn give(&mut self, lane: Lane, bytes: &[u8]) {
            let slot = (0..MEMBERS).find(|slot| test_lane(*slot) == lane);
            let got = self.got.get_mut(&slot.expect("a member's"));
            got.expect("a member").extend_from_slice(bytes);
        }
    }

    impl Ways for Clients<'_> {
        fn put(&mut self, lane: Lane, bytes: &[u8]) -> io::Result<Put> {
            Ok(match self.random.random_range(0..100) {
                0 => Put::NoWindow,
                1..8 => Put::NoSpace,
                _ => {
                    let count = self.random.random_range(1..=bytes.len());
                    self.give(lane, &bytes[..count]);
                    Put::Some(count)
                }
            })
        }

        fn put_shared(&mut self, lanes: impl Iterator<Item = Lane>, bytes: &[u8]) -> usize {
            let count = self.random.random_range(0..=MEMBERS as usize);
            let taken = lanes.take(count * usize::from(self.take_shared));
            taken.map(|lane| self.give(lane, bytes)).count()
        }
    }

    #[test]
    fn who_leaves_has_all_before_its_place_and_the_rest_after() {
        let whole: Vec<u8> = (1..=CHUNKS).flat_map(chunk).collect();
        for seed in 0..200 {
            let mut random = StdRng::seed_from_u64(seed);
            let mut group = Group::new(Topic([0; 3]), Box::new(Count(0)));
            for slot in 0..MEMBERS {
                group.join(slot, test_lane(slot));
            }
            let mut got: BTreeMap<u32, Vec<u8>> = (0..MEMBERS).map(|slot| (slot, Vec::new())).collect();
            let mut left: Vec<Leaver> = Vec::new();
            while !group.is_empty() && !group.is_through() {
                let mut budget = random.random_range(1..60);
                let mut clients = Clients {
                    random: &mut random,
                    got: &mut got,
                    take_shared: seed % 2 == 1,
                };
                let outcome = group.turn(Instant::now(), &mut budget, &mut clients, &mut left);
                outcome.expect("the socket is whole");
                if random.random_ratio(1, 60) {
                    left.extend(group.leave(random.random_range(0..MEMBERS)));
                }
            }
            for Leaver { slot, place, rest } in left {
                let got = got.get_mut(&slot).expect("a member");
                got.extend_from_slice(&rest);
                got.extend((place.position + 1..=CHUNKS).flat_map(chunk));
            }
            assert!(got.values().all(|got| *got == whole), "seed {seed}: {got:?}");
        }
    }
}
