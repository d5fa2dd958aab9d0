//! What must hold of an EncryptionConfiguration, with the reference's words for what does not.
//! Secrets are not shown: their fields say `REDACTED`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use object::field::{self, Path, Printed};
use schema::Value;

use super::{Kind, PROVIDERS, is_set};
use crate::resource_keys::GroupResource;

const DUPLICATE: &str = "the same resource cannot be specified multiple times";
const OVERLAP: &str = "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked";
const CAPITALS: &str = "resource name should not contain capital letters";
const STAR: &str =
    "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources";
const NOT_REST: &str = "resources which do not have REST API/s cannot be encrypted";
const EVENTS: &str = "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file";
const EXTENSIONS: &str = "'extensions' group has been removed and cannot be used for encryption";
const ACROSS_GROUPS: &str = "encrypting the same resource across groups is not supported";
const NO_PROVIDER: &str =
    "provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity";
const SEVERAL_PROVIDERS: &str =
    "more than one provider specified in a single element, should split into different list elements";
const NOT_BASE64: &str = "secrets must be base64 encoded";
/// Kept in etcd without being served.
const INTERNAL: [&str; 3] = [
    "apiserveripinfo",
    "serviceipallocations",
    "servicenodeportallocations",
];

/// Everything that is wrong with the elements of `resources`.
pub fn validate(rules: &[Value]) -> Vec<field::Error> {
    let root = Path::root("resources");
    if rules.is_empty() {
        return vec![one_required(&root, "resources")];
    }
    let mut errors = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let at = root.index(at);
        resources(rule.list_at(&["resources"]), &at.child("resources"), &mut errors);
        providers(rule.list_at(&["providers"]), &at.child("providers"), &mut errors);
    }
    errors
}

fn resources(listed: &[Value], path: &Path, errors: &mut Vec<field::Error>) {
    if listed.is_empty() {
        errors.push(one_required(path, &path.to_string()));
    }
    let names: Vec<&str> = listed
        .iter()
        .map(|name| name.as_str().unwrap_or_default())
        .collect();
    let (has_duplicate, has_overlap) = overlaps(&names);
    for (found, why) in [(has_duplicate, DUPLICATE), (has_overlap, OVERLAP)] {
        if found {
            let quoted: Vec<String> = names.iter().map(|name| field::quote(name)).collect();
            errors.push(field::Error::invalid(
                path,
                Printed::raw(format!("[{}]", quoted.join(","))),
                why,
            ));
        }
    }
    for (at, name) in names.iter().enumerate() {
        if let Some(why) = wrong_name(name) {
            errors.push(field::Error::invalid(&path.index(at), *name, why));
        }
    }
}

/// Whether a resource is there twice, and whether one covers another.
fn overlaps(names: &[&str]) -> (bool, bool) {
    let parsed: Vec<GroupResource> = names.iter().map(|name| GroupResource::parse(name)).collect();
    let pairs = || {
        let indexed = parsed.iter().enumerate();
        indexed.flat_map(|(at, one)| parsed[..at].iter().map(move |other| (one, other)))
    };
    let is_everything = |one: &GroupResource| one.group == "*" && one.resource == "*";
    let covers = |one: &GroupResource, other: &GroupResource| {
        one.resource == "*" && (one.group == other.group || is_everything(one))
    };
    let duplicate = pairs().any(|(one, other)| one == other);
    (
        duplicate,
        pairs().any(|(one, other)| one != other && (covers(one, other) || covers(other, one))),
    )
}

fn wrong_name(name: &str) -> Option<&'static str> {
    let parsed = GroupResource::parse(name);
    match name {
        _ if name.to_lowercase() != name => Some(CAPITALS),
        "*" => Some(STAR),
        _ if INTERNAL.contains(&name) => Some(NOT_REST),
        _ if parsed.group == "events.k8s.io" => Some(EVENTS),
        _ if parsed.group == "extensions" => Some(EXTENSIONS),
        _ if parsed.group == "*" && parsed.resource != "*" => Some(ACROSS_GROUPS),
        _ => None,
    }
}

fn providers(listed: &[Value], path: &Path, errors: &mut Vec<field::Error>) {
    if listed.is_empty() {
        errors.push(one_required(path, &path.to_string()));
    }
    for (at, provider) in listed.iter().enumerate() {
        let path = path.index(at);
        let set = PROVIDERS
            .iter()
            .filter(|(name, _)| is_set(provider, name))
            .collect::<Vec<_>>();
        match (set.as_slice(), is_set(provider, "kms")) {
            ([], false) => errors.push(field::Error::invalid_unshown(&path, NO_PROVIDER)),
            ([], true) => errors.push(field::Error::forbidden(
                &path.child("kms"),
                "KMS is not supported by this server",
            )),
            ([(name, kind)], false) => {
                if let Some(kind) = kind {
                    keys(
                        *kind,
                        provider.list_at(&[name, "keys"]),
                        &path.child(*name).child("keys"),
                        errors,
                    );
                }
            }
            _ => errors.push(field::Error::invalid_unshown(&path, SEVERAL_PROVIDERS)),
        }
    }
}

