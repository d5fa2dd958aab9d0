//! The kinds that the reference knows beside those of resources, and how its error texts name groups and schemes.

use std::collections::HashMap;
use std::sync::OnceLock;

use schema::{SmolStr, TypeId, Types};

type Kinds = HashMap<(SmolStr, SmolStr, SmolStr), TypeId>;

/// The schema of any known kind.
pub(super) fn type_id(group: &str, version: &str, kind: &str) -> Option<TypeId> {
    static KINDS: OnceLock<Kinds> = OnceLock::new();
    let kinds = KINDS.get_or_init(|| {
        let types = Types::builtin();
        types
            .iter()
            .flat_map(|(id, schema)| schema.gvk.iter().map(move |gvk| (gvk.clone(), id)))
            .collect()
    });
    kinds.get(&(group.into(), version.into(), kind.into())).copied()
}

/// Where the reference declares the scheme that it decodes a group's bodies with.
pub(super) fn scheme(group: &str) -> &'static str {
    match group {
        "apiextensions.k8s.io" => "k8s.io/apiextensions-apiserver/pkg/apiserver/apiserver.go:55",
        "apiregistration.k8s.io" => "k8s.io/kube-aggregator/pkg/apiserver/scheme/scheme.go:28",
        _ => "pkg/api/legacyscheme/scheme.go:30",
    }
}
