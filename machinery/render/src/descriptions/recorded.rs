//! Column definitions of tables: what clients see must be what the reference was recorded to say (`tests/golden`).

use super::Descriptions;
use kinds::Catalog;
use kinds::table::{self, Describe, Layout};
use std::path::PathBuf;

/// The recorded tables of a file: scenario and body.
fn tables(file: &str) -> Vec<(String, serde_json::Value)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden/recorded")
        .join(file);
    let recorded =
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = recorded
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON lines"));
    lines
        .filter(|line: &serde_json::Value| line["body"]["kind"] == "Table")
        .map(|line| {
            (
                line["s"].as_str().unwrap_or_default().to_owned(),
                line["body"].clone(),
            )
        })
        .collect()
}

/// The layout of a scenario such as `table-deployments.v1.apps`.
fn layout(scenario: &str) -> Option<Layout> {
    let mut parts = scenario.strip_prefix("table-")?.splitn(3, '.');
    let (resource, version) = (parts.next()?, parts.next()?);
    Catalog::builtin()
        .resource(parts.next().unwrap_or_default(), version, resource)
        .map(|found| table::layout(found))
}

/// Returns how many columns were compared.
fn compare(layout: Layout, describe: Describe<'_>, body: &serde_json::Value) -> usize {
    let ours = layout.definitions(describe);
    let ours = ours.as_list().expect("a list");
    let theirs = body["columnDefinitions"].as_array().expect("a table has columns");
    assert_eq!(ours.len(), theirs.len(), "{theirs:?}");
    for (ours, theirs) in ours.iter().zip(theirs) {
        for member in ["name", "type", "format", "description"] {
            assert_eq!(
                ours.str_at(&[member]),
                theirs[member].as_str(),
                "{member} of {}",
                theirs["name"]
            );
        }
        assert_eq!(
            ours.int_at(&["priority"]),
            theirs["priority"].as_i64(),
            "{}",
            theirs["name"]
        );
    }
    ours.len()
}

#[test]
fn definitions_are_those_of_the_reference() {
    let descriptions = Descriptions::default();
    let describe = |type_name: &str, field: &str| descriptions.get(type_name, Some(field)).map(str::to_owned);
    let listed = tables("08-list.jsonl");
    let listed = listed
        .iter()
        .filter_map(|(scenario, body)| Some((layout(scenario)?, body)));
    let compared: usize = listed
        .map(|(layout, body)| compare(layout, &describe, body))
        .sum();
    assert!(compared > 300, "only {compared} columns were compared");
}

#[test]
fn definitions_of_a_scale_are_those_of_the_reference() {
    let descriptions = Descriptions::default();
    let describe = |type_name: &str, field: &str| descriptions.get(type_name, Some(field)).map(str::to_owned);
    let scales = tables("05-patch.jsonl");
    assert!(!scales.is_empty());
    for (scenario, body) in scales {
        assert!(scenario.starts_with("scale-"), "{scenario}");
        assert_eq!(
            compare(table::layout_of("autoscaling", "Scale"), &describe, &body),
            4
        );
    }
}
