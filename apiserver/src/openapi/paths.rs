//! The paths of a resource and of discovery, with all that can be done there. It does not know the OpenAPI format.

use kinds::{Resource, Subresource, Verb};
use schema::{TypeId, Types};

use super::names::{group_title, of_custom, tag, title};
use super::operation::{
    ANY_MEDIA, Body, GroupVersionKind, JSON_MEDIA, OBJECT_MEDIA, Operation, PATCH_MEDIA, PathItem,
    STREAM_MEDIA, Schema,
};
use super::parameter::{self, Parameter};

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";
/// Methods that a proxy takes, with the verb in their operation ids.
const PROXY_METHODS: [(&str, &str); 7] = [
    ("get", "Get"),
    ("put", "Put"),
    ("post", "Post"),
    ("delete", "Delete"),
    ("options", "Options"),
    ("head", "Head"),
    ("patch", "Patch"),
];

/// All paths of a resource.
pub fn of_resource(resource: &Resource) -> Vec<PathItem> {
    let writer = Writer { resource };
    let mut items = writer.objects();
    for subresource in &resource.subresources {
        items.extend(writer.subresource(subresource));
    }
    items.extend(writer.watches());
    items.retain(|item| !item.operations.is_empty());
    items
}

/// A discovery path: `GET` answers one object of a `meta/v1` type.
pub fn of_discovery(path: &str, id: String, tag: String, answer: &str, description: &str) -> PathItem {
    get_only(
        path,
        id,
        tag,
        Schema::Type(format!("{META}.{answer}")),
        description,
        OBJECT_MEDIA,
    )
}

/// A path with one `GET` outside the API groups.
pub fn of_plain(path: &str, id: &str, tag: &str, answer: Schema, description: &str) -> PathItem {
    get_only(
        path,
        id.to_owned(),
        tag.to_owned(),
        answer,
        description,
        JSON_MEDIA,
    )
}

fn get_only(
    path: &str,
    id: String,
    tag: String,
    answer: Schema,
    description: &str,
    produces: &'static [&'static str],
) -> PathItem {
    let operation = Operation {
        method: "get",
        id,
        description: description.to_owned(),
        action: None,
        kind: None,
        tag,
        parameters: Vec::new(),
        body: None,
        responses: vec![(200, answer)],
        produces,
    };
    PathItem {
        path: path.to_owned(),
        parameters: Vec::new(),
        operations: vec![operation],
    }
}

/// `/api/v1` or `/apis/<group>/<version>`.
pub fn root(group: &str, version: &str) -> String {
    if group.is_empty() {
        format!("/api/{version}")
    } else {
        format!("/apis/{group}/{version}")
    }
}

struct Writer<'a> {
    resource: &'a Resource,
}

