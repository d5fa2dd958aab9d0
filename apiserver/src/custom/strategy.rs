//! How writes to custom objects differ from others: they are valid by the schema of their version.

use ::custom::Known;
use schema::Value;

use super::validation::Write;
use crate::strategy::{Errors, Strategy, WriteContext};

/// Of custom objects.
#[derive(Debug)]
pub struct Custom;

impl Strategy for Custom {
    fn validate_create(&self, cx: &WriteContext<'_>, object: &Value, errors: &mut Errors) {
        check(cx, object, None, errors);
    }

    fn validate_update(&self, cx: &WriteContext<'_>, object: &Value, old: &Value, errors: &mut Errors) {
        check(cx, object, Some(old), errors);
    }
}

fn check(cx: &WriteContext<'_>, object: &Value, old: Option<&Value>, errors: &mut Errors) {
    let Some(known) = Known::of(cx.resource) else {
        return;
    };
    let write = Write {
        known,
        object,
        old,
        subresource: cx.subresource,
    };
    write.check(errors);
}
