//! Certificate signing requests: what is asked for, and by whom signed. What is answered is in [`answers`].
//! The certificate request inside is looked at as PEM only; signers read the rest.

pub mod answers;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schema::Value;

use super::pem::blocks;
use super::place::Place;
use super::signers;
use crate::strategy::Errors;

const LEGACY_SIGNER: &str = "kubernetes.io/legacy-unknown";
const EXPIRATION_SECONDS_MIN: i64 = 600;
const BLOCK: &str = "CERTIFICATE REQUEST";
const USAGES: [&str; 23] = [
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];

/// A request by itself.
pub fn create(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    let request = spec.field("request");
    if block_type(request.text()).as_deref() != Some(BLOCK) {
        errors.push(request.invalid_text(format!("PEM block type must be {BLOCK}")));
    }
    usages(&spec.field("usages"), errors);
    signer_name(&spec.field("signerName"), errors);
    let expiration = spec.field("expirationSeconds");
    if expiration.is_set() && expiration.int() < EXPIRATION_SECONDS_MIN {
        let detail = "may not specify a duration less than 600 seconds (10 minutes)";
        errors.push(expiration.invalid_int(detail));
    }
}

fn usages(place: &Place<'_>, errors: &mut Errors) {
    place.require(errors);
    let mut seen: Vec<&str> = Vec::new();
    for usage in place.items() {
        usage.one_of(&USAGES, errors);
        if seen.contains(&usage.text()) {
            errors.push(usage.duplicate());
        }
        seen.push(usage.text());
    }
}

fn signer_name(place: &Place<'_>, errors: &mut Errors) {
    if place.text() == LEGACY_SIGNER {
        errors.push(place.invalid("the legacy signerName is not allowed via this API version"));
    } else {
        signers::check_name(place, errors);
    }
}

/// The type of the first PEM block in base64.
fn block_type(request: &str) -> Option<String> {
    let bytes = STANDARD.decode(request).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    blocks(&text).next().map(|block| block.kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn created(spec: Value) -> Vec<String> {
        let mut errors = Errors::new();
        create(&tree!({"spec": spec}), &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    fn request() -> String {
        STANDARD.encode("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n")
    }

    #[test]
    fn what_is_asked_for_is_known_and_said_once() {
        let good = tree!({"request": (request()), "usages": ["any"], "signerName": "example.com/signer"});
        assert_eq!(created(good), [""; 0]);
        let twice = tree!({"request": (request()), "usages": ["any", "any"], "signerName": ""});
        assert_eq!(
            created(twice),
            [
                "spec.usages[1]: Duplicate value: \"any\"",
                "spec.signerName: Required value"
            ]
        );
    }

    #[test]
    fn other_blocks_are_no_request() {
        let other = STANDARD.encode("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        for wrong in [other, "AAAA".to_owned(), String::new()] {
            let spec =
                tree!({"request": (wrong.clone()), "usages": ["any"], "signerName": "example.com/signer"});
            let detail = "PEM block type must be CERTIFICATE REQUEST";
            assert_eq!(
                created(spec),
                [format!("spec.request: Invalid value: \"{wrong}\": {detail}")]
            );
        }
    }
}
