//! Kinds of the certificates group.

use schema::Value;

use super::row::Row;
use super::selector::equalities;
use super::{AGE, Column, NAME, age, field, string, text};

pub(super) fn columns(kind: &str) -> Option<&'static [Column]> {
    Some(match kind {
        "CertificateSigningRequest" => REQUESTS,
        "ClusterTrustBundle" => BUNDLES,
        "PodCertificateRequest" => POD_REQUESTS,
        _ => return None,
    })
}

/// The description that v1beta1 had; clients still see it.
const SIGNER: &str = concat!(
    "Requested signer for the request. It is a qualified name in the form: `scope-hostname.io/name`. ",
    "If empty, it will be defaulted:\n",
    " 1. If it's a kubelet client certificate, it is assigned\n",
    "    \"kubernetes.io/kube-apiserver-client-kubelet\".\n",
    " 2. If it's a kubelet serving certificate, it is assigned\n",
    "    \"kubernetes.io/kubelet-serving\".\n",
    " 3. Otherwise, it is assigned \"kubernetes.io/legacy-unknown\".\n",
    "Distribution of trust for signers happens out of band. You can select on this field using `spec.signerName`.",
);

const REQUESTS: &[Column] = &[
    NAME,
    AGE,
    string("SignerName", text(SIGNER), |row| {
        row.text_or(&["spec", "signerName"], "<none>")
    }),
    string("Requestor", text("Base64-encoded PKCS#10 CSR data"), |row| {
        row.text(&["spec", "username"])
    }),
    string(
        "RequestedDuration",
        field!(
            "certificates.v1.CertificateSigningRequestSpec",
            "expirationSeconds"
        ),
        |row| {
            let seconds = row.object.int_at(&["spec", "expirationSeconds"]);
            Value::from(seconds.map_or_else(|| "<none>".to_owned(), age::human))
        },
    ),
    string(
        "Condition",
        text("Conditions applied to the request, such as approval or denial."),
        condition,
    ),
];

const BUNDLES: &[Column] = &[
    NAME,
    string(
        "SignerName",
        field!("certificates.v1beta1.ClusterTrustBundleSpec", "signerName"),
        |row| row.text_or(&["spec", "signerName"], "<none>"),
    ),
];

const POD_REQUESTS: &[Column] = &[
    NAME,
    string(
        "PodName",
        field!("certificates.v1beta1.PodCertificateRequestSpec", "podName"),
        |row| row.text(&["spec", "podName"]),
    ),
    string(
        "ServiceAccountName",
        field!(
            "certificates.v1beta1.PodCertificateRequestSpec",
            "serviceAccountName"
        ),
        |row| row.text(&["spec", "serviceAccountName"]),
    ),
    string(
        "NodeName",
        field!("certificates.v1beta1.PodCertificateRequestSpec", "nodeName"),
        |row| row.text(&["spec", "nodeName"]),
    ),
    string(
        "SignerName",
        field!("certificates.v1beta1.PodCertificateRequestSpec", "signerName"),
        |row| row.text(&["spec", "signerName"]),
    ),
    string(
        "State",
        text("The state of the request, e.g. Pending, Issued, Denied or Failed"),
        state,
    ),
    string(
        "UnverifiedUserAnnotations",
        field!(
            "certificates.v1beta1.PodCertificateRequestSpec",
            "unverifiedUserAnnotations"
        ),
        |row| Value::from(equalities(row.object.at(&["spec", "unverifiedUserAnnotations"]))),
    ),
];

/// A denial outweighs an approval; a failure and an issued certificate are told beside them.
fn condition(row: &Row<'_>) -> Value {
    let has = |kind| row.condition(kind).is_some();
    let decision = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (_, true) => "Approved",
        _ => "Pending",
    };
    let failed = if has("Failed") { ",Failed" } else { "" };
    let issued = if row.str(&["status", "certificate"]).is_empty() {
        ""
    } else {
        ",Issued"
    };
    Value::from(format!("{decision}{failed}{issued}"))
}

/// The last of the deciding conditions.
fn state(row: &Row<'_>) -> Value {
    let mut kinds = row
        .list(&["status", "conditions"])
        .iter()
        .filter_map(|condition| condition.str_at(&["type"]));
    let decided = kinds.rfind(|kind| matches!(*kind, "Issued" | "Denied" | "Failed"));
    Value::from(decided.unwrap_or("Pending"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::layout_of;
    use jiff::Timestamp;
    use schema::tree;

    #[test]
    fn the_condition_sums_up_decision_and_outcome() {
        let cell = |object: Value| {
            layout_of("certificates.k8s.io", "CertificateSigningRequest")
                .cells(&object, Timestamp::UNIX_EPOCH)[5]
                .clone()
        };
        assert_eq!(cell(tree!({})), Value::from("Pending"));
        let issued = tree!({"status": {"conditions": [{"type": "Approved"}], "certificate": "eA=="}});
        assert_eq!(cell(issued), Value::from("Approved,Issued"));
        let denied =
            tree!({"status": {"conditions": [{"type": "Approved"}, {"type": "Denied"}, {"type": "Failed"}]}});
        assert_eq!(cell(denied), Value::from("Denied,Failed"));
    }
}
