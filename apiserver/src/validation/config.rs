//! ConfigMaps and Secrets: keys, sizes, what each type of secret must hold, and what may change.
//! What they mean to pods is the kubelet's.

use object::field::Error;
use object::meta;
use object::meta_validation::IMMUTABLE;
use object::names::config_map_key;
use schema::{Value, json};

use super::addresses::whole;
use super::place::Place;
use crate::limits::CONFIGURATION_BYTES_MAX;
use crate::strategy::Errors;

const FROZEN: &str = "field is immutable when `immutable` is set";
const SERVICE_ACCOUNT: &str = "kubernetes.io/service-account.name";

/// A ConfigMap by itself.
pub fn config_map(object: &Value, errors: &mut Errors) {
    let binary = Place::root(object, "binaryData");
    let mut bytes = 0;
    for (key, value) in Place::root(object, "data").entries() {
        value.text_format(key, config_map_key, errors);
        if binary.value().get(key).is_some() {
            errors.push(value.invalid_as(key, "duplicate of key present in binaryData"));
        }
        bytes += value.text().len();
    }
    for (key, value) in binary.entries() {
        value.text_format(key, config_map_key, errors);
        bytes += decoded_len(value.text());
    }
    if bytes > CONFIGURATION_BYTES_MAX {
        errors.push(Error::too_long(&whole(), CONFIGURATION_BYTES_MAX));
    }
}

/// A ConfigMap after another.
pub fn config_map_update(object: &Value, old: &Value, errors: &mut Errors) {
    frozen(object, old, &["data", "binaryData"], errors);
    config_map(object, errors);
}

/// A Secret by itself.
pub fn secret(object: &Value, errors: &mut Errors) {
    let data = Place::root(object, "data");
    let mut bytes = 0;
    for (key, value) in data.entries() {
        value.text_format(key, config_map_key, errors);
        bytes += decoded_len(value.text());
    }
    if bytes > CONFIGURATION_BYTES_MAX {
        errors.push(Error::too_long(data.path(), CONFIGURATION_BYTES_MAX));
    }
    required_by_type(object, &data, errors);
}

/// A Secret after another.
pub fn secret_update(object: &Value, old: &Value, errors: &mut Errors) {
    let (kind, before) = (Place::root(object, "type"), Place::root(old, "type"));
    if kind.text() != before.text() {
        errors.push(kind.invalid_text(IMMUTABLE));
    }
    frozen(object, old, &["data"], errors);
    secret(object, errors);
}

