//! The messages of OpenAPI version 3 (gnostic's `openapi.v3`), as far as this server's documents use them.

use schema::Value;

use super::Form::{Any, Anys, Each, One, Texts};
use super::{Choice, EMPTY, Field, Message, Scalar, double, flag, int, is_reference, text};

/// A whole document.
pub static DOCUMENT: Message = Message {
    fields: &[
        text(1, "openapi"),
        Field(2, "info", One(&INFO)),
        Field(4, "paths", One(&PATHS)),
        Field(5, "components", One(&COMPONENTS)),
        Field(6, "security", Each(&REQUIREMENT)),
    ],
    extensions: 9,
    ..EMPTY
};

static INFO: Message = Message {
    fields: &[text(1, "title"), text(2, "description"), text(6, "version")],
    extensions: 7,
    ..EMPTY
};

static PATHS: Message = Message {
    extensions: 2,
    entries: Some((1, &PATH_ITEM)),
    ..EMPTY
};

static PATH_ITEM: Message = Message {
    fields: &[
        text(2, "summary"),
        text(3, "description"),
        Field(4, "get", One(&OPERATION)),
        Field(5, "put", One(&OPERATION)),
        Field(6, "post", One(&OPERATION)),
        Field(7, "delete", One(&OPERATION)),
        Field(8, "options", One(&OPERATION)),
        Field(9, "head", One(&OPERATION)),
        Field(10, "patch", One(&OPERATION)),
        Field(13, "parameters", Each(&PARAMETER)),
    ],
    extensions: 14,
    ..EMPTY
};

static OPERATION: Message = Message {
    fields: &[
        Field(1, "tags", Texts),
        text(2, "summary"),
        text(3, "description"),
        text(5, "operationId"),
        Field(6, "parameters", Each(&PARAMETER)),
        Field(7, "requestBody", One(&REQUEST_BODY)),
        Field(8, "responses", One(&RESPONSES)),
        flag(10, "deprecated"),
        Field(11, "security", Each(&REQUIREMENT)),
    ],
    extensions: 13,
    ..EMPTY
};

static REFERENCE: Message = Message {
    fields: &[text(1, "$ref"), text(3, "description")],
    ..EMPTY
};

/// A reference, or what could be referred to.
macro_rules! or_reference {
    ($name:ident, $itself:ident) => {
        static $name: Message = Message {
            choose: Some(|value| match is_reference(value) {
                true => Choice::Within(&[2], &REFERENCE),
                false => Choice::Within(&[1], &$itself),
            }),
            ..EMPTY
        };
    };
}

or_reference!(PARAMETER, PARAMETER_ITSELF);
or_reference!(REQUEST_BODY, REQUEST_BODY_ITSELF);
or_reference!(RESPONSE, RESPONSE_ITSELF);
or_reference!(SCHEMA, SCHEMA_ITSELF);
or_reference!(SCHEME, SCHEME_ITSELF);

static PARAMETER_ITSELF: Message = Message {
    fields: &[
        text(1, "name"),
        text(2, "in"),
        text(3, "description"),
        flag(4, "required"),
        flag(5, "deprecated"),
        flag(6, "allowEmptyValue"),
        Field(10, "schema", One(&SCHEMA)),
        Field(13, "content", One(&CONTENT)),
    ],
    extensions: 14,
    ..EMPTY
};

static REQUEST_BODY_ITSELF: Message = Message {
    fields: &[
        text(1, "description"),
        Field(2, "content", One(&CONTENT)),
        flag(3, "required"),
    ],
    extensions: 4,
    ..EMPTY
};

static CONTENT: Message = Message {
    entries: Some((1, &MEDIA_TYPE)),
    ..EMPTY
};

static MEDIA_TYPE: Message = Message {
    fields: &[Field(1, "schema", One(&SCHEMA)), Field(2, "example", Any)],
    extensions: 5,
    ..EMPTY
};

static RESPONSES: Message = Message {
    fields: &[Field(1, "default", One(&RESPONSE))],
    extensions: 3,
    entries: Some((2, &RESPONSE)),
    ..EMPTY
};

static RESPONSE_ITSELF: Message = Message {
    fields: &[text(1, "description"), Field(3, "content", One(&CONTENT))],
    extensions: 5,
    ..EMPTY
};

static COMPONENTS: Message = Message {
    fields: &[
        Field(1, "schemas", One(&SCHEMAS)),
        Field(7, "securitySchemes", One(&SCHEMES)),
    ],
    extensions: 10,
    ..EMPTY
};

static SCHEMAS: Message = Message {
    entries: Some((1, &SCHEMA)),
    ..EMPTY
};

static SCHEMA_ITSELF: Message = Message {
    fields: &[
        flag(1, "nullable"),
        flag(3, "readOnly"),
        flag(4, "writeOnly"),
        Field(7, "example", Any),
        flag(8, "deprecated"),
        text(9, "title"),
        double(10, "multipleOf"),
        double(11, "maximum"),
        flag(12, "exclusiveMaximum"),
        double(13, "minimum"),
        flag(14, "exclusiveMinimum"),
        int(15, "maxLength"),
        int(16, "minLength"),
        text(17, "pattern"),
        int(18, "maxItems"),
        int(19, "minItems"),
        flag(20, "uniqueItems"),
        int(21, "maxProperties"),
        int(22, "minProperties"),
        Field(23, "required", Texts),
        Field(24, "enum", Anys),
        text(25, "type"),
        Field(26, "allOf", Each(&SCHEMA)),
        Field(27, "oneOf", Each(&SCHEMA)),
        Field(28, "anyOf", Each(&SCHEMA)),
        Field(29, "not", One(&SCHEMA_ITSELF)),
        Field(30, "items", One(&ITEMS)),
        Field(31, "properties", One(&SCHEMAS)),
        Field(32, "additionalProperties", One(&MORE_PROPERTIES)),
        Field(33, "default", One(&DEFAULT)),
        text(34, "description"),
        text(35, "format"),
    ],
    extensions: 36,
    ..EMPTY
};

static ITEMS: Message = Message {
    choose: Some(|_| Choice::Within(&[1], &SCHEMA)),
    ..EMPTY
};

static MORE_PROPERTIES: Message = Message {
    choose: Some(|value| match value {
        Value::Bool(_) => Choice::Scalar(2, Scalar::Flag),
        _ => Choice::Within(&[1], &SCHEMA),
    }),
    ..EMPTY
};

/// Objects and lists have no form there.
static DEFAULT: Message = Message {
    choose: Some(|value| match value {
        Value::Int(_) | Value::Float(_) => Choice::Scalar(1, Scalar::Double),
        Value::Bool(_) => Choice::Scalar(2, Scalar::Flag),
        Value::String(_) => Choice::Scalar(3, Scalar::Text),
        _ => Choice::None,
    }),
    ..EMPTY
};

static TEXTS: Message = Message { texts: 1, ..EMPTY };

static REQUIREMENT: Message = Message {
    entries: Some((1, &TEXTS)),
    ..EMPTY
};

static SCHEMES: Message = Message {
    entries: Some((1, &SCHEME)),
    ..EMPTY
};

static SCHEME_ITSELF: Message = Message {
    fields: &[
        text(1, "type"),
        text(2, "description"),
        text(3, "name"),
        text(4, "in"),
        text(5, "scheme"),
    ],
    extensions: 9,
    ..EMPTY
};
