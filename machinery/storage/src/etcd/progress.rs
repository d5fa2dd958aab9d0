//! How far a watch is, on etcds whose own word for it cannot be trusted.
//!
//! Old releases may announce a revision before they send its events, or say nothing. So there nothing that etcd says about
//! progress is used. When somebody asks how far a watch is, the present revision R is read, and a second watch, of all keys,
//! reads what happened since the first one's last mark. A single watch is in revision order and every revision changes a key,
//! so the second one ends at R and has then seen the last event for the first watch up to R. When the first has delivered
//! that event, nothing up to R is outstanding: a consistent read that waits for R is right.
//!
//! It costs all events of etcd since the last mark, and a client that may read all keys. Where it cannot be done, no progress
//! is told; readers that wait for it go to the store after their time.

use bytes::Bytes;
use etcd_client::{Client, WatchOptions};

use super::convert::failed;
use super::fragments::Fragments;
use super::{MESSAGE_BYTES_MAX, timed};
use crate::key_range::KeyRange;
use crate::store::{Error, Revision};

/// Events after which finding out is given up: the watch is far behind.
const EVENTS_MAX: usize = 200_000;

/// What the second watch found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The present when it was asked.
    pub revision: Revision,
    /// The last revision up to then that has something for the watch; 0 if none since its last mark.
    pub last_event: Revision,
}

/// Finds out what happened in `range` after `known` and up to now. It may not end while etcd does not answer: whoever asks
/// drops it with the watch.
pub async fn find(
    client: Client,
    health_key: Bytes,
    range: KeyRange,
    known: Revision,
) -> Result<Found, Error> {
    let revision = super::current(&client, &health_key).await?;
    let mut found = Found {
        revision,
        last_event: Revision(0),
    };
    if revision <= known {
        return Ok(found);
    }
    let options = WatchOptions::new()
        .with_all_keys()
        .with_start_revision(known.0 + 1)
        .with_fragment();
    let mut watches = client.watch_client().max_decoding_message_size(MESSAGE_BYTES_MAX);
    let mut responses = timed(watches.watch("\0", Some(options))).await?;
    let (mut fragments, mut seen) = (Fragments::default(), 0);
    while let Some(response) = responses.message().await.map_err(failed)? {
        if response.canceled() {
            return Err(super::watch::ended(&response));
        }
        let Some(events) = fragments.take(&response)? else {
            continue;
        };
        seen += events.len();
        for event in &events {
            let at = event.entry.mod_revision;
            if at <= revision && range.contains(&event.entry.key) {
                found.last_event = found.last_event.max(at);
            }
        }
        if events
            .last()
            .is_some_and(|event| event.entry.mod_revision >= revision)
        {
            return Ok(found);
        }
        if seen > EVENTS_MAX {
            return Err(Error::Unavailable(
                "a watch is too far behind to find out how far".to_owned(),
            ));
        }
    }
    Err(Error::Unavailable("etcd ended a watch".to_owned()))
}
