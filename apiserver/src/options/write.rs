//! Options of create, update and patch.

use object::{field, meta_validation};
use render::options::{invalid, truth};
use serve::query::Query;
use serve::status::Status;

use super::dry_run_errors;

/// Which request the options are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteKind {
    /// POST.
    Create,
    /// PUT.
    Update,
    /// PATCH but apply.
    Patch,
    /// Server-side apply.
    Apply,
}

/// What is done about unknown and duplicate fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldValidation {
    /// They are dropped.
    Ignore,
    /// They are dropped with a warning; the default.
    Warn,
    /// They are refused.
    Strict,
}

/// Options of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Nothing is stored.
    pub dry_run: bool,
    /// Who owns the fields; empty for the name that the user agent gives.
    pub field_manager: String,
    /// An apply takes fields of others.
    pub force: bool,
    /// About unknown fields.
    pub field_validation: FieldValidation,
}

impl WriteKind {
    const fn options_kind(self) -> &'static str {
        match self {
            WriteKind::Create => "CreateOptions",
            WriteKind::Update => "UpdateOptions",
            WriteKind::Patch | WriteKind::Apply => "PatchOptions",
        }
    }
}

impl WriteOptions {
    /// Reads and checks the options of a request.
    pub fn read(query: &Query, kind: WriteKind) -> Result<Self, Status> {
        let dry_run: Vec<String> = query.all("dryRun").map(str::to_owned).collect();
        let manager = query.first("fieldManager").unwrap_or_default();
        let validation = query.first("fieldValidation").unwrap_or_default();
        let force = query.first("force").filter(|force| !force.is_empty());
        let mut errors = Vec::new();
        if kind == WriteKind::Patch && force.is_some() {
            let path = field::Path::root("force");
            errors.push(field::Error::forbidden(
                &path,
                "may not be specified for non-apply patch",
            ));
        }
        if kind == WriteKind::Apply && manager.is_empty() {
            let path = field::Path::root("fieldManager");
            errors.push(field::Error::required(&path, "is required for apply patch"));
        }
        errors.extend(meta_validation::field_manager(
            manager,
            &field::Path::root("fieldManager"),
        ));
        errors.extend(dry_run_errors(&dry_run));
        let field_validation = match validation {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            other => {
                let path = field::Path::root("fieldValidation");
                errors.push(field::Error::not_supported(
                    &path,
                    other,
                    &["", "Ignore", "Strict", "Warn"],
                ));
                FieldValidation::Warn
            }
        };
        invalid(kind.options_kind(), &errors)?;
        Ok(Self {
            dry_run: !dry_run.is_empty(),
            field_manager: manager.to_owned(),
            force: force.is_some_and(truth),
            field_validation,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_the_reference_refuses() {
        let read = |text: &str| WriteOptions::read(&Query::parse(text), WriteKind::Create);
        assert!(read("dryRun=All&fieldValidation=Strict").expect("valid").dry_run);
        let bad = read("dryRun=Some").expect_err("not All");
        assert_eq!(
            bad.message,
            "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Some\"]: supported values: \"All\""
        );
        let bad = read("fieldValidation=Bogus").expect_err("not known");
        assert!(
            bad.message
                .ends_with("supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""),
            "{}",
            bad.message
        );
    }

    #[test]
    fn each_option_has_its_form_for_each_kind_of_write() {
        let long = format!("fieldManager={}", "m".repeat(129));
        let kinds = [WriteKind::Create, WriteKind::Update, WriteKind::Patch];
        let common = [
            ("dryRun=Some", "dryRun: Unsupported value"),
            (long.as_str(), "fieldManager: Too long"),
            ("fieldManager=a%0Ab", "fieldManager: Invalid value"),
            ("fieldValidation=Bogus", "fieldValidation: Unsupported value"),
        ];
        let common = kinds
            .iter()
            .flat_map(|kind| common.map(|(text, told)| (*kind, text, told)));
        let of_patches = [
            (WriteKind::Apply, "", "fieldManager: Required value"),
            (WriteKind::Patch, "force=true", "force: Forbidden"),
        ];
        for (kind, text, told) in common.chain(of_patches) {
            let bad = WriteOptions::read(&Query::parse(text), kind).expect_err(text);
            let start = format!("{}.meta.k8s.io \"\" is invalid: {told}", kind.options_kind());
            assert!(bad.message.starts_with(&start), "{}", bad.message);
        }
        assert!(WriteOptions::read(&Query::parse("fieldManager=m&force=true"), WriteKind::Apply).is_ok());
    }
}
