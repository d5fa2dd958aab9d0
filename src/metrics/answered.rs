//! Which resources beside the built-in ones there are, as a router can know: those that somebody behind it has answered for.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use http::StatusCode;
use schema::SmolStr;
use serve::filter::{Answer, Filter, Next};
use serve::http::Request;
use serve::request_info::RequestInfo;

use super::is_built_in;

/// The most that are told apart. Those that come after them are counted without their names.
const RESOURCES_MAX: usize = 10_000;

/// Group, version, resource, subresource.
type Named = (SmolStr, SmolStr, SmolStr, SmolStr);

/// As a filter it notes what is answered with success: a client cannot add what does not exist. What is deleted stays until the
/// process ends. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Answered(Arc<RwLock<HashSet<Named>>>);

impl Answered {
    /// Whether somebody has answered for it.
    pub fn has(&self, info: &RequestInfo) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        !known.is_empty() && known.contains(&named(info))
    }

    fn note(&self, info: &RequestInfo) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < RESOURCES_MAX {
            known.insert(named(info));
        }
    }
}

fn named(info: &RequestInfo) -> Named {
    let RequestInfo {
        group,
        version,
        resource,
        subresource,
        ..
    } = info;
    (
        group.clone(),
        version.clone(),
        resource.clone(),
        subresource.clone(),
    )
}

impl Filter for Answered {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        let info = RequestInfo::of(&request).ok();
        let unknown = info.filter(|info| info.is_resource && !is_built_in(info) && !self.has(info));
        let Some(info) = unknown else {
            return next.run(request);
        };
        Box::pin(async move {
            let response = next.run(request).await;
            let status = response.status();
            if status.is_success() || status == StatusCode::SWITCHING_PROTOCOLS {
                self.note(&info);
            }
            response
        })
    }
}

#[cfg(test)]
mod tests {
    use serve::filter::{Chain, answer, handler_fn};
    use serve::http::{Body, text_response};

    use super::*;
    use crate::metrics::info;

    #[tokio::test]
    async fn what_is_answered_is_known_and_what_is_refused_is_not() {
        let answered = Answered::default();
        let handler = handler_fn(|request: Request| async move {
            match request.uri().path().contains("made-up") {
                true => text_response(StatusCode::NOT_FOUND, "no"),
                false => text_response(StatusCode::OK, "yes"),
            }
        });
        let chain = Chain::new(vec![Box::new(answered.clone())], handler).into_handler();
        let (widgets, made_up) = ("/apis/example.com/v1/widgets", "/apis/example.com/v1/made-up");
        for path in [widgets, made_up, "/api/v1/pods", "/version"] {
            let request = http::Request::get(path).body(Body::empty()).expect("a request");
            answer(chain.clone(), request).await;
        }
        assert!(answered.has(&info(widgets)) && !answered.has(&info(made_up)));
        assert!(!answered.has(&info("/apis/example.com/v1/widgets/a/status")));
        assert_eq!(answered.0.read().expect("not poisoned").len(), 1);
    }

    #[test]
    fn there_is_an_end_to_them() {
        let answered = Answered::default();
        for number in 0..=RESOURCES_MAX {
            answered.note(&info(&format!("/apis/example.com/v1/r{number}")));
        }
        assert_eq!(answered.0.read().expect("not poisoned").len(), RESOURCES_MAX);
    }
}
