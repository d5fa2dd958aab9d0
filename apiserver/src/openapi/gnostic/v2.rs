//! The messages of OpenAPI version 2 (gnostic's `openapi.v2`), as far as this server's documents use them.

use schema::Value;

use super::Form::{Any, Anys, Each, One, Texts};
use super::{Choice, EMPTY, Field, Message, Scalar, double, flag, int, is_reference, text};

/// A whole document.
pub static DOCUMENT: Message = Message {
    fields: &[
        text(1, "swagger"),
        Field(2, "info", One(&INFO)),
        text(3, "host"),
        text(4, "basePath"),
        Field(5, "schemes", Texts),
        Field(6, "consumes", Texts),
        Field(7, "produces", Texts),
        Field(8, "paths", One(&PATHS)),
        Field(9, "definitions", One(&SCHEMAS)),
        Field(12, "security", Each(&REQUIREMENT)),
        Field(13, "securityDefinitions", One(&SECURITY)),
    ],
    extensions: 16,
    ..EMPTY
};

static INFO: Message = Message {
    fields: &[text(1, "title"), text(2, "version"), text(3, "description")],
    extensions: 7,
    ..EMPTY
};

static PATHS: Message = Message {
    extensions: 1,
    entries: Some((2, &PATH_ITEM)),
    ..EMPTY
};

static PATH_ITEM: Message = Message {
    fields: &[
        Field(2, "get", One(&OPERATION)),
        Field(3, "put", One(&OPERATION)),
        Field(4, "post", One(&OPERATION)),
        Field(5, "delete", One(&OPERATION)),
        Field(6, "options", One(&OPERATION)),
        Field(7, "head", One(&OPERATION)),
        Field(8, "patch", One(&OPERATION)),
        Field(9, "parameters", Each(&PARAMETER)),
    ],
    extensions: 10,
    ..EMPTY
};

static OPERATION: Message = Message {
    fields: &[
        Field(1, "tags", Texts),
        text(2, "summary"),
        text(3, "description"),
        text(5, "operationId"),
        Field(6, "produces", Texts),
        Field(7, "consumes", Texts),
        Field(8, "parameters", Each(&PARAMETER)),
        Field(9, "responses", One(&RESPONSES)),
        Field(10, "schemes", Texts),
        flag(11, "deprecated"),
        Field(12, "security", Each(&REQUIREMENT)),
    ],
    extensions: 13,
    ..EMPTY
};

static PARAMETER: Message = Message {
    choose: Some(parameter),
    ..EMPTY
};

/// A reference, or a parameter by where it is: in the body or elsewhere.
fn parameter(value: &Value) -> Choice {
    if is_reference(value) {
        return Choice::Within(&[2], &REFERENCE);
    }
    match value.str_at(&["in"]) {
        Some("body") => Choice::Within(&[1, 1], &BODY_PARAMETER),
        Some("header") => Choice::Within(&[1, 2, 1], &OTHER_PARAMETER),
        Some("query") => Choice::Within(&[1, 2, 3], &QUERY_PARAMETER),
        Some("path") => Choice::Within(&[1, 2, 4], &OTHER_PARAMETER),
        _ => Choice::None,
    }
}

static REFERENCE: Message = Message {
    fields: &[text(1, "$ref"), text(2, "description")],
    ..EMPTY
};

static BODY_PARAMETER: Message = Message {
    fields: &[
        text(1, "description"),
        text(2, "name"),
        text(3, "in"),
        flag(4, "required"),
        Field(5, "schema", One(&SCHEMA)),
    ],
    extensions: 6,
    ..EMPTY
};

static QUERY_PARAMETER: Message = Message {
    fields: &[
        flag(1, "required"),
        text(2, "in"),
        text(3, "description"),
        text(4, "name"),
        flag(5, "allowEmptyValue"),
        text(6, "type"),
        text(7, "format"),
        Field(10, "default", Any),
        flag(20, "uniqueItems"),
    ],
    extensions: 23,
    ..EMPTY
};

static OTHER_PARAMETER: Message = Message {
    fields: &[
        flag(1, "required"),
        text(2, "in"),
        text(3, "description"),
        text(4, "name"),
        text(5, "type"),
        text(6, "format"),
        Field(9, "default", Any),
        flag(19, "uniqueItems"),
    ],
    extensions: 22,
    ..EMPTY
};

static RESPONSES: Message = Message {
    extensions: 2,
    entries: Some((1, &RESPONSE)),
    ..EMPTY
};

static RESPONSE: Message = Message {
    choose: Some(|value| match is_reference(value) {
        true => Choice::Within(&[2], &REFERENCE),
        false => Choice::Within(&[1], &RESPONSE_ITSELF),
    }),
    ..EMPTY
};

static RESPONSE_ITSELF: Message = Message {
    fields: &[text(1, "description"), Field(2, "schema", One(&WRAPPED_SCHEMA))],
    extensions: 5,
    ..EMPTY
};

/// A schema as the first of one or several.
static WRAPPED_SCHEMA: Message = Message {
    choose: Some(|_| Choice::Within(&[1], &SCHEMA)),
    ..EMPTY
};

static SCHEMAS: Message = Message {
    entries: Some((1, &SCHEMA)),
    ..EMPTY
};

static SCHEMA: Message = Message {
    fields: &[
        text(1, "$ref"),
        text(2, "format"),
        text(3, "title"),
        text(4, "description"),
        Field(5, "default", Any),
        double(6, "multipleOf"),
        double(7, "maximum"),
        flag(8, "exclusiveMaximum"),
        double(9, "minimum"),
        flag(10, "exclusiveMinimum"),
        int(11, "maxLength"),
        int(12, "minLength"),
        text(13, "pattern"),
        int(14, "maxItems"),
        int(15, "minItems"),
        flag(16, "uniqueItems"),
        int(17, "maxProperties"),
        int(18, "minProperties"),
        Field(19, "required", Texts),
        Field(20, "enum", Anys),
        Field(21, "additionalProperties", One(&MORE_PROPERTIES)),
        Field(22, "type", One(&TEXTS)),
        Field(23, "items", One(&WRAPPED_SCHEMA)),
        Field(24, "allOf", Each(&SCHEMA)),
        Field(25, "properties", One(&SCHEMAS)),
        flag(27, "readOnly"),
        Field(30, "example", Any),
    ],
    extensions: 31,
    ..EMPTY
};

static MORE_PROPERTIES: Message = Message {
    choose: Some(|value| match value {
        Value::Bool(_) => Choice::Scalar(2, Scalar::Flag),
        _ => Choice::Within(&[1], &SCHEMA),
    }),
    ..EMPTY
};

static TEXTS: Message = Message { texts: 1, ..EMPTY };

static REQUIREMENT: Message = Message {
    entries: Some((1, &TEXTS)),
    ..EMPTY
};

static SECURITY: Message = Message {
    entries: Some((1, &SECURITY_ITEM)),
    ..EMPTY
};

static SECURITY_ITEM: Message = Message {
    choose: Some(|value| match value.str_at(&["type"]) {
        Some("apiKey") => Choice::Within(&[2], &API_KEY),
        _ => Choice::None,
    }),
    ..EMPTY
};

static API_KEY: Message = Message {
    fields: &[
        text(1, "type"),
        text(2, "name"),
        text(3, "in"),
        text(4, "description"),
    ],
    extensions: 5,
    ..EMPTY
};
