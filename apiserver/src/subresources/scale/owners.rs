//! Who owns the replica count, as a scale shows it: entries of the object become entries of its scale and the reverse.
//! It knows where the count is in each; merging is `object::ownership`'s.

use kinds::Catalog;
use object::ownership::{Element, Entries, Entry, Set};
use render::Shape;

/// The scale's entries: those of the object that own the count.
pub fn of_scale(object: &Entries, kind: &str, shape: &Shape) -> Entries {
    let owns = |entry: &&Entry| is_known(entry, kind) && entry.fields.contains(&path());
    let seen = |entry: &Entry| Entry {
        api_version: shape.api_version(),
        fields: count(),
        ..entry.clone()
    };
    Entries(object.0.iter().filter(owns).map(seen).collect())
}

/// The object's entries after a write to its scale left it with these. New ones are of the object's version `api_version`.
pub fn of_object(object: Entries, mut scale: Entries, kind: &str, api_version: &str) -> Entries {
    let mut entries = Vec::new();
    for mut entry in object.0 {
        if !is_known(&entry, kind) {
            continue;
        }
        if entry.fields.contains(&path()) {
            match scale.0.iter().position(|other| is_same_manager(other, &entry)) {
                Some(at) => {
                    scale.0.remove(at);
                }
                None => entry.fields = std::mem::take(&mut entry.fields).difference(&count()),
            }
        }
        entries.push(entry);
    }
    entries.extend(scale.0.into_iter().map(|entry| Entry {
        api_version: api_version.into(),
        ..entry
    }));
    Entries(entries)
}

/// An entry in a version that is no longer served owns nothing.
fn is_known(entry: &Entry, kind: &str) -> bool {
    let (group, version) = entry
        .api_version
        .split_once('/')
        .unwrap_or(("", &entry.api_version));
    Catalog::builtin().kind(group, version, kind).is_some()
}

fn is_same_manager(a: &Entry, b: &Entry) -> bool {
    (&a.manager, a.operation, &a.subresource) == (&b.manager, b.operation, &b.subresource)
}

fn path() -> [Element; 2] {
    ["spec", "replicas"].map(|name| Element::Field(name.into()))
}

fn count() -> Set {
    let mut set = Set::default();
    set.insert(&path());
    set
}
