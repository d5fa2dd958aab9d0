//! YAML as kubectl sends it and reads it back.

use schema::{Types, json, tree, yaml};

#[test]
fn strict_findings_are_worded_as_recorded() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: n-52\nspec:\n  replicas: 1\n  replicas: 2\n  bogus: x\n  \
                selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec:\n      containers:\n      \
                - name: c\n        image: i\n        image: j\n        imagee: k\n";
    let types = Types::builtin();
    let id = types.id("io.k8s.api.apps.v1.Deployment").expect("a type");
    let decoded = yaml::decode(types, id, text.as_bytes()).expect("a deployment");
    let findings: Vec<_> = decoded.strict.iter().map(ToString::to_string).collect();
    assert_eq!(
        findings.join(", "),
        "yaml: unmarshal errors:\n  line 7: key \"replicas\" already set in map\n  line 16: key \"image\" already set in map, \
         unknown field \"spec.bogus\", unknown field \"spec.template.spec.containers[0].imagee\""
    );
    assert_eq!(decoded.value.int_at(&["spec", "replicas"]), Some(2));
}

#[test]
fn syntax_errors_name_the_line() {
    let error = yaml::parse(b"apiVersion: v1\n kind: ConfigMap\n").expect_err("no YAML");
    assert_eq!(
        error.message,
        "yaml: line 2: mapping values are not allowed in this context"
    );
}

#[test]
fn anchors_merges_and_scalars_are_read() {
    let text =
        "a: &x {k: 1, l: yes}\nb: *x\nc:\n  <<: *x\n  k: 2\nd: 0644\ne: |\n  one\n  two\nf: 'yes'\n5: five\n";
    let expected = tree!({
        "a": {"k": 1i64, "l": true}, "b": {"k": 1i64, "l": true}, "c": {"k": 2i64, "l": true}, "d": 420i64, "e": "one\ntwo\n",
        "f": "yes", "5": "five"
    });
    assert_eq!(yaml::parse(text.as_bytes()), Ok(expected));
    assert_eq!(yaml::parse(b""), Ok(tree!(null)));
    assert_eq!(
        yaml::parse(b"{\"a\": [1, \"b\", null]}"),
        Ok(tree!({"a": [1i64, "b", null]}))
    );
}

#[test]
fn aliases_have_a_budget() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let below = format!("*a{}", level - 1);
        text.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            [below.as_str(); 10].join(", ")
        ));
    }
    let error = yaml::parse(text.as_bytes()).expect_err("too much");
    assert_eq!(error.message, "yaml: document contains excessive aliasing");
}

#[test]
fn documents_are_written_as_go_yaml_writes_them() {
    let value = tree!({
        "apiVersion": "v1",
        "data": {"on": "yes", "multi": "a\n\nb\n", "open": "a\nb", "num": "1", "sp": " x", "col": "a: b", "quo": "it's", "empty": "",
                 "tab": "a\tb", "star": "*a"},
        "list": [{"name": "c", "args": ["a", "b"]}, [1i64, 2i64], "x"],
        "none": null, "map": {}, "seq": [], "yes": true
    });
    let mut out = Vec::new();
    yaml::write(&value, &mut out);
    let expected = "apiVersion: v1\ndata:\n  col: 'a: b'\n  empty: \"\"\n  multi: |\n    a\n\n    b\n  num: \"1\"\n  \"on\": \"yes\"\n  \
                    open: |-\n    a\n    b\n  quo: it's\n  sp: ' x'\n  star: '*a'\n  tab: \"a\\tb\"\nlist:\n- args:\n  - a\n  - b\n  \
                    name: c\n- - 1\n  - 2\n- x\nmap: {}\nnone: null\nseq: []\n\"yes\": true\n";
    assert_eq!(String::from_utf8_lossy(&out), expected);
    assert_eq!(yaml::parse(&out), Ok(value));
}

#[test]
fn yaml_and_json_of_an_object_decode_alike() {
    let types = Types::builtin();
    let id = types.id("io.k8s.api.core.v1.Pod").expect("a type");
    let pod = tree!({
        "kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a", "annotations": {"n": "1"}},
        "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 80i64}], "resources": {"limits": {"cpu": "1000m"}}}]}
    });
    let mut text = Vec::new();
    yaml::write(&pod, &mut text);
    assert_eq!(yaml::decode(types, id, &text), json::from_tree(types, id, &pod));
}

/// A document that is one text: what begins with a space or a line break says how far it is indented, and is.
#[test]
fn a_text_alone_is_read_as_it_was_written() {
    for text in ["\n0", " a\nb", "a\nb\n", "\n\n", "a"] {
        let value = schema::Value::from(text);
        let mut written = Vec::new();
        yaml::write(&value, &mut written);
        assert_eq!(
            yaml::parse(&written),
            Ok(value),
            "{}",
            String::from_utf8_lossy(&written)
        );
    }
}
