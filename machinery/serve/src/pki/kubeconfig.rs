//! A kubeconfig with everything in it: address, authority, client certificate and key.

use std::path::Path;

use super::{Error, files};

/// Writes the administrator's kubeconfig for a server at `address` (`https://127.0.0.1:6443`), whose certificate is known by
/// the PEM file `authority`: that of its authority, or the certificate itself. He is known by a pair of certificate and key.
pub fn write(
    path: &Path,
    address: &str,
    authority: &Path,
    (certificate, key): (&Path, &Path),
) -> Result<(), Error> {
    let encoded = |file: &Path| files::read(file).map(|text| base64(text.as_bytes()));
    let content = format!(
        "apiVersion: v1
kind: Config
current-context: shardplane
clusters:
- name: shardplane
  cluster:
    server: {address}
    certificate-authority-data: {}
users:
- name: admin
  user:
    client-certificate-data: {}
    client-key-data: {}
contexts:
- name: shardplane
  context:
    cluster: shardplane
    user: admin
",
        encoded(authority)?,
        encoded(certificate)?,
        encoded(key)?,
    );
    super::write_private(path, content.as_bytes())
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(bytes)
}
