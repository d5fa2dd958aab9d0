//! A webhook or provider as a real HTTP server, and who asks it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use schema::{Value, json};
use shardplane_auth::client::{Caller, Kubeconfig};

type Answer = Arc<Mutex<Box<dyn FnMut(&str, &Value) -> (u16, String) + Send>>>;

/// It ends with its task.
pub struct Server {
    pub url: String,
    /// How many requests came.
    pub asked: Arc<AtomicUsize>,
    /// Set, it ends connections instead of answering.
    pub away: Arc<AtomicBool>,
    pub task: tokio::task::JoinHandle<()>,
}

/// A server on a free port that answers every request by a function of path and body.
pub async fn serve(answer: impl FnMut(&str, &Value) -> (u16, String) + Send + 'static) -> Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let answer: Answer = Arc::new(Mutex::new(Box::new(answer)));
    let asked = Arc::new(AtomicUsize::new(0));
    let away = Arc::new(AtomicBool::new(false));
    let (count, is_away) = (asked.clone(), away.clone());
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (answer, count, is_away) = (answer.clone(), count.clone(), is_away.clone());
            let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                let (answer, count, is_away) = (answer.clone(), count.clone(), is_away.clone());
                async move {
                    if is_away.load(Ordering::SeqCst) {
                        return Err(std::io::Error::other("away"));
                    }
                    count.fetch_add(1, Ordering::SeqCst);
                    let path = request.uri().path().to_owned();
                    let body = request
                        .into_body()
                        .collect()
                        .await
                        .map(|body| body.to_bytes())
                        .unwrap_or_default();
                    let body = json::parse(&body).unwrap_or_default();
                    let (code, text) = (answer.lock().expect("no panics"))(&path, &body);
                    let response = Response::builder()
                        .status(code)
                        .body(Full::new(Bytes::from(text)));
                    Ok(response.expect("a response"))
                }
            });
            tokio::spawn(async move {
                let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    Server {
        url,
        asked,
        away,
        task,
    }
}

pub fn caller(url: &str, timeout: Duration) -> Caller {
    let kubeconfig = Kubeconfig {
        server: url.to_owned(),
        ..Kubeconfig::default()
    };
    let caller = Caller::new(kubeconfig, timeout).expect("a client");
    caller.with_tries(2, Duration::from_millis(1))
}
