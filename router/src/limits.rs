//! Every limit of the routing tier.

use std::time::Duration;

/// The most that a member may weigh.
pub const WEIGHT_MAX: u32 = 1_000;
/// The most members that are known at a time; more are not looked at.
pub const MEMBERS_MAX: usize = 1_000;
/// The most units that a member may say it is ready for.
pub const UNITS_PER_MEMBER_MAX: usize = 10_000;

/// How often a member renews its lease.
pub const RENEWAL_INTERVAL: Duration = Duration::from_secs(2);
/// How long a lease stands that is not renewed.
pub const LEASE_DURATION: Duration = Duration::from_secs(6);
/// How far the clocks of machines may be apart for a lease to count at first sight; beyond that its next renewal is waited for.
pub const CLOCK_SKEW_MAX: Duration = Duration::from_secs(60);

/// How long a connection to a member may take to be made.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The most streams on one connection to a member; with more another one is made.
pub const STREAMS_PER_CONNECTION_MAX: usize = 128;
/// The most connections to one member.
pub const CONNECTIONS_PER_MEMBER_MAX: usize = 256;
/// What a member may send on one stream before its client has taken it.
pub const STREAM_WINDOW_BYTES: u32 = 128 * 1024;
/// The same for all streams of a connection: as much as they may have together, so that a client that stops stops its own alone.
pub const CONNECTION_WINDOW_BYTES: u32 = STREAM_WINDOW_BYTES * STREAMS_PER_CONNECTION_MAX as u32;
/// What is passed on of a stream before its member is told that there is room again; its window is as much smaller.
pub const UNRELEASED_BYTES_MAX: usize = STREAM_WINDOW_BYTES as usize / 8;
/// What comes past h2 on a connection before its member is told that there is room again for all of its streams.
pub const CONNECTION_UNRELEASED_BYTES_MAX: usize = CONNECTION_WINDOW_BYTES as usize / 8;
/// What is read off a connection to a member at a time.
pub const READ_BYTES: usize = 32 * 1024;
/// What is kept of a request for a member that does not take it.
pub const SEND_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// The most bytes of all headers of an answer.
pub const HEADER_BYTES_MAX: u32 = 64 * 1024;
/// How often a member is asked whether it is there, on each connection.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(2);
/// How long it may take to say so.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(4);
/// How many members are asked the same, where that is safe.
pub const TRIES_MAX: usize = 3;

/// How long one frontend may take to answer a question about members before the next is asked: with one that stands still a record is
/// renewed in time all the same.
pub const RECORD_TRY_TIMEOUT: Duration = Duration::from_millis(1_500);
/// How long such a question may take in all.
pub const RECORD_TIMEOUT: Duration = Duration::from_millis(4_500);
/// The pause after a renewal of a record that failed.
pub const RENEWAL_PAUSE: Duration = Duration::from_millis(200);
/// The most bytes of an answer to one, and of an event.
pub const RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The pause after a try to follow the members failed, at first and at most.
pub const FOLLOW_PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// How long members are followed before it is done from another frontend: a watch that says nothing is no proof of life.
pub const FOLLOW_SILENCE_MAX: Duration = Duration::from_secs(8);
/// How often records are looked through for those that nobody renews.
pub const SWEEP_INTERVAL: Duration = Duration::from_secs(60);
/// How long a record stays that nobody renews.
pub const RECORD_LEFT_MAX: Duration = Duration::from_secs(300);

/// The most requests for paths that a frontend says who may have, at a time.
pub const OWN_PATHS_MAX: usize = 32;
/// The most requests under way in a router, watches among them, by default.
pub const REQUESTS_MAX: usize = 200_000;
/// The same of one client address.
pub const REQUESTS_PER_CLIENT_MAX: usize = 50_000;

/// How long a member may hear nothing of the store before it lets others serve: more than twice as long as the store is silent when
/// nothing happens.
pub const STORE_SILENCE_MAX: Duration = Duration::from_secs(12);
/// How long the watches of a unit may take to leave before it goes without them.
pub const LEAVE_MAX: Duration = Duration::from_secs(30);
/// How many watches a member asks to leave in a second, so that their clients do not come back all at once.
pub const LEAVING_PER_SECOND_MAX: u64 = 250;
/// The shortest time over which they leave.
pub const LEAVE_SPREAD_MIN: Duration = Duration::from_secs(1);
/// How long a member that stops waits for others to take over what it has.
pub const HANDOVER_MAX: Duration = Duration::from_secs(30);
