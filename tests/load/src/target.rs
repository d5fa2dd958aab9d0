//! The server under load: its addresses, how to speak TLS with it, and who one is there. It makes connections; requests and
//! watches are made on them elsewhere.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use http::{HeaderValue, Uri};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{CipherSuite, ClientConfig, RootCertStore, crypto::aws_lc_rs};
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::kubeconfig::Kubeconfig;
use crate::tls::Tls;
use crate::{Error, limits};

/// The socket below TLS of requests and of HTTP/1.1. The TLS library reads 4 KB at a time: a system call for each would cost more than to decrypt it.
pub type Socket = BufReader<TcpStream>;

/// How the tool names itself.
pub const AGENT: &str = "watchload";

/// The protocol that a connection is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/2.
    Http2,
    /// HTTP/1.1.
    Http1,
}

/// A server that may be loaded.
pub struct Target {
    /// `host:port`, as requests name it.
    pub authority: String,
    /// What of the server's address comes before every path.
    prefix: String,
    /// The `Authorization` header.
    pub credential: Option<HeaderValue>,
    addresses: Vec<SocketAddr>,
    name: ServerName<'static>,
    http2: Arc<ClientConfig>,
    http1: Arc<ClientConfig>,
}

impl Target {
    /// The server of a kubeconfig, if it is on this machine or `allow_remote` is given.
    pub fn new(config: &Kubeconfig, allow_remote: bool) -> Result<Self, Error> {
        let Address {
            host,
            port,
            authority,
            prefix,
        } = Address::of(&config.server)?;
        let addresses = resolve(&host, port)?;
        if let Some(remote) = addresses.iter().find(|address| !address.ip().is_loopback())
            && !allow_remote
        {
            return Err(Error::Remote(remote.to_string()));
        }
        let name = config.server_name.clone().unwrap_or_else(|| host.clone());
        let name = ServerName::try_from(name).map_err(|error| Error::Kubeconfig(error.to_string()))?;
        let tls = tls_config(config)?;
        let with = |protocol: &[u8]| {
            let mut tls = tls.clone();
            tls.alpn_protocols = vec![protocol.to_vec()];
            tls
        };
        let mut http2 = with(b"h2");
        // Watches open their records themselves; nothing writes a key anywhere.
        http2.enable_secret_extraction = true;
        Ok(Self {
            authority,
            prefix,
            credential: config.token.as_deref().map(bearer).transpose()?,
            addresses,
            name,
            http2: Arc::new(http2),
            http1: Arc::new(with(b"http/1.1")),
        })
    }

    /// A new TLS connection that speaks `protocol`.
    pub async fn connect(&self, protocol: Protocol) -> Result<TlsStream<Socket>, Error> {
        tokio::time::timeout(limits::CONNECT_TIMEOUT, self.open(protocol))
            .await
            .unwrap_or_else(|_| Err(self.failed("timed out")))
    }

    async fn open(&self, protocol: Protocol) -> Result<TlsStream<Socket>, Error> {
        let socket = self.dial().await?;
        let config = match protocol {
            Protocol::Http2 => &self.http2,
            Protocol::Http1 => &self.http1,
        };
        let stream = TlsConnector::from(config.clone())
            .connect(
                self.name.clone(),
                BufReader::with_capacity(limits::SOCKET_BUFFER_BYTES, socket),
            )
            .await
            .map_err(|error| self.failed(error))?;
        let agreed = stream.get_ref().1.alpn_protocol();
        if protocol == Protocol::Http2 {
            self.check_http2(agreed)?;
        }
        Ok(stream)
    }

    /// A new connection that is to speak HTTP/2, whose bytes its owner keeps, and on which nothing was said.
    pub async fn dial_http2(&self) -> Result<(TcpStream, Tls), Error> {
        let socket = self.dial().await?;
        let tls = Tls::new(self.http2.clone(), self.name.clone()).map_err(|error| self.failed(error))?;
        Ok((socket, tls))
    }

    async fn dial(&self) -> Result<TcpStream, Error> {
        let socket = TcpStream::connect(self.addresses.as_slice())
            .await
            .map_err(|error| self.failed(error))?;
        socket.set_nodelay(true).map_err(|error| self.failed(error))?;
        Ok(socket)
    }

    /// Whether that is the protocol that was agreed on.
    pub fn check_http2(&self, agreed: Option<&[u8]>) -> Result<(), Error> {
        match agreed == Some(b"h2") {
            true => Ok(()),
            false => Err(self.failed("the server does not speak HTTP/2")),
        }
    }

