//! Tables: the columns of every recorded one, and the cells of rows whose object was recorded too.

use jiff::Timestamp;
use kinds::table::{self, Description};
use kinds::{Catalog, Resource, convert, fields};
use schema::{Types, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::corpus::{bodies, fixture, lines};

/// Cells that something else than the request decides: a controller's condition, or who asked.
const NOT_FROM_THE_OBJECT: [(&str, usize); 2] = [("flowschemas", 5), ("apiservices", 2)];

/// The resource of a name such as `deployments.v1.apps`.
fn resource(name: &str) -> Option<&'static Arc<Resource>> {
    let mut parts = name.splitn(3, '.');
    let (name, version, group) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
    Catalog::builtin().resource(group, version, name)
}

/// Recorded tables by resource name. The scenario `table-x` prints objects of x.
fn tables() -> Vec<(String, Value)> {
    let all = bodies("recorded/08-list.jsonl").into_iter();
    all.filter(|(_, _, body)| body.str_at(&["kind"]) == Some("Table"))
        .filter_map(|(scenario, _, body)| Some((scenario.strip_prefix("table-")?.to_owned(), body)))
        .collect()
}

/// The object that each resource's scenario of the group "crud" creates: the same sample that is printed.
fn created() -> BTreeMap<String, Value> {
    let all = bodies("recorded/02-crud.jsonl").into_iter();
    all.filter(|(_, id, _)| id == "create")
        .map(|(scenario, _, body)| (scenario, body))
        .collect()
}

/// Whether a recorded text stands for a value that differs each time.
fn is_placeholder(cell: &Value) -> bool {
    cell.as_str().is_some_and(|text| text.contains("{{"))
}

/// A cell without what differs from scenario to scenario: names begin with `g` and eight hexadecimal digits.
fn masked(cell: &Value) -> Value {
    let Some(text) = cell.as_str() else {
        return cell.clone();
    };
    let is_prefix = |at: usize| {
        let bytes = &text.as_bytes()[at..];
        bytes.len() > 8 && bytes[0] == b'g' && bytes[1..9].iter().all(u8::is_ascii_hexdigit)
    };
    match text.char_indices().map(|(at, _)| at).find(|&at| is_prefix(at)) {
        Some(at) => Value::from(format!("{}g{}", &text[..at], &text[at + 9..])),
        None => cell.clone(),
    }
}

fn known(group: &str, version: &str, resource: &str) -> &'static Arc<Resource> {
    Catalog::builtin()
        .resource(group, version, resource)
        .expect("the catalog has it")
}

#[test]
fn columns_are_those_of_the_facts() {
    let mut kinds = 0;
    for line in fixture(include_str!("../data/columns.json")) {
        let of = |field| line.str_at(&[field]).unwrap_or_default();
        let layout = match of("kind") {
            "" => table::layout(known(of("group"), of("version"), of("resource"))),
            "Scale" => table::layout_of("autoscaling", "Scale"),
            kind => table::layout_of("", kind),
        };
        let column = |column: &table::Column| {
            Value::List(vec![
                column.name.into(),
                column.kind.into(),
                column.format.into(),
                column.priority.into(),
            ])
        };
        let ours: Vec<Value> = layout.columns().map(column).collect();
        assert_eq!(
            Some(ours.as_slice()),
            line.get("columns").and_then(Value::as_list),
            "{line:?}"
        );
        kinds += 1;
    }
    assert_eq!(kinds, 90);
}

#[test]
fn column_texts_of_our_own_are_those_of_the_reference() {
    let mut compared = BTreeSet::new();
    for (name, body) in tables() {
        let layout = table::layout(resource(&name).expect("known"));
        for (ours, theirs) in layout.columns().zip(body.list_at(&["columnDefinitions"])) {
            if let Description::Text(text) = ours.description {
                assert_eq!(
                    Some(text),
                    theirs.str_at(&["description"]),
                    "{name} {}",
                    ours.name
                );
                compared.insert((name.clone(), ours.name));
            }
        }
    }
    assert!(compared.len() > 60, "only {} texts were compared", compared.len());
}

#[test]
fn cells_are_those_of_the_reference() {
    let created = created();
    let mut compared = BTreeSet::new();
    for (name, body) in tables() {
        let resource = resource(&name).expect("known");
        for row in body.list_at(&["rows"]) {
            let full = row
                .get("object")
                .filter(|object| object.str_at(&["kind"]) == Some(resource.kind.as_str()));
            let Some(object) = full.or(created.get(&name)) else {
                continue;
            };
            let stored = convert::to_storage(resource, object.clone()).expect("it converts");
            compare_row(resource, &stored, row.list_at(&["cells"]));
            compared.insert(name.clone());
        }
    }
    assert!(compared.len() > 55, "only {} kinds were compared", compared.len());
}

fn compare_row(resource: &Resource, object: &Value, theirs: &[Value]) {
    let layout = table::layout(resource);
    let ours = layout.cells(object, Timestamp::UNIX_EPOCH);
    assert_eq!(ours.len(), theirs.len(), "{resource:?}");
    let names: Vec<&str> = layout.columns().map(|column| column.name).collect();
    for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let name = names.get(at).copied().unwrap_or_default();
        let decided_elsewhere = NOT_FROM_THE_OBJECT.contains(&(resource.resource.as_str(), at));
        if !is_placeholder(theirs) && !decided_elsewhere {
            assert_eq!(masked(ours), masked(theirs), "{} {name}", resource.resource);
        }
    }
}

#[test]
fn canonical_trees_print_as_the_json_that_they_were_read_from() {
    let now = "2026-12-01T00:00:00Z".parse().expect("a time");
    let mut compared = 0;
    for line in lines("etcd/objects.jsonl") {
        let of = |path: &[&str]| line.str_at(path).unwrap_or_default();
        let (group, version) = of(&["storedAs", "apiVersion"])
            .split_once('/')
            .unwrap_or(("", "v1"));
        let stored = Catalog::builtin().kind(group, version, of(&["storedAs", "kind"]));
        let object = [line.get("objectInStoredVersion"), line.get("object")]
            .into_iter()
            .flatten();
        let Some((resource, object)) = stored.zip(object.into_iter().find(|object| !object.is_null())) else {
            continue;
        };
        let decoded =
            schema::json::from_tree(Types::builtin(), resource.type_id, object).expect("it decodes");
        let layout = table::layout(resource);
        assert_eq!(
            layout.cells(&decoded.value, now),
            layout.cells(object, now),
            "{}",
            of(&["key"])
        );
        for label in fields::stored_labels(resource) {
            let value = |object| fields::value(&resource.kind, label, object).into_owned();
            assert_eq!(
                value(&decoded.value),
                value(object),
                "{label} of {}",
                of(&["key"])
            );
        }
        compared += 1;
    }
    assert!(compared > 120, "only {compared} objects were compared");
}
