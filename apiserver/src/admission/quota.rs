//! Quotas: what a write is charged, whether a namespace has that much left, and how it is charged so that several servers over one store
//! never exceed a quota together. Counting what is there is the quota controller's, not a server's.

pub mod check;
pub mod configuration;
pub mod ledger;
pub mod scopes;
pub mod usage;

use kinds::Resource;
use schema::{SmolStr, Value};

use super::amounts::Amounts;
use super::{Attributes, Operation};
use scopes::Scope;
use usage::Kind;

/// A write that is to be charged, by itself: it outlives the request's borrowed parts.
#[derive(Debug)]
pub struct Write {
    /// How it is counted.
    pub kind: Kind,
    /// Its API group.
    pub group: SmolStr,
    /// Its plural name.
    pub resource: SmolStr,
    /// The object's name.
    pub name: String,
    /// Whether it changes an object rather than making one.
    pub is_update: bool,
    /// Whether it is a status, which says what is already so: it is charged and not refused.
    pub is_status: bool,
    /// Nothing is charged.
    pub dry_run: bool,
    /// The object.
    pub object: Value,
    /// The object as it is.
    pub old: Option<Value>,
}

impl Write {
    /// A write that quotas may concern; `None` for all others. Objects outside namespaces and events are never counted.
    pub fn of(attributes: &Attributes<'_>) -> Option<Self> {
        let resource: &Resource = attributes.resource;
        let kind = Kind::of(&resource.group, &resource.resource);
        if attributes.namespace.is_empty() || resource.resource == "events" || !handles(kind, attributes) {
            return None;
        }
        Some(Self {
            kind,
            group: resource.group.clone(),
            resource: resource.resource.clone(),
            name: object::meta::of(&attributes.object).name().to_owned(),
            is_update: attributes.operation == Operation::Update,
            is_status: attributes.subresource.is_some_and(|one| one.name == "status"),
            dry_run: attributes.dry_run,
            object: attributes.object.clone(),
            old: attributes.old.cloned(),
        })
    }
}

/// Which writes change what is counted.
fn handles(kind: Kind, attributes: &Attributes<'_>) -> bool {
    let subresource = attributes.subresource.map_or("", |one| one.name.as_str());
    match (kind, subresource, attributes.operation) {
        (_, "", Operation::Create) => true,
        (Kind::Pods, "resize", Operation::Update) => true,
        (Kind::Claims, "status", Operation::Update) => attributes.old.is_some_and(|old| {
            let counted = |claim: &Value| {
                let classes = scopes::attributes_classes(claim).into_iter().map(str::to_owned);
                let allocated = Amounts::of(claim.map_at(&["status", "allocatedResources"]));
                (allocated, classes.collect::<Vec<_>>())
            };
            counted(old) != counted(&attributes.object)
        }),
        (Kind::Services | Kind::Claims | Kind::DeviceClaims, "", Operation::Update) => true,
        _ => false,
    }
}

/// What admission reads of a ResourceQuota.
#[derive(Clone, Debug)]
pub struct Quota {
    /// Its name.
    pub name: String,
    /// Its uid, by which a later one of the same name is told apart.
    pub uid: String,
    /// What is limited, as its controller has taken notice of it.
    pub hard: Amounts,
    /// What is used of it.
    pub used: Amounts,
    /// What it is for; all must hold.
    pub scopes: Vec<Scope>,
}

impl Quota {
    /// Of an object.
    pub fn of(object: &Value) -> Self {
        let meta = object::meta::of(object);
        Self {
            name: meta.name().to_owned(),
            uid: meta.uid().to_owned(),
            hard: Amounts::of(object.map_at(&["status", "hard"])),
            used: Amounts::of(object.map_at(&["status", "used"])),
            scopes: scopes::of_quota(object),
        }
    }
}
