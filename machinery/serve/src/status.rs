//! `Status`: how every error reaches a client, with the codes, reasons and words that Kubernetes clients know.
//! It does not decide what is an error; handlers and inner layers do.

mod json_object;

use object::field;
use schema::{Map, Value, tree};
use std::fmt;

/// An answer of kind `Status` (meta/v1).
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// HTTP status code.
    pub code: u16,
    /// `Failure` or `Success`.
    pub success: bool,
    /// A word for machines, e.g. `NotFound`; may be empty.
    pub reason: &'static str,
    /// A sentence for people.
    pub message: String,
    /// What it is about; `None` leaves `details` out.
    pub details: Option<Box<Details>>,
}

/// What a status is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details {
    /// Name of the object.
    pub name: String,
    /// API group.
    pub group: String,
    /// Kind, or resource where the reference says the resource.
    pub kind: String,
    /// Uid of the object.
    pub uid: String,
    /// Single reasons.
    pub causes: Vec<Cause>,
    /// When to try again.
    pub retry_after_seconds: u32,
}

/// One reason of several.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cause {
    /// A word for machines.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
    /// The field's path.
    pub field: String,
}

/// Reasons that this module and its users give.
pub mod reason {
    #![allow(missing_docs)]
    pub const ALREADY_EXISTS: &str = "AlreadyExists";
    pub const BAD_REQUEST: &str = "BadRequest";
    pub const CONFLICT: &str = "Conflict";
    pub const EXPIRED: &str = "Expired";
    pub const FORBIDDEN: &str = "Forbidden";
    pub const GONE: &str = "Gone";
    pub const INTERNAL_ERROR: &str = "InternalError";
    pub const INVALID: &str = "Invalid";
    pub const METHOD_NOT_ALLOWED: &str = "MethodNotAllowed";
    pub const NOT_ACCEPTABLE: &str = "NotAcceptable";
    pub const NOT_FOUND: &str = "NotFound";
    pub const REQUEST_ENTITY_TOO_LARGE: &str = "RequestEntityTooLarge";
    pub const SERVER_TIMEOUT: &str = "ServerTimeout";
    pub const SERVICE_UNAVAILABLE: &str = "ServiceUnavailable";
    pub const STORE_READ_ERROR: &str = "StorageReadError";
    pub const TIMEOUT: &str = "Timeout";
    pub const TOO_MANY_REQUESTS: &str = "TooManyRequests";
    pub const UNAUTHORIZED: &str = "Unauthorized";
    pub const UNSUPPORTED_MEDIA_TYPE: &str = "UnsupportedMediaType";

    /// All of them, to find one by its text.
    pub(super) const ALL: &[&str] = &[
        ALREADY_EXISTS,
        BAD_REQUEST,
        CONFLICT,
        EXPIRED,
        FORBIDDEN,
        GONE,
        INTERNAL_ERROR,
        INVALID,
        METHOD_NOT_ALLOWED,
        NOT_ACCEPTABLE,
        NOT_FOUND,
        REQUEST_ENTITY_TOO_LARGE,
        SERVER_TIMEOUT,
        SERVICE_UNAVAILABLE,
        STORE_READ_ERROR,
        TIMEOUT,
        TOO_MANY_REQUESTS,
        UNAUTHORIZED,
        UNSUPPORTED_MEDIA_TYPE,
    ];
}

