//! The certificates and keys that a server makes for itself at first start, so that nothing has to be installed before.
//! It makes files; serving them is [`crate::tls`]'s.

mod files;
pub mod kubeconfig;
pub mod system;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub use files::write_private;

/// How long authorities are valid.
const AUTHORITY_VALIDITY: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);
/// How long certificates are valid.
const LEAF_VALIDITY: Duration = Duration::from_secs(365 * 24 * 3_600);
/// A certificate is made anew when less than this is left.
const RENEW_BEFORE: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Clocks may differ by this much.
const BACKDATE: Duration = Duration::from_secs(300);

/// Why the files could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A certificate.
    #[error("{what}: {source}")]
    Certificate {
        /// Which.
        what: String,
        /// Why.
        source: rcgen::Error,
    },
}

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Files {
    /// The cluster's authority.
    pub ca_certificate: PathBuf,
    /// Its key.
    pub ca_key: PathBuf,
    /// The serving certificate.
    pub serving_certificate: PathBuf,
    /// Its key.
    pub serving_key: PathBuf,
    /// The front proxy's authority.
    pub front_proxy_ca_certificate: PathBuf,
    /// Its key.
    pub front_proxy_ca_key: PathBuf,
    /// Signs service account tokens.
    pub service_account_key: PathBuf,
    /// The administrator's certificate.
    pub admin_certificate: PathBuf,
    /// Its key.
    pub admin_key: PathBuf,
    /// What a router shows the other tiers.
    pub front_proxy_client_certificate: PathBuf,
    /// Its key.
    pub front_proxy_client_key: PathBuf,
    /// What a member of the watch tier shows frontends.
    pub watch_cache_certificate: PathBuf,
    /// Its key.
    pub watch_cache_key: PathBuf,
    /// Held while files are made: processes may share a folder.
    lock: PathBuf,
}

/// The common name of our own front proxies' certificates.
pub const FRONT_PROXY_CLIENT: &str = "front-proxy-client";
/// The user that a member of the watch tier is to frontends.
pub const WATCH_CACHE_USER: &str = "system:shardplane:watchcache";
/// The group of everything that is a tier of the system.
pub const TIERS_GROUP: &str = "system:shardplane:tiers";

/// The names under which the server is reached.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// DNS names.
    pub dns: Vec<String>,
    /// Addresses.
    pub addresses: Vec<IpAddr>,
}

impl Files {
    /// Below a data folder: `pki/`.
    pub fn below(data_dir: &Path) -> Self {
        let pki = data_dir.join("pki");
        Self::of(&pki, &pki)
    }

    /// In a folder that the processes of a system share, and what is each one's own in another.
    pub fn of(shared: &Path, own: &Path) -> Self {
        let at = |name: &str| shared.join(name);
        Self {
            ca_certificate: at("ca.crt"),
            ca_key: at("ca.key"),
            serving_certificate: own.join("apiserver.crt"),
            serving_key: own.join("apiserver.key"),
            front_proxy_ca_certificate: at("front-proxy-ca.crt"),
            front_proxy_ca_key: at("front-proxy-ca.key"),
            service_account_key: at("sa.key"),
            admin_certificate: at("admin.crt"),
            admin_key: at("admin.key"),
            front_proxy_client_certificate: at("front-proxy-client.crt"),
            front_proxy_client_key: at("front-proxy-client.key"),
            watch_cache_certificate: at("watchcache.crt"),
            watch_cache_key: at("watchcache.key"),
            lock: at("lock"),
        }
    }

    /// Makes what is missing or about to expire. Authorities are never replaced.
    pub fn ensure(&self, names: &Names) -> Result<(), Error> {
        let _lock = files::lock(&self.lock)?;
        ensure_authority("shardplane-ca", &self.ca_certificate, &self.ca_key)?;
        ensure_authority(
            "shardplane-front-proxy-ca",
            &self.front_proxy_ca_certificate,
            &self.front_proxy_ca_key,
        )?;
        let cluster = (self.ca_certificate.as_path(), self.ca_key.as_path());
        let proxies = (
            self.front_proxy_ca_certificate.as_path(),
            self.front_proxy_ca_key.as_path(),
        );
        let serving = (self.serving_certificate.as_path(), self.serving_key.as_path());
        let admin = (self.admin_certificate.as_path(), self.admin_key.as_path());
        let proxy = (
            self.front_proxy_client_certificate.as_path(),
            self.front_proxy_client_key.as_path(),
        );
        let member = (
            self.watch_cache_certificate.as_path(),
            self.watch_cache_key.as_path(),
        );
        ensure_leaf(serving_params(names)?, cluster, serving)?;
        ensure_leaf(
            client_params("kubernetes-admin", Some("system:masters")),
            cluster,
            admin,
        )?;
        ensure_leaf(
            client_params(WATCH_CACHE_USER, Some(TIERS_GROUP)),
            cluster,
            member,
        )?;
        ensure_leaf(client_params(FRONT_PROXY_CLIENT, None), proxies, proxy)?;
        if !self.service_account_key.exists() {
            let key = generate("service account key")?;
            write_private(&self.service_account_key, key.serialize_pem().as_bytes())?;
        }
        Ok(())
    }
}

