//! Feeds in memory, and a feed for tests of others.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::BodyExt;

use super::*;
use crate::http::Body;

/// A feed of what the test hands it.
#[derive(Clone, Default)]
pub(crate) struct Scripted {
    shared: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    steps: VecDeque<Step>,
    signal: Option<Signal>,
    wake_at: Option<Instant>,
    farewell: Option<Bytes>,
}

impl Scripted {
    pub(crate) fn push(&self, step: Step) {
        let mut script = self.shared.lock().expect("no panic");
        script.steps.push_back(step);
        if let Some(signal) = &script.signal {
            signal.notify();
        }
    }

    pub(crate) fn at(&self, at: Instant) {
        self.shared.lock().expect("no panic").wake_at = Some(at);
    }

    pub(crate) fn with_farewell(self, farewell: &'static str) -> Self {
        self.shared.lock().expect("no panic").farewell = Some(farewell.into());
        self
    }
}

impl Feed for Scripted {
    fn adopt(&mut self, signal: Signal) {
        self.shared.lock().expect("no panic").signal = Some(signal);
    }

    fn next(&mut self, now: Instant) -> Step {
        let mut script = self.shared.lock().expect("no panic");
        if script.wake_at.is_some_and(|at| at <= now) {
            script.wake_at = None;
            return Step::Chunk(Bytes::from_static(b"timer"));
        }
        script.steps.pop_front().unwrap_or(Step::Idle)
    }

    fn wake_at(&self) -> Option<Instant> {
        self.shared.lock().expect("no panic").wake_at
    }

    fn finish(&mut self) {
        let mut script = self.shared.lock().expect("no panic");
        if let Some(farewell) = script.farewell.take() {
            script.steps.push_back(Step::Chunk(farewell));
            script.steps.push_back(Step::End);
        }
    }
}

async fn next(body: &mut Body) -> Option<Result<Bytes, String>> {
    let frame = body.frame().await?;
    let frame = frame.map_err(|error| error.to_string());
    Some(frame.map(|frame| frame.into_data().expect("data")))
}

#[tokio::test]
async fn a_reader_in_memory_gets_chunks_when_they_are_signalled() {
    let script = Scripted::default();
    script.push(Step::Chunk("a".into()));
    let dropped = Arc::new(());
    let mut body = Body::feed(script.clone()).holding(Arc::clone(&dropped));
    assert_eq!(next(&mut body).await, Some(Ok("a".into())));
    let reading = tokio::spawn(async move { (next(&mut body).await, body) });
    while script.shared.lock().expect("no panic").signal.is_none() {
        tokio::task::yield_now().await;
    }
    tokio::task::yield_now().await;
    script.push(Step::Chunk("b".into()));
    let (read, mut body) = reading.await.expect("no panic");
    assert_eq!(read, Some(Ok("b".into())));
    assert_eq!(Arc::strong_count(&dropped), 2);
    script.push(Step::Failed("broken".into()));
    assert_eq!(next(&mut body).await, Some(Err("broken".to_owned())));
    assert_eq!(Arc::strong_count(&dropped), 1);
    assert_eq!(next(&mut body).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_feed_is_asked_at_the_time_that_it_names() {
    let script = Scripted::default();
    let begun = Instant::now();
    script.at(begun + Duration::from_secs(60));
    let mut body = Body::feed(script.clone());
    assert_eq!(next(&mut body).await, Some(Ok("timer".into())));
    assert!(begun.elapsed() >= Duration::from_secs(60));
    script.push(Step::End);
    assert_eq!(next(&mut body).await, None);
}

#[tokio::test]
async fn a_feed_that_was_not_read_can_change_its_driver() {
    let script = Scripted::default();
    script.push(Step::End);
    let body = Body::feed(script.clone()).holding(1_u8).into_feed();
    assert!(matches!(
        body.expect("a feed").feed.next(Instant::now()),
        Step::End
    ));
    assert!(Body::empty().into_feed().is_err());
    script.push(Step::Chunk("a".into()));
    let mut read = Body::feed(script);
    next(&mut read).await;
    assert!(read.into_feed().is_err());
}
