//! From a request to the verb that answers it, by method and path, with the reference's answers for what is not there.

use std::sync::Arc;

use auth::User;
use http::StatusCode;
use kinds::Verb;
use render::negotiate;
use render::{Call, Place, missing};
use serve::filters::Trail;
use serve::http::{Body, Request, Response, status_response, text_response};
use serve::query::Query;
use serve::request_info::RequestInfo;
use serve::status::Status;

use crate::api::Api;
use crate::{custom, issuer, subresources, verbs, virtuals};

/// Answers a request whose user is known.
pub async fn answer(api: Arc<Api>, request: Request) -> Response {
    let info = match RequestInfo::of(&request) {
        Ok(info) => info,
        Err(error) => return status_response(&Status::bad_request(error.to_string())),
    };
    let trail = Trail::of(&request);
    let (parts, content) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    if info.path.starts_with("/openapi/") {
        return published(&api, &parts).await;
    }
    if !info.is_resource {
        return issuer::document(&api, &parts, &info.path)
            .unwrap_or_else(|| api.discovery.answer(&parts, &info));
    }
    let user = parts
        .extensions
        .get::<User>()
        .cloned()
        .unwrap_or_else(User::anonymous);
    let Some(resource) = api.discovery.resource(&info.group, &info.version, &info.resource) else {
        return api.discovery.unknown(&info);
    };
    let Some(place) = Place::of(&info, &resource) else {
        return missing::no_place(&info, &resource);
    };
    let Some(verb) = place.verb(&parts.method, &info, &resource) else {
        return missing::no_verb(place, &info, &resource);
    };
    if let Err(status) = custom::route::check(verb, place, &resource) {
        return status_response(&status);
    }
    let streams = resource.verbs.contains(Verb::Watch) && !matches!(place, Place::Subresource);
    let mut call = Call::new(
        info.as_ref().clone(),
        Query::parse(query),
        parts.headers,
        user,
        resource.clone(),
    )
    .gated(&api.discovery.runtime.gates);
    let response = serve(api, &mut call, place, verb, streams, content).await;
    if let Some(trail) = trail {
        let noted = call.annotations().iter();
        noted.for_each(|(key, text)| trail.annotate(key, text));
    }
    response
}

/// The published schema is made at its first use, which takes a while.
async fn published(api: &Api, parts: &http::request::Parts) -> Response {
    let (openapi, path) = (api.openapi.clone(), parts.uri.path().to_owned());
    let (query, headers) = (
        parts.uri.query().unwrap_or_default().to_owned(),
        parts.headers.clone(),
    );
    let made = tokio::task::spawn_blocking(move || openapi.answer(&path, &query, &headers)).await;
    match made {
        Ok(Some(response)) => response,
        Ok(None) => text_response(StatusCode::NOT_FOUND, "404 page not found\n"),
        Err(error) => status_response(&Status::internal(&error.to_string())),
    }
}

async fn serve(
    api: Arc<Api>,
    call: &mut Call,
    place: Place,
    verb: Verb,
    streams: bool,
    content: Body,
) -> Response {
    if verb != Verb::Patch
        && let Err(status) = negotiate::check_route(&call.headers, streams)
    {
        return render::bare_status(&status);
    }
    if verb == Verb::Watch {
        return match api.cache.watch(call, &api.descriptions).await {
            Ok(response) => response,
            Err(status) => render::failure(&api.descriptions, call, &status),
        };
    }
    let done = match place {
        Place::Subresource => subresource(&api, call, verb, content).await,
        _ => main(&api, call, verb, content).await,
    };
    match done {
        Ok(mut response) => {
            serve::warnings::add(response.headers_mut(), call.warnings());
            response
        }
        Err(status) => render::failure(&api.descriptions, call, &status),
    }
}

async fn main(api: &Api, call: &mut Call, verb: Verb, content: Body) -> Result<Response, Status> {
    if call.resource.storage.is_none() {
        return virtuals::answer(api, call, verb, content).await;
    }
    match verb {
        Verb::Get if watchcache::service::names_a_revision(call) => {
            api.cache.get(call, &api.descriptions).await
        }
        Verb::Get => verbs::get::get(api, call).await,
        Verb::List => api.cache.list(call, &api.descriptions).await,
        Verb::Create => verbs::create::create(api, call, content).await,
        Verb::Update => verbs::update::update(api, call, content).await,
        Verb::Patch => verbs::patch::patch(api, call, content).await,
        Verb::Delete => verbs::delete::delete(api, call, content).await,
        Verb::DeleteCollection => verbs::delete_collection::delete_collection(api, call, content).await,
        Verb::Watch => Err(Status::method_not_allowed()),
    }
}

async fn subresource(api: &Api, call: &mut Call, verb: Verb, content: Body) -> Result<Response, Status> {
    let name = call.info.subresource.clone();
    match (name.as_str(), verb) {
        ("scale", Verb::Get) => subresources::scale_get(api, call).await,
        ("scale", Verb::Update) => subresources::scale_update(api, call, content).await,
        ("scale", Verb::Patch) => subresources::scale_patch(api, call, content).await,
        ("binding", _) => subresources::bind(api, call, content).await,
        ("eviction", _) => subresources::evict(api, call, content).await,
        ("log", _) => subresources::log(api, call).await,
        ("attach" | "exec" | "portforward" | "proxy", _) => subresources::connect(api, call).await,
        ("token", _) => subresources::token(api, call, content).await,
        (_, Verb::Get) => verbs::get::get(api, call).await,
        (_, Verb::Update) => verbs::update::update(api, call, content).await,
        (_, Verb::Patch) => verbs::patch::patch(api, call, content).await,
        _ => Err(Status::method_not_allowed()),
    }
}
