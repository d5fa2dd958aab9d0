//! Records of TLS 1.3 behind the handshake (RFC 8446, 5). The library makes and changes the keys and opens and seals each record; what is
//! ours is to cut the records and to hand on the text where it lies. The library by itself copies the text of each record into memory
//! that it asks for, which costs a third of what its decryption does.

use rustls::client::ClientConnectionData;
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks,
    OutboundPlainMessage,
};
use rustls::kernel::KernelConnection;
use rustls::{
    AlertDescription, ConnectionTrafficSecrets, ContentType, ExtractedSecrets, HandshakeType,
    ProtocolVersion, SupportedCipherSuite, Tls13CipherSuite,
};

use super::{Broken, TEXT_BYTES_MAX};

const HEAD_BYTES: usize = 5;
/// The largest record, with what sealing adds (RFC 8446, 5.2).
const RECORD_BYTES_MAX: usize = TEXT_BYTES_MAX + 256;
/// The largest message about the connection itself.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// How many records without text may follow each other.
const QUIET_RECORDS_MAX: u32 = 32;
/// A change of keys that wants none in answer (RFC 8446, 4.6.3).
const KEYS_CHANGED: [u8; 5] = [24, 0, 0, 1, 0];

/// One connection's records.
pub struct Records {
    keys: KernelConnection<ClientConnectionData>,
    suite: &'static Tls13CipherSuite,
    opener: Box<dyn MessageDecrypter>,
    opened: u64,
    sealer: Box<dyn MessageEncrypter>,
    sealed: u64,
    /// The beginning of a message about the connection whose rest is to come.
    message: Vec<u8>,
    quiet_records: u32,
    closed: bool,
    protocol: Option<Vec<u8>>,
}

impl Records {
    /// The records of a connection whose hands are shaken.
    pub fn new(
        secrets: ExtractedSecrets,
        keys: KernelConnection<ClientConnectionData>,
        protocol: Option<Vec<u8>>,
    ) -> Result<Self, Broken> {
        let SupportedCipherSuite::Tls13(suite) = keys.negotiated_cipher_suite() else {
            return Err(Broken::Text("TLS has another version than it had"));
        };
        let ((sealed, tx), (opened, rx)) = (secrets.tx, secrets.rx);
        Ok(Self {
            keys,
            suite,
            opener: opener(suite, rx)?,
            opened,
            sealer: sealer(suite, tx)?,
            sealed,
            message: Vec::new(),
            quiet_records: 0,
            closed: false,
            protocol,
        })
    }

    /// Whether the peer said that no more will come.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The protocol that both sides agreed on.
    pub fn protocol(&self) -> Option<&[u8]> {
        self.protocol.as_deref()
    }

