//! Where a type occurs in the objects of a resource.

use std::collections::{HashSet, VecDeque};

use schema::{FieldType, SmolStr, TypeId, Types, Value};

use super::judge::Sample;

/// How deep a type is looked for.
const DEPTH_MAX: usize = 14;
/// Fields that hold the types of others, with rules of their own.
const PASSED_OVER: [&str; 3] = ["ephemeralContainers", "initContainers", "inlineVolumeSpec"];
/// Types whose fields stand in those of another.
const INSIDE: [(&str, &str); 1] = [(
    "io.k8s.api.admissionregistration.v1.Rule",
    "io.k8s.api.admissionregistration.v1.RuleWithOperations",
)];

/// A step down into an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A field, or an entry of a map.
    Field(SmolStr),
    /// The first item of a list.
    Item,
    /// Any entry of a map.
    Entry,
    /// The entry of a map with this key.
    Key(SmolStr),
    /// The item of a list with this index.
    At(usize),
}

/// A sample, and the way from it to a type.
pub struct Host<'a> {
    pub sample: &'a Sample,
    way: Vec<Step>,
}

impl Host<'_> {
    /// The way to a field of the type: `ports[].name`, `capacity[storage]`.
    pub fn path(&self, field: &str) -> Vec<Step> {
        let mut path = self.way.clone();
        for part in parts(field) {
            match part.as_str() {
                "[]" => path.push(Step::Item),
                key if key.starts_with('[') => path.push(Step::Key(key.trim_matches(['[', ']']).into())),
                name => path.push(Step::Field(name.into())),
            }
        }
        path
    }

    /// The same as errors print it, with `[]` for indexes and keys.
    pub fn text(&self, field: &str) -> String {
        let mut text = String::new();
        for step in &self.way {
            match step {
                Step::Field(name) => text.push_str(&format!(".{name}")),
                _ => text.push_str("[]"),
            }
        }
        format!("{text}.{field}").trim_matches('.').to_owned()
    }
}

/// The parts of `a.b[].c[d]`: names, and brackets with what is in them.
fn parts(field: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0usize;
    for char in field.chars() {
        match char {
            '[' => {
                depth += 1;
                parts.push("[".to_owned());
                continue;
            }
            ']' => depth = depth.saturating_sub(1),
            '.' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(char);
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// The samples that hold a type, those first that hold it nearest to the top.
pub fn hosts<'a>(message: &str, samples: impl Iterator<Item = &'a Sample>) -> Vec<Host<'a>> {
    let outer = INSIDE.iter().find(|(inner, _)| *inner == message);
    let Some(wanted) = Types::builtin().id(outer.map_or(message, |(_, outer)| outer)) else {
        return Vec::new();
    };
    let mut hosts: Vec<Host<'a>> = samples
        .filter_map(|sample| {
            let way = way(sample.type_id, wanted)?;
            (!sample.is_for_sources || way.len() == 2).then_some(Host { sample, way })
        })
        .collect();
    hosts.sort_by_key(|host| host.way.len());
    hosts
}

fn way(from: TypeId, wanted: TypeId) -> Option<Vec<Step>> {
    let types = Types::builtin();
    let passes_over = types.get(wanted).short_name() != "EphemeralContainer";
    let mut seen = HashSet::from([from]);
    let mut next = VecDeque::from([(from, Vec::new())]);
    while let Some((at, way)) = next.pop_front() {
        if at == wanted {
            return Some(way);
        }
        if way.len() > DEPTH_MAX {
            continue;
        }
        for field in types.json_fields(at) {
            if passes_over && PASSED_OVER.contains(&field.json.as_str()) {
                continue;
            }
            let Some(inner) = field.message() else { continue };
            if !seen.insert(inner) {
                continue;
            }
            let mut way = way.clone();
            way.push(Step::Field(field.json.clone()));
            let mut ty = &field.ty;
            loop {
                match ty {
                    FieldType::List(item) => {
                        way.push(Step::Item);
                        ty = item;
                    }
                    FieldType::Map(item) => {
                        way.push(Step::Entry);
                        ty = item;
                    }
                    _ => break,
                }
            }
            next.push_back((inner, way));
        }
    }
    None
}

/// One step down into an object, as far as it goes.
fn down<'a>(value: &'a Value, step: &Step) -> Option<&'a Value> {
    match step {
        Step::Field(name) | Step::Key(name) => value.get(name),
        Step::Item => value.as_list()?.first(),
        Step::At(index) => value.as_list()?.get(*index),
        Step::Entry => value.as_map()?.values().next(),
    }
}

/// The value at a path.
pub fn value<'a>(object: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(object, down)
}

/// How many steps of a path an object has.
pub fn known_steps(object: &Value, path: &[Step]) -> usize {
    let has = |count: &usize| value(object, &path[..*count]).is_some();
    (1..=path.len()).take_while(has).count()
}

/// A path as errors print it: `spec.ports[0].name`.
pub fn printed(object: &Value, path: &[Step]) -> String {
    let mut text = String::new();
    for (at, step) in path.iter().enumerate() {
        match step {
            Step::Field(name) if at == 0 => text.push_str(name),
            Step::Field(name) => text.push_str(&format!(".{name}")),
            Step::Item => text.push_str("[0]"),
            Step::At(index) => text.push_str(&format!("[{index}]")),
            Step::Key(key) => text.push_str(&format!("[{key}]")),
            Step::Entry => {
                let map = value(object, &path[..at]).and_then(Value::as_map);
                let key = map
                    .and_then(|map| map.keys().next())
                    .map_or("k", |key| key.as_str());
                text.push_str(&format!("[{key}]"));
            }
        }
    }
    text
}
