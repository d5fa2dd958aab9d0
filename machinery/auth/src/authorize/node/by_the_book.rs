//! Every kind of question of a kubelet against a table of what the documentation of node authorization says that they may.

use schema::{Value, tree};

use super::*;
use crate::authorize::{FieldRequirement, Selectors};

/// What a question must fulfil beside its verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Nothing,
    /// The object belongs to something on the node.
    Related,
    /// The same, in a namespace.
    RelatedInNamespace,
    /// It is called as the node.
    OwnName,
    /// The same, among the leases of nodes.
    OwnLease,
    InLeases,
    /// The list is narrowed to the node by this field.
    Selecting(&'static str),
}

use Need::{InLeases, Nothing, OwnLease, OwnName, Related, RelatedInNamespace, Selecting};

type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
    Need,
);

const BOOK: [Row; 30] = [
    ("", "secrets", "", &["get", "list", "watch"], RelatedInNamespace),
    (
        "",
        "configmaps",
        "",
        &["get", "list", "watch"],
        RelatedInNamespace,
    ),
    ("", "persistentvolumeclaims", "", &["get"], Related),
    (
        "",
        "persistentvolumeclaims",
        "status",
        &["update", "patch"],
        Related,
    ),
    ("", "persistentvolumes", "", &["get"], Related),
    ("resource.k8s.io", "resourceclaims", "", &["get"], Related),
    ("storage.k8s.io", "volumeattachments", "", &["get"], Related),
    ("", "serviceaccounts", "", &["get"], RelatedInNamespace),
    ("", "serviceaccounts", "token", &["create"], Related),
    (
        "coordination.k8s.io",
        "leases",
        "",
        &["get", "update", "patch", "delete"],
        OwnLease,
    ),
    ("coordination.k8s.io", "leases", "", &["create"], InLeases),
    (
        "storage.k8s.io",
        "csinodes",
        "",
        &["get", "update", "patch", "delete"],
        OwnName,
    ),
    ("storage.k8s.io", "csinodes", "", &["create"], Nothing),
    ("resource.k8s.io", "resourceslices", "", &["create"], Nothing),
    (
        "resource.k8s.io",
        "resourceslices",
        "",
        &["get", "update", "patch", "delete"],
        Related,
    ),
    (
        "resource.k8s.io",
        "resourceslices",
        "",
        &["list", "watch", "deletecollection"],
        Selecting("nodeName"),
    ),
    ("", "nodes", "", &["create", "update", "patch"], Nothing),
    ("", "nodes", "", &["get", "list", "watch"], OwnName),
    ("", "nodes", "status", &["update", "patch"], Nothing),
    ("", "pods", "", &["get"], Related),
    ("", "pods", "", &["list", "watch"], Selecting("spec.nodeName")),
    ("", "pods", "", &["list", "watch"], Related),
    ("", "pods", "", &["create", "delete"], Nothing),
    ("", "pods", "status", &["update", "patch"], Nothing),
    ("", "pods", "eviction", &["create"], Nothing),
    // The role of all nodes.
    ("", "services", "", &["get", "list", "watch"], Nothing),
    ("", "events", "", &["create", "update", "patch"], Nothing),
    ("authentication.k8s.io", "tokenreviews", "", &["create"], Nothing),
    (
        "authorization.k8s.io",
        "subjectaccessreviews",
        "",
        &["create"],
        Nothing,
    ),
    (
        "storage.k8s.io",
        "csidrivers",
        "",
        &["get", "list", "watch"],
        Nothing,
    ),
];

const VERBS: [&str; 9] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "escalate",
];
const SUBRESOURCES: [&str; 5] = ["", "status", "token", "eviction", "exec"];
/// What is used on the node, what is not, its own name, that of another, and none.
const NAMES: [&str; 5] = ["used", "unused", "n1", "n2", ""];
const NAMESPACES: [&str; 4] = ["a", "b", LEASES, ""];
const CLUSTER_WIDE: [&str; 6] = [
    "persistentvolumes",
    "volumeattachments",
    "csinodes",
    "resourceslices",
    "nodes",
    "csidrivers",
];

