//! The OpenAPI documents: one of version 2 for all that is served, one of version 3 for each group and version.
//! It makes them; [`super::publish`] keeps and serves them.

use ::render::Descriptions;
use schema::openapi::{Version, closure, definition};
use schema::{Map, SmolStr, TypeId, Types, Value, tree};
use std::collections::BTreeSet;

use super::names::{group_title, tag, title};
use super::operation::{PathItem, Schema};
use super::{paths, render};
use ::render::discovery::{Group, Served};

/// What the reference keeps apart by a suffix in version 2: the machinery types of the servers that it delegates to.
const DELEGATED_SUFFIX: &str = "_v2";
const MACHINERY: &str = "io.k8s.apimachinery.";
const DELEGATED_GROUPS: [&str; 2] = ["apiextensions.k8s.io", "apiregistration.k8s.io"];
const INFO: &str = "io.k8s.apimachinery.pkg.version.Info";

/// The paths of one document of version 3.
#[derive(Clone, Debug)]
pub struct Section {
    /// As the index names it: `api/v1`, `apis/apps`, `version`.
    pub name: String,
    /// The API group; `None` outside the groups.
    group: Option<SmolStr>,
    items: Vec<PathItem>,
}

/// Everything that is served, section by section.
pub fn sections(served: &Served) -> Vec<Section> {
    let mut sections = vec![
        plain(
            ".well-known/openid-configuration",
            "getServiceAccountIssuerOpenIDConfiguration",
            "WellKnown",
            Schema::Text,
        ),
        plain(
            "openid/v1/jwks",
            "getServiceAccountIssuerOpenIDKeyset",
            "openid",
            Schema::Text,
        ),
        plain(
            "version",
            "getCodeVersion",
            "version",
            Schema::Type(INFO.to_owned()),
        ),
        discovery(
            "api",
            "getCoreAPIVersions".to_owned(),
            "core",
            "APIVersions",
            "available API versions",
        ),
        discovery(
            "apis",
            "getAPIVersions".to_owned(),
            "apis",
            "APIGroupList",
            "available API groups",
        ),
    ];
    for group in &served.groups {
        if !group.name.is_empty() {
            sections.push(of_group(group));
        }
        sections.extend(group.versions.iter().map(|version| of_version(group, version)));
    }
    sections
}

/// The document of version 3 for a section.
pub fn v3(section: &Section, descriptions: &Descriptions) -> Value {
    v3_with(section, &[], Map::new(), descriptions)
}

/// The same with schemas that no table has, and the built-in types that they use.
pub fn v3_with(section: &Section, used: &[String], more: Map, descriptions: &Descriptions) -> Value {
    let mut roots = referred(&section.items);
    roots.extend(used.iter().filter_map(|name| Types::builtin().id(name)));
    let mut schemas = definitions(&roots, Version::V3, descriptions);
    more.into_iter()
        .for_each(|(name, schema)| drop(schemas.insert(name, schema)));
    tree!({
        "openapi": "3.0.0",
        "info": (info()),
        "paths": (render::paths(&section.items, Version::V3)),
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "BearerToken": {"description": "Bearer Token authentication", "in": "header", "name": "authorization", "type": "apiKey"},
            },
        },
    })
}

/// The document of version 2 for all sections.
pub fn v2(sections: &[Section], descriptions: &Descriptions) -> Value {
    let (mut all_paths, mut all_definitions) = (Map::new(), Map::new());
    for (delegated, part) in [false, true].map(|delegated| {
        let part: Vec<&Section> = sections
            .iter()
            .filter(|section| section.is_delegated() == delegated)
            .collect();
        (delegated, part)
    }) {
        let items: Vec<PathItem> = part
            .iter()
            .flat_map(|section| section.items.iter().cloned())
            .collect();
        let mut roots = referred(&items);
        if delegated {
            roots.extend(Types::builtin().id(INFO));
        }
        let mut paths = render::paths(&items, Version::V2);
        let mut definitions = Value::Map(definitions(&roots, Version::V2, descriptions));
        if delegated {
            rename_references(&mut paths);
            rename_references(&mut definitions);
        }
        merge(&mut all_paths, paths, |name| name);
        merge(&mut all_definitions, definitions, |name| {
            if delegated { delegated_name(name) } else { name }
        });
    }
    tree!({
        "swagger": "2.0",
        "info": (info()),
        "paths": all_paths,
        "definitions": all_definitions,
        "securityDefinitions": {
            "BearerToken": {"description": "Bearer Token authentication", "in": "header", "name": "authorization", "type": "apiKey"},
        },
        "security": [{"BearerToken": []}],
    })
}

impl Section {
    /// Of paths that are none of built-in resources.
    pub fn of_items(name: String, items: Vec<PathItem>) -> Self {
        Self {
            name,
            group: None,
            items,
        }
    }

    fn is_delegated(&self) -> bool {
        self.group
            .as_ref()
            .is_some_and(|group| DELEGATED_GROUPS.contains(&group.as_str()))
    }
}

fn of_group(group: &Group) -> Section {
    let title = group_title(&group.name);
    let lower = tag(&group.name, "").trim_end_matches('_').to_owned();
    let item = paths::of_discovery(
        &format!("/apis/{}/", group.name),
        format!("get{title}APIGroup"),
        lower,
        "APIGroup",
        "get information of a group",
    );
    Section {
        name: format!("apis/{}", group.name),
        group: Some(group.name.clone()),
        items: vec![item],
    }
}

