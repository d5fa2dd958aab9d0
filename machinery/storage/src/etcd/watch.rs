//! A watch on etcd as batches: whole revisions, progress marks, and the end.
//! What etcd sends in fragments comes out whole ([`super::fragments`]); whose word on progress counts is in [`Marks`].

use bytes::Bytes;
use std::future::Future;
use std::pin::Pin;

use etcd_client::{
    Client, WatchRequestSender, WatchResponse, WatchResponseStream, WatchStream as EtcdStream,
};
use futures_util::StreamExt;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use super::convert::failed;
use super::fragments::Fragments;
use super::progress::{self, Found};
use crate::key_range::KeyRange;
use crate::store::{Error, Event, Revision, WatchBatch, WatchStream};

/// How many batches wait for a slow reader; etcd holds back the rest.
const BATCHES_MAX: usize = 16;

type Batch = Result<WatchBatch, Error>;
type Finding = Pin<Box<dyn Future<Output = Result<Found, Error>> + Send>>;

/// How progress is learned.
pub enum Marks {
    /// Etcd's own: a response without events that is not the created one.
    Told,
    /// Etcd's are not trusted; they are found out ([`progress::find`]).
    FoundOut {
        /// To read with.
        client: Box<Client>,
        /// A key to read for the present revision.
        health_key: Bytes,
        /// What is watched.
        range: KeyRange,
    },
}

/// Waits until etcd has registered the watch, then reads it until it ends or nobody listens. `from` is its first revision;
/// `None` is the next one.
pub async fn start(
    mut stream: EtcdStream,
    from: Option<Revision>,
    marks: Marks,
    asked: broadcast::Receiver<()>,
) -> Result<WatchStream, Error> {
    let created = match stream.message().await.map_err(failed)? {
        Some(first) if first.canceled() => return Err(ended(&first)),
        Some(first) if first.created() => Revision(first.header().map_or(0, |header| header.revision())),
        _ => return Err(Error::Unavailable("etcd did not confirm a watch".to_owned())),
    };
    let known = from
        .filter(|from| from.0 > 0)
        .map_or(created, |from| Revision(from.0 - 1));
    let (batches, reader) = mpsc::channel(BATCHES_MAX);
    let (requests, responses) = stream.split();
    let watch = Watch {
        requests,
        marks,
        known,
        finding: None,
        found: None,
        asked_again: false,
        fragments: Fragments::default(),
        batches,
    };
    tokio::spawn(watch.run(responses, asked));
    Ok(ReceiverStream::new(reader).boxed())
}

struct Watch {
    requests: WatchRequestSender,
    marks: Marks,
    /// Up to here everything was delivered.
    known: Revision,
    /// What is being found out.
    finding: Option<Finding>,
    /// What was found out and waits for an event.
    found: Option<Found>,
    /// Somebody asked meanwhile: what was found out may be too old for them.
    asked_again: bool,
    fragments: Fragments,
    batches: mpsc::Sender<Batch>,
}

/// Nobody reads any more, or the end was told.
struct Done;

impl Watch {
    async fn run(mut self, mut responses: WatchResponseStream, mut asked: broadcast::Receiver<()>) {
        loop {
            let turn = tokio::select! {
                response = responses.message() => self.response(response).await,
                // One that missed requests asks once for all of them.
                Ok(()) | Err(broadcast::error::RecvError::Lagged(_)) = asked.recv() => self.ask().await,
                found = finish(&mut self.finding) => self.found_out(found).await,
                () = self.batches.closed() => return,
            };
            if let Err(Done) = turn {
                return;
            }
        }
    }

    async fn response(
        &mut self,
        response: Result<Option<WatchResponse>, etcd_client::Error>,
    ) -> Result<(), Done> {
        match response {
            Ok(Some(response)) => match self.batch_of(&response) {
                Ok(Some(batch)) => self.send(Ok(batch)).await,
                Ok(None) => Ok(()),
                Err(error) => self.send(Err(error)).await,
            },
            Ok(None) => {
                self.send(Err(Error::Unavailable("etcd ended a watch".to_owned())))
                    .await
            }
            Err(error) => self.send(Err(failed(error))).await,
        }
    }

    /// Only a response without events that is not the created one marks progress: the header of one with events may be ahead.
    fn batch_of(&mut self, response: &WatchResponse) -> Result<Option<WatchBatch>, Error> {
        if response.canceled() {
            return Err(ended(response));
        }
        let Some(events) = self.fragments.take(response)? else {
            return Ok(None);
        };
        if !events.is_empty() {
            return Ok(Some(WatchBatch::Events(events)));
        }
        let revision = Revision(response.header().map_or(0, |header| header.revision()));
        let is_mark = !response.created() && matches!(self.marks, Marks::Told);
        Ok(is_mark.then_some(WatchBatch::Progress(revision)))
    }

    async fn send(&mut self, batch: Batch) -> Result<(), Done> {
        let reached = match &batch {
            Ok(WatchBatch::Events(events)) => events.last().map(|event: &Event| event.entry.mod_revision),
            Ok(WatchBatch::Progress(at)) => Some(*at),
            Err(_) => None,
        };
        self.batches.send(batch).await.map_err(|_| Done)?;
        self.known = self.known.max(reached.ok_or(Done)?);
        self.tell_found().await
    }

    /// Somebody wants to know how far the watch is.
    async fn ask(&mut self) -> Result<(), Done> {
        match &self.marks {
            Marks::Told => self.requests.request_progress().await.map_err(|_| Done),
            Marks::FoundOut {
                client,
                health_key,
                range,
            } => {
                if self.finding.is_some() || self.found.is_some() {
                    self.asked_again = true;
                    return Ok(());
                }
                self.finding = Some(Box::pin(progress::find(
                    Client::clone(client),
                    health_key.clone(),
                    range.clone(),
                    self.known,
                )));
                Ok(())
            }
        }
    }

    async fn found_out(&mut self, found: Result<Found, Error>) -> Result<(), Done> {
        match found {
            Ok(found) => self.found = Some(found),
            Err(error) => {
                self.asked_again = false;
                tracing::debug!(%error, "it was not found out how far a watch is");
            }
        }
        self.tell_found().await
    }

    /// Tells what was found out once the last event before it was delivered.
    async fn tell_found(&mut self) -> Result<(), Done> {
        let Some(found) = self.found.take_if(|found| found.last_event <= self.known) else {
            return Ok(());
        };
        self.known = self.known.max(found.revision);
        self.batches
            .send(Ok(WatchBatch::Progress(self.known)))
            .await
            .map_err(|_| Done)?;
        match std::mem::take(&mut self.asked_again) {
            true => self.ask().await,
            false => Ok(()),
        }
    }
}

/// The result of what is being found out; never ends when that is nothing.
async fn finish(finding: &mut Option<Finding>) -> Result<Found, Error> {
    let Some(running) = finding else {
        return std::future::pending().await;
    };
    let found = running.await;
    *finding = None;
    found
}

/// Why etcd cancelled a watch.
pub fn ended(response: &WatchResponse) -> Error {
    match response.compact_revision() {
        0 => Error::Unavailable(format!("etcd ended a watch: {}", response.cancel_reason())),
        oldest => Error::Compacted(Revision(oldest)),
    }
}
