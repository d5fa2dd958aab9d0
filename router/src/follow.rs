//! Follows the members' records at a frontend: a list, then a watch, then the next frontend when that one fails. Whoever looks sees
//! the last view, whatever happens. What a record means is [`crate::record`]'s, who is alive [`crate::sightings`]'.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use schema::{Value, json};
use serve::http::Body;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::frontends::{Error, Frontends};
use crate::limits::{FOLLOW_PAUSE, FOLLOW_SILENCE_MAX, RECORD_BYTES_MAX};
use crate::members::Members;
use crate::record::{LEASES, Record};
use crate::sightings::Sightings;

/// Where members' records are.
pub trait Records: Send + Sync {
    /// An object or a list.
    fn get(&self, path: &str) -> impl Future<Output = Result<Value, Error>> + Send;

    /// A watch; the body is what comes.
    fn watch(&self, path: &str) -> impl Future<Output = Result<Body, Error>> + Send;

    /// Takes an object away.
    fn delete(&self, path: &str) -> impl Future<Output = Result<Value, Error>> + Send;
}

impl Records for Frontends {
    async fn get(&self, path: &str) -> Result<Value, Error> {
        Self::get(self, path).await
    }

    async fn watch(&self, path: &str) -> Result<Body, Error> {
        Self::watch(self, path).await
    }

    async fn delete(&self, path: &str) -> Result<Value, Error> {
        Self::delete(self, path).await
    }
}

/// What follows the members.
pub struct Follower<R> {
    records: R,
    sightings: Sightings,
    view: watch::Sender<Arc<Members>>,
}

/// Why it goes to another frontend.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error(transparent)]
    Frontend(#[from] Error),
    #[error("the watch broke off: {0}")]
    Broken(String),
    #[error("the watch ended")]
    Ended,
    #[error("nothing was heard for too long")]
    Silent,
}

impl<R: Records> Follower<R> {
    /// Tells what it sees through `view`.
    pub fn new(records: R, view: watch::Sender<Arc<Members>>) -> Self {
        Self {
            records,
            sightings: Sightings::default(),
            view,
        }
    }

    /// Follows for as long as the process.
    pub async fn run(mut self) {
        let mut pause = FOLLOW_PAUSE.0;
        loop {
            let begun = Instant::now();
            let end = match self.follow().await {
                Ok(never) => match never {},
                Err(end) => end,
            };
            match end {
                End::Ended => tracing::debug!("members are followed anew"),
                end => tracing::warn!(error = %end, "members are not followed; they stay as they were"),
            }
            // One that went well for a while is not a frontend that fails.
            pause = match begun.elapsed() > FOLLOW_PAUSE.1 {
                true => FOLLOW_PAUSE.0,
                false => (pause * 2).min(FOLLOW_PAUSE.1),
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn follow(&mut self) -> Result<std::convert::Infallible, End> {
        let list = self.records.get(LEASES).await?;
        let (now, clock) = (Instant::now(), SystemTime::now());
        // A proxy in between may answer anything.
        let items = list.at(&["items"]).and_then(Value::as_list);
        let items = items.ok_or_else(|| End::Broken("the list of members is none".to_owned()))?;
        let records = items.iter().filter_map(read);
        let records = records.map(|record| {
            let age = record.age(clock);
            (record, age)
        });
        self.sightings.see_all(records.collect(), now);
        self.tell(now);
        let revision = list.str_at(&["metadata", "resourceVersion"]).unwrap_or_default();
        let path = format!("{LEASES}?watch=1&allowWatchBookmarks=true&resourceVersion={revision}");
        let mut events = Lines::new(self.records.watch(&path).await?);
        let mut heard = now;
        loop {
            let now = Instant::now();
            let expiry = self
                .sightings
                .next_expiry(now)
                .unwrap_or(now + FOLLOW_SILENCE_MAX);
            let until = expiry.min(heard + FOLLOW_SILENCE_MAX);
            match tokio::time::timeout_at(until, events.next()).await {
                Ok(line) => {
                    heard = Instant::now();
                    self.hear(&line?)?;
                }
                Err(_) if Instant::now() >= heard + FOLLOW_SILENCE_MAX => return Err(End::Silent),
                Err(_) => {}
            }
            self.tell(Instant::now());
        }
    }

    /// Takes note of an event.
    fn hear(&mut self, line: &[u8]) -> Result<(), End> {
        let broken = |why: String| End::Broken(why);
        let event = json::parse(line).map_err(|error| broken(error.to_string()))?;
        let object = event.get("object").unwrap_or(&Value::Null);
        match event.str_at(&["type"]) {
            Some("ADDED" | "MODIFIED") => {
                if let Some(record) = read(object) {
                    let age = record.age(SystemTime::now());
                    self.sightings.see(record, age, Instant::now());
                }
            }
            Some("DELETED") => {
                let name = object.str_at(&["metadata", "name"]);
                self.sightings.forget(name.unwrap_or_default());
            }
            Some("BOOKMARK") => {}
            _ => return Err(broken(object.str_at(&["message"]).unwrap_or_default().to_owned())),
        }
        Ok(())
    }

    /// Tells who is alive, if that has changed.
    fn tell(&self, now: Instant) {
        let (alive, lost) = (self.sightings.alive(now), self.sightings.lost(now));
        self.view.send_if_modified(|view| {
            let is_same = view.is_told()
                && *view.lost() == lost
                && view.all().count() == alive.len()
                && alive.iter().all(|member| view.all().any(|known| known == member));
            if !is_same {
                let names: Vec<&str> = alive.iter().map(|member| member.name.as_str()).collect();
                tracing::debug!(members = names.join(" "), "the members have changed");
                *view = Arc::new(Members::new(alive).without(lost));
            }
            !is_same
        });
    }
}

/// A record, if it is one: others may be in the namespace.
fn read(lease: &Value) -> Option<Record> {
    match Record::of(lease) {
        Ok(record) => Some(record),
        Err(why) => {
            tracing::debug!(why, "a lease that tells of no member");
            None
        }
    }
}

/// The lines of a body.
struct Lines {
    body: Body,
    read: BytesMut,
}

impl Lines {
    fn new(body: Body) -> Self {
        Self {
            body,
            read: BytesMut::new(),
        }
    }

    /// The next line. What was read of it stays when this is given up.
    async fn next(&mut self) -> Result<Bytes, End> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                return Ok(self.read.split_to(end + 1).freeze());
            }
            if self.read.len() > RECORD_BYTES_MAX {
                return Err(End::Broken("a line is too long".to_owned()));
            }
            match self.body.frame().await {
                None => return Err(End::Ended),
                Some(Err(error)) => return Err(End::Broken(error.to_string())),
                Some(Ok(frame)) => self
                    .read
                    .extend_from_slice(&frame.into_data().unwrap_or_default()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    #[tokio::test]
    async fn lines_are_found_wherever_chunks_end() {
        let chunks =
            ["a", "b\nc\n\nd", "e\n", "f"].map(|chunk| Ok::<_, serve::http::BodyError>(Bytes::from(chunk)));
        let mut lines = Lines::new(Body::stream(stream::iter(chunks)));
        for expected in ["ab\n", "c\n", "\n", "de\n"] {
            assert_eq!(lines.next().await.expect("a line"), expected);
        }
        assert!(matches!(lines.next().await, Err(End::Ended)));
    }
}
