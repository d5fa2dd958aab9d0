//! What JSON decoding says of wrong bodies: the texts that clients see, as recorded from the reference or as Go words them.

use schema::{Types, json, tree};

fn decode(kind: &str, body: &str) -> Result<json::Decoded, String> {
    let types = Types::builtin();
    let id = types.id(kind).unwrap_or_else(|| panic!("{kind} is in the table"));
    json::decode(types, id, body.as_bytes()).map_err(|error| error.message)
}

const DEPLOYMENT: &str = "io.k8s.api.apps.v1.Deployment";
const POD: &str = "io.k8s.api.core.v1.Pod";
const CONFIG_MAP: &str = "io.k8s.api.core.v1.ConfigMap";
const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

#[test]
fn wrong_types_are_worded_as_in_go() {
    for (kind, body, expected) in [
        (
            DEPLOYMENT,
            r#"{"spec":{"replicas":"x"}}"#,
            "string into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            DEPLOYMENT,
            r#"{"spec":{"replicas":3000000000}}"#,
            "number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            DEPLOYMENT,
            r#"{"spec":{"paused":"x"}}"#,
            "string into Go struct field DeploymentSpec.spec.paused of type bool",
        ),
        (
            POD,
            r#"{"spec":"x"}"#,
            "string into Go struct field Pod.spec of type v1.PodSpec",
        ),
        (
            POD,
            r#"{"spec":{"containers":{}}}"#,
            "object into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (
            POD,
            r#"{"spec":{"containers":["x"]}}"#,
            "string into Go struct field PodSpec.spec.containers of type v1.Container",
        ),
        (
            POD,
            r#"{"spec":{"volumes":[{"hostPath":1}]}}"#,
            "number into Go struct field Volume.spec.volumes.hostPath of type v1.HostPathVolumeSource",
        ),
        (
            POD,
            r#"{"spec":{"restartPolicy":1}}"#,
            "number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy",
        ),
        (
            POD,
            r#"{"metadata":{"uid":1}}"#,
            "number into Go struct field ObjectMeta.metadata.uid of type types.UID",
        ),
        (
            POD,
            r#"{"metadata":{"generation":"1"}}"#,
            "string into Go struct field ObjectMeta.metadata.generation of type int64",
        ),
        (
            POD,
            r#"{"metadata":{"labels":{"a":1}}}"#,
            "number into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        (
            POD,
            r#"{"metadata":{"labels":"a"}}"#,
            "string into Go struct field ObjectMeta.metadata.labels of type map[string]string",
        ),
        (
            POD,
            r#"{"metadata":{"creationTimestamp":1}}"#,
            "number into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
        ),
        (
            META,
            r#"{"labels":{"a":1}}"#,
            "number into Go struct field ObjectMeta.labels of type string",
        ),
        (
            CONFIG_MAP,
            r#"{"immutable":"x"}"#,
            "string into Go struct field ConfigMap.immutable of type bool",
        ),
        (CONFIG_MAP, r#"[]"#, "array into Go value of type v1.ConfigMap"),
        (
            "io.k8s.api.policy.v1.PodDisruptionBudget",
            r#"{"spec":{"minAvailable":1.5}}"#,
            "number 1.5 into Go struct field PodDisruptionBudgetSpec.spec.minAvailable of type int32",
        ),
    ] {
        assert_eq!(
            decode(kind, body).err(),
            Some(format!("json: cannot unmarshal {expected}")),
            "{body}"
        );
    }
}

#[test]
fn a_value_that_refuses_its_text_goes_before_an_earlier_wrong_type() {
    let body = r#"{"metadata":{"labels":1,"creationTimestamp":"yesterday"}}"#;
    let expected =
        r#"parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006""#;
    assert_eq!(decode(POD, body).err().as_deref(), Some(expected));
    let body = r#"{"spec":{"containers":[{"resources":{"limits":{"cpu":"bad"}}}]}}"#;
    let expected =
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    assert_eq!(decode(POD, body).err().as_deref(), Some(expected));
    // Syntax goes before all.
    let body = r#"{"metadata":{"creationTimestamp":"yesterday"}"#;
    assert_eq!(
        decode(POD, body).err().as_deref(),
        Some("unexpected end of JSON input")
    );
}

#[test]
fn base64_errors_count_as_go_counts() {
    for (text, at) in [
        ("!!!", 0),
        ("abc", 0),
        ("abcde", 4),
        ("ab=", 3),
        ("ab=c", 2),
        ("ab==x", 4),
        ("abc=x", 4),
        ("abcd=", 4),
    ] {
        let body = format!(r#"{{"binaryData":{{"a":"{text}"}}}}"#);
        assert_eq!(
            decode(CONFIG_MAP, &body).err(),
            Some(format!("illegal base64 data at input byte {at}")),
            "{text}"
        );
    }
    assert!(
        decode(
            CONFIG_MAP,
            r#"{"binaryData":{"a":"AA==","b":"AAA=","c":"AA\nAA","d":""}}"#
        )
        .is_ok()
    );
}

#[test]
fn strict_findings_have_the_paths_of_the_reference() {
    let body = r#"{"kind":"Deployment","kind":"Deployment","bogus":1,"metadata":{"lables":{},"annotations":{"a":"1","a":"2"}},
        "spec":{"Replicas":1,"replicas":1,"replicas":2,"template":{"spec":{"containers":[{"name":"a"},{"nope":{"x":1},"nope":2}]}}}}"#;
    let decoded = decode(DEPLOYMENT, body).expect("a deployment");
    let findings: Vec<_> = decoded.strict.iter().map(ToString::to_string).collect();
    assert_eq!(
        findings,
        [
            r#"duplicate field "kind""#,
            r#"unknown field "bogus""#,
            r#"unknown field "metadata.lables""#,
            r#"duplicate field "metadata.annotations.a""#,
            r#"unknown field "spec.Replicas""#,
            r#"duplicate field "spec.replicas""#,
            r#"unknown field "spec.template.spec.containers[1].nope""#,
        ]
    );
    assert_eq!(decoded.value.int_at(&["spec", "replicas"]), Some(2));
}

#[test]
fn type_and_kind_are_read_as_the_reference_reads_them() {
    let read = |body: &str| json::type_meta(body.as_bytes()).map_err(|error| error.message);
    assert_eq!(
        read(r#"{"KIND":"Pod","apiversion":"v1","spec":[1]}"#),
        Ok(("v1".into(), "Pod".into()))
    );
    assert_eq!(read(""), Err("unexpected end of JSON input".into()));
    assert_eq!(
        read("not json"),
        Err("invalid character 'o' in literal null (expecting 'u')".into())
    );
    let target = r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;
    assert_eq!(
        read("[]"),
        Err(format!(
            "json: cannot unmarshal array into Go value of type {target}"
        ))
    );
    assert_eq!(
        read(r#"{"kind":1}"#),
        Err("json: cannot unmarshal number into Go struct field .kind of type string".into())
    );
}

#[test]
fn decoded_objects_are_canonical() {
    let body = r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"","labels":{},"creationTimestamp":null,
        "deletionTimestamp":"2020-01-01T01:00:00+01:00","managedFields":[{"fieldsV1":{ "f:b": {}, "f:a": {} },"time":null}]},
        "spec":{"hostNetwork":false,"terminationGracePeriodSeconds":0,"priority":null,"nodeSelector":{},"containers":[
            {"name":"c","resources":{"limits":{"cpu":1,"memory":"1024Mi"}},"env":[],"livenessProbe":{}}]},"status":{}}"#;
    let decoded = decode(POD, body).expect("a pod");
    assert_eq!(decoded.strict, []);
    let mut expected = tree!({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": "a", "deletionTimestamp": "2020-01-01T00:00:00Z", "managedFields": [{}]},
        "spec": {
            "terminationGracePeriodSeconds": 0i64,
            "containers": [{"name": "c", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}, "livenessProbe": {}}]
        }
    });
    let entry = expected
        .at_mut(&["metadata", "managedFields"])
        .and_then(schema::Value::as_list_mut)
        .expect("a list");
    entry[0]
        .as_map_mut()
        .expect("a map")
        .insert("fieldsV1", schema::Value::Raw(r#"{"f:b":{},"f:a":{}}"#.into()));
    assert_eq!(decoded.value, expected);
}

#[test]
fn nil_and_empty_lists_stay_apart_where_they_print_apart() {
    let types = Types::builtin();
    let kind = "io.k8s.api.rbac.v1.Role";
    let id = types.id(kind).expect("a type");
    let printed = |body: &str| {
        let mut out = Vec::new();
        json::encode(types, id, &decode(kind, body).expect("a role").value, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    };
    assert_eq!(printed("{}"), r#"{"metadata":{},"rules":null}"#);
    assert_eq!(printed(r#"{"rules":null}"#), r#"{"metadata":{},"rules":null}"#);
    assert_eq!(printed(r#"{"rules":[]}"#), r#"{"metadata":{},"rules":[]}"#);
    assert_eq!(
        printed(r#"{"rules":[null]}"#),
        r#"{"metadata":{},"rules":[{"verbs":null}]}"#
    );
}
