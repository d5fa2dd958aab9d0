//! Whether a custom object is valid by the schema of its version: values, embedded resources, items of lists, the numbers of its
//! scale, and rules. Metadata is checked as for all objects, elsewhere; ratcheting is KEP-4008's.

mod embedded;
mod list_items;
mod scale;
mod walk;

use ::custom::Scale;
use object::field::{Error, ErrorKind, Path};
use schema::Value;

use super::rules::{Budget, Rules};
use crate::strategy::Errors;
use crate::validation::json_schema::{Comparisons, Correlated, new_problems, problems};

const NOT_CHECKED: &str = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

/// What the objects of a version must be like. It is made once, since rules are compiled for it.
#[derive(Debug)]
pub struct Validation {
    schema: Value,
    rules: Option<Rules>,
    scale: Option<Scale>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Why the object is refused.
    pub errors: Errors,
    /// What would be wrong with it if it were new: rules that it broke before.
    pub warnings: Vec<String>,
}

impl Validation {
    /// Of the `openAPIV3Schema` of a version, and the places of its scale.
    pub fn new(schema: &Value, scale: Option<Scale>) -> Self {
        Self {
            schema: schema.clone(),
            rules: Rules::compile(schema),
            scale,
        }
    }

    /// A new object.
    pub fn create(&self, object: &Value) -> Findings {
        let mut findings = Findings::default();
        let errors = &mut findings.errors;
        errors.extend(
            problems(&self.schema, object)
                .iter()
                .map(|problem| problem.at(&Path::none())),
        );
        self.scale(object, errors);
        embedded::check(&self.schema, object, errors);
        list_items::check(&self.schema, object, errors);
        self.rules(object, None, &mut findings);
        findings
    }

    /// An object that follows another.
    pub fn update(&self, object: &Value, old: &Value) -> Findings {
        let mut findings = Findings::default();
        let errors = &mut findings.errors;
        let found = new_problems(&self.schema, object, old);
        errors.extend(found.iter().map(|problem| problem.at(&Path::none())));
        self.scale(object, errors);
        embedded::check(&self.schema, object, errors);
        self.new_list_items(object, old, errors);
        self.rules(object, Some(old), &mut findings);
        findings
    }

    /// An object that follows another of which the status alone is written.
    pub fn update_status(&self, object: &Value, old: &Value) -> Findings {
        let mut findings = Findings::default();
        let errors = &mut findings.errors;
        self.status(object, old, errors);
        if let Some(places) = &self.scale {
            scale::check_status(places, object, errors);
        }
        self.new_list_items(object, old, errors);
        self.rules(object, Some(old), &mut findings);
        findings
    }

    /// Messages about a status are relative to it, their fields are not.
    fn status(&self, object: &Value, old: &Value, errors: &mut Errors) {
        let Some((schema, status)) = self
            .schema
            .at(&["properties", "status"])
            .zip(object.get("status"))
        else {
            return;
        };
        let found = match old.get("status") {
            Some(old) => new_problems(schema, status, old),
            None => problems(schema, status),
        };
        errors.extend(found.iter().map(|problem| problem.at(&Path::root("status"))));
    }

    fn scale(&self, object: &Value, errors: &mut Errors) {
        if let Some(places) = &self.scale {
            scale::check_spec(places, object, errors);
            scale::check_status(places, object, errors);
        }
    }

    /// Items that were there twice before may stay.
    fn new_list_items(&self, object: &Value, old: &Value, errors: &mut Errors) {
        let mut found = Errors::new();
        list_items::check(&self.schema, object, &mut found);
        if found.is_empty() {
            return;
        }
        let mut before = Errors::new();
        list_items::check(&self.schema, old, &mut before);
        if before.is_empty() {
            errors.extend(found);
        }
    }

    fn rules(&self, object: &Value, old: Option<&Value>, findings: &mut Findings) {
        let Some(rules) = &self.rules else { return };
        if findings.errors.iter().any(is_blocking) {
            let shown = object::field::Printed::null();
            findings
                .errors
                .push(Error::invalid(&Path::none(), shown, NOT_CHECKED));
            return;
        }
        let comparisons = Comparisons::default();
        let correlated = old.map(|old| Correlated {
            schema: &self.schema,
            value: object,
            old,
        });
        let mut run = super::rules::Run::new(Budget::default(), &comparisons);
        run.check(rules, object, old, correlated);
        findings.errors.append(&mut run.errors);
        findings.warnings.append(&mut run.warnings);
    }
}

/// Of an object that is so wrong, rules are not asked.
fn is_blocking(error: &Error) -> bool {
    matches!(
        error.kind,
        ErrorKind::NotSupported
            | ErrorKind::Required
            | ErrorKind::TooLong
            | ErrorKind::TooMany
            | ErrorKind::TypeInvalid
    )
}

#[cfg(test)]
mod tests;
