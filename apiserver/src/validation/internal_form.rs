//! Specs in the form in which the reference prints its inner types: fields by their Go names, in declared order, none left out.
//! Which fields a type has is a table ([`types`]); what is printed when is validation's part.

mod types;

use object::field::Printed;
use schema::{Map, Value, json};

use types::{Field, Form};

/// Fields of the spec that the inner types keep in the pod's security context.
const IN_SECURITY_CONTEXT: [&str; 5] = [
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "shareProcessNamespace",
    "hostUsers",
];
/// Metadata of a template in declared order; absent ones are left out.
const METADATA: [&str; 6] = [
    "name",
    "generateName",
    "namespace",
    "labels",
    "annotations",
    "finalizers",
];
/// Nesting that is printed; the types are not that deep.
const DEPTH_MAX: usize = 64;

/// A value as it will be printed.
enum Node {
    Leaf(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// A value of an inner type on one line.
pub fn compact(type_name: &str, value: &Value) -> Printed {
    let mut text = String::new();
    write_compact(&of_type(type_name, value, 0), &mut text);
    Printed::raw(text)
}

/// A list of an inner type on one line; an absent list is null.
pub fn compact_list(type_name: &str, list: &Value) -> Printed {
    let node = match list.as_list() {
        Some(items) => Node::List(items.iter().map(|item| of_type(type_name, item, 0)).collect()),
        None => Node::Leaf("null".to_owned()),
    };
    let mut text = String::new();
    write_compact(&node, &mut text);
    Printed::raw(text)
}

/// How two values of an inner type differ: hunks of lines with three lines around, as `diff -u` has them.
pub fn diff(type_name: &str, old: &Value, new: &Value) -> String {
    let lines = |value| {
        let mut text = String::new();
        write_indented(&of_type(type_name, value, 0), 0, &mut text);
        text
    };
    let (old, new) = (lines(old), lines(new));
    super::line_diff::unified(&old, &new)
}

fn of_type(name: &str, value: &Value, depth: usize) -> Node {
    let Some(fields) = types::fields(name).filter(|_| depth < DEPTH_MAX) else {
        return plain(value);
    };
    let moved = (name == "PodSpec").then(|| with_moved(value));
    let mut entries = Vec::with_capacity(fields.len());
    add_fields(fields, moved.as_ref().unwrap_or(value), depth, &mut entries);
    Node::Object(entries)
}

fn add_fields(fields: &[Field], value: &Value, depth: usize, entries: &mut Vec<(String, Node)>) {
    for Field(shown, name, form) in fields {
        let found = value.get(name).filter(|found| !found.is_null());
        let node = match (form, found) {
            (Form::Embedded(inner), _) => {
                add_fields(types::fields(inner).unwrap_or_default(), value, depth, entries);
                continue;
            }
            (Form::Metadata, _) => {
                add_metadata(found, entries);
                continue;
            }
            (Form::Leaf(absent), None) => Node::Leaf((*absent).to_owned()),
            (Form::Leaf(_), Some(found)) => plain(found),
            (
                Form::Maybe(_) | Form::Many(_) | Form::Keyed(_) | Form::SchemaOrList | Form::SchemaOrBool,
                None,
            ) => Node::Leaf("null".to_owned()),
            (Form::Maybe(inner), Some(found)) => of_type(inner, found, depth + 1),
            (Form::Always(inner), found) => of_type(inner, found.unwrap_or(&Value::Null), depth + 1),
            (Form::Many(inner), Some(found)) => {
                let items = found.as_list().unwrap_or_default();
                Node::List(items.iter().map(|item| of_type(inner, item, depth + 1)).collect())
            }
            (Form::Keyed(inner), Some(found)) => keyed(inner, found, depth + 1),
            (Form::SchemaOrList, Some(found)) => schemas(found, depth + 1),
            (Form::SchemaOrBool, Some(found)) => schema_or_bool(found, depth + 1),
        };
        entries.push(((*shown).to_owned(), node));
    }
}

fn keyed(inner: &str, map: &Value, depth: usize) -> Node {
    let entries = map.as_map().into_iter().flat_map(|map| map.iter());
    Node::Object(
        entries
            .map(|(key, value)| (key.to_string(), of_type(inner, value, depth)))
            .collect(),
    )
}

fn schemas(found: &Value, depth: usize) -> Node {
    let null = || Node::Leaf("null".to_owned());
    let (one, many) = match found.as_list() {
        Some(items) => {
            let items = items.iter().map(|item| of_type("JSONSchemaProps", item, depth));
            (null(), Node::List(items.collect()))
        }
        None => (of_type("JSONSchemaProps", found, depth), null()),
    };
    Node::Object(vec![("Schema".to_owned(), one), ("JSONSchemas".to_owned(), many)])
}

fn schema_or_bool(found: &Value, depth: usize) -> Node {
    let (allows, schema) = match found.as_bool() {
        Some(allows) => (allows, Node::Leaf("null".to_owned())),
        None => (true, of_type("JSONSchemaProps", found, depth)),
    };
    let allows = Node::Leaf(allows.to_string());
    Node::Object(vec![("Allows".to_owned(), allows), ("Schema".to_owned(), schema)])
}

fn add_metadata(metadata: Option<&Value>, entries: &mut Vec<(String, Node)>) {
    let Some(metadata) = metadata else { return };
    for name in METADATA {
        if let Some(value) = metadata.get(name).filter(|value| !value.is_zero()) {
            entries.push((name.to_owned(), plain(value)));
        }
    }
}

/// A pod spec with the fields moved that the inner type keeps in the security context.
fn with_moved(spec: &Value) -> Value {
    let mut spec = spec.as_map().cloned().unwrap_or_default();
    let moved: Map = IN_SECURITY_CONTEXT
        .into_iter()
        .filter_map(|name| Some((name.into(), spec.get(name)?.clone())))
        .collect();
    if !moved.is_empty() {
        let context = spec.map_at("securityContext");
        for (name, value) in moved {
            context.insert(name, value);
        }
    }
    Value::Map(spec)
}

/// A value that has the API's own form.
fn plain(value: &Value) -> Node {
    match value {
        Value::Map(map) => Node::Object(
            map.iter()
                .map(|(key, value)| (key.to_string(), plain(value)))
                .collect(),
        ),
        Value::List(list) => Node::List(list.iter().map(plain).collect()),
        other => Node::Leaf(json::to_string(other)),
    }
}

fn quoted(name: &str) -> String {
    json::to_string(&Value::from(name))
}

fn write_compact(node: &Node, out: &mut String) {
    let (open, close) = match node {
        Node::Leaf(text) => return out.push_str(text),
        Node::List(_) => ('[', ']'),
        Node::Object(_) => ('{', '}'),
    };
    out.push(open);
    for (at, (name, node)) in children(node).enumerate() {
        if at > 0 {
            out.push(',');
        }
        if let Some(name) = name {
            out.push_str(&quoted(name));
            out.push(':');
        }
        write_compact(node, out);
    }
    out.push(close);
}

/// One space for each level.
fn write_indented(node: &Node, level: usize, out: &mut String) {
    let (open, close) = match node {
        Node::Leaf(text) => return out.push_str(text),
        Node::List(_) => ('[', ']'),
        Node::Object(_) => ('{', '}'),
    };
    out.push(open);
    let mut any = false;
    for (name, node) in children(node) {
        out.push_str(if any { ",\n" } else { "\n" });
        any = true;
        out.push_str(&" ".repeat(level + 1));
        if let Some(name) = name {
            out.push_str(&quoted(name));
            out.push_str(": ");
        }
        write_indented(node, level + 1, out);
    }
    if any {
        out.push('\n');
        out.push_str(&" ".repeat(level));
    }
    out.push(close);
}

fn children(node: &Node) -> Box<dyn Iterator<Item = (Option<&str>, &Node)> + '_> {
    match node {
        Node::Leaf(_) => Box::new(std::iter::empty()),
        Node::List(items) => Box::new(items.iter().map(|item| (None, item))),
        Node::Object(entries) => Box::new(entries.iter().map(|(name, node)| (Some(name.as_str()), node))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn every_field_is_shown() {
        let context = tree!({"privileged": true, "allowPrivilegeEscalation": false});
        assert_eq!(
            compact("SecurityContext", &context).as_str(),
            r#"{"Capabilities":null,"Privileged":true,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}"#
        );
    }

    #[test]
    fn a_difference_shows_three_lines_around() {
        let old = tree!({"containers": [], "securityContext": {}, "nodeName": ""});
        let new = tree!({"containers": [], "securityContext": {}, "nodeName": "n2"});
        let text = diff("PodSpec", &old, &new);
        assert!(
            text.contains("\n- \"NodeName\": \"\",\n+ \"NodeName\": \"n2\",\n"),
            "{text}"
        );
        assert!(text.starts_with("@@ -"), "{text}");
        assert_eq!(text.lines().count(), 9, "{text}");
    }
}
