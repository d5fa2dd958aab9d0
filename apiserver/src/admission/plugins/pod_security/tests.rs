//! What becomes of writes in namespaces with levels.

use auth::User;
use schema::tree;

use super::*;
use crate::admission::fixtures::{Objects, Write};

fn namespace(labels: Value) -> Value {
    tree!({"metadata": {"name": "ns", "labels": labels}})
}

fn labels(mode: &str, level: &str) -> Value {
    let mut labels = tree!({});
    if let Some(map) = labels.as_map_mut() {
        map.insert(format!("pod-security.kubernetes.io/{mode}"), level);
    }
    labels
}

fn objects(namespace: Value) -> Objects {
    Objects(vec![("", "namespaces", namespace)])
}

fn pod(spec: Value) -> Value {
    tree!({"metadata": {"name": "p", "namespace": "ns"}, "spec": spec})
}

fn host_pod() -> Value {
    pod(tree!({"hostPID": true, "containers": [{"name": "a", "image": "i"}]}))
}

fn annotation<'a>(told: &'a Told, name: &str) -> Option<&'a str> {
    let mut found = told.annotations.iter().filter(|(found, _)| *found == key(name));
    found.next().map(|(_, text)| text.as_str())
}

#[tokio::test]
async fn enforcing_refuses_pods_and_notes_it() {
    let reader = objects(namespace(labels("enforce", "baseline")));
    let write = Write::create("", "pods", host_pod());
    let (verdict, told) = write.validate(&PodSecurity::default(), &reader).await;
    assert_eq!(
        verdict.unwrap_err().message,
        "pods \"p\" is forbidden: violates PodSecurity \"baseline:latest\": host namespaces (hostPID=true)"
    );
    assert_eq!(annotation(&told, ENFORCED), Some("baseline:latest"));
    assert!(told.warnings.is_empty());
}

#[tokio::test]
async fn templates_are_told_of_and_not_refused() {
    let mut wanted = labels("enforce", "baseline");
    for mode in ["audit", "warn"] {
        let key = format!("pod-security.kubernetes.io/{mode}");
        wanted.as_map_mut().unwrap().insert(key, "baseline");
    }
    let template = tree!({"spec": {"hostPID": true}});
    let job = tree!({"metadata": {"name": "j", "namespace": "ns"}, "spec": {"template": template}});
    let write = Write::create("batch", "jobs", job);
    let (verdict, told) = write
        .validate(&PodSecurity::default(), &objects(namespace(wanted)))
        .await;
    let text = "would violate PodSecurity \"baseline:latest\": host namespaces (hostPID=true)";
    assert_eq!(verdict, Ok(()));
    assert_eq!(told.warnings, [text]);
    assert_eq!(annotation(&told, VIOLATIONS), Some(text));
    assert_eq!(annotation(&told, ENFORCED), None);
}

#[tokio::test]
async fn privileged_namespaces_judge_nothing() {
    let write = Write::create("", "pods", host_pod());
    let (verdict, told) = write
        .validate(&PodSecurity::default(), &objects(namespace(tree!({}))))
        .await;
    assert_eq!(verdict, Ok(()));
    assert_eq!(annotation(&told, ENFORCED), Some("privileged:latest"));
}

#[tokio::test]
async fn updates_that_change_no_image_pass() {
    let reader = objects(namespace(labels("enforce", "baseline")));
    let mut other = host_pod();
    other
        .as_map_mut()
        .unwrap()
        .map_at("metadata")
        .insert("labels", tree!({"a": "b"}));
    let write = Write::update("", "pods", other, host_pod());
    assert_eq!(write.validate(&PodSecurity::default(), &reader).await.0, Ok(()));
    let old = pod(tree!({"hostPID": true, "containers": [{"name": "a", "image": "other"}]}));
    let write = Write::update("", "pods", host_pod(), old);
    assert!(write.validate(&PodSecurity::default(), &reader).await.0.is_err());
}

#[tokio::test]
async fn ephemeral_containers_are_judged_and_statuses_are_not() {
    let reader = objects(namespace(labels("enforce", "baseline")));
    let spec = tree!({
        "containers": [{"name": "a", "image": "i"}],
        "ephemeralContainers": [{"name": "debug", "securityContext": {"privileged": true}}],
    });
    let old = pod(tree!({"containers": [{"name": "a", "image": "i"}]}));
    let through = |name| Write::update("", "pods", pod(spec.clone()), old.clone()).through(name);
    let plugin = PodSecurity::default();
    let refused = through("ephemeralcontainers").validate(&plugin, &reader).await.0;
    assert!(
        refused
            .unwrap_err()
            .message
            .contains("container \"debug\" must not set")
    );
    assert_eq!(through("status").validate(&plugin, &reader).await.0, Ok(()));
}

