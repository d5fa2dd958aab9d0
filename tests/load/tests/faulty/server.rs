//! A small API server for configmaps on loopback that does one thing wrong, once, on one watch. It keeps no objects.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How late the late event is.
pub const DELAY: Duration = Duration::from_millis(600);
/// The watch that is treated wrongly, and at which of its events.
const FAULTY_WATCH: usize = 1;
const FAULTY_EVENT: usize = 5;

/// What it does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    Lose,
    Double,
    Reorder,
    Delay,
    End,
}

/// A server that runs until it is dropped.
pub struct Server {
    pub kubeconfig: PathBuf,
    _runtime: tokio::runtime::Runtime,
}

struct State {
    fault: Fault,
    revision: AtomicU64,
    opened: AtomicUsize,
    watches: Mutex<Vec<UnboundedSender<Bytes>>>,
}

type Body = UnsyncBoxBody<Bytes, std::convert::Infallible>;

impl Server {
    pub fn start(fault: Fault, folder: &Path) -> Self {
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
             users: [{{name: u, user: {{token: secret}}}}]\n"
        );
        std::fs::write(&kubeconfig, content).expect("a kubeconfig");
        let state = Arc::new(State {
            fault,
            revision: AtomicU64::new(100),
            opened: AtomicUsize::new(0),
            watches: Mutex::default(),
        });
        let tls = tls(
            key.cert.der().clone(),
            PrivateKeyDer::try_from(key.signing_key.serialize_der()).expect("a key"),
        );
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(tls.clone(), socket, state.clone()));
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

async fn serve(tls: tokio_rustls::TlsAcceptor, socket: TcpStream, state: Arc<State>) {
    let stream = tls.accept(socket).await.expect("TLS");
    let service = hyper::service::service_fn(move |request| answer(state.clone(), request));
    // A client that goes away is no failure.
    let _ = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Body>, std::convert::Infallible> {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let query = uri.query().unwrap_or_default();
    if query.contains("watch=true") {
        return Ok(Response::new(watch(&state)));
    }
    let text = match method.as_str() {
        "PUT" => {
            let name = uri.path().rsplit('/').next().unwrap_or_default().to_owned();
            request.into_body().collect().await.expect("a body");
            let revision = write(&state, &name);
            format!(r#"{{"kind":"ConfigMap","metadata":{{"name":"{name}","resourceVersion":"{revision}"}}}}"#)
        }
        _ => format!(
            r#"{{"metadata":{{"resourceVersion":"{}"}}}}"#,
            state.revision.load(Ordering::SeqCst)
        ),
    };
    Ok(Response::new(Full::new(text.into()).boxed_unsync()))
}

/// Makes a revision and sends it to all watches, in the order of revisions.
fn write(state: &State, name: &str) -> u64 {
    let watches = state.watches.lock().expect("no panic");
    let revision = state.revision.fetch_add(1, Ordering::SeqCst) + 1;
    let object =
        format!(r#"{{"kind":"ConfigMap","metadata":{{"name":"{name}","resourceVersion":"{revision}"}}}}"#);
    let line: Bytes = format!("{{\"type\":\"MODIFIED\",\"object\":{object}}}\n").into();
    watches.iter().for_each(|watch| drop(watch.send(line.clone())));
    revision
}

fn watch(state: &State) -> Body {
    let (sender, lines) = unbounded_channel();
    state.watches.lock().expect("no panic").push(sender);
    let number = state.opened.fetch_add(1, Ordering::SeqCst);
    let fault = if number == FAULTY_WATCH {
        state.fault
    } else {
        Fault::None
    };
    let (output, faulty) = unbounded_channel();
    tokio::spawn(pass_on(fault, lines, output));
    let frames = stream::unfold(faulty, |mut faulty: UnboundedReceiver<Bytes>| async move {
        let line = faulty.recv().await?;
        Some((Ok(Frame::data(line)), faulty))
    });
    StreamBody::new(frames).boxed_unsync()
}

/// Passes events on, and does what the fault says at one of them.
async fn pass_on(fault: Fault, mut lines: UnboundedReceiver<Bytes>, output: UnboundedSender<Bytes>) {
    let mut count = 0;
    while let Some(line) = lines.recv().await {
        count += 1;
        let send = |line: Bytes| drop(output.send(line));
        if count != FAULTY_EVENT {
            send(line);
            continue;
        }
        match fault {
            Fault::None => send(line),
            Fault::Lose => {}
            Fault::End => return,
            Fault::Double => [line.clone(), line].into_iter().for_each(send),
            Fault::Delay => {
                tokio::time::sleep(DELAY).await;
                send(line);
            }
            Fault::Reorder => {
                if let Some(next) = lines.recv().await {
                    [next, line].into_iter().for_each(send);
                }
            }
        }
    }
}