    /// A request line and headers that all requests share.
    pub fn request(&self, method: http::Method, path: &str) -> http::request::Builder {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("https://{}{}", self.authority, self.full_path(path)))
            .header(http::header::USER_AGENT, AGENT);
        match &self.credential {
            Some(credential) => request.header(http::header::AUTHORIZATION, credential),
            None => request,
        }
    }

    /// A path of the API as this server has it.
    pub fn full_path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// The error of a connection that did not come up.
    pub fn failed(&self, reason: impl std::fmt::Display) -> Error {
        Error::Connect {
            address: self.authority.clone(),
            reason: reason.to_string(),
        }
    }
}

/// The parts of a server's address.
struct Address {
    host: String,
    port: u16,
    authority: String,
    prefix: String,
}

impl Address {
    fn of(server: &str) -> Result<Self, Error> {
        let uri: Uri = server
            .parse()
            .map_err(|error| Error::Kubeconfig(format!("server {server}: {error}")))?;
        let (Some("https"), Some(host), Some(authority)) = (uri.scheme_str(), uri.host(), uri.authority())
        else {
            return Err(Error::Kubeconfig(format!(
                "server {server}: only https:// is supported"
            )));
        };
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(443),
            authority: authority.as_str().to_owned(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    let found = (host, port).to_socket_addrs();
    let addresses: Vec<_> = found
        .map_err(|error| Error::Kubeconfig(format!("{host}: {error}")))?
        .collect();
    if addresses.is_empty() {
        return Err(Error::Kubeconfig(format!("{host} has no address")));
    }
    Ok(addresses)
}

fn bearer(token: &str) -> Result<HeaderValue, Error> {
    let value = HeaderValue::try_from(format!("Bearer {token}"));
    let mut value =
        value.map_err(|_| Error::Kubeconfig("the token cannot be sent in a header".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// TLS with the cipher that the reference was measured with, AES-128-GCM, at the head of what is offered.
fn tls_config(config: &Kubeconfig) -> Result<ClientConfig, Error> {
    let wrong = |error: &dyn std::fmt::Display| Error::Kubeconfig(error.to_string());
    let mut roots = RootCertStore::empty();
    let authority = config.authority.as_deref().unwrap_or_default();
    for certificate in CertificateDer::pem_slice_iter(authority) {
        roots
            .add(certificate.map_err(|error| wrong(&error))?)
            .map_err(|error| wrong(&error))?;
    }
    if config.authority.is_none() {
        // As client-go does: the system's authorities, where the cluster names none.
        for certificate in rustls_native_certs::load_native_certs().certs {
            // One that cannot be read vouches for nobody.
            let _ = roots.add(certificate);
        }
    }
    if roots.is_empty() {
        return Err(Error::Kubeconfig(
            "neither the cluster nor the system has a certificate authority".to_owned(),
        ));
    }
    let mut provider = aws_lc_rs::default_provider();
    provider
        .cipher_suites
        .sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?
        .with_root_certificates(roots);
    let Some((certificate, key)) = &config.identity else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>();
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| wrong(&error))?;
    builder
        .with_client_auth_cert(chain.map_err(|error| wrong(&error))?, key)
        .map_err(|error| wrong(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(server: &str) -> Kubeconfig {
        Kubeconfig {
            server: server.to_owned(),
            server_name: None,
            authority: None,
            identity: None,
            token: Some("secret".to_owned()),
        }
    }

    #[test]
    fn refuses_a_remote_server_unless_told() {
        let outcome = Target::new(&config("https://192.0.2.1:6443"), false);
        assert!(matches!(outcome, Err(Error::Remote(_))));
        let mut config = config("https://192.0.2.1:6443");
        config.authority = Some(b"no certificate".to_vec());
        assert!(
            matches!(Target::new(&config, true), Err(Error::Kubeconfig(_))),
            "it goes on to the authority, which is none"
        );
    }

    #[test]
    fn a_path_of_the_server_comes_before_all_others() {
        let Address {
            host,
            port,
            authority,
            prefix,
        } = Address::of("https://[::1]:6443/k8s/clusters/c/").expect("an address");
        assert_eq!(
            (host.as_str(), port, authority.as_str(), prefix.as_str()),
            ("::1", 6443, "[::1]:6443", "/k8s/clusters/c")
        );
    }

    #[test]
    fn refuses_plain_http() {
        assert!(matches!(
            Target::new(&config("http://127.0.0.1:8080"), false),
            Err(Error::Kubeconfig(_))
        ));
    }
}
