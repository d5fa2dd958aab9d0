mod laws;
mod recorded;

use super::*;
use schema::tree;

fn validation(spec: Value) -> Validation {
    let schema = tree!({"type": "object", "properties": {"spec": spec}});
    Validation::new(&schema, None)
}

fn created(spec: Value, value: Value) -> Vec<String> {
    texts(&validation(spec).create(&tree!({"spec": value})))
}

fn updated(spec: Value, value: Value, old: Value) -> Vec<String> {
    texts(&validation(spec).update(&tree!({"spec": value}), &tree!({"spec": old})))
}

fn texts(findings: &Findings) -> Vec<String> {
    findings.errors.iter().map(ToString::to_string).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn what_did_not_change_may_stay_invalid() {
    let spec = || {
        tree!({"type": "object", "properties": {
            "n": {"type": "integer", "maximum": 3i64}, "e": {"type": "string"},
            "list": {"type": "array", "items": {"type": "integer", "maximum": 3i64}},
            "map": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
                "items": {"type": "object", "properties": {"k": {"type": "string"}, "v": {"type": "integer", "maximum": 3i64}}}},
            "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "integer", "maximum": 3i64}}
        }})
    };
    assert_eq!(
        updated(spec(), tree!({"n": 5i64, "e": "A"}), tree!({"n": 5i64})),
        NONE
    );
    assert_eq!(
        updated(spec(), tree!({"n": 6i64}), tree!({"n": 5i64})),
        ["spec.n: Invalid value: 6: spec.n in body should be less than or equal to 3"]
    );
    assert_eq!(updated(spec(), tree!({"n": 5i64}), tree!({})).len(), 1);
    // Items of plain lists follow those in their places, those of keyed lists those with their keys, those of sets none.
    assert_eq!(
        updated(spec(), tree!({"list": [9i64, 1i64]}), tree!({"list": [9i64]})),
        NONE
    );
    assert_eq!(
        updated(spec(), tree!({"list": [1i64, 9i64]}), tree!({"list": [9i64]})).len(),
        1
    );
    let (a, b) = (tree!({"k": "a", "v": 9i64}), tree!({"k": "b", "v": 1i64}));
    let (old, new) = (tree!({"map": [(a.clone())]}), tree!({"map": [b, a]}));
    assert_eq!(updated(spec(), new, old), NONE);
    assert_eq!(
        updated(spec(), tree!({"set": [9i64, 1i64]}), tree!({"set": [9i64]})).len(),
        1
    );
    assert_eq!(
        updated(spec(), tree!({"set": [9i64], "e": "x"}), tree!({"set": [9i64]})),
        NONE
    );
}

#[test]
fn rules_that_were_broken_before_warn() {
    let spec = || {
        tree!({"type": "object", "properties": {
            "n": {"type": "integer", "x-kubernetes-validations": [{"rule": "self < 3", "message": "small"}]},
            "e": {"type": "string"}
        }})
    };
    let validation = validation(spec());
    let (old, new) = (
        tree!({"spec": {"n": 5i64}}),
        tree!({"spec": {"n": 5i64, "e": "x"}}),
    );
    let findings = validation.update(&new, &old);
    assert_eq!(texts(&findings), NONE);
    assert_eq!(findings.warnings, ["spec.n: Invalid value: 5: small"]);
    assert_eq!(
        updated(spec(), tree!({"n": 6i64}), tree!({"n": 5i64})),
        ["spec.n: Invalid value: 6: small"]
    );
    assert_eq!(
        created(spec(), tree!({"n": 5i64})),
        ["spec.n: Invalid value: 5: small"]
    );
}

#[test]
fn rules_are_not_asked_of_what_is_of_the_wrong_form() {
    let spec = tree!({"type": "object", "properties": {
        "n": {"type": "integer", "x-kubernetes-validations": [{"rule": "self < 3"}]}, "s": {"type": "string"}
    }});
    let told = created(spec, tree!({"n": 5i64, "s": 1i64}));
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[1], format!("<nil>: Invalid value: null: {NOT_CHECKED}"));
}

