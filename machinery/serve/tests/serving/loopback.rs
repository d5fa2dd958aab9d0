//! A server with certificates of its own on a free loopback port, and clients of both HTTP versions.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use shardplane_serve::http::Handler;
use shardplane_serve::limits::Connections;
use shardplane_serve::pki::{Files, Names};
use shardplane_serve::server::{Listener, Server};
use shardplane_serve::shutdown::Shutdown;
use shardplane_serve::tls::{self, ClientAuthority, ServingCertificate};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Certificates in a folder that goes away.
pub struct Folder {
    pub pki: Files,
    _folder: tempfile::TempDir,
}

/// What a client shows.
pub enum Identity {
    None,
    Certificate(CertificateDer<'static>, PrivateKeyDer<'static>),
}

impl Folder {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let made = Self {
            pki: Files::below(folder.path()),
            _folder: folder,
        };
        made.make();
        made
    }

    pub fn make(&self) {
        let names = Names {
            dns: vec!["localhost".to_owned()],
            addresses: vec![[127, 0, 0, 1].into()],
        };
        self.pki.ensure(&names).expect("a writable folder");
    }

    pub fn admin(&self) -> Identity {
        let certificate = read_certificate(&self.pki.admin_certificate);
        let key = std::fs::read(&self.pki.admin_key).expect("made");
        Identity::Certificate(certificate, PrivateKeyDer::from_pem_slice(&key).expect("PEM"))
    }
}

/// A running server.
pub struct Fixture {
    pub address: SocketAddr,
    pub files: Folder,
    pub certificate: Arc<ServingCertificate>,
    pub shutdown: Shutdown,
    server: JoinHandle<()>,
}

impl Fixture {
    pub async fn start(handler: Handler, limits: Connections) -> Self {
        Self::start_in(Folder::new(), handler, limits).await
    }

    pub async fn start_in(files: Folder, handler: Handler, limits: Connections) -> Self {
        Self::start_all(files, handler, limits, Shutdown::new()).await
    }

    /// With a signal that the handler knows too.
    pub async fn start_with(handler: Handler, limits: Connections, shutdown: Shutdown) -> Self {
        Self::start_all(Folder::new(), handler, limits, shutdown).await
    }

    async fn start_all(files: Folder, handler: Handler, limits: Connections, shutdown: Shutdown) -> Self {
        tls::install_provider();
        let certificate = ServingCertificate::load(&files.pki.serving_certificate, &files.pki.serving_key)
            .expect("just made");
        let clients = ClientAuthority::load(&[&files.pki.ca_certificate]).expect("just made");
        let listener = Listener::bind(([127, 0, 0, 1], 0).into())
            .await
            .expect("a free port");
        let address = listener.address();
        let tls = Arc::new(tls::server_config(certificate.clone(), &clients));
        let server = Server {
            tls,
            handler,
            limits,
            shutdown: shutdown.clone(),
            load: shardplane_serve::load::Load::default(),
        };
        Self {
            address,
            files,
            certificate,
            shutdown,
            server: tokio::spawn(server.run(listener)),
        }
    }

    pub fn admin(&self) -> Identity {
        self.files.admin()
    }

    /// Returns when the server has ended.
    pub async fn ended(&mut self) {
        (&mut self.server).await.expect("no panic");
    }

    pub fn has_ended(&self) -> bool {
        self.server.is_finished()
    }

    pub async fn connect(&self, identity: &Identity, protocol: &[u8]) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots
            .add(read_certificate(&self.files.pki.ca_certificate))
            .expect("an authority");
        let builder = ClientConfig::builder().with_root_certificates(roots);
        let mut config = match identity {
            Identity::None => builder.with_no_client_auth(),
            Identity::Certificate(certificate, key) => {
                // Shown whatever authorities the server names.
                let resolver = rustls::sign::CertifiedKey::from_der(
                    vec![certificate.clone()],
                    key.clone_key(),
                    &rustls::crypto::aws_lc_rs::default_provider(),
                );
                let resolver = rustls::sign::SingleCertAndKey::from(resolver.expect("a pair"));
                builder.with_client_cert_resolver(Arc::new(resolver))
            }
        };
        config.alpn_protocols = vec![protocol.to_vec()];
        let socket = TcpStream::connect(self.address).await.expect("it listens");
        let name = ServerName::try_from("localhost").expect("a name");
        TlsConnector::from(Arc::new(config))
            .connect(name, socket)
            .await
            .expect("a handshake")
    }

    pub async fn get_http1(&self, path: &str, identity: &Identity) -> (u16, String) {
        let stream = self.connect(identity, b"http/1.1").await;
        get_http1_on(stream, path).await
    }

    /// The request runs on its own.
    pub async fn spawn_get_http1(&self, path: &'static str) -> JoinHandle<(u16, String)> {
        let stream = self.connect(&Identity::None, b"http/1.1").await;
        tokio::spawn(get_http1_on(stream, path))
    }

    pub async fn get_http2(&self, path: &str, identity: &Identity) -> (u16, String) {
        let stream = self.connect(identity, b"h2").await;
        send_http2(stream, request("GET", path, String::new())).await
    }

    pub async fn post_http2(&self, path: &str, body: String) -> (u16, String) {
        let stream = self.connect(&Identity::None, b"h2").await;
        send_http2(stream, request("POST", path, body)).await
    }

    pub async fn served_certificate(&self) -> CertificateDer<'static> {
        let stream = self.connect(&Identity::None, b"http/1.1").await;
        let (_, session) = stream.get_ref();
        session.peer_certificates().expect("every server has one")[0]
            .clone()
            .into_owned()
    }
}

/// Returns when nobody listens there any more.
pub async fn until_refused(address: SocketAddr) {
    for _ in 0..10_000 {
        if TcpStream::connect(address).await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("still listening at {address}");
}

async fn get_http1_on(stream: TlsStream<TcpStream>, path: &str) -> (u16, String) {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .expect("a connection");
    tokio::spawn(connection);
    let response = sender
        .send_request(request("GET", path, String::new()))
        .await
        .expect("an answer");
    read(response).await
}

async fn send_http2(
    stream: TlsStream<TcpStream>,
    request: http::Request<Full<bytes::Bytes>>,
) -> (u16, String) {
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.expect("a connection");
    tokio::spawn(connection);
    read(sender.send_request(request).await.expect("an answer")).await
}

fn request(method: &str, path: &str, body: String) -> http::Request<Full<bytes::Bytes>> {
    let builder = http::Request::builder()
        .method(method)
        .uri(format!("https://localhost{path}"));
    builder
        .header("host", "localhost")
        .body(Full::new(body.into()))
        .expect("a request")
}

async fn read(response: http::Response<hyper::body::Incoming>) -> (u16, String) {
    let code = response.status().as_u16();
    let body = response
        .into_body()
        .collect()
        .await
        .expect("a whole body")
        .to_bytes();
    (code, String::from_utf8_lossy(&body).into_owned())
}

fn read_certificate(path: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(&std::fs::read(path).expect("made")).expect("PEM")
}
