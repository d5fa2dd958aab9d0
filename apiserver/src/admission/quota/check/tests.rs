//! Each answer of the check by a write of its own.

use super::*;
use schema::{Value, tree};

fn quota(hard: Value, used: Value) -> Quota {
    Quota::of(&tree!({"metadata": {"name": "q", "uid": "u"}, "status": {"hard": hard, "used": used}}))
}

fn scoped(mut quota: Quota, scope: Value) -> Quota {
    quota.scopes = vec![Scope::of(&scope)];
    quota
}

fn write(resource: &str, object: Value) -> Write {
    Write::measured(&"".into(), &resource.into(), &object, None)
}

fn update(resource: &str, old: Value, object: Value) -> Write {
    Write::measured(&"".into(), &resource.into(), &object, Some(&old))
}

fn pod(cpu: &str) -> Value {
    tree!({"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": cpu}}}]}})
}

fn told(quotas: &[Quota], write: &Write, limited: &[Limited]) -> Result<Vec<String>, String> {
    let charged = charges(quotas, write, limited).map_err(|refusal| match refusal {
        Refusal::Forbidden(why) | Refusal::Uncovered(why) => why,
    })?;
    Ok(charged
        .iter()
        .map(|(at, amounts)| format!("{at}: {}", amounts.printed()))
        .collect())
}

#[test]
fn only_what_is_limited_is_charged() {
    let quotas = [
        quota(
            tree!({"pods": "2", "requests.cpu": "1"}),
            tree!({"pods": "1", "requests.cpu": "0"}),
        ),
        quota(tree!({"services": "1"}), tree!({"services": "1"})),
    ];
    assert_eq!(
        told(&quotas, &write("pods", pod("600m")), &[]),
        Ok(vec!["0: pods=1,requests.cpu=600m".to_owned()])
    );
    assert_eq!(told(&quotas, &write("endpoints", tree!({})), &[]), Ok(vec![]));
}

#[test]
fn what_does_not_fit_is_told_with_its_numbers() {
    let quotas = [quota(
        tree!({"pods": "1", "requests.cpu": "1", "cpu": "9"}),
        tree!({"pods": "1", "requests.cpu": "600m", "cpu": "0"}),
    )];
    assert_eq!(
        told(&quotas, &write("pods", pod("600m")), &[]),
        Err("exceeded quota: q, requested: pods=1,requests.cpu=600m, used: pods=1,requests.cpu=600m, limited: pods=1,requests.cpu=1".to_owned())
    );
}

#[test]
fn containers_must_say_and_the_controller_must_have_counted() {
    let quotas = [quota(tree!({"requests.cpu": "1"}), tree!({"requests.cpu": "0"}))];
    let silent = tree!({"spec": {"containers": [{"name": "main"}]}});
    assert_eq!(
        told(&quotas, &write("pods", silent), &[]),
        Err("failed quota: q: must specify requests.cpu for: main".to_owned())
    );
    let fresh = [quota(
        tree!({"pods": "1", "requests.cpu": "1"}),
        tree!({"pods": "0"}),
    )];
    assert_eq!(
        told(&fresh, &write("pods", pod("1")), &[]),
        Err("status unknown for quota: q, resources: pods,requests.cpu".to_owned())
    );
}

#[test]
fn updates_are_charged_what_they_add() {
    let quotas = [quota(
        tree!({"services": "1", "services.nodeports": "1"}),
        tree!({"services": "1", "services.nodeports": "0"}),
    )];
    let service = |kind: &str| tree!({"spec": {"type": kind, "ports": [{"port": 1i64}]}});
    assert_eq!(
        told(
            &quotas,
            &update("services", service("ClusterIP"), service("NodePort")),
            &[]
        ),
        Ok(vec!["0: services.nodeports=1".to_owned()])
    );
    assert_eq!(
        told(
            &quotas,
            &update("services", service("NodePort"), service("ClusterIP")),
            &[]
        ),
        Ok(vec![])
    );
}

#[test]
fn quotas_count_what_is_in_their_scope() {
    let counts = || quota(tree!({"pods": "1"}), tree!({"pods": "1"}));
    let best_effort = scoped(counts(), tree!({"scopeName": "BestEffort", "operator": "Exists"}));
    assert_eq!(told(&[best_effort], &write("pods", pod("1")), &[]), Ok(vec![]));
    let other = scoped(
        counts(),
        tree!({"scopeName": "NotBestEffort", "operator": "Exists"}),
    );
    assert!(told(&[other], &write("pods", pod("1")), &[]).is_err());
}

