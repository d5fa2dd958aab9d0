//! How much a router takes on: of all clients together, and of each client address. What is too much is refused with 429; nothing
//! queues.

use std::collections::HashMap;
use std::future::ready;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serve::filter::{Answer, Filter, Next};
use serve::http::{Request, status_response};
use serve::peer::Peer;
use serve::status::Status;
use serve::upgrade::Upgradable;

/// Counts what is under way.
#[derive(Clone)]
pub struct Limiter {
    shared: Arc<Shared>,
}

struct Shared {
    total_max: usize,
    per_client_max: usize,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    total: usize,
    by_client: HashMap<IpAddr, usize>,
}

/// One request under way; leaves when dropped.
struct Admitted {
    shared: Arc<Shared>,
    client: IpAddr,
}

impl Limiter {
    /// With these limits.
    pub fn new(total_max: usize, per_client_max: usize) -> Self {
        Self {
            shared: Arc::new(Shared {
                total_max,
                per_client_max,
                counts: Mutex::default(),
            }),
        }
    }

    fn admit(&self, client: IpAddr) -> Option<Admitted> {
        let mut counts = self.shared.counts();
        let of_client = counts.by_client.get(&client).copied().unwrap_or(0);
        if counts.total >= self.shared.total_max || of_client >= self.shared.per_client_max {
            return None;
        }
        counts.total += 1;
        counts.by_client.insert(client, of_client + 1);
        Some(Admitted {
            shared: self.shared.clone(),
            client,
        })
    }
}

impl Shared {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut counts = self.shared.counts();
        counts.total -= 1;
        if let Some(count) = counts.by_client.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                counts.by_client.remove(&self.client);
            }
        }
    }
}

impl Filter for Limiter {
    fn call<'a>(&'a self, mut request: Request, next: Next<'a>) -> Answer<'a> {
        let Some(client) = request.extensions().get::<Peer>().map(|peer| peer.address.ip()) else {
            return next.run(request);
        };
        let Some(admitted) = self.admit(client) else {
            let why = "too many requests are under way here, please try again later";
            return Box::pin(ready(status_response(&Status::too_many_requests(why, 1))));
        };
        // A connection that goes on with another protocol counts until it ends: its answer is sent long before.
        let admitted = Arc::new(admitted);
        if let Some(upgrade) = request.extensions_mut().get_mut::<Upgradable>() {
            upgrade.hold(admitted.clone());
        }
        let answering = next.run(request);
        Box::pin(async move { answering.await.map(|body| body.holding(admitted)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serve::filter::{Chain, answer, handler_fn};
    use serve::http::{Body, Handler, Response};

    fn chain(limiter: &Limiter) -> Handler {
        let hello = handler_fn(|_| async { http::Response::new(Body::full("hello")) });
        Chain::new(vec![Box::new(limiter.clone())], hello).into_handler()
    }

    async fn ask(limiter: &Limiter, last: u8) -> Response {
        let mut request = http::Request::new(Body::empty());
        let peer = Peer::new(([192, 0, 2, last], 1).into(), Vec::new());
        request.extensions_mut().insert(peer);
        answer(chain(limiter), request).await
    }

    #[tokio::test]
    async fn a_request_counts_until_its_answer_is_sent() {
        let limiter = Limiter::new(3, 2);
        let (first, second) = (ask(&limiter, 1).await, ask(&limiter, 1).await);
        let refused = ask(&limiter, 1).await;
        assert_eq!(
            (
                refused.status().as_u16(),
                refused.headers()["retry-after"].as_bytes()
            ),
            (429, &b"1"[..])
        );
        let other = ask(&limiter, 2).await;
        assert_eq!(
            (other.status(), ask(&limiter, 3).await.status().as_u16()),
            (http::StatusCode::OK, 429)
        );
        drop((first, second));
        assert_eq!(ask(&limiter, 1).await.status(), 200);
        drop(other);
        assert!(limiter.shared.counts().by_client.is_empty());
    }
}
