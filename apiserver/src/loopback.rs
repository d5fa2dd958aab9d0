//! The server as a client of itself: requests that go through the whole chain in memory, as `system:apiserver`.
//! What the server makes at start and keeps up goes this way, so that it meets the same defaults and checks as all else.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock, Weak};

use auth::User;
use bytes::Bytes;
use http::{Method, Request};
use schema::{Value, json};
use serve::http::{Body, Handler, Request as Asked, Response, read_body, status_response};
use serve::status::Status;
use tower::ServiceExt;

use crate::api::Api;
use crate::limits::LOOPBACK_ANSWER_BYTES_MAX;
use crate::route;
use crate::verbs::apply::MEDIA_TYPE;

/// Who the server is to itself.
pub(crate) const USER: &str = "system:apiserver";
/// May do all.
const GROUP: &str = "system:masters";
/// Field manager of what the server writes, as the reference names itself.
pub(crate) const MANAGER: &str = "kube-apiserver";
/// By which it is known as the manager.
pub(crate) const USER_AGENT: &str = "kube-apiserver/v1.36";

/// A client of the chain behind authentication and authorization.
#[derive(Clone)]
pub struct Loopback {
    handler: Handler,
}

impl Loopback {
    /// Over a handler that trusts the [`User`] in a request's extensions.
    pub fn new(handler: Handler) -> Self {
        Self { handler }
    }

    /// Reads one object, or a list.
    pub async fn get(&self, path: &str) -> Result<Value, Status> {
        self.call(Method::GET, path, None).await
    }

    /// Creates an object in the collection at `path`.
    pub async fn create(&self, path: &str, object: &Value) -> Result<Value, Status> {
        self.call(Method::POST, path, Some(object)).await
    }

    /// Replaces the object at `path`.
    pub async fn update(&self, path: &str, object: &Value) -> Result<Value, Status> {
        self.call(Method::PUT, path, Some(object)).await
    }

    /// Applies a configuration to the object at `path`, by force, as this manager.
    pub async fn apply(&self, path: &str, manager: &str, configuration: &Value) -> Result<Value, Status> {
        let path = format!("{path}?fieldManager={manager}&force=true");
        self.call(Method::PATCH, &path, Some(configuration)).await
    }

    /// Deletes the object at `path`.
    pub async fn delete(&self, path: &str) -> Result<Value, Status> {
        self.call(Method::DELETE, path, None).await
    }

    /// Creates an object unless one of its name is there; says whether it was made.
    pub async fn ensure(&self, path: &str, object: &Value) -> Result<bool, Status> {
        match self.create(path, object).await {
            Ok(_) => Ok(true),
            Err(status) if status.is_already_exists() => Ok(false),
            Err(status) => Err(status),
        }
    }

    /// Opens a watch; the body is what comes.
    pub async fn watch(&self, path: &str) -> Result<Body, Status> {
        let response = self.send(Method::GET, path, None).await?;
        match response.status().is_success() {
            true => Ok(response.into_body()),
            false => value(response).await.map(|_| Body::empty()),
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Status> {
        value(self.send(method, path, body).await?).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Response, Status> {
        let mut bytes = Vec::new();
        if let Some(object) = body {
            json::write(object, &mut bytes);
        }
        let content_type = match method {
            Method::PATCH => MEDIA_TYPE,
            _ => "application/json",
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("accept", "application/json")
            .header("content-type", content_type)
            .header("user-agent", USER_AGENT)
            .extension(User::new(USER, "", &[GROUP, "system:authenticated"]))
            .body(Body::full(Bytes::from(bytes)))
            .map_err(|error| Status::internal(&error.to_string()))?;
        match self.handler.clone().oneshot(request).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        }
    }
}

/// What an answer has, if it is a good one.
async fn value(response: Response) -> Result<Value, Status> {
    let succeeded = response.status().is_success();
    let bytes = read_body(response.into_body(), LOOPBACK_ANSWER_BYTES_MAX).await?;
    let value = json::parse(&bytes).map_err(|error| Status::internal(&error.to_string()))?;
    if succeeded {
        Ok(value)
    } else {
        Err(Status::from_value(&value))
    }
}

/// The server before it is made, for parts of it that write: their clients get 503 until it is known. It is held weakly, since it
/// holds those parts.
#[derive(Clone, Default)]
pub(crate) struct Late {
    api: Arc<OnceLock<Weak<Api>>>,
}

impl Late {
    /// A client of the server that will be.
    pub fn client(&self) -> Loopback {
        let late = self.clone();
        Loopback::new(Handler::new(tower::service_fn(move |request: Asked| {
            let api = late.api.get().and_then(Weak::upgrade);
            async move {
                Ok::<Response, Infallible>(match api {
                    Some(api) => route::answer(api, request).await,
                    None => status_response(&Status::unavailable("the server is not there yet")),
                })
            }
        })))
    }

    /// Here it is. Only the first one counts.
    pub fn connect(&self, api: &Arc<Api>) {
        let _ = self.api.set(Arc::downgrade(api));
    }
}
