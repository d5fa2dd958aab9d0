//! One HTTP/2 connection and all its watches in one task: the connection is polled, then each stream is emptied. Streams have no
//! waker of their own, because nothing reaches them but through the connection that was just polled.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::RecvStream;
use h2::client::{Connection, ResponseFuture, SendRequest};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};
use tokio_rustls::client::TlsStream;

use super::reading::Shared;
use super::stream::micros_since;
use super::{Ended, Event, Kind, Watch};
use crate::target::Protocol;
use crate::{Error, limits};

/// Where one watch stands.
enum Phase {
    /// To be opened, not before the time.
    Waiting(Instant),
    Opening(ResponseFuture),
    Reading {
        stream: RecvStream,
        unreleased_bytes: usize,
    },
    /// Its place is lost; the beginning of a list tells a new one.
    Listing(ResponseFuture),
    ListHead {
        stream: RecvStream,
        head: Vec<u8>,
    },
    Over,
}

struct Session<'a> {
    shared: &'a Shared,
    watches: &'a mut [Watch],
    phases: Vec<Phase>,
    connection: Connection<TlsStream<TcpStream>, Bytes>,
    sender: SendRequest<Bytes>,
    retry: Pin<Box<Sleep>>,
}

/// Opens and reads the watches of one connection until all are over. With resuming, until it is dropped.
pub(super) async fn run(shared: &Shared, watches: &mut [Watch]) {
    loop {
        match Session::open(shared, watches).await {
            Ok(mut session) => {
                poll_fn(|context| session.poll(context)).await;
                session.close();
            }
            Err(error) if !shared.plan.resume => return shared.fail(error),
            Err(_) => {}
        }
        if !shared.plan.resume {
            return;
        }
        sleep(limits::RECONNECT_PAUSE).await;
    }
}

impl<'a> Session<'a> {
    async fn open(shared: &'a Shared, watches: &'a mut [Watch]) -> Result<Self, Error> {
        let _permit = shared.connecting.acquire().await;
        let stream = shared.target.connect(Protocol::Http2).await?;
        let handshake = h2::client::Builder::new()
            .initial_window_size(shared.plan.stream_window_bytes)
            .initial_connection_window_size(limits::CONNECTION_WINDOW_BYTES)
            .enable_push(false)
            .handshake(stream);
        let (sender, connection) = handshake
            .await
            .map_err(|error| Error::request("HTTP/2 handshake", error))?;
        Ok(Self {
            shared,
            phases: watches.iter().map(|_| Phase::Waiting(Instant::now())).collect(),
            watches,
            connection,
            sender,
            retry: Box::pin(sleep(Duration::ZERO)),
        })
    }

