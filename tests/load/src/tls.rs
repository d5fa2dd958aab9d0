//! TLS of a client whose buffers are its owner's: records are taken from where they were read, and text is sealed to where it is
//! written from. A stream that keeps buffers of its own copies every byte twice more, which costs as much as to decrypt it. It knows no
//! sockets.

use std::sync::Arc;

use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, EncodeError, EncodeTlsData, EncryptError, WriteTraffic};
use rustls::{ClientConfig, client::ClientConnectionData};

use crate::watch::Malformed;

/// What sealing adds to a text at most: a head, the inner type and a tag for each record, and one record of another kind.
const SEAL_BYTES: usize = 64;
/// The largest text of a record (RFC 8446, 5.1).
const RECORD_TEXT_BYTES: usize = 16_384;

/// Why a connection cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// What TLS refused.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    /// What could not be put into a record.
    #[error("TLS cannot write: {0}")]
    Write(String),
    /// What the socket refused.
    #[error(transparent)]
    Socket(#[from] std::io::Error),
    /// What the reader of the text refused.
    #[error("{0}")]
    Text(&'static str),
}

impl From<Malformed> for Broken {
    fn from(malformed: Malformed) -> Self {
        Self::Text(malformed.0)
    }
}

/// One connection's TLS.
pub struct Tls {
    connection: UnbufferedClientConnection,
    closed: bool,
}

impl Tls {
    /// A connection that begins now; what it says first is asked for with [`Self::open`].
    pub fn new(config: Arc<ClientConfig>, name: ServerName<'static>) -> Result<Self, Broken> {
        Ok(Self {
            connection: UnbufferedClientConnection::new(config, name)?,
            closed: false,
        })
    }

    /// Whether text can be sent and got.
    pub fn is_ready(&self) -> bool {
        !self.connection.is_handshaking()
    }

    /// Whether the peer said that no more will come.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The protocol that both sides agreed on.
    pub fn protocol(&self) -> Option<&[u8]> {
        self.connection.alpn_protocol()
    }

    /// Takes the complete records of `input`, whose bytes are spoilt by that, hands their text to `each`, and adds what TLS itself has
    /// to say to `out`. Returns how many bytes were taken; the rest is to be handed in again, with more.
    pub fn open(
        &mut self,
        input: &mut [u8],
        out: &mut Vec<u8>,
        mut each: impl FnMut(&[u8]) -> Result<(), Broken>,
    ) -> Result<usize, Broken> {
        let mut taken = 0;
        loop {
            let status = self.connection.process_tls_records(&mut input[taken..]);
            let goes_on = match status.state? {
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        each(record?.payload)?;
                    }
                    true
                }
                ConnectionState::EncodeTlsData(data) => {
                    encode(data, out)?;
                    true
                }
                // It is in the buffer of what is written, and goes out before all else.
                ConnectionState::TransmitTlsData(data) => {
                    data.done();
                    true
                }
                ConnectionState::PeerClosed | ConnectionState::Closed => {
                    self.closed = true;
                    false
                }
                _ => false,
            };
            taken += status.discard;
            if !goes_on {
                return Ok(taken);
            }
        }
    }

    /// Seals all of `text` to the end of `out`, when it may be sent; else it stays. `input` is what [`Self::open`] left.
    pub fn seal(&mut self, input: &mut [u8], text: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), Broken> {
        loop {
            match self.connection.process_tls_records(input).state? {
                ConnectionState::WriteTraffic(traffic) => {
                    encrypt(traffic, text, out)?;
                    text.clear();
                    return Ok(());
                }
                // New keys, which TLS asked for when it sealed the last time.
                ConnectionState::EncodeTlsData(data) => encode(data, out)?,
                ConnectionState::TransmitTlsData(data) => data.done(),
                ConnectionState::PeerClosed | ConnectionState::Closed => {
                    self.closed = true;
                    return Ok(());
                }
                _ => return Ok(()),
            }
        }
    }
}

fn encode(mut data: EncodeTlsData<'_, ClientConnectionData>, out: &mut Vec<u8>) -> Result<(), Broken> {
    let begin = out.len();
    let required_bytes = match data.encode(&mut []) {
        Err(EncodeError::InsufficientSize(size)) => size.required_size,
        other => return other.map(drop).map_err(|error| Broken::Write(error.to_string())),
    };
    out.resize(begin + required_bytes, 0);
    let written = data.encode(&mut out[begin..]);
    out.truncate(begin + written.map_err(|error| Broken::Write(error.to_string()))?);
    Ok(())
}

