use super::*;
use schema::tree;

fn patched(kind: &str, document: Value, patch: Value) -> Result<Value, Error> {
    let types = Types::builtin();
    let id = types.id(&format!("io.k8s.api.{kind}")).expect("a built-in type");
    let mut document = document;
    apply(types, id, &mut document, patch)?;
    Ok(document)
}

/// Patches the `spec` of a pod.
fn pod(spec: Value, patch: Value) -> Result<Value, Error> {
    let patched = patched("core.v1.Pod", tree!({"spec": spec}), tree!({"spec": patch}))?;
    Ok(patched.get("spec").cloned().unwrap_or_default())
}

fn refusal(spec: Value, patch: Value) -> (String, Fault) {
    let error = pod(spec, patch).expect_err("refused");
    (error.to_string(), error.fault())
}

#[test]
fn items_merge_by_their_key_and_new_ones_come_first() {
    let before = tree!({"containers": [{"name": "a", "image": "a:1", "args": ["x"]}, {"name": "b"}]});
    assert_eq!(
        pod(
            before,
            tree!({"containers": [{"name": "new"}, {"name": "a", "image": "a:2"}]})
        ),
        Ok(
            tree!({"containers": [{"name": "new"}, {"name": "a", "image": "a:2", "args": ["x"]}, {"name": "b"}]})
        )
    );
}

#[test]
fn nested_lists_merge_too() {
    let before = tree!({"containers": [{"name": "a", "env": [{"name": "A"}, {"name": "B"}, {"name": "C"}]}]});
    let patch = tree!({"containers": [{"name": "a", "env": [{"name": "B", "value": "2"}, {"name": "N"}]}]});
    assert_eq!(
        pod(before, patch),
        Ok(tree!({"containers": [
            {"name": "a", "env": [{"name": "A"}, {"name": "B", "value": "2"}, {"name": "N"}, {"name": "C"}]}
        ]}))
    );
}

#[test]
fn lists_without_a_strategy_are_replaced() {
    let before = tree!({"tolerations": [{"key": "a"}], "containers": [{"name": "a", "args": ["x", "y"]}]});
    let patch = tree!({"tolerations": [{"key": "b"}], "containers": [{"name": "a", "args": ["z"]}]});
    assert_eq!(
        pod(before, patch),
        Ok(tree!({"tolerations": [{"key": "b"}], "containers": [{"name": "a", "args": ["z"]}]}))
    );
}

#[test]
fn nulls_delete() {
    let before =
        tree!({"nodeName": "n", "nodeSelector": {"a": "b", "c": "d"}, "containers": [{"name": "a"}]});
    let patch = tree!({"nodeName": null, "hostname": null, "nodeSelector": {"a": null}, "containers": null});
    assert_eq!(pod(before, patch), Ok(tree!({"nodeSelector": {"c": "d"}})));
    assert_eq!(
        pod(
            tree!({}),
            tree!({"nodeSelector": {"a": null, "b": "c"}, "containers": [{"name": "a", "image": null}]})
        ),
        Ok(tree!({"nodeSelector": {"b": "c"}, "containers": [{"name": "a"}]}))
    );
}

#[test]
fn items_are_deleted_by_directive() {
    let before = || tree!({"containers": [{"name": "a", "env": [{"name": "A"}, {"name": "B"}]}]});
    let patch = tree!({"containers": [{"name": "a", "env": [{"name": "A", "$patch": "delete"}]}]});
    assert_eq!(
        pod(before(), patch),
        Ok(tree!({"containers": [{"name": "a", "env": [{"name": "B"}]}]}))
    );
    // There is nothing to delete from, and the directive does not enter the object.
    assert_eq!(
        pod(
            tree!({}),
            tree!({"imagePullSecrets": [{"name": "a", "$patch": "delete"}]})
        ),
        Ok(tree!({"imagePullSecrets": []}))
    );
}

