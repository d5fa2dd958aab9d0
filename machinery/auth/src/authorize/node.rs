//! What kubelets may do: what belongs to their node, found in a graph of edges, and what all nodes may.
//! What a node may write into its objects is for the admission plugin NodeRestriction.

#[cfg(test)]
mod by_the_book;
mod graph;
#[cfg(test)]
mod model;
mod pod_edges;
#[cfg(test)]
mod tests;
mod volume_edges;

use std::sync::{LazyLock, PoisonError, RwLock};

use schema::{Value, json};

use super::rbac::{Rule, RulesOfAll};
use super::{Attributes, Decision};
use crate::User;

pub use graph::{Graph, Thing};

/// What user names of nodes begin with.
const PREFIX: &str = "system:node:";
/// The group of all nodes.
const GROUP: &str = "system:nodes";
/// Where the leases of nodes are.
const LEASES: &str = "kube-node-lease";

/// What all nodes may (the cluster role `system:node` of the bootstrap policy).
static RULES: LazyLock<RulesOfAll> = LazyLock::new(|| {
    let rules = json::parse(include_bytes!("../../data/node-rules.json")).expect("our own file is JSON");
    RulesOfAll::new(rules.as_list().unwrap_or_default().iter().map(Rule::of).collect())
});

/// The kinds that the graph is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Pods that are on a node.
    Pod,
    /// Volumes that are claimed.
    PersistentVolume,
    /// Volumes attached to a node.
    VolumeAttachment,
    /// Devices of a node.
    ResourceSlice,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 4] = [
        Kind::Pod,
        Kind::PersistentVolume,
        Kind::VolumeAttachment,
        Kind::ResourceSlice,
    ];

    /// API group and plural name.
    pub fn resource(self) -> (&'static str, &'static str) {
        match self {
            Kind::Pod => ("", "pods"),
            Kind::PersistentVolume => ("", "persistentvolumes"),
            Kind::VolumeAttachment => ("storage.k8s.io", "volumeattachments"),
            Kind::ResourceSlice => ("resource.k8s.io", "resourceslices"),
        }
    }
}

/// The authorizer.
#[derive(Debug, Default)]
pub struct Node {
    graph: RwLock<Graph>,
}

/// The node that a user is: `None` is no node; an empty name is one that cannot be told.
pub fn identity(user: &User) -> Option<&str> {
    user.name.strip_prefix(PREFIX).filter(|_| user.is_in(GROUP))
}

impl Node {
    /// Puts all objects of a kind in place of those known.
    pub fn replace<'a>(&self, kind: Kind, objects: impl IntoIterator<Item = &'a Value>) {
        let mut graph = self.graph.write().unwrap_or_else(PoisonError::into_inner);
        graph.clear(kind);
        objects.into_iter().for_each(|object| graph.put(kind, object));
    }

    /// Takes one object in, new or changed.
    pub fn put(&self, kind: Kind, object: &Value) {
        self.graph
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .put(kind, object);
    }

    /// Forgets one object.
    pub fn remove(&self, kind: Kind, namespace: &str, name: &str) {
        self.graph
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(kind, namespace, name);
    }

    /// Whether a node may. Others are left to other authorizers.
    pub fn decide(&self, user: &User, attributes: &Attributes<'_>) -> Decision {
        match identity(user) {
            None => Decision::no_opinion(""),
            Some("") => Decision::no_opinion(format!("unknown node for user {:?}", user.name.as_str())),
            Some(node) => Request {
                node,
                attributes,
                authorizer: self,
            }
            .decide(),
        }
    }
}

/// A node's request. Each answer is a reason to refuse it; an empty one says nothing more.
struct Request<'a> {
    node: &'a str,
    attributes: &'a Attributes<'a>,
    authorizer: &'a Node,
}

/// Nothing is wrong, or what is.
type Answer = Result<(), String>;

fn refuse(why: &str) -> Answer {
    Err(why.to_owned())
}

