//! `/version`: what the server says it is. Clients choose behaviour by the minor version.

use crate::http::{Response, json_response};

/// The Kubernetes minor version that is served.
pub const MINOR: &str = "36";
/// As `kubectl version` prints it: the API's version, and what serves it.
pub const GIT_VERSION: &str = concat!("v1.36.0+shardplane.", env!("CARGO_PKG_VERSION"));

/// When it was built: not told, so that the same sources give the same binary.
pub const BUILD_DATE: &str = "1970-01-01T00:00:00Z";
/// What stands where clients look for Go's version.
pub const GO_VERSION: &str = "none (Rust)";
/// What built it.
pub const COMPILER: &str = "rustc";

/// The answer: an indented object, as the reference writes it.
pub fn answer() -> Response {
    let platform = platform();
    let fields = [
        ("major", "1"),
        ("minor", MINOR),
        ("emulationMajor", "1"),
        ("emulationMinor", MINOR),
        ("minCompatibilityMajor", "1"),
        ("minCompatibilityMinor", "35"),
        ("gitVersion", GIT_VERSION),
        ("gitCommit", ""),
        ("gitTreeState", ""),
        ("buildDate", BUILD_DATE),
        ("goVersion", GO_VERSION),
        ("compiler", COMPILER),
        ("platform", platform.as_str()),
    ];
    let lines: Vec<String> = fields
        .iter()
        .map(|(key, value)| format!("  \"{key}\": \"{value}\""))
        .collect();
    json_response(http::StatusCode::OK, format!("{{\n{}\n}}", lines.join(",\n")))
}

/// System and architecture, as Go names them.
pub fn platform() -> String {
    format!("{}/{}", std::env::consts::OS, architecture())
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_json_with_the_fields_of_the_reference() {
        let body = crate::http::read_body(answer().into_body(), 10_000)
            .await
            .expect("a short body");
        let value = schema::json::parse(&body).expect("JSON");
        assert_eq!(value.str_at(&["minor"]), Some(MINOR));
        assert_eq!(value.as_map().map(schema::Map::len), Some(13));
    }
}