#[test]
fn items_are_there_once() {
    let of = |kind: &str, keys: Value| {
        tree!({"type": "object", "properties": {"l": {"type": "array", "x-kubernetes-list-type": kind,
        "x-kubernetes-list-map-keys": keys, "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}})
    };
    let three = || tree!({"l": [{"a": 1i64, "b": 1i64}, {"a": 1i64, "b": 2i64}, {"a": 1i64, "b": 1i64}, {"a": 1i64, "b": 1i64}]});
    assert_eq!(
        created(of("set", tree!([])), three()),
        ["spec.l[2]: Duplicate value: {\"a\":1,\"b\":1}"]
    );
    assert_eq!(
        created(of("map", tree!(["a"])), three()),
        ["spec.l[1]: Duplicate value: {\"a\":1}"]
    );
    assert_eq!(
        created(of("map", tree!(["a", "b"])), three()),
        ["spec.l[2]: Duplicate value: {\"a\":1,\"b\":1}"]
    );
    assert_eq!(
        created(of("map", tree!(["c"])), three()),
        ["spec.l[1]: Duplicate value: {}"]
    );
    assert_eq!(created(of("atomic", tree!([])), three()), NONE);
    // What was there twice may stay so.
    assert_eq!(updated(of("set", tree!([])), three(), three()), NONE);
    assert_eq!(updated(of("set", tree!([])), three(), tree!({"l": []})).len(), 1);
}

#[test]
fn embedded_resources_say_what_they_are() {
    let spec = || {
        tree!({"type": "object", "properties": {"r": {"type": "object", "x-kubernetes-embedded-resource": true,
        "x-kubernetes-preserve-unknown-fields": true}}})
    };
    let told = |resource: Value| created(spec(), tree!({"r": resource}));
    assert_eq!(
        told(tree!({})),
        ["spec.r.apiVersion: Required value", "spec.r.kind: Required value"]
    );
    assert_eq!(
        told(tree!({"apiVersion": "v1", "kind": "K", "metadata": {"namespace": "n"}})),
        NONE
    );
    assert_eq!(
        told(tree!({"apiVersion": "a/b/c", "kind": "", "metadata": {"labels": {"a": 1i64}}})),
        [
            "spec.r.apiVersion: Invalid value: \"a/b/c\": unexpected GroupVersion string: a/b/c",
            "spec.r.kind: Required value",
            "spec.r.metadata: Invalid value: {\"labels\":{\"a\":1}}: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string",
        ]
    );
    let bad_kind = told(tree!({"apiVersion": "v1", "kind": "a b"}));
    assert!(bad_kind[0].starts_with(
        "spec.r.kind: Invalid value: \"a b\": may have mixed case, but should otherwise match: "
    ));
    assert_eq!(
        told(tree!({"apiVersion": "v1", "kind": "K", "metadata": {"name": "a/b"}})).len(),
        1
    );
}

#[test]
fn the_numbers_of_a_scale_are_those_of_a_scale() {
    let names = |path: [&'static str; 2]| path.map(schema::SmolStr::new_static).to_vec();
    let scale = Scale {
        spec_replicas: names(["spec", "replicas"]),
        status_replicas: names(["status", "replicas"]),
        selector: Some(names(["status", "selector"])),
    };
    let validation = Validation::new(
        &tree!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}),
        Some(scale),
    );
    let told = |object: Value| texts(&validation.create(&object));
    assert_eq!(told(tree!({"spec": {"replicas": 3i64}})), NONE);
    assert_eq!(
        told(
            tree!({"spec": {"replicas": (-1i64)}, "status": {"replicas": "x", "selector": {"a": ["b", 1i64]}}})
        ),
        [
            ".spec.replicas: Invalid value: -1: should be a non-negative integer",
            ".status.replicas: Invalid value: 0: .status.replicas accessor error: x is of the type string, expected int64",
            ".status.selector: Invalid value: \"\": .status.selector accessor error: map[a:[b 1]] is of the type map[string]interface {}, expected string",
        ]
    );
    assert_eq!(
        told(tree!({"spec": "s", "status": {"replicas": 3_000_000_000i64}})),
        [
            ".spec.replicas: Invalid value: 0: .spec.replicas accessor error: s is of the type string, expected map[string]interface{}",
            ".status.replicas: Invalid value: 3000000000: should be less than or equal to 2147483647",
        ]
    );
}

#[test]
fn a_status_alone_is_checked_when_it_is_written() {
    let schema = tree!({"type": "object", "properties": {
        "spec": {"type": "object", "properties": {"n": {"type": "integer"}}},
        "status": {"type": "object", "properties": {"n": {"type": "integer"}}}
    }});
    let validation = Validation::new(&schema, None);
    let old = tree!({"spec": {"n": "x"}, "status": {"n": 1i64}});
    let new = tree!({"spec": {"n": "x"}, "status": {"n": "y"}});
    let told = texts(&validation.update_status(&new, &old));
    assert_eq!(
        told,
        ["status.n: Invalid value: \"string\": n in body must be of type integer: \"string\""]
    );
}

#[test]
fn large_lists_take_little() {
    let of = |kind: &str| {
        tree!({"type": "object", "properties": {"l": {"type": "array", "x-kubernetes-list-type": kind,
        "x-kubernetes-list-map-keys": ["k"], "items": {"type": "object", "properties": {"k": {"type": "integer", "maximum": (-1i64)}}}}}})
    };
    let items: Vec<Value> = (0..50_000i64).map(|k| tree!({"k": k})).collect();
    let reversed: Vec<Value> = items.iter().rev().cloned().collect();
    let start = std::time::Instant::now();
    let (old, new) = (tree!({"l": items}), tree!({"l": reversed}));
    // The square of their number would take minutes.
    assert_eq!(updated(of("map"), new.clone(), old.clone()), NONE);
    assert_eq!(updated(of("set"), new, old).len(), 50_000);
    assert!(start.elapsed().as_secs() < 60);
}

#[test]
fn deep_schemas_and_values_end() {
    let (mut schema, mut value) = (tree!({"type": "object"}), tree!({}));
    for _ in 0..400 {
        schema = tree!({"type": "object", "properties": {"a": schema}, "x-kubernetes-validations": [{"rule": "has(self.a)"}]});
        value = tree!({"a": value});
    }
    // A thread of its own, so that the depth of the trees themselves is no matter when they are dropped.
    let run = move || {
        let validation = Validation::new(&schema, None);
        let found = validation.update(&value, &value).errors.len();
        std::mem::forget((validation, schema, value));
        found
    };
    let thread = std::thread::Builder::new()
        .stack_size(64 * 1024 * 1024)
        .spawn(run);
    assert!(thread.expect("a thread").join().is_ok());
}
