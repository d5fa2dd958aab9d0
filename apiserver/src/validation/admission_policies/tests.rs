use super::*;
use schema::{Map, tree};

fn constraints() -> Value {
    tree!({"matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {},
        "resourceRules": [{"apiGroups": ["x"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["r"]}]})
}

type Check = fn(&Value, &mut Errors);

fn told(check: Check, base: Value, change: impl FnOnce(&mut Map)) -> Vec<String> {
    let mut spec = base;
    change(spec.as_map_mut().expect("a map"));
    let mut errors = Errors::new();
    check(&tree!({"metadata": {"name": "p"}, "spec": spec}), &mut errors);
    errors.iter().map(ToString::to_string).collect()
}

fn validating_with(change: impl FnOnce(&mut Map)) -> Vec<String> {
    let base = tree!({"failurePolicy": "Fail", "matchConstraints": (constraints()), "validations": [{"expression": "true"}]});
    told(validating, base, change)
}

fn mutating_with(change: impl FnOnce(&mut Map)) -> Vec<String> {
    let mutation = tree!({"patchType": "JSONPatch", "jsonPatch": {"expression": "[JSONPatch{op: 'remove', path: '/a'}]"}});
    let base = tree!({"failurePolicy": "Fail", "matchConstraints": (constraints()), "reinvocationPolicy": "Never",
        "mutations": [mutation]});
    told(mutating, base, change)
}

#[test]
fn good_policies_are_good() {
    assert_eq!(validating_with(|_| {}), [""; 0]);
    assert_eq!(mutating_with(|_| {}), [""; 0]);
}

#[test]
fn a_policy_says_what_it_is_for_and_what_it_checks() {
    assert_eq!(
        told(validating, tree!({"failurePolicy": "Fail"}), |_| {}),
        [
            "spec.matchConstraints: Required value",
            "spec.validations: Required value: validations or auditAnnotations must contain at least one item",
            "spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item",
        ]
    );
    assert_eq!(
        validating_with(|spec| drop(spec.insert("failurePolicy", "Bogus"))),
        ["spec.failurePolicy: Unsupported value: \"Bogus\": supported values: \"Fail\", \"Ignore\""]
    );
    let mut without_rules = constraints();
    without_rules.as_map_mut().expect("a map").remove("resourceRules");
    assert_eq!(
        validating_with(|spec| drop(spec.insert("matchConstraints", without_rules))),
        ["spec.matchConstraints.resourceRules: Required value"]
    );
}

#[test]
fn validations_have_an_expression_and_plain_texts() {
    let of = |validation: Value| validating_with(|spec| drop(spec.insert("validations", vec![validation])));
    for (validation, told) in [
        (
            tree!({"expression": " "}),
            "expression: Required value: expression is not specified",
        ),
        (
            tree!({"expression": "true", "message": "a\nb"}),
            "message: Invalid value: \"a\\nb\": must not contain line breaks",
        ),
        (
            tree!({"expression": "true", "message": " "}),
            "message: Invalid value: \" \": must be non-empty if specified",
        ),
        (
            tree!({"expression": "true", "messageExpression": " "}),
            "messageExpression: Invalid value: \" \": must be non-empty if specified",
        ),
        (
            tree!({"expression": "true", "reason": "Bogus"}),
            "reason: Unsupported value: \"Bogus\": supported values: \"Forbidden\", \"Invalid\", \"RequestEntityTooLarge\"",
        ),
    ] {
        assert_eq!(of(validation), [format!("spec.validations[0].{told}")]);
    }
}

#[test]
fn audit_annotations_are_few_and_named_after_the_policy() {
    let of = |annotations: Value| validating_with(|spec| drop(spec.insert("auditAnnotations", annotations)));
    let one = |key: &str| tree!({"key": key, "valueExpression": "'a'"});
    assert_eq!(of(tree!([(one("a"))])), [""; 0]);
    assert_eq!(
        of(tree!([(one("a")), (one("a"))])),
        ["spec.auditAnnotations[1].key: Duplicate value: \"a\""]
    );
    assert_eq!(of(tree!([(one("a/b"))])).len(), 1);
    assert_eq!(
        of(tree!([{"key": "a", "valueExpression": ("x".repeat(5121))}])),
        ["spec.auditAnnotations[0].valueExpression: Required value: must not exceed 5120 bytes in length"]
    );
    let many = Value::List((0..21).map(|at| one(&format!("a{at}"))).collect());
    let told = of(many);
    assert!(
        told[0].starts_with("spec.auditAnnotations: Invalid value: [{\"Key\":\"a0\",\"ValueExpression\":")
    );
    assert!(told[0].ends_with("must not have more than 20 auditAnnotations"));
}

#[test]
fn parameters_have_a_kind_and_variables_a_name() {
    let kind = |api_version: &str, kind: &str| {
        let kind = tree!({"apiVersion": api_version, "kind": kind});
        validating_with(|spec| drop(spec.insert("paramKind", kind)))
    };
    assert_eq!(kind("v1", "ConfigMap"), [""; 0]);
    assert_eq!(kind("a.b/v1", "Thing"), [""; 0]);
    assert_eq!(
        kind("", ""),
        [
            "spec.paramKind.apiVersion: Required value",
            "spec.paramKind.kind: Required value"
        ]
    );
    for (api_version, bad_kind) in [
        ("a/b/c", "A"),
        ("A/v1", "A"),
        ("a/", "A"),
        ("a/V_", "A"),
        ("v1", "a_b"),
    ] {
        assert_eq!(kind(api_version, bad_kind).len(), 1, "{api_version} {bad_kind}");
    }
    let variable = |name: &str| {
        let variable = tree!({"name": name, "expression": "1"});
        validating_with(|spec| drop(spec.insert("variables", vec![variable])))
    };
    assert_eq!(variable("_a1"), [""; 0]);
    for bad in ["bad-name", "1a", "in", "package"] {
        let text =
            format!("spec.variables[0].name: Invalid value: \"{bad}\": must be a valid CEL identifier");
        assert_eq!(variable(bad), [text]);
    }
    assert_eq!(
        variable(""),
        ["spec.variables[0].name: Required value: name is not specified"]
    );
}

#[test]
fn mutations_are_of_one_type() {
    let of = |mutations: Value| mutating_with(|spec| drop(spec.insert("mutations", mutations)));
    let expression = || tree!({"expression": "Object{}"});
    assert_eq!(
        of(tree!([])),
        ["spec.mutations: Required value: mutations must contain at least one item"]
    );
    for (mutation, told) in [
        (tree!({}), "patchType: Required value"),
        (
            tree!({"patchType": "Bogus"}),
            "patchType: Unsupported value: \"Bogus\": supported values: \"ApplyConfiguration\", \"JSONPatch\"",
        ),
        (
            tree!({"patchType": "JSONPatch"}),
            "jsonPatch: Required value: must be specified when patchType is JSONPatch",
        ),
        (
            tree!({"patchType": "ApplyConfiguration", "applyConfiguration": (expression()), "jsonPatch": (expression())}),
            "jsonPatch: Invalid value: \"{jsonPatch}\": must not be specified when patchType is ApplyConfiguration",
        ),
        (
            tree!({"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": " "}}),
            "applyConfiguration.expression: Required value",
        ),
    ] {
        assert_eq!(of(tree!([mutation])), [format!("spec.mutations[0].{told}")]);
    }
}

