//! What every name must be to stand in a URL: one path segment.

use super::Problems;

/// A whole path segment: not `.` or `..`, no `/` or `%`.
pub fn path_segment(value: &str) -> Problems {
    match value {
        "." => vec!["may not be '.'".into()],
        ".." => vec!["may not be '..'".into()],
        _ => path_segment_prefix(value),
    }
}

/// The beginning of a path segment: no `/` or `%`.
pub fn path_segment_prefix(value: &str) -> Problems {
    let mut problems = Problems::new();
    if value.contains('/') {
        problems.push("may not contain '/'".into());
    }
    if value.contains('%') {
        problems.push("may not contain '%'".into());
    }
    problems
}