fn frozen(object: &Value, old: &Value, fields: &[&'static str], errors: &mut Errors) {
    if !Place::root(old, "immutable").is_true() {
        return;
    }
    let flag = Place::root(object, "immutable");
    if !flag.is_true() {
        errors.push(flag.forbidden(FROZEN));
    }
    for &field in fields {
        let (now, before) = (Place::root(object, field), Place::root(old, field));
        if !(now.is_empty() && before.is_empty()) && now.value() != before.value() {
            errors.push(now.forbidden(FROZEN));
        }
    }
}

fn required_by_type(object: &Value, data: &Place<'_>, errors: &mut Errors) {
    let unnamed = meta::of(object)
        .annotation(SERVICE_ACCOUNT)
        .unwrap_or_default()
        .is_empty();
    let missing = |key: &str| !data.key(key).is_set();
    match object.str_at(&["type"]).unwrap_or_default() {
        "kubernetes.io/service-account-token" if unnamed => {
            let annotations = Place::root(object, "metadata").field("annotations");
            errors.push(annotations.key(SERVICE_ACCOUNT).required(""));
        }
        "kubernetes.io/dockercfg" => json_object(&data.key(".dockercfg"), errors),
        "kubernetes.io/dockerconfigjson" => json_object(&data.key(".dockerconfigjson"), errors),
        "kubernetes.io/basic-auth" if missing("username") && missing("password") => {
            errors.push(data.key("username").required(""));
            errors.push(data.key("password").required(""));
        }
        "kubernetes.io/ssh-auth" if data.key("ssh-privatekey").is_empty() => {
            errors.push(data.key("ssh-privatekey").required(""));
        }
        "kubernetes.io/tls" => {
            let keys = ["tls.crt", "tls.key"].into_iter().filter(|key| missing(key));
            errors.extend(keys.map(|key| data.key(key).required("")));
        }
        _ => {}
    }
}

fn json_object(place: &Place<'_>, errors: &mut Errors) {
    use base64::Engine;
    if !place.is_set() {
        errors.push(place.required(""));
        return;
    }
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(place.text())
        .unwrap_or_default();
    let problem = match json::parse(&bytes) {
        Ok(Value::Map(_) | Value::Null) => return,
        Ok(_) => "json: cannot unmarshal into Go value of type map[string]interface {}".to_owned(),
        Err(error) => error.to_string(),
    };
    errors.push(place.invalid_as("<secret contents redacted>", problem));
}

/// How many bytes base64 text stands for.
fn decoded_len(text: &str) -> usize {
    let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
    (text.len() / 4 * 3).saturating_sub(padding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn texts(check: fn(&Value, &mut Errors), object: &Value) -> Vec<String> {
        let mut errors = Errors::new();
        check(object, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn keys_of_a_config_map_are_file_names_and_in_one_place() {
        assert!(
            texts(
                config_map,
                &tree!({"data": {"a.b": "1"}, "binaryData": {"c": "AA=="}})
            )
            .is_empty()
        );
        assert_eq!(
            texts(config_map, &tree!({"data": {"..": ""}})),
            [r#"data[..]: Invalid value: "..": must not be '..'"#]
        );
        let twice = texts(
            config_map,
            &tree!({"data": {"a": ""}, "binaryData": {"a": "AA=="}}),
        );
        assert_eq!(
            twice,
            [r#"data[a]: Invalid value: "a": duplicate of key present in binaryData"#]
        );
    }

    #[test]
    fn configuration_is_limited_in_size() {
        let big = "x".repeat(CONFIGURATION_BYTES_MAX + 1);
        let errors = texts(config_map, &tree!({"data": {"a": (big.as_str())}}));
        assert_eq!(errors, ["[]: Too long: may not be more than 1048576 bytes"]);
    }

    #[test]
    fn immutable_configuration_stays() {
        let old = tree!({"immutable": true, "data": {"a": "1"}});
        let mut errors = Errors::new();
        config_map_update(&tree!({"data": {"a": "2"}}), &old, &mut errors);
        assert_eq!(errors.len(), 2);
        errors.clear();
        config_map_update(&old, &old, &mut errors);
        assert!(errors.is_empty());
    }

    #[test]
    fn typed_secrets_hold_what_their_type_needs() {
        let of = |kind: &str| texts(secret, &tree!({"type": kind}));
        assert!(of("Opaque").is_empty());
        assert_eq!(of("kubernetes.io/tls").len(), 2);
        assert_eq!(of("kubernetes.io/basic-auth").len(), 2);
        assert_eq!(
            of("kubernetes.io/ssh-auth"),
            ["data[ssh-privatekey]: Required value"]
        );
        assert_eq!(
            of("kubernetes.io/dockercfg"),
            ["data[.dockercfg]: Required value"]
        );
        let named = "metadata.annotations[kubernetes.io/service-account.name]: Required value";
        assert_eq!(of("kubernetes.io/service-account-token"), [named]);
        let broken = tree!({"type": "kubernetes.io/dockercfg", "data": {".dockercfg": "eA=="}});
        assert_eq!(texts(secret, &broken).len(), 1);
    }

    #[test]
    fn the_type_of_a_secret_stays() {
        let mut errors = Errors::new();
        secret_update(&tree!({"type": "b"}), &tree!({"type": "a"}), &mut errors);
        assert_eq!(
            errors[0].to_string(),
            r#"type: Invalid value: "b": field is immutable"#
        );
    }
}
