//! What each watch of a cluster sees, and so what it should have got of all that was written.

use crate::writer::{Writes, Written};

/// What one watch sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The pods of a node.
    PodsOf(usize),
    /// One node.
    Node(usize),
    /// All of what the scenario made.
    Pods,
    Nodes,
    Leases,
    Slices,
    Services,
}

/// What was written, by what it was.
pub struct Changes {
    pub pods: Writes,
    pub nodes: Writes,
    pub leases: Writes,
    pub slices: Writes,
}

impl Changes {
    /// All of them as one, in the order of revisions.
    pub fn all(&self) -> Writes {
        let mut all = Writes::default();
        for writes in [&self.pods, &self.nodes, &self.leases, &self.slices] {
            all.acknowledged.extend_from_slice(&writes.acknowledged);
            all.failed += writes.failed;
            all.failure = all.failure.or_else(|| writes.failure.clone());
            all.elapsed = all.elapsed.max(writes.elapsed);
        }
        all.acknowledged.sort_by_key(|written| written.revision);
        all
    }
}

/// What each watch should have got.
pub struct Expected<'a> {
    changes: &'a Changes,
    pods_of: Vec<Vec<Written>>,
    node: Vec<Vec<Written>>,
}

impl<'a> Expected<'a> {
    /// What watches of a cluster of so many nodes should have got.
    pub fn new(nodes: usize, changes: &'a Changes) -> Self {
        let by_node = |writes: &Writes| {
            let mut of_node = vec![Vec::new(); nodes];
            for write in &writes.acknowledged {
                of_node[write.object as usize % nodes].push(*write);
            }
            of_node
        };
        Self {
            pods_of: by_node(&changes.pods),
            node: by_node(&changes.nodes),
            changes,
        }
    }

    /// In the order of revisions.
    pub fn of(&self, seen: Seen) -> &[Written] {
        match seen {
            Seen::PodsOf(node) => &self.pods_of[node],
            Seen::Node(node) => &self.node[node],
            Seen::Pods => &self.changes.pods.acknowledged,
            Seen::Nodes => &self.changes.nodes.acknowledged,
            Seen::Leases => &self.changes.leases.acknowledged,
            Seen::Slices => &self.changes.slices.acknowledged,
            Seen::Services => &[],
        }
    }
}
