//! CertificateSubjectRestriction: nobody asks for a client certificate of those who may all.

use async_trait::async_trait;
use serve::status::Status;

use crate::admission::certificate_requests::{CLIENT_SIGNER, Subject, signer};
use crate::admission::{Attributes, Plugin, Reader, Told};

/// Who may all: a certificate of this group could not be taken back.
const MASTERS: &str = "system:masters";

/// See the module.
#[derive(Debug)]
pub struct CertificateSubjectRestriction;

#[async_trait]
impl Plugin for CertificateSubjectRestriction {
    fn name(&self) -> &'static str {
        "CertificateSubjectRestriction"
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let asks = attributes.creates("certificates.k8s.io", "certificatesigningrequests");
        if !asks || signer(&attributes.object) != CLIENT_SIGNER {
            return Ok(());
        }
        let subject = Subject::of(&attributes.object)
            .map_err(|why| attributes.forbidden(&format!("failed to parse CSR: {why}")))?;
        let is_master = subject.organizations.iter().any(|group| group == MASTERS);
        let why = format_args!("use of {CLIENT_SIGNER} signer with {MASTERS} group is not allowed");
        attributes.require(!is_master, why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Objects, Write};

    #[tokio::test]
    async fn nobody_asks_to_be_a_master() {
        let request = |signer: &str, group: &str| {
            let mut object = crate::admission::certificate_requests::tests::request("ann", &[group]);
            object
                .as_map_mut()
                .unwrap()
                .map_at("spec")
                .insert("signerName", signer);
            Write::create("certificates.k8s.io", "certificatesigningrequests", object)
        };
        let refused = async |signer: &str, group: &str| {
            let write = request(signer, group);
            let verdict = write
                .validate(&CertificateSubjectRestriction, &Objects::default())
                .await
                .0;
            verdict.err().map(|status| status.message)
        };
        let told = refused(CLIENT_SIGNER, MASTERS).await.unwrap();
        assert!(told.ends_with(
            "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed"
        ));
        assert_eq!(refused(CLIENT_SIGNER, "others").await, None);
        assert_eq!(refused("example.com/a", MASTERS).await, None);
    }
}
