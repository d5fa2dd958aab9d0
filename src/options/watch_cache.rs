//! Flags about the watch cache.

use clap::Args;

/// What lists and watches are answered from.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Watch cache")]
pub struct WatchCache {
    /// What the histories of all resources may hold together, in megabytes: how far back watches resume and lists at a revision
    /// reach
    #[arg(long, value_name = "MEGABYTES", default_value_t = watchcache::limits::HISTORY_BYTES_DEFAULT / MEGABYTE)]
    pub watch_cache_history_megabytes: usize,
}

/// Bytes of a megabyte as this flag counts it.
const MEGABYTE: usize = 1024 * 1024;

impl WatchCache {
    /// In bytes.
    pub fn history_bytes(&self) -> usize {
        self.watch_cache_history_megabytes.saturating_mul(MEGABYTE)
    }
}