impl Status {
    /// A failure without details.
    pub fn failure(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            success: false,
            reason,
            message: message.into(),
            details: None,
        }
    }

    /// A success that tells nothing but that.
    pub fn success() -> Self {
        Self {
            code: 200,
            success: true,
            reason: "",
            message: String::new(),
            details: None,
        }
    }

    /// The same with details.
    pub fn with_details(self, details: Details) -> Self {
        Self {
            details: Some(Box::new(details)),
            ..self
        }
    }

    /// 404 for an object: `configmaps "x" not found`.
    pub fn not_found(group: &str, resource: &str, name: &str) -> Self {
        let message = format!("{} {name:?} not found", qualified(group, resource));
        Self::failure(404, reason::NOT_FOUND, message).with_details(about(group, resource, name))
    }

    /// 404 for a path below an API root that means nothing.
    pub fn unknown_resource() -> Self {
        Self::failure(
            404,
            reason::NOT_FOUND,
            "the server could not find the requested resource",
        )
        .with_details(Details::default())
    }

    /// 405.
    pub fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::failure(405, reason::METHOD_NOT_ALLOWED, message).with_details(Details::default())
    }

    /// 405 for a verb that a resource lacks.
    pub fn verb_not_supported(group: &str, resource: &str, verb: &str) -> Self {
        let message = format!(
            "{verb} is not supported on resources of kind \"{}\"",
            qualified(group, resource)
        );
        Self::failure(405, reason::METHOD_NOT_ALLOWED, message).with_details(about(group, resource, ""))
    }

    /// 409: the name is taken.
    pub fn already_exists(group: &str, resource: &str, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", qualified(group, resource));
        Self::failure(409, reason::ALREADY_EXISTS, message).with_details(about(group, resource, name))
    }

    /// 409: the object is not what the request takes it for.
    pub fn conflict(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} {name:?}: {why}",
            qualified(group, resource)
        );
        Self::failure(409, reason::CONFLICT, message).with_details(about(group, resource, name))
    }

    /// 422: fields that cannot be accepted.
    pub fn invalid(group: &str, kind: &str, name: &str, errors: &[field::Error]) -> Self {
        let listed = field::aggregate(errors).unwrap_or_else(|| "<nil>".to_owned());
        let message = format!("{} {name:?} is invalid: {listed}", qualified(group, kind));
        let mut details = about(group, kind, name);
        details.causes = errors.iter().map(Cause::from).collect();
        Self::failure(422, reason::INVALID, message).with_details(details)
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::failure(400, reason::BAD_REQUEST, message)
    }

    /// 401.
    pub fn unauthorized() -> Self {
        Self::failure(401, reason::UNAUTHORIZED, "Unauthorized")
    }

    /// 403 for an object: `pods "x" is forbidden: why`.
    pub fn forbidden(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let what = qualified(group, resource);
        let message = match (what.is_empty(), name.is_empty()) {
            (true, _) => format!("forbidden: {why}"),
            (false, true) => format!("{what} is forbidden: {why}"),
            (false, false) => format!("{what} {name:?} is forbidden: {why}"),
        };
        Self::failure(403, reason::FORBIDDEN, message).with_details(about(group, resource, name))
    }

    /// 403 for a path that is no resource: `forbidden: why`.
    pub fn forbidden_path(why: &str) -> Self {
        Self::forbidden("", "", "", why)
    }

    /// 406: no media type that the client takes.
    pub fn not_acceptable(media: &[&str]) -> Self {
        let message = format!(
            "only the following media types are accepted: {}",
            media.join(", ")
        );
        Self::failure(406, reason::NOT_ACCEPTABLE, message)
    }

    /// 410: the resource version is too old.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::failure(410, reason::EXPIRED, message)
    }

    /// 413.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::failure(413, reason::REQUEST_ENTITY_TOO_LARGE, message)
    }

    /// 415: a body in a media type that is not taken.
    pub fn unsupported_media_type(media: &[&str]) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {}",
            media.join(", ")
        );
        Self::failure(415, reason::UNSUPPORTED_MEDIA_TYPE, message)
    }

    /// 429, with when to try again.
    pub fn too_many_requests(message: impl Into<String>, retry_after_seconds: u32) -> Self {
        Self::failure(429, reason::TOO_MANY_REQUESTS, message).with_details(Details {
            retry_after_seconds,
            ..Details::default()
        })
    }

    /// 500. `why` is for the client too: it tells nothing secret.
    pub fn internal(why: &str) -> Self {
        let causes = vec![Cause {
            message: why.to_owned(),
            ..Cause::default()
        }];
        Self::failure(
            500,
            reason::INTERNAL_ERROR,
            format!("Internal error occurred: {why}"),
        )
        .with_details(Details {
            causes,
            ..Details::default()
        })
    }

    /// 504: not done in time.
    pub fn timeout(message: impl fmt::Display) -> Self {
        Self::failure(504, reason::TIMEOUT, format!("Timeout: {message}")).with_details(Details::default())
    }

    /// 504: a resource version that is not reached yet.
    pub fn too_large_resource_version(wanted: i64, current: i64) -> Self {
        let cause = Cause {
            reason: "ResourceVersionTooLarge".to_owned(),
            message: "Too large resource version".to_owned(),
            field: String::new(),
        };
        Self::timeout(format_args!(
            "Too large resource version: {wanted}, current: {current}"
        ))
        .with_details(Details {
            causes: vec![cause],
            retry_after_seconds: 1,
            ..Details::default()
        })
    }

    /// 503.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::failure(503, reason::SERVICE_UNAVAILABLE, message)
    }

    /// Whether the name was taken.
    pub fn is_already_exists(&self) -> bool {
        self.reason == reason::ALREADY_EXISTS
    }

    /// Whether there was no such object.
    pub fn is_not_found(&self) -> bool {
        self.reason == reason::NOT_FOUND
    }

    /// Whether somebody else wrote first.
    pub fn is_conflict(&self) -> bool {
        self.reason == reason::CONFLICT
    }

    /// As an API object.
    pub fn to_value(&self) -> Value {
        let mut value = Map::new();
        value.insert("apiVersion", "v1");
        value.insert("kind", "Status");
        value.insert("metadata", Map::new());
        value.insert("status", if self.success { "Success" } else { "Failure" });
        if !self.message.is_empty() {
            value.insert("message", self.message.as_str());
        }
        if !self.reason.is_empty() {
            value.insert("reason", self.reason);
        }
        if let Some(details) = &self.details {
            value.insert("details", details.to_value());
        }
        if self.shows_code() {
            value.insert("code", i64::from(self.code));
        }
        Value::Map(value)
    }

    /// As JSON, the way the reference writes it: fields in declaration order, one line.
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = self.to_compact_json();
        bytes.push(b'\n');
        bytes
    }

    /// As indented JSON: how the reference tells a client whose media types it does not have.
    pub fn to_pretty_json(&self) -> Vec<u8> {
        crate::pretty::indented(&self.to_compact_json())
    }

    fn to_compact_json(&self) -> Vec<u8> {
        let mut object = json_object::Writer::new();
        object
            .text("kind", "Status")
            .text("apiVersion", "v1")
            .raw("metadata", b"{}");
        object.text("status", if self.success { "Success" } else { "Failure" });
        object.text("message", &self.message).text("reason", self.reason);
        if let Some(details) = &self.details {
            object.raw("details", &details.to_json());
        }
        if self.shows_code() {
            object.number("code", u32::from(self.code));
        }
        object.finish()
    }

    /// A plain success has no code in it; one that tells of a creation has.
    fn shows_code(&self) -> bool {
        !self.success || self.code != 200
    }

    /// From an answer's body; what is no status becomes an internal error.
    pub fn from_value(value: &Value) -> Self {
        let text = |field: &str| value.str_at(&[field]).unwrap_or_default();
        let reason = reason::ALL
            .iter()
            .find(|known| **known == text("reason"))
            .copied()
            .unwrap_or("");
        let code = value
            .int_at(&["code"])
            .and_then(|code| u16::try_from(code).ok())
            .unwrap_or(500);
        let details = value.get("details").map(Details::from_value).map(Box::new);
        Self {
            success: text("status") == "Success",
            details,
            ..Self::failure(code, reason, text("message"))
        }
    }
}

