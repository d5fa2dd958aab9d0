//! The named limits of serving. What an object may measure is for the tiers to know.

use std::time::Duration;

/// The most bytes of a request's body, as in the reference: twice what etcd takes in one request.
pub const REQUEST_BODY_BYTES_MAX: usize = 3 * 1024 * 1024;
/// Answers with more bytes than this are compressed for clients that take gzip.
pub const GZIP_ABOVE_BYTES: usize = 128 * 1024;
/// How hard gzip tries, 1 to 9: the reference favours speed.
pub const GZIP_LEVEL: u32 = 1;
/// The most media types of an `Accept` header that are looked at.
pub const ACCEPT_CLAUSES_MAX: usize = 64;
/// The most bytes of all headers of a request.
pub const HEADER_BYTES_MAX: u32 = 64 * 1024;
/// The most headers of an HTTP/1.1 request.
pub const HEADERS_MAX: usize = 128;
/// The most streams of one HTTP/2 connection at a time.
pub const STREAMS_PER_CONNECTION_MAX: u32 = 250;
/// What a client may send on one stream before the server has read it.
pub const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
/// The same for all streams of a connection: no stream is kept from its window by others, up to 64 of them.
pub const CONNECTION_WINDOW_BYTES: u32 = 16 * 1024 * 1024;
/// What is kept for a client that does not read, for each stream.
pub const SEND_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// How many resets a client may cause before its connection ends (rapid reset).
pub const PENDING_RESETS_MAX: usize = 20;
/// The most connections at a time; more wait in the system's queue.
pub const CONNECTIONS_MAX: usize = 32_768;
/// How long a TLS handshake may take.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the headers of a request may take, from its connection's start or the end of the request before.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(32);
/// How long a connection may stand without requests.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(90);
/// How often a quiet HTTP/2 connection is asked whether it is there.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// How long it may take to answer that.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// The pause after an accept that failed (out of file descriptors).
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