/// Makes an authority, unless it is there.
fn ensure_authority(name: &str, certificate: &Path, key: &Path) -> Result<(), Error> {
    let mut params = params(name, AUTHORITY_VALIDITY);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    ensure_self_signed(params, name, certificate, key)
}

/// Makes a key and a certificate that it signs itself, unless they are there.
fn ensure_self_signed(
    params: CertificateParams,
    what: &str,
    certificate: &Path,
    key: &Path,
) -> Result<(), Error> {
    if certificate.exists() && key.exists() {
        return Ok(());
    }
    let pair = generate(what)?;
    let made = params.self_signed(&pair).map_err(|source| Error::Certificate {
        what: what.to_owned(),
        source,
    })?;
    write_private(key, pair.serialize_pem().as_bytes())?;
    write_private(certificate, made.pem().as_bytes())
}

/// Makes a certificate and its key, unless they are there and good. Both are pairs of certificate and key.
fn ensure_leaf(
    params: CertificateParams,
    authority: (&Path, &Path),
    (certificate, key): (&Path, &Path),
) -> Result<(), Error> {
    // What the certificate was made for: its names and the authority that signed it.
    let made_for = format!("{:?}\n{}", params.subject_alt_names, files::read(authority.0)?);
    let note = certificate.with_extension("made-for");
    let unchanged = std::fs::read_to_string(&note).is_ok_and(|noted| noted == made_for);
    if unchanged && certificate.exists() && key.exists() && !expires_soon(certificate) {
        return Ok(());
    }
    let what = certificate.display().to_string();
    let failed = |source| Error::Certificate {
        what: what.clone(),
        source,
    };
    let issuer = issuer(authority)?;
    let pair = generate(&what)?;
    let made = params.signed_by(&pair, &issuer).map_err(failed)?;
    write_private(key, pair.serialize_pem().as_bytes())?;
    write_private(certificate, made.pem().as_bytes())?;
    write_private(&note, made_for.as_bytes())
}

fn issuer((certificate, key): (&Path, &Path)) -> Result<Issuer<'static, KeyPair>, Error> {
    let failed = |source| Error::Certificate {
        what: certificate.display().to_string(),
        source,
    };
    let pair = KeyPair::from_pem(&files::read(key)?).map_err(failed)?;
    Issuer::from_ca_cert_pem(&files::read(certificate)?, pair).map_err(failed)
}

fn serving_params(names: &Names) -> Result<CertificateParams, Error> {
    let mut params = params("shardplane", LEAF_VALIDITY);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    for name in &names.dns {
        let name = name.as_str().try_into().map_err(|source| Error::Certificate {
            what: format!("DNS name {name}"),
            source,
        })?;
        params.subject_alt_names.push(SanType::DnsName(name));
    }
    params
        .subject_alt_names
        .extend(names.addresses.iter().map(|address| SanType::IpAddress(*address)));
    Ok(params)
}

fn client_params(name: &str, group: Option<&str>) -> CertificateParams {
    let mut params = params(name, LEAF_VALIDITY);
    if let Some(group) = group {
        params.distinguished_name.push(DnType::OrganizationName, group);
    }
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

fn params(common_name: &str, validity: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    let now = SystemTime::now();
    params.not_before = (now - BACKDATE).into();
    params.not_after = (now + validity).into();
    params
}

fn generate(what: &str) -> Result<KeyPair, Error> {
    KeyPair::generate().map_err(|source| Error::Certificate {
        what: what.to_owned(),
        source,
    })
}

/// Whether a certificate's time is almost over, or cannot be read.
fn expires_soon(certificate: &Path) -> bool {
    let Ok(pem) = std::fs::read(certificate) else {
        return true;
    };
    let Ok((_, block)) = x509_parser::pem::parse_x509_pem(&pem) else {
        return true;
    };
    let Ok(parsed) = block.parse_x509() else {
        return true;
    };
    let left = parsed
        .validity()
        .time_to_expiration()
        .map(|left| left.whole_seconds());
    left.is_none_or(|seconds| seconds < RENEW_BEFORE.as_secs() as i64)
}
