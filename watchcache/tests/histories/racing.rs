//! A writer, a cache and watches on several threads at once (I4): what histories cannot try, as they are played on one.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use http_body::Body as _;
use kinds::Catalog;
use render::Descriptions;
use schema::json;
use storage::{Store, Txn};
use watchcache::{Cache, Config};

use crate::client::call;
use crate::memory::Memory;
use crate::model::{Pod, Selector, Stored};
use crate::steps::{key, op};

/// Watches that are looked at.
const WATCHES: usize = 3_000;

/// Each watch ends in a second, so that its bookmark is due at once: it comes as soon as there is nothing to read, and a change
/// up to its revision must not come afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn i4_no_event_follows_the_bookmark_that_covers_it() {
    let store = Memory::new(1);
    let pods = Catalog::builtin().resource("", "v1", "pods").expect("built in");
    let shared: Arc<dyn Store> = Arc::new(store.clone());
    let cache = Arc::new(Cache::of(&shared, &Config::default(), [pods]));
    cache.start().await;
    let is_done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(write(store, is_done.clone()));
    let texts = Arc::new(Descriptions::default());
    let mut bookmarks = 0;
    for _ in 0..WATCHES {
        let unit = cache.units().next().expect("it has pods");
        let query = format!(
            "watch=1&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion={}",
            unit.current().0
        );
        let response = cache.watch(&call(&Selector::default(), &query), &texts).await;
        let mut body = response.expect("a watch").into_body();
        let (mut bookmark, mut text) = (None, Vec::new());
        for _ in 0..50 {
            let mut context = Context::from_waker(Waker::noop());
            match Pin::new(&mut body).poll_frame(&mut context) {
                Poll::Ready(Some(frame)) => text.push(frame.expect("no failure").into_data()),
                Poll::Ready(None) => break,
                Poll::Pending => tokio::task::yield_now().await,
            }
        }
        for line in text {
            let event = json::parse(&line.expect("no trailers")).expect("a frame is one event");
            let revision = event.str_at(&["object", "metadata", "resourceVersion"]);
            let revision: i64 = revision.expect("a revision").parse().expect("a number");
            match event.str_at(&["type"]) {
                Some("BOOKMARK") => bookmark = Some(revision),
                _ => assert!(
                    bookmark.is_none_or(|bookmark| revision > bookmark),
                    "I4: {revision} comes after the bookmark of {bookmark:?}"
                ),
            }
        }
        bookmarks += usize::from(bookmark.is_some());
    }
    is_done.store(true, Ordering::Relaxed);
    let written = writer.await.expect("no panic");
    assert!(
        bookmarks > WATCHES / 2 && written > WATCHES,
        "{bookmarks} bookmarks, {written} writes"
    );
}

/// Writes one pod after the other; gives back how often.
async fn write(store: Memory, is_done: Arc<AtomicBool>) -> usize {
    let stored = Stored::Pod(Pod { label: 1, node: 1 });
    let put = op(&key(0), Some(&stored));
    let mut count = 0;
    while !is_done.load(Ordering::Relaxed) {
        let then = vec![put.clone()];
        let txn = Txn {
            then,
            ..Txn::default()
        };
        let done = store.txn(txn).await.expect("it is written");
        count += 1;
        if count % 500 == 0 {
            store.compact(done.revision).await.expect("it is compacted");
        }
        tokio::task::yield_now().await;
    }
    count
}
