//! Names of signers of certificates, `example.com/name`, and of the trust bundles that are theirs, `example.com:name:bundle`.

use object::field::{Error, quote};
use object::names::{self, NameFormat, Problems};

use super::place::Place;
use crate::strategy::Errors;

const DOMAIN_BYTES_MAX: usize = 253;
/// A domain, a slash, and a name that may hold the name of a namespaced object: a label, a dot and a subdomain.
const NAME_BYTES_MAX: usize = DOMAIN_BYTES_MAX + 1 + 63 + 1 + 253;

/// Checks the name of a signer, which must be given.
pub fn check_name(name: &Place<'_>, errors: &mut Errors) {
    if !name.require(errors) {
        return;
    }
    let [domain, path] = name.text().split('/').collect::<Vec<_>>()[..] else {
        let detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
        errors.push(name.invalid_text(detail));
        return;
    };
    if domain.len() > DOMAIN_BYTES_MAX {
        errors.push(Error::too_long(name.path(), DOMAIN_BYTES_MAX));
    }
    check_labels(name, domain, names::dns_label, errors);
    if !domain.contains('.') {
        let detail = "should be a domain with at least two segments separated by dots";
        errors.push(name.invalid_as(domain, detail));
    }
    check_labels(name, path, names::dns_subdomain, errors);
    name.at_most_bytes(NAME_BYTES_MAX, errors);
}

/// The first label that is wrong is told.
fn check_labels(name: &Place<'_>, part: &str, check: fn(&str) -> Problems, errors: &mut Errors) {
    let mut wrong = part.split('.').map(|label| (label, check(label)));
    let Some((label, problems)) = wrong.find(|(_, problems)| !problems.is_empty()) else {
        return;
    };
    for problem in problems {
        let detail = format!("validating label {}: {problem}", quote(label));
        errors.push(name.invalid_as(part, detail));
    }
}

/// What is wrong with the name of a trust bundle, or (`prefix`) with the beginning of one; an empty signer is none.
pub fn bundle_name_problems(signer: &str, name: &str, prefix: bool) -> Problems {
    if signer.is_empty() {
        return match name.contains(':') {
            true => vec!["ClusterTrustBundle without signer name must not have \":\" in its name".into()],
            false => NameFormat::DnsSubdomain.check(name, prefix),
        };
    }
    let start = format!("{}:", signer.replace('/', ":"));
    match name.strip_prefix(&start) {
        Some(rest) => NameFormat::DnsSubdomain.check(rest, prefix),
        None => {
            vec![
                format!("ClusterTrustBundle for signerName {signer} must be named with prefix {start}")
                    .into(),
            ]
        }
    }
}

/// The signer whose trust bundle has such a name; empty if it is nobody's.
pub fn signer_of_bundle(name: &str) -> String {
    name.rsplit_once(':')
        .map(|(signer, _)| signer.replace(':', "/"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::field::Path;
    use schema::Value;

    fn told(name: &str) -> Vec<String> {
        let (value, mut errors) = (Value::from(name), Errors::new());
        check_name(&Place::new(Some(&value), Path::root("signerName")), &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn signers_have_a_domain_and_a_name() {
        assert_eq!(told("example.com/a.b"), [""; 0]);
        assert_eq!(told(""), ["signerName: Required value"]);
        for wrong in ["example.com", "a.b/c/d"] {
            let detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
            assert_eq!(
                told(wrong),
                [format!("signerName: Invalid value: \"{wrong}\": {detail}")]
            );
        }
        assert_eq!(
            told("example/a"),
            [
                "signerName: Invalid value: \"example\": should be a domain with at least two segments separated by dots"
            ]
        );
        let label = told("a.B.C/d");
        assert_eq!(label.len(), 1);
        assert!(label[0].starts_with(
            "signerName: Invalid value: \"a.B.C\": validating label \"B\": a lowercase RFC 1123 label"
        ));
        assert!(told("a.b/-")[0].starts_with(
            "signerName: Invalid value: \"-\": validating label \"-\": a lowercase RFC 1123 subdomain"
        ));
        assert_eq!(
            told(&format!("a.{}/b", "a.".repeat(126) + "a"))[0],
            "signerName: Too long: may not be more than 253 bytes"
        );
    }

    #[test]
    fn bundles_are_named_after_their_signer() {
        assert!(bundle_name_problems("", "a", false).is_empty());
        assert!(bundle_name_problems("a.b/c", "a.b:c:d", false).is_empty());
        assert_eq!(
            bundle_name_problems("", "a:b", false),
            ["ClusterTrustBundle without signer name must not have \":\" in its name"]
        );
        assert_eq!(
            bundle_name_problems("a.b/c", "d", false),
            ["ClusterTrustBundle for signerName a.b/c must be named with prefix a.b:c:"]
        );
        assert_eq!(bundle_name_problems("a.b/c", "a.b:c:D", false).len(), 1);
        assert_eq!(signer_of_bundle("a.b:c:d"), "a.b/c");
        assert_eq!(signer_of_bundle("d"), "");
    }
}
