//! A definition of a custom resource, read from its object in v1. It decides nothing about names: that is whoever accepts them.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use kinds::{Encoding, Generation, Resource, Stage, Storage, Subresource, Verb, Verbs, WriteFacts, fields};
use object::meta;
use schema::{SmolStr, TypeId, Types, Value};

use crate::columns::Columns;
use crate::json_path::Path;
use crate::structural::Structural;
use crate::types;
use crate::versions;

const SCALE: &str = "io.k8s.api.autoscaling.v1.Scale";

/// What a definition says.
#[derive(Debug)]
pub struct Definition {
    /// `plural.group`.
    pub name: SmolStr,
    /// Another one of the same name has another.
    pub uid: SmolStr,
    /// API group.
    pub group: SmolStr,
    /// Plural name, as in URLs.
    pub plural: SmolStr,
    /// Kind of an object, as it was accepted.
    pub kind: SmolStr,
    /// Whether clients are served.
    pub is_established: bool,
    /// Whether it is going, with all its objects: none may be created.
    pub is_terminating: bool,
    /// Fields that no schema knows are kept.
    pub preserves_unknown: bool,
    /// Only a webhook knows how its versions become each other.
    pub converts_by_webhook: bool,
    /// All versions, served or not, in the definition's order.
    pub versions: Vec<Version>,
}

/// A version of a definition.
#[derive(Debug)]
pub struct Version {
    /// E.g. `v1`.
    pub name: SmolStr,
    /// Whether clients are served.
    pub is_served: bool,
    /// Whether objects are stored in it.
    pub is_stored: bool,
    /// Whether `status` is apart.
    pub has_status: bool,
    /// Where the scale subresource finds its numbers, if there is one.
    pub scale: Option<Scale>,
    /// What its tables show.
    pub columns: Columns,
    /// The schema of its objects.
    pub schema: Structural,
    /// The same as its definition has it.
    pub published: Value,
    /// By which fields are owned.
    pub types: (Types, TypeId),
    /// What a server has made of it for itself, such as compiled rules.
    pub of_server: OnceLock<Arc<dyn Any + Send + Sync>>,
    /// Its facts; the object of [`kinds::custom::Kind`] is not in there yet.
    pub resource: Resource,
}

/// The paths of a scale subresource, each from the object on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Of the wanted replicas.
    pub spec_replicas: Vec<SmolStr>,
    /// Of the present replicas.
    pub status_replicas: Vec<SmolStr>,
    /// Of the selector's text, if it has one.
    pub selector: Option<Vec<SmolStr>>,
}

impl Definition {
    /// Of an object in v1 that was accepted; `None` for what lacks what every definition has.
    pub fn read(object: &Value) -> Option<Self> {
        let text = |path: &[&str]| object.str_at(path).map(SmolStr::new);
        let is_true = |kind: &str| {
            let mut conditions = object.list_at(&["status", "conditions"]).iter();
            conditions
                .any(|one| one.str_at(&["type"]) == Some(kind) && one.str_at(&["status"]) == Some("True"))
        };
        let facts = Facts::of(object)?;
        let all = object.list_at(&["spec", "versions"]);
        let stored = all.iter().find(|one| one.bool_at(&["storage"]) == Some(true))?;
        let stored = SmolStr::new(stored.str_at(&["name"])?);
        let preserves_unknown = object.bool_at(&["spec", "preserveUnknownFields"]) == Some(true);
        let versions: Option<Vec<Version>> = all
            .iter()
            .map(|version| Version::read(&facts, version, &stored, all))
            .collect();
        Some(Self {
            name: text(&["metadata", "name"])?,
            uid: SmolStr::new(meta::of(object).uid()),
            is_established: is_true("Established"),
            is_terminating: is_true("Terminating"),
            preserves_unknown,
            converts_by_webhook: object.str_at(&["spec", "conversion", "strategy"]) == Some("Webhook"),
            versions: versions?,
            group: facts.group,
            plural: facts.plural,
            kind: facts.kind,
        })
    }

    /// The version of this name.
    pub fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }

    /// The version that an `apiVersion` names.
    pub fn of_api_version(&self, api_version: &str) -> Option<&Version> {
        let (group, version) = api_version.split_once('/')?;
        self.version(version).filter(|_| group == self.group)
    }
}

/// What all versions share.
struct Facts {
    group: SmolStr,
    plural: SmolStr,
    singular: SmolStr,
    kind: SmolStr,
    list_kind: SmolStr,
    short_names: Vec<SmolStr>,
    categories: Vec<SmolStr>,
    namespaced: bool,
}

impl Facts {
    /// Names are those that were accepted, which the object may not have yet.
    fn of(object: &Value) -> Option<Self> {
        let accepted = object.at(&["status", "acceptedNames"]);
        let accepted =
            accepted.filter(|names| names.str_at(&["plural"]).is_some_and(|plural| !plural.is_empty()));
        let names = accepted.or_else(|| object.at(&["spec", "names"]))?;
        let text = |key: &str| SmolStr::new(names.str_at(&[key]).unwrap_or_default());
        let texts = |key: &str| {
            let all = names.list_at(&[key]).iter();
            all.filter_map(Value::as_str).map(SmolStr::new).collect()
        };
        Some(Self {
            group: object.str_at(&["spec", "group"])?.into(),
            plural: object.str_at(&["spec", "names", "plural"])?.into(),
            singular: text("singular"),
            kind: text("kind"),
            list_kind: text("listKind"),
            short_names: texts("shortNames"),
            categories: texts("categories"),
            namespaced: object.str_at(&["spec", "scope"]) == Some("Namespaced"),
        })
    }
}

