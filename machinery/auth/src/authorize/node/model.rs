//! The graph against a model that keeps whole objects and walks them at each question.

use std::collections::BTreeMap;

use proptest::prelude::*;
use schema::{Value, tree};

use super::*;

/// A few names, so that objects meet.
const NAMES: [&str; 3] = ["x", "y", "z"];
const NODES: [&str; 3] = ["", "n1", "n2"];

#[derive(Clone, Debug)]
enum Change {
    Pod {
        name: usize,
        node: usize,
        secret: usize,
        claim: usize,
    },
    Volume {
        name: usize,
        claim: usize,
        secret: usize,
    },
    PodGone(usize),
    VolumeGone(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = 0..NAMES.len();
    prop_oneof![
        (at.clone(), at.clone(), at.clone(), at.clone()).prop_map(|(name, node, secret, claim)| {
            Change::Pod {
                name,
                node,
                secret,
                claim,
            }
        }),
        (at.clone(), at.clone(), at.clone()).prop_map(|(name, claim, secret)| Change::Volume {
            name,
            claim,
            secret
        }),
        at.clone().prop_map(Change::PodGone),
        at.prop_map(Change::VolumeGone),
    ]
}

/// By name: node, secret, claim of a pod; claim, secret of a volume.
#[derive(Default)]
struct Model {
    pods: BTreeMap<usize, (usize, usize, usize)>,
    volumes: BTreeMap<usize, (usize, usize)>,
}

impl Model {
    fn apply(&mut self, change: &Change, node: &Node) {
        match *change {
            Change::Pod {
                name,
                node: on,
                secret,
                claim,
            } => {
                self.pods.insert(name, (on, secret, claim));
                node.put(Kind::Pod, &pod(name, on, secret, claim));
            }
            Change::Volume { name, claim, secret } => {
                self.volumes.insert(name, (claim, secret));
                node.put(Kind::PersistentVolume, &volume(name, claim, secret));
            }
            Change::PodGone(name) => {
                self.pods.remove(&name);
                node.remove(Kind::Pod, "a", NAMES[name]);
            }
            Change::VolumeGone(name) => {
                self.volumes.remove(&name);
                node.remove(Kind::PersistentVolume, "", NAMES[name]);
            }
        }
    }

    fn uses_claim(&self, on: usize, claim: usize) -> bool {
        self.pods
            .values()
            .any(|pod| pod.0 == on && !NODES[on].is_empty() && pod.2 == claim)
    }

    fn allows(&self, on: usize, resource: &str, name: usize) -> bool {
        match resource {
            "persistentvolumeclaims" => self.uses_claim(on, name),
            "persistentvolumes" => self
                .volumes
                .get(&name)
                .is_some_and(|volume| self.uses_claim(on, volume.0)),
            _ => {
                let by_pod = self.pods.values().any(|pod| pod.0 == on && pod.1 == name);
                let by_volume = |volume: &(usize, usize)| volume.1 == name && self.uses_claim(on, volume.0);
                by_pod || self.volumes.values().any(by_volume)
            }
        }
    }
}

fn pod(name: usize, node: usize, secret: usize, claim: usize) -> Value {
    tree!({
        "metadata": {"namespace": "a", "name": (NAMES[name])},
        "spec": {"nodeName": (NODES[node]), "imagePullSecrets": [{"name": (NAMES[secret])}],
            "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": (NAMES[claim])}}]},
    })
}

fn volume(name: usize, claim: usize, secret: usize) -> Value {
    tree!({
        "metadata": {"name": (NAMES[name])},
        "spec": {"claimRef": {"namespace": "a", "name": (NAMES[claim])},
            "csi": {"nodeStageSecretRef": {"namespace": "a", "name": (NAMES[secret])}}},
    })
}

proptest! {
    #[test]
    fn the_graph_says_what_the_objects_say(changes in prop::collection::vec(change(), 0..40)) {
        let (node, mut model) = (Node::default(), Model::default());
        for change in &changes {
            model.apply(change, &node);
        }
        for (on, of) in NODES.iter().enumerate().skip(1) {
            let kubelet = User::new(&format!("system:node:{of}"), "", &["system:nodes"]);
            for (name, shown) in NAMES.iter().enumerate() {
                for (resource, namespace) in
                    [("secrets", "a"), ("persistentvolumeclaims", "a"), ("persistentvolumes", "")]
                {
                    let asked = Attributes::resource("get", "", resource, namespace, shown);
                    let allowed = node.decide(&kubelet, &asked).is_allowed();
                    prop_assert_eq!(allowed, model.allows(on, resource, name), "{} {} {}", of, resource, shown);
                }
            }
        }
    }
}
