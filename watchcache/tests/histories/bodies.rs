//! Reading a body without waiting.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake};

use bytes::Bytes;
use http_body::Body as _;
use serve::http::Body;

/// Woken by a body that only lets others have their turn.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The next bytes that are there now: `None` where there are none, `Some(None)` at the end.
pub fn next_now(body: &mut Body) -> Option<Option<Bytes>> {
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Arc::clone(&woken).into();
    let mut context = Context::from_waker(&waker);
    loop {
        match Pin::new(&mut *body).poll_frame(&mut context) {
            Poll::Ready(None) => return Some(None),
            Poll::Ready(Some(frame)) => {
                let data = frame.expect("it does not break off").into_data();
                return Some(Some(data.expect("no trailers")));
            }
            Poll::Pending if woken.0.swap(false, Ordering::Relaxed) => {}
            Poll::Pending => return None,
        }
    }
}
