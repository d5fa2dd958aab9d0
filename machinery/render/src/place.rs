//! What a path of the API names, and which verb a method means there. Whether the user may, and who answers, is not known here.

use http::Method;
use kinds::{Resource, Verb};
use serve::request_info::RequestInfo;

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A collection.
    Collection,
    /// The collection in all namespaces.
    AllNamespaces,
    /// One object.
    Object,
    /// A part of one.
    Subresource,
}

impl Place {
    /// `None` when the resource has no such path.
    pub fn of(info: &RequestInfo, resource: &Resource) -> Option<Self> {
        let is_namespace = resource.group.is_empty() && resource.resource == "namespaces";
        let in_namespace = !info.namespace.is_empty() && !is_namespace;
        if in_namespace && !resource.namespaced {
            return None;
        }
        let has = |verbs: &[Verb]| verbs.iter().any(|verb| resource.verbs.contains(*verb));
        match info.parts.len() {
            1 if resource.namespaced && !in_namespace => (resource.verbs.contains(Verb::List)
                || resource.verbs.contains(Verb::Create))
            .then_some(Place::AllNamespaces),
            1 => has(&[Verb::List, Verb::Create, Verb::DeleteCollection]).then_some(Place::Collection),
            _ if resource.namespaced && !in_namespace => None,
            2 => has(&[Verb::Get, Verb::Update, Verb::Patch, Verb::Delete]).then_some(Place::Object),
            3 => resource
                .subresource(&info.subresource)
                .map(|_| Place::Subresource),
            _ if info.subresource == "proxy" => resource.subresource("proxy").map(|_| Place::Subresource),
            _ => None,
        }
    }

    /// `None` when the method is not allowed there.
    pub fn verb(self, method: &Method, info: &RequestInfo, resource: &Resource) -> Option<Verb> {
        if info.watch_path {
            return (method == Method::GET && self != Place::Subresource).then_some(Verb::Watch);
        }
        let verb = match (self, method.as_str()) {
            (Place::Collection | Place::AllNamespaces, "GET") if info.verb == "watch" => Verb::Watch,
            (Place::Collection | Place::AllNamespaces, "GET") => Verb::List,
            (Place::Collection, "POST") => Verb::Create,
            (Place::Collection, "DELETE") => Verb::DeleteCollection,
            (Place::Object | Place::Subresource, "GET") => Verb::Get,
            (Place::Object | Place::Subresource, "PUT") => Verb::Update,
            (Place::Object | Place::Subresource, "PATCH") => Verb::Patch,
            (Place::Object | Place::Subresource, "DELETE") => Verb::Delete,
            (Place::Subresource, "POST") => Verb::Create,
            _ => return None,
        };
        let verbs = match self {
            Place::Subresource => resource.subresource(&info.subresource)?.verbs,
            _ => resource.verbs,
        };
        verbs.contains(verb).then_some(verb)
    }
}
