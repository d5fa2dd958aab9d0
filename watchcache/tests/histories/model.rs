//! What really happened, kept apart from the store and the cache: every state of every key, and what a watcher or a list
//! with a selector must have seen of it. It forgets nothing.

use std::collections::BTreeMap;

/// An object as the tests make them: a pod of which only this differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Value of its one label.
    pub label: u8,
    /// Number of its node; 0 is none.
    pub node: u8,
}

impl Pod {
    /// What is hashed. In the world of these tests it changes, so that objects move from shard to shard.
    pub fn uid(&self) -> String {
        format!("u{}", self.node)
    }

    /// Which of two shards of the hash's range it is in: its highest bit. The hash is made here by other means.
    pub fn shard(&self) -> u8 {
        let mut hash = 14_695_981_039_346_656_037_u128;
        for byte in self.uid().into_bytes() {
            hash = ((hash ^ u128::from(byte)) * 1_099_511_628_211) % (1 << 64);
        }
        u8::from(hash >= 1 << 63)
    }
}

/// One change of one key.
#[derive(Clone, Debug)]
pub struct Change {
    /// The transaction that made it.
    pub revision: i64,
    /// `namespace/name`.
    pub key: String,
    /// After it.
    pub now: Option<Pod>,
    /// Before it, with its revision.
    pub before: Option<(Pod, i64)>,
}

/// Which objects are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// In one namespace.
    pub namespace: Option<String>,
    /// Of one name.
    pub name: Option<String>,
    /// With this label.
    pub label: Option<u8>,
    /// On this node.
    pub node: Option<u8>,
    /// Of this of two shards.
    pub shard: Option<u8>,
}

/// What a watcher is told of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// ADDED, MODIFIED or DELETED.
    pub kind: &'static str,
    /// `namespace/name`.
    pub key: String,
    /// The object's revision.
    pub revision: i64,
    /// The object.
    pub pod: Pod,
}

/// All changes, in order.
#[derive(Clone, Debug, Default)]
pub struct Model {
    changes: Vec<Change>,
}

impl Selector {
    /// Whether an object is meant.
    pub fn selects(&self, key: &str, pod: &Pod) -> bool {
        let (namespace, name) = key.split_once('/').expect("a key has two parts");
        self.namespace.as_deref().is_none_or(|wanted| wanted == namespace)
            && self.name.as_deref().is_none_or(|wanted| wanted == name)
            && self.label.is_none_or(|wanted| wanted == pod.label)
            && self.node.is_none_or(|wanted| wanted == pod.node)
            && self.shard.is_none_or(|wanted| wanted == pod.shard())
    }
}

impl Model {
    /// Notes a change that was acknowledged.
    pub fn note(&mut self, revision: i64, key: &str, now: Option<Pod>) {
        let before = self.state(i64::MAX).get(key).cloned();
        if now.is_some() || before.is_some() {
            self.changes.push(Change {
                revision,
                key: key.to_owned(),
                now,
                before,
            });
        }
    }

    /// All objects at a revision, with their own.
    pub fn state(&self, at: i64) -> BTreeMap<String, (Pod, i64)> {
        let mut state = BTreeMap::new();
        for change in self.changes.iter().take_while(|change| change.revision <= at) {
            match &change.now {
                Some(pod) => drop(state.insert(change.key.clone(), (pod.clone(), change.revision))),
                None => drop(state.remove(&change.key)),
            }
        }
        state
    }

    /// The selected objects at a revision, in key order.
    pub fn list(&self, selector: &Selector, at: i64) -> Vec<(String, Pod, i64)> {
        let state = self.state(at).into_iter();
        let selected = state.filter(|(key, (pod, _))| selector.selects(key, pod));
        selected
            .map(|(key, (pod, revision))| (key, pod, revision))
            .collect()
    }

    /// What a watcher is told of the changes after one revision up to another.
    pub fn told(&self, selector: &Selector, after: i64, until: i64) -> Vec<Told> {
        let changes = self.changes.iter();
        let changes = changes.filter(|change| after < change.revision && change.revision <= until);
        changes.filter_map(|change| tell(selector, change)).collect()
    }
}

fn tell(selector: &Selector, change: &Change) -> Option<Told> {
    let before = change
        .before
        .as_ref()
        .filter(|(pod, _)| selector.selects(&change.key, pod));
    let now = change
        .now
        .as_ref()
        .filter(|pod| selector.selects(&change.key, pod));
    let (kind, pod) = match (before, now) {
        (None, Some(now)) => ("ADDED", now),
        (Some(_), Some(now)) => ("MODIFIED", now),
        (Some((before, _)), None) => ("DELETED", before),
        (None, None) => return None,
    };
    Some(Told {
        kind,
        key: change.key.clone(),
        revision: change.revision,
        pod: pod.clone(),
    })
}
