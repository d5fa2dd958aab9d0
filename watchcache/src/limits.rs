//! Every limit of the watch cache.

use std::time::Duration;

/// What the histories of all resources may hold together, by default.
pub const HISTORY_BYTES_DEFAULT: usize = 256 * 1024 * 1024;
/// What each resource may keep of it whatever the others need.
pub const HISTORY_FLOOR_BYTES: usize = 512 * 1024;
/// How long events are kept at most: clients that were away for longer list again.
pub const HISTORY_AGE_MAX: Duration = Duration::from_secs(900);
/// How long the encodings of an event are kept: who comes later has its own made.
pub const FRAMES_AGE_MAX: Duration = Duration::from_secs(10);
/// How long at least, when they hold more than half of what they may.
pub const FRAMES_AGE_MIN: Duration = Duration::from_millis(500);
/// How long a version is kept whole after the next one has come: for who comes later it is put together again.
pub const FOLD_AGE: Duration = Duration::from_secs(2);
/// How many versions are folded before the store is listened to again: some tenths of a millisecond's work.
pub const FOLDS_AT_ONCE: usize = 16;
/// By way of how many later versions one is read at most.
pub const FOLDS_DEPTH_MAX: u8 = 8;
/// Objects of which earlier versions are folded: smaller ones gain little, and LZ4 sees no further back than 64 KB.
pub const FOLDED_BYTES: std::ops::RangeInclusive<usize> = 256..=60 * 1024;
/// What encoded events may hold; above it they are made again for each watcher.
pub const FRAMES_BYTES_MAX: usize = 128 * 1024 * 1024;
/// How much of a store's history is replayed at start; with more, it begins at the present revision.
pub const REPLAY_BYTES_MAX: usize = 512 * 1024 * 1024;
/// How many keys one read of a load asks for.
pub const LOAD_PAGE_KEYS: u64 = 500;
/// How many reads of a load are under way at a time.
pub const LOAD_READS_MAX: usize = 4;
/// How many changes are made canonical on the task that reads them; more go to a pool.
pub const INLINE_CHANGES_MAX: usize = 8;
/// How many forms a connection's turn adds up what it has sent in, before it tells.
pub const TALLIES_MAX: usize = 16;
/// How long a read waits until the cache has come to a revision.
pub const FRESHNESS_TIMEOUT: Duration = Duration::from_secs(3);
/// How often the store is asked for a progress mark while somebody waits.
pub const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);
/// How often it is asked when nobody does, so that bookmarks move.
pub const IDLE_PROGRESS_INTERVAL: Duration = Duration::from_secs(5);
/// The pause after a load or a stream that failed, at first and at most.
pub const RETRY_PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// Past states that are kept for lists at a revision and their further pages.
pub const PAST_SNAPSHOTS_MAX: usize = 16;
/// Between bookmarks of a watch.
pub const BOOKMARK_INTERVAL: Duration = Duration::from_secs(60);
/// How long before its end a watch gets its last bookmark.
pub const LAST_BOOKMARK_BEFORE_END: Duration = Duration::from_secs(2);
/// The least a watch lasts without `timeoutSeconds`; the most is twice that.
pub const WATCH_TIMEOUT_MIN: Duration = Duration::from_secs(1_800);
/// How many bytes of a list are made at a time.
pub const LIST_CHUNK_BYTES: usize = 64 * 1024;
/// How many bytes of a list are made before others get their turn: half a millisecond's work.
pub const LIST_TURN_BYTES: usize = 256 * 1024;
/// How many objects or events a list or a watch looks at before others get their turn: less than half a millisecond's work.
pub const SCAN_ITEMS_MAX: usize = 1_024;
/// How many pages of lists are remembered for a resource, so that the next ones need not count what is left.
pub const LISTS_REMEMBERED_MAX: usize = 64;
/// Reads of the store that lists may have under way when the cache cannot answer.
pub const STORE_READS_MAX: usize = 16;
/// Objects of one such read.
pub const STORE_PAGE_KEYS: u64 = 500;
/// Between two comparisons of the cache with the store.
pub const DIGEST_INTERVAL: Duration = Duration::from_secs(600);
/// How long custom resources wait until the caches of all of them are loaded.
pub const CUSTOM_LOAD_MAX: Duration = Duration::from_secs(5);
/// How long watches of a custom resource may take to end when its definition has changed or gone.
pub const CUSTOM_TURN_MAX: Duration = Duration::from_secs(5);
/// How often it is looked whether they have.
pub const CUSTOM_TURN_POLL: Duration = Duration::from_millis(50);
