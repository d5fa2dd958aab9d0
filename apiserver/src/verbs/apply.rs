//! Server-side apply of an object, or of one of its parts that has the object's own shape: an applied configuration becomes
//! the next state. Ownership itself is `object::ownership`'s.

use bytes::Bytes;
use kinds::defaults::{self, Now};
use object::meta;
use object::ownership::{self, Apply, Conflicts, Entries};
use render::negotiate::Output;
use render::{Call, Shape};
use schema::{Map, TypeId, Types, Value, json, yaml};
use serve::http::{Body, Response};
use serve::status::{Cause, Details, Status, reason};

use super::last_applied;
use crate::api::Api;
use crate::body;
use crate::custom;
use crate::options::{FieldValidation, WriteKind, WriteOptions};
use crate::write::managed_fields::{self, OfKind};
use crate::write::metadata;
use crate::write::update::{self, Change, Creates, Target};

/// The media type of an applied configuration.
pub const MEDIA_TYPE: &str = "application/apply-patch+yaml";

/// An applied configuration, as it came.
pub struct Configuration {
    tree: Value,
    /// Repeated keys.
    strict: Vec<json::StrictError>,
}

impl Configuration {
    /// Reads YAML or JSON; 400 for what is no object.
    pub fn read(bytes: &Bytes) -> Result<Self, Status> {
        let bad = |why: String| Status::bad_request(format!("error decoding YAML: {why}"));
        let parsed = yaml::parse_strict(bytes)
            .map_err(|error| bad(format!("error converting YAML to JSON: {error}")))?;
        let tree = match parsed.value {
            Value::Null => Value::Map(Map::new()),
            tree @ Value::Map(_) => tree,
            other => {
                return Err(bad(format!(
                    "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                    go_kind(&other)
                )));
            }
        };
        Ok(Self {
            tree,
            strict: parsed.strict,
        })
    }

    /// What it says.
    pub fn tree(&self) -> &Value {
        &self.tree
    }

    /// 400 unless it is of this shape and brings no owners; 500 if it does not fit the type.
    pub fn check(&self, shape: &Shape, (types, type_id): (&Types, TypeId)) -> Result<(), Status> {
        let text = |key: &str| self.tree.str_at(&[key]).unwrap_or_default();
        if text("apiVersion") != shape.api_version() || text("kind") != shape.kind {
            return Err(Status::bad_request(format!(
                "invalid object type: {}, Kind={}",
                slashed(text("apiVersion")),
                text("kind")
            )));
        }
        if self
            .tree
            .at(&["metadata", "managedFields"])
            .is_some_and(|value| !value.is_null())
        {
            return Err(Status::bad_request("metadata.managedFields must be nil"));
        }
        ownership::validate(types, type_id, &self.tree).map_err(|why| {
            let metadata = |key: &str| self.tree.str_at(&["metadata", key]).unwrap_or_default();
            internal(format!(
                "failed to create typed patch object ({}/{}; {}, Kind={}): {why}",
                metadata("namespace"),
                metadata("name"),
                slashed(&shape.api_version()),
                shape.kind
            ))
        })
    }

    /// Refuses or tells of repeated keys.
    pub fn check_strict(&self, call: &mut Call, validation: FieldValidation) -> Result<(), Status> {
        if let Some(text) = body::strict_text(&self.strict, validation) {
            return Err(Status::bad_request(format!("error strict decoding YAML: {text}")));
        }
        if validation == FieldValidation::Warn {
            self.strict
                .iter()
                .for_each(|error| body::warn(call, &error.to_string()));
        }
        Ok(())
    }
}

/// `group/version` as the reference prints it with the empty group.
fn slashed(api_version: &str) -> String {
    match api_version.contains('/') {
        true => api_version.to_owned(),
        false => format!("/{api_version}"),
    }
}

fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::List(_) => "array",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        _ => "string",
    }
}

/// 500 without a reason, as the reference answers to its own plain errors.
fn internal(why: String) -> Status {
    Status::failure(500, "", why)
}

/// 409 with a cause for each field.
pub fn refused(conflicts: &Conflicts) -> Status {
    let causes = conflicts.0.iter().map(|conflict| Cause {
        reason: "FieldManagerConflict".into(),
        message: format!("conflict with {}", conflict.manager),
        field: conflict.path.clone(),
    });
    let details = Details {
        causes: causes.collect(),
        ..Details::default()
    };
    Status::failure(409, reason::CONFLICT, conflicts.message()).with_details(details)
}

/// An apply to the object that the call names.
struct ApplyObject<'a> {
    configuration: &'a Configuration,
    target: Target<'a>,
    options: &'a WriteOptions,
}