#[test]
fn what_is_deleted_cannot_be_changed() {
    let mut deletes = constraints();
    let rules = deletes.at_mut(&["resourceRules"]).and_then(Value::as_list_mut);
    for rule in rules.into_iter().flatten().filter_map(Value::as_map_mut) {
        rule.insert("operations", tree!(["DELETE"]));
        rule.insert("resourceNames", tree!(["a", "a", "b/c"]));
    }
    assert_eq!(
        mutating_with(|spec| drop(spec.insert("matchConstraints", deletes))),
        [
            "spec.matchConstraints.resourceRules[0].resourceNames[1]: Duplicate value: \"a\"",
            "spec.matchConstraints.resourceRules[0].resourceNames[2]: Invalid value: \"b/c\": may not contain '/'",
            "spec.matchConstraints.resourceRules.operations: Unsupported value: \"DELETE\": supported values: \"*\", \"CONNECT\", \"CREATE\", \"UPDATE\"",
        ]
    );
}

#[test]
fn conditions_that_were_let_in_may_stay() {
    let with = |expression: &str| {
        tree!({"metadata": {"name": "p"}, "spec": {"failurePolicy": "Fail", "matchConstraints": (constraints()),
            "validations": [{"expression": "true"}], "matchConditions": [{"name": "", "expression": expression}]}})
    };
    let mut errors = Errors::new();
    validating_update(&with("true"), &with("true"), &mut errors);
    assert_eq!(errors, []);
    validating_update(&with("true"), &with("false"), &mut errors);
    assert_eq!(errors.len(), 1);
}

