//! What leads to which node: pods are on nodes, pods use things, volumes are claimed by claims that pods use.
//! Only these edges are kept, no objects. Edges from things to nodes are counted, so that a question costs the same however many
//! pods use a thing.

use std::collections::{HashMap, HashSet};

use object::meta;
use schema::Value;
use smol_str::SmolStr;

use super::{Kind, pod_edges, volume_edges};

/// What may lead to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Thing {
    /// A pod itself.
    Pod,
    /// Used by pods, or by volumes that pods claim.
    Secret,
    /// Used by pods.
    ConfigMap,
    /// A PersistentVolumeClaim.
    Claim,
    /// Used by pods.
    ResourceClaim,
    /// Of pods.
    ServiceAccount,
    /// A PersistentVolume.
    Volume,
    /// A VolumeAttachment.
    Attachment,
    /// A ResourceSlice.
    Slice,
}

/// Namespace (empty outside of namespaces) and name.
pub(super) type Place = (SmolStr, SmolStr);
/// A thing by kind and place.
pub(super) type Key = (Thing, SmolStr, SmolStr);

/// The graph.
#[derive(Debug, Default)]
pub struct Graph {
    pods: HashMap<Place, Pod>,
    /// From things that pods use, directly: the nodes, and by how many pods.
    nodes_of: HashMap<Key, HashMap<SmolStr, u32>>,
    volumes: HashMap<SmolStr, Volume>,
    volumes_of_secret: HashMap<Place, HashSet<SmolStr>>,
    /// Attachments and slices: the node of each.
    single: HashMap<(Kind, SmolStr), SmolStr>,
}

#[derive(Debug)]
struct Pod {
    node: SmolStr,
    uses: Vec<Key>,
}

#[derive(Debug)]
pub(super) struct Volume {
    /// The claim that it is bound to.
    pub claim: Place,
    /// Secrets that mounting it takes.
    pub secrets: Vec<Place>,
}

impl Graph {
    /// Takes one object in, new or changed.
    pub fn put(&mut self, kind: Kind, object: &Value) {
        let (namespace, name) = (meta::of(object).namespace(), meta::of(object).name());
        self.remove(kind, namespace, name);
        match kind {
            Kind::Pod => self.put_pod(object),
            Kind::PersistentVolume => self.put_volume(object),
            Kind::VolumeAttachment | Kind::ResourceSlice => {
                let node = object.str_at(&["spec", "nodeName"]).unwrap_or_default();
                if !node.is_empty() {
                    self.single.insert((kind, name.into()), node.into());
                }
            }
        }
    }

    /// Forgets one object and its edges.
    pub fn remove(&mut self, kind: Kind, namespace: &str, name: &str) {
        match kind {
            Kind::Pod => self.remove_pod(&(namespace.into(), name.into())),
            Kind::PersistentVolume => self.remove_volume(name),
            Kind::VolumeAttachment | Kind::ResourceSlice => drop(self.single.remove(&(kind, name.into()))),
        }
    }

    /// Forgets all objects of a kind.
    pub fn clear(&mut self, kind: Kind) {
        match kind {
            Kind::Pod => (self.pods, self.nodes_of) = Default::default(),
            Kind::PersistentVolume => (self.volumes, self.volumes_of_secret) = Default::default(),
            Kind::VolumeAttachment | Kind::ResourceSlice => {
                self.single.retain(|(other, _), _| *other != kind)
            }
        }
    }

    /// Whether a path leads from a thing to a node.
    pub fn leads_to(&self, thing: Thing, namespace: &str, name: &str, node: &str) -> bool {
        let place = || (SmolStr::new(namespace), SmolStr::new(name));
        match thing {
            Thing::Pod => self.pods.get(&place()).is_some_and(|pod| pod.node == node),
            Thing::Volume => self.volume_leads_to(name, node),
            Thing::Attachment => self.is_single(Kind::VolumeAttachment, name, node),
            Thing::Slice => self.is_single(Kind::ResourceSlice, name, node),
            Thing::Secret => {
                self.is_used(thing, &place(), node)
                    || self.volumes_of_secret.get(&place()).is_some_and(|volumes| {
                        volumes.iter().any(|volume| self.volume_leads_to(volume, node))
                    })
            }
            _ => self.is_used(thing, &place(), node),
        }
    }

    fn is_used(&self, thing: Thing, (namespace, name): &Place, node: &str) -> bool {
        let nodes = self.nodes_of.get(&(thing, namespace.clone(), name.clone()));
        nodes.is_some_and(|nodes| nodes.contains_key(node))
    }

    fn volume_leads_to(&self, name: &str, node: &str) -> bool {
        self.volumes
            .get(name)
            .is_some_and(|volume| self.is_used(Thing::Claim, &volume.claim, node))
    }

    fn is_single(&self, kind: Kind, name: &str, node: &str) -> bool {
        self.single.get(&(kind, name.into())).is_some_and(|of| of == node)
    }

    fn put_pod(&mut self, pod: &Value) {
        let node = SmolStr::new(pod.str_at(&["spec", "nodeName"]).unwrap_or_default());
        if node.is_empty() {
            return;
        }
        let place = (meta::of(pod).namespace().into(), meta::of(pod).name().into());
        let uses = pod_edges::of(pod);
        for key in &uses {
            *self
                .nodes_of
                .entry(key.clone())
                .or_default()
                .entry(node.clone())
                .or_default() += 1;
        }
        self.pods.insert(place, Pod { node, uses });
    }

    fn remove_pod(&mut self, place: &Place) {
        let Some(pod) = self.pods.remove(place) else {
            return;
        };
        for key in pod.uses {
            let Some(nodes) = self.nodes_of.get_mut(&key) else {
                continue;
            };
            if let Some(count) = nodes.get_mut(&pod.node) {
                *count -= 1;
                if *count == 0 {
                    nodes.remove(&pod.node);
                }
            }
            if nodes.is_empty() {
                self.nodes_of.remove(&key);
            }
        }
    }

    fn put_volume(&mut self, object: &Value) {
        let Some(volume) = volume_edges::of(object) else {
            return;
        };
        let name = SmolStr::new(meta::of(object).name());
        for secret in &volume.secrets {
            self.volumes_of_secret
                .entry(secret.clone())
                .or_default()
                .insert(name.clone());
        }
        self.volumes.insert(name, volume);
    }

    fn remove_volume(&mut self, name: &str) {
        let Some(volume) = self.volumes.remove(name) else {
            return;
        };
        for secret in &volume.secrets {
            if let Some(volumes) = self.volumes_of_secret.get_mut(secret) {
                volumes.remove(name);
                if volumes.is_empty() {
                    self.volumes_of_secret.remove(secret);
                }
            }
        }
    }
}
