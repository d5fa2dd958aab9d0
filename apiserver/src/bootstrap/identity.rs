//! The identity of this server in the cluster (KEP-1965): the name and the content of its Lease in kube-system.
//! It makes the object; the renewal task sends it.

use schema::{Value, tree};
use sha2::{Digest, Sha256};

/// Where identity leases are.
pub const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
/// How often it is renewed.
pub const RENEWAL_INTERVAL: std::time::Duration = std::time::Duration::from_secs(10);
/// How long a lease stands without renewal, in seconds.
const LEASE_SECONDS: i64 = 3_600;

/// Who this server is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `apiserver-` and a hash of the host name: the same after a restart.
    pub name: String,
    /// Tells one run of the server from another.
    pub holder: String,
    /// The machine's name.
    pub hostname: String,
}

impl Identity {
    /// Of a host; `run` is a fresh UUID.
    pub fn new(hostname: &str, run: &str) -> Self {
        let digest = Sha256::digest(hostname.as_bytes());
        let name = format!("apiserver-{}", base32(&digest[..16]));
        Self {
            holder: format!("{name}_{run}"),
            name,
            hostname: hostname.to_owned(),
        }
    }

    /// The Lease as it should be; `now` has microseconds.
    pub fn lease(&self, now: &str) -> Value {
        tree!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": (self.name.as_str()),
                "namespace": "kube-system",
                "labels": {
                    "apiserver.kubernetes.io/identity": "kube-apiserver",
                    "kubernetes.io/hostname": (self.hostname.as_str()),
                },
            },
            "spec": {
                "holderIdentity": (self.holder.as_str()),
                "leaseDurationSeconds": LEASE_SECONDS,
                "renewTime": now,
            },
        })
    }
}

/// RFC 4648 base 32 in lower case, without padding.
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut buffer, mut bits) = (0u32, 0);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(buffer >> bits) as usize & 31]));
        }
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(buffer << (5 - bits)) as usize & 31]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_32_is_that_of_the_rfc() {
        assert_eq!(base32(b"foobar"), "mzxw6ytboi");
        assert_eq!(base32(b"fooba"), "mzxw6ytb");
    }

    #[test]
    fn the_name_stays_over_restarts_and_the_holder_does_not() {
        let (one, two) = (Identity::new("vm", "run-1"), Identity::new("vm", "run-2"));
        assert_eq!(one.name, two.name);
        assert_eq!(one.name.len(), "apiserver-".len() + 26);
        assert_ne!(one.holder, two.holder);
    }
}
