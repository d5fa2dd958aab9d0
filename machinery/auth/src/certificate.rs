//! Users from client certificates: the common name is the user, organizations are groups (the Kubernetes authentication page).
//! Whether a certificate is to be trusted is checked before, with the TLS library.

use smol_str::SmolStr;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::User;

/// Why a certificate names no user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not a certificate.
    #[error("the certificate cannot be read")]
    Malformed,
    /// Its subject has no common name.
    #[error("the certificate's subject has no common name")]
    Nameless,
}

/// The user that a certificate (DER) names.
pub fn user(der: &[u8]) -> Result<User, Error> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|_| Error::Malformed)?;
    let subject = certificate.subject();
    let name = subject
        .iter_common_name()
        .find_map(|name| name.as_str().ok())
        .filter(|name| !name.is_empty());
    let groups = subject
        .iter_organization()
        .filter_map(|group| group.as_str().ok());
    Ok(User {
        name: name.ok_or(Error::Nameless)?.into(),
        groups: groups.map(SmolStr::new).collect(),
        ..User::default()
    }
    .authenticated())
}
