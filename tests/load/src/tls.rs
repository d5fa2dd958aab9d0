//! TLS of a client whose buffers are its owner's: records are taken from where they were read, and text is sealed to where it is
//! written from. A stream that keeps buffers of its own copies every byte twice more, which costs as much as to decrypt it. It knows no
//! sockets.

mod library;
mod records;

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use crate::watch::Malformed;
use library::Library;
use records::Records;

/// The largest text of a record (RFC 8446, 5.1).
const TEXT_BYTES_MAX: usize = 16_384;

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
pub enum Tls {
    /// Until hands are shaken, and after that with TLS 1.2.
    Library(Box<Library>),
    /// TLS 1.3 after that.
    Records(Box<Records>),
}

impl Tls {
    /// A connection that begins now; what it says first is asked for with [`Self::open`].
    pub fn new(config: Arc<ClientConfig>, name: ServerName<'static>) -> Result<Self, Broken> {
        Ok(Self::Library(Box::new(Library::new(config, name)?)))
    }

    /// Whether text can be sent and got.
    pub fn is_ready(&self) -> bool {
        match self {
            Self::Library(library) => library.is_ready(),
            Self::Records(_) => true,
        }
    }

    /// Whether the peer said that no more will come.
    pub fn is_closed(&self) -> bool {
        match self {
            Self::Library(library) => library.is_closed(),
            Self::Records(records) => records.is_closed(),
        }
    }

    /// The protocol that both sides agreed on.
    pub fn protocol(&self) -> Option<&[u8]> {
        match self {
            Self::Library(library) => library.protocol(),
            Self::Records(records) => records.protocol(),
        }
    }

    /// The connection for what follows when it is ready and has said all that it had to say; `rest` is what [`Self::open`] left.
    pub fn settle(self, rest: &[u8]) -> Result<Self, Broken> {
        match self {
            // The library may have left a record whose message goes on in the next; then it has to see that too.
            Self::Library(library) if library.can_part() && records::first(rest)?.is_none() => {
                Ok(Self::Records(Box::new(library.part()?)))
            }
            same => Ok(same),
        }
    }

    /// Takes the complete records of `input`, whose bytes are spoilt by that, hands their text to `each`, and adds what TLS itself has
    /// to say to `out`. Returns how many bytes were taken; the rest is to be handed in again, with more.
    pub fn open(
        &mut self,
        input: &mut [u8],
        out: &mut Vec<u8>,
        each: impl FnMut(&[u8]) -> Result<(), Broken>,
    ) -> Result<usize, Broken> {
        match self {
            Self::Library(library) => library.open(input, out, each),
            Self::Records(records) => records.open(input, out, each),
        }
    }

    /// Seals all of `text` to the end of `out`, when it may be sent; else it stays. `input` is what [`Self::open`] left.
    pub fn seal(&mut self, input: &mut [u8], text: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), Broken> {
        match self {
            Self::Library(library) => library.seal(input, text, out),
            Self::Records(records) => records.seal(text, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use rustls::pki_types::{PrivateKeyDer, ServerName};
    use rustls::version::{TLS12, TLS13};
    use rustls::{
        RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion, crypto::aws_lc_rs,
    };

    use super::*;

    const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

    /// A client and a server that trust each other, the handshake done.
    fn pair(version: &'static SupportedProtocolVersion) -> (Tls, ServerConnection) {
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(key.cert.der().clone()).expect("an authority");
        let mut client = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[version])
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        client.enable_secret_extraction = true;
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
        let tls = tls.settle(&[]).expect("keys");
        assert_eq!(matches!(tls, Tls::Records(_)), *version == TLS13);
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

    /// Opens all of what a server said.
    fn open(tls: &mut Tls, bytes: &mut [u8], out: &mut Vec<u8>) -> Result<Vec<u8>, Broken> {
        let mut got = Vec::new();
        let taken = tls.open(bytes, out, |text| {
            got.extend_from_slice(text);
            Ok(())
        })?;
        assert!(taken == bytes.len() || tls.is_closed());
        Ok(got)
    }

    #[test]
    fn text_is_the_same_however_records_are_cut() {
        for version in VERSIONS {
            let (mut tls, mut server) = pair(version);
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
                assert!(got == text && rest.is_empty(), "{version:?}, pieces of {piece}");
            }
        }
    }

    #[test]
    fn seals_more_than_a_record_holds() {
        for version in VERSIONS {
            let (mut tls, mut server) = pair(version);
            let text = vec![7; 40_000];
            let (mut sent, mut out) = (text.clone(), Vec::new());
            tls.seal(&mut [], &mut sent, &mut out).expect("a right server");
            assert!(sent.is_empty());
            assert!(hear(&mut server, &mut out) == text);
        }
    }

    #[test]
    fn a_damaged_record_is_refused_and_an_end_is_told() {
        for version in VERSIONS {
            let (mut tls, mut server) = pair(version);
            server.send_close_notify();
            open(&mut tls, &mut said(&mut server, b""), &mut Vec::new()).expect("an end");
            assert!(tls.is_closed());

            let (mut tls, mut server) = pair(version);
            let mut bytes = said(&mut server, b"text");
            *bytes.last_mut().expect("a record") ^= 1;
            let outcome = open(&mut tls, &mut bytes, &mut Vec::new());
            assert!(matches!(outcome, Err(Broken::Tls(rustls::Error::DecryptError))));
        }
    }

    #[test]
    fn goes_on_when_the_server_changes_its_keys() {
        let (mut tls, mut server) = pair(&TLS13);
        for turn in 0..3 {
            let mut bytes = said(&mut server, b"before");
            server.refresh_traffic_keys().expect("new keys");
            bytes.extend(said(&mut server, b" after"));
            let mut out = Vec::new();
            let got = open(&mut tls, &mut bytes, &mut out).expect("a right server");
            assert_eq!(got, b"before after", "turn {turn}");
            assert!(!out.is_empty(), "the server asks for new keys of ours too");
            let mut text = b"answer".to_vec();
            tls.seal(&mut [], &mut text, &mut out).expect("a right server");
            assert_eq!(hear(&mut server, &mut out), b"answer", "turn {turn}");
        }
    }

    #[test]
    fn a_server_that_only_changes_keys_is_refused() {
        let (mut tls, mut server) = pair(&TLS13);
        let turns = (0..100).take_while(|_| {
            server.refresh_traffic_keys().expect("new keys");
            open(&mut tls, &mut said(&mut server, b""), &mut Vec::new()).is_ok()
        });
        assert_eq!(turns.count(), 32);
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for bytes in [b"\x16\x03\x03\x00\x01\x00", b"\x17\x03\x03\xff\xff\x00"] {
            let (mut tls, _) = pair(&TLS13);
            assert!(tls.open(&mut bytes.clone(), &mut Vec::new(), |_| Ok(())).is_err());
        }
    }
}
