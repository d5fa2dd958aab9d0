//! An object's facts are selected as the object itself is, whatever the kind, the object and the selectors.

use std::sync::Arc;

use kinds::{Catalog, Facts, Resource, Selectable, fields};
use object::selector::{field, label, shard};
use proptest::prelude::*;
use render::Selection;
use schema::{Map, Value};

const KINDS: [(&str, &str, &str); 9] = [
    ("", "v1", "pods"),
    ("", "v1", "nodes"),
    ("", "v1", "events"),
    ("events.k8s.io", "v1", "events"),
    ("", "v1", "secrets"),
    ("", "v1", "replicationcontrollers"),
    ("batch", "v1", "jobs"),
    ("apps", "v1", "deployments"),
    ("certificates.k8s.io", "v1", "certificatesigningrequests"),
];
const KEYS: [&str; 4] = ["app", "app.kubernetes.io/name", "tier", "t"];
const VALUES: [&str; 6] = ["", "a", "b", "5", "web-1", "true"];

fn resource((group, version, name): (&str, &str, &str)) -> &'static Arc<Resource> {
    Catalog::builtin()
        .resource(group, version, name)
        .unwrap_or_else(|| panic!("{name} is built in"))
}

/// A value of any sort that may stand in a field.
fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(&VALUES).prop_map(Value::from),
        (0i64..7).prop_map(Value::Int),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
    ]
}

/// An object with some labels and some of the fields that the kind can be selected by, or that these are computed from.
fn object(resource: &'static Arc<Resource>) -> impl Strategy<Value = Value> {
    let computed = ["status.succeeded", "source.component", "reportingComponent"];
    let paths: Vec<&str> = fields::stored_labels(resource)
        .into_iter()
        .chain(computed)
        .collect();
    let set = prop::collection::vec((prop::sample::select(paths), leaf()), 0..6);
    let labels = prop::collection::btree_map(prop::sample::select(&KEYS), leaf(), 0..4);
    let ips = prop::collection::vec(prop::sample::select(&VALUES), 0..3);
    let texts = (prop::sample::select(&VALUES), prop::sample::select(&VALUES));
    (set, labels, ips, texts).prop_map(|(set, labels, ips, (name, namespace))| {
        let mut root = Map::new();
        for (path, value) in set {
            put(&mut root, path, value);
        }
        let ips: Vec<Value> = ips.into_iter().map(|ip| schema::tree!({"ip": ip})).collect();
        root.map_at("status").insert("podIPs", ips);
        let meta = root.map_at("metadata");
        meta.insert("name", name);
        meta.insert("namespace", namespace);
        meta.insert("uid", format!("{name}-{namespace}"));
        for (key, value) in labels {
            meta.map_at("labels").insert(key, value);
        }
        Value::Map(root)
    })
}

fn put(map: &mut Map, path: &str, value: Value) {
    match path.split_once('.') {
        Some((key, rest)) => put(map.map_at(key), rest, value),
        None => drop(map.insert(path, value)),
    }
}

fn label_selector() -> impl Strategy<Value = String> {
    let key = || prop::sample::select(&KEYS);
    let value = || prop::sample::select(&VALUES);
    let one = prop_oneof![
        (key(), value()).prop_map(|(key, value)| format!("{key}={value}")),
        (key(), value()).prop_map(|(key, value)| format!("{key}!={value}")),
        (key(), value(), value()).prop_map(|(key, a, b)| format!("{key} in ({a},{b})")),
        (key(), value(), value()).prop_map(|(key, a, b)| format!("{key} notin ({a},{b})")),
        (key(), 0..7).prop_map(|(key, bound)| format!("{key}>{bound}")),
        (key(), 0..7).prop_map(|(key, bound)| format!("{key}<{bound}")),
        key().prop_map(str::to_owned),
        key().prop_map(|key| format!("!{key}")),
    ];
    prop::collection::vec(one, 0..3).prop_map(|all| all.join(","))
}

/// Of fields as requests for the resource name them.
fn field_selector(resource: &'static Arc<Resource>) -> impl Strategy<Value = String> {
    let names: Vec<&str> = match &resource.field_labels {
        Some(labels) => labels.iter().map(|(label, _)| label.as_str()).collect(),
        None => vec![fields::NAME, fields::NAMESPACE],
    };
    let one = (
        prop::sample::select(names),
        any::<bool>(),
        prop::sample::select(&VALUES),
    );
    let one = one.prop_map(|(name, equal, value)| format!("{name}{}{value}", if equal { "=" } else { "!=" }));
    prop::collection::vec(one, 0..3).prop_map(|all| all.join(","))
}

/// Of one of the fields, and where the range ends.
fn shards() -> impl Strategy<Value = Option<shard::Selector>> {
    let field = prop::sample::select(&["uid", "namespace"]);
    prop::option::of((field, 1u64..)).prop_map(|range| {
        let (field, end) = range?;
        let text = format!(
            "shardRange(object.metadata.{field}, '0x{:016x}', '0x{end:016x}')",
            0
        );
        Some(shard::Selector::parse(&text).expect("a range"))
    })
}

fn case() -> impl Strategy<
    Value = (
        &'static Arc<Resource>,
        Vec<Value>,
        String,
        String,
        Option<shard::Selector>,
    ),
> {
    prop::sample::select(&KINDS).prop_flat_map(|kind| {
        let resource = resource(kind);
        let hub = Catalog::builtin().hub(resource);
        let objects = prop::collection::vec(object(hub), 1..8);
        (
            Just(resource),
            objects,
            label_selector(),
            field_selector(resource),
            shards(),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn facts_are_selected_as_the_object_is((resource, objects, labels, fields, shards) in case()) {
        let hub = Catalog::builtin().hub(resource);
        let selection = Selection::of(
            resource,
            hub,
            label::Selector::parse(&labels).expect("labels"),
            &field::Selector::parse(&fields).expect("fields"),
        ).expect("fields of the resource").in_shards(shards);
        let selectable = Selectable::of(hub);
        for object in &objects {
            let facts = Facts::of(&selectable, object).hashed(object);
            let text = |key| object.str_at(&["metadata", key]).unwrap_or_default();
            prop_assert_eq!(
                selection.matches_facts(&facts, text("namespace"), text("name")),
                selection.matches(object),
                "{} {} {}", labels, fields, facts.heap_bytes()
            );
        }
    }
}

#[test]
fn exact_terms_tell_where_to_look() {
    let pods = resource(KINDS[0]);
    let fields = "metadata.name=p,metadata.namespace=n,spec.host=a,status.phase!=Failed";
    let selection = Selection::of(
        pods,
        pods,
        label::Selector::everything(),
        &field::Selector::parse(fields).expect("fields"),
    )
    .expect("fields of pods");
    assert_eq!(selection.name(), Some("p"));
    assert_eq!(selection.exact("spec.nodeName"), Some("a"));
    assert_eq!(selection.exact("status.phase"), None);
}