fn of_version(group: &Group, version: &::render::discovery::Version) -> Section {
    let root = paths::root(&group.name, &version.name);
    let id = format!(
        "get{}{}APIResources",
        group_title(&group.name),
        title(&version.name)
    );
    let mut items = vec![paths::of_discovery(
        &format!("{root}/"),
        id,
        tag(&group.name, &version.name),
        "APIResourceList",
        "get available resources",
    )];
    items.extend(
        version
            .resources
            .iter()
            .flat_map(|resource| paths::of_resource(resource)),
    );
    Section {
        name: root[1..].to_owned(),
        group: Some(group.name.clone()),
        items,
    }
}

fn discovery(name: &str, id: String, tag: &str, answer: &str, description: &str) -> Section {
    let item = paths::of_discovery(&format!("/{name}/"), id, tag.to_owned(), answer, description);
    Section {
        name: name.to_owned(),
        group: None,
        items: vec![item],
    }
}

fn plain(name: &str, id: &str, tag: &str, answer: Schema) -> Section {
    let item = paths::of_plain(
        &format!("/{name}/"),
        id,
        tag,
        answer,
        "information about the server",
    );
    Section {
        name: name.to_owned(),
        group: None,
        items: vec![item],
    }
}

/// The types that operations name.
fn referred(items: &[PathItem]) -> BTreeSet<TypeId> {
    let types = Types::builtin();
    let operations = items.iter().flat_map(|item| &item.operations);
    operations
        .flat_map(|operation| {
            let answers = operation.responses.iter().filter_map(|(_, schema)| match schema {
                Schema::Type(name) => Some(name.as_str()),
                Schema::Text => None,
            });
            answers
                .chain(operation.body.iter().map(|body| body.schema.as_str()))
                .collect::<Vec<_>>()
        })
        .filter_map(|name| types.id(name))
        .collect()
}

fn definitions(roots: &BTreeSet<TypeId>, version: Version, descriptions: &Descriptions) -> Map {
    let types = Types::builtin();
    let describe = |name: &str, field: Option<&str>| descriptions.get(name, field);
    closure(types, roots.iter().copied())
        .into_iter()
        .map(|id| {
            (
                types.get(id).name.clone(),
                definition(types, id, version, &describe),
            )
        })
        .collect()
}

fn info() -> Value {
    tree!({"title": "Kubernetes", "version": (serve::version::GIT_VERSION)})
}

fn merge(to: &mut Map, from: Value, name: impl Fn(SmolStr) -> SmolStr) {
    if let Value::Map(map) = from {
        for (key, value) in map {
            to.insert(name(key), value);
        }
    }
}

fn delegated_name(name: SmolStr) -> SmolStr {
    if name.starts_with(MACHINERY) {
        smol_str::format_smolstr!("{name}{DELEGATED_SUFFIX}")
    } else {
        name
    }
}

/// Lets all references to machinery types point to those of the delegated servers.
fn rename_references(value: &mut Value) {
    match value {
        Value::Map(map) => {
            if let Some(Value::String(reference)) = map.get_mut("$ref")
                && reference
                    .strip_prefix("#/definitions/")
                    .is_some_and(|name| name.starts_with(MACHINERY))
            {
                *reference = smol_str::format_smolstr!("{reference}{DELEGATED_SUFFIX}");
            }
            map.values_mut().for_each(rename_references);
        }
        Value::List(list) => list.iter_mut().for_each(rename_references),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinds::{Catalog, RuntimeConfig};

    const RECORDED: &str = include_str!("../../../tests/golden/recorded/01-discovery.jsonl");

    fn recorded(id: &str) -> Value {
        let lines = RECORDED
            .lines()
            .map(|line| schema::json::parse(line.as_bytes()).expect("the corpus is JSON"));
        let mut found = lines.filter(|line| line.str_at(&["id"]) == Some(id));
        found
            .next()
            .and_then(|line| line.get("body").cloned())
            .expect("it is recorded")
    }

    fn keys(value: Option<&Value>) -> Value {
        let keys = value.and_then(Value::as_map).expect("an object").keys().cloned();
        Value::List(keys.map(Value::String).collect())
    }

    fn all() -> Vec<Section> {
        sections(&Served::new(Catalog::builtin(), &RuntimeConfig::default()))
    }

    #[test]
    fn version_2_has_the_paths_and_definitions_of_the_reference() {
        let document = v2(&all(), &Descriptions::default());
        assert_eq!(keys(document.get("paths")), recorded("openapi-v2-paths"));
        assert_eq!(keys(document.get("definitions")), recorded("openapi-v2"));
    }

    #[test]
    fn version_3_has_the_sections_paths_and_schemas_of_the_reference() {
        let sections = all();
        let mut names: Vec<Value> = sections
            .iter()
            .map(|section| Value::from(section.name.as_str()))
            .collect();
        names.sort_by_key(|name| name.as_str().unwrap_or_default().to_owned());
        assert_eq!(Value::List(names), recorded("openapi-v3"));
        let descriptions = Descriptions::default();
        let of = |name: &str| {
            let section = sections
                .iter()
                .find(|section| section.name == name)
                .expect("it is served");
            v3(section, &descriptions)
        };
        let paths = of("apis/autoscaling/v2");
        assert_eq!(keys(paths.get("paths")), recorded("openapi-paths-autoscaling-v2"));
        let schemas = of("apis/apps/v1");
        assert_eq!(
            keys(schemas.at(&["components", "schemas"])),
            recorded("openapi-apps-v1")
        );
        let reviews = of("apis/authentication.k8s.io/v1");
        assert_eq!(
            keys(reviews.at(&["components", "schemas"])),
            recorded("openapi-authentication.k8s.io-v1")
        );
    }

    #[test]
    fn operation_ids_are_unique() {
        let mut seen = BTreeSet::new();
        for section in all() {
            for operation in section.items.iter().flat_map(|item| &item.operations) {
                assert!(seen.insert(operation.id.clone()), "{} occurs twice", operation.id);
            }
        }
    }
}
