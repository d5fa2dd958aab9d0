//! Rules of projected volumes: several sources of files in one.

use object::meta_validation::label_selector;

use super::super::Owner;
use super::super::mounts::check_local;
use super::files::{check_item, downward_item, mode};
use super::require;
use crate::strategy::Errors;
use crate::validation::place::Place;
use crate::validation::signers;

const PROJECTIONS: [&str; 6] = [
    "secret",
    "configMap",
    "downwardAPI",
    "serviceAccountToken",
    "clusterTrustBundle",
    "podCertificate",
];

pub(super) fn projected(source: &Place<'_>, _: Owner, errors: &mut Errors) {
    mode(&source.field("defaultMode"), errors);
    let mut files = Vec::new();
    for entry in source.field("sources").items() {
        let given = PROJECTIONS.into_iter().filter(|name| entry.has(name));
        let given: Vec<_> = given.map(|name| (name, entry.field(name))).collect();
        for (name, part) in &given {
            projection(source, part, name, &mut files, errors);
        }
        if given.len() > 1 {
            errors.push(entry.forbidden("may not specify more than 1 volume type per source"));
        }
    }
}

fn projection<'a>(
    volume: &Place<'a>,
    part: &Place<'a>,
    name: &str,
    files: &mut Vec<&'a str>,
    errors: &mut Errors,
) {
    match name {
        "secret" | "configMap" => {
            require(part, &["name"], errors);
            for item in part.field("items").items() {
                check_item(&item, errors);
                let owner = part.field("name");
                check_unique(volume, item.field("path").text(), owner.text(), files, errors);
            }
        }
        "downwardAPI" => {
            for item in part.field("items").items() {
                downward_item(part, &item, errors);
                let path = item.field("path").text();
                check_unique(volume, path, path, files, errors);
            }
        }
        "serviceAccountToken" => token(volume, part, errors),
        "clusterTrustBundle" => {
            bundle(part, errors);
            let path = part.field("path").text();
            check_unique(volume, path, path, files, errors);
        }
        _ => require(part, &["signerName"], errors),
    }
}

/// Whatever the sources, a file is there once. Tokens are not looked at, as in the reference.
fn check_unique<'a>(
    volume: &Place<'a>,
    path: &'a str,
    shown: &str,
    files: &mut Vec<&'a str>,
    errors: &mut Errors,
) {
    if path.is_empty() {
        return;
    }
    if files.contains(&path) {
        errors.push(volume.invalid_as(shown, "conflicting duplicate paths"));
    } else {
        files.push(path);
    }
}

/// Its path is reported at the volume, as the reference does.
fn token(owner: &Place<'_>, token: &Place<'_>, errors: &mut Errors) {
    const SECONDS_MIN: i64 = 600;
    const SECONDS_MAX: i64 = 1 << 32;
    let seconds = token.field("expirationSeconds");
    if seconds.is_set() && seconds.int() < SECONDS_MIN {
        errors.push(seconds.invalid_int("may not specify a duration less than 10 minutes"));
    } else if seconds.int() > SECONDS_MAX {
        errors.push(seconds.invalid_int("may not specify a duration larger than 2^32 seconds"));
    }
    let path = Place::new(token.value().get("path"), owner.path().child("path"));
    if path.require(errors) {
        check_local(&path, errors);
    }
}

fn bundle(bundle: &Place<'_>, errors: &mut Errors) {
    let (name, signer) = (bundle.field("name"), bundle.field("signerName"));
    let selector = bundle.field("labelSelector");
    match (name.is_set(), signer.is_set()) {
        (true, true) => errors.push(bundle.invalid("only one of name and signerName may be used")),
        (true, false) => {
            bundle_name(&name, errors);
            if selector.is_set() {
                errors.push(selector.invalid("labelSelector must be unset if name is specified"));
            }
        }
        (false, true) => {
            if signer.is_empty() {
                errors.push(signer.required("must be a valid signer name"));
            }
            signers::check_name(&signer, errors);
            errors.extend(label_selector(selector.value(), true, selector.path()));
        }
        (false, false) => errors.push(bundle.required("either name or signerName must be specified")),
    }
    let path = bundle.field("path");
    path.require(errors);
    check_local(&path, errors);
}

fn bundle_name(name: &Place<'_>, errors: &mut Errors) {
    if name.is_empty() {
        errors.push(name.required("must be a valid object name"));
    }
    let signer = signers::signer_of_bundle(name.text());
    for problem in signers::bundle_name_problems(&signer, name.text(), false) {
        errors.push(name.invalid_text(format!("not a valid clustertrustbundlename: {problem}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::field::Path;
    use schema::{Value, tree};

    fn told(sources: Value) -> Vec<String> {
        let (source, mut errors) = (tree!({"sources": sources}), Errors::new());
        projected(
            &Place::new(Some(&source), Path::root("v")),
            Owner::Pod,
            &mut errors,
        );
        errors.iter().map(ToString::to_string).collect()
    }

    fn config(name: &str, path: &str) -> Value {
        tree!({"configMap": {"name": name, "items": [{"key": "k", "path": path}]}})
    }

    #[test]
    fn a_file_comes_from_one_source() {
        assert_eq!(told(tree!([(config("a", "x")), (config("b", "y"))])), [""; 0]);
        assert_eq!(
            told(tree!([(config("a", "x")), (config("b", "x"))])),
            ["v: Invalid value: \"b\": conflicting duplicate paths"]
        );
        let field = tree!({"apiVersion": "v1", "fieldPath": "metadata.name"});
        let downward = tree!({"downwardAPI": {"items": [{"path": "x", "fieldRef": field}]}});
        assert_eq!(
            told(tree!([(config("a", "x")), downward])),
            ["v: Invalid value: \"x\": conflicting duplicate paths"]
        );
    }

    #[test]
    fn an_entry_is_one_source() {
        assert_eq!(told(tree!([{}])), [""; 0]);
        assert_eq!(
            told(tree!([{"secret": {}, "configMap": {"name": "a"}}])),
            [
                "v.sources[0].secret.name: Required value",
                "v.sources[0]: Forbidden: may not specify more than 1 volume type per source",
            ]
        );
    }

    #[test]
    fn trust_bundles_are_told_by_name_or_signer() {
        let told = |bundle: Value| told(tree!([{"clusterTrustBundle": bundle}]));
        let at = |text: &str| [format!("v.sources[0].clusterTrustBundle{text}")];
        assert_eq!(told(tree!({"name": "a.b:c:d", "path": "p"})), [""; 0]);
        assert_eq!(told(tree!({"signerName": "a.b/c", "path": "p"})), [""; 0]);
        assert_eq!(
            told(tree!({"path": "p"})),
            at(": Required value: either name or signerName must be specified")
        );
        assert_eq!(told(tree!({"name": "a"})), at(".path: Required value"));
        assert_eq!(
            told(tree!({"name": "a", "path": "../p"})),
            at(".path: Invalid value: \"../p\": must not contain '..'")
        );
        let wrong = told(tree!({"name": "A", "path": "p"}));
        assert!(
            wrong[0]
                .contains(".name: Invalid value: \"A\": not a valid clustertrustbundlename: a lowercase RFC")
        );
        let both = told(tree!({"name": "a", "signerName": "a.b/c", "path": "p"}));
        assert!(
            both[0].ends_with("only one of name and signerName may be used"),
            "{both:?}"
        );
        let selected = told(tree!({"name": "a", "path": "p", "labelSelector": {}}));
        assert!(
            selected[0].ends_with("labelSelector must be unset if name is specified"),
            "{selected:?}"
        );
    }
}
