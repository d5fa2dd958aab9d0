//! A small API server on loopback, over TLS with HTTP/2 and HTTP/1.1, that lists, writes and watches, and does one thing wrong, once,
//! on one watch. What is kept, and what is done wrong, is told in the files beside.

#[path = "fault.rs"]
mod fault;
#[path = "store.rs"]
mod store;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;

pub use fault::{DELAY, FAULTY_EVENT, Fault};
use store::Store;

/// The token that it knows.
const TOKEN: &str = "secret";

/// What it tells of itself.
const METRICS: &str = "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 1.5\n\
                       process_resident_memory_bytes 1.23e+08\n";

/// A server that runs until it is dropped.
pub struct Server {
    pub kubeconfig: PathBuf,
    _runtime: tokio::runtime::Runtime,
}

type Body = UnsyncBoxBody<Bytes, std::convert::Infallible>;

impl Server {
    /// With a token in its kubeconfig.
    pub fn start(fault: Fault, folder: &Path) -> Self {
        Self::with_user(fault, folder, &format!("{{token: {TOKEN}}}"))
    }

    /// With another user there, as YAML.
    pub fn with_user(fault: Fault, folder: &Path, user: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let authority = BASE64_STANDARD.encode(key.cert.pem());
        let kubeconfig = folder.join("kubeconfig");
        let content = format!(
            "current-context: c\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n\
             clusters: [{{name: c, cluster: {{server: 'https://{address}', certificate-authority-data: {authority}}}}}]\n\
             users: [{{name: u, user: {user}}}]\n"
        );
        std::fs::write(&kubeconfig, content).expect("a kubeconfig");
        let store = Arc::new(Store::new(fault));
        let tls = tls(
            key.cert.der().clone(),
            PrivateKeyDer::try_from(key.signing_key.serialize_der()).expect("a key"),
        );
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(tls.clone(), socket, store.clone()));
            }
        });
        Self {
            kubeconfig,
            _runtime: runtime,
        }
    }
}

fn tls(certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> tokio_rustls::TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions");
    let mut config = builder
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a pair");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config).into()
}

async fn serve(tls: tokio_rustls::TlsAcceptor, socket: TcpStream, store: Arc<Store>) {
    // A client that does not trust it, or goes away, is no failure.
    let Ok(stream) = tls.accept(socket).await else {
        return;
    };
    let service = hyper::service::service_fn(move |request| answer(store.clone(), request));
    let _ = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    store: Arc<Store>,
    request: Request<Incoming>,
) -> Result<Response<Body>, std::convert::Infallible> {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let (path, query) = (uri.path().to_owned(), uri.query().unwrap_or_default());
    let authorized = request.headers().get("authorization");
    if authorized.is_none_or(|value| value != format!("Bearer {TOKEN}").as_str()) {
        return Ok(status(401));
    }
    if query.contains("watch=true") {
        return Ok(Response::new(body(store.watch(&path, query))));
    }
    let (collection, name) = match method {
        Method::PUT | Method::PATCH => path.rsplit_once('/').unwrap_or((&path, "")),
        _ => (path.as_str(), ""),
    };
    let text = match method {
        Method::POST => {
            let body = request.into_body().collect().await.expect("a body").to_bytes();
            let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            store.write(collection, body["metadata"]["name"].as_str().expect("a name"))
        }
        Method::PUT | Method::PATCH => {
            request.into_body().collect().await.expect("a body");
            store.write(collection, name)
        }
        Method::DELETE => "{}".to_owned(),
        _ if path == "/metrics" => METRICS.to_owned(),
        _ => store.list(&path),
    };
    Ok(Response::new(Full::new(text.into()).boxed_unsync()))
}

fn status(code: u16) -> Response<Body> {
    let text = format!(r#"{{"kind":"Status","code":{code}}}"#);
    let answer = Response::builder()
        .status(code)
        .body(Full::new(text.into()).boxed_unsync());
    answer.expect("a status")
}

fn body(lines: UnboundedReceiver<Bytes>) -> Body {
    let frames = stream::unfold(lines, |mut lines| async move {
        let line = lines.recv().await?;
        Some((Ok(Frame::data(line)), lines))
    });
    StreamBody::new(frames).boxed_unsync()
}
