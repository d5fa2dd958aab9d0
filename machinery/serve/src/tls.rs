//! TLS: the server's certificate with reload, and client certificates that are asked for but never demanded.
//! Who a client certificate names, and what a bad one means, is for authentication.

mod sni;

use arc_swap::ArcSwap;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use sni::{Certificates, Named};

/// Why a certificate or key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file has no usable content.
    #[error("{}: {why}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// Makes aws-lc-rs the process's TLS provider. Two at once would be an error at the first handshake.
pub fn install_provider() {
    // A second call finds it installed, which is as well.
    let _ = aws_lc_rs::default_provider().install_default();
}

/// The serving certificate, which can be exchanged while connections come in.
#[derive(Debug)]
pub struct ServingCertificate {
    current: ArcSwap<CertifiedKey>,
    certificate: PathBuf,
    key: PathBuf,
}

impl ServingCertificate {
    /// Reads PEM files.
    pub fn load(certificate: &Path, key: &Path) -> Result<Arc<Self>, Error> {
        Ok(Arc::new(Self {
            current: ArcSwap::from_pointee(read_pair(certificate, key)?),
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        }))
    }

    /// Certificate and key.
    pub fn paths(&self) -> [&Path; 2] {
        [&self.certificate, &self.key]
    }

    /// Reads the files again; on error the old certificate stays.
    pub fn reload(&self) -> Result<(), Error> {
        let pair = read_pair(&self.certificate, &self.key)?;
        self.current.store(Arc::new(pair));
        Ok(())
    }
}

impl ResolvesServerCert for ServingCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

/// The configuration of a listener: HTTP/2 and HTTP/1.1, client certificates optional.
pub fn server_config(certificate: Arc<dyn ResolvesServerCert>, clients: &ClientAuthority) -> ServerConfig {
    let verifier = Arc::new(AskOnly {
        subjects: clients.subjects.clone(),
        provider: aws_lc_rs::default_provider(),
    });
    let mut config = ServerConfig::builder()
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

/// The authorities whose client certificates name users. They can be exchanged while connections come in.
pub struct ClientAuthority {
    verifier: ArcSwap<Option<Arc<dyn ClientCertVerifier>>>,
    generation: AtomicU64,
    subjects: Vec<DistinguishedName>,
    paths: Vec<PathBuf>,
}

impl ClientAuthority {
    /// Of PEM files with one or more certificates each; without any no client certificate is trusted.
    pub fn load(paths: &[&Path]) -> Result<Self, Error> {
        let paths: Vec<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
        let (verifier, subjects) = read_authorities(&paths)?;
        Ok(Self {
            verifier: ArcSwap::from_pointee(verifier),
            generation: AtomicU64::new(0),
            subjects,
            paths,
        })
    }

    /// Its files.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Reads the files again; on error the old authorities stay. What clients are told to send stays as it was.
    pub fn reload(&self) -> Result<(), Error> {
        let (verifier, _) = read_authorities(&self.paths)?;
        self.verifier.store(Arc::new(verifier));
        // After the store: whoever sees the new number is judged by the new authorities. Who is judged by them under the old
        // number is judged once more.
        self.generation.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// How often the authorities were exchanged: a judgement made before is worth nothing.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Clients are told that certificates of another authority are of use too: some send only what is asked for.
    pub fn hinting_also(mut self, other: &Self) -> Self {
        self.subjects.extend(other.subjects.iter().cloned());
        self
    }

    /// Whether a chain that a client presented leads to one of the authorities; the error says why not.
    pub fn verify(&self, chain: &[CertificateDer<'_>]) -> Result<(), String> {
        let verifier = self.verifier.load();
        let Some(verifier) = &**verifier else {
            return Err("no client authority is configured".to_owned());
        };
        let (leaf, rest) = chain.split_first().ok_or_else(|| "no certificate".to_owned())?;
        verifier
            .verify_client_cert(leaf, rest, UnixTime::now())
            .map(drop)
            .map_err(|error| error.to_string())
    }
}

type Authorities = (Option<Arc<dyn ClientCertVerifier>>, Vec<DistinguishedName>);

fn read_authorities(paths: &[PathBuf]) -> Result<Authorities, Error> {
    let Some(first) = paths.first() else {
        return Ok((None, Vec::new()));
    };
    let mut roots = RootCertStore::empty();
    for path in paths {
        for certificate in read_certificates(path)? {
            roots.add(certificate).map_err(|error| content(path, error))?;
        }
    }
    let subjects = roots.subjects();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| content(first, error))?;
    Ok((Some(verifier), subjects))
}

/// Asks for a certificate and checks only that the client has its key.
#[derive(Debug)]
struct AskOnly {
    subjects: Vec<DistinguishedName>,
    provider: CryptoProvider,
}

impl ClientCertVerifier for AskOnly {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.subjects
    }

    fn verify_client_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _rest: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        // Authentication judges it: a bad certificate is an answer of 401, not a broken handshake.
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

fn read_pair(certificate: &Path, key: &Path) -> Result<CertifiedKey, Error> {
    let chain = read_certificates(certificate)?;
    let der = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| content(key, error))?;
    let signer = aws_lc_rs::sign::any_supported_type(&der).map_err(|error| content(key, error))?;
    let pair = CertifiedKey::new(chain, signer);
    match pair.keys_match() {
        Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) => {
            Err(content(key, "the key does not belong to the certificate"))
        }
        _ => Ok(pair),
    }
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let pem = read(path)?;
    let found = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| content(path, error))?;
    if found.is_empty() {
        return Err(content(path, "no certificate in it"));
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

fn content(path: &Path, why: impl ToString) -> Error {
    Error::Content {
        path: path.to_owned(),
        why: why.to_string(),
    }
}
