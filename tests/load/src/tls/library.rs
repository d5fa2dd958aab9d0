//! The handshake, and connections that stay with TLS 1.2, as the library does them.

use std::sync::Arc;

use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, EncodeError, EncodeTlsData, EncryptError, WriteTraffic};
use rustls::{ClientConfig, ProtocolVersion};

use super::records::Records;
use super::{Broken, TEXT_BYTES_MAX};

/// What sealing adds to a text at most: a head, the inner type and a tag for each record, and one record of another kind.
const SEAL_BYTES: usize = 64;

/// A connection whose records the library takes apart.
pub struct Library {
    connection: UnbufferedClientConnection,
    closed: bool,
}

impl Library {
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

    /// Whether its records can be taken apart without the library.
    pub fn can_part(&self) -> bool {
        let version = self.connection.protocol_version();
        self.is_ready() && !self.closed && version == Some(ProtocolVersion::TLSv1_3)
    }

    /// What follows it; all complete records have been opened, and all that it had to say was taken.
    pub fn part(self) -> Result<Records, Broken> {
        let protocol = self.protocol().map(<[u8]>::to_vec);
        let (secrets, keys) = self.connection.dangerous_into_kernel_connection()?;
        Records::new(secrets, keys, protocol)
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
    let mut room_bytes = text.len() + SEAL_BYTES * (1 + text.len() / TEXT_BYTES_MAX);
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