impl Writer<'_> {
    /// The collection and the single object.
    fn objects(&self) -> Vec<PathItem> {
        let mut items = Vec::new();
        if self.resource.namespaced {
            let across = self.item(self.across("") + &self.resource.resource, false);
            items.push(with(across, [self.list("ForAllNamespaces")]));
        }
        let collection = self.item(
            self.scoped("") + &self.resource.resource,
            self.resource.namespaced,
        );
        items.push(with(
            collection,
            [self.list(""), self.create(), self.delete_collection()],
        ));
        let object = self.object_item("");
        items.push(with(
            object,
            [self.get(), self.update(), self.delete(), self.patch()],
        ));
        items
    }

    /// The deprecated paths below `/watch`.
    fn watches(&self) -> Vec<PathItem> {
        if !self.has(Verb::Watch) {
            return Vec::new();
        }
        let mut items = Vec::new();
        if self.resource.namespaced {
            let across = self.item(self.across("watch/") + &self.resource.resource, false);
            items.push(with(across, [self.watch("watchlist", "ListForAllNamespaces")]));
        }
        let collection = self.item(
            self.scoped("watch/") + &self.resource.resource,
            self.resource.namespaced,
        );
        items.push(with(collection, [self.watch("watchlist", "List")]));
        items.push(with(self.object_item("watch/"), [self.watch("watch", "")]));
        for item in &mut items {
            // Watches list their query parameters with the path.
            item.parameters.extend(parameter::LIST);
        }
        items
    }

    fn subresource(&self, subresource: &Subresource) -> Vec<PathItem> {
        let mut item = self.object_item("");
        item.path = format!("{}/{}", item.path, subresource.name);
        if subresource.name == "proxy" {
            return self.proxy(item, subresource);
        }
        let operations = subresource
            .verbs
            .iter()
            .filter_map(|verb| self.subresource_operation(subresource, verb))
            .collect();
        vec![PathItem { operations, ..item }]
    }

    fn subresource_operation(&self, subresource: &Subresource, verb: Verb) -> Option<Operation> {
        let name = title(&subresource.name);
        let connects = subresource.kind.ends_with("Options");
        let (method, action, id_verb) = match verb {
            Verb::Get if connects => ("get", "connect", "connectGet"),
            Verb::Create if connects => ("post", "connect", "connectPost"),
            Verb::Get => ("get", "get", "read"),
            Verb::Create => ("post", "post", "create"),
            Verb::Update => ("put", "put", "replace"),
            Verb::Patch => ("patch", "patch", "patch"),
            _ => return None,
        };
        let mut operation = self.operation(method, action, self.id(id_verb, &name));
        operation.kind = Some(GroupVersionKind {
            group: subresource.group.to_string(),
            version: subresource.version.to_string(),
            kind: subresource.kind.to_string(),
        });
        operation.description = format!(
            "{} {} of the specified {}",
            verb.as_str(),
            subresource.name,
            self.resource.kind
        );
        if connects {
            operation.responses = vec![(200, Schema::Text)];
            operation.produces = ANY_MEDIA;
            return Some(operation);
        }
        let schema = match subresource.type_id {
            TypeId::UNTYPED => self.type_name(),
            id => type_name(id),
        };
        match method {
            "get" if subresource.name == "log" => {
                operation.responses = vec![(200, Schema::Text)];
                operation.produces = &["text/plain", "application/json", "application/yaml"];
            }
            "get" => operation.responses = vec![(200, Schema::Type(schema))],
            "patch" => patch_of(&mut operation, schema),
            "put" => write_of(&mut operation, schema, &[200, 201]),
            _ => write_of(&mut operation, schema, &[200, 201, 202]),
        }
        Some(operation)
    }

    fn proxy(&self, item: PathItem, subresource: &Subresource) -> Vec<PathItem> {
        let mut below = item.clone();
        below.path += "/{path}";
        below.parameters.push(&parameter::PATH);
        [(item, "Proxy"), (below, "ProxyWithPath")]
            .into_iter()
            .map(|(item, suffix)| {
                let operations = PROXY_METHODS
                    .map(|(method, verb)| self.proxy_operation(subresource, method, verb, suffix));
                with(item, operations.map(Some))
            })
            .collect()
    }

    fn proxy_operation(
        &self,
        subresource: &Subresource,
        method: &'static str,
        verb: &str,
        suffix: &str,
    ) -> Operation {
        let mut operation = self.operation(method, "connect", self.id(&format!("connect{verb}"), suffix));
        operation.description = format!(
            "connect {} requests to the proxy of {}",
            method.to_uppercase(),
            self.resource.kind
        );
        operation.kind = Some(GroupVersionKind {
            group: subresource.group.to_string(),
            version: subresource.version.to_string(),
            kind: subresource.kind.to_string(),
        });
        operation.responses = vec![(200, Schema::Text)];
        operation.produces = ANY_MEDIA;
        operation
    }

    fn list(&self, suffix: &str) -> Option<Operation> {
        if !self.has(Verb::List) {
            return None;
        }
        let id = if suffix.is_empty() {
            self.id("list", "")
        } else {
            self.flat_id("list", suffix)
        };
        let mut operation = self.operation("get", "list", id);
        operation.description = format!("list or watch objects of kind {}", self.resource.kind);
        operation.parameters = parameter::LIST.to_vec();
        let list = match self.resource.custom {
            Some(_) => of_custom(self.resource, &self.resource.list_kind),
            None => type_name(self.resource.list_type_id?),
        };
        operation.responses = vec![(200, Schema::Type(list))];
        operation.produces = STREAM_MEDIA;
        Some(operation)
    }

    fn create(&self) -> Option<Operation> {
        let mut operation = self.verb(Verb::Create, "post", "post", "create")?;
        write_of(&mut operation, self.type_name(), &[200, 201, 202]);
        Some(operation)
    }

    fn delete_collection(&self) -> Option<Operation> {
        if !self.has(Verb::DeleteCollection) {
            return None;
        }
        // As clients know it: `deleteCoreV1CollectionNamespacedPod`.
        let scope = if self.resource.namespaced {
            "CollectionNamespaced"
        } else {
            "Collection"
        };
        let mut operation = self.operation("delete", "deletecollection", self.id_of("delete", scope, ""));
        operation.description = format!("delete collection of {}", self.resource.kind);
        operation.parameters = parameter::DELETE_COLLECTION.to_vec();
        delete_of(&mut operation, format!("{META}.Status"), &[200]);
        Some(operation)
    }

    fn get(&self) -> Option<Operation> {
        let mut operation = self.verb(Verb::Get, "get", "get", "read")?;
        operation.responses = vec![(200, Schema::Type(self.type_name()))];
        Some(operation)
    }

    fn update(&self) -> Option<Operation> {
        let mut operation = self.verb(Verb::Update, "put", "put", "replace")?;
        write_of(&mut operation, self.type_name(), &[200, 201]);
        Some(operation)
    }

    fn delete(&self) -> Option<Operation> {
        let mut operation = self.verb(Verb::Delete, "delete", "delete", "delete")?;
        operation.parameters = parameter::DELETE.to_vec();
        delete_of(&mut operation, self.delete_answer(), &[200, 202]);
        Some(operation)
    }

    fn patch(&self) -> Option<Operation> {
        let mut operation = self.verb(Verb::Patch, "patch", "patch", "patch")?;
        patch_of(&mut operation, self.type_name());
        Some(operation)
    }

    fn watch(&self, action: &'static str, suffix: &str) -> Option<Operation> {
        let id = match suffix {
            "ListForAllNamespaces" => self.flat_id("watch", suffix),
            suffix => self.id("watch", "") + suffix,
        };
        let mut operation = self.operation("get", action, id);
        operation.description = format!(
            "watch {}; deprecated: use the watch parameter with a list",
            self.resource.kind
        );
        operation.responses = vec![(200, Schema::Type(format!("{META}.WatchEvent")))];
        operation.produces = STREAM_MEDIA;
        Some(operation)
    }

    fn verb(
        &self,
        verb: Verb,
        method: &'static str,
        action: &'static str,
        id_verb: &str,
    ) -> Option<Operation> {
        self.has(verb).then(|| {
            let mut operation = self.operation(method, action, self.id(id_verb, ""));
            operation.description = format!("{} a {}", verb.as_str(), self.resource.kind);
            operation
        })
    }

    fn operation(&self, method: &'static str, action: &'static str, id: String) -> Operation {
        Operation {
            method,
            id,
            description: String::new(),
            action: Some(action),
            kind: Some(GroupVersionKind {
                group: self.resource.group.to_string(),
                version: self.resource.version.to_string(),
                kind: self.resource.kind.to_string(),
            }),
            tag: tag(&self.resource.group, &self.resource.version),
            parameters: Vec::new(),
            body: None,
            responses: Vec::new(),
            produces: OBJECT_MEDIA,
        }
    }

    /// The reference answers a delete with the object for these few and with a Status for all others.
    fn delete_answer(&self) -> String {
        const OBJECT: [&str; 8] = [
            "persistentvolumeclaims",
            "persistentvolumes",
            "pods",
            "podtemplates",
            "resourcequotas",
            "serviceaccounts",
            "services",
            "storageclasses",
        ];
        if OBJECT.contains(&self.resource.resource.as_str()) || self.resource.group == "storage.k8s.io" {
            self.type_name()
        } else {
            format!("{META}.Status")
        }
    }

    fn type_name(&self) -> String {
        match self.resource.custom {
            Some(_) => of_custom(self.resource, &self.resource.kind),
            None => type_name(self.resource.type_id),
        }
    }

    fn has(&self, verb: Verb) -> bool {
        self.resource.verbs.contains(verb)
    }

    /// `readCoreV1NamespacedPodStatus`.
    fn id(&self, verb: &str, suffix: &str) -> String {
        let scope = if self.resource.namespaced {
            "Namespaced"
        } else {
            ""
        };
        self.id_of(verb, scope, suffix)
    }

    /// `listCoreV1PodForAllNamespaces`.
    fn flat_id(&self, verb: &str, suffix: &str) -> String {
        self.id_of(verb, "", suffix)
    }

    fn id_of(&self, verb: &str, scope: &str, suffix: &str) -> String {
        let group = group_title(&self.resource.group);
        format!(
            "{verb}{group}{}{scope}{}{suffix}",
            title(&self.resource.version),
            self.resource.kind
        )
    }

    fn across(&self, watch: &str) -> String {
        format!("{}/{watch}", root(&self.resource.group, &self.resource.version))
    }

    fn scoped(&self, watch: &str) -> String {
        let namespace = if self.resource.namespaced {
            "namespaces/{namespace}/"
        } else {
            ""
        };
        self.across(watch) + namespace
    }

    fn object_item(&self, watch: &str) -> PathItem {
        let path = format!("{}{}/{{name}}", self.scoped(watch), self.resource.resource);
        let mut item = self.item(path, self.resource.namespaced);
        item.parameters.insert(0, &parameter::NAME);
        item
    }

    fn item(&self, path: String, namespaced: bool) -> PathItem {
        let mut parameters: Vec<&'static Parameter> = Vec::new();
        if namespaced {
            parameters.push(&parameter::NAMESPACE);
        }
        parameters.push(&parameter::PRETTY);
        PathItem {
            path,
            parameters,
            operations: Vec::new(),
        }
    }
}