#[test]
fn bindings_name_a_policy_and_say_what_to_do() {
    let of = |change: fn(&mut Map)| {
        let base = tree!({"policyName": "p", "validationActions": ["Deny"]});
        told(bindings::validating, base, change)
    };
    assert_eq!(of(|_| {}), [""; 0]);
    assert_eq!(
        of(|spec| drop(spec.remove("policyName"))),
        ["spec.policyName: Required value"]
    );
    assert_eq!(
        of(|spec| drop(spec.insert("validationActions", tree!([])))),
        ["spec.validationActions: Required value: at least one validation action is required"]
    );
    assert_eq!(
        of(|spec| drop(spec.insert("validationActions", tree!(["Bogus", "Bogus"])))).len(),
        3
    );
    assert_eq!(
        of(|spec| drop(spec.insert("validationActions", tree!(["Deny", "Warn"])))).len(),
        1
    );
    assert_eq!(
        of(|spec| drop(spec.insert("paramRef", tree!({"parameterNotFoundAction": "Bogus"})))),
        [
            "spec.paramRef: Required value: one of name or selector must be specified",
            "spec.paramRef.parameterNotFoundAction: Unsupported value: \"Bogus\": supported values: \"Deny\", \"Allow\"",
        ]
    );
    assert_eq!(
        of(|spec| drop(spec.insert("paramRef", tree!({"name": "a/b", "selector": {}})))),
        [
            "spec.paramRef.name: Invalid value: \"a/b\": may not contain '/'",
            "spec.paramRef.name: Forbidden: name and selector are mutually exclusive",
            "spec.paramRef.selector: Forbidden: name and selector are mutually exclusive",
            "spec.paramRef.parameterNotFoundAction: Required value",
        ]
    );
    let resources = |spec: &mut Map| drop(spec.insert("matchResources", tree!({})));
    assert_eq!(
        told(bindings::mutating, tree!({"policyName": "p"}), resources).len(),
        3
    );
}

#[test]
fn warnings_of_the_type_checker_have_a_text_and_a_place() {
    let object = tree!({"status": {"typeChecking": {"expressionWarnings": [
        {"fieldRef": "spec.validations[0].expression", "warning": "w"},
        {"fieldRef": "", "warning": ""},
        {"fieldRef": "a[", "warning": "w"},
        {"fieldRef": "&", "warning": "w"},
    ]}}});
    let mut errors = Errors::new();
    validating_status(&object, &object, &mut errors);
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let at = "status.typeChecking.expressionWarnings";
    assert_eq!(
        texts,
        [
            format!("{at}[1].warning: Required value"),
            format!("{at}[1].fieldRef: Required value"),
            format!("{at}[2].fieldRef: Invalid value: \"a[\": invalid JSONPath: unterminated array"),
            format!(
                "{at}[3].fieldRef: Invalid value: \"&\": invalid JSONPath: unrecognized character in action: U+0026 '&'"
            ),
        ]
    );
}