impl Details {
    fn from_value(value: &Value) -> Self {
        let text = |field: &str| value.str_at(&[field]).unwrap_or_default().to_owned();
        let seconds = value
            .int_at(&["retryAfterSeconds"])
            .and_then(|seconds| u32::try_from(seconds).ok());
        Self {
            name: text("name"),
            group: text("group"),
            kind: text("kind"),
            uid: text("uid"),
            causes: value.list_at(&["causes"]).iter().map(Cause::from_value).collect(),
            retry_after_seconds: seconds.unwrap_or(0),
        }
    }

    fn to_json(&self) -> Vec<u8> {
        let mut object = json_object::Writer::new();
        object
            .text("name", &self.name)
            .text("group", &self.group)
            .text("kind", &self.kind)
            .text("uid", &self.uid);
        if !self.causes.is_empty() {
            object.list("causes", self.causes.iter().map(Cause::to_json));
        }
        object.number("retryAfterSeconds", self.retry_after_seconds);
        object.finish()
    }

    fn to_value(&self) -> Value {
        let mut value = Map::new();
        for (key, text) in [
            ("name", &self.name),
            ("group", &self.group),
            ("kind", &self.kind),
            ("uid", &self.uid),
        ] {
            if !text.is_empty() {
                value.insert(key, text.as_str());
            }
        }
        if !self.causes.is_empty() {
            value.insert(
                "causes",
                self.causes.iter().map(Cause::to_value).collect::<Vec<_>>(),
            );
        }
        if self.retry_after_seconds > 0 {
            value.insert("retryAfterSeconds", i64::from(self.retry_after_seconds));
        }
        Value::Map(value)
    }
}