    /// As [`super::Tls::open`].
    pub fn open(
        &mut self,
        input: &mut [u8],
        out: &mut Vec<u8>,
        mut each: impl FnMut(&[u8]) -> Result<(), Broken>,
    ) -> Result<usize, Broken> {
        let mut taken = 0;
        while !self.closed
            && let Some(length) = first(&input[taken..])?
        {
            let record = &mut input[taken + HEAD_BYTES..taken + length];
            taken += length;
            let opaque =
                InboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, record);
            let plain = self.opener.decrypt(opaque, self.opened)?;
            self.opened += 1;
            match plain.typ {
                ContentType::ApplicationData if self.message.is_empty() => {
                    self.quiet_records = 0;
                    each(plain.payload)?;
                }
                kind => self.hear(kind, plain.payload, out)?,
            }
        }
        Ok(taken)
    }

    /// As [`super::Tls::seal`].
    pub fn seal(&mut self, text: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), Broken> {
        for piece in text.chunks(TEXT_BYTES_MAX) {
            if self.sealed >= self.suite.common.confidentiality_limit {
                self.change_sealing(out)?;
            }
            self.put(ContentType::ApplicationData, piece, out)?;
        }
        text.clear();
        Ok(())
    }

    fn put(&mut self, kind: ContentType, text: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
        let plain = OutboundPlainMessage {
            typ: kind,
            version: ProtocolVersion::TLSv1_2,
            payload: OutboundChunks::Single(text),
        };
        let sealed = self.sealer.encrypt(plain, self.sealed)?;
        self.sealed += 1;
        out.extend_from_slice(&sealed.encode());
        Ok(())
    }

    /// Hears what a record says about the connection itself.
    fn hear(&mut self, kind: ContentType, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
        self.quiet_records += 1;
        if self.quiet_records > QUIET_RECORDS_MAX {
            return Err(Broken::Text("TLS talks of itself only"));
        }
        match (kind, bytes) {
            (ContentType::Handshake, _) => {
                self.message.extend_from_slice(bytes);
                self.messages(out)
            }
            (ContentType::Alert, [_, alert]) => match AlertDescription::from(*alert) {
                AlertDescription::CloseNotify => {
                    self.closed = true;
                    Ok(())
                }
                AlertDescription::UserCanceled => Ok(()),
                alert => Err(rustls::Error::AlertReceived(alert).into()),
            },
            _ => Err(Broken::Text("a record of TLS is of a kind that may not come")),
        }
    }

    fn messages(&mut self, out: &mut Vec<u8>) -> Result<(), Broken> {
        while let Some(&[kind, a, b, c]) = self.message.first_chunk() {
            let end = 4 + u32::from_be_bytes([0, a, b, c]) as usize;
            if end > MESSAGE_BYTES_MAX {
                return Err(Broken::Text("a message of TLS is too large"));
            }
            let Some(content) = self.message.get(4..end) else {
                break;
            };
            match (HandshakeType::from(kind), content) {
                (HandshakeType::NewSessionTicket, ticket) => self.keys.handle_new_session_ticket(ticket)?,
                // Nothing under the old keys may follow it.
                (HandshakeType::KeyUpdate, [wanted @ 0..=1]) if end == self.message.len() => {
                    let answer = *wanted == 1;
                    let (opened, secrets) = self.keys.update_rx_secret()?;
                    (self.opener, self.opened) = (opener(self.suite, secrets)?, opened);
                    if answer {
                        self.change_sealing(out)?;
                    }
                }
                _ => return Err(Broken::Text("a message of TLS is one that may not come")),
            }
            self.message.drain(..end);
        }
        Ok(())
    }

    fn change_sealing(&mut self, out: &mut Vec<u8>) -> Result<(), Broken> {
        self.put(ContentType::Handshake, &KEYS_CHANGED, out)?;
        let (sealed, secrets) = self.keys.update_tx_secret()?;
        (self.sealer, self.sealed) = (sealer(self.suite, secrets)?, sealed);
        Ok(())
    }
}

/// How long the first record is, when it is complete.
pub fn first(input: &[u8]) -> Result<Option<usize>, Broken> {
    let Some(&[kind, _, _, a, b]) = input.first_chunk() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([a, b]));
    if length > RECORD_BYTES_MAX {
        return Err(rustls::Error::PeerSentOversizedRecord.into());
    }
    if ContentType::from(kind) != ContentType::ApplicationData {
        return Err(Broken::Text("a record of TLS is not sealed"));
    }
    Ok((input.len() >= HEAD_BYTES + length).then_some(HEAD_BYTES + length))
}

fn opener(
    suite: &Tls13CipherSuite,
    secrets: ConnectionTrafficSecrets,
) -> Result<Box<dyn MessageDecrypter>, Broken> {
    let (key, iv) = key_of(secrets)?;
    Ok(suite.aead_alg.decrypter(key, iv))
}

fn sealer(
    suite: &Tls13CipherSuite,
    secrets: ConnectionTrafficSecrets,
) -> Result<Box<dyn MessageEncrypter>, Broken> {
    let (key, iv) = key_of(secrets)?;
    Ok(suite.aead_alg.encrypter(key, iv))
}

fn key_of(secrets: ConnectionTrafficSecrets) -> Result<(AeadKey, Iv), Broken> {
    match secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv }
        | ConnectionTrafficSecrets::Aes256Gcm { key, iv }
        | ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => Ok((key, iv)),
        _ => Err(Broken::Text("TLS agreed on a cipher that is not known")),
    }
}
