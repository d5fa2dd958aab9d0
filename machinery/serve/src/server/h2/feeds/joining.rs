//! When feeds join a group and when they leave it: they are in one as long as they have nothing to say that the others have not.

use tokio::time::Instant;

use super::Feeds;
use super::entry::Entry;
use super::group::{Group, Leaver};
use super::groups::{Known, Membership};
use crate::feed::Topic;
use crate::limits::FEED_PAUSE_MIN;

impl Feeds {
    /// A feed has nothing to say. When it joins a group, that is before it is asked for its time: what is asked of all members between
    /// the two, the group is told.
    pub(super) fn rest(&mut self, slot: u32, now: Instant) {
        self.join(slot);
        let entry = self.slots[slot as usize].entry.as_ref();
        if let Some(at) = entry.and_then(Entry::wake_at) {
            self.timers.ask(slot, at.max(now + FEED_PAUSE_MIN));
        }
    }

    /// Lets a feed that has nothing to say be told with others what they have in common, if there are some.
    fn join(&mut self, slot: u32) {
        let here = &mut self.slots[slot as usize];
        if here.membership != Membership::None {
            return;
        }
        let Some(topic) = here.entry.as_ref().and_then(Entry::topic) else {
            return;
        };
        match self.groups.find_or_note(topic, slot) {
            None => here.membership = Membership::Single(topic),
            Some(Known::Single(other)) => self.form(topic, [slot, other]),
            Some(Known::Group(number)) => self.join_group(number, slot),
        }
    }

    /// Makes a group of two feeds of a topic.
    fn form(&mut self, topic: Topic, slots: [u32; 2]) {
        let speaker = self.slots[slots[0] as usize]
            .entry
            .as_ref()
            .and_then(Entry::multicast);
        let (Some(number), Some(mut speaker)) = (self.groups.next_number(), speaker) else {
            return;
        };
        speaker.adopt(self.ready.signal(2 * self.slots_max + number));
        self.groups.begin(number, Group::new(topic, speaker));
        for slot in slots {
            self.slots[slot as usize].membership = Membership::None;
            self.join_group(number, slot);
        }
        self.groups.end_if_empty(number);
    }

    /// A feed that has nothing to say joins a group that has nothing to say.
    fn join_group(&mut self, number: u32, slot: u32) {
        let here = &mut self.slots[slot as usize];
        let entry = here
            .entry
            .as_mut()
            .filter(|entry| !here.is_queued && !entry.is_blocked());
        let (Some(entry), Some(group)) = (entry, self.groups.get(number)) else {
            return;
        };
        let Some(lane) = entry.lane() else { return };
        if group.is_through() && entry.join() {
            group.join(slot, lane);
            here.membership = Membership::Group(number);
        }
    }

    /// Takes a feed out of its group.
    pub(super) fn leave(&mut self, slot: u32) {
        if let Membership::Group(number) = self.slots[slot as usize].membership
            && let Some(leaver) = self.groups.leave(number, slot)
        {
            self.set_free(leaver);
        }
    }

    /// Has all of a group go on by themselves.
    pub(super) fn part(&mut self, number: u32) {
        while let Some(leaver) = self.groups.get(number).and_then(Group::part) {
            let slot = leaver.slot;
            self.set_free(leaver);
            self.enqueue(slot);
        }
        self.groups.end_if_empty(number);
    }

    pub(super) fn set_free(&mut self, leaver: Leaver) -> Option<&mut Entry> {
        let signal = self.ready.signal(leaver.slot);
        let slot = &mut self.slots[leaver.slot as usize];
        slot.membership = Membership::None;
        let entry = slot.entry.as_mut()?;
        entry.leave(leaver.place, leaver.rest, signal);
        Some(entry)
    }
}
