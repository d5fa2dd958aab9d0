//! What updates of pods and workloads may change: every rule with a change that passes and one that does not.

use auth::User;
use kinds::Catalog;
use kinds::defaults::{self, Now};
use schema::{Types, Value, json};
use shardplane_apiserver::strategy::{self, WriteContext};

const NOW: &str = "2026-01-01T00:00:00Z";

/// A kind under test: group, version and plural name.
type Kind = (&'static str, &'static str, &'static str);

const POD: Kind = ("", "v1", "pods");
const DEPLOYMENT: Kind = ("apps", "v1", "deployments");
const STATEFUL_SET: Kind = ("apps", "v1", "statefulsets");
const DAEMON_SET: Kind = ("apps", "v1", "daemonsets");
const JOB: Kind = ("batch", "v1", "jobs");
const CRON_JOB: Kind = ("batch", "v1", "cronjobs");

fn object(kind: Kind, text: &str) -> Value {
    let resource = Catalog::builtin()
        .resource(kind.0, kind.1, kind.2)
        .expect("is built in");
    let mut object = json::decode(Types::builtin(), resource.type_id, text.as_bytes())
        .expect("decodes")
        .value;
    defaults::apply(resource.type_id, &mut object, Now(NOW));
    object
}

/// What is wrong with a write over `old` through a subresource.
fn problems(kind: Kind, subresource: &str, old: &str, new: &str) -> Vec<String> {
    let resource = Catalog::builtin()
        .resource(kind.0, kind.1, kind.2)
        .expect("is built in");
    let user = User::new("admin", "admin", &[]);
    let cx = WriteContext {
        resource,
        group: kind.0,
        subresource,
        user: &user,
        now: NOW,
    };
    let (old, mut new) = (object(kind, old), object(kind, new));
    let strategy = strategy::of(kind.0, kind.2);
    strategy.prepare_update(&cx, &mut new, &old);
    let mut errors = Vec::new();
    strategy.validate_update(&cx, &new, &old, &mut errors);
    errors.iter().map(ToString::to_string).collect()
}

fn pod(spec: &str, container: &str) -> String {
    format!(
        r#"{{"metadata": {{"name": "p"}}, "spec": {{{spec} "containers": [{{"name": "main", "image": "a" {container}}}]}},
            "status": {{"phase": "Running", "qosClass": "Burstable"}}}}"#
    )
}

fn first(problems: &[String]) -> &str {
    problems.first().map_or("", String::as_str)
}

