//! A binding: a role by reference, and the subjects that hold it.

use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};
use object::meta;
use schema::Value;
use smol_str::{SmolStr, format_smolstr};

use super::compiled::Rules;
use super::escalation::RoleRef;
use crate::User;

/// The place of a role that bindings share: a change of the role is seen by all of them at once.
#[derive(Debug, Default)]
pub struct RoleSlot(ArcSwapOption<Rules>);

impl RoleSlot {
    /// The role's rules; `None` while there is no such role.
    pub fn rules(&self) -> Guard<Option<Arc<Rules>>> {
        self.0.load()
    }

    /// Puts rules in, or takes them out.
    pub fn set(&self, rules: Option<Rules>) {
        self.0.store(rules.map(Arc::new));
    }
}

/// One binding.
#[derive(Debug)]
pub struct Binding {
    /// Its name.
    pub name: SmolStr,
    /// What it binds.
    pub role: Arc<RoleSlot>,
    subjects: Vec<(Subject, SmolStr)>,
    missing: SmolStr,
}

/// Whom a binding is for, in the form in which users are looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A user, or a service account by its user name.
    User(SmolStr),
    /// A group.
    Group(SmolStr),
}

impl Binding {
    /// Reads one; `namespace` is empty for a binding of the cluster. `slot` is the place of the role that it refers to.
    pub fn new(object: &Value, namespace: &str, slot: Arc<RoleSlot>) -> Self {
        let name = SmolStr::new(meta::of(object).name());
        let role = RoleRef::of(object);
        let (kind, shown) = match namespace {
            "" => ("ClusterRoleBinding", name.clone()),
            _ => ("RoleBinding", format_smolstr!("{name}/{namespace}")),
        };
        let source = format!(
            "RBAC: allowed by {kind} {shown:?} of {} {:?} to",
            role.kind, role.name
        );
        let subjects = object.list_at(&["subjects"]).iter();
        Self {
            subjects: subjects
                .filter_map(|subject| read_subject(subject, namespace, &source))
                .collect(),
            missing: missing(&role),
            role: slot,
            name,
        }
    }

    /// Whom it is for.
    pub fn subjects(&self) -> impl Iterator<Item = &Subject> {
        self.subjects.iter().map(|(subject, _)| subject)
    }

    /// Why it allows something to a user: the first of its subjects that the user is.
    pub fn reason(&self, user: &User) -> SmolStr {
        let of_user = self.subjects.iter().find(|(subject, _)| subject.is(user));
        of_user.map(|(_, reason)| reason.clone()).unwrap_or_default()
    }

    /// Complains that there is no such role.
    pub fn note_missing(&self, errors: &mut Vec<String>) {
        errors.push(self.missing.to_string());
    }
}

impl Subject {
    fn is(&self, user: &User) -> bool {
        match self {
            Subject::User(name) => user.name == *name,
            Subject::Group(name) => user.is_in(name),
        }
    }
}

fn missing(role: &RoleRef<'_>) -> SmolStr {
    match role.kind {
        "Role" => format_smolstr!("role.rbac.authorization.k8s.io {:?} not found", role.name),
        "ClusterRole" => format_smolstr!("clusterrole.rbac.authorization.k8s.io {:?} not found", role.name),
        other => format_smolstr!("unsupported role reference kind: {other:?}"),
    }
}

fn read_subject(subject: &Value, namespace: &str, source: &str) -> Option<(Subject, SmolStr)> {
    let text = |field: &str| subject.str_at(&[field]).unwrap_or_default();
    let (kind, name) = (text("kind"), text("name"));
    let reason = |shown: &str| format_smolstr!("{source} {kind} {shown:?}");
    match kind {
        "User" => Some((Subject::User(name.into()), reason(name))),
        "Group" => Some((Subject::Group(name.into()), reason(name))),
        "ServiceAccount" => {
            let namespace = Some(text("namespace"))
                .filter(|own| !own.is_empty())
                .unwrap_or(namespace);
            let user = format_smolstr!("system:serviceaccount:{namespace}:{name}");
            (!namespace.is_empty()).then(|| (Subject::User(user), reason(&format!("{name}/{namespace}"))))
        }
        _ => None,
    }
}
