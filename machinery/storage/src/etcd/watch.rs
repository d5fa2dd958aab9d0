//! A watch on etcd as batches: whole revisions, progress marks, and the end.

use etcd_client::{WatchResponse, WatchStream as EtcdStream};
use futures_util::StreamExt;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use super::convert::{event, failed};
use crate::store::{Error, Revision, WatchBatch, WatchStream};

/// How many batches wait for a slow reader; etcd holds back the rest.
const BATCHES_MAX: usize = 16;

type Batch = Result<WatchBatch, Error>;

/// Waits until etcd has registered the watch, then reads it until it ends or nobody listens.
pub async fn start(mut stream: EtcdStream, progress: broadcast::Receiver<()>) -> Result<WatchStream, Error> {
    match stream.message().await.map_err(failed)? {
        Some(first) if first.canceled() => return Err(ended(&first)),
        Some(first) if first.created() => {}
        _ => return Err(Error::Unavailable("etcd did not confirm a watch".to_owned())),
    }
    let (batches, reader) = mpsc::channel(BATCHES_MAX);
    tokio::spawn(read(stream, progress, batches));
    Ok(ReceiverStream::new(reader).boxed())
}

async fn read(stream: EtcdStream, mut progress: broadcast::Receiver<()>, batches: mpsc::Sender<Batch>) {
    let (mut requests, mut responses) = stream.split();
    loop {
        tokio::select! {
            response = responses.message() => {
                let batch = match response {
                    Ok(Some(response)) => batch_of(&response),
                    Ok(None) => Some(Err(Error::Unavailable("etcd ended a watch".to_owned()))),
                    Err(error) => Some(Err(failed(error))),
                };
                let Some(batch) = batch else { continue };
                let is_end = batch.is_err();
                if batches.send(batch).await.is_err() || is_end {
                    return;
                }
            }
            // One that missed requests asks once for all of them.
            Ok(()) | Err(broadcast::error::RecvError::Lagged(_)) = progress.recv() => {
                if requests.request_progress().await.is_err() {
                    return;
                }
            }
            () = batches.closed() => return,
        }
    }
}

/// Only a response without events that is not the created one marks progress: the header of one with events may be ahead.
fn batch_of(response: &WatchResponse) -> Option<Batch> {
    if response.canceled() {
        return Some(Err(ended(response)));
    }
    if response.created() {
        return None;
    }
    if response.events().is_empty() {
        let revision = response.header().map_or(0, |header| header.revision());
        return Some(Ok(WatchBatch::Progress(Revision(revision))));
    }
    Some(Ok(WatchBatch::Events(response.events().iter().filter_map(event).collect())))
}

fn ended(response: &WatchResponse) -> Error {
    match response.compact_revision() {
        0 => Error::Unavailable(format!("etcd ended a watch: {}", response.cancel_reason())),
        oldest => Error::Compacted(Revision(oldest)),
    }
}
