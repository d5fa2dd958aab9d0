//! In which forms an object may be stored, and how each is decoded. What older versions had is in [`super::legacy`].

use schema::{TypeId, Types, Value, json};

use super::legacy::{self, Legacy};
use super::{hub, malformed};
use crate::convert::{self, Error};
use crate::defaults::{self, Now};
use crate::{Catalog, Resource};

/// One version of a kind, on its way to the hub form of the resource that it is stored for.
pub(super) struct Form<'a> {
    kind: &'a str,
    api_version: &'a str,
    /// The type to decode as.
    pub(super) type_id: TypeId,
    hub: &'a Resource,
    legacy: Option<&'static Legacy>,
}

impl<'a> Form<'a> {
    /// The form of `api_version` and `kind`, if objects of `resource` may have it.
    pub(super) fn of(resource: &'a Resource, api_version: &'a str, kind: &'a str) -> Result<Self, Error> {
        let hub: &Resource = hub(resource).map_or(resource, |hub| hub);
        let legacy = legacy::find(api_version, kind);
        let of_legacy = legacy.and_then(|legacy| built_in(legacy.hub, kind));
        let Some(found) = of_legacy.or_else(|| built_in(api_version, kind)) else {
            return Err(Error::Unregistered {
                api_version: api_version.into(),
                kind: kind.into(),
            });
        };
        let key = |of: &Resource| of.storage.as_ref().map(|storage| storage.key.clone());
        if key(found) != key(hub) {
            let version = api_version.rsplit('/').next().unwrap_or_default();
            return Err(Error::OtherKind {
                from: format!("{version}.{kind}"),
                to: internal_name(resource),
            });
        }
        let own = legacy.and_then(|legacy| Types::builtin().id(legacy.message?));
        Ok(Form {
            kind,
            api_version,
            type_id: own.unwrap_or(found.type_id),
            hub,
            legacy,
        })
    }

    /// Whether its JSON is that of the type, with nothing named otherwise.
    pub(super) fn is_plain(&self) -> bool {
        self.legacy.is_none_or(|legacy| !legacy.renamed)
    }

    /// A tree of this form, typed.
    pub(super) fn typed(&self, mut tree: Value) -> Result<Value, Error> {
        if let (Some(legacy), Value::Map(map)) = (self.legacy, &mut tree) {
            (legacy.untyped)(map);
        }
        let decoded = json::from_tree(Types::builtin(), self.type_id, &tree).map_err(malformed)?;
        Ok(decoded.value)
    }

    /// Defaults, then conversion to the hub form.
    pub(super) fn finish(&self, mut object: Value, now: Now<'_>) -> Result<Value, Error> {
        let Some(legacy) = self.legacy else {
            set_type(&mut object, self.api_version, self.kind);
            defaults::apply(self.type_id, &mut object, now);
            return convert::between(self.kind, self.api_version, &self.hub.api_version(), object);
        };
        set_type(&mut object, legacy.hub, self.kind);
        if let Value::Map(map) = &mut object {
            (legacy.fill)(map);
        }
        if legacy.defaults {
            let hub = built_in(legacy.hub, self.kind).map_or(self.type_id, |hub| hub.type_id);
            defaults::apply(hub, &mut object, now);
        }
        convert::between(self.kind, legacy.hub, &self.hub.api_version(), object)
    }
}

/// What the reference makes of a text that names no type: an object with nothing in it.
pub(super) fn nameless(resource: &Resource) -> Value {
    let hub: &Resource = hub(resource).map_or(resource, |hub| hub);
    let mut object = Value::Map(schema::Map::new());
    set_type(&mut object, &hub.api_version(), &hub.kind);
    object
}

/// The reference's name of a resource's unversioned type, as errors have it: `core.ConfigMap`.
pub(super) fn internal_name(resource: &Resource) -> String {
    let group = match resource.group.as_str() {
        "" | "events.k8s.io" => "core",
        "internal.apiserver.k8s.io" => "apiserverinternal",
        group => group.split('.').next().unwrap_or_default(),
    };
    format!("{group}.{}", resource.kind)
}

fn built_in(api_version: &str, kind: &str) -> Option<&'static Resource> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    Catalog::builtin()
        .kind(group, version, kind)
        .map(|found| &**found)
}

fn set_type(object: &mut Value, api_version: &str, kind: &str) {
    if let Value::Map(map) = object {
        map.insert("apiVersion", api_version);
        map.insert("kind", kind);
    }
}
