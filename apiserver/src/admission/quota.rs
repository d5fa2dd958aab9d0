//! Quotas: what a write is charged, whether a namespace has that much left, and how it is charged so that several servers over one store
//! never exceed a quota together. Counting what is there is the quota controller's, not a server's.

pub mod check;
pub mod configuration;
pub mod ledger;
pub mod scopes;
pub mod usage;

use kinds::Resource;
use schema::{SmolStr, Value};

use super::{Attributes, Operation};
use kinds::amounts::Amounts;
use scopes::Scope;
use usage::Kind;

/// Never counted, as in the reference: what is not stored, and events. Others like them are outside namespaces.
const IGNORED: [(&str, &str); 4] = [
    ("", "bindings"),
    ("", "events"),
    ("events.k8s.io", "events"),
    ("authorization.k8s.io", "localsubjectaccessreviews"),
];

/// A write that is to be charged, by itself: it outlives the request's borrowed parts.
#[derive(Clone, Debug)]
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
    /// What the object is charged as a whole.
    pub usage: Amounts,
    /// What is new of it: all of a new object.
    pub grown: Amounts,
    /// The object, of kinds that scopes look at.
    pub object: Option<Value>,
    /// The object as it is, of an update of such a kind.
    pub old: Option<Value>,
}

impl Write {
    /// Whether quotas may concern a write. It takes little: most writes are never counted.
    pub fn is_counted(attributes: &Attributes<'_>) -> bool {
        let resource: &Resource = attributes.resource;
        let is_ignored = IGNORED.contains(&(&*resource.group, &*resource.resource));
        let kind = Kind::of(&resource.group, &resource.resource);
        !attributes.namespace.is_empty() && !is_ignored && handles(kind, attributes)
    }

    /// A write that is counted.
    pub fn of(attributes: &Attributes<'_>) -> Self {
        let resource: &Resource = attributes.resource;
        let is_update = attributes.operation == Operation::Update;
        let old = attributes.old.filter(|_| is_update);
        let mut write = Self::measured(&resource.group, &resource.resource, &attributes.object, old);
        write.is_status = attributes.subresource.is_some_and(|one| one.name == "status");
        write.dry_run = attributes.dry_run;
        write
    }

    /// A new object, or one that changes.
    fn measured(group: &SmolStr, resource: &SmolStr, object: &Value, old: Option<&Value>) -> Self {
        let kind = Kind::of(group, resource);
        let usage_of = |object| usage::of(kind, group, resource, object);
        let usage = usage_of(object);
        let kept = |object: &Value| kind.has_scopes().then(|| object.clone());
        Self {
            kind,
            group: group.clone(),
            resource: resource.clone(),
            name: object::meta::of(object).name().to_owned(),
            is_update: old.is_some(),
            is_status: false,
            dry_run: false,
            grown: old.map_or_else(|| usage.clone(), |old| usage.beyond(&usage_of(old))),
            usage,
            object: kept(object),
            old: old.and_then(kept),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use kinds::Catalog;
    use schema::tree;

    /// Whether a new object of a group's is counted, be it like a built-in resource.
    fn is_counted(group: &str, like: (&str, &str, &str)) -> bool {
        let found = Catalog::builtin().resource(like.0, like.1, like.2);
        let mut resource = Resource::clone(found.expect("built in"));
        resource.group = group.into();
        let user = auth::User::anonymous();
        Write::is_counted(&Attributes {
            operation: Operation::Create,
            resource: &resource.into(),
            subresource: None,
            namespace: "a",
            name: "b",
            object: tree!({}),
            old: None,
            user: &user,
            dry_run: false,
        })
    }

    #[test]
    fn all_is_counted_but_events_and_what_is_not_stored() {
        let events = ("", "v1", "events");
        assert!(is_counted("", ("", "v1", "configmaps")));
        assert!(!is_counted("", events) && !is_counted("events.k8s.io", events));
        assert!(is_counted("example.com", events));
        let review = ("authorization.k8s.io", "v1", "localsubjectaccessreviews");
        assert!(!is_counted("authorization.k8s.io", review));
    }

    #[test]
    fn objects_are_kept_only_for_scopes() {
        let of = |resource: &str| {
            let write = Write::measured(&"".into(), &resource.into(), &tree!({}), Some(&tree!({})));
            (write.object.is_some(), write.old.is_some())
        };
        assert_eq!((of("pods"), of("secrets")), ((true, true), (false, false)));
    }
}
