//! What checks read, and the one writer that makes it. The writer knows objects by name; a snapshot only who holds what.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use object::meta;
use schema::Value;
use smol_str::SmolStr;

use super::Kind;
use super::binding::{Binding, RoleSlot};
use super::compiled::Rules;
use super::escalation::RoleRef;
use super::rule::Rule;
use super::scope::Scope;
use crate::User;

/// What checks read.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    cluster: Arc<Scope>,
    namespaces: Arc<HashMap<SmolStr, Arc<Scope>>>,
}

impl Snapshot {
    /// Visits what a user holds: first in the cluster, then in the namespace, until one gives something.
    pub fn visit<T>(
        &self,
        user: &User,
        namespace: &str,
        mut each: impl FnMut(&Binding) -> Option<T>,
    ) -> Option<T> {
        let found = self.cluster.visit(user, &mut each);
        if found.is_some() || namespace.is_empty() {
            return found;
        }
        self.namespaces.get(namespace)?.visit(user, each)
    }
}

/// See [`Writer::sweep_at`].
const SWEEP_AT_MIN: usize = 1_024;

/// Roles by namespace (empty for cluster roles) and name.
pub type Roles = HashMap<(SmolStr, SmolStr), Arc<RoleSlot>>;

/// Everything by name, and the snapshot to be published.
#[derive(Debug, Default)]
pub struct Writer {
    roles: Roles,
    /// With so many roles the places of roles that are not there, and that no binding has any more, are given up.
    sweep_at: usize,
    bindings: BTreeMap<SmolStr, BTreeMap<SmolStr, Arc<Binding>>>,
    published: Snapshot,
}

impl Writer {
    /// The present state.
    pub fn snapshot(&self) -> Snapshot {
        self.published.clone()
    }