impl Request<'_> {
    fn decide(&self) -> Decision {
        match self.answer() {
            Ok(()) => Decision::allow(""),
            Err(why) => Decision::no_opinion(why),
        }
    }

    fn answer(&self) -> Answer {
        let asked = self.attributes;
        if !asked.is_resource {
            return self.by_rules();
        }
        match (asked.group, asked.resource) {
            ("", "secrets") => self.read(Thing::Secret),
            ("", "configmaps") => self.read(Thing::ConfigMap),
            ("", "persistentvolumeclaims") if asked.subresource == "status" => {
                self.write_status(Thing::Claim)
            }
            ("", "persistentvolumeclaims") => self.get(Thing::Claim),
            ("", "persistentvolumes") => self.get(Thing::Volume),
            ("resource.k8s.io", "resourceclaims") => self.get(Thing::ResourceClaim),
            ("storage.k8s.io", "volumeattachments") => self.get(Thing::Attachment),
            ("", "serviceaccounts") => self.service_account(),
            ("coordination.k8s.io", "leases") => self.lease(),
            ("storage.k8s.io", "csinodes") => self.csi_node(),
            ("resource.k8s.io", "resourceslices") => self.slice(),
            ("", "nodes") => self.node_object(),
            ("", "pods") => self.pod(),
            _ => self.by_rules(),
        }
    }

    fn by_rules(&self) -> Answer {
        if RULES.allow(self.attributes) {
            Ok(())
        } else {
            refuse("")
        }
    }

    /// The object must belong to something on the node.
    fn related(&self, thing: Thing) -> Answer {
        let asked = self.attributes;
        if asked.name.is_empty() {
            return refuse("No Object name found");
        }
        let graph = self
            .authorizer
            .graph
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        match graph.leads_to(thing, asked.namespace, asked.name, self.node) {
            true => Ok(()),
            false => Err(format!(
                "no relationship found between node '{}' and this object",
                self.node
            )),
        }
    }

    fn get(&self, thing: Thing) -> Answer {
        if self.attributes.verb != "get" {
            return refuse("can only get individual resources of this type");
        }
        if !self.attributes.subresource.is_empty() {
            return refuse("cannot get subresource");
        }
        self.related(thing)
    }

    fn read(&self, thing: Thing) -> Answer {
        if !self.attributes.is_read_only() {
            return refuse("can only read resources of this type");
        }
        if !self.attributes.subresource.is_empty() {
            return refuse("cannot read subresource");
        }
        if self.attributes.namespace.is_empty() {
            return refuse("can only read namespaced object of this type");
        }
        self.related(thing)
    }

    fn write_status(&self, thing: Thing) -> Answer {
        match self.attributes.verb {
            "update" | "patch" => self.related(thing),
            _ => refuse("can only get/update/patch this type"),
        }
    }

    fn service_account(&self) -> Answer {
        let asked = self.attributes;
        if (asked.verb, asked.subresource) == ("get", "") {
            return self.read(Thing::ServiceAccount);
        }
        if asked.verb != "create" || asked.name.is_empty() {
            return refuse("can only create tokens for individual service accounts");
        }
        if asked.subresource != "token" {
            return refuse("can only create token subresource of serviceaccount");
        }
        self.related(Thing::ServiceAccount)
    }

    fn lease(&self) -> Answer {
        if !self.is_single() {
            return refuse("can only get, create, update, patch, or delete a node lease");
        }
        if self.attributes.namespace != LEASES {
            return Err(format!(
                "can only access leases in the {LEASES:?} system namespace"
            ));
        }
        self.of_same_name("can only access node lease with the same name as the requesting node")
    }

    fn csi_node(&self) -> Answer {
        if !self.is_single() {
            return refuse("can only get, create, update, patch, or delete a CSINode");
        }
        if !self.attributes.subresource.is_empty() {
            return refuse("cannot authorize CSINode subresources");
        }
        self.of_same_name("can only access CSINode with the same name as the requesting node")
    }

    fn is_single(&self) -> bool {
        matches!(
            self.attributes.verb,
            "get" | "create" | "update" | "patch" | "delete"
        )
    }

    /// The name of what is created is not known here; admission looks at it.
    fn of_same_name(&self, why: &str) -> Answer {
        match self.attributes.verb == "create" || self.attributes.name == self.node {
            true => Ok(()),
            false => refuse(why),
        }
    }

    fn slice(&self) -> Answer {
        if !self.attributes.subresource.is_empty() {
            return refuse("cannot authorize ResourceSlice subresources");
        }
        match self.attributes.verb {
            "create" => Ok(()),
            "get" | "update" | "patch" | "delete" => self.related(Thing::Slice),
            "watch" | "list" | "deletecollection" if self.attributes.selects("nodeName", self.node) => Ok(()),
            "watch" | "list" | "deletecollection" => {
                refuse("can only list/watch/deletecollection resourceslices with nodeName field selector")
            }
            _ => refuse(
                "only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, \
                 deletecollection",
            ),
        }
    }

    fn node_object(&self) -> Answer {
        let (node, name) = (self.node, self.attributes.name);
        match (self.attributes.subresource, self.attributes.verb) {
            ("", "create" | "update" | "patch") | ("status", "update" | "patch") => Ok(()),
            ("", "get" | "list" | "watch") if name == node => Ok(()),
            ("", "get" | "list" | "watch") if name.is_empty() => Err(format!(
                "node '{node}' cannot read all nodes, only its own Node object"
            )),
            ("", "get" | "list" | "watch") => Err(format!(
                "node '{node}' cannot read '{name}', only its own Node object"
            )),
            _ => refuse(""),
        }
    }

    fn pod(&self) -> Answer {
        match (self.attributes.subresource, self.attributes.verb) {
            ("", "get") => self.get(Thing::Pod),
            ("", "list" | "watch") if self.attributes.selects("spec.nodeName", self.node) => Ok(()),
            ("", "list" | "watch") if !self.attributes.name.is_empty() => self.related(Thing::Pod),
            ("", "list" | "watch") => refuse("can only list/watch pods with spec.nodeName field selector"),
            ("", "create" | "delete") | ("status", "update" | "patch") | ("eviction", "create") => Ok(()),
            _ => refuse(""),
        }
    }
}
