//! How writes to custom objects differ from others: they are valid by the schema of their version.

use ::custom::Known;
use object::field::Path;
use schema::Value;

use crate::strategy::{Errors, Strategy, WriteContext};
use crate::validation::json_schema;

/// Of custom objects.
#[derive(Debug)]
pub struct Custom;

impl Strategy for Custom {
    fn validate_create(&self, cx: &WriteContext<'_>, object: &Value, errors: &mut Errors) {
        by_schema(cx, object, errors);
    }

    fn validate_update(&self, cx: &WriteContext<'_>, object: &Value, _old: &Value, errors: &mut Errors) {
        by_schema(cx, object, errors);
    }
}

fn by_schema(cx: &WriteContext<'_>, object: &Value, errors: &mut Errors) {
    let Some(known) = Known::of(cx.resource) else { return };
    let problems = json_schema::problems(&known.version().published, object);
    errors.extend(problems.iter().map(|problem| problem.at(&Path::none())));
}
