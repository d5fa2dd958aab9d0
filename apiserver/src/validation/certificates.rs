//! Certificate signing requests: what is asked for, by whom signed, and the conditions of an answer.
//! The certificate request inside is looked at as PEM only; signers read the rest.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schema::Value;
use x509_parser::parse_x509_certificate;

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

/// The answer so far.
pub fn status(object: &Value, old: &Value, errors: &mut Errors) {
    let certificate = Place::root(object, "status").field("certificate");
    let is_new = certificate.value() != Place::root(old, "status").field("certificate").value();
    if is_new
        && !certificate.is_empty()
        && let Err(why) = certificates(certificate.text())
    {
        errors.push(certificate.invalid_as("<certificate data>", why));
    }
    let conditions = Place::root(object, "status").field("conditions");
    let mut seen: Vec<&str> = Vec::new();
    for condition in conditions.items() {
        let kind = condition.field("type");
        kind.require(errors);
        let known = ["Approved", "Denied", "Failed"].contains(&kind.text());
        let values: &[&str] = if known {
            &["True"]
        } else {
            &["False", "True", "Unknown"]
        };
        condition.field("status").require_one_of(values, errors);
        let excluded = match kind.text() {
            "Approved" => seen.contains(&"Denied"),
            "Denied" => seen.contains(&"Approved"),
            _ => false,
        };
        if excluded {
            // The reference does not say which condition it is.
            let why = "Approved and Denied conditions are mutually exclusive";
            errors.push(conditions.invalid_as(kind.text(), why));
        }
        if seen.contains(&kind.text()) {
            errors.push(kind.duplicate());
        }
        seen.push(kind.text());
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

/// Whether a text in base64 is PEM blocks of certificates and no others.
fn certificates(text: &str) -> Result<(), String> {
    let bytes = STANDARD.decode(text).unwrap_or_default();
    let mut count = 0;
    for block in blocks(&String::from_utf8_lossy(&bytes)) {
        if block.kind != "CERTIFICATE" {
            return Err(format!(
                "only CERTIFICATE PEM blocks are allowed, found {}",
                object::field::quote(block.kind)
            ));
        }
        if block.has_headers {
            return Err("no PEM block headers are permitted".to_owned());
        }
        if block.content.is_empty() {
            return Err("found CERTIFICATE PEM block containing 0 certificates".to_owned());
        }
        let mut rest = block.content.as_slice();
        while !rest.is_empty() {
            rest = parse_x509_certificate(rest).map_err(|error| error.to_string())?.0;
        }
        count += 1;
    }
    match count {
        0 => Err("must contain at least one CERTIFICATE PEM block".to_owned()),
        _ => Ok(()),
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

    #[test]
    fn nothing_is_both_approved_and_denied() {
        let condition = |kind: &str| tree!({"type": kind, "status": "True"});
        let object = tree!({"status": {"conditions": [(condition("Approved")), (condition("Denied"))]}});
        let mut errors = Errors::new();
        status(&object, &object, &mut errors);
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            errors,
            [
                "status.conditions: Invalid value: \"Denied\": Approved and Denied conditions are mutually exclusive"
            ]
        );
    }

    #[test]
    fn a_certificate_is_one_unless_it_was_there() {
        let answered = |text: &str| tree!({"status": {"certificate": (STANDARD.encode(text))}});
        let checked = |object: &Value, old: &Value| {
            let mut errors = Errors::new();
            status(object, old, &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let none = answered("not a cert");
        let empty = tree!({"status": {}});
        let why = "status.certificate: Invalid value: \"<certificate data>\": ";
        assert_eq!(
            checked(&none, &empty),
            [format!("{why}must contain at least one CERTIFICATE PEM block")]
        );
        assert_eq!(checked(&none, &none), [""; 0]);
        let other =
            answered("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n");
        assert_eq!(
            checked(&other, &empty),
            [format!(
                "{why}only CERTIFICATE PEM blocks are allowed, found \"CERTIFICATE REQUEST\""
            )]
        );
    }
    #[test]
    fn certificates_have_no_headers_and_can_be_read() {
        let made = rcgen::generate_simple_self_signed(vec!["a".to_owned()]).expect("a certificate");
        let good = made.cert.pem();
        let check = |text: &str| certificates(&STANDARD.encode(text));
        assert_eq!(check(&good), Ok(()));
        assert_eq!(check(&format!("before\n{good}between\n{good}after")), Ok(()));
        let after_begin = |line: &str| good.replacen("-----\n", &format!("-----\n{line}\n"), 1);
        let headers = "no PEM block headers are permitted";
        assert_eq!(check(&after_begin("Some: header\n")), Err(headers.to_owned()));
        assert_eq!(
            check(&format!("{good}{}", after_begin("a:b"))),
            Err(headers.to_owned())
        );
        let block =
            |content: &str| format!("-----BEGIN CERTIFICATE-----\n{content}-----END CERTIFICATE-----\n");
        let der = check(&block("AAAA\n")).expect_err("it is none");
        assert!(!der.contains("PEM block"), "{der}");
        assert_eq!(
            check(&block("")),
            Err("found CERTIFICATE PEM block containing 0 certificates".to_owned())
        );
        // What is no block is passed over.
        let none = "must contain at least one CERTIFICATE PEM block";
        assert_eq!(check(&block("%\n")), Err(none.to_owned()));
        assert_eq!(check(&format!("{}{good}", block("%\n"))), Ok(()));
        assert_eq!(check(&format!("-----BEGIN X-----\n{good}")), Ok(()));
    }
}