impl Version {
    fn read(facts: &Facts, version: &Value, stored: &SmolStr, all: &[Value]) -> Option<Self> {
        let name = SmolStr::new(version.str_at(&["name"])?);
        let published = version.at(&["schema", "openAPIV3Schema"]);
        let schema = published.map_or_else(Structural::anything, Structural::read);
        let subresources = version.at(&["subresources"]);
        let scale = subresources
            .and_then(|all| all.get("scale"))
            .and_then(Scale::read);
        let has_status = subresources.is_some_and(|all| all.get("status").is_some());
        let mut resource = resource(facts, &name, stored);
        if has_status {
            resource.subresources.push(subresource(
                &facts.group,
                &name,
                "status",
                &facts.kind,
                TypeId::UNTYPED,
            ));
            resource.write.status_cleared_on_create = true;
            resource.write.status_kept_on_update = true;
            resource.write.reset_fields = reset_fields();
        }
        if scale.is_some() {
            let type_id = Types::builtin().id(SCALE)?;
            resource
                .subresources
                .push(subresource("autoscaling", "v1", "scale", "Scale", type_id));
        }
        resource.field_labels = Some(field_labels(version, facts.namespaced));
        let is_deprecated = version.bool_at(&["deprecated"]) == Some(true);
        let told = version.str_at(&["deprecationWarning"]).map(SmolStr::new);
        resource.deprecation = is_deprecated.then(|| told.unwrap_or_else(|| deprecation(facts, &name, all)));
        Some(Self {
            is_served: version.bool_at(&["served"]) == Some(true),
            is_stored: name == *stored,
            has_status,
            scale,
            columns: Columns::read(version.list_at(&["additionalPrinterColumns"])),
            types: types::of(&schema),
            of_server: OnceLock::new(),
            schema,
            published: published.cloned().unwrap_or_default(),
            resource,
            name,
        })
    }
}

impl Scale {
    fn read(scale: &Value) -> Option<Self> {
        let path = |key: &str| Path::fields(scale.str_at(&[key])?);
        Some(Self {
            spec_replicas: path("specReplicasPath")?,
            status_replicas: path("statusReplicasPath")?,
            selector: path("labelSelectorPath"),
        })
    }
}

fn resource(facts: &Facts, version: &SmolStr, stored: &SmolStr) -> Resource {
    Resource {
        group: facts.group.clone(),
        version: version.clone(),
        resource: facts.plural.clone(),
        singular: facts.singular.clone(),
        kind: facts.kind.clone(),
        list_kind: facts.list_kind.clone(),
        type_id: TypeId::UNTYPED,
        list_type_id: None,
        namespaced: facts.namespaced,
        short_names: facts.short_names.clone(),
        categories: facts.categories.clone(),
        verbs: Verbs::ALL,
        subresources: Vec::new(),
        stage: Stage::Ga,
        enabled_by_default: true,
        feature_gate: None,
        introduced: None,
        removed: None,
        deprecation: None,
        storage: Some(Storage {
            key: format!("{}/{}", facts.group, facts.plural).into(),
            group: facts.group.clone(),
            version: stored.clone(),
            kind: facts.kind.clone(),
            encoding: Encoding::Json,
        }),
        field_labels: None,
        write: WriteFacts {
            generation: Generation {
                set_on_create: true,
                bumped_on_change: true,
            },
            ..WriteFacts::default()
        },
        custom: None,
    }
}

fn subresource(group: &str, version: &str, name: &str, kind: &str, type_id: TypeId) -> Subresource {
    Subresource {
        name: name.into(),
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
        type_id,
        verbs: [Verb::Get, Verb::Patch, Verb::Update].into_iter().collect(),
    }
}

fn reset_fields() -> Vec<(SmolStr, Vec<SmolStr>)> {
    vec![
        ("main".into(), vec!["status".into()]),
        ("status".into(), vec!["metadata".into(), "spec".into()]),
    ]
}

/// Names and namespaces, and what the version names, e.g. `spec.color`.
fn field_labels(version: &Value, namespaced: bool) -> Vec<(SmolStr, SmolStr)> {
    let own = version.list_at(&["selectableFields"]).iter();
    let own = own.filter_map(|field| field.str_at(&["jsonPath"]));
    let known = [fields::NAME]
        .into_iter()
        .chain(namespaced.then_some(fields::NAMESPACE));
    known
        .chain(own.map(|path| path.trim_start_matches('.')))
        .map(|label| (SmolStr::new(label), SmolStr::new(label)))
        .collect()
}

/// The text of a version that says none itself.
fn deprecation(facts: &Facts, version: &SmolStr, all: &[Value]) -> SmolStr {
    let mut better: Vec<SmolStr> = all
        .iter()
        .filter(|one| one.bool_at(&["served"]) == Some(true) && one.bool_at(&["deprecated"]) != Some(true))
        .filter_map(|one| one.str_at(&["name"]).map(SmolStr::new))
        .collect();
    versions::sort(&mut better);
    let (group, kind) = (&facts.group, &facts.kind);
    let text = format!("{group}/{version} {kind} is deprecated");
    match better
        .first()
        .filter(|best| versions::compare(best, version).is_lt())
    {
        Some(best) => format!("{text}; use {group}/{best} {kind}").into(),
        None => text.into(),
    }
}

impl Definition {
    /// The resource of a version, with all that is known of it.
    pub(crate) fn bound(definition: &Arc<Self>, at: usize) -> Arc<Resource> {
        let known = crate::kind::Known::new(definition.clone(), at);
        Arc::new(Resource {
            custom: Some(Arc::new(known)),
            ..definition.versions[at].resource.clone()
        })
    }
}
