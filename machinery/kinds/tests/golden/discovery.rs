//! Discovery documents.

use kinds::{Catalog, RuntimeConfig, discovery};
use schema::Value;
use std::collections::BTreeMap;

use super::corpus::{bodies, lines};

fn recorded(step: &str) -> Value {
    let found = bodies("recorded/01-discovery.jsonl")
        .into_iter()
        .find(|(_, id, _)| id == step);
    found.unwrap_or_else(|| panic!("no step {step}")).2
}

#[test]
fn resource_lists_are_those_of_the_reference() {
    let (catalog, config) = (Catalog::builtin(), RuntimeConfig::default());
    let mut compared = 0;
    for (_, id, body) in bodies("recorded/01-discovery.jsonl") {
        if body.str_at(&["kind"]) != Some("APIResourceList") || !id.starts_with("resources-") {
            continue;
        }
        let api_version = body.str_at(&["groupVersion"]).expect("it names its version");
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        assert_eq!(
            discovery::resource_list(catalog, &config, group, version),
            body,
            "{api_version}"
        );
        compared += 1;
    }
    assert!(compared >= 9, "only {compared} lists were recorded");
}

#[test]
fn groups_are_those_of_the_reference() {
    let (catalog, config) = (Catalog::builtin(), RuntimeConfig::default());
    let served: Vec<_> = discovery::served_groups(catalog, &config)
        .filter(|group| !group.name.is_empty())
        .collect();
    let entries: Vec<Value> = served
        .iter()
        .map(|group| discovery::group_entry(catalog, &config, group))
        .collect();
    assert_eq!(
        Value::List(entries),
        recorded("apis-legacy")
            .get("groups")
            .expect("a group list")
            .clone()
    );
    for (_, id, body) in bodies("recorded/01-discovery.jsonl") {
        if let (Some("APIGroup"), Some(name)) = (body.str_at(&["kind"]), body.str_at(&["name"])) {
            let group = catalog.group(name).expect("known");
            assert_eq!(discovery::group(catalog, &config, group), body, "{id}");
        }
    }
}

#[test]
fn aggregated_groups_are_those_of_the_reference() {
    let (catalog, config) = (Catalog::builtin(), RuntimeConfig::default());
    let mut groups =
        discovery::served_groups(catalog, &config).map(|g| discovery::aggregated_group(catalog, &config, g));
    let core = groups.next().expect("core is served");
    assert_eq!(core, recorded("api-agg").list_at(&["items"])[0]);
    let recorded = recorded("apis-agg");
    for (ours, theirs) in groups.by_ref().zip(recorded.list_at(&["items"])) {
        assert_eq!(&ours, theirs);
    }
    assert!(groups.next().is_none(), "more groups than the reference has");
}

#[test]
fn priorities_are_those_of_the_api_services_that_the_reference_makes() {
    let (catalog, config) = (Catalog::builtin(), RuntimeConfig::default());
    let mut ours = BTreeMap::new();
    for group in discovery::served_groups(catalog, &config) {
        for version in discovery::served_versions(catalog, &config, group) {
            if let Some((group_minimum, own)) = version.priority {
                let name = format!("{}.{}", version.version, group.name);
                ours.insert(name, (i64::from(group_minimum), i64::from(own)));
            }
        }
    }
    let services = lines("etcd/system.jsonl").into_iter().filter_map(|line| {
        let name = line
            .str_at(&["key"])?
            .strip_prefix("/registry/apiregistration.k8s.io/apiservices/")?
            .to_owned();
        let spec = line.at(&["object", "spec"])?;
        Some((
            name,
            (
                spec.int_at(&["groupPriorityMinimum"])?,
                spec.int_at(&["versionPriority"])?,
            ),
        ))
    });
    assert_eq!(services.collect::<BTreeMap<_, _>>(), ours);
}
