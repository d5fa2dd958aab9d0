//! The named limits of the load program: every run is bounded by count and by time. What a run does is the scenarios' affair.

use std::time::Duration;

/// The most watchers of one run.
pub const WATCHERS_MAX: usize = 100_000;
/// The most deliveries that one run records (16 bytes each when it is judged, at most 32 while it runs).
pub const DELIVERIES_MAX: u64 = 50_000_000;
/// The longest phase that may be asked for.
pub const PHASE_SECONDS_MAX: u64 = 3_600;
/// The most writes per second.
pub const RATE_MAX: f64 = 100_000.0;
/// The most objects that one run creates.
pub const OBJECTS_MAX: usize = 1_000_000;
/// The most requests of one measured phase.
pub const REQUESTS_MAX: usize = 10_000_000;
/// The most clients of a list storm, each with a connection of its own.
pub const CLIENTS_MAX: usize = 10_000;
/// How long a connection, with TLS and HTTP/2, may take to come up.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a credential plugin may take.
pub const PLUGIN_TIMEOUT: Duration = Duration::from_secs(60);
/// The most that is read of what a credential plugin prints.
pub const PLUGIN_OUTPUT_BYTES: u64 = 1024 * 1024;
/// How long one request may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
/// How long all watches together may take to open.
pub const OPEN_TIMEOUT: Duration = Duration::from_secs(300);
/// How many connections are being made at a time, so that the listener's queue holds them.
pub const CONNECTING_AT_ONCE: usize = 64;
/// The window of an HTTP/2 connection: as much as the protocol allows, so that stalled streams stop nobody else, and so that h2's
/// budget for small DATA frames, which is tied to it, does not end the connection.
pub const CONNECTION_WINDOW_BYTES: u32 = (1 << 31) - 1;
/// The window of a watch, where nothing else is asked for.
pub const STREAM_WINDOW_BYTES: u32 = 262_144;
/// What a thread reads from a socket at once: many records, which hold many events.
pub const READ_BUFFER_BYTES: usize = 256 * 1024;
/// What requests, and watches over HTTP/1.1, read from a socket at once.
pub const SOCKET_BUFFER_BYTES: usize = 64 * 1024;
/// The largest event that is compared with those that come after it.
pub const RECENT_BYTES_MAX: usize = 64 * 1024;
/// How many streams are opened before the server says how many it allows.
pub const STREAMS_BEFORE_SETTINGS: usize = 100;
/// How often a slow reader takes its share.
pub const SLOW_TICK: Duration = Duration::from_millis(100);
/// How many ends of one watch are kept with their reasons.
pub const ENDS_KEPT_MAX: usize = 16;
/// The largest event that is assembled, and the largest answer to a single request.
pub const EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How much of a refusal is told.
pub const REFUSAL_BYTES: usize = 500;
/// How much of a list's beginning is kept for its revision and continue token.
pub const LIST_HEAD_BYTES: usize = 4 * 1024;
/// The most pages of one list.
pub const PAGES_MAX: usize = 10_000;
/// How often memory is sampled.
pub const SAMPLE_INTERVAL: Duration = Duration::from_millis(20);
/// Memory is settled when this many looks in a row differ by less than [`SETTLED_SPREAD`] of it.
pub const SETTLED_LOOKS: usize = 8;
/// The pause between two looks at memory that settles.
pub const SETTLING_INTERVAL: Duration = Duration::from_millis(500);
/// How far looks at settled memory may lie apart, as a part of it.
pub const SETTLED_SPREAD: f64 = 0.002;
/// After this, memory that does not settle is taken as it is, and the report says so.
pub const SETTLING_TIMEOUT: Duration = Duration::from_secs(90);
/// How often progress is told.
pub const PROGRESS_INTERVAL: Duration = Duration::from_secs(2);
/// How often waiting code looks whether its state is reached.
pub const LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// The pause before a lost connection is tried again.
pub const RECONNECT_PAUSE: Duration = Duration::from_millis(20);
/// How many wrong deliveries are named one by one.
pub const FINDINGS_MAX: usize = 20;
/// The connections that writes and lists go over.
pub const REQUEST_CONNECTIONS: usize = 4;
/// The highest latency that is told apart from longer ones, in microseconds.
pub const LATENCY_MICROS_MAX: u64 = 600_000_000;
/// How often the CPU and memory of processes are looked at.
pub const TIMELINE_INTERVAL: Duration = Duration::from_millis(250);
/// How often a server is asked for its metrics, which is work for it.
pub const METRICS_INTERVAL: Duration = Duration::from_secs(2);
/// The most samples of a timeline.
pub const SAMPLES_MAX: usize = 600;
/// The most intervals of a latency over time, and the shortest.
pub const INTERVALS_MAX: usize = 240;
/// The shortest interval of a latency over time.
pub const INTERVAL_MIN: Duration = Duration::from_millis(250);
/// The most nodes and members that are planned for.
pub const PLANNED_NODES_MAX: u64 = 100_000_000;
/// The most members that a plan has.
pub const PLANNED_MEMBERS_MAX: usize = 5_000;
