//! Reads the checked-in tables (`data/`, made by `generate.py`) into the built-in catalog.

use schema::{TypeId, Types};
use serde::Deserialize;
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Catalog, Group, GroupVersion};
use crate::{Encoding, Generation, Resource, Stage, Storage, Subresource, Verb, Verbs, WriteFacts};

const RESOURCES: &str = include_str!("../../data/resources.json");
const GROUPS: &str = include_str!("../../data/groups.json");

/// A line of `resources.json`; what is absent is as usual.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    group: SmolStr,
    version: SmolStr,
    resource: SmolStr,
    singular: SmolStr,
    kind: SmolStr,
    message: SmolStr,
    stage: Stage,
    #[serde(default)]
    list_kind: SmolStr,
    list_message: Option<SmolStr>,
    #[serde(default)]
    namespaced: bool,
    #[serde(default)]
    short_names: Vec<SmolStr>,
    #[serde(default)]
    categories: Vec<SmolStr>,
    /// Absent: all eight.
    verbs: Option<Vec<Verb>>,
    #[serde(default)]
    subresources: Vec<SubresourceLine>,
    /// Not enabled by default.
    #[serde(default)]
    off: bool,
    feature_gate: Option<SmolStr>,
    introduced: Option<SmolStr>,
    removed: Option<SmolStr>,
    deprecation: Option<SmolStr>,
    /// The key below the prefix.
    etcd: Option<SmolStr>,
    /// Group, version and kind of stored objects.
    storage: Option<(SmolStr, SmolStr, SmolStr)>,
    /// Stored as JSON.
    #[serde(default)]
    json: bool,
    #[serde(default)]
    write: WriteLine,
    /// Field selector labels of requests and of the stored form; absent: name and namespace.
    fields: Option<BTreeMap<SmolStr, SmolStr>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubresourceLine {
    name: SmolStr,
    kind: SmolStr,
    message: SmolStr,
    verbs: Vec<Verb>,
    /// Absent: the resource's own.
    group: Option<SmolStr>,
    version: Option<SmolStr>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct WriteLine {
    create_on_update: bool,
    unconditional_update: bool,
    generation_on_create: bool,
    generation_on_change: bool,
    status_cleared_on_create: bool,
    status_kept_on_update: bool,
    reset_fields: BTreeMap<SmolStr, Vec<SmolStr>>,
}

#[derive(Debug, Deserialize)]
struct GroupLine {
    group: SmolStr,
    /// Version, then its priorities where it has them.
    versions: Vec<VersionLine>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum VersionLine {
    Prioritized(SmolStr, i32, i32),
    Bare((SmolStr,)),
}

pub(super) fn builtin() -> Catalog {
    let groups: Vec<GroupLine> = serde_json::from_str(GROUPS).expect("checked in and tested");
    let lines: Vec<Line> = serde_json::from_str(RESOURCES).expect("checked in and tested");
    let resources = lines.into_iter().map(|line| Arc::new(line.resource())).collect();
    Catalog::new(groups.into_iter().map(GroupLine::group).collect(), resources)
}

/// The schema of a type that the tables name.
fn type_id(name: &str) -> TypeId {
    Types::builtin()
        .id(name)
        .unwrap_or_else(|| panic!("{name} has no schema: the checked-in tables disagree"))
}

impl Line {
    fn resource(self) -> Resource {
        let storage = self.storage();
        let subresources = self
            .subresources
            .iter()
            .map(|sub| sub.subresource(&self))
            .collect();
        Resource {
            type_id: type_id(&self.message),
            list_type_id: self.list_message.as_deref().map(type_id),
            verbs: self.verbs.map_or(Verbs::ALL, Verbs::from_iter),
            subresources,
            storage,
            write: self.write.facts(),
            enabled_by_default: !self.off,
            field_labels: self.fields.map(|labels| labels.into_iter().collect()),
            group: self.group,
            version: self.version,
            resource: self.resource,
            singular: self.singular,
            kind: self.kind,
            list_kind: self.list_kind,
            namespaced: self.namespaced,
            short_names: self.short_names,
            categories: self.categories,
            stage: self.stage,
            feature_gate: self.feature_gate,
            introduced: self.introduced,
            removed: self.removed,
            deprecation: self.deprecation,
            custom: None,
        }
    }

    fn storage(&self) -> Option<Storage> {
        let (group, version, kind) = self.storage.clone()?;
        let encoding = if self.json {
            Encoding::Json
        } else {
            Encoding::Protobuf
        };
        Some(Storage {
            key: self.etcd.clone()?,
            group,
            version,
            kind,
            encoding,
        })
    }
}

impl SubresourceLine {
    fn subresource(&self, of: &Line) -> Subresource {
        Subresource {
            name: self.name.clone(),
            group: self.group.clone().unwrap_or_else(|| of.group.clone()),
            version: self.version.clone().unwrap_or_else(|| of.version.clone()),
            kind: self.kind.clone(),
            type_id: type_id(&self.message),
            verbs: self.verbs.iter().copied().collect(),
        }
    }
}

impl WriteLine {
    fn facts(self) -> WriteFacts {
        WriteFacts {
            create_on_update: self.create_on_update,
            unconditional_update: self.unconditional_update,
            generation: Generation {
                set_on_create: self.generation_on_create,
                bumped_on_change: self.generation_on_change,
            },
            status_cleared_on_create: self.status_cleared_on_create,
            status_kept_on_update: self.status_kept_on_update,
            reset_fields: self.reset_fields.into_iter().collect(),
        }
    }
}

impl GroupLine {
    fn group(self) -> Group {
        Group {
            name: self.group,
            versions: self.versions.into_iter().map(VersionLine::version).collect(),
        }
    }
}

impl VersionLine {
    fn version(self) -> GroupVersion {
        match self {
            VersionLine::Prioritized(version, group, own) => GroupVersion {
                version,
                priority: Some((group, own)),
            },
            VersionLine::Bare((version,)) => GroupVersion {
                version,
                priority: None,
            },
        }
    }
}
