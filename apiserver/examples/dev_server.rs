use shardplane_apiserver as apiserver;
use apiserver::bootstrap::hooks::{Hooks, Settings};
use apiserver::bootstrap::identity::Identity;
use std::sync::Arc;
use tower::ServiceExt;
use hyper_util::rt::{TokioExecutor, TokioIo};
#[tokio::main]
async fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let port: u16 = std::env::args().nth(2).unwrap().parse().unwrap();
    let store = Arc::new(storage::Embedded::open(std::path::Path::new(&dir)).unwrap());
    let shutdown = serve::shutdown::Shutdown::new();
    let config = apiserver::Config { service_ranges: vec![apiserver::allocate::addresses::AddressRange::new("10.96.0.0/16".parse().unwrap())], shutdown: shutdown.clone(), ..Default::default() };
    let prepared = apiserver::build(config, store.clone());
    let handler = prepared.handler();
    let hooks = Hooks::new(apiserver::loopback::Loopback::new(handler.clone()), store.clone(), prepared.served().clone(), Settings {
        key_prefix: "/registry".into(), advertise_address: "127.0.0.1".parse().unwrap(), secure_port: port, kubernetes_address: "10.96.0.1".parse().unwrap(),
        service_cidrs: vec!["10.96.0.0/16".into()], identity: Identity::new("dev", "x"), authentication: Default::default() }, shutdown);
    tokio::spawn(hooks.run());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    println!("ready");
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let handler = handler.clone();
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let handler = handler.clone();
                async move {
                    let mut request = request.map(serve::http::Body::new);
                    if request.uri().path().ends_with("z") { return Ok(serve::http::text_response(http::StatusCode::OK, "ok")); }
                    request.extensions_mut().insert(auth::User::new("admin", "admin", &["system:masters", "system:authenticated"]));
                    handler.oneshot(request).await
                }
            });
            let _ = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await;
        });
    }
}
