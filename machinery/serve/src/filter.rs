//! Filters and their chain: what a request passes before its handler, each seeing the request first and the answer last.
//! Which filters there are and in what order is the binary's to say, in one list.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use tower::{Service, ServiceExt};

use crate::http::{Handler, Request, Response};

/// An answer to come.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Response> + Send + 'a>>;

/// One member of a chain.
pub trait Filter: Send + Sync + 'static {
    /// Answers by itself or passes the request on.
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a>;
}

/// A filter that is there or not.
impl<F: Filter> Filter for Option<F> {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        match self {
            Some(filter) => filter.call(request, next),
            None => next.run(request),
        }
    }
}

/// What stands behind a filter.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    filters: &'a [Box<dyn Filter>],
    handler: &'a Handler,
}

impl<'a> Next<'a> {
    /// Passes a request on.
    pub fn run(self, request: Request) -> Answer<'a> {
        match self.filters.split_first() {
            Some((first, filters)) => first.call(request, Next { filters, ..self }),
            None => Box::pin(answer(self.handler.clone(), request)),
        }
    }
}

/// A handler behind filters; itself a [`tower::Service`]. Clones share both.
#[derive(Clone)]
pub struct Chain {
    links: Arc<Links>,
}

struct Links {
    filters: Vec<Box<dyn Filter>>,
    handler: Handler,
}

impl Chain {
    /// The first filter sees requests first.
    pub fn new(filters: Vec<Box<dyn Filter>>, handler: Handler) -> Self {
        Self {
            links: Arc::new(Links { filters, handler }),
        }
    }

    /// As a handler, to stand behind another chain or to be served.
    pub fn into_handler(self) -> Handler {
        Handler::new(self)
    }
}

impl Service<Request> for Chain {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let links = Arc::clone(&self.links);
        Box::pin(async move {
            let next = Next {
                filters: &links.filters,
                handler: &links.handler,
            };
            Ok(next.run(request).await)
        })
    }
}

/// What a handler answers. No async function: thousands wait for an answer, and such a one has room for its arguments twice.
pub fn answer(handler: Handler, request: Request) -> impl Future<Output = Response> + Send {
    handler.oneshot(request).map(|answered| match answered {
        Ok(response) => response,
        Err(never) => match never {},
    })
}

/// A handler of a function.
pub fn handler_fn<F, A>(function: F) -> Handler
where
    F: Fn(Request) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Response> + Send + 'static,
{
    Handler::new(tower::service_fn(move |request| function(request).map(Ok)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Body, read_body, text_response};

    struct Note(&'static str);

    impl Filter for Note {
        fn call<'a>(&'a self, mut request: Request, next: Next<'a>) -> Answer<'a> {
            Box::pin(async move {
                let path = format!("{}{}", request.uri().path(), self.0);
                *request.uri_mut() = path.parse().expect("a path");
                next.run(request).await
            })
        }
    }

    #[tokio::test]
    async fn filters_run_in_the_order_of_the_list() {
        let echo = handler_fn(|request: Request| async move {
            text_response(http::StatusCode::OK, request.uri().path().to_owned())
        });
        let chain = Chain::new(vec![Box::new(Note("a")), Box::new(Note("b"))], echo).into_handler();
        let response = answer(chain, http::Request::new(Body::empty())).await;
        let body = read_body(response.into_body(), 10).await.expect("a short body");
        assert_eq!(body.as_ref(), b"/ab");
    }
}
