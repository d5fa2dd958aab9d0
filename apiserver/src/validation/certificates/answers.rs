//! The answers to certificate signing requests: the conditions by which they are decided, and the certificates.
//! Nothing is both approved and denied, what was decided stays, and so does a certificate.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schema::Value;
use x509_parser::parse_x509_certificate;

use super::super::pem::blocks;
use super::super::place::Place;
use crate::strategy::Errors;

const DECISIONS: [&str; 2] = ["Approved", "Denied"];
/// Conditions that are true if they are there, and never go.
const LASTING: [&str; 3] = ["Approved", "Denied", "Failed"];

/// An answer after another, written through `status`: it decides nothing.
pub fn status(object: &Value, old: &Value, errors: &mut Errors) {
    approval(object, old, errors);
    let conditions = conditions_of(object);
    for kind in DECISIONS {
        if count(&conditions, kind) > count(&conditions_of(old), kind) {
            errors.push(conditions.forbidden(format!("updates may not add a condition of type \"{kind}\"")));
        }
    }
    let [certificate, before] = [object, old].map(certificate_of);
    if certificate.text() != before.text() && !before.is_empty() {
        errors.push(certificate.forbidden("updates may not modify existing certificate content"));
    }
}

/// An answer after another, written through `approval`, which decides.
pub fn approval(object: &Value, old: &Value, errors: &mut Errors) {
    let (conditions, before) = (conditions_of(object), conditions_of(old));
    check_conditions(&conditions, &Before::of(&before), errors);
    check_certificate(&certificate_of(object), &certificate_of(old), errors);
    for kind in LASTING {
        if count(&conditions, kind) < count(&before, kind) {
            let detail = format!("updates may not remove a condition of type \"{kind}\"");
            errors.push(conditions.forbidden(detail));
        }
    }
}

fn conditions_of(object: &Value) -> Place<'_> {
    Place::root(object, "status").field("conditions")
}

fn certificate_of(object: &Value) -> Place<'_> {
    Place::root(object, "status").field("certificate")
}

fn count(conditions: &Place<'_>, kind: &str) -> usize {
    let types = conditions.items().map(|condition| condition.field("type"));
    types.filter(|found| found.text() == kind).count()
}

/// What conditions were let in with; it may stay.
struct Before {
    untyped: bool,
    both: bool,
    twice: bool,
}

impl Before {
    fn of(conditions: &Place<'_>) -> Self {
        let types = conditions.items().map(|condition| condition.field("type"));
        Self {
            untyped: count(conditions, "") > 0,
            both: DECISIONS.iter().all(|kind| count(conditions, kind) > 0),
            twice: types.into_iter().any(|kind| count(conditions, kind.text()) > 1),
        }
    }
}

fn check_conditions(conditions: &Place<'_>, before: &Before, errors: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for condition in conditions.items() {
        let kind = condition.field("type");
        if !before.untyped {
            kind.require(errors);
        }
        let status = condition.field("status");
        if LASTING.contains(&kind.text()) {
            status.require_one_of(&["True"], errors);
        } else {
            status.require_one_of(&["False", "True", "Unknown"], errors);
        }
        let is_decision = DECISIONS.contains(&kind.text());
        let is_other = |seen: &&str| DECISIONS.contains(seen) && *seen != kind.text();
        if !before.both && is_decision && seen.iter().any(is_other) {
            // The reference does not say which condition it is.
            let why = "Approved and Denied conditions are mutually exclusive";
            errors.push(conditions.invalid_as(kind.text(), why));
        }
        if !before.twice && seen.contains(&kind.text()) {
            errors.push(kind.duplicate());
        }
        seen.push(kind.text());
    }
}

fn check_certificate(certificate: &Place<'_>, before: &Place<'_>, errors: &mut Errors) {
    let may_be_any =
        certificate.text() == before.text() || !before.is_empty() && certificates(before.text()).is_err();
    if may_be_any || certificate.is_empty() {
        return;
    }
    if let Err(why) = certificates(certificate.text()) {
        errors.push(certificate.invalid_as("<certificate data>", why));
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

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn nothing_is_both_approved_and_denied() {
        let condition = |kind: &str| tree!({"type": kind, "status": "True"});
        let object = tree!({"status": {"conditions": [(condition("Approved")), (condition("Denied"))]}});
        let mut errors = Errors::new();
        approval(&object, &tree!({}), &mut errors);
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
