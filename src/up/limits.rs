//! Times and sizes of a system on one machine.

use std::time::Duration;

/// How often it is looked whether a process has ended.
pub const PROCESS_POLL: Duration = Duration::from_millis(50);
/// How often a process is asked whether it is ready.
pub const HEALTH_POLL: Duration = Duration::from_millis(50);
/// How long it may take to answer that.
pub const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);
/// How often it is told who is waited for.
pub const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);
/// How long a system may take to be ready.
pub const START_MAX: Duration = Duration::from_secs(180);
/// How long a process may take to stop before it is killed: more than it allows itself.
pub const STOP_MAX: Duration = Duration::from_secs(75);
/// How long a process that ended stays away, at first and at most; each end doubles it.
pub const RESTART_AFTER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(30)];
/// How long it must have run to begin with the first of these again.
pub const RESTART_FORGOTTEN_AFTER: Duration = Duration::from_secs(60);
/// Of a log, what is shown of a process that ended.
pub const LOG_TAIL_BYTES: u64 = 2_000;
