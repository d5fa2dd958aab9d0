//! Laws of server-side apply, and its agreement with a model that knows nothing of schemas: named leaves with values and
//! owners.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use schema::{Map, TypeId, Types, Value};
use shardplane_object::ownership::{Apply, Conflicts, Entries, Set, Update, Versions};

const NOW: &str = "2026-01-01T00:00:00Z";
const MANAGERS: [&str; 3] = ["ann", "bob", "cid"];
/// Leaves: map entries, items of a set, and items of a keyed list with a field each.
const LEAVES: [&str; 9] = [
    "label/x",
    "label/y",
    "note/n",
    "finalizer/f",
    "finalizer/g",
    "container/a",
    "container/a/image",
    "container/b",
    "container/b/image",
];

/// What a client says: leaves and their values. An item's field implies the item.
type Leaves = BTreeMap<&'static str, u8>;

struct Pods;

impl Versions for Pods {
    fn printed_in(&self, object: &Value, version: &str) -> Option<(TypeId, Value)> {
        self.convert(object, version, version)
    }

    fn convert(&self, tree: &Value, _from: &str, to: &str) -> Option<(TypeId, Value)> {
        (to == "v1").then(|| (pod(), tree.clone()))
    }
}

fn pod() -> TypeId {
    Types::builtin().id("io.k8s.api.core.v1.Pod").expect("built in")
}

fn value_of(leaf: &str, value: u8) -> Value {
    match leaf.split_once('/') {
        Some(("finalizer" | "container", rest)) if !rest.contains('/') => rest.into(),
        _ => format!("v{value}").into(),
    }
}

/// The leaves as the tree of a pod.
fn tree_of(leaves: &Leaves) -> Value {
    let mut root = Map::new();
    for (leaf, value) in leaves {
        let parts: Vec<&str> = leaf.split('/').collect();
        let value = value_of(leaf, *value);
        match parts.as_slice() {
            ["label", key] => drop(root.map_at("metadata").map_at("labels").insert(*key, value)),
            ["note", key] => drop(root.map_at("metadata").map_at("annotations").insert(*key, value)),
            ["finalizer", _] => push(root.map_at("metadata"), "finalizers", value),
            ["container", name] => push(root.map_at("spec"), "containers", container(name)),
            ["container", name, "image"] => {
                let items = root
                    .map_at("spec")
                    .get_mut("containers")
                    .and_then(Value::as_list_mut);
                let item = items
                    .into_iter()
                    .flatten()
                    .find(|item| item.str_at(&["name"]) == Some(*name));
                if let Some(map) = item.and_then(Value::as_map_mut) {
                    map.insert("image", value);
                }
            }
            _ => unreachable!("leaves are listed above"),
        }
    }
    Value::Map(root)
}

fn container(name: &str) -> Value {
    let mut item = Map::new();
    item.insert("name", name);
    Value::Map(item)
}

fn push(map: &mut Map, key: &str, item: Value) {
    let list = map.entry_or_insert_with(key, || Value::List(Vec::new()));
    list.as_list_mut().expect("a list").push(item);
}

/// The leaves that a tree has, with values.
fn leaves_of(tree: &Value) -> BTreeMap<&'static str, Value> {
    let found = |leaf: &&'static str| {
        let parts: Vec<&str> = leaf.split('/').collect();
        let item = |name: &str| {
            tree.list_at(&["spec", "containers"])
                .iter()
                .find(|item| item.str_at(&["name"]) == Some(name))
        };
        let value = match parts.as_slice() {
            ["label", key] => tree.at(&["metadata", "labels", key]).cloned(),
            ["note", key] => tree.at(&["metadata", "annotations", key]).cloned(),
            ["finalizer", name] => tree
                .list_at(&["metadata", "finalizers"])
                .iter()
                .find(|item| item.as_str() == Some(*name))
                .cloned(),
            ["container", name] => item(name).map(|_| Value::from(*name)),
            ["container", name, field] => item(name).and_then(|item| item.get(field).cloned()),
            _ => None,
        };
        value.map(|value| (*leaf, value))
    };
    LEAVES.iter().filter_map(found).collect()
}

/// Leaves that a set names.
fn named(set: &Set) -> BTreeSet<&'static str> {
    let paths: BTreeSet<String> = set
        .paths()
        .iter()
        .map(|path| path.iter().map(ToString::to_string).collect())
        .collect();
    LEAVES
        .into_iter()
        .filter(|leaf| paths.contains(&path_of(leaf)))
        .collect()
}

fn path_of(leaf: &str) -> String {
    let parts: Vec<&str> = leaf.split('/').collect();
    match parts.as_slice() {
        ["label", key] => format!(".metadata.labels.{key}"),
        ["note", key] => format!(".metadata.annotations.{key}"),
        ["finalizer", name] => format!(".metadata.finalizers[=\"{name}\"]"),
        ["container", name] => format!(".spec.containers[name=\"{name}\"]"),
        ["container", name, field] => format!(".spec.containers[name=\"{name}\"].{field}"),
        _ => String::new(),
    }
}

