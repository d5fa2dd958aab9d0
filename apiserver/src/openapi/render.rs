//! Writes path items as OpenAPI version 2 and 3. It knows the formats and nothing of resources.

use schema::openapi::Version;
use schema::{Map, Value, tree};

use super::operation::{GroupVersionKind, Operation, PathItem, Schema};
use super::parameter::Parameter;

/// The document's `paths`.
pub fn paths(items: &[PathItem], version: Version) -> Value {
    let mut paths = Map::with_capacity(items.len());
    for item in items {
        let mut at_path = Map::new();
        for operation in &item.operations {
            at_path.insert(operation.method, operation_value(operation, version));
        }
        if !item.parameters.is_empty() {
            at_path.insert("parameters", parameters(&item.parameters, version));
        }
        paths.insert(item.path.as_str(), at_path);
    }
    Value::Map(paths)
}

fn operation_value(operation: &Operation, version: Version) -> Value {
    let mut value = Map::new();
    value.insert("description", operation.description.as_str());
    value.insert("operationId", operation.id.as_str());
    value.insert("tags", vec![Value::from(operation.tag.as_str())]);
    value.insert("responses", responses(operation, version));
    let mut listed = parameters(&operation.parameters, version);
    match version {
        Version::V2 => body_v2(operation, &mut value, &mut listed),
        Version::V3 => body_v3(operation, &mut value),
    }
    if !listed.is_zero() {
        value.insert("parameters", listed);
    }
    if let Some(action) = operation.action {
        value.insert("x-kubernetes-action", action);
    }
    if let Some(kind) = &operation.kind {
        value.insert("x-kubernetes-group-version-kind", group_version_kind(kind));
    }
    Value::Map(value)
}

fn body_v2(operation: &Operation, value: &mut Map, listed: &mut Value) {
    value.insert("schemes", tree!(["https"]));
    value.insert("produces", texts(operation.produces));
    if let Some(body) = &operation.body {
        value.insert("consumes", texts(body.consumes));
        let mut parameter = Map::new();
        parameter.insert("in", "body");
        parameter.insert("name", "body");
        parameter.insert("schema", Version::V2.reference(&body.schema));
        if body.required {
            parameter.insert("required", true);
        }
        if let Some(list) = listed.as_list_mut() {
            list.push(Value::Map(parameter));
        }
    }
}

fn body_v3(operation: &Operation, value: &mut Map) {
    if let Some(body) = &operation.body {
        let content = content(body.consumes, &Version::V3.reference(&body.schema));
        let mut request = Map::new();
        request.insert("content", content);
        if body.required {
            request.insert("required", true);
        }
        value.insert("requestBody", request);
    }
}

fn responses(operation: &Operation, version: Version) -> Value {
    let mut responses = Map::new();
    for (code, schema) in &operation.responses {
        let schema = match schema {
            Schema::Type(name) => version.reference(name),
            Schema::Text => tree!({"type": "string"}),
        };
        let mut response = Map::new();
        response.insert("description", reason(*code));
        match version {
            Version::V2 => response.insert("schema", schema),
            Version::V3 => response.insert("content", content(operation.produces, &schema)),
        };
        responses.insert(code.to_string(), response);
    }
    responses.insert("401", tree!({"description": "Unauthorized"}));
    Value::Map(responses)
}

fn reason(code: u16) -> &'static str {
    match code {
        201 => "Created",
        202 => "Accepted",
        _ => "OK",
    }
}

fn content(media: &[&str], schema: &Value) -> Value {
    media
        .iter()
        .map(|media| ((*media).into(), tree!({"schema": (schema.clone())})))
        .collect::<Map>()
        .into()
}

fn parameters(parameters: &[&'static Parameter], version: Version) -> Value {
    Value::List(
        parameters
            .iter()
            .map(|parameter| parameter_value(parameter, version))
            .collect(),
    )
}

fn parameter_value(parameter: &Parameter, version: Version) -> Value {
    let mut value = Map::new();
    value.insert("description", parameter.description);
    value.insert("in", parameter.place);
    value.insert("name", parameter.name);
    if parameter.place == "path" {
        value.insert("required", true);
    }
    match version {
        Version::V2 => {
            value.insert("type", parameter.kind);
            value.insert("uniqueItems", true);
        }
        Version::V3 => {
            value.insert("schema", tree!({"type": (parameter.kind), "uniqueItems": true}));
        }
    }
    Value::Map(value)
}

fn group_version_kind(kind: &GroupVersionKind) -> Value {
    tree!({"group": (kind.group.as_str()), "kind": (kind.kind.as_str()), "version": (kind.version.as_str())})
}

fn texts(list: &[&str]) -> Value {
    Value::List(list.iter().map(|text| Value::from(*text)).collect())
}