fn type_name(id: TypeId) -> String {
    Types::builtin().get(id).name.to_string()
}

fn with<const N: usize>(mut item: PathItem, operations: [Option<Operation>; N]) -> PathItem {
    item.operations = operations.into_iter().flatten().collect();
    item
}

fn write_of(operation: &mut Operation, schema: String, codes: &[u16]) {
    operation.parameters = parameter::WRITE.to_vec();
    operation.responses = codes
        .iter()
        .map(|code| (*code, Schema::Type(schema.clone())))
        .collect();
    operation.body = Some(Body {
        schema,
        required: true,
        consumes: ANY_MEDIA,
    });
}

fn patch_of(operation: &mut Operation, schema: String) {
    operation.parameters = parameter::PATCH.to_vec();
    operation.responses = [200, 201]
        .map(|code| (code, Schema::Type(schema.clone())))
        .to_vec();
    operation.body = Some(Body {
        schema: format!("{META}.Patch"),
        required: true,
        consumes: PATCH_MEDIA,
    });
}

fn delete_of(operation: &mut Operation, answer: String, codes: &[u16]) {
    operation.responses = codes
        .iter()
        .map(|code| (*code, Schema::Type(answer.clone())))
        .collect();
    operation.body = Some(Body {
        schema: format!("{META}.DeleteOptions"),
        required: false,
        consumes: ANY_MEDIA,
    });
}