/// A node `n1` on which everything called `used` is, in the namespace `a` or in none.
fn graph() -> Node {
    let node = Node::default();
    let pod = tree!({
        "metadata": {"namespace": "a", "name": "used"},
        "spec": {
            "nodeName": "n1", "serviceAccountName": "used", "imagePullSecrets": [{"name": "used"}],
            "volumes": [{"name": "v", "configMap": {"name": "used"}}, {"name": "w", "persistentVolumeClaim": {"claimName": "used"}}],
            "resourceClaims": [{"name": "gpu", "resourceClaimName": "used"}],
        },
    });
    node.put(Kind::Pod, &pod);
    let of_node = |name: &str| -> Value { tree!({"metadata": {"name": name}, "spec": {"nodeName": "n1"}}) };
    node.put(Kind::VolumeAttachment, &of_node("used"));
    node.put(Kind::ResourceSlice, &of_node("used"));
    let volume =
        tree!({"metadata": {"name": "used"}, "spec": {"claimRef": {"namespace": "a", "name": "used"}}});
    node.put(Kind::PersistentVolume, &volume);
    node
}

fn fulfils(need: Need, asked: &Attributes<'_>) -> bool {
    let is_of_cluster = CLUSTER_WIDE.contains(&asked.resource);
    let related = asked.name == "used" && asked.namespace == if is_of_cluster { "" } else { "a" };
    match need {
        Nothing => true,
        Related => related,
        RelatedInNamespace => related && !asked.namespace.is_empty(),
        OwnName => asked.name == "n1",
        OwnLease => asked.name == "n1" && asked.namespace == LEASES,
        InLeases => asked.namespace == LEASES,
        Selecting(field) => asked.selects(field, "n1"),
    }
}

fn may(asked: &Attributes<'_>) -> bool {
    BOOK.iter().any(|(group, resource, subresource, verbs, need)| {
        (*group, *resource, *subresource) == (asked.group, asked.resource, asked.subresource)
            && verbs.contains(&asked.verb)
            && fulfils(*need, asked)
    })
}

fn selecting(field: &str, value: &str) -> Selectors {
    Selectors {
        fields: vec![FieldRequirement {
            field: field.into(),
            equal: true,
            value: value.into(),
        }],
        ..Selectors::default()
    }
}

/// Questions about one resource: all verbs, subresources, names, namespaces and selectors.
fn each_question(group: &str, resource: &str, mut ask: impl FnMut(&Attributes<'_>)) {
    let selectors = [
        selecting("spec.nodeName", "n1"),
        selecting("nodeName", "n1"),
        selecting("spec.nodeName", "n2"),
    ];
    let selectors: Vec<Option<&Selectors>> = [None].into_iter().chain(selectors.iter().map(Some)).collect();
    let namespaces = if CLUSTER_WIDE.contains(&resource) {
        &[""][..]
    } else {
        &NAMESPACES
    };
    for verb in VERBS {
        // Leases have no subresources, and the authorizer does not look for any.
        let subresources = if resource == "leases" {
            &[""][..]
        } else {
            &SUBRESOURCES
        };
        for subresource in subresources {
            for name in NAMES {
                for namespace in namespaces {
                    for selectors in &selectors {
                        let asked = Attributes::resource(verb, group, resource, namespace, name);
                        ask(&Attributes {
                            subresource,
                            selectors: *selectors,
                            ..asked
                        });
                    }
                }
            }
        }
    }
}

#[test]
fn kubelets_may_what_the_book_says_and_nothing_else() {
    let (graph, kubelet) = (graph(), User::new("system:node:n1", "", &[GROUP]));
    let others = [
        User::new("system:node:n1", "", &[User::AUTHENTICATED]),
        User::new("n1", "", &[GROUP]),
        User::new("system:node:", "", &[GROUP]),
    ];
    let mut resources: Vec<_> = BOOK.iter().map(|row| (row.0, row.1)).collect();
    resources.extend([
        ("", "namespaces"),
        ("apps", "deployments"),
        ("rbac.authorization.k8s.io", "clusterroles"),
        ("apps", "secrets"),
    ]);
    resources.dedup();
    let mut allowed = 0;
    for (group, resource) in resources {
        each_question(group, resource, |asked| {
            let decision = graph.decide(&kubelet, asked);
            assert_eq!(
                decision.is_allowed(),
                may(asked),
                "{asked:?}: {}",
                decision.reason
            );
            allowed += usize::from(decision.is_allowed());
            for other in &others {
                assert!(!graph.decide(other, asked).is_allowed(), "{other:?} {asked:?}");
            }
        });
    }
    assert!(allowed > 500, "{allowed}");
}
