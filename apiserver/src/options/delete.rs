//! Options of deletions: from the body where there is one, else from the query.

use object::field;
use render::options::{invalid, number, truth};
use schema::Value;
use serve::query::Query;
use serve::status::Status;

use super::dry_run_errors;

/// What happens to the objects that the deleted one owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They lose their owner.
    Orphan,
    /// They are deleted after it.
    Background,
    /// They are deleted before it.
    Foreground,
}

/// What the object must be for the deletion to happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    /// Its uid.
    pub uid: Option<String>,
    /// Its resource version.
    pub resource_version: Option<String>,
}

/// Options of a deletion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Nothing is stored.
    pub dry_run: bool,
    /// Seconds between the request and the end; negative ones count as one.
    pub grace_period_seconds: Option<i64>,
    /// The deprecated form of propagation.
    pub orphan_dependents: Option<bool>,
    /// What happens to owned objects.
    pub propagation: Option<Propagation>,
    /// What the object must be.
    pub preconditions: Preconditions,
}

impl DeleteOptions {
    /// Reads and checks the options in a query.
    pub fn from_query(query: &Query) -> Result<Self, Status> {
        let dry_run: Vec<String> = query.all("dryRun").map(str::to_owned).collect();
        Self::checked(
            Self {
                grace_period_seconds: number(query, "gracePeriodSeconds")?,
                orphan_dependents: query.first("orphanDependents").map(truth),
                ..Self::default()
            },
            &dry_run,
            query.first("propagationPolicy"),
        )
    }

    /// Reads and checks the options in a decoded body.
    pub fn from_body(body: &Value) -> Result<Self, Status> {
        let text = |path: &[&str]| body.str_at(path).map(str::to_owned);
        let dry_run: Vec<String> = body
            .list_at(&["dryRun"])
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        Self::checked(
            Self {
                grace_period_seconds: body.int_at(&["gracePeriodSeconds"]),
                orphan_dependents: body.bool_at(&["orphanDependents"]),
                preconditions: Preconditions {
                    uid: text(&["preconditions", "uid"]),
                    resource_version: text(&["preconditions", "resourceVersion"]),
                },
                ..Self::default()
            },
            &dry_run,
            body.str_at(&["propagationPolicy"]),
        )
    }

    fn checked(mut options: Self, dry_run: &[String], policy: Option<&str>) -> Result<Self, Status> {
        let path = field::Path::root("propagationPolicy");
        let mut errors = Vec::new();
        if let (Some(policy), Some(_)) = (policy, options.orphan_dependents) {
            errors.push(field::Error::invalid(
                &path,
                policy,
                "orphanDependents and deletionPropagation cannot be both set",
            ));
        }
        options.propagation = match policy {
            None => None,
            Some("Orphan") => Some(Propagation::Orphan),
            Some("Background") => Some(Propagation::Background),
            Some("Foreground") => Some(Propagation::Foreground),
            Some(other) => {
                errors.push(field::Error::not_supported(
                    &path,
                    other,
                    &["Foreground", "Background", "Orphan", "nil"],
                ));
                None
            }
        };
        errors.extend(dry_run_errors(dry_run));
        invalid("DeleteOptions", &errors)?;
        options.dry_run = !dry_run.is_empty();
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn what_is_not_known_or_does_not_go_together_is_refused() {
        for (body, told) in [
            (tree!({"dryRun": ["Some"]}), "dryRun: Unsupported value"),
            (
                tree!({"propagationPolicy": "Other"}),
                "propagationPolicy: Unsupported value: \"Other\"",
            ),
            (
                tree!({"propagationPolicy": "Orphan", "orphanDependents": true}),
                "propagationPolicy: Invalid value: \"Orphan\"",
            ),
        ] {
            let bad = DeleteOptions::from_body(&body).expect_err(told);
            let start = format!("DeleteOptions.meta.k8s.io \"\" is invalid: {told}");
            assert!(bad.message.starts_with(&start), "{}", bad.message);
        }
        for known in ["Foreground", "Background", "Orphan"] {
            assert!(DeleteOptions::from_body(&tree!({"propagationPolicy": known})).is_ok());
        }
    }
}