#[test]
fn expressions_compile_with_what_a_policy_declares() {
    let with = |validation: Value| {
        validating_with(|spec| {
            spec.insert("paramKind", tree!({"apiVersion": "v1", "kind": "ConfigMap"}));
            spec.insert(
                "variables",
                tree!([
                    {"name": "most", "expression": "int(params.data.most)"},
                    {"name": "over", "expression": "object.spec.replicas > variables.most"},
                ]),
            );
            spec.insert("validations", Value::List(vec![validation]));
            spec.insert(
                "auditAnnotations",
                tree!([{"key": "k", "valueExpression": "variables.over ? 'over' : 'not'"}]),
            );
        })
    };
    let allowed =
        "authorizer.group('').resource('pods').namespace(request.namespace).check('list').allowed()";
    let good = tree!({"expression": (format!("!variables.over || {allowed}")), "messageExpression": "'at most ' + string(variables.most)"});
    assert_eq!(with(good), [""; 0]);
    let told = with(
        tree!({"expression": "variables.nope", "messageExpression": (allowed.replace("allowed", "reason"))}),
    );
    assert_eq!(told.len(), 2);
    assert!(
        told[0].contains("compilation failed: ERROR: <input>:1:10: undefined field 'nope'"),
        "{told:?}"
    );
    assert!(
        told[1].contains("undeclared reference to 'authorizer' (in container '')"),
        "{told:?}"
    );
    let annotated = |expression: &'static str| {
        validating_with(|spec| {
            drop(spec.insert(
                "auditAnnotations",
                tree!([{"key": "k", "valueExpression": expression}]),
            ))
        })
    };
    assert_eq!(
        annotated("1"),
        [
            "spec.auditAnnotations[0].valueExpression: Invalid value: \"1\": must evaluate to one of [string null_type] but got int"
        ]
    );
    assert_eq!(
        annotated("params.x")[0].lines().next(),
        Some(
            "spec.auditAnnotations[0].valueExpression: Invalid value: \"params.x\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')"
        )
    );
}

#[test]
fn mutations_make_what_their_type_says() {
    let with =
        |mutation: Value| mutating_with(|spec| drop(spec.insert("mutations", Value::List(vec![mutation]))));
    let apply = |text: &str| {
        with(tree!({"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": text}}))
    };
    let patch = |text: &str| with(tree!({"patchType": "JSONPatch", "jsonPatch": {"expression": text}}));
    assert_eq!(
        apply("Object{metadata: Object.metadata{labels: {'a': request.name}}}"),
        [""; 0]
    );
    assert_eq!(
        apply("1"),
        [
            "spec.mutations[0].applyConfiguration.expression: Invalid value: \"1\": must evaluate to Object but got int"
        ]
    );
    assert_eq!(
        patch("[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b'), value: 1}]"),
        [""; 0]
    );
    assert_eq!(
        patch("[]"),
        [
            "spec.mutations[0].jsonPatch.expression: Invalid value: \"[]\": must evaluate to list(JSONPatch) but got list(dyn)"
        ]
    );
}

/// Each variable may use all before it; what one is of does not hold what those are of.
#[test]
fn many_variables_are_checked_one_after_another() {
    let variable = |at: usize| {
        let expression = match at {
            0 => "1".to_owned(),
            at if at % 2 == 0 => format!("variables.v{} + 1", at - 2),
            _ => "variables".to_owned(),
        };
        tree!({"name": (format!("v{at}")), "expression": expression})
    };
    let many = Value::List((0..6_000).map(variable).collect());
    let last = tree!([{"expression": "variables.v5999.v5998 == 3000 && variables.v1.v4 == 3"}]);
    let told = validating_with(|spec| {
        spec.insert("variables", many);
        spec.insert("validations", last);
    });
    assert_eq!(told, [""; 0]);
    let late = tree!([{"name": "a", "expression": "variables.b"}, {"name": "b", "expression": "1"}]);
    let told = validating_with(|spec| drop(spec.insert("variables", late)));
    assert!(told[0].contains("undefined field 'b'"), "{told:?}");
}
