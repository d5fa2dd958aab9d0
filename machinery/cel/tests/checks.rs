//! What the checker finds, in the reference's words; and of what type expressions are.

use cel::{CompileError, Environment, Object, Type};
use schema::SmolStr;

fn object(name: &str, fields: &[(&'static str, Type)]) -> Type {
    Type::object(Object::escaped(
        name,
        fields
            .iter()
            .map(|(name, of)| (SmolStr::new_static(name), of.clone())),
    ))
}

fn environment() -> Environment {
    let spec = object(
        "spec",
        &[
            ("min", Type::Int),
            ("name", Type::String),
            ("a-b", Type::Int),
            ("at", Type::Timestamp),
            ("items", Type::list(object("item", &[("name", Type::String)]))),
            ("labels", Type::map(Type::String, Type::String)),
        ],
    );
    let this = object("self", &[("spec", spec), ("any", Type::Dyn)]);
    Environment::new().with("self", this).with("object", Type::Dyn)
}

fn told(text: &str) -> String {
    environment().check(text).expect_err(text).to_string()
}

#[test]
fn recorded_errors_of_meaning() {
    for (text, wanted) in [
        ("self.spec.nope == 1", "1:10: undefined field 'nope'"),
        (
            "self.spec.min.foo()",
            "1:18: undeclared reference to 'foo' (in container '')",
        ),
        (
            "nosuchvar.x",
            "1:1: undeclared reference to 'nosuchvar' (in container '')",
        ),
        (
            "authorizer.path('/').check('get').allowed()",
            "1:1: undeclared reference to 'authorizer' (in container '')",
        ),
        ("object.spec.a.matches('[')", "1:23: invalid matches argument"),
    ] {
        let (place, _) = wanted.split_once(": ").expect("a place");
        let column: usize = place[2..].parse().expect("a column");
        let mark = ".".repeat(column - 1);
        assert_eq!(
            told(text),
            format!("ERROR: <input>:{wanted}\n | {text}\n | {mark}^")
        );
    }
    let bind = told("cel.bind(x, self.spec.min, x > 1)");
    let places: Vec<&str> = bind.lines().filter(|line| line.starts_with("ERROR")).collect();
    assert_eq!(
        places,
        [
            "ERROR: <input>:1:1: undeclared reference to 'cel' (in container '')",
            "ERROR: <input>:1:9: undeclared reference to 'bind' (in container '')",
            "ERROR: <input>:1:10: undeclared reference to 'x' (in container '')",
            "ERROR: <input>:1:28: undeclared reference to 'x' (in container '')",
        ]
    );
}

#[test]
fn calls_must_fit_a_declaration() {
    for (text, wanted) in [
        (
            "1 + 'a'",
            "found no matching overload for '_+_' applied to '(int, string)'",
        ),
        (
            "1 == 1.0",
            "found no matching overload for '_==_' applied to '(int, double)'",
        ),
        (
            "self.spec.name == null",
            "found no matching overload for '_==_' applied to '(string, null)'",
        ),
        (
            "1.startsWith('a')",
            "found no matching overload for 'startsWith' applied to 'int.(string)'",
        ),
        (
            "size(1)",
            "found no matching overload for 'size' applied to '(int)'",
        ),
        ("[1, 'a']", "expected type 'int' but found 'string'"),
        ("{'a': 1, 'b': 2u}", "expected type 'int' but found 'uint'"),
        ("duration('1x')", "invalid duration argument"),
        ("timestamp('now')", "invalid timestamp argument"),
        ("self.spec.min.x", "type 'int' does not support field selection"),
        (
            "1.all(x, true)",
            "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
        ),
        (
            "[1].all(x, x)",
            "found no matching overload for '_&&_' applied to '(bool, int)'",
        ),
        ("Nope{a: 1}", "undeclared reference to 'Nope' (in container '')"),
        (
            "spec{min: 'a'}",
            "expected type of field 'min' is 'int' but provided type is 'string'",
        ),
        (
            "self.spec.at + self.spec.at",
            "applied to '(timestamp, timestamp)'",
        ),
        (
            "jsonpatch.escapeKey('a')",
            "undeclared reference to 'jsonpatch' (in container '')",
        ),
    ] {
        assert!(told(text).contains(wanted), "{text}: {}", told(text));
    }
}

#[test]
fn results_have_types() {
    for (text, wanted) in [
        ("self.spec.min + 1", "int"),
        ("self.spec.a__dash__b", "int"),
        ("self.spec.items.map(i, i.name)", "list(string)"),
        ("self.spec.items.filter(i, i.name == 'a')[0].name.size()", "int"),
        ("self.spec.labels.all(k, self.spec.labels[k] != '')", "bool"),
        ("self.spec.?min.orValue(5)", "int"),
        ("self.?spec.min", "optional_type(int)"),
        ("self.spec.labels[?'a']", "optional_type(string)"),
        ("optional.of(1).optMap(x, string(x))", "optional_type(string)"),
        ("[]", "list(dyn)"),
        ("[[], [1]]", "list(list(int))"),
        ("{}", "map(dyn, dyn)"),
        ("true ? [] : [1]", "list(int)"),
        ("object.x.y", "dyn"),
        ("dyn(1)", "dyn"),
        ("self.spec.at", "google.protobuf.Timestamp"),
        ("duration('1h')", "google.protobuf.Duration"),
        ("type(1) == int", "bool"),
        ("null", "null_type"),
        ("self.spec", "spec"),
        ("quantity('1').add(1)", "kubernetes.Quantity"),
        ("{'a': 1}.transformMap(k, v, string(v))", "map(string, string)"),
        ("[1, 2].transformList(i, v, i + v)", "list(int)"),
        ("'%d %s'.format([1, 'a'])", "string"),
        ("self.spec.at == null", "bool"),
    ] {
        let analysis = environment()
            .check(text)
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(analysis.result_type().to_string(), wanted, "{text}");
    }
}

#[test]
fn results_of_other_types_are_told() {
    let wrong = environment().compile("1", &[Type::Bool]).expect_err("no bool");
    assert_eq!(wrong.to_string(), "must evaluate to bool but got int");
    assert_eq!(wrong.without_found(), "must evaluate to bool");
    let wrong = environment()
        .compile("1", &[Type::String, Type::list(Type::String)])
        .expect_err("no text");
    assert_eq!(
        wrong.to_string(),
        "must evaluate to one of [string list(string)] but got int"
    );
    assert!(matches!(
        environment().compile("1 +", &[]),
        Err(CompileError::Issues(_))
    ));
}

#[test]
fn mutations_make_objects_of_any_fields() {
    let mutations = Environment::new().with_patches();
    for text in [
        "Object{metadata: Object.metadata{labels: {'a': 'b'}}}",
        "Object{spec: Object.spec{replicas: 1 + 2, ?x: optional.none()}}",
    ] {
        assert_eq!(
            mutations.check(text).expect(text).result_type().to_string(),
            "Object"
        );
    }
    let patch =
        mutations.check("[JSONPatch{op: 'add', path: '/' + jsonpatch.escapeKey('a/b'), value: {'a': 1}}]");
    assert_eq!(
        patch.expect("a patch").result_type().to_string(),
        "list(JSONPatch)"
    );
    assert!(mutations.check("JSONPatch{nope: 1}").is_err());
}

#[test]
fn variables_that_are_used_are_known() {
    let analysis = environment()
        .check("[1].all(object, object > 0) && has(self.spec)")
        .expect("good");
    assert!(analysis.uses("self"));
    assert!(!analysis.uses("object"));
}
