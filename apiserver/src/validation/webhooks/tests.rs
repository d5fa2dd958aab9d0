use super::*;
use schema::{Map, tree};

fn hook_with(change: impl FnOnce(&mut Map)) -> Value {
    let mut hook = tree!({
        "name": "a.b.example", "sideEffects": "None", "admissionReviewVersions": ["v1"],
        "clientConfig": {"url": "https://h.example/x"},
        "rules": [{"apiGroups": ["x"], "apiVersions": ["v1"], "resources": ["r"], "operations": ["CREATE"]}],
    });
    change(hook.as_map_mut().expect("a map"));
    hook
}

fn texts(errors: &Errors) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

fn created(change: impl FnOnce(&mut Map)) -> Vec<String> {
    let object = tree!({"webhooks": [(hook_with(change))]});
    let mut errors = Errors::new();
    mutating(&object, &mut errors);
    texts(&errors)
}

/// What is told of one changed field, without the hook's path.
fn told(field: &'static str, value: Value) -> Vec<String> {
    let strip = |text: &String| text.trim_start_matches("webhooks[0].").to_owned();
    created(|hook| drop(hook.insert(field, value)))
        .iter()
        .map(strip)
        .collect()
}

#[test]
fn a_good_webhook_is_good() {
    assert_eq!(created(|_| {}), [""; 0]);
}

#[test]
fn names_are_qualified_and_unique() {
    assert_eq!(told("name", tree!("")), ["name: Required value"]);
    assert_eq!(told("name", tree!("a.b")).len(), 1);
    let object = tree!({"webhooks": [(hook_with(|_| {})), (hook_with(|_| {}))]});
    let mut errors = Errors::new();
    validating(&object, &mut errors);
    assert_eq!(
        texts(&errors),
        ["webhooks[1].name: Duplicate value: \"a.b.example\""]
    );
}

#[test]
fn policies_are_known_and_time_is_bounded() {
    for field in [
        "failurePolicy",
        "matchPolicy",
        "sideEffects",
        "reinvocationPolicy",
    ] {
        assert!(told(field, tree!("Bogus"))[0].starts_with(&format!("{field}: Unsupported value")));
    }
    assert_eq!(told("timeoutSeconds", Value::Int(0)).len(), 1);
    assert_eq!(told("timeoutSeconds", Value::Int(31)).len(), 1);
    assert_eq!(
        created(|hook| drop(hook.remove("sideEffects"))),
        ["webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun"]
    );
}

#[test]
fn review_versions_are_known_and_said_once() {
    assert_eq!(
        told("admissionReviewVersions", tree!([])),
        ["admissionReviewVersions: Required value: must specify one of v1, v1beta1"]
    );
    assert_eq!(
        told("admissionReviewVersions", tree!(["v9", "v9"])),
        [
            "admissionReviewVersions[1]: Invalid value: \"v9\": duplicate version",
            "admissionReviewVersions: Invalid value: [\"v9\",\"v9\"]: must include at least one of v1, v1beta1",
        ]
    );
}

#[test]
fn a_webhook_is_reached_one_way() {
    let both = tree!({"url": "https://x", "service": {"namespace": "a", "name": "b", "port": 443i64}});
    for wrong in [tree!({}), both] {
        let text = "clientConfig: Required value: exactly one of url or service is required";
        assert_eq!(told("clientConfig", wrong), [text]);
    }
    assert_eq!(
        told("clientConfig", tree!({"url": "http://u:p@/x?q#f"})),
        [
            "clientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme; desired format: https://host[/path]",
            "clientConfig.url: Invalid value: \"\": host must be provided; desired format: https://host[/path]",
            "clientConfig.url: Invalid value: \"u:p\": user information is not permitted in the URL",
            "clientConfig.url: Invalid value: \"f\": fragments are not permitted in the URL",
            "clientConfig.url: Invalid value: \"q\": query parameters are not permitted in the URL",
        ]
    );
}

#[test]
fn services_have_clean_paths() {
    let of = |path: &str| {
        let service = tree!({"namespace": "a", "name": "b", "port": 443i64, "path": path});
        told("clientConfig", tree!({"service": (service)}))
    };
    for good in ["", "/", "/a", "/a/b.c/"] {
        assert_eq!(of(good), [""; 0], "{good}");
    }
    for (bad, count) in [("//", 1), ("x", 2), ("/a//b", 1), ("/A", 1), ("/a//", 1)] {
        assert_eq!(of(bad).len(), count, "{bad}");
    }
}

#[test]
fn rules_do_not_overlap() {
    let of = |field: &'static str, list: Value| {
        let mut rule =
            tree!({"apiGroups": [""], "apiVersions": ["v1"], "resources": ["r"], "operations": ["*"]});
        rule.as_map_mut().expect("a map").insert(field, list);
        told("rules", tree!([rule]))
    };
    assert_eq!(of("resources", tree!(["*", "x/status"])), [""; 0]);
    for (field, bad) in [
        ("operations", tree!([])),
        ("operations", tree!(["*", "CREATE"])),
        ("operations", tree!(["GET"])),
        ("apiGroups", tree!(["*", "x"])),
        ("apiVersions", tree!([""])),
        ("resources", tree!(["*", "x"])),
        ("resources", tree!(["x/*", "x/status"])),
        ("resources", tree!(["*/status", "x/status"])),
        ("resources", tree!(["*/*", "x"])),
        ("resources", tree!([""])),
        ("scope", tree!("Bogus")),
    ] {
        assert_eq!(of(field, bad.clone()).len(), 1, "{field} {bad:?}");
    }
}

#[test]
fn conditions_have_names_and_expressions() {
    assert_eq!(
        told("matchConditions", tree!([{"name": "", "expression": " "}])),
        [
            "matchConditions[0].expression: Required value",
            "matchConditions[0].name: Required value"
        ]
    );
    let twice = tree!([{"name": "a", "expression": "true"}, {"name": "a", "expression": "true"}]);
    assert_eq!(
        told("matchConditions", twice),
        ["matchConditions[1].name: Duplicate value: \"a\""]
    );
    let many = Value::List(
        (0..65)
            .map(|at| tree!({"name": (format!("a{at}")), "expression": "true"}))
            .collect(),
    );
    assert_eq!(
        told("matchConditions", many),
        ["matchConditions: Too many: 65: must have at most 64 items"]
    );
}

#[test]
fn what_was_let_in_may_stay() {
    let bad = |hook: &mut Map| {
        hook.insert("sideEffects", "Unknown");
        hook.insert("admissionReviewVersions", tree!(["v0"]));
        hook.insert("matchConditions", tree!([{"name": ""}]));
        hook.insert(
            "objectSelector",
            tree!({"matchExpressions": [{"key": "a", "operator": "In", "values": ["-"]}]}),
        );
    };
    let object = tree!({"webhooks": [(hook_with(bad)), (hook_with(bad))]});
    let mut errors = Errors::new();
    mutating_update(&object, &object, &mut errors);
    assert_eq!(texts(&errors), [""; 0]);
    let before = tree!({"webhooks": [(hook_with(|_| {}))]});
    mutating_update(&object, &before, &mut errors);
    assert_eq!(errors.len(), 11, "{errors:?}");
}
