//! Users from client certificates: the common name is the user, organizations are groups (the Kubernetes authentication page).
//! Whether a certificate is to be trusted is checked before, with the TLS library.

use smol_str::SmolStr;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

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
    let certificate = parse(der)?;
    let groups = certificate
        .subject()
        .iter_organization()
        .filter_map(|group| group.as_str().ok());
    Ok(User {
        name: name(&certificate)?.into(),
        groups: groups.map(SmolStr::new).collect(),
        ..User::default()
    }
    .authenticated())
}

/// When a certificate (DER) ends, in seconds since 1970.
pub fn ends(der: &[u8]) -> Result<i64, Error> {
    parse(der).map(|certificate| certificate.validity().not_after.timestamp())
}

/// The common name of a certificate (DER).
pub fn common_name(der: &[u8]) -> Result<String, Error> {
    name(&parse(der)?).map(str::to_owned)
}

/// The DNS names that a certificate (DER) is for.
pub fn dns_names(der: &[u8]) -> Result<Vec<String>, Error> {
    let certificate = parse(der)?;
    let names = certificate
        .subject_alternative_name()
        .map_err(|_| Error::Malformed)?;
    let names = names.into_iter().flat_map(|names| &names.value.general_names);
    Ok(names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        })
        .collect())
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, Error> {
    X509Certificate::from_der(der)
        .map(|(_, certificate)| certificate)
        .map_err(|_| Error::Malformed)
}

fn name<'a>(certificate: &'a X509Certificate<'_>) -> Result<&'a str, Error> {
    let mut names = certificate
        .subject()
        .iter_common_name()
        .filter_map(|name| name.as_str().ok());
    names
        .next()
        .filter(|name| !name.is_empty())
        .ok_or(Error::Nameless)
}
