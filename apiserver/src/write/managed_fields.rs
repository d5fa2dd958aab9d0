//! Field ownership in the pipeline: what a write that is no apply does to `metadata.managedFields`, and the versions of a kind.
//! Sets and rules are `object::ownership`'s; here they meet the request, its version and its endpoint.

use kinds::{Catalog, Resource, convert};
use object::meta;
use object::ownership::{Element, Entries, Set, Update, Versions};
use render::{Call, Shape};
use schema::{Map, SmolStr, TypeId, Types, Value, json};

/// The longest name of a manager.
const MANAGER_BYTES_MAX: usize = 128;

/// Records the write from `old` (absent on create) to `object`, both in their hub form, through a subresource or none.
#[inline(never)] // profiles tell its cost apart
pub(crate) fn track(call: &Call, object: &mut Value, old: Option<&Value>, subresource: &str) {
    let entries = entries_before(object, old, subresource);
    meta::edit(object).set_managed_fields(Vec::new());
    // What has no owners when it is updated is not tracked: it never was, or somebody asked for that.
    if old.is_some() && entries.0.is_empty() {
        return;
    }
    let in_version = |object: &Value| convert::from_storage(&call.resource, object.clone()).ok();
    let before = old.map_or_else(|| Some(Value::Map(Map::new())), in_version);
    let (Some(before), Some(after)) = (before, in_version(object)) else {
        return;
    };
    let api_version = call.resource.api_version();
    let update = Update {
        types: types(&call.resource).0,
        manager: &manager(call),
        api_version: &api_version,
        subresource,
        // The reference does not note when a scale was written.
        now: if subresource == "scale" { "" } else { &call.now },
        ignored: &paths(call.hub.write.reset_fields(endpoint(subresource))),
        versions: &OfKind {
            resource: &call.resource,
        },
    };
    let entries = update.apply(entries, &before, &after);
    meta::edit(object).set_managed_fields(entries.write());
}

/// Records who sent an object that is not stored and has one version: the body of a subresource of a kind of its own.
pub(crate) fn track_body(call: &Call, shape: &Shape, object: &mut Value, subresource: &str) {
    track_new(shape, object, &manager(call), subresource, &call.now);
}

/// Records who makes an object of a kind that has one version.
pub(crate) fn track_new(shape: &Shape, object: &mut Value, manager: &str, subresource: &str, now: &str) {
    meta::edit(object).set_managed_fields(Vec::new());
    let update = Update {
        types: Types::builtin(),
        manager,
        api_version: &shape.api_version(),
        subresource,
        now,
        ignored: &Set::default(),
        versions: &OneVersion(shape),
    };
    let entries = update.apply(Entries::default(), &Value::Map(Map::new()), object);
    meta::edit(object).set_managed_fields(entries.write());
}

/// The owners of an object; none if they cannot be understood.
pub fn entries(object: &Value) -> Entries {
    Entries::read(meta::of(object).managed_fields()).unwrap_or_default()
}

/// The name of an endpoint in the tables of what it resets.
pub fn endpoint(subresource: &str) -> &str {
    match subresource {
        "" => "main",
        subresource => subresource,
    }
}

/// The client's entries if it sends any that can be understood, else those of the object. A list with one empty entry
/// forgets all; through a subresource the client cannot change them.
fn entries_before(object: &Value, old: Option<&Value>, subresource: &str) -> Entries {
    let live = || old.map(entries).unwrap_or_default();
    let sent = meta::of(object).managed_fields();
    let is_reset = matches!(sent, [one] if one.as_map().is_some_and(|entry| entry.is_empty()));
    match Entries::read(sent) {
        _ if !subresource.is_empty() => live(),
        _ if is_reset => Entries::default(),
        Some(entries) if !entries.0.is_empty() => entries,
        _ => live(),
    }
}

/// The query's field manager, or what the client calls itself up to the first slash.
fn manager(call: &Call) -> String {
    if let Some(manager) = call
        .query
        .first("fieldManager")
        .filter(|manager| !manager.is_empty())
    {
        return manager.to_owned();
    }
    let agent = call
        .headers
        .get(http::header::USER_AGENT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let agent = agent.unwrap_or_default();
    let mut name = String::new();
    for char in agent
        .split('/')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|char| !char.is_control())
    {
        if name.len() + char.len_utf8() > MANAGER_BYTES_MAX {
            break;
        }
        name.push(char);
    }
    name
}

/// Dotted paths as a set.
pub fn paths(dotted: &[SmolStr]) -> Set {
    let mut set = Set::default();
    for path in dotted {
        set.insert(
            &path
                .split('.')
                .map(|part| Element::Field(part.into()))
                .collect::<Vec<_>>(),
        );
    }
    set
}

/// The types by which fields of a resource's objects are owned, and the one of its objects.
pub fn types(resource: &Resource) -> (&Types, TypeId) {
    match &resource.custom {
        Some(kind) => kind.types(),
        None => (Types::builtin(), resource.type_id),
    }
}

/// The versions of a resource's kind. Those of a custom one are all seen by the types of the version that is asked for.
pub struct OfKind<'a> {
    /// In the version of the request.
    pub resource: &'a Resource,
}

impl Versions for OfKind<'_> {
    fn printed_in(&self, object: &Value, api_version: &str) -> Option<(TypeId, Value)> {
        let resource = self.resource;
        if let Some(kind) = &resource.custom {
            let printed = kind.converted(object.clone(), api_version).ok()?;
            return Some((kind.types().1, printed));
        }
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let target = Catalog::builtin().kind(group, version, &resource.kind)?;
        let from = resource.api_version();
        let converted = convert::between(&resource.kind, &from, api_version, object.clone()).ok()?;
        Some((
            target.type_id,
            json::printed(Types::builtin(), target.type_id, &converted),
        ))
    }

    fn convert(&self, tree: &Value, from: &str, to: &str) -> Option<(TypeId, Value)> {
        if let Some(kind) = &self.resource.custom {
            let is_known = kind.has_version(from) && kind.has_version(to);
            let converted = is_known.then(|| kind.converted(tree.clone(), to).ok())??;
            return Some((kind.types().1, converted));
        }
        let kind = &self.resource.kind;
        let type_of = |api_version: &str| {
            let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
            Some(Catalog::builtin().kind(group, version, kind)?.type_id)
        };
        let target = type_of(to)?;
        if from == to {
            return Some((target, tree.clone()));
        }
        let object = json::from_tree(Types::builtin(), type_of(from)?, tree)
            .ok()?
            .value;
        let converted = convert::between(kind, from, to, object).ok()?;
        Some((target, json::printed(Types::builtin(), target, &converted)))
    }
}

/// The only version of what a subresource sends and answers.
pub struct OneVersion<'a>(pub &'a Shape);

impl Versions for OneVersion<'_> {
    fn printed_in(&self, object: &Value, api_version: &str) -> Option<(TypeId, Value)> {
        let (id, object) = self.convert(object, api_version, api_version)?;
        Some((id, json::printed(Types::builtin(), id, &object)))
    }

    fn convert(&self, tree: &Value, _from: &str, to: &str) -> Option<(TypeId, Value)> {
        (to == self.0.api_version()).then(|| (self.0.type_id, tree.clone()))
    }
}
