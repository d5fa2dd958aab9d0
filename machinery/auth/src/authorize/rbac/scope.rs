//! The bindings of one scope, the cluster or a namespace, found by whom they are for.

use std::collections::HashMap;
use std::sync::Arc;

use smol_str::SmolStr;

use super::binding::{Binding, Subject};
use crate::User;

type Index = HashMap<SmolStr, Arc<[Arc<Binding>]>>;

/// Bindings by subject. A clone shares the bindings and their lists.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    users: Index,
    groups: Index,
}

impl Scope {
    /// Of all bindings at once, in the order of their names.
    pub fn of<'a>(bindings: impl Iterator<Item = &'a Arc<Binding>>) -> Self {
        let (mut users, mut groups) = (HashMap::new(), HashMap::new());
        for binding in bindings {
            for subject in binding.subjects() {
                let (index, name) = match subject {
                    Subject::User(name) => (&mut users, name),
                    Subject::Group(name) => (&mut groups, name),
                };
                let list: &mut Vec<Arc<Binding>> = index.entry(name.clone()).or_default();
                if list.last().is_none_or(|last| !Arc::ptr_eq(last, binding)) {
                    list.push(binding.clone());
                }
            }
        }
        let share = |index: HashMap<SmolStr, Vec<Arc<Binding>>>| {
            index
                .into_iter()
                .map(|(name, list)| (name, list.into()))
                .collect()
        };
        Self {
            users: share(users),
            groups: share(groups),
        }
    }

    /// Adds a binding of a name that is not in it.
    pub fn add(&mut self, binding: &Arc<Binding>) {
        for subject in binding.subjects() {
            let (index, name) = self.index(subject);
            let list = index.entry(name.clone()).or_insert_with(|| Arc::new([]));
            let at = list.partition_point(|other| other.name < binding.name);
            if list.get(at).is_none_or(|other| !Arc::ptr_eq(other, binding)) {
                let (before, after) = list.split_at(at);
                *list = before.iter().chain([binding]).chain(after).cloned().collect();
            }
        }
    }

    /// Takes a binding out.
    pub fn remove(&mut self, binding: &Arc<Binding>) {
        for subject in binding.subjects() {
            let (index, name) = self.index(subject);
            let Some(list) = index.get_mut(name) else { continue };
            let rest: Arc<[_]> = list
                .iter()
                .filter(|other| !Arc::ptr_eq(other, binding))
                .cloned()
                .collect();
            match rest.is_empty() {
                true => drop(index.remove(name)),
                false => *list = rest,
            }
        }
    }

    /// Whether nobody is bound.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }

    /// Visits the bindings of a user and its groups until one gives something. One that the user has in several ways may be
    /// visited more than once.
    pub fn visit<T>(&self, user: &User, mut each: impl FnMut(&Binding) -> Option<T>) -> Option<T> {
        let of_user = self.users.get(&user.name).into_iter();
        let of_groups = user.groups.iter().filter_map(|group| self.groups.get(group));
        of_user
            .chain(of_groups)
            .flat_map(|list| list.iter())
            .find_map(|binding| each(binding))
    }

    fn index<'a>(&mut self, subject: &'a Subject) -> (&mut Index, &'a SmolStr) {
        match subject {
            Subject::User(name) => (&mut self.users, name),
            Subject::Group(name) => (&mut self.groups, name),
        }
    }
}
