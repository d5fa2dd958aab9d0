use super::*;
use crate::validation::json_schema::Comparisons;
use schema::tree;

fn told(schema: Value, object: Value, old: Option<Value>) -> Vec<String> {
    let rules = Rules::compile(&schema).expect("rules");
    let comparisons = Comparisons::default();
    let mut run = Run::new(Budget::default(), &comparisons);
    run.check(&rules, &object, old.as_ref(), None);
    run.errors.iter().map(ToString::to_string).collect()
}

fn root(property: Value) -> Value {
    tree!({"type": "object", "properties": {"x": property}})
}

#[test]
fn only_what_has_rules_is_compiled() {
    assert!(Rules::compile(&root(tree!({"type": "string"}))).is_none());
    let of_nothing = root(
        tree!({"x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-validations": [{"rule": "true"}]}),
    );
    assert!(Rules::compile(&of_nothing).is_none());
}

#[test]
fn reasons_messages_and_paths_are_the_rules_own() {
    let rule = |more: Value| {
        let mut rule = more;
        rule.as_map_mut().expect("a map").insert("rule", "self.a == 'b'");
        root(
            tree!({"type": "object", "properties": {"a": {"type": "string"}, "m": {"type": "object", "additionalProperties": {"type": "string"}}},
            "x-kubernetes-validations": [rule]}),
        )
    };
    let told = |more: Value| super::tests::told(rule(more), tree!({"x": {"a": "c"}}), None);
    assert_eq!(told(tree!({})), ["x: Invalid value: failed rule: self.a == 'b'"]);
    assert_eq!(told(tree!({"message": " no "})), ["x: Invalid value: no"]);
    assert_eq!(
        told(tree!({"messageExpression": "self.a + '!'", "message": "no"})),
        ["x: Invalid value: c!"]
    );
    assert_eq!(
        told(tree!({"messageExpression": "' '", "message": "no"})),
        ["x: Invalid value: no"]
    );
    assert_eq!(
        told(tree!({"reason": "FieldValueForbidden", "message": "no"})),
        ["x: Forbidden: no"]
    );
    assert_eq!(
        told(tree!({"reason": "FieldValueRequired", "message": "no"})),
        ["x: Required value: no"]
    );
    assert_eq!(
        told(tree!({"fieldPath": ".a", "message": "no"})),
        ["x.a: Invalid value: no"]
    );
    assert_eq!(
        told(tree!({"fieldPath": ".m['k.k']", "message": "no"})),
        ["x.m[k.k]: Invalid value: no"]
    );
}

#[test]
fn rules_about_old_values_wait_for_one() {
    let rule = |optional: bool, rule: &str| {
        root(tree!({"type": "integer",
        "x-kubernetes-validations": [{"rule": rule, "optionalOldSelf": optional, "message": "no"}]}))
    };
    let grows = || rule(false, "self > oldSelf");
    assert_eq!(told(grows(), tree!({"x": 1i64}), None), [""; 0]);
    assert_eq!(told(grows(), tree!({"x": 1i64}), Some(tree!({}))), [""; 0]);
    assert_eq!(
        told(grows(), tree!({"x": 1i64}), Some(tree!({"x": 1i64}))),
        ["x: Invalid value: 1: no"]
    );
    let new = || rule(true, "oldSelf.hasValue()");
    assert_eq!(told(new(), tree!({"x": 1i64}), None).len(), 1);
    assert_eq!(told(new(), tree!({"x": 1i64}), Some(tree!({"x": 1i64}))), [""; 0]);
}

#[test]
fn entries_of_atomic_maps_and_plain_lists_follow_nothing() {
    let entry = || tree!({"type": "integer", "x-kubernetes-validations": [{"rule": "self > oldSelf", "message": "no"}]});
    let atomic =
        root(tree!({"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": (entry())}));
    let granular = root(tree!({"type": "object", "additionalProperties": (entry())}));
    let object = || tree!({"x": {"a": 1i64}});
    assert_eq!(told(atomic, object(), Some(object())), [""; 0]);
    assert_eq!(
        told(granular, object(), Some(object())),
        ["x[a]: Invalid value: 1: no"]
    );
    let list = root(tree!({"type": "array", "items": (entry())}));
    assert_eq!(
        told(list, tree!({"x": [1i64]}), Some(tree!({"x": [1i64]}))),
        [""; 0]
    );
}

#[test]
fn rules_that_fail_or_cost_too_much_are_told() {
    let rule = |text: &str| {
        root(
            tree!({"type": "array", "items": {"type": "integer"}, "x-kubernetes-validations": [{"rule": text}]}),
        )
    };
    assert_eq!(
        told(rule("self[5] == 1"), tree!({"x": []}), None),
        ["x: Invalid value: \"array\": index out of bounds: 5 evaluating rule: self[5] == 1"]
    );
    let many: Vec<Value> = (0..2_000i64).map(Value::Int).collect();
    let all = "self.all(a, self.all(b, self.all(c, a + b + c >= 0)))";
    let costly = told(rule(all), tree!({"x": many}), None);
    assert_eq!(
        costly,
        [format!(
            "x: Invalid value: \"array\": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: {all}"
        )]
    );
    // Each is within its limit, all together are not.
    let many: Vec<Value> = (0..40)
        .map(|_| tree!({"rule": "self.all(a, self.all(b, a + b >= 0))"}))
        .collect();
    let schema =
        root(tree!({"type": "array", "items": {"type": "integer"}, "x-kubernetes-validations": many}));
    let some: Vec<Value> = (0..300i64).map(Value::Int).collect();
    assert_eq!(
        told(schema, tree!({"x": some}), None),
        [
            "x: Invalid value: \"array\": validation failed due to running out of cost budget, no further validation rules will be run"
        ]
    );
}