    /// Ready when the connection is gone or all watches are over.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let gone = Pin::new(&mut self.connection).poll(context);
        self.read_all();
        if gone.is_ready() || self.phases.iter().all(|phase| matches!(phase, Phase::Over)) {
            return Poll::Ready(());
        }
        self.open_waiting(context)
    }

    /// Sends the requests of the watches that wait, as far as the server allows streams.
    fn open_waiting(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let mut next = None;
        for number in 0..self.phases.len() {
            let Phase::Waiting(at) = self.phases[number] else {
                continue;
            };
            if at > now {
                next = Some(next.map_or(at, |next: Instant| next.min(at)));
                continue;
            }
            if ready!(self.sender.poll_ready(context)).is_err() {
                return Poll::Ready(());
            }
            let path = self.watches[number].path(self.shared.plan.timeout_seconds);
            match self.request(&path, self.shared.plan.media.accept_watch()) {
                Some(response) => self.phases[number] = Phase::Opening(response),
                None => return Poll::Ready(()),
            }
        }
        if let Some(next) = next {
            self.retry.as_mut().reset(next);
            if self.retry.as_mut().poll(context).is_ready() {
                context.waker().wake_by_ref();
            }
        }
        Poll::Pending
    }

    fn request(&mut self, path: &str, accept: &str) -> Option<ResponseFuture> {
        let request = self
            .shared
            .target
            .request(http::Method::GET, path)
            .header(http::header::ACCEPT, accept)
            .body(());
        let sent = self.sender.send_request(request.ok()?, true);
        sent.ok().map(|(response, _)| response)
    }

    fn read_all(&mut self) {
        let at_us = micros_since(self.shared.begin);
        let mut changes = 0;
        for number in 0..self.phases.len() {
            changes += self.read_one(number, at_us);
        }
        if changes > 0 {
            self.shared.changes.fetch_add(changes, Ordering::Relaxed);
        }
    }

    /// Takes what there is for one watch, and moves it on when it opened or ended.
    fn read_one(&mut self, number: usize, at_us: u32) -> u64 {
        let context = &mut Context::from_waker(Waker::noop());
        match &mut self.phases[number] {
            Phase::Waiting(_) | Phase::Over => 0,
            Phase::Opening(response) => match Pin::new(response).poll(context) {
                Poll::Pending => 0,
                Poll::Ready(outcome) => self.answered(number, outcome, at_us),
            },
            Phase::Reading { .. } if self.watches[number].wanted.stalled => 0,
            Phase::Reading { .. } => self.drain(number, at_us, context),
            Phase::Listing(response) => {
                if let Poll::Ready(outcome) = Pin::new(response).poll(context) {
                    self.phases[number] = match outcome {
                        Ok(answer) if answer.status() == 200 => Phase::ListHead {
                            stream: answer.into_body(),
                            head: Vec::new(),
                        },
                        _ => later(),
                    };
                }
                0
            }
            Phase::ListHead { .. } => self.list_head(number, context),
        }
    }

    fn answered(
        &mut self,
        number: usize,
        outcome: Result<http::Response<RecvStream>, h2::Error>,
        at_us: u32,
    ) -> u64 {
        match outcome {
            Ok(answer) if answer.status() == 200 => {
                self.watches[number].opened(self.shared.plan.media, at_us);
                self.shared.open.fetch_add(1, Ordering::Relaxed);
                self.phases[number] = Phase::Reading {
                    stream: answer.into_body(),
                    unreleased_bytes: 0,
                };
                return self.read_one(number, at_us);
            }
            Ok(answer) => self.over(number, Ended::Refused(answer.status().as_u16())),
            Err(error) => self.over(number, Ended::Broken(error.to_string())),
        }
        0
    }

    /// Empties a stream. What was read is given back to its window in quarters of it, which costs less than for each frame.
    fn drain(&mut self, number: usize, at_us: u32, context: &mut Context<'_>) -> u64 {
        let mut changes = 0;
        let ended = loop {
            let Phase::Reading {
                stream,
                unreleased_bytes,
            } = &mut self.phases[number]
            else {
                return changes;
            };
            match stream.poll_data(context) {
                Poll::Pending => return changes,
                Poll::Ready(None) => break Ended::Closed,
                Poll::Ready(Some(Err(error))) => break Ended::Broken(error.to_string()),
                Poll::Ready(Some(Ok(bytes))) => {
                    *unreleased_bytes += bytes.len();
                    if *unreleased_bytes > self.shared.plan.stream_window_bytes as usize / 4 {
                        // It fails only for a stream that is gone, which the next poll tells.
                        let _ = stream
                            .flow_control()
                            .release_capacity(std::mem::take(unreleased_bytes));
                    }
                    match self.watches[number].take(self.shared.plan.media, &bytes, at_us) {
                        Ok(taken) => changes += taken,
                        Err(ended) => break ended,
                    }
                }
            }
        };
        self.shared.open.fetch_sub(1, Ordering::Relaxed);
        self.over(number, ended);
        changes
    }

    /// A watch ended. A resuming client opens it again, after a list where its place is lost.
    fn over(&mut self, number: usize, ended: Ended) {
        let (watch, plan) = (&mut self.watches[number], &self.shared.plan);
        let lost_place = matches!(ended, Ended::Refused(410) | Ended::Error(410));
        if !plan.resume && watch.opened_us.is_empty() {
            self.shared
                .fail(Error::request(&watch.wanted.path, format!("{ended:?}")));
        }
        watch.ends.push(ended);
        self.shared.ended.fetch_add(1, Ordering::Relaxed);
        self.phases[number] = match plan.resume {
            true => later(),
            false => Phase::Over,
        };
        if plan.resume && lost_place {
            self.watches[number].relists += 1;
            let path = &self.watches[number].wanted.path;
            let path = format!("{path}{}limit=1", if path.contains('?') { '&' } else { '?' });
            if let Some(response) = self.request(&path, "application/json") {
                self.phases[number] = Phase::Listing(response);
            }
        }
    }

    /// The revision stands at the beginning of a list.
    fn list_head(&mut self, number: usize, context: &mut Context<'_>) -> u64 {
        let Phase::ListHead { stream, head } = &mut self.phases[number] else {
            return 0;
        };
        while let Poll::Ready(next) = stream.poll_data(context) {
            let complete = match next {
                Some(Ok(bytes)) => {
                    head.extend_from_slice(&bytes);
                    head.len() > limits::LIST_HEAD_BYTES
                }
                _ => true,
            };
            if complete {
                let line = [b"{\"type\":\"BOOKMARK\",".as_slice(), head].concat();
                if let Some(Event {
                    kind: Kind::Bookmark,
                    revision,
                    ..
                }) = Event::scan(super::Media::Json, &line)
                {
                    self.watches[number].last = revision;
                }
                self.phases[number] = later();
                return 0;
            }
        }
        0
    }

    /// The connection is gone, and all that was open on it.
    fn close(mut self) {
        for number in 0..self.phases.len() {
            let ended = Ended::Broken("the connection ended".to_owned());
            match &self.phases[number] {
                Phase::Reading { .. } => {
                    self.shared.open.fetch_sub(1, Ordering::Relaxed);
                    self.watches[number].ends.push(ended);
                    self.shared.ended.fetch_add(1, Ordering::Relaxed);
                }
                Phase::Opening(_) | Phase::Waiting(_) if !self.shared.plan.resume => self.over(number, ended),
                _ => {}
            }
        }
    }
}

fn later() -> Phase {
    Phase::Waiting(Instant::now() + limits::RECONNECT_PAUSE)
}