impl Cause {
    fn from_value(value: &Value) -> Self {
        let text = |field: &str| value.str_at(&[field]).unwrap_or_default().to_owned();
        Self {
            reason: text("reason"),
            message: text("message"),
            field: text("field"),
        }
    }

    fn to_json(&self) -> Vec<u8> {
        let mut object = json_object::Writer::new();
        object
            .text("reason", &self.reason)
            .text("message", &self.message)
            .text("field", &self.field);
        object.finish()
    }

    fn to_value(&self) -> Value {
        let mut value = tree!({});
        if let Some(map) = value.as_map_mut() {
            for (key, text) in [
                ("reason", &self.reason),
                ("message", &self.message),
                ("field", &self.field),
            ] {
                if !text.is_empty() {
                    map.insert(key, text.as_str());
                }
            }
        }
        value
    }
}

impl From<&field::Error> for Cause {
    fn from(error: &field::Error) -> Self {
        Self {
            reason: error.kind.reason().to_owned(),
            message: error.body(),
            field: error.path.clone(),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}", self.message)
    }
}

impl std::error::Error for Status {}

fn about(group: &str, kind: &str, name: &str) -> Details {
    Details {
        name: name.to_owned(),
        group: group.to_owned(),
        kind: kind.to_owned(),
        ..Details::default()
    }
}

/// `deployments.apps`, or the bare word in the core group.
fn qualified(group: &str, what: &str) -> String {
    if group.is_empty() {
        what.to_owned()
    } else {
        format!("{what}.{group}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::json;

    #[test]
    fn texts_are_those_of_the_reference() {
        assert_eq!(
            Status::not_found("", "configmaps", "alpha").message,
            "configmaps \"alpha\" not found"
        );
        assert_eq!(
            Status::conflict("apps", "deployments", "a", "why").message,
            "Operation cannot be fulfilled on deployments.apps \"a\": why"
        );
        assert_eq!(
            Status::forbidden("", "pods", "", "no").message,
            "pods is forbidden: no"
        );
    }

    #[test]
    fn json_form_has_only_what_is_set() {
        let text = String::from_utf8(Status::unauthorized().to_json()).expect("JSON is UTF-8");
        assert_eq!(
            text,
            concat!(
                r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","#,
                r#""reason":"Unauthorized","code":401}"#,
                "\n"
            )
        );
    }

    #[test]
    fn details_stand_in_the_order_of_the_reference() {
        let text =
            String::from_utf8(Status::too_large_resource_version(9, 2).to_json()).expect("JSON is UTF-8");
        assert!(text.contains(concat!(
            r#""message":"Timeout: Too large resource version: 9, current: 2","reason":"Timeout","details":{"causes":"#,
            r#"[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1},"#,
            r#""code":504"#
        )));
        let empty = String::from_utf8(Status::method_not_allowed().to_json()).expect("JSON is UTF-8");
        assert!(empty.contains(r#""details":{},"code":405"#));
    }

    #[test]
    fn an_answer_read_back_is_the_same_error() {
        let status = Status::not_found("apps", "deployments", "a");
        let value = json::parse(&status.to_json()).expect("we wrote it");
        assert_eq!(Status::from_value(&value), status);
        assert_eq!(value, status.to_value());
    }
}
