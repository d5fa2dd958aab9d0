//! How many requests are worked on at a time, reads and writes apart (`--max-requests-inflight`,
//! `--max-mutating-requests-inflight`). Fair shares between users come with priority and fairness.

use std::sync::Arc;

use auth::User;
use http::HeaderValue;
use tokio::sync::Semaphore;

use crate::filter::{Answer, Filter, Next};
use crate::http::{Request, Response, text_response};
use crate::metrics::terminated;
use crate::request_info::RequestInfo;

/// Refuses requests when too many are under way. Long-running ones and those of `system:masters` do not count.
#[derive(Debug)]
pub struct InFlight {
    reads: Option<Arc<Semaphore>>,
    writes: Option<Arc<Semaphore>>,
}

impl InFlight {
    /// With these limits; 0 is without one.
    pub fn new(reads_max: usize, writes_max: usize) -> Self {
        let slots = |max: usize| (max > 0).then(|| Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS))));
        Self {
            reads: slots(reads_max),
            writes: slots(writes_max),
        }
    }

    fn slots(&self, request: &Request) -> Option<&Arc<Semaphore>> {
        let info = RequestInfo::of(request).ok()?;
        let is_master = request
            .extensions()
            .get::<User>()
            .is_some_and(|user| user.is_in(User::MASTERS));
        if info.is_long_running() || is_master {
            return None;
        }
        let is_read = matches!(info.verb, "get" | "list" | "head" | "options");
        if is_read {
            self.reads.as_ref()
        } else {
            self.writes.as_ref()
        }
    }
}

impl Filter for InFlight {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        let Some(slots) = self.slots(&request) else {
            return next.run(request);
        };
        Box::pin(async move {
            match slots.try_acquire() {
                Ok(_held) => next.run(request).await,
                Err(_) => terminated(too_many()),
            }
        })
    }
}

fn too_many() -> Response {
    let text = "Too many requests, please try again later.\n";
    let mut response = text_response(http::StatusCode::TOO_MANY_REQUESTS, text);
    response
        .headers_mut()
        .insert(http::header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Chain, answer, handler_fn};
    use crate::http::Body;

    #[tokio::test]
    async fn what_is_too_much_is_refused_and_told_when_to_come_again() {
        let (started, mut starts) = tokio::sync::mpsc::channel(4);
        let forever = handler_fn(move |_| {
            let started = started.clone();
            async move {
                started.send(()).await.expect("the test listens");
                std::future::pending().await
            }
        });
        let chain = Chain::new(vec![Box::new(InFlight::new(1, 1))], forever).into_handler();
        let get = |user: User| {
            let mut request = http::Request::new(Body::empty());
            request.extensions_mut().insert(user);
            request
        };
        let joe = || User::new("joe", "", &[]);
        let first = tokio::spawn(answer(chain.clone(), get(joe())));
        starts.recv().await;
        let refused = answer(chain.clone(), get(joe())).await;
        assert_eq!(refused.status(), 429);
        assert_eq!(refused.headers()["retry-after"], "1");
        let master = tokio::spawn(answer(chain, get(User::new("root", "", &[User::MASTERS]))));
        starts.recv().await;
        first.abort();
        master.abort();
    }
}
