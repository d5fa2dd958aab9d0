//! The watch tier as a service of its own: it reads what it is asked over HTTP, and writes nothing. Authentication and
//! authorization stand before it.

use std::sync::Arc;

use auth::User;
use kinds::Verb;
use render::{Call, Descriptions, Discovery, Place, missing, negotiate};
use serve::http::{Handler, Request, Response, status_response};
use serve::query::Query;
use serve::request_info::RequestInfo;
use serve::status::Status;

use crate::cache::Cache;

/// A member of the watch tier.
pub struct Tier {
    cache: Arc<Cache>,
    discovery: Discovery,
    texts: Arc<Descriptions>,
}

impl Tier {
    /// Over a cache, which is to be started.
    pub fn new(cache: Arc<Cache>, discovery: Discovery) -> Self {
        Self {
            cache,
            discovery,
            texts: Arc::new(Descriptions::default()),
        }
    }

    /// What answers requests. It trusts the user in a request's extensions.
    pub fn into_handler(self) -> Handler {
        let tier = Arc::new(self);
        serve::filter::handler_fn(move |request| {
            let tier = tier.clone();
            async move { tier.answer(request).await }
        })
    }

    async fn answer(&self, request: Request) -> Response {
        let info = match RequestInfo::of(&request) {
            Ok(info) => info,
            Err(error) => return status_response(&Status::bad_request(error.to_string())),
        };
        let (parts, _) = request.into_parts();
        if !info.is_resource {
            return self.discovery.answer(&parts, &info);
        }
        let Some(resource) = self
            .discovery
            .resource(&info.group, &info.version, &info.resource)
        else {
            return self.discovery.unknown(&info);
        };
        let place = match Place::of(&info, &resource) {
            None => return missing::no_place(&info, &resource),
            Some(Place::Subresource) => return status_response(&Status::unknown_resource()),
            Some(place) => place,
        };
        let Some(verb) = place.verb(&parts.method, &info, &resource) else {
            return missing::no_verb(place, &info, &resource);
        };
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let user = parts.extensions.get::<User>().cloned();
        let user = user.unwrap_or_else(User::anonymous);
        let call = Call::new(
            info.as_ref().clone(),
            query,
            parts.headers,
            user,
            resource.clone(),
        )
        .gated(&self.discovery.runtime.gates);
        match self.read(&call, verb).await {
            // A watch has said its own when it was opened.
            Ok(mut response) if verb != Verb::Watch => {
                serve::warnings::add(response.headers_mut(), call.warnings());
                response
            }
            Ok(response) => response,
            Err(status) => render::failure(&self.texts, &call, &status),
        }
    }

    async fn read(&self, call: &Call, verb: Verb) -> Result<Response, Status> {
        negotiate::check_route(&call.headers, call.resource.verbs.contains(Verb::Watch))?;
        match verb {
            Verb::Get => self.cache.get(call, &self.texts).await,
            Verb::List => self.cache.list(call, &self.texts).await,
            Verb::Watch => self.cache.watch(call, &self.texts).await,
            // Writes go to a frontend; what sends them here is wrong.
            _ => Err(Status::method_not_allowed()),
        }
    }
}