#[test]
fn maps_and_lists_are_replaced_by_directive() {
    let before =
        || tree!({"nodeSelector": {"a": "b"}, "containers": [{"name": "a", "image": "x"}, {"name": "b"}]});
    assert_eq!(
        pod(
            before(),
            tree!({"nodeSelector": {"$patch": "replace", "only": "this"}})
        ),
        Ok(
            tree!({"nodeSelector": {"only": "this"}, "containers": [{"name": "a", "image": "x"}, {"name": "b"}]})
        )
    );
    assert_eq!(
        pod(
            before(),
            tree!({"nodeSelector": {"$patch": "delete"}, "containers": [{"$patch": "replace"}, {"name": "a"}]})
        ),
        Ok(tree!({"nodeSelector": {}, "containers": [{"name": "a"}]}))
    );
}

#[test]
fn keys_are_retained_by_directive() {
    let before = || tree!({"volumes": [{"name": "v", "emptyDir": {}}]});
    let keys =
        tree!({"volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/h"}}]});
    assert_eq!(
        pod(before(), keys),
        Ok(tree!({"volumes": [{"name": "v", "hostPath": {"path": "/h"}}]}))
    );
    for keys in [tree!(["name"]), tree!("name")] {
        let patch = tree!({"volumes": [{"name": "v", "$retainKeys": keys, "hostPath": {"path": "/h"}}]});
        assert_eq!(
            refusal(before(), patch),
            ("invalid patch format of retainKeys".to_owned(), Fault::Malformed)
        );
    }
}

#[test]
fn primitive_lists_are_sets() {
    let finalizers = |list: Value| tree!({"metadata": {"finalizers": list}});
    let merged = patched(
        "core.v1.Pod",
        finalizers(tree!(["a", "b"])),
        finalizers(tree!(["c", "b", "c"])),
    );
    assert_eq!(merged, Ok(finalizers(tree!(["c", "a", "b"]))));
    let deletion = tree!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a", "x"]}});
    assert_eq!(
        patched("core.v1.Pod", finalizers(tree!(["a", "b"])), deletion.clone()),
        Ok(finalizers(tree!(["b"])))
    );
    assert_eq!(
        patched("core.v1.Pod", tree!({"metadata": {}}), deletion),
        Ok(tree!({"metadata": {}}))
    );
}

#[test]
fn the_order_can_be_set() {
    let before = tree!({"ports": [{"port": 80i64}, {"port": 81i64}]});
    let patch = tree!({
        "$setElementOrder/ports": [{"port": 82i64}, {"port": 80i64}],
        "ports": [{"port": 82i64, "name": "c"}]
    });
    let service =
        |spec: Value, patch: Value| patched("core.v1.Service", tree!({"spec": spec}), tree!({"spec": patch}));
    assert_eq!(
        service(before, patch),
        Ok(tree!({"spec": {"ports": [{"port": 82i64, "name": "c"}, {"port": 80i64}, {"port": 81i64}]}}))
    );
    let finalizers = tree!({"metadata": {"finalizers": ["a", "b"]}});
    let patch = tree!({"metadata": {"$setElementOrder/finalizers": ["c", "b"], "finalizers": ["c"]}});
    assert_eq!(
        patched("core.v1.Pod", finalizers, patch),
        Ok(tree!({"metadata": {"finalizers": ["c", "a", "b"]}}))
    );
    let reordered = pod(
        tree!({"containers": [{"name": "a"}, {"name": "b"}]}),
        tree!({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}),
    );
    assert_eq!(
        reordered,
        Ok(tree!({"containers": [{"name": "b"}, {"name": "a"}]}))
    );
}

#[test]
fn items_stand_where_the_patch_and_the_old_list_put_them() {
    let list = |names: &[&str]| Value::List(names.iter().map(|name| tree!({"name": (*name)})).collect());
    for (before, patch, after) in [
        (&["a", "b", "c"][..], &["c", "a"][..], &["b", "c", "a"][..]),
        (&["a", "b"], &["n"], &["n", "a", "b"]),
        (&["a", "b"], &["b", "n"], &["a", "b", "n"]),
        (&["a", "b", "c", "d"], &["x", "c"], &["x", "a", "b", "c", "d"]),
    ] {
        let merged = pod(
            tree!({"containers": (list(before))}),
            tree!({"containers": (list(patch))}),
        );
        assert_eq!(
            merged,
            Ok(tree!({"containers": (list(after))})),
            "{before:?} {patch:?}"
        );
    }
}

