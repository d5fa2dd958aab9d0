//! The HTTPS client with which webhooks and OIDC providers are asked. It knows no API: it sends bytes and takes bytes.

mod kubeconfig;
mod retry;
mod token_file;

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{CipherSuite, ClientConfig, RootCertStore};

use crate::limits::ANSWER_BYTES_MAX;

pub use kubeconfig::{Authorization, Kubeconfig};
pub use retry::Caller;

/// Why there is no answer, or no client. Nothing secret is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Files or settings of it cannot be used.
    #[error("{0}")]
    Configuration(String),
    /// No connection, or it broke.
    #[error("{0}")]
    Connection(String),
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// An answer that is none.
    #[error("the answer has status {0}")]
    Status(u16),
    /// An answer that cannot be read.
    #[error("the answer cannot be read: {0}")]
    Answer(String),
}

impl Error {
    /// Whether asking again may help.
    pub fn is_retriable(&self) -> bool {
        match self {
            Error::Connection(_) | Error::Timeout(_) => true,
            Error::Status(code) => *code == 429 || *code >= 500,
            Error::Configuration(_) | Error::Answer(_) => false,
        }
    }
}

/// How a server is known, and what the client shows.
#[derive(Clone, Default)]
pub struct Trust {
    /// Authorities (PEM); `None` is those of the operating system.
    pub authorities: Option<Vec<u8>>,
    /// Certificate chain and key (PEM).
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
    /// The name that the server's certificate must have, if it is not that of the URL.
    pub server_name: Option<String>,
}

/// A client with a pool of connections.
#[derive(Clone)]
pub struct Client {
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Client")
    }
}

impl Client {
    /// Trusting as told. Plain `http://` is spoken too where a URL says so.
    pub fn new(trust: &Trust) -> Result<Self, Error> {
        let config = tls_config(trust)?;
        let builder = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http();
        let connector = match &trust.server_name {
            Some(name) => {
                let name = ServerName::try_from(name.clone()).map_err(configuration)?;
                builder
                    .with_server_name_resolver(FixedServerNameResolver::new(name))
                    .enable_all_versions()
                    .build()
            }
            None => builder.enable_all_versions().build(),
        };
        Ok(Self {
            pool: Pool::builder(TokioExecutor::new()).build(connector),
        })
    }

    /// The body of a successful answer to GET.
    pub async fn get(&self, url: &str, limit: Duration) -> Result<Bytes, Error> {
        self.send(Method::GET, url, None, Bytes::new(), limit).await
    }

    /// The body of a successful answer to a POST of JSON. `authorization` is a whole header.
    pub async fn post(
        &self,
        url: &str,
        authorization: Option<&str>,
        body: Bytes,
        limit: Duration,
    ) -> Result<Bytes, Error> {
        self.send(Method::POST, url, authorization, body, limit).await
    }

    /// The body of a successful answer. `authorization` is a whole header; a body is JSON.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        authorization: Option<&str>,
        body: Bytes,
        limit: Duration,
    ) -> Result<Bytes, Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .header(header::ACCEPT, "application/json");
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let request = request.body(Full::new(body)).map_err(configuration)?;
        let exchange = async {
            let response = self
                .pool
                .request(request)
                .await
                .map_err(|error| connection(&error))?;
            let status = response.status();
            let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX)
                .collect()
                .await;
            let body = body.map_err(|error| Error::Answer(error.to_string()))?.to_bytes();
            if is_success(status) {
                Ok(body)
            } else {
                Err(Error::Status(status.as_u16()))
            }
        };
        tokio::time::timeout(limit, exchange)
            .await
            .unwrap_or(Err(Error::Timeout(limit)))
    }
}

fn is_success(status: StatusCode) -> bool {
    status == StatusCode::OK || status == StatusCode::CREATED
}

/// The whole chain of causes: the outermost says only that connecting failed.
fn connection(error: &dyn std::error::Error) -> Error {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    Error::Connection(text)
}

fn configuration(error: impl std::fmt::Display) -> Error {
    Error::Configuration(error.to_string())
}

/// The TLS settings of a client that trusts as told. Which protocols it speaks is not said.
pub fn tls_config(trust: &Trust) -> Result<ClientConfig, Error> {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    // As Go's clients: as strong as anything needs, and a fifth cheaper than AES-256.
    provider
        .cipher_suites
        .sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    let builder = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .map_err(configuration)?
        .with_root_certificates(roots(trust)?);
    let Some((chain, key)) = &trust.identity else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<Vec<_>, _>>()
        .map_err(configuration)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(configuration)?;
    builder.with_client_auth_cert(chain, key).map_err(configuration)
}

fn roots(trust: &Trust) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    match &trust.authorities {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                roots
                    .add(certificate.map_err(configuration)?)
                    .map_err(configuration)?;
            }
            if roots.is_empty() {
                return Err(Error::Configuration(
                    "no certificate in the authorities".to_owned(),
                ));
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}

/// Reads a file that configures access, with the path in the error.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Configuration(format!("{}: {error}", path.display()));
    let length = std::fs::metadata(path).map_err(|error| failed(&error))?.len();
    if length > crate::limits::FILE_BYTES_MAX {
        return Err(failed(&"the file is too large"));
    }
    std::fs::read(path).map_err(|error| failed(&error))
}
