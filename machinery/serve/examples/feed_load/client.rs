//! The other process: opens the feeds and reads them until it is ended.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Load;

/// Windows as Go's client has them, for a stream.
const WINDOW_BYTES: u32 = 4 * 1024 * 1024;

pub async fn run(address: &str, authority: &Path, load: Load) {
    let mut roots = RootCertStore::empty();
    let pem = std::fs::read(authority).expect("made");
    roots
        .add(CertificateDer::from_pem_slice(&pem).expect("PEM"))
        .expect("an authority");
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let config = Arc::new(config);
    for _ in 0..load.connections {
        open(address, &config, load.feeds).await;
    }
    println!("open");
    std::future::pending().await
}

async fn open(address: &str, config: &Arc<ClientConfig>, feeds: usize) {
    let socket = TcpStream::connect(address).await.expect("it listens");
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = TlsConnector::from(Arc::clone(config)).connect(name, socket);
    let stream = stream.await.expect("a handshake");
    let mut builder = h2::client::Builder::new();
    builder
        .initial_window_size(WINDOW_BYTES)
        .initial_connection_window_size(1 << 30);
    let (sender, connection) = builder.handshake::<_, Bytes>(stream).await.expect("a connection");
    tokio::spawn(connection);
    for _ in 0..feeds {
        let request = http::Request::get("https://localhost/api/v1/pods?watch=1").body(());
        let mut sender = sender.clone().ready().await.expect("open");
        let (answer, _) = sender
            .send_request(request.expect("a request"), true)
            .expect("open");
        let mut body = answer.await.expect("an answer").into_body();
        tokio::spawn(async move {
            while let Some(Ok(chunk)) = body.data().await {
                if body.flow_control().release_capacity(chunk.len()).is_err() {
                    return;
                }
            }
        });
    }
}