#[test]
fn misuse_is_refused_in_the_references_words() {
    let before = || tree!({"containers": [{"name": "main"}], "nodeSelector": {"a": "b"}});
    for (patch, message, fault) in [
        (
            tree!({"containers": [{"image": "noname"}]}),
            "map: map[image:noname] does not contain declared merge key: name",
            Fault::Internal,
        ),
        (
            tree!({"$setElementOrder/containers": [{"nokey": 1i64}]}),
            "map: map[nokey:1] does not contain declared merge key: name",
            Fault::Internal,
        ),
        (
            tree!({"containers": ["x"]}),
            "list element types are not identical: map string",
            Fault::Internal,
        ),
        (
            tree!({"nodeSelector": {"$patch": "jump"}}),
            "unknown patch type: jump in map: map[$patch:jump]",
            Fault::Internal,
        ),
        (
            tree!({"containers": [{"name": "main", "$patch": "merge"}]}),
            "merging lists cannot yet be specified in the patch",
            Fault::Internal,
        ),
        (
            tree!({"$setElementOrder/containers": "x"}),
            "expected a []interface {}, but received a string",
            Fault::Internal,
        ),
        (
            tree!({"$setElementOrder": []}),
            "invalid patch format of setElementOrder list",
            Fault::Malformed,
        ),
        (
            tree!({"$deleteFromPrimitiveList": []}),
            "invalid patch format of primitive list",
            Fault::Malformed,
        ),
        (
            tree!({"$setElementOrder/containers": [{"name": "x"}], "containers": [{"name": "y"}]}),
            "The order in patch list:\n[map[name:y]]\n doesn't match $setElementOrder list:\n[map[name:x]]\n",
            Fault::Internal,
        ),
    ] {
        assert_eq!(refusal(before(), patch), (message.to_owned(), fault));
    }
    for (patch, kind) in [
        (tree!([]), "array"),
        (tree!("x"), "string"),
        (tree!(1i64), "number"),
    ] {
        let error = patched("core.v1.Pod", tree!({}), patch).expect_err("not an object");
        let message =
            format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}");
        assert_eq!((error.to_string(), error.fault()), (message, Fault::Malformed));
    }
}

#[test]
fn opaque_objects_do_not_merge() {
    let data = |value: Value| tree!({"data": {"spec": value}});
    let error = patched(
        "apps.v1.ControllerRevision",
        data(tree!({"a": 1i64})),
        data(tree!({"b": 1i64})),
    );
    assert_eq!(
        error.expect_err("refused").to_string(),
        "unable to find api field in struct RawExtension for the json field \"spec\""
    );
    let replaced = patched("apps.v1.ControllerRevision", data(tree!(1i64)), data(tree!(2i64)));
    assert_eq!(replaced, Ok(data(tree!(2i64))));
}

#[test]
fn a_whole_object_is_emptied_or_replaced_by_directive() {
    let before = tree!({"kind": "Pod", "spec": {"nodeName": "n"}});
    assert_eq!(
        patched("core.v1.Pod", before.clone(), tree!({"$patch": "delete"})),
        Ok(tree!({}))
    );
    let patch = tree!({"$patch": "replace", "spec": {}});
    assert_eq!(patched("core.v1.Pod", before, patch), Ok(tree!({"spec": {}})));
}

#[test]
fn a_patch_cannot_nest_without_bound() {
    let mut deep = tree!({});
    for _ in 0..600 {
        deep = tree!({"a": deep});
    }
    assert_eq!(patched("core.v1.Pod", tree!({}), deep), Err(Error::TooDeep));
}
