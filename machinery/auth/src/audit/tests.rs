use std::time::Duration;

use schema::time::Time;
use schema::{json, tree};

use super::*;
use crate::User;
use crate::authorize::Attributes;

const POLICY: &str = r#"
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  users: ["system:kube-proxy"]
  verbs: ["watch"]
- level: Request
  resources: [{group: "", resources: ["secrets", "pods/*"]}, {group: "apps"}]
  namespaces: ["a"]
  omitManagedFields: true
- level: RequestResponse
  resources: [{group: "", resources: ["configmaps"], resourceNames: ["one"]}]
- level: None
  nonResourceURLs: ["/healthz*", "/version"]
- level: Metadata
  userGroups: ["system:authenticated"]
"#;

fn level(user: &str, groups: &[&str], asked: Attributes<'_>) -> Level {
    let policy = Policy::parse(POLICY.as_bytes()).expect("a good policy");
    policy.of(&User::new(user, "", groups), &asked).level
}

#[test]
fn the_first_rule_that_matches_decides() {
    let of = Attributes::resource;
    let known = &[User::AUTHENTICATED][..];
    let pods = |subresource| Attributes {
        subresource,
        ..of("get", "", "pods", "a", "p")
    };
    let cases = [
        (
            "system:kube-proxy",
            of("watch", "", "services", "", ""),
            Level::None,
        ),
        (
            "system:kube-proxy",
            of("list", "", "services", "", ""),
            Level::Metadata,
        ),
        ("joe", of("get", "", "secrets", "a", "s"), Level::Request),
        ("joe", of("get", "", "secrets", "b", "s"), Level::Metadata),
        ("joe", pods(""), Level::Metadata),
        ("joe", pods("log"), Level::Request),
        ("joe", of("get", "apps", "anything", "a", ""), Level::Request),
        (
            "joe",
            of("get", "", "configmaps", "b", "one"),
            Level::RequestResponse,
        ),
        ("joe", of("get", "", "configmaps", "b", "two"), Level::Metadata),
        ("joe", Attributes::path("get", "/healthz/x"), Level::None),
        ("joe", Attributes::path("get", "/version/x"), Level::Metadata),
    ];
    for (user, asked, wanted) in cases {
        assert_eq!(level(user, known, asked), wanted, "{user} {asked:?}");
    }
    assert_eq!(
        level("joe", &[], Attributes::path("get", "/x")),
        Level::None,
        "no rule"
    );
}

#[test]
fn bad_policies_are_refused() {
    let head = "apiVersion: audit.k8s.io/v1\nkind: Policy\n";
    for rules in [
        "",
        "rules: []",
        "rules: [{level: Much}]",
        "rules: [{level: None, omitStages: [Never]}]",
    ] {
        assert!(
            Policy::parse(format!("{head}{rules}").as_bytes()).is_err(),
            "{rules}"
        );
    }
    assert!(Policy::parse(b"apiVersion: audit.k8s.io/v2\nkind: Policy\nrules: [{level: None}]").is_err());
}

fn event() -> Event {
    let policy = Policy::parse(POLICY.as_bytes()).expect("a good policy");
    let (user, asked) = (
        User::new("joe", "", &[]),
        Attributes::resource("create", "", "secrets", "a", "s"),
    );
    let told = policy.of(&user, &asked);
    Event::new(
        told,
        "id",
        "/api/v1/namespaces/a/secrets",
        &user,
        &asked,
        Time { seconds: 0, nanos: 0 },
    )
}

#[test]
fn events_have_what_their_level_has() {
    let mut event = event();
    event.set_request_object(tree!({"metadata": {"name": "s", "managedFields": [{}]}}));
    event.set_response_object(tree!({"kind": "Secret"}));
    event.set_status(201, None);
    event.annotate("authorization.k8s.io/decision", "allow");
    event.annotate("authorization.k8s.io/decision", "forbid");
    let now = Time { seconds: 1, nanos: 0 };
    assert_eq!(event.at(Stage::RequestReceived, now), None);
    let told = event.at(Stage::ResponseComplete, now).expect("told");
    assert_eq!(
        told.at(&["requestObject"]),
        Some(&tree!({"metadata": {"name": "s"}}))
    );
    assert_eq!(told.get("responseObject"), None);
    assert_eq!(told.int_at(&["responseStatus", "code"]), Some(201));
    assert_eq!(
        told.str_at(&["annotations", "authorization.k8s.io/decision"]),
        Some("allow")
    );
    assert_eq!(
        told.str_at(&["stageTimestamp"]),
        Some("1970-01-01T00:00:01.000000Z")
    );
    assert_eq!(told.str_at(&["objectRef", "resource"]), Some("secrets"));
}

#[test]
fn logs_are_set_aside_and_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("audit.log");
    let log = Log {
        path: path.clone(),
        bytes_max: 400,
        kept_max: 2,
        kept_for: Duration::ZERO,
    };
    let sink = log.start().expect("a writable folder");
    for at in 0..50i64 {
        sink.offer(Arc::new(tree!({"at": at, "padding": ("x".repeat(80))})));
    }
    let last = || {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        text.lines()
            .last()
            .and_then(|line| json::parse(line.as_bytes()).ok()?.int_at(&["at"]))
    };
    let begun = std::time::Instant::now();
    while last() != Some(49) {
        assert!(begun.elapsed().as_secs() < 20, "not written: {:?}", last());
        std::thread::sleep(Duration::from_millis(5));
    }
    let files = std::fs::read_dir(folder.path()).expect("ours").count();
    assert_eq!(files, 3, "the log and the two that are kept");
    assert_eq!(sink.dropped(), 0);
}

#[test]
fn what_does_not_fit_is_dropped_and_counted() {
    let (sender, _receiver) = mpsc::channel(2);
    let sink = Sink::new("log", sender);
    (0..5i64).for_each(|at| sink.offer(Arc::new(tree!({"at": at}))));
    assert_eq!(sink.dropped(), 3);
    let audit = Audit {
        policy: Arc::new(
            Policy::parse(b"{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: None}]}")
                .expect("a policy"),
        ),
        sinks: vec![sink],
    };
    let mut registry = prometheus_client::registry::Registry::default();
    registry.register_collector(Box::new(audit));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).expect("memory");
    assert!(
        text.contains("apiserver_audit_error_total{plugin=\"log\"} 3"),
        "{text}"
    );
}
