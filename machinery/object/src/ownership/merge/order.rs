//! The order of a merged list. It knows elements only, no values.

use std::collections::{BTreeMap, BTreeSet};

use super::super::path::Element;

/// One item of the merged list: where it comes from, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// In the live list.
    pub live: Option<usize>,
    /// In the applied list.
    pub config: Option<usize>,
}

/// Applied items stand in their order; a live item that is not applied keeps its place among its live neighbours: before the
/// next item that both lists have. So structured-merge-diff orders them, which clients see.
pub fn order(live: &[Element], config: &[Element]) -> Vec<Pick> {
    let in_live = places(live);
    let mut walk = Walk {
        in_config: config.iter().collect(),
        shared: config
            .iter()
            .filter(|element| in_live.contains_key(element))
            .collect(),
        next_shared: 0,
        done: BTreeSet::new(),
    };
    let mut picks = Vec::with_capacity(live.len().max(config.len()));
    let (mut l, mut c) = (0, 0);
    while l < live.len() || c < config.len() {
        match walk.step(live.get(l), config.get(c)) {
            Step::SkipLive => l += 1,
            Step::TakeLive => {
                picks.push(Pick {
                    live: Some(l),
                    config: None,
                });
                l += 1;
            }
            Step::TakeConfig { element, and_live } => {
                picks.push(Pick {
                    live: in_live.get(element).copied().flatten(),
                    config: Some(c),
                });
                walk.done.insert(element);
                walk.pass(element);
                c += 1;
                l += usize::from(and_live);
            }
        }
    }
    picks
}

/// Where each live element is; of one that is there twice nobody can tell.
fn places(live: &[Element]) -> BTreeMap<&Element, Option<usize>> {
    let mut places = BTreeMap::new();
    for (at, element) in live.iter().enumerate() {
        places
            .entry(element)
            .and_modify(|place| *place = None)
            .or_insert(Some(at));
    }
    places
}

struct Walk<'e> {
    in_config: BTreeSet<&'e Element>,
    /// What both lists have, in the applied order.
    shared: Vec<&'e Element>,
    next_shared: usize,
    /// Applied items that stand already.
    done: BTreeSet<&'e Element>,
}

enum Step<'e> {
    SkipLive,
    TakeLive,
    TakeConfig { element: &'e Element, and_live: bool },
}

impl<'e> Walk<'e> {
    fn step(&self, live: Option<&Element>, config: Option<&'e Element>) -> Step<'e> {
        match (live, config) {
            (Some(mine), Some(theirs)) if mine == theirs => Step::TakeConfig {
                element: theirs,
                and_live: true,
            },
            (Some(mine), _) if !self.in_config.contains(mine) => Step::TakeLive,
            // Another one that both have comes first.
            (Some(mine), Some(_)) if self.awaits_other(mine) => Step::SkipLive,
            // Of what is there twice the second is passed over.
            (mine, Some(theirs)) => Step::TakeConfig {
                element: theirs,
                and_live: mine.is_some_and(|mine| self.done.contains(mine)),
            },
            _ => Step::SkipLive,
        }
    }

    fn awaits_other(&self, element: &Element) -> bool {
        self.shared
            .get(self.next_shared)
            .is_some_and(|next| *next != element)
    }

    fn pass(&mut self, element: &Element) {
        if self
            .shared
            .get(self.next_shared)
            .is_some_and(|next| *next == element)
        {
            self.next_shared += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(live: &str, config: &str) -> String {
        let elements = |text: &str| -> Vec<Element> {
            text.chars()
                .map(|name| Element::Value(name.to_string().into()))
                .collect()
        };
        let (live_chars, config_chars): (Vec<char>, Vec<char>) =
            (live.chars().collect(), config.chars().collect());
        let picks = order(&elements(live), &elements(config));
        picks
            .iter()
            .map(|pick| {
                pick.config
                    .map_or_else(|| live_chars[pick.live.unwrap_or(0)], |at| config_chars[at])
            })
            .collect()
    }

    #[test]
    fn applied_items_keep_their_order_and_others_their_place() {
        assert_eq!(ordered("abc", "c"), "abc");
        assert_eq!(ordered("abc", "ca"), "bca");
        assert_eq!(ordered("", "ba"), "ba");
        assert_eq!(ordered("ab", ""), "ab");
        assert_eq!(ordered("ab", "xay"), "xaby");
        assert_eq!(ordered("aab", "a"), "ab");
    }
}