impl ApplyObject<'_> {
    /// The applied object, typed and canonical, with defaults, and its owners.
    #[inline(never)] // profiles tell its cost apart
    fn applied(&self, call: &mut Call, current: Option<&Value>) -> Result<Value, Status> {
        let resource = call.resource.clone();
        let (types, type_id) = managed_fields::types(&resource);
        let shape = Shape::of(&resource);
        self.configuration.check(&shape, (types, type_id))?;
        let live = match current {
            Some(current) => live_tree(&shape, call.shown(current.clone())?),
            None => Value::Map(Map::new()),
        };
        let entries = current.map(managed_fields::entries).unwrap_or_default();
        let endpoint = managed_fields::endpoint(self.target.subresource);
        let api_version = call.resource.api_version();
        let ignored = managed_fields::paths(call.hub.write.reset_fields(endpoint));
        let mut apply = Apply {
            types,
            manager: &self.options.field_manager,
            api_version: &api_version,
            subresource: self.target.subresource,
            now: &call.now,
            ignored: &ignored,
            versions: &OfKind { resource: &resource },
            force: self.options.force,
        };
        let config = self.configuration.tree();
        let first = apply.run(entries.clone(), type_id, &live, config);
        let done = match first {
            Err(conflicts) if last_applied::allows(&apply, type_id, &live, &conflicts) => {
                apply.force = true;
                apply.run(entries, type_id, &live, config)
            }
            other => other,
        };
        let done = done.map_err(|conflicts| refused(&conflicts))?;
        let synced = last_applied::synced(
            &self.options.field_manager,
            done.object.as_ref().unwrap_or(&live),
            config,
        );
        let next = synced.or(done.object);
        let owners = done.entries;
        let object = match (next, current) {
            (Some(tree), _) => self.typed(call, &shape, &tree)?,
            (None, Some(current)) => current.clone(),
            (None, None) => self.typed(call, &shape, &live)?,
        };
        Ok(with_owners(object, owners))
    }

    fn typed(&self, call: &mut Call, shape: &Shape, tree: &Value) -> Result<Value, Status> {
        if let Some(known) = custom::body::known(call, shape) {
            let strict = (Vec::new(), FieldValidation::Ignore);
            let tree = tree.clone();
            let object =
                custom::body::finish(call, shape, &known, tree, strict, |why| internal(why.to_owned()))?;
            metadata::check_name(&object, self.target.namespace, self.target.name)?;
            return Ok(object);
        }
        let decoded = json::from_tree(Types::builtin(), shape.type_id, tree)
            .map_err(|error| internal(error.to_string()))?;
        let mut object = decoded.value;
        shape.set_type(&mut object);
        defaults::apply(shape.type_id, &mut object, Now(&call.now));
        metadata::check_name(&object, self.target.namespace, self.target.name)?;
        body::to_hub(call, object)
    }
}

/// The object as JSON shows it, without its owners.
fn live_tree(shape: &Shape, mut object: Value) -> Value {
    meta::edit(&mut object).set_managed_fields(Vec::new());
    json::printed(Types::builtin(), shape.type_id, &object)
}

fn with_owners(mut object: Value, owners: Entries) -> Value {
    meta::edit(&mut object).set_managed_fields(owners.write());
    object
}

impl Change for ApplyObject<'_> {
    fn next(&mut self, call: &mut Call, current: Option<&Value>) -> Result<Value, Status> {
        let applied = self.applied(call, current)?;
        self.configuration
            .check_strict(call, self.options.field_validation)?;
        Ok(applied)
    }

    fn creates(&self) -> Creates {
        match self.target.subresource {
            "" => Creates::Always,
            _ => Creates::Never,
        }
    }

    fn brings_owners(&self) -> bool {
        true
    }
}

/// Applies the configuration in the body; creates the object where it is not there.
pub async fn apply(api: &Api, call: &mut Call, content: Body) -> Result<Response, Status> {
    let output = Output::of(&call.headers, &call.query)?;
    let bytes = super::body(content).await?;
    let options = WriteOptions::read(&call.query, WriteKind::Apply)?;
    let configuration = Configuration::read(&bytes)?;
    let (namespace, name) = (call.namespace().to_owned(), call.name().to_owned());
    let subresource = call.info.subresource.clone();
    let target = Target {
        namespace: &namespace,
        name: &name,
        subresource: &subresource,
        dry_run: options.dry_run,
    };
    let mut change = ApplyObject {
        configuration: &configuration,
        target,
        options: &options,
    };
    let updated = update::update(api, call, target, &mut change).await?;
    let code = if updated.created { 201 } else { 200 };
    render::object(
        &api.descriptions,
        call,
        output,
        &Shape::of(&call.resource),
        updated.stored.object,
        code,
    )
}
