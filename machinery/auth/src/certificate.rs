//! Users from client certificates: the common name is the user, organizations are groups (the Kubernetes authentication page).
//! Whether a certificate is to be trusted is checked before, with the TLS library.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use smol_str::SmolStr;
use x509_parser::asn1_rs::{Oid, oid};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::User;

/// What the uid of a user is called in a subject: a number of the CNCF's own (feature AllowParsingUserUIDFromCertAuth).
const UID: Oid<'static> = oid!(1.3.6.1.4.1.57683.2);

/// Why a certificate names no user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not a certificate.
    #[error("the certificate cannot be read")]
    Malformed,
    /// Its subject has no common name.
    #[error("the certificate's subject has no common name")]
    Nameless,
    /// Its subject has a uid that is empty or no text, or several.
    #[error("the certificate's subject must have at most one uid, which is text and not empty")]
    Uid,
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
        uid: uid(&certificate)?.into(),
        groups: groups.map(SmolStr::new).collect(),
        extra: [(User::CREDENTIAL_ID.into(), vec![credential_id(der)])].into(),
    }
    .authenticated())
}

/// Which certificate it was, for audit.
fn credential_id(der: &[u8]) -> SmolStr {
    let mut id = String::from("X509SHA256=");
    for byte in Sha256::digest(der) {
        // Writing to a string does not fail.
        let _ = write!(id, "{byte:02x}");
    }
    id.into()
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

/// Of several common names the last counts, as in the reference.
fn name<'a>(certificate: &'a X509Certificate<'_>) -> Result<&'a str, Error> {
    let names = certificate
        .subject()
        .iter_common_name()
        .filter_map(|name| name.as_str().ok());
    names
        .last()
        .filter(|name| !name.is_empty())
        .ok_or(Error::Nameless)
}

fn uid<'a>(certificate: &'a X509Certificate<'_>) -> Result<&'a str, Error> {
    let mut uids = certificate.subject().iter_by_oid(&UID);
    match (uids.next(), uids.next()) {
        (None, _) => Ok(""),
        (Some(uid), None) => uid.as_str().ok().filter(|uid| !uid.is_empty()).ok_or(Error::Uid),
        (Some(_), Some(_)) => Err(Error::Uid),
    }
}

#[cfg(test)]
mod tests;
