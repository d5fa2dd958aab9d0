//! Trust bundles of the cluster: certificates of authorities, perhaps of one signer. Their names are checked with metadata.

use schema::Value;
use x509_parser::parse_x509_certificate;

use super::pem::{self, Block};
use super::place::Place;
use super::signers;
use crate::strategy::Errors;

const BUNDLE_BYTES_MAX: usize = 1 << 20;
/// Shown in place of what may be a megabyte.
const OMITTED: &str = "<value omitted>";

/// Checks a new bundle.
pub fn create(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    check_signer(&spec.field("signerName"), errors);
    check_bundle(&spec.field("trustBundle"), errors);
}

/// Checks a changed one. What stays as it is is not parsed again.
pub fn update(object: &Value, old: &Value, errors: &mut Errors) {
    let (spec, old) = (Place::root(object, "spec"), Place::root(old, "spec"));
    let (signer, bundle) = (spec.field("signerName"), spec.field("trustBundle"));
    check_signer(&signer, errors);
    if bundle.text() != old.field("trustBundle").text() {
        check_bundle(&bundle, errors);
    }
    signer.immutable(&old.field("signerName"), errors);
}

fn check_signer(signer: &Place<'_>, errors: &mut Errors) {
    if !signer.is_empty() {
        signers::check_name(signer, errors);
    }
}

fn check_bundle(bundle: &Place<'_>, errors: &mut Errors) {
    if bundle.text().len() > BUNDLE_BYTES_MAX {
        bundle.at_most_bytes(BUNDLE_BYTES_MAX, errors);
        return;
    }
    let blocks: Vec<Block<'_>> = pem::blocks(bundle.text()).collect();
    let wrong = blocks.iter().enumerate().filter_map(|(at, block)| {
        let why = problem(block)?;
        Some(bundle.invalid_as(OMITTED, format!("entry {at} {why}")))
    });
    let before = errors.len();
    errors.extend(wrong);
    if blocks.is_empty() {
        errors.push(bundle.invalid_as(OMITTED, "at least one trust anchor must be provided"));
    }
    if errors.len() == before {
        check_twins(bundle, &blocks, errors);
    }
}

/// What is wrong with one block.
fn problem(block: &Block<'_>) -> Option<String> {
    if block.kind != "CERTIFICATE" {
        return Some(format!("has bad block type: {}", block.kind));
    }
    if block.has_headers {
        return Some("has PEM block headers".to_owned());
    }
    match parse_x509_certificate(&block.content) {
        Ok((&[], certificate)) if certificate.is_ca() => None,
        Ok((&[], _)) => Some("does not have the CA bit set".to_owned()),
        _ => Some("does not parse as X.509".to_owned()),
    }
}

/// Each certificate may be there once.
fn check_twins(bundle: &Place<'_>, blocks: &[Block<'_>], errors: &mut Errors) {
    for (first, block) in blocks.iter().enumerate() {
        let same = |other: &Block<'_>| other.content == block.content;
        if blocks[..first].iter().any(same) {
            continue;
        }
        let all = blocks.iter().enumerate().filter(|(_, other)| same(other));
        let places: Vec<String> = all.map(|(at, _)| at.to_string()).collect();
        if places.len() > 1 {
            let detail = format!("duplicate trust anchor (indices [{}])", places.join(" "));
            errors.push(bundle.invalid_as(OMITTED, detail));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
    use schema::tree;

    fn certificate(is_ca: IsCa) -> String {
        let mut params = CertificateParams::new(vec!["a".to_owned()]).expect("parameters");
        params.is_ca = is_ca;
        let key = KeyPair::generate().expect("a key");
        params.self_signed(&key).expect("a certificate").pem()
    }

    fn authority() -> String {
        certificate(IsCa::Ca(BasicConstraints::Unconstrained))
    }

    fn bundle(signer: &str, text: &str) -> Value {
        tree!({"spec": {"signerName": signer, "trustBundle": text}})
    }

    fn texts(errors: &Errors) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    fn created(text: &str) -> Vec<String> {
        let mut errors = Errors::new();
        create(&bundle("", text), &mut errors);
        texts(&errors)
    }

    #[test]
    fn bundles_hold_authorities_once() {
        let (one, other) = (authority(), authority());
        assert_eq!(created(&format!("{one}between\n{other}")), [""; 0]);
        let told = |detail: &str| {
            [format!(
                "spec.trustBundle: Invalid value: \"<value omitted>\": {detail}"
            )]
        };
        assert_eq!(created(""), told("at least one trust anchor must be provided"));
        assert_eq!(
            created(&format!("{one}{other}{one}")),
            told("duplicate trust anchor (indices [0 2])")
        );
        let user = certificate(IsCa::NoCa);
        assert_eq!(
            created(&format!("{one}{user}")),
            told("entry 1 does not have the CA bit set")
        );
        let block = |kind: &str| format!("-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----\n");
        assert_eq!(
            created(&block("CERTIFICATE")),
            told("entry 0 does not parse as X.509")
        );
        assert_eq!(created(&block("KEY")), told("entry 0 has bad block type: KEY"));
        let headed = one.replacen("-----\n", "-----\na: b\n\n", 1);
        assert_eq!(created(&headed), told("entry 0 has PEM block headers"));
        assert_eq!(
            created(&"a".repeat(BUNDLE_BYTES_MAX + 1)),
            ["spec.trustBundle: Too long: may not be more than 1048576 bytes"]
        );
    }

    #[test]
    fn a_bundle_keeps_its_signer_and_is_not_parsed_twice() {
        let check = |new: &Value, old: &Value| {
            let mut errors = Errors::new();
            update(new, old, &mut errors);
            texts(&errors)
        };
        let odd = bundle("a.b/c", "odd");
        assert_eq!(check(&odd, &odd), [""; 0]);
        assert_eq!(check(&odd, &bundle("a.b/c", "")).len(), 1);
        assert_eq!(
            check(&bundle("a.b/d", "odd"), &odd),
            ["spec.signerName: Invalid value: \"a.b/d\": field is immutable"]
        );
    }
}