    /// Puts all objects of a kind in place of those known.
    pub fn replace<'a>(&mut self, kind: Kind, objects: impl IntoIterator<Item = &'a Value>) {
        match kind {
            Kind::Role | Kind::ClusterRole => {
                let of_kind = |namespace: &SmolStr| namespace.is_empty() == (kind == Kind::ClusterRole);
                let mut gone: Roles = self
                    .roles
                    .iter()
                    .filter(|((namespace, _), _)| of_kind(namespace))
                    .map(clone_pair)
                    .collect();
                for object in objects {
                    gone.remove(&key(object));
                    self.put(kind, object);
                }
                gone.values().for_each(|slot| slot.set(None));
            }
            Kind::RoleBinding | Kind::ClusterRoleBinding => self.replace_bindings(kind, objects),
        }
    }

    /// Takes one in; says whether the snapshot changed.
    pub fn put(&mut self, kind: Kind, object: &Value) -> bool {
        let (namespace, name) = key(object);
        match kind {
            Kind::Role | Kind::ClusterRole => {
                self.slot(namespace, name)
                    .set(Some(Rules::new(Rule::all_of(object))));
                false
            }
            Kind::RoleBinding | Kind::ClusterRoleBinding => {
                let binding = self.binding(object, &namespace);
                let old = self
                    .bindings
                    .entry(namespace.clone())
                    .or_default()
                    .insert(name, binding.clone());
                self.publish(&namespace, |scope| {
                    if let Some(old) = &old {
                        scope.remove(old);
                    }
                    scope.add(&binding);
                });
                true
            }
        }
    }

    /// Forgets one; says whether the snapshot changed.
    pub fn remove(&mut self, kind: Kind, namespace: &str, name: &str) -> bool {
        match kind {
            Kind::Role | Kind::ClusterRole => {
                if let Some(slot) = self.roles.get(&(namespace.into(), name.into())) {
                    slot.set(None);
                }
                self.forget_unused(namespace, name);
                false
            }
            Kind::RoleBinding | Kind::ClusterRoleBinding => {
                let Some(of_namespace) = self.bindings.get_mut(namespace) else {
                    return false;
                };
                let Some(old) = of_namespace.remove(name) else {
                    return false;
                };
                if of_namespace.is_empty() {
                    self.bindings.remove(namespace);
                }
                self.publish(namespace, |scope| scope.remove(&old));
                true
            }
        }
    }

    /// The rules of the role that a binding in a namespace refers to.
    pub fn rules(&self, role: &RoleRef<'_>, namespace: &str) -> Option<Vec<Arc<Rule>>> {
        let slot = self.roles.get(&role_key(role, namespace))?;
        slot.rules().as_ref().map(|rules| rules.rules().to_vec())
    }

    fn replace_bindings<'a>(&mut self, kind: Kind, objects: impl IntoIterator<Item = &'a Value>) {
        let of_cluster = kind == Kind::ClusterRoleBinding;
        self.bindings
            .retain(|namespace, _| namespace.is_empty() != of_cluster);
        for object in objects {
            let (namespace, name) = key(object);
            let binding = self.binding(object, &namespace);
            self.bindings.entry(namespace).or_default().insert(name, binding);
        }
        let scope = |all: &BTreeMap<SmolStr, Arc<Binding>>| Arc::new(Scope::of(all.values()));
        if of_cluster {
            self.published.cluster = self.bindings.get("").map(scope).unwrap_or_default();
        } else {
            let namespaces = self
                .bindings
                .iter()
                .filter(|(namespace, _)| !namespace.is_empty());
            let scopes = namespaces
                .map(|(namespace, all)| (namespace.clone(), scope(all)))
                .collect();
            self.published.namespaces = Arc::new(scopes);
        }
    }

    fn publish(&mut self, namespace: &str, change: impl FnOnce(&mut Scope)) {
        if namespace.is_empty() {
            change(Arc::make_mut(&mut self.published.cluster));
            return;
        }
        let namespaces = Arc::make_mut(&mut self.published.namespaces);
        let scope = namespaces.entry(namespace.into()).or_default();
        change(Arc::make_mut(scope));
        if scope.is_empty() {
            namespaces.remove(namespace);
        }
    }

    fn binding(&mut self, object: &Value, namespace: &str) -> Arc<Binding> {
        let (of, name) = role_key(&RoleRef::of(object), namespace);
        Arc::new(Binding::new(object, namespace, self.slot(of, name)))
    }

    fn slot(&mut self, namespace: SmolStr, name: SmolStr) -> Arc<RoleSlot> {
        if self.roles.len() >= self.sweep_at {
            self.roles
                .retain(|_, slot| Arc::strong_count(slot) > 1 || slot.rules().is_some());
            self.sweep_at = SWEEP_AT_MIN.max(self.roles.len() * 2);
        }
        self.roles.entry((namespace, name)).or_default().clone()
    }

    /// A slot without a role is kept only as long as a binding has it.
    fn forget_unused(&mut self, namespace: &str, name: &str) {
        let key = (namespace.into(), name.into());
        if self
            .roles
            .get(&key)
            .is_some_and(|slot| Arc::strong_count(slot) == 1)
        {
            self.roles.remove(&key);
        }
    }
}

fn key(object: &Value) -> (SmolStr, SmolStr) {
    let meta = meta::of(object);
    (meta.namespace().into(), meta.name().into())
}

/// Where the role of a reference is; a kind that there is not is nowhere.
fn role_key(role: &RoleRef<'_>, namespace: &str) -> (SmolStr, SmolStr) {
    match role.kind {
        "Role" => (namespace.into(), role.name.into()),
        "ClusterRole" => (SmolStr::default(), role.name.into()),
        // Not a name that a namespace can have.
        other => (smol_str::format_smolstr!("/{other}"), role.name.into()),
    }
}

fn clone_pair((key, slot): (&(SmolStr, SmolStr), &Arc<RoleSlot>)) -> ((SmolStr, SmolStr), Arc<RoleSlot>) {
    (key.clone(), slot.clone())
}
