//! What a history is made of: settings and steps, drawn at random, and how their parts are written. Playing them is the world's.

use bytes::Bytes;
use kinds::Catalog;
use proptest::prelude::*;
use schema::tree;
use storage::Op;

use crate::client::{Begin, node_name};
use crate::model::{Pod, Selector, Shard, Stored};

/// What holds for a whole history.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The cache keeps a short history, so that readers are overtaken.
    pub is_short: bool,
    /// How many revisions the store puts into one batch at most.
    pub batch_revisions_max: u8,
}

/// What may happen.
#[derive(Clone, Debug)]
pub enum Step {
    /// Some keys are written or deleted in one transaction.
    Write(Vec<(u8, Change)>),
    /// The keys of a namespace are written many times.
    Burst(u8),
    /// Something else is written: the revision moves.
    Other,
    /// The store forgets a part of its past.
    Compact(u8),
    /// The streams of changes are lost.
    Break,
    /// The streams of changes end as if there were no more.
    End,
    /// The cache's process ends and another begins.
    Restart,
    /// The cache is found to differ and loads again.
    Reload,
    /// Time passes, so that whatever is under way is done.
    Settle,
    /// So much time passes that bookmarks are due.
    Minute,
    /// A watch is opened; after a revision means so far in the past.
    Watch(Seed, Begin),
    /// A watcher stops reading, or begins again.
    Stall(u8),
    /// All that read do.
    Read,
    /// A list of the store's present state, in pages of so many (0 is all).
    List(Seed, u8, Between),
    /// A list of whatever the cache has.
    ListAny(Seed),
    /// A list at a revision in the past.
    ListAt(Seed, u8),
}

/// What becomes of a key.
#[derive(Clone, Debug)]
pub enum Change {
    /// A pod with this label, on this node.
    Put(u8, u8),
    /// Something that cannot be decoded.
    Spoil,
    /// It is deleted.
    Delete,
}

/// What happens between two pages of a list.
#[derive(Clone, Copy, Debug)]
pub enum Between {
    /// A write.
    Write,
    /// And the store forgets everything before.
    Compact,
    /// And the cache, too, if its history is short.
    Burst,
}

/// A selector's parts.
#[derive(Clone, Debug)]
pub struct Seed {
    namespace: Option<u8>,
    name: bool,
    label: Option<u8>,
    node: Option<u8>,
    shard: Option<Shard>,
}

const NAMESPACES: [&str; 2] = ["a", "b"];
const NAMES: [&str; 3] = ["x", "y", "z"];
/// Keys of a namespace.
pub const NAMES_LEN: u8 = NAMES.len() as u8;

/// Any settings.
pub fn settings() -> impl Strategy<Value = Settings> {
    (any::<bool>(), 1..5u8).prop_map(|(is_short, batch_revisions_max)| Settings {
        is_short,
        batch_revisions_max,
    })
}

/// Any step, writes most often.
pub fn step() -> impl Strategy<Value = Step> {
    let change = prop_oneof![
        20 => (0..3u8, 0..3u8).prop_map(|(label, node)| Change::Put(label, node)),
        6 => Just(Change::Delete),
        1 => Just(Change::Spoil),
    ];
    let writes = prop::collection::vec((0..6u8, change), 1..4);
    let between = prop_oneof![Just(Between::Write), Just(Between::Compact), Just(Between::Burst)];
    let begin = prop_oneof![
        4 => (0..6i64).prop_map(Begin::After),
        2 => Just(Begin::List),
        1 => Just(Begin::Any),
    ];
    prop_oneof![
        24 => writes.prop_map(Step::Write),
        2 => (0..2u8).prop_map(Step::Burst),
        4 => Just(Step::Other),
        3 => (0..4u8).prop_map(Step::Compact),
        2 => Just(Step::Break),
        1 => Just(Step::End),
        2 => Just(Step::Restart),
        2 => Just(Step::Reload),
        7 => Just(Step::Settle),
        2 => Just(Step::Minute),
        10 => (seed(), begin).prop_map(|(seed, begin)| Step::Watch(seed, begin)),
        4 => (0..8u8).prop_map(Step::Stall),
        12 => Just(Step::Read),
        6 => (seed(), 0..4u8, between).prop_map(|(seed, limit, between)| Step::List(seed, limit, between)),
        4 => seed().prop_map(Step::ListAny),
        5 => (seed(), 0..6u8).prop_map(|(seed, back)| Step::ListAt(seed, back)),
    ]
}

fn seed() -> impl Strategy<Value = Seed> {
    (
        prop::option::of(0..2u8),
        prop::bool::weighted(0.3),
        prop::option::weighted(0.3, 0..3u8),
        prop::option::weighted(0.4, 0..3u8),
        prop::option::weighted(0.25, shard()),
    )
        .prop_map(|(namespace, name, label, node, shard)| Seed {
            namespace,
            name,
            label,
            node,
            shard,
        })
}

fn shard() -> impl Strategy<Value = Shard> {
    (0..8u8, 0..4u8).prop_map(|(from, more)| Shard {
        from,
        to: (from + more).min(7),
    })
}

impl Seed {
    /// What it selects.
    pub fn selector(&self) -> Selector {
        Selector {
            namespace: self.namespace.map(|at| NAMESPACES[usize::from(at)].to_owned()),
            name: self.name.then(|| NAMES[0].to_owned()),
            label: self.label,
            node: self.node,
            shard: self.shard,
        }
    }
}

impl Change {
    /// What the key holds afterwards.
    pub fn stored(&self) -> Option<Stored> {
        match *self {
            Change::Put(label, node) => Some(Stored::Pod(Pod { label, node })),
            Change::Spoil => Some(Stored::Nonsense),
            Change::Delete => None,
        }
    }
}

/// `namespace/name` by number.
pub fn key(key: u8) -> String {
    let key = usize::from(key);
    format!("{}/{}", NAMESPACES[key / NAMES.len()], NAMES[key % NAMES.len()])
}

/// How a key comes to hold this.
pub fn op(key: &str, stored: Option<&Stored>) -> Op {
    let path = Bytes::from(format!("/registry/pods/{key}"));
    let value = match stored {
        None => return Op::Delete(path),
        Some(Stored::Nonsense) => Bytes::from_static(b"k8s\0 nonsense"),
        Some(Stored::Pod(pod)) => encoded(key, pod),
    };
    Op::Put {
        key: path,
        value,
        lease: None,
    }
}

fn encoded(key: &str, pod: &Pod) -> Bytes {
    let (namespace, name) = key.split_once('/').expect("a key has two parts");
    let (label, node, uid) = (pod.label.to_string(), node_name(pod.node), pod.uid());
    // So large that the cache keeps of an earlier version only what it differs in.
    let image: String = (1..60)
        .map(|part: u32| format!("{:x}", part.wrapping_mul(2_654_435_761)))
        .collect();
    let object = tree!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "uid": uid, "labels": {"l": label}},
        "spec": {"nodeName": node, "containers": [{"name": "c", "image": image}]},
    });
    let pods = Catalog::builtin().resource("", "v1", "pods").expect("built in");
    Bytes::from(kinds::stored::encode(pods, object).expect("it is stored"))
}
