//! Options of writes, read from the query or a body, with the reference's validation and its words. Those of reads are
//! [`render::options`]'; what they make a verb do is with the verb.

mod delete;
mod write;

use object::field;

pub use delete::{DeleteOptions, Propagation};
pub use write::{FieldValidation, WriteKind, WriteOptions};

/// `dryRun` must be `All` if anything.
fn dry_run_errors(values: &[String]) -> Option<field::Error> {
    if values.iter().all(|value| value == "All") {
        return None;
    }
    let shown = schema::Value::List(
        values
            .iter()
            .map(|value| schema::Value::from(value.as_str()))
            .collect(),
    );
    Some(field::Error::not_supported(
        &field::Path::root("dryRun"),
        &shown,
        &["All"],
    ))
}
