//! The named limits of serving. What an object may measure is for the tiers to know.

use std::time::Duration;

/// How much of a body that is too long is read and thrown away, so that its sender gets to see the answer.
pub const DISCARDED_BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long the sender of a body that nobody wants has to send it, before it is cut off.
pub const UNREAD_BODY_TIMEOUT: Duration = Duration::from_secs(2);
/// Answers with more bytes than this are compressed for clients that take gzip.
pub const GZIP_ABOVE_BYTES: usize = 128 * 1024;
/// How hard gzip tries, 1 to 9: the reference favours speed.
pub const GZIP_LEVEL: u32 = 1;
/// How much is compressed before other tasks have their turn: some tenths of a millisecond.
pub const GZIP_STEP_BYTES: usize = 16 * 1024;
/// What compression gathers before it is sent.
pub const GZIP_CHUNK_BYTES: usize = 8 * 1024;
/// The most media types of an `Accept` header that are looked at.
pub const ACCEPT_CLAUSES_MAX: usize = 64;
/// The pause after an accept that failed (out of file descriptors).
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long a TCP connection is silent before it is probed. Connections that were taken over for another protocol have nothing else.
pub const TCP_KEEPALIVE_AFTER: Duration = Duration::from_secs(30);
/// Between two probes.
pub const TCP_KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// How many have no answer before the connection is given up.
pub const TCP_KEEPALIVE_TRIES: u32 = 3;

/// How long a CPU profile is taken if nobody says otherwise.
pub const PROFILE_SECONDS_DEFAULT: u64 = 30;
/// The same, at most.
pub const PROFILE_SECONDS_MAX: u64 = 300;

/// How long a feed may go on after it was told to finish.
pub const FAREWELL: Duration = Duration::from_secs(1);
/// The shortest time after which a feed that had nothing is asked again because of the time.
pub const FEED_PAUSE_MIN: Duration = Duration::from_millis(1);

/// What one feed may send before its connection's others have their turn.
pub const FEED_TURN_BYTES_MAX: usize = 32 * 1024;
/// What all feeds of a connection may queue before the socket has to take it.
pub const CONNECTION_TURN_BYTES_MAX: usize = 256 * 1024;
/// How many groups of feeds that are told the same a connection has at most; more than that are told one by one.
pub const FEED_GROUPS_MAX: u32 = 64;
/// How often a connection goes on by itself before other tasks have their turn.
pub const CONNECTION_ROUNDS_MAX: usize = 4;
/// For each stream that an HTTP/2 connection may have, so many requests are under way at most: those that are finished for
/// clients that reset their stream count too.
pub const REQUESTS_PER_STREAM_MAX: usize = 2;
/// What is gathered before it is written to a socket.
pub const CORK_BYTES: usize = 64 * 1024;
/// How many buffers of [`CORK_BYTES`] are kept for connections that write next.
pub const CORK_BUFFERS_KEPT_MAX: usize = 64;

/// How much room a feed's stream is given before it is known what it has: what it does not use others cannot have.
pub const GUESS_BYTES_MAX: usize = 8 * 1024;
/// How much of such room a quiet feed may keep: to give it back costs a question to h2.
pub const SPARE_ROOM_BYTES: usize = 128;
/// The most bytes of a message that a client sends on a WebSocket: none needs to say anything.
pub const WEBSOCKET_INCOMING_BYTES_MAX: usize = 64 * 1024;
/// What a WebSocket reads at a time, and gathers before it writes by itself.
pub const WEBSOCKET_BUFFER_BYTES: usize = 4 * 1024;

/// How many rights of open watches are asked about before other tasks have their turn.
pub const RIGHTS_ASKED_AT_ONCE: usize = 128;
/// The pause then: some ten thousand questions in a second at most.
pub const RIGHTS_PAUSE: Duration = Duration::from_millis(10);
/// The pause between two rounds: changes that come meanwhile are looked at together.
pub const RIGHTS_ROUND_PAUSE: Duration = Duration::from_secs(1);
/// How often they are asked about though nobody tells of a change: what webhooks know, what nodes use.
pub const RIGHTS_INTERVAL: Duration = Duration::from_secs(30);

/// The limits of a listener and its connections.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    /// The most bytes of all headers of a request.
    pub header_bytes_max: u32,
    /// The most headers of an HTTP/1.1 request.
    pub headers_max: usize,
    /// The most streams of one HTTP/2 connection at a time.
    pub streams_max: u32,
    /// What a client may send on one stream before the server has read it.
    pub stream_window_bytes: u32,
    /// The same for all streams of a connection; enough for 64 of them, so that none is kept from its own.
    pub connection_window_bytes: u32,
    /// What is kept for a client that does not read, for each stream.
    pub send_buffer_bytes_max: usize,
    /// How many streams a client may open and reset before they were looked at (rapid reset).
    pub pending_resets_max: usize,
    /// The most connections at a time; more wait in the system's queue.
    pub connections_max: u32,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// How long the headers of an HTTP/1.1 request may take.
    pub header_timeout: Duration,
    /// How long a connection may stand without requests.
    pub idle_timeout: Duration,
    /// How long a connection that was told to close may take to do so when it has nothing under way.
    pub close_timeout: Duration,
    /// The chance, for each request on HTTP/2, that its connection is asked to close.
    pub goaway_chance: f64,
    /// How often a quiet HTTP/2 connection is asked whether it is there.
    pub keepalive_interval: Duration,
    /// How long it may take to answer that.
    pub keepalive_timeout: Duration,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            header_bytes_max: 64 * 1024,
            headers_max: 128,
            streams_max: 250,
            stream_window_bytes: 256 * 1024,
            connection_window_bytes: 16 * 1024 * 1024,
            send_buffer_bytes_max: 256 * 1024,
            pending_resets_max: 20,
            connections_max: 32_768,
            handshake_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(32),
            idle_timeout: Duration::from_secs(90),
            close_timeout: Duration::from_secs(2),
            goaway_chance: 0.0,
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(20),
        }
    }
}