fn keys(kind: Kind, listed: &[Value], path: &Path, errors: &mut Vec<field::Error>) {
    if listed.is_empty() {
        errors.push(one_required(path, "keys"));
    }
    for (at, key) in listed.iter().enumerate() {
        let path = path.index(at);
        let mandatory = |name: &str| {
            field::Error::required(
                &path.child(name),
                format!("{name} is a mandatory field for a key"),
            )
        };
        if key.str_at(&["name"]).unwrap_or_default().is_empty() {
            errors.push(mandatory("name"));
        }
        match key.str_at(&["secret"]).unwrap_or_default() {
            "" => errors.push(mandatory("secret")),
            secret => errors.extend(wrong_secret(kind, secret, &path.child("secret"))),
        }
    }
}

fn wrong_secret(kind: Kind, secret: &str, path: &Path) -> Option<field::Error> {
    let Ok(secret) = STANDARD.decode(secret) else {
        return Some(field::Error::invalid(path, "REDACTED", NOT_BASE64));
    };
    let expected = kind.secret_bytes();
    if expected.contains(&secret.len()) {
        return None;
    }
    let expected = expected
        .iter()
        .map(usize::to_string)
        .collect::<Vec<_>>()
        .join(" ");
    let why = format!(
        "secret is not of the expected length, got {}, expected one of [{expected}]",
        secret.len()
    );
    Some(field::Error::invalid(path, "REDACTED", why))
}

fn one_required(path: &Path, what: &str) -> field::Error {
    field::Error::required(path, format!("at least one {what} is required"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> String {
        let file = schema::yaml::parse(text.as_bytes()).expect("YAML");
        field::aggregate(&validate(file.list_at(&["resources"]))).unwrap_or_default()
    }

    fn of_resources(names: &str) -> String {
        errors(&format!(
            "resources: [{{resources: {names}, providers: [{{identity: {{}}}}]}}]"
        ))
    }

    fn of_provider(provider: &str) -> String {
        errors(&format!(
            "resources: [{{resources: [secrets], providers: [{provider}]}}]"
        ))
    }

    #[test]
    fn lists_must_not_be_empty() {
        assert_eq!(
            errors("resources: []"),
            "resources: Required value: at least one resources is required"
        );
        assert_eq!(
            errors("resources: [{}]"),
            "[resources[0].resources: Required value: at least one resources[0].resources is required, \
             resources[0].providers: Required value: at least one resources[0].providers is required]"
        );
    }

    #[test]
    fn resources_are_named_once_and_do_not_cover_each_other() {
        for good in [
            "[secrets]",
            "['*.', deployments.apps]",
            "['*.*']",
            "['*.apps', '*.batch', secrets]",
        ] {
            assert_eq!(of_resources(good), "", "{good}");
        }
        let invalid = |list: &str, why: &str| format!("resources[0].resources: Invalid value: {list}: {why}");
        assert_eq!(
            of_resources("[secrets, secrets]"),
            invalid(r#"["secrets","secrets"]"#, DUPLICATE)
        );
        for (names, list) in [
            ("['*.', secrets]", r#"["*.","secrets"]"#),
            ("['*.*', '*.apps']", r#"["*.*","*.apps"]"#),
            ("[deployments.apps, '*.apps']", r#"["deployments.apps","*.apps"]"#),
        ] {
            assert_eq!(of_resources(names), invalid(list, OVERLAP));
        }
    }

    #[test]
    fn some_names_are_refused() {
        for (name, why) in [
            ("Secrets", CAPITALS),
            ("*", STAR),
            ("servicenodeportallocations", NOT_REST),
            ("events.events.k8s.io", EVENTS),
            ("deployments.extensions", EXTENSIONS),
            ("secrets.*", ACROSS_GROUPS),
        ] {
            let expected = format!("resources[0].resources[0]: Invalid value: {name:?}: {why}");
            assert_eq!(of_resources(&format!("['{name}']")), expected);
        }
    }

    #[test]
    fn an_element_has_one_provider_with_good_keys() {
        let at = "resources[0].providers[0]";
        assert_eq!(of_provider("{}"), format!("{at}: Invalid value: {NO_PROVIDER}"));
        assert_eq!(
            of_provider("{identity: {}, aesgcm: {}}"),
            format!("{at}: Invalid value: {SEVERAL_PROVIDERS}")
        );
        assert!(of_provider("{kms: {}}").contains("KMS is not supported"));
        assert_eq!(
            of_provider("{aescbc: {}}"),
            format!("{at}.aescbc.keys: Required value: at least one keys is required")
        );
        assert_eq!(
            of_provider("{aesgcm: {keys: [{}]}}"),
            format!(
                "[{at}.aesgcm.keys[0].name: Required value: name is a mandatory field for a key, \
                 {at}.aesgcm.keys[0].secret: Required value: secret is a mandatory field for a key]"
            )
        );
    }

    #[test]
    fn secrets_have_the_right_length_and_are_not_shown() {
        let secretbox = of_provider("{secretbox: {keys: [{name: a, secret: cGFzc3dvcmQK}]}}");
        assert_eq!(
            secretbox,
            "resources[0].providers[0].secretbox.keys[0].secret: Invalid value: \"REDACTED\": \
             secret is not of the expected length, got 9, expected one of [32]"
        );
        let cbc = of_provider("{aescbc: {keys: [{name: a, secret: P@ssword}]}}");
        assert_eq!(
            cbc,
            "resources[0].providers[0].aescbc.keys[0].secret: Invalid value: \"REDACTED\": secrets must be base64 encoded"
        );
    }
}
