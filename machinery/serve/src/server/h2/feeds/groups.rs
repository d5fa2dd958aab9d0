//! Which feeds of a connection are about the same, and their groups. When feeds join and leave is for [`super::Feeds`].

use std::collections::HashMap;

use super::group::{Group, Leaver};
use crate::feed::Topic;
use crate::limits::FEED_GROUPS_MAX;

/// The groups of a connection, each with a number below [`FEED_GROUPS_MAX`].
#[derive(Default)]
pub(super) struct Groups {
    groups: Vec<Numbered>,
    by_topic: HashMap<Topic, Known>,
}

#[derive(Default)]
struct Numbered {
    is_queued: bool,
    group: Option<Group>,
}

/// Who is about a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// One feed, by its slot.
    Single(u32),
    /// A group, by its number.
    Group(u32),
}

/// What a slot's feed is to the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Membership {
    /// Nothing.
    #[default]
    None,
    /// The only one that is known to be about this.
    Single(Topic),
    /// One of a group.
    Group(u32),
}

impl Groups {
    /// Who is about a topic; from now on this feed, if there is nobody.
    pub(super) fn find_or_note(&mut self, topic: Topic, slot: u32) -> Option<Known> {
        let known = self.by_topic.get(&topic).copied();
        if known.is_none() {
            self.by_topic.insert(topic, Known::Single(slot));
        }
        known
    }

    /// The only feed about a topic is not any more.
    pub(super) fn forget(&mut self, topic: Topic) {
        self.by_topic.remove(&topic);
    }

    /// The number that the next group has, if there may be one more.
    pub(super) fn next_number(&self) -> Option<u32> {
        let free = self.groups.iter().position(|numbered| numbered.group.is_none());
        let number = u32::try_from(free.unwrap_or(self.groups.len())).ok()?;
        (number < FEED_GROUPS_MAX).then_some(number)
    }

    /// Has a group from now on, by its next number, in place of the feed that was the only one about its topic.
    pub(super) fn begin(&mut self, number: u32, group: Group) {
        let at = number as usize;
        if self.groups.len() <= at {
            self.groups.resize_with(at + 1, Numbered::default);
        }
        self.by_topic.insert(group.topic(), Known::Group(number));
        self.groups[at].group = Some(group);
    }

    /// A group, if there still is one.
    pub(super) fn get(&mut self, number: u32) -> Option<&mut Group> {
        self.groups.get_mut(number as usize)?.group.as_mut()
    }

    /// Lets a member go, and its group if it was the last one.
    pub(super) fn leave(&mut self, number: u32, slot: u32) -> Option<Leaver> {
        let leaver = self.get(number)?.leave(slot);
        self.end_if_empty(number);
        leaver
    }

    /// Lets a group go that has no members.
    pub(super) fn end_if_empty(&mut self, number: u32) {
        if self.get(number).is_some_and(|group| group.is_empty())
            && let Some(group) = self.groups[number as usize].group.take()
        {
            self.by_topic.remove(&group.topic());
        }
    }

    /// Notes that a group is to be asked; false if that was known.
    pub(super) fn queue(&mut self, number: u32) -> bool {
        let numbered = self.groups.get_mut(number as usize);
        numbered.is_some_and(|numbered| !std::mem::replace(&mut numbered.is_queued, true))
    }

    /// A group has its turn.
    pub(super) fn unqueue(&mut self, number: u32) {
        self.groups[number as usize].is_queued = false;
    }
}