#[tokio::test]
async fn exemptions_are_noted() {
    let named = |name: &str| [schema::SmolStr::new(name)].into();
    let configuration = Configuration {
        usernames: named("ann"),
        runtime_classes: named("kata"),
        ..Configuration::default()
    };
    let plugin = PodSecurity::new(configuration);
    let reader = objects(namespace(labels("enforce", "baseline")));
    let by_ann = Write::create("", "pods", host_pod()).by(User::new("ann", "", &[]));
    let (verdict, told) = by_ann.validate(&plugin, &reader).await;
    assert_eq!((verdict, annotation(&told, EXEMPT)), (Ok(()), Some("user")));
    let spec = tree!({"hostPID": true, "runtimeClassName": "kata"});
    let (verdict, told) = Write::create("", "pods", pod(spec))
        .validate(&plugin, &reader)
        .await;
    assert_eq!(
        (verdict, annotation(&told, EXEMPT)),
        (Ok(()), Some("runtimeClass"))
    );
    let whole = Configuration {
        namespaces: named("ns"),
        ..Configuration::default()
    };
    let write = Write::create("", "pods", host_pod());
    let (verdict, told) = write.validate(&PodSecurity::new(whole), &reader).await;
    assert_eq!((verdict, annotation(&told, EXEMPT)), (Ok(()), Some("namespace")));
}

#[tokio::test]
async fn unreadable_labels_enforce_the_strictest_level() {
    let reader = objects(namespace(labels("enforce", "bogus")));
    let write = Write::create("", "pods", host_pod());
    let (verdict, told) = write.validate(&PodSecurity::default(), &reader).await;
    assert!(
        verdict
            .unwrap_err()
            .message
            .contains("violates PodSecurity \"restricted:latest\"")
    );
    assert!(
        annotation(&told, ERROR)
            .unwrap()
            .starts_with("Failed to parse policy: metadata.labels")
    );
}

#[tokio::test]
async fn a_stricter_namespace_warns_of_its_pods() {
    let reader = Objects(vec![("", "pods", host_pod())]);
    let old = namespace(tree!({}));
    let plugin = PodSecurity::default();
    let write = Write::update(
        "",
        "namespaces",
        namespace(labels("enforce", "baseline")),
        old.clone(),
    );
    let (verdict, told) = write.validate(&plugin, &reader).await;
    assert_eq!(verdict, Ok(()));
    assert_eq!(
        told.warnings,
        [
            "existing pods in namespace \"ns\" violate the new PodSecurity enforce level \"baseline:latest\"",
            "p: host namespaces",
        ]
    );
    let back = Write::update("", "namespaces", old, namespace(labels("enforce", "baseline")));
    assert!(back.validate(&plugin, &reader).await.1.warnings.is_empty());
    let same = namespace(labels("enforce", "baseline"));
    let kept = Write::update("", "namespaces", same.clone(), same);
    assert!(kept.validate(&plugin, &reader).await.1.warnings.is_empty());
}

#[tokio::test]
async fn wrong_labels_are_refused_when_they_are_new() {
    let (plugin, reader) = (PodSecurity::default(), Objects::default());
    let bad = || namespace(labels("warn", "bogus"));
    let created = Write::create("", "namespaces", bad())
        .validate(&plugin, &reader)
        .await
        .0;
    assert_eq!(
        created.unwrap_err().message,
        "Namespace \"ns\" is invalid: metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: \"bogus\": must be one of privileged, baseline, restricted"
    );
    let kept = Write::update("", "namespaces", bad(), bad());
    assert_eq!(kept.validate(&plugin, &reader).await.0, Ok(()));
}

/// Others get their turn while a large namespace is looked through, and it ends in time.
#[tokio::test]
async fn a_large_namespace_is_looked_through_in_steps() {
    let pods = 3 * crate::limits::POD_SECURITY_STEP;
    let reader = Objects(vec![("", "pods", host_pod()); pods]);
    let stricter = namespace(labels("enforce", "baseline"));
    let write = Write::update("", "namespaces", stricter, namespace(tree!({})));
    let turns = std::cell::Cell::new(0);
    let others = async {
        loop {
            turns.set(turns.get() + 1);
            tokio::task::yield_now().await;
        }
    };
    let plugin = PodSecurity::default();
    tokio::select! {
        biased;
        (_, told) = write.validate(&plugin, &reader) => {
            assert!(told.warnings[1].starts_with(&format!("p (and {} other pods)", pods - 1)));
        }
        () = others => unreachable!("it never ends"),
    }
    assert!(turns.get() >= 2, "{}", turns.get());
}

#[tokio::test]
async fn labels_of_exempt_namespaces_mean_nothing_and_that_is_told() {
    let plugin = PodSecurity::new(Configuration {
        namespaces: ["ns".into()].into(),
        ..Configuration::default()
    });
    let ignored = |policy: &str| {
        format!("namespace \"ns\" is exempt from Pod Security, and the policy ({policy}) will be ignored")
    };
    let told = async |write: Write<'_>| write.validate(&plugin, &Objects::default()).await.1;
    let baseline = || namespace(labels("enforce", "baseline"));
    let told_of_new = told(Write::create("", "namespaces", baseline())).await;
    assert_eq!(told_of_new.warnings, [ignored("enforce=baseline:latest")]);
    assert!(told_of_new.annotations.is_empty());
    let stricter = Write::update("", "namespaces", baseline(), namespace(tree!({})));
    assert_eq!(told(stricter).await, told_of_new);
    let audited = Write::create("", "namespaces", namespace(labels("audit", "restricted")));
    assert_eq!(told(audited).await.warnings, [ignored("audit=restricted:latest")]);
    for quiet in [tree!({}), labels("enforce", "privileged")] {
        let write = Write::create("", "namespaces", namespace(quiet));
        assert_eq!(told(write).await, Told::default());
    }
    let same = Write::update("", "namespaces", baseline(), baseline());
    assert_eq!(told(same).await, Told::default());
}

