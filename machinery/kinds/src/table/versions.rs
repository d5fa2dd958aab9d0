//! Kinds that tell what is served and stored: API services, storage versions, storage version migrations.

use schema::Value;

use super::row::{Row, first_of, or};
use super::{AGE, Column, NAME, field, string, text};

/// How many storage versions a cell shows.
const SHOWN_MAX: usize = 3;

pub(super) fn columns(kind: &str) -> Option<&'static [Column]> {
    Some(match kind {
        "APIService" => API_SERVICES,
        "StorageVersion" => STORAGE_VERSIONS,
        "StorageVersionMigration" => MIGRATIONS,
        _ => return None,
    })
}

const API_SERVICES: &[Column] = &[
    NAME,
    string(
        "Service",
        text("The reference to the service that hosts this API endpoint."),
        |row| {
            let Some(service) = row.object.at(&["spec", "service"]) else {
                return Value::from("Local");
            };
            let of = |field| service.str_at(&[field]).unwrap_or_default();
            Value::from(format!("{}/{}", of("namespace"), of("name")))
        },
    ),
    string("Available", text("Whether this service is available."), available),
    AGE,
];

const STORAGE_VERSIONS: &[Column] = &[
    NAME,
    string(
        "CommonEncodingVersion",
        field!(
            "apiserverinternal.v1alpha1.StorageVersionStatus",
            "commonEncodingVersion"
        ),
        |row| row.text_or(&["status", "commonEncodingVersion"], "<unset>"),
    ),
    string(
        "StorageVersions",
        field!(
            "apiserverinternal.v1alpha1.StorageVersionStatus",
            "storageVersions"
        ),
        |row| {
            let servers = row.list(&["status", "storageVersions"]).iter().map(|server| {
                let of = |field| server.str_at(&[field]).unwrap_or_default();
                format!("{}={}", of("apiServerID"), of("encodingVersion"))
            });
            or(first_of(servers, SHOWN_MAX, ","), "<unset>")
        },
    ),
    AGE,
];

const MIGRATIONS: &[Column] = &[
    NAME.format(""),
    string(
        "Resource",
        field!("storagemigration.v1beta1.StorageVersionMigrationSpec", "resource"),
        |row| {
            let resource = row.str(&["spec", "resource", "resource"]);
            match row.str(&["spec", "resource", "group"]) {
                "" => Value::from(resource),
                group => Value::from(format!("{resource}.{group}")),
            }
        },
    ),
    string(
        "Status",
        field!("storagemigration.v1beta1.StorageVersionMigration", "status"),
        |row| {
            let conditions = row.list(&["status", "conditions"]).iter();
            let holding = conditions.filter(|condition| condition.str_at(&["status"]) == Some("True"));
            let mut kinds = holding.filter_map(|condition| condition.str_at(&["type"]));
            let last = kinds.rfind(|kind| matches!(*kind, "Running" | "Succeeded" | "Failed"));
            Value::from(last.unwrap_or("Unknown"))
        },
    ),
];

fn available(row: &Row<'_>) -> Value {
    let Some(condition) = row.condition("Available") else {
        return Value::from("Unknown");
    };
    let of = |field| condition.str_at(&[field]).unwrap_or_default();
    match (of("status"), of("reason")) {
        (status @ "True", _) | (status, "") => Value::from(status),
        (status, reason) => Value::from(format!("{status} ({reason})")),
    }
}