/// An object and its owners.
#[derive(Clone, Debug)]
struct Live {
    tree: Value,
    entries: Entries,
}

impl Live {
    fn new() -> Self {
        Self {
            tree: Value::Map(Map::new()),
            entries: Entries::default(),
        }
    }

    fn apply(&self, manager: &str, leaves: &Leaves, force: bool) -> Result<Live, Conflicts> {
        let apply = Apply {
            types: Types::builtin(),
            manager,
            api_version: "v1",
            subresource: "",
            now: NOW,
            ignored: &Set::default(),
            versions: &Pods,
            force,
        };
        let done = apply.run(self.entries.clone(), pod(), &self.tree, &tree_of(leaves))?;
        let tree = done.object.unwrap_or_else(|| self.tree.clone());
        Ok(Live {
            tree,
            entries: done.entries,
        })
    }

    fn update(&self, manager: &str, leaves: &Leaves) -> Live {
        let update = Update {
            types: Types::builtin(),
            manager,
            api_version: "v1",
            subresource: "",
            now: NOW,
            ignored: &Set::default(),
            versions: &Pods,
        };
        let tree = tree_of(leaves);
        let entries = update.apply(self.entries.clone(), &self.tree, &tree);
        Live { tree, entries }
    }

    fn owners(&self) -> BTreeSet<(String, &'static str)> {
        let of = |entry: &shardplane_object::ownership::Entry| {
            let name = format!("{}-{}", entry.manager, entry.operation.as_str());
            named(&entry.fields)
                .into_iter()
                .map(move |leaf| (name.clone(), leaf))
                .collect::<Vec<_>>()
        };
        self.entries.0.iter().flat_map(of).collect()
    }
}

/// The same without schemas.
#[derive(Clone, Debug, Default)]
struct Model {
    live: BTreeMap<&'static str, Value>,
    owners: BTreeSet<(String, &'static str)>,
}

impl Model {
    fn apply(&self, manager: &str, leaves: &Leaves, force: bool) -> Result<Model, BTreeSet<&'static str>> {
        let me = format!("{manager}-Apply");
        let changed: BTreeSet<&'static str> = leaves
            .iter()
            .filter(|(leaf, value)| self.live.get(**leaf) != Some(&value_of(leaf, **value)))
            .map(|(leaf, _)| *leaf)
            .collect();
        let conflict = |(who, leaf): &&(String, &'static str)| *who != me && changed.contains(leaf);
        let conflicts: BTreeSet<&'static str> = self
            .owners
            .iter()
            .filter(conflict)
            .map(|(_, leaf)| *leaf)
            .collect();
        if !force && !conflicts.is_empty() {
            return Err(conflicts);
        }
        let mut next = self.clone();
        next.owners
            .retain(|(who, leaf)| *who != me && !changed.contains(leaf));
        next.owners.extend(leaves.keys().map(|leaf| (me.clone(), *leaf)));
        next.live
            .extend(leaves.iter().map(|(leaf, value)| (*leaf, value_of(leaf, *value))));
        for (_, leaf) in self.owners.iter().filter(|(who, _)| *who == me) {
            if !next.owners.iter().any(|(_, owned)| owned == leaf) {
                // An item goes with all that it holds.
                let stays = |other: &str| other != *leaf && !other.starts_with(&format!("{leaf}/"));
                next.live.retain(|other, _| stays(other));
                next.owners.retain(|(_, other)| stays(other));
            }
        }
        Ok(next)
    }

