//! Rules of iSCSI sources: qualified names, units and authentication. Pods and persistent volumes have the same,
//! but for a few words.

use std::sync::LazyLock;

use regex::Regex;

use super::super::place::Place;
use super::Owner;
use crate::strategy::Errors;

/// The forms of names, by what they begin with (RFC 3720).
static FORMS: LazyLock<[(&str, Regex); 3]> = LazyLock::new(|| {
    let form = |text: &str| Regex::new(text).expect("a regular expression");
    [
        (
            "iqn",
            form(r"^iqn\.[0-9]{4}-[0-9]{2}\.[0-9A-Za-z.-]+(:[^,;*&$|\s]+)?$"),
        ),
        ("eui", form(r"^eui.[0-9A-Za-z]{16}$")),
        ("naa", form(r"^naa.[0-9A-Za-z]{32}$")),
    ]
});

/// An initiator is known to a node as `volume:portal`.
const NODE_NAME_BYTES_MAX: usize = 64;
const TOO_LONG: &str = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";

/// Checks a source of a pod's volume.
pub fn check(source: &Place<'_>, _: Owner, errors: &mut Errors) {
    source.field("targetPortal").require(errors);
    let start = "must be valid format starting with iqn, eui, or naa";
    names_and_secret(source, start, false, errors);
}

/// Checks the name of a pod's volume beside its source.
pub fn check_volume_name(name: &Place<'_>, source: &Place<'_>, errors: &mut Errors) {
    if is_too_long(name.text(), source) {
        errors.push(name.invalid_text(TOO_LONG));
    }
}

/// Checks a source of a persistent volume.
pub fn check_persistent(source: &Place<'_>, volume: &str, errors: &mut Errors) {
    source.field("targetPortal").require(errors);
    if is_too_long(volume, source) {
        let portal = source.aliased("targetPortal", "targetportal");
        errors.push(portal.invalid_text(TOO_LONG));
    }
    names_and_secret(source, "must be valid format", true, errors);
}

fn is_too_long(volume: &str, source: &Place<'_>) -> bool {
    let portal = source.field("targetPortal");
    source.has("initiatorName") && volume.len() + 1 + portal.text().len() > NODE_NAME_BYTES_MAX
}

/// A secret of a persistent volume has a name.
fn names_and_secret(source: &Place<'_>, start: &str, secret_is_named: bool, errors: &mut Errors) {
    let iqn = source.field("iqn");
    if iqn.require(errors) {
        name(&iqn, start, errors);
    }
    source.field("lun").within(0..=255, errors);
    let secret = source.field("secretRef");
    let needs = source.field("chapAuthDiscovery").is_true() || source.field("chapAuthSession").is_true();
    if needs && !secret.is_set() {
        errors.push(secret.required(""));
    }
    if secret_is_named && secret.is_set() {
        secret.field("name").require(errors);
    }
    let initiator = source.aliased("initiatorName", "initiatorname");
    if initiator.is_set() {
        name(&initiator, start, errors);
    }
}

fn name(name: &Place<'_>, start: &str, errors: &mut Errors) {
    match FORMS.iter().find(|(start, _)| name.text().starts_with(start)) {
        None => errors.push(name.invalid_text(start)),
        Some((_, form)) if !form.is_match(name.text()) => {
            errors.push(name.invalid_text("must be valid format"));
        }
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::field::Path;
    use schema::{Value, tree};

    fn told(source: &Value) -> Vec<String> {
        let mut errors = Errors::new();
        check_persistent(&Place::new(Some(source), Path::root("iscsi")), "v", &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_have_one_of_three_forms() {
        for iqn in [
            "iqn.2001-04.com.example:storage.disk1",
            "eui.0123456789abcdef",
            "naa.62004567BA64678D0123456789ABCDEF",
        ] {
            let good = tree!({"targetPortal": "a", "iqn": iqn, "initiatorName": iqn});
            assert_eq!(told(&good), [""; 0]);
        }
        for iqn in ["iqn.1-04.com", "eui.1", "naa.1", "x"] {
            let wrong = format!("Invalid value: \"{iqn}\": must be valid format");
            assert_eq!(
                told(&tree!({"targetPortal": "a", "iqn": iqn, "initiatorName": iqn})),
                [
                    format!("iscsi.iqn: {wrong}"),
                    format!("iscsi.initiatorname: {wrong}")
                ]
            );
        }
    }

    #[test]
    fn initiators_fit_the_name_that_a_node_makes_of_them() {
        let iqn = "iqn.2001-04.com.example:storage.disk1";
        let source = |portal: &str| tree!({"targetPortal": portal, "iqn": iqn, "initiatorName": iqn});
        assert_eq!(told(&source(&"a".repeat(62))), [""; 0]);
        let long = "a".repeat(63);
        assert_eq!(
            told(&source(&long)),
            [format!(
                "iscsi.targetportal: Invalid value: \"{long}\": {TOO_LONG}"
            )]
        );
        let (volume, mut errors) = (Value::from("v"), Errors::new());
        let name = Place::new(Some(&volume), Path::root("name"));
        let wrong = source(&long);
        check_volume_name(&name, &Place::new(Some(&wrong), Path::root("iscsi")), &mut errors);
        assert_eq!(
            errors[0].to_string(),
            format!("name: Invalid value: \"v\": {TOO_LONG}")
        );
        // Without an initiator there is no such name.
        assert_eq!(told(&tree!({"targetPortal": long, "iqn": iqn})), [""; 0]);
    }

    #[test]
    fn what_is_wrong_with_the_secret_is_told_before_the_initiator() {
        let source = tree!({
            "targetPortal": "a", "iqn": "eui.0123456789abcdef", "initiatorName": "x", "secretRef": {},
        });
        assert_eq!(
            told(&source),
            [
                "iscsi.secretRef.name: Required value",
                "iscsi.initiatorname: Invalid value: \"x\": must be valid format",
            ]
        );
    }
}
