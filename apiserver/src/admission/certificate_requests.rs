//! Certificate signing requests, as admission judges them: who asks to be whom, and which of its fields only a signer writes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schema::Value;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;
use x509_parser::x509::AttributeTypeAndValue;

/// Signs certificates of clients of the API server.
pub const CLIENT_SIGNER: &str = "kubernetes.io/kube-apiserver-client";
/// Signs those of kubelets, as clients and as servers.
pub const KUBELET_SIGNERS: [&str; 2] = [
    "kubernetes.io/kubelet-serving",
    "kubernetes.io/kube-apiserver-client-kubelet",
];

/// The signer that a request or a trust bundle is for; empty if it is for none.
pub fn signer(object: &Value) -> &str {
    object.str_at(&["spec", "signerName"]).unwrap_or_default()
}

/// Who a certificate is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The user.
    pub common_name: String,
    /// Its groups.
    pub organizations: Vec<String>,
}

impl Subject {
    /// Of a CertificateSigningRequest; the error says why its request cannot be read.
    pub fn of(object: &Value) -> Result<Self, String> {
        let packed = object.str_at(&["spec", "request"]).unwrap_or_default();
        let text = STANDARD
            .decode(packed)
            .map_err(|_| "it is not base64".to_owned())?;
        let not_pem = || "PEM block type must be CERTIFICATE REQUEST".to_owned();
        let (_, block) = x509_parser::pem::parse_x509_pem(&text).map_err(|_| not_pem())?;
        if !matches!(
            block.label.as_str(),
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST"
        ) {
            return Err(not_pem());
        }
        let (_, request) =
            X509CertificationRequest::from_der(&block.contents).map_err(|error| error.to_string())?;
        let subject = &request.certification_request_info.subject;
        let organizations: Result<_, _> = subject.iter_organization().map(read).collect();
        Ok(Self {
            // Of several, the last counts, as in the reference.
            common_name: subject
                .iter_common_name()
                .last()
                .map(read)
                .transpose()?
                .unwrap_or_default(),
            organizations: organizations?,
        })
    }
}

/// What cannot be read could be anything.
fn read(attribute: &AttributeTypeAndValue<'_>) -> Result<String, String> {
    let text = attribute.as_str();
    text.map(str::to_owned)
        .map_err(|_| "a name in its subject cannot be read".to_owned())
}

/// Whether a status update writes what only a signer may: the certificate, or a condition such as that there will be none.
pub fn is_answered(object: &Value, old: &Value) -> bool {
    let certificate = ["status", "certificate"];
    let conditions = ["status", "conditions"];
    object.str_at(&certificate).unwrap_or_default() != old.str_at(&certificate).unwrap_or_default()
        || object.list_at(&conditions) != old.list_at(&conditions)
}

/// The two names of a signer that may be granted: itself, and all of its domain.
pub fn signer_names(signer: &str) -> [String; 2] {
    let domain = signer.split('/').next().unwrap_or_default();
    [signer.to_owned(), format!("{domain}/*")]
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use schema::tree;

    pub fn request(common_name: &str, organizations: &[&str]) -> Value {
        let mut parameters = rcgen::CertificateParams::default();
        let mut name = rcgen::DistinguishedName::new();
        name.push(rcgen::DnType::CommonName, common_name);
        for organization in organizations {
            name.push(rcgen::DnType::OrganizationName, *organization);
        }
        parameters.distinguished_name = name;
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = parameters.serialize_request(&key).unwrap().pem().unwrap();
        tree!({"spec": {"request": (STANDARD.encode(pem))}})
    }

    #[test]
    fn subjects_are_read() {
        let subject = Subject::of(&request("system:node:n", &["system:masters"])).unwrap();
        assert_eq!(subject.common_name, "system:node:n");
        assert_eq!(subject.organizations, ["system:masters"]);
    }

    #[test]
    fn what_is_no_request_is_an_error() {
        for text in ["", "!", "aGVsbG8="] {
            assert!(
                Subject::of(&tree!({"spec": {"request": text}})).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn certificates_and_conditions_are_answers() {
        let without = tree!({"status": {}});
        for with in [
            tree!({"status": {"certificate": "eA=="}}),
            tree!({"status": {"conditions": [{"type": "Failed"}]}}),
        ] {
            assert!(is_answered(&with, &without));
            assert!(!is_answered(&with, &with.clone()));
        }
    }

    #[test]
    fn signers_are_granted_by_name_and_by_domain() {
        assert_eq!(signer_names("example.com/a"), ["example.com/a", "example.com/*"]);
    }
}
