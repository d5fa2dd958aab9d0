//! Options of reads, taken from the query, with the reference's validation and its words; and how a value of a query is
//! read. What options make a verb do is with the verb.

mod list;

use object::field;
use serve::query::Query;
use serve::status::Status;

pub use list::{Continue, ListOptions, VersionMatch, parse_revision};

/// A truth value of a query as Go's conversion reads it: only absence, `false` and `0` are false.
pub fn truth(text: &str) -> bool {
    !(text.eq_ignore_ascii_case("false") || text == "0")
}

/// A whole number of a query. An empty one counts as absent.
pub fn number(query: &Query, name: &str) -> Result<Option<i64>, Status> {
    match query.first(name) {
        None | Some("") => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|_| Status::bad_request(not_a_number(text))),
    }
}

fn not_a_number(text: &str) -> String {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let why = if is_number {
        "value out of range"
    } else {
        "invalid syntax"
    };
    format!("strconv.ParseInt: parsing {text:?}: {why}")
}

/// 422 about options of a kind, e.g. `ListOptions`.
pub fn invalid(kind: &str, errors: &[field::Error]) -> Result<(), Status> {
    match errors {
        [] => Ok(()),
        errors => Err(Status::invalid("meta.k8s.io", kind, "", errors)),
    }
}