fn encrypt(
    mut traffic: WriteTraffic<'_, ClientConnectionData>,
    text: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Broken> {
    let begin = out.len();
    let mut room_bytes = text.len() + SEAL_BYTES * (1 + text.len() / RECORD_TEXT_BYTES);
    loop {
        out.resize(begin + room_bytes, 0);
        match traffic.encrypt(text, &mut out[begin..]) {
            Ok(written) => {
                out.truncate(begin + written);
                return Ok(());
            }
            Err(EncryptError::InsufficientSize(size)) if size.required_size > room_bytes => {
                room_bytes = size.required_size;
            }
            Err(error) => return Err(Broken::Write(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use rustls::pki_types::{PrivateKeyDer, ServerName};
    use rustls::{RootCertStore, ServerConfig, ServerConnection, crypto::aws_lc_rs};

    use super::*;

    /// A client and a server that trust each other, the handshake done.
    fn pair() -> (Tls, ServerConnection) {
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(key.cert.der().clone()).expect("an authority");
        let client = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let private = PrivateKeyDer::try_from(key.signing_key.serialize_der()).expect("a key");
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![key.cert.der().clone()], private)
            .expect("a pair");
        let name = ServerName::try_from("localhost").expect("a name");
        let mut tls = Tls::new(Arc::new(client), name).expect("a client");
        let mut server = ServerConnection::new(Arc::new(server)).expect("a server");
        let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
        while !tls.is_ready() || server.is_handshaking() {
            let taken = tls
                .open(&mut to_client, &mut to_server, |_| Ok(()))
                .expect("a right server");
            to_client.drain(..taken);
            hear(&mut server, &mut to_server);
            while server.wants_write() {
                server.write_tls(&mut to_client).expect("room");
            }
        }
        let taken = tls.open(&mut to_client, &mut to_server, |_| Ok(()));
        assert_eq!(taken.expect("tickets"), to_client.len());
        (tls, server)
    }

    /// The text of what the server gets.
    fn hear(server: &mut ServerConnection, bytes: &mut Vec<u8>) -> Vec<u8> {
        let (mut rest, mut text) = (bytes.as_slice(), Vec::new());
        while !rest.is_empty() {
            server.read_tls(&mut rest).expect("bytes");
            let state = server.process_new_packets().expect("a right client");
            let begin = text.len();
            text.resize(begin + state.plaintext_bytes_to_read(), 0);
            server.reader().read_exact(&mut text[begin..]).expect("all of it");
        }
        bytes.clear();
        text
    }

    fn said(server: &mut ServerConnection, text: &[u8]) -> Vec<u8> {
        server.writer().write_all(text).expect("room");
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).expect("room");
        }
        bytes
    }

    #[test]
    fn text_is_the_same_however_records_are_cut() {
        let (mut tls, mut server) = pair();
        let text: Vec<u8> = (0..50_000_u32).map(|number| number as u8).collect();
        for piece in [1_000, 16_400, 100_000] {
            let (mut got, mut rest) = (Vec::new(), Vec::new());
            for bytes in said(&mut server, &text).chunks(piece) {
                rest.extend_from_slice(bytes);
                let mut out = Vec::new();
                let taken = tls.open(&mut rest, &mut out, |text| {
                    got.extend_from_slice(text);
                    Ok(())
                });
                rest.drain(..taken.expect("a right server"));
                assert!(out.is_empty());
            }
            assert!(got == text && rest.is_empty(), "pieces of {piece}");
        }
    }

    #[test]
    fn seals_more_than_a_record_holds() {
        let (mut tls, mut server) = pair();
        let text = vec![7; 40_000];
        let (mut sent, mut out) = (text.clone(), Vec::new());
        tls.seal(&mut [], &mut sent, &mut out).expect("a right server");
        assert!(sent.is_empty());
        assert!(hear(&mut server, &mut out) == text);
    }

    #[test]
    fn a_damaged_record_is_refused_and_an_end_is_told() {
        let (mut tls, mut server) = pair();
        server.send_close_notify();
        let mut bytes = said(&mut server, b"");
        tls.open(&mut bytes, &mut Vec::new(), |_| Ok(())).expect("an end");
        assert!(tls.is_closed());
        let (mut tls, mut server) = pair();
        let mut bytes = said(&mut server, b"text");
        *bytes.last_mut().expect("a record") ^= 1;
        let outcome = tls.open(&mut bytes, &mut Vec::new(), |_| Ok(()));
        assert!(matches!(outcome, Err(Broken::Tls(rustls::Error::DecryptError))));
    }
}