#[test]
fn a_pod_may_change_its_image_and_gain_tolerations() {
    let old = pod(r#""tolerations": [{"key": "a", "operator": "Exists"}],"#, "");
    let new = pod(
        r#""tolerations": [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "Exists"}],"#,
        "",
    );
    let new = new.replace(r#""image": "a""#, r#""image": "b""#);
    let old = old.replace(r#""image": "a""#, r#""imagePullPolicy": "Always", "image": "a""#);
    let new = new.replace(r#""image": "b""#, r#""imagePullPolicy": "Always", "image": "b""#);
    assert_eq!(problems(POD, "", &old, &new), Vec::<String>::new());
    let gone = problems(POD, "", &new, &old);
    assert!(
        first(&gone).starts_with("spec.tolerations: Forbidden: existing toleration can not be modified"),
        "{gone:?}"
    );
}

#[test]
fn other_fields_of_a_pod_stay_and_the_difference_is_shown() {
    let found = problems(POD, "", &pod("", ""), &pod(r#""nodeName": "n2","#, ""));
    assert_eq!(found.len(), 1);
    assert!(
        first(&found).contains("\n- \"NodeName\": \"\",\n+ \"NodeName\": \"n2\",\n"),
        "{found:?}"
    );
}

#[test]
fn a_deadline_only_comes_closer() {
    let with = |seconds: i64| pod(&format!(r#""activeDeadlineSeconds": {seconds},"#), "");
    assert_eq!(problems(POD, "", &with(9), &with(5)), Vec::<String>::new());
    assert_eq!(
        first(&problems(POD, "", &with(5), &with(9))),
        "spec.activeDeadlineSeconds: Invalid value: 9: must be less than or equal to previous value"
    );
    assert!(
        first(&problems(POD, "", &with(5), &pod("", "")))
            .starts_with("spec.activeDeadlineSeconds: Invalid value")
    );
}

#[test]
fn scheduling_gates_only_go() {
    let gated = pod(r#""schedulingGates": [{"name": "a"}],"#, "");
    assert_eq!(problems(POD, "", &gated, &pod("", "")), Vec::<String>::new());
    assert!(
        first(&problems(POD, "", &pod("", ""), &gated))
            .starts_with("spec.schedulingGates: Forbidden: only deletion")
    );
}

#[test]
fn a_resize_keeps_the_qos_class() {
    let with = |cpu: &str| {
        pod(
            "",
            &format!(r#", "resources": {{"requests": {{"cpu": "{cpu}"}}}}"#),
        )
    };
    assert_eq!(
        problems(POD, "resize", &with("1"), &with("2")),
        Vec::<String>::new()
    );
    let found = problems(POD, "resize", &with("1"), &pod("", ""));
    assert_eq!(
        first(&found),
        "spec: Invalid value: \"Burstable\": Pod QOS Class may not change as a result of resizing"
    );
}

#[test]
fn ephemeral_containers_come_and_do_not_go() {
    let with = pod(r#""ephemeralContainers": [{"name": "debug", "image": "d"}],"#, "");
    assert_eq!(
        problems(POD, "ephemeralcontainers", &pod("", ""), &with),
        Vec::<String>::new()
    );
    assert_eq!(
        problems(POD, "ephemeralcontainers", &with, &pod("", "")),
        ["spec.ephemeralContainers: Forbidden: existing ephemeral containers \"debug\" may not be removed\n"]
    );
}

fn workload(spec: &str, label: &str, status: &str) -> String {
    format!(
        r#"{{"metadata": {{"name": "w"}}, "spec": {{{spec} "selector": {{"matchLabels": {{"a": "{label}"}}}}, "template": {{
            "metadata": {{"labels": {{"a": "b", "c": "d"}}}}, "spec": {{"containers": [{{"name": "main", "image": "a"}}]}}}}}},
            "status": {{{status}}}}}"#
    )
}

#[test]
fn selectors_stay() {
    for kind in [DEPLOYMENT, DAEMON_SET] {
        let old = workload("", "b", "");
        assert_eq!(
            problems(kind, "", &old, &workload(r#""minReadySeconds": 1,"#, "b", "")),
            Vec::<String>::new()
        );
        let found = problems(kind, "", &old, &workload("", "x", ""));
        assert!(
            found.iter().any(|text| text.contains("field is immutable")),
            "{found:?}"
        );
        assert!(
            found
                .iter()
                .any(|text| text.contains("`selector` does not match template `labels`")),
            "{found:?}"
        );
    }
}

#[test]
fn a_stateful_set_keeps_its_service() {
    let old = workload(r#""serviceName": "s","#, "b", "");
    assert_eq!(
        problems(
            STATEFUL_SET,
            "",
            &old,
            &workload(r#""replicas": 5, "serviceName": "s","#, "b", "")
        ),
        Vec::<String>::new()
    );
    let found = problems(
        STATEFUL_SET,
        "",
        &old,
        &workload(r#""serviceName": "t","#, "b", ""),
    );
    assert!(
        first(&found)
            .starts_with("spec: Forbidden: updates to statefulset spec for fields other than 'replicas'")
    );
}

#[test]
fn counters_of_a_status_fit_each_other() {
    for kind in [DEPLOYMENT, STATEFUL_SET] {
        let good = workload("", "b", r#""replicas": 2, "readyReplicas": 1"#);
        assert_eq!(
            problems(kind, "status", &workload("", "b", ""), &good),
            Vec::<String>::new()
        );
        let bad = workload("", "b", r#""replicas": 1, "readyReplicas": 5"#);
        assert_eq!(
            problems(kind, "status", &workload("", "b", ""), &bad),
            ["status.readyReplicas: Invalid value: 5: cannot be greater than status.replicas"]
        );
    }
}

fn job(spec: &str, template: &str) -> String {
    format!(
        r#"{{"metadata": {{"name": "j"}}, "spec": {{"manualSelector": true, {spec} "selector": {{"matchLabels": {{"a": "b"}}}},
            "template": {{"metadata": {{"labels": {{"a": "b"}}}}, "spec": {{"restartPolicy": "Never", {template}
            "containers": [{{"name": "main", "image": "a"}}]}}}}}}}}"#
    )
}

#[test]
fn a_job_keeps_its_template_unless_it_waits() {
    let moved = r#""nodeSelector": {"x": "y"},"#;
    let running = problems(JOB, "", &job("", ""), &job("", moved));
    assert!(
        first(&running).starts_with("spec.template: Invalid value: {\"labels\":{\"a\":\"b\"},\"Spec\":{"),
        "{running:?}"
    );
    assert!(first(&running).ends_with(": field is immutable"));
    let waits = r#""suspend": true,"#;
    assert_eq!(
        problems(JOB, "", &job(waits, ""), &job(waits, moved)),
        Vec::<String>::new()
    );
}

#[test]
fn a_job_keeps_its_completions() {
    assert_eq!(
        problems(
            JOB,
            "",
            &job(r#""completions": 2,"#, ""),
            &job(r#""completions": 2, "parallelism": 3,"#, "")
        ),
        Vec::<String>::new()
    );
    assert_eq!(
        problems(
            JOB,
            "",
            &job(r#""completions": 2,"#, ""),
            &job(r#""completions": 3,"#, "")
        ),
        ["spec.completions: Invalid value: 3: field is immutable"]
    );
}

#[test]
fn a_zone_in_an_old_schedule_is_left_alone() {
    let cron = |schedule: &str| {
        format!(
            r#"{{"metadata": {{"name": "c"}}, "spec": {{"schedule": "{schedule}", "jobTemplate": {{"spec": {{"template": {{"spec":
                {{"restartPolicy": "Never", "containers": [{{"name": "main", "image": "a"}}]}}}}}}}}}}}}"#
        )
    };
    let zoned = cron("TZ=UTC 0 0 * * *");
    assert_eq!(problems(CRON_JOB, "", &zoned, &zoned), Vec::<String>::new());
    assert!(first(&problems(CRON_JOB, "", &cron("0 0 * * *"), &zoned)).contains("cannot use TZ or CRON_TZ"));
}
