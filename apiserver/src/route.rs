//! From a request to the verb that answers it, by method and path, with the reference's answers for what is not there.

use std::sync::Arc;

use auth::User;
use http::{Method, StatusCode};
use kinds::{Resource, Verb};
use serve::http::{Body, Request, Response, status_response, text_response};
use serve::query::Query;
use serve::request_info::RequestInfo;
use serve::status::Status;

use crate::api::Api;
use crate::call::Call;
use crate::negotiate::{self, Output};
use crate::{documents, render, subresources, verbs, virtuals};

/// Answers a request whose user is known.
pub async fn answer(api: Arc<Api>, request: Request) -> Response {
    let info = match RequestInfo::of(&request) {
        Ok(info) => info,
        Err(error) => return status_response(&Status::bad_request(error.to_string())),
    };
    let (parts, content) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    if info.path.starts_with("/openapi/") {
        return published(&api, &parts).await;
    }
    if !info.is_resource {
        return documents::answer(&api, &parts, &info);
    }
    let user = parts
        .extensions
        .get::<User>()
        .cloned()
        .unwrap_or_else(User::anonymous);
    let Some(resource) = api.resource(&info.group, &info.version, &info.resource) else {
        return unknown(&api, &info);
    };
    let place = match Place::of(&info, resource) {
        Some(place) => place,
        None => return status_response(&Status::unknown_resource()),
    };
    let Some(verb) = place.verb(&parts.method, &info, resource) else {
        return status_response(&Status::method_not_allowed());
    };
    let streams = resource.verbs.contains(Verb::Watch) && !matches!(place, Place::Subresource);
    let call = Call::new(
        info.as_ref().clone(),
        Query::parse(query),
        parts.headers,
        user,
        resource.clone(),
    );
    serve(api, call, place, verb, streams, content).await
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

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Collection,
    /// The collection in all namespaces.
    AllNamespaces,
    Object,
    Subresource,
}

impl Place {
    /// `None` when the resource has no such path.
    fn of(info: &RequestInfo, resource: &Resource) -> Option<Self> {
        let is_namespace = resource.group.is_empty() && resource.resource == "namespaces";
        let in_namespace = !info.namespace.is_empty() && !is_namespace;
        if in_namespace && !resource.namespaced {
            return None;
        }
        let has = |verbs: &[Verb]| verbs.iter().any(|verb| resource.verbs.contains(*verb));
        match info.parts.len() {
            1 if resource.namespaced && !in_namespace => (resource.verbs.contains(Verb::List)
                || resource.verbs.contains(Verb::Create))
            .then_some(Place::AllNamespaces),
            1 => has(&[Verb::List, Verb::Create, Verb::DeleteCollection]).then_some(Place::Collection),
            _ if resource.namespaced && !in_namespace => None,
            2 => has(&[Verb::Get, Verb::Update, Verb::Patch, Verb::Delete]).then_some(Place::Object),
            3 => resource
                .subresource(&info.subresource)
                .map(|_| Place::Subresource),
            _ if info.subresource == "proxy" => resource.subresource("proxy").map(|_| Place::Subresource),
            _ => None,
        }
    }

    /// `None` when the method is not allowed there.
    fn verb(self, method: &Method, info: &RequestInfo, resource: &Resource) -> Option<Verb> {
        if info.watch_path {
            return (method == Method::GET && self != Place::Subresource).then_some(Verb::Watch);
        }
        let verb = match (self, method.as_str()) {
            (Place::Collection | Place::AllNamespaces, "GET") if info.verb == "watch" => Verb::Watch,
            (Place::Collection | Place::AllNamespaces, "GET") => Verb::List,
            (Place::Collection, "POST") => Verb::Create,
            (Place::Collection, "DELETE") => Verb::DeleteCollection,
            (Place::Object | Place::Subresource, "GET") => Verb::Get,
            (Place::Object | Place::Subresource, "PUT") => Verb::Update,
            (Place::Object | Place::Subresource, "PATCH") => Verb::Patch,
            (Place::Object | Place::Subresource, "DELETE") => Verb::Delete,
            (Place::Subresource, "POST") => Verb::Create,
            _ => return None,
        };
        let verbs = match self {
            Place::Subresource => resource.subresource(&info.subresource)?.verbs,
            _ => resource.verbs,
        };
        verbs.contains(verb).then_some(verb)
    }
}

async fn serve(
    api: Arc<Api>,
    mut call: Call,
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
        return match verbs::watch::watch(&api, call).await {
            Ok(response) => response,
            Err((status, call)) => fail(&api, &call, &status),
        };
    }
    let done = match place {
        Place::Subresource => subresource(&api, &mut call, verb, content).await,
        _ => main(&api, &mut call, verb, content).await,
    };
    match done {
        Ok(mut response) => {
            serve::warnings::add(response.headers_mut(), call.warnings());
            response
        }
        Err(status) => fail(&api, &call, &status),
    }
}

async fn main(api: &Api, call: &mut Call, verb: Verb, content: Body) -> Result<Response, Status> {
    if call.resource.storage.is_none() {
        return virtuals::answer(api, call, verb, content).await;
    }
    match verb {
        Verb::Get => verbs::get::get(api, call).await,
        Verb::List => verbs::list::list(api, call).await,
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

/// A status in the encoding that was negotiated, or JSON where none was.
fn fail(api: &Api, call: &Call, status: &Status) -> Response {
    let mut response = match Output::of(&call.headers, &call.query) {
        Ok(output) => render::status(
            api,
            call,
            Output {
                form: negotiate::Form::Object,
                ..output
            },
            status,
        ),
        Err(_) => render::bare_status(status),
    };
    serve::warnings::add(response.headers_mut(), call.warnings());
    response
}

/// A path of a group that is served in some version is told apart from one that nobody knows.
fn unknown(api: &Api, info: &RequestInfo) -> Response {
    match api.served.group(&info.group) {
        Some(_) => status_response(&Status::unknown_resource()),
        None => not_found(),
    }
}

/// The plain answer for paths that mean nothing.
pub fn not_found() -> Response {
    text_response(StatusCode::NOT_FOUND, "404 page not found\n")
}
