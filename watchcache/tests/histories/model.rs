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

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// An object.
    Pod(Pod),
    /// Something that nobody can decode.
    Nonsense,
}

impl Pod {
    /// What is hashed. In the world of these tests it changes, so that objects move from shard to shard.
    pub fn uid(&self) -> String {
        format!("uid-{}-of-a-pod", self.node)
    }

    /// Whether its hash is in one of the parts of the range of hashes. The hash is made here by other means.
    pub fn is_in(&self, shard: Shard) -> bool {
        let mut hash = 14_695_981_039_346_656_037_u128;
        for byte in self.uid().into_bytes() {
            hash = ((hash ^ u128::from(byte)) * 1_099_511_628_211) % (1 << 64);
        }
        (shard.first()..shard.end()).contains(&hash)
    }
}

/// Eighths of the range of hashes, from a first to a last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Below 8.
    pub from: u8,
    /// Not below the first.
    pub to: u8,
}

impl Shard {
    const EIGHTH: u128 = 1 << 61;

    /// The first hash.
    pub fn first(self) -> u128 {
        u128::from(self.from) * Self::EIGHTH
    }

    /// After the last hash.
    pub fn end(self) -> u128 {
        (u128::from(self.to) + 1) * Self::EIGHTH
    }

    fn is_everything(self) -> bool {
        (self.from, self.to) == (0, 7)
    }

    /// The smallest half, quarter or eighth of all hashes that it is within.
    fn widened(self) -> Self {
        let mut size = 1;
        while self.from / size != self.to / size {
            size *= 2;
        }
        let from = self.from / size * size;
        Self {
            from,
            to: from + size - 1,
        }
    }

    /// As clients ask for it.
    pub fn selector(self) -> String {
        let (first, end) = (self.first(), self.end());
        format!("shardRange(object.metadata.uid,'0x{first:016x}','0x{end:016x}')")
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
    pub now: Option<Stored>,
    /// Before it, with its revision.
    pub before: Option<Stored>,
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
    /// Of this shard.
    pub shard: Option<Shard>,
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

/// What a watcher hears.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// In this order.
    pub told: Vec<Told>,
    /// After them it fails: what comes next cannot be decoded.
    pub fails: bool,
}

impl Selector {
    /// Whether an object is meant.
    pub fn selects(&self, key: &str, pod: &Pod) -> bool {
        self.covers(key)
            && self.names(key)
            && self.label.is_none_or(|wanted| wanted == pod.label)
            && self.node.is_none_or(|wanted| wanted == pod.node)
            && self.shard.is_none_or(|wanted| pod.is_in(wanted))
    }

    /// Whether a key has to be looked at. A name alone does not say where.
    fn covers(&self, key: &str) -> bool {
        let (namespace, _) = key.split_once('/').expect("a key has two parts");
        match &self.namespace {
            None => true,
            Some(wanted) => wanted == namespace && self.names(key),
        }
    }

    fn names(&self, key: &str) -> bool {
        let (_, name) = key.split_once('/').expect("a key has two parts");
        self.name.as_deref().is_none_or(|wanted| wanted == name)
    }

    /// Whether a change is in what a watcher reads: of one object, of a node or a name in all
    /// namespaces, of a namespace, or everything.
    fn reads(&self, change: &Change) -> bool {
        let states = [&change.now, &change.before];
        match (&self.namespace, &self.name, self.node) {
            (Some(_), Some(_), _) | (Some(_), None, None) => self.covers(&change.key),
            (_, _, Some(node)) => states.iter().any(|state| is_on(state, node)),
            (None, Some(_), None) => self.names(&change.key),
            (None, None, None) => self.shard.is_none_or(|shard| {
                let all = shard.widened();
                all.is_everything() || states.iter().any(|state| is_in(state, all))
            }),
        }
    }

    /// Whether a change concerns a watcher, so that it fails if it cannot tell.
    fn is_concerned(&self, change: &Change) -> bool {
        self.covers(&change.key) && self.reads(change)
    }
}

fn is_in(state: &Option<Stored>, shard: Shard) -> bool {
    matches!(state, Some(Stored::Pod(pod)) if pod.is_in(shard))
}

fn is_on(state: &Option<Stored>, node: u8) -> bool {
    matches!(state, Some(Stored::Pod(pod)) if pod.node == node)
}

impl Model {
    /// Notes a change that was acknowledged.
    pub fn note(&mut self, revision: i64, key: &str, now: Option<Stored>) {
        let before = self.state(i64::MAX).remove(key).map(|(stored, _)| stored);
        if now.is_some() || before.is_some() {
            self.changes.push(Change {
                revision,
                key: key.to_owned(),
                now,
                before,
            });
        }
    }

    /// All that there is at a revision, each with its own.
    pub fn state(&self, at: i64) -> BTreeMap<String, (Stored, i64)> {
        let mut state = BTreeMap::new();
        for change in self.changes.iter().take_while(|change| change.revision <= at) {
            match &change.now {
                Some(stored) => drop(state.insert(change.key.clone(), (stored.clone(), change.revision))),
                None => drop(state.remove(&change.key)),
            }
        }
        state
    }

    /// The selected objects at a revision, in key order; nothing if one that is covered cannot be decoded.
    pub fn list(&self, selector: &Selector, at: i64) -> Option<Vec<(String, Pod, i64)>> {
        let mut selected = Vec::new();
        for (key, (stored, revision)) in self.state(at) {
            match stored {
                Stored::Pod(pod) if selector.selects(&key, &pod) => selected.push((key, pod, revision)),
                Stored::Nonsense if selector.covers(&key) => return None,
                _ => {}
            }
        }
        Some(selected)
    }

    /// What a watcher hears of the changes after one revision up to another.
    pub fn heard(&self, selector: &Selector, after: i64, until: i64) -> Heard {
        let mut heard = Heard::default();
        let within = |change: &&Change| after < change.revision && change.revision <= until;
        for change in self.changes.iter().filter(within) {
            let states = [&change.now, &change.before];
            heard.fails = selector.is_concerned(change) && states.contains(&&Some(Stored::Nonsense));
            if heard.fails {
                break;
            }
            heard.told.extend(tell(selector, change));
        }
        heard
    }

    /// Whether there is a change after one revision up to another in what a watcher reads.
    pub fn has_unread(&self, selector: &Selector, after: i64, until: i64) -> bool {
        let within = |change: &&Change| after < change.revision && change.revision <= until;
        let mut unread = self.changes.iter().filter(within);
        unread.any(|change| selector.reads(change))
    }
}

fn tell(selector: &Selector, change: &Change) -> Option<Told> {
    let selected = |state: &'_ Option<Stored>| match state {
        Some(Stored::Pod(pod)) => selector.selects(&change.key, pod).then(|| pod.clone()),
        _ => None,
    };
    let (kind, pod) = match (selected(&change.before), selected(&change.now)) {
        (None, Some(now)) => ("ADDED", now),
        (Some(_), Some(now)) => ("MODIFIED", now),
        (Some(before), None) => ("DELETED", before),
        (None, None) => return None,
    };
    Some(Told {
        kind,
        key: change.key.clone(),
        revision: change.revision,
        pod,
    })
}
