//! A panic behind this filter becomes an answer of 500. The process's panic hook has logged it by then.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::filter::{Answer, Filter, Next};
use crate::http::{Request, status_response};
use crate::metrics::terminated;
use crate::status::Status;

/// Keeps a panic from ending more than its request.
#[derive(Clone, Copy, Debug)]
pub struct PanicGuard;

impl Filter for PanicGuard {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        // What the request had in hand is dropped; shared state is behind locks that are not poisoned silently.
        let guarded = AssertUnwindSafe(async move { next.run(request).await }).catch_unwind();
        Box::pin(guarded.map(|answered| {
            answered.unwrap_or_else(|_| {
                let why = "this request caused the server to panic; look in the logs for details";
                terminated(status_response(&Status::internal(why)))
            })
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Chain, answer, handler_fn};
    use crate::http::{Body, Response};

    async fn fails(request: Request) -> Response {
        let missing: Option<Response> = request.extensions().get::<u8>().map(|_| unreachable!("not set"));
        missing.expect("a panic on purpose")
    }

    #[tokio::test]
    async fn a_panic_is_a_status() {
        let chain = Chain::new(vec![Box::new(PanicGuard)], handler_fn(fails));
        let response = answer(chain.into_handler(), http::Request::new(Body::empty())).await;
        assert_eq!(response.status(), 500);
    }
}