#[test]
fn what_comes_into_a_scope_is_charged_whole() {
    let gold = tree!({"scopeName": "VolumeAttributesClass", "operator": "In", "values": ["gold"]});
    let quotas = [scoped(
        quota(
            tree!({"requests.storage": "5Gi"}),
            tree!({"requests.storage": "0"}),
        ),
        gold,
    )];
    let claim = |class: &str| tree!({"spec": {"volumeAttributesClassName": class, "resources": {"requests": {"storage": "2Gi"}}}});
    let moved = update("persistentvolumeclaims", claim("silver"), claim("gold"));
    assert_eq!(
        told(&quotas, &moved, &[]),
        Ok(vec!["0: requests.storage=2Gi".to_owned()])
    );
    let stays = update("persistentvolumeclaims", claim("gold"), claim("gold"));
    assert_eq!(told(&quotas, &stays, &[]), Ok(vec![]));
}

#[test]
fn a_status_is_charged_and_not_refused() {
    let quotas = [quota(
        tree!({"requests.storage": "1Gi"}),
        tree!({"requests.storage": "1Gi"}),
    )];
    let claim = |allocated: &str| {
        tree!({
        "spec": {"resources": {"requests": {"storage": "1Gi"}}}, "status": {"allocatedResources": {"storage": allocated}}})
    };
    let mut grows = update("persistentvolumeclaims", claim("1Gi"), claim("3Gi"));
    assert!(told(&quotas, &grows, &[]).is_err());
    grows.is_status = true;
    assert_eq!(
        told(&quotas, &grows, &[]),
        Ok(vec!["0: requests.storage=2Gi".to_owned()])
    );
}

#[test]
fn what_is_limited_by_configuration_needs_a_quota() {
    let limited = [Limited {
        group: String::new(),
        resource: "persistentvolumeclaims".to_owned(),
        contains: vec![".storageclass.storage.k8s.io/requests.storage".to_owned()],
        scopes: Vec::new(),
    }];
    let claim = tree!({"spec": {"storageClassName": "gold", "resources": {"requests": {"storage": "1Gi"}}}});
    let name = "gold.storageclass.storage.k8s.io/requests.storage";
    assert_eq!(
        told(&[], &write("persistentvolumeclaims", claim.clone()), &limited),
        Err(format!("insufficient quota to consume: {name}"))
    );
    let one = |amount: &str| {
        let mut map = schema::Map::new();
        map.insert(name, amount);
        Value::Map(map)
    };
    let covered = quota(one("2Gi"), one("0"));
    assert_eq!(
        told(&[covered], &write("persistentvolumeclaims", claim), &limited),
        Ok(vec![format!("0: {name}=1Gi")])
    );
}

#[test]
fn scopes_that_are_limited_need_a_quota_for_them() {
    let high = tree!({"scopeName": "PriorityClass", "operator": "In", "values": ["high"]});
    let limited = [Limited {
        group: String::new(),
        resource: "pods".to_owned(),
        contains: Vec::new(),
        scopes: vec![Scope::of(&high)],
    }];
    let mut important = pod("1");
    if let Some(map) = important.as_map_mut() {
        map.map_at("spec").insert("priorityClassName", "high");
    }
    assert_eq!(
        told(&[], &write("pods", important.clone()), &limited),
        Err("insufficient quota to match these scopes: [{PriorityClass In [high]}]".to_owned())
    );
    let refused = charges(&[], &write("pods", important.clone()), &limited);
    let status = refused.map_err(|refusal| refusal.status(&write("pods", important.clone())));
    let status = status.expect_err("it is not covered");
    assert_eq!((status.code, status.reason, status.details), (500, "", None));
    let covered = scoped(quota(tree!({"pods": "1"}), tree!({"pods": "0"})), high);
    assert_eq!(
        told(&[covered], &write("pods", important), &limited),
        Ok(vec!["0: pods=1".to_owned()])
    );
    assert_eq!(told(&[], &write("pods", pod("1")), &limited), Ok(vec![]));
}
