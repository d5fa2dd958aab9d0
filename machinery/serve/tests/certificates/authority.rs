//! Authorities and the certificates that they sign, good and bad.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::CertificateDer;
use shardplane_serve::tls::ClientAuthority;

const DAY: Duration = Duration::from_secs(24 * 3_600);

pub type Der = CertificateDer<'static>;

/// An authority: its certificate, and what it signs with.
pub struct Authority {
    pub certificate: Der,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    valid(&mut params, -1, 1);
    params
}

/// Good from so many days from now to so many.
pub fn valid(params: &mut CertificateParams, from: i32, to: i32) {
    let at = |days: i32| match days < 0 {
        true => SystemTime::now() - DAY * days.unsigned_abs(),
        false => SystemTime::now() + DAY * days.unsigned_abs(),
    };
    (params.not_before, params.not_after) = (at(from).into(), at(to).into());
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// What certificates of clients are.
pub fn client(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let (params, key) = (authority_params(name), KeyPair::generate().expect("a key"));
        let made = params.self_signed(&key).expect("signed");
        Self {
            certificate: made.der().clone(),
            pem: made.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// An authority below this one.
    pub fn below(&self, name: &str) -> Self {
        self.issuer_of(authority_params(name))
    }

    /// A certificate that this one signs, and its key as if it were that of an authority.
    pub fn issuer_of(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().expect("a key");
        let made = params.signed_by(&key, &self.issuer).expect("signed");
        Self {
            certificate: made.der().clone(),
            pem: made.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    pub fn sign(&self, params: CertificateParams) -> Der {
        let key = KeyPair::generate().expect("a key");
        params
            .signed_by(&key, &self.issuer)
            .expect("signed")
            .der()
            .clone()
    }

    /// What a server trusts that is given this one's file.
    pub fn trusted(&self, folder: &std::path::Path) -> ClientAuthority {
        let path = folder.join("trusted.crt");
        self.write(&path);
        ClientAuthority::load(&[&path]).expect("just made")
    }

    pub fn write(&self, path: &std::path::Path) {
        std::fs::write(path, &self.pem).expect("a writable folder");
    }
}

/// Signed by its own key.
pub fn self_signed(params: &CertificateParams) -> Der {
    let key = KeyPair::generate().expect("a key");
    params.self_signed(&key).expect("signed").der().clone()
}
