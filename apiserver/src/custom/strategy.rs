//! How writes to custom objects differ from others: they are valid by the schema of their version.

use std::sync::Arc;

use ::custom::{Known, Version};
use schema::Value;

use super::validation::Validation;
use crate::strategy::{Errors, Strategy, WriteContext};

/// Of custom objects.
#[derive(Debug)]
pub struct Custom;

impl Strategy for Custom {
    fn validate_create(&self, cx: &WriteContext<'_>, object: &Value, errors: &mut Errors) {
        if let Some(validation) = validation(cx) {
            errors.extend(validation.create(object).errors);
        }
    }

    fn validate_change(
        &self,
        cx: &WriteContext<'_>,
        object: &Value,
        old: &Value,
        errors: &mut Errors,
    ) -> Vec<String> {
        let Some(validation) = validation(cx) else {
            return Vec::new();
        };
        let findings = match cx.subresource {
            "status" => validation.update_status(object, old),
            _ => validation.update(object, old),
        };
        errors.extend(findings.errors);
        findings.warnings
    }
}

/// What the version of a write asks for, made at its first use.
fn validation(cx: &WriteContext<'_>) -> Option<Arc<Validation>> {
    let known = Known::of(cx.resource)?;
    let version = known.version();
    let made = version.of_server.get_or_init(|| Arc::new(made(version)));
    made.clone().downcast().ok()
}

fn made(version: &Version) -> Validation {
    Validation::new(&version.published, version.scale.clone())
}
