//! Going through all schemas of a definition.

use schema::Value;

use super::super::place::Place;
use crate::limits::SCHEMA_DEPTH_MAX;

/// Whether any schema of a spec, at any depth, is as asked.
pub fn any_of_spec(spec: &Place<'_>, mut is_so: impl FnMut(&Value) -> bool) -> bool {
    let mut roots = roots(spec);
    roots.any(|root| any(root, &mut is_so, 0))
}

/// The root schemas of a spec: that of all versions, and those of each.
pub fn roots<'a>(spec: &Place<'a>) -> impl Iterator<Item = &'a Value> {
    let of_versions = spec
        .field("versions")
        .items()
        .map(|version| version.field("schema"));
    std::iter::once(spec.field("validation"))
        .chain(of_versions)
        .map(|holder| holder.field("openAPIV3Schema").value())
        .filter(|schema| !schema.is_null())
}

/// Whether this schema or one inside it is as asked.
pub fn any(schema: &Value, is_so: &mut impl FnMut(&Value) -> bool, depth: usize) -> bool {
    depth <= SCHEMA_DEPTH_MAX
        && (is_so(schema)
            || inner(schema)
                .into_iter()
                .any(|inner| any(inner, is_so, depth + 1)))
}

/// The schemas directly inside one, in the order in which the reference visits them.
fn inner(schema: &Value) -> Vec<&Value> {
    let one = |name: &str| {
        schema
            .get(name)
            .into_iter()
            .filter(|value| value.as_map().is_some())
    };
    let list = |name: &str| schema.list_at(&[name]).iter();
    let keyed = |name: &str| {
        let map = schema.get(name).and_then(Value::as_map);
        map.into_iter()
            .flat_map(|map| map.values())
            .filter(|value| value.as_map().is_some())
    };
    one("items")
        .chain(list("items"))
        .chain(list("allOf"))
        .chain(list("anyOf"))
        .chain(list("oneOf"))
        .chain(one("not"))
        .chain(keyed("properties"))
        .chain(one("additionalProperties"))
        .chain(keyed("patternProperties"))
        .chain(one("additionalItems"))
        .chain(keyed("definitions"))
        .chain(keyed("dependencies"))
        .collect()
}
