//! Sets of paths: a tree whose nodes may be members. Operations that empty a branch remove it.

use std::collections::BTreeMap;

use schema::Types;

use super::path::Element;
use super::shape::Shape;

/// A set of paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    nodes: BTreeMap<Element, Node>,
}

/// What is at and below one element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    /// The path that ends here is in the set.
    pub member: bool,
    /// Longer paths.
    pub below: Set,
}

impl Node {
    pub(super) fn is_empty(&self) -> bool {
        !self.member && self.below.is_empty()
    }
}

impl Set {
    /// Whether there is no path in it.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether a path is in it.
    pub fn contains(&self, path: &[Element]) -> bool {
        match path {
            [] => false,
            [last] => self.nodes.get(last).is_some_and(|node| node.member),
            [first, rest @ ..] => self
                .nodes
                .get(first)
                .is_some_and(|node| node.below.contains(rest)),
        }
    }

    /// Adds a path; the empty one is not a member of anything.
    pub fn insert(&mut self, path: &[Element]) {
        match path {
            [] => {}
            [last] => self.nodes.entry(last.clone()).or_default().member = true,
            [first, rest @ ..] => self.nodes.entry(first.clone()).or_default().below.insert(rest),
        }
    }

    /// How many paths there are.
    pub fn len(&self) -> usize {
        self.nodes
            .values()
            .map(|node| usize::from(node.member) + node.below.len())
            .sum()
    }

    /// The paths of either.
    pub fn union(mut self, other: &Set) -> Set {
        for (element, theirs) in &other.nodes {
            let ours = self.nodes.entry(element.clone()).or_default();
            ours.member |= theirs.member;
            ours.below = std::mem::take(&mut ours.below).union(&theirs.below);
        }
        self
    }

    /// The paths of both.
    pub fn intersection(&self, other: &Set) -> Set {
        let both = self.nodes.iter().filter_map(|(element, ours)| {
            let theirs = other.nodes.get(element)?;
            let node = Node {
                member: ours.member && theirs.member,
                below: ours.below.intersection(&theirs.below),
            };
            (!node.is_empty()).then(|| (element.clone(), node))
        });
        Set {
            nodes: both.collect(),
        }
    }

    /// The paths that the other has not.
    pub fn difference(mut self, other: &Set) -> Set {
        self.nodes.retain(|element, ours| {
            if let Some(theirs) = other.nodes.get(element) {
                ours.member &= !theirs.member;
                ours.below = std::mem::take(&mut ours.below).difference(&theirs.below);
            }
            !ours.is_empty()
        });
        self
    }

    /// The same, where a path of the other takes all that is below it too.
    pub fn without_below(mut self, other: &Set) -> Set {
        self.nodes.retain(|element, ours| match other.nodes.get(element) {
            Some(theirs) if theirs.member => false,
            Some(theirs) => {
                ours.below = std::mem::take(&mut ours.below).without_below(&theirs.below);
                !ours.is_empty()
            }
            None => true,
        });
        self
    }

    /// The same with every declared field that leads to a path of it.
    pub(super) fn with_named(&self, types: &Types, shape: Shape<'_>) -> Set {
        let nodes = self.nodes.iter().map(|(element, node)| {
            let leads = !node.below.is_empty();
            let is_named = matches!(element, Element::Field(key) if shape.names(types, key));
            let below = node.below.with_named(types, shape.at(types, element));
            (
                element.clone(),
                Node {
                    member: node.member || (leads && is_named),
                    below,
                },
            )
        });
        Set {
            nodes: nodes.collect(),
        }
    }

    /// Every path, in order.
    pub fn paths(&self) -> Vec<Vec<Element>> {
        let mut paths = Vec::new();
        self.collect(&mut Vec::new(), &mut paths);
        paths
    }

    fn collect(&self, at: &mut Vec<Element>, paths: &mut Vec<Vec<Element>>) {
        for (element, node) in &self.nodes {
            at.push(element.clone());
            if node.member {
                paths.push(at.clone());
            }
            node.below.collect(at, paths);
            at.pop();
        }
    }

    /// The node of an element, if anything is there.
    pub(super) fn node(&self, element: &Element) -> Option<&Node> {
        self.nodes.get(element)
    }

    /// Adds a node; of what is there already both stay.
    pub(super) fn merge_node(&mut self, element: Element, node: Node) {
        let ours = self.nodes.entry(element).or_default();
        ours.member |= node.member;
        ours.below = match ours.below.is_empty() {
            true => node.below,
            false => std::mem::take(&mut ours.below).union(&node.below),
        };
    }

    /// Elements and what is at and below them, in order.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (&Element, &Node)> {
        self.nodes.iter()
    }

    /// The node of an element, made if absent.
    pub(super) fn node_mut(&mut self, element: Element) -> &mut Node {
        self.nodes.entry(element).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<Element> {
        text.split('.').map(|part| Element::Field(part.into())).collect()
    }

    fn set(paths: &[&str]) -> Set {
        let mut set = Set::default();
        paths.iter().for_each(|text| set.insert(&path(text)));
        set
    }

    #[test]
    fn operations_keep_members_and_drop_empty_branches() {
        let (a, b) = (set(&["x", "x.y", "z.w"]), set(&["x.y", "z"]));
        assert_eq!(a.clone().union(&b), set(&["x", "x.y", "z", "z.w"]));
        assert_eq!(a.intersection(&b), set(&["x.y"]));
        assert_eq!(a.clone().difference(&b), set(&["x", "z.w"]));
        assert_eq!(a.clone().without_below(&b), set(&["x"]));
        assert!(a.clone().difference(&a).is_empty());
        assert_eq!(a.len(), 3);
        assert!(a.contains(&path("z.w")) && !a.contains(&path("z")));
    }
}
