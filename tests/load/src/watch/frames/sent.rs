//! The frames that a client of watches sends.

use super::{
    ACK, END_HEADERS, END_STREAM, HEADERS, Malformed, PAYLOAD_BYTES_MAX, PING, RST_STREAM, SETTINGS,
};

/// What a client sends first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The window of a connection before it is raised.
const FIRST_WINDOW_BYTES: u32 = 65_535;
const WINDOW_UPDATE: u8 = 8;
const HEADER_TABLE_SIZE: u16 = 1;
const ENABLE_PUSH: u16 = 2;
const INITIAL_WINDOW_SIZE: u16 = 4;
const CANCEL: u32 = 8;

/// The beginning of a connection: no push, no table of headers, this window for each stream and this one for all.
pub fn begin(out: &mut Vec<u8>, stream_window_bytes: u32, window_bytes: u32) {
    out.extend_from_slice(PREFACE);
    head(out, 18, SETTINGS, 0, 0);
    for (name, value) in [
        (HEADER_TABLE_SIZE, 0),
        (ENABLE_PUSH, 0),
        (INITIAL_WINDOW_SIZE, stream_window_bytes),
    ] {
        out.extend_from_slice(&name.to_be_bytes());
        out.extend_from_slice(&u32::to_be_bytes(value));
    }
    window(out, 0, window_bytes.saturating_sub(FIRST_WINDOW_BYTES));
}

/// A request without a body.
pub fn request(out: &mut Vec<u8>, stream: u32, block: &[u8]) -> Result<(), Malformed> {
    if block.len() > PAYLOAD_BYTES_MAX {
        return Err(Malformed("the head of the request is too large"));
    }
    head(out, block.len(), HEADERS, END_STREAM | END_HEADERS, stream);
    out.extend_from_slice(block);
    Ok(())
}

/// More room for the server to send in; nothing for none.
pub fn window(out: &mut Vec<u8>, stream: u32, bytes: u32) {
    if bytes > 0 {
        head(out, 4, WINDOW_UPDATE, 0, stream);
        out.extend_from_slice(&bytes.to_be_bytes());
    }
}

/// The end of a stream by the client's wish.
pub fn cancel(out: &mut Vec<u8>, stream: u32) {
    head(out, 4, RST_STREAM, 0, stream);
    out.extend_from_slice(&CANCEL.to_be_bytes());
}

/// The answer to the server's settings.
pub fn settings_seen(out: &mut Vec<u8>) {
    head(out, 0, SETTINGS, ACK, 0);
}

/// The answer to a ping.
pub fn pong(out: &mut Vec<u8>, payload: [u8; 8]) {
    head(out, payload.len(), PING, ACK, 0);
    out.extend_from_slice(&payload);
}

pub(super) fn head(out: &mut Vec<u8>, length: usize, kind: u8, flags: u8, stream: u32) {
    out.extend_from_slice(&(length as u32).to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
}