#[tokio::test]
async fn pods_of_namespaces_that_are_not_there_are_refused() {
    let nowhere = Objects::default();
    let plugin = PodSecurity::default();
    let (verdict, told) = Write::create("", "pods", host_pod())
        .validate(&plugin, &nowhere)
        .await;
    let why = "Internal error occurred: failed to lookup namespace \"ns\"";
    assert_eq!(verdict.unwrap_err().message, why);
    let noted = format!("{why}: namespaces \"ns\" not found");
    assert_eq!(annotation(&told, ERROR), Some(noted.as_str()));
    let job = tree!({"metadata": {"name": "j", "namespace": "ns"}, "spec": {"template": {"spec": {}}}});
    let (verdict, told) = Write::create("batch", "jobs", job)
        .validate(&plugin, &nowhere)
        .await;
    assert_eq!(verdict, Ok(()));
    assert_eq!(
        annotation(&told, ERROR),
        Some("failed to lookup namespace \"ns\": namespaces \"ns\" not found")
    );
}

/// What is counted for writes, one line each.
async fn counted(plugin: &PodSecurity, reader: &Objects, writes: &[Write<'_>]) -> Vec<String> {
    for write in writes {
        let _ = write.validate(plugin, reader).await;
    }
    let mut registry = Registry::default();
    plugin.register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn evaluations_are_counted_as_the_reference_does() {
    let job = || tree!({"metadata": {"name": "j", "namespace": "ns"}, "spec": {"template": {"spec": {"hostPID": true}}}});
    let writes = [
        Write::create("", "pods", host_pod()),
        Write::update("", "pods", host_pod(), pod(tree!({}))).through("ephemeralcontainers"),
        Write::create("batch", "jobs", job()),
    ];
    let privileged = objects(namespace(tree!({})));
    let evaluation = "pod_security_evaluations_total{decision=\"allow\",policy_level=\"privileged\",policy_version=\"latest\",mode=\"enforce\",";
    assert_eq!(
        counted(&PodSecurity::default(), &privileged, &writes).await,
        [
            format!("{evaluation}request_operation=\"create\",resource=\"pod\",subresource=\"\"}} 1"),
            format!(
                "{evaluation}request_operation=\"update\",resource=\"pod\",subresource=\"ephemeralcontainers\"}} 1"
            ),
        ]
    );
    let mut wanted = labels("enforce", "baseline");
    let map = wanted.as_map_mut().unwrap();
    map.insert("pod-security.kubernetes.io/enforce-version", "v1.28");
    map.insert("pod-security.kubernetes.io/warn", "restricted");
    map.insert("pod-security.kubernetes.io/warn-version", "v1.99");
    let strict = objects(namespace(wanted));
    let lines = counted(&PodSecurity::default(), &strict, &writes[..1]).await;
    assert_eq!(
        lines,
        [
            "pod_security_evaluations_total{decision=\"deny\",policy_level=\"baseline\",policy_version=\"v1.28\",mode=\"enforce\",request_operation=\"create\",resource=\"pod\",subresource=\"\"} 1"
        ]
    );
    let lines = counted(&PodSecurity::default(), &strict, &writes[2..]).await;
    assert_eq!(
        lines,
        [
            "pod_security_evaluations_total{decision=\"deny\",policy_level=\"restricted\",policy_version=\"future\",mode=\"warn\",request_operation=\"create\",resource=\"controller\",subresource=\"\"} 1"
        ]
    );
}

#[tokio::test]
async fn exemptions_and_errors_are_counted() {
    let writes = [Write::create("", "pods", host_pod())];
    let wrong = objects(namespace(labels("warn", "bogus")));
    let lines = counted(&PodSecurity::default(), &wrong, &writes).await;
    let error = "request_operation=\"create\",resource=\"pod\",subresource=\"\"} 1";
    assert!(
        lines.contains(&format!("pod_security_errors_total{{fatal=\"false\",{error}")),
        "{lines:?}"
    );
    let lines = counted(&PodSecurity::default(), &Objects::default(), &writes).await;
    assert_eq!(
        lines,
        [format!("pod_security_errors_total{{fatal=\"true\",{error}")]
    );
    let configuration = Configuration {
        namespaces: ["ns".into()].into(),
        ..Configuration::default()
    };
    let lines = counted(&PodSecurity::new(configuration), &wrong, &writes).await;
    assert_eq!(lines, [format!("pod_security_exemptions_total{{{error}")]);
}