    fn update(&self, manager: &str, leaves: &Leaves) -> Model {
        let me = format!("{manager}-Update");
        let live: BTreeMap<_, _> = leaves
            .iter()
            .map(|(leaf, value)| (*leaf, value_of(leaf, *value)))
            .collect();
        let same = |leaf: &&'static str| live.get(*leaf) == self.live.get(*leaf);
        let mut owners = self.owners.clone();
        owners.retain(|(_, leaf)| same(leaf));
        owners.extend(
            live.keys()
                .filter(|leaf| !same(leaf))
                .map(|leaf| (me.clone(), *leaf)),
        );
        Model { live, owners }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Apply {
        manager: usize,
        leaves: Leaves,
        force: bool,
    },
    Update {
        manager: usize,
        leaves: Leaves,
    },
}

fn leaves() -> impl Strategy<Value = Leaves> {
    proptest::collection::btree_map(prop::sample::select(LEAVES.to_vec()), 0u8..3, 0..7).prop_map(
        |mut leaves| {
            for (item, field) in [
                ("container/a", "container/a/image"),
                ("container/b", "container/b/image"),
            ] {
                if leaves.contains_key(field) {
                    leaves.insert(item, 0);
                }
            }
            leaves
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3usize, leaves(), any::<bool>()).prop_map(|(manager, leaves, force)| Step::Apply { manager, leaves, force }),
        1 => (0..3usize, leaves()).prop_map(|(manager, leaves)| Step::Update { manager, leaves }),
    ]
}

/// An object after some applies and updates; those that conflict do nothing.
fn history() -> impl Strategy<Value = Live> {
    proptest::collection::vec(step(), 1..8).prop_map(|steps| {
        steps.into_iter().fold(Live::new(), |live, step| match step {
            Step::Apply {
                manager,
                leaves,
                force,
            } => live.apply(MANAGERS[manager], &leaves, force).unwrap_or(live),
            Step::Update { manager, leaves } => live.update(MANAGERS[manager], &leaves),
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn objects_owners_and_conflicts_are_those_of_the_model(steps in proptest::collection::vec(step(), 1..12)) {
        // The first write is an update by nobody in particular, so that no step is the first apply of unowned fields.
        let seed = Leaves::from([("label/x", 0)]);
        let (mut live, mut model) = (Live::new().update("seed", &seed), Model::default().update("seed", &seed));
        for step in steps {
            if live.entries.0.is_empty() {
                break;
            }
            match step {
                Step::Update { manager, leaves } => {
                    live = live.update(MANAGERS[manager], &leaves);
                    model = model.update(MANAGERS[manager], &leaves);
                }
                Step::Apply { manager, leaves, force } => {
                    match (live.apply(MANAGERS[manager], &leaves, force), model.apply(MANAGERS[manager], &leaves, force)) {
                        (Ok(next), Ok(next_model)) => (live, model) = (next, next_model),
                        (Err(conflicts), Err(expected)) => prop_assert_eq!(named(&conflicts.paths()), expected),
                        (real, expected) => prop_assert!(false, "{:?} but {:?}", real, expected),
                    }
                }
            }
            prop_assert_eq!(leaves_of(&live.tree), model.live.clone());
            prop_assert_eq!(live.owners(), model.owners.clone());
        }
    }

    #[test]
    fn applying_again_changes_nothing(live in history(), leaves in leaves(), force in any::<bool>()) {
        if let Ok(once) = live.apply("ann", &leaves, force) {
            // An object that nobody owns anything of is met as before the first apply, each time.
            prop_assume!(!once.entries.0.is_empty());
            let twice = once.apply("ann", &leaves, false).expect("what is applied is no conflict");
            prop_assert_eq!(&twice.tree, &once.tree);
            prop_assert_eq!(twice.entries.write(), once.entries.write());
        }
    }

    #[test]
    fn a_plain_apply_after_a_forced_one_is_no_conflict_and_changes_nothing(live in history(), leaves in leaves()) {
        let forced = live.apply("ann", &leaves, true).expect("force knows no conflict");
        prop_assume!(!forced.entries.0.is_empty());
        let plain = forced.apply("ann", &leaves, false).expect("all of it is owned now");
        let owners = plain.owners();
        for leaf in leaves.keys() {
            prop_assert!(owners.contains(&("ann-Apply".to_owned(), *leaf)), "{} is not owned", leaf);
        }
        prop_assert_eq!(&plain.tree, &forced.tree);
        prop_assert_eq!(plain.entries.write(), forced.entries.write());
    }

    #[test]
    fn appliers_of_different_fields_never_conflict_and_commute(a in leaves(), b in leaves()) {
        let b: Leaves = b.into_iter().filter(|(leaf, _)| {
            !a.contains_key(leaf) && !leaf.starts_with("container/") || leaf.starts_with("container/b") && !a.keys().any(|leaf| leaf.starts_with("container/b"))
        }).collect();
        let start = Live::new();
        let ab = start.apply("ann", &a, false).and_then(|live| live.apply("bob", &b, false)).expect("no conflict");
        let ba = start.apply("bob", &b, false).and_then(|live| live.apply("ann", &a, false)).expect("no conflict");
        prop_assert_eq!(leaves_of(&ab.tree), leaves_of(&ba.tree));
        prop_assert_eq!(ab.owners(), ba.owners());
    }

    #[test]
    fn what_is_owned_keeps_an_owner_until_it_goes(live in history(), leaves in leaves(), force in any::<bool>()) {
        if let Ok(next) = live.apply("bob", &leaves, force) {
            let still = leaves_of(&next.tree);
            let owned: BTreeSet<_> = next.owners().into_iter().map(|(_, leaf)| leaf).collect();
            for (_, leaf) in live.owners() {
                prop_assert!(owned.contains(leaf) || !still.contains_key(leaf), "{} has lost its owner", leaf);
            }
        }
    }
}
