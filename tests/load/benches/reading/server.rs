//! A server that says the same to all watches of a connection: TLS and the frames of HTTP/2, as they come from a real one, and no more.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::aws_lc_rs};
use watchload::kubeconfig::Kubeconfig;

const PREFACE_BYTES: usize = 24;
const HEAD_BYTES: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const END_HEADERS: u8 = 4;
/// `:status: 200` (RFC 7541, appendix A).
const STATUS_OK: u8 = 0x88;

/// Waits for one client with that many watches, sends each of them all events, and waits until it is gone. Gives what leads there.
pub fn start(watches: usize, events: Vec<Vec<u8>>) -> Kubeconfig {
    let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let private = PrivateKeyDer::try_from(key.signing_key.serialize_der()).expect("a key");
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], private)
        .expect("a pair");
    config.alpn_protocols = vec![b"h2".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let (socket, _) = listener.accept().expect("a client");
        let connection = ServerConnection::new(Arc::new(config)).expect("a server");
        serve(StreamOwned::new(connection, socket), watches, &events);
    });
    Kubeconfig {
        server: format!("https://{address}"),
        server_name: None,
        authority: Some(key.cert.pem().into_bytes()),
        identity: None,
        token: None,
    }
}

fn serve(mut stream: StreamOwned<ServerConnection, TcpStream>, watches: usize, events: &[Vec<u8>]) {
    stream.read_exact(&mut [0; PREFACE_BYTES]).expect("a preface");
    let mut streams = Vec::new();
    while streams.len() < watches {
        let mut head = [0; HEAD_BYTES];
        stream.read_exact(&mut head).expect("a frame");
        let [a, b, c, kind, _, id @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        stream.read_exact(&mut payload).expect("all of it");
        if kind == HEADERS {
            streams.push(id);
        }
    }
    let mut out = frame(SETTINGS, 0, [0; 4], &[]);
    for id in &streams {
        out.extend(frame(HEADERS, END_HEADERS, *id, &[STATUS_OK]));
    }
    stream.write_all(&out).expect("a client");
    for event in events {
        let out: Vec<u8> = streams.iter().flat_map(|id| frame(DATA, 0, *id, event)).collect();
        stream.write_all(&out).expect("a client");
    }
    // It ends when the client goes, in whatever way.
    while stream.read(&mut [0; 1_024]).is_ok_and(|count| count > 0) {}
}

fn frame(kind: u8, flags: u8, stream: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream, payload].concat()
}
