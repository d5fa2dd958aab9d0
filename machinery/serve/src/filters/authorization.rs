//! Asks whether the request's user may do what it asks; 403 in the words of the reference if not.

use std::sync::Arc;

use auth::User;
use auth::authorize::{self, Attributes};
use http::HeaderValue;

use crate::filter::{Answer, Filter, Next};
use crate::http::{Request, Response, status_response};
use crate::request_info::RequestInfo;
use crate::status::Status;

/// Lets through what is allowed.
#[derive(Clone, Copy, Debug)]
pub struct Authorization;

impl Filter for Authorization {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        let user = request
            .extensions()
            .get::<User>()
            .cloned()
            .unwrap_or_else(User::anonymous);
        let refused = match RequestInfo::of(&request) {
            Ok(info) => refusal(&user, &info),
            Err(error) => Some(status_response(&Status::bad_request(error.to_string()))),
        };
        match refused {
            None => next.run(request),
            Some(response) => Box::pin(async move { response }),
        }
    }
}

fn refusal(user: &User, info: &Arc<RequestInfo>) -> Option<Response> {
    let attributes = attributes(info);
    if authorize::allowed(user, &attributes) {
        return None;
    }
    let why = authorize::refusal(user, &attributes);
    let status = Status::forbidden(attributes.group, attributes.resource, attributes.name, &why);
    let mut response = status_response(&status);
    response
        .headers_mut()
        .insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    Some(response)
}

fn attributes(info: &RequestInfo) -> Attributes<'_> {
    Attributes {
        is_resource: info.is_resource,
        verb: info.verb,
        group: &info.group,
        resource: &info.resource,
        subresource: &info.subresource,
        namespace: &info.namespace,
        name: &info.name,
        path: &info.path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Chain, answer, handler_fn};
    use crate::http::{Body, read_body, text_response};

    async fn outcome(path: &str, user: User) -> (u16, String) {
        let reached = handler_fn(|_| async { text_response(http::StatusCode::OK, "reached") });
        let chain = Chain::new(vec![Box::new(Authorization)], reached).into_handler();
        let mut request = http::Request::builder()
            .uri(path)
            .body(Body::empty())
            .expect("a request");
        request.extensions_mut().insert(user);
        let response = answer(chain, request).await;
        let code = response.status().as_u16();
        let body = read_body(response.into_body(), 1_000)
            .await
            .expect("a short body");
        (code, String::from_utf8_lossy(&body).into_owned())
    }

    #[tokio::test]
    async fn refusals_read_as_those_of_the_reference() {
        let (code, body) = outcome(
            "/apis/apps/v1/namespaces/x/deployments/d/scale",
            User::anonymous(),
        )
        .await;
        assert_eq!(code, 403);
        assert!(body.contains(concat!(
            r#""message":"deployments.apps \"d\" is forbidden: User \"system:anonymous\" cannot get resource "#,
            r#"\"deployments/scale\" in API group \"apps\" in the namespace \"x\"""#
        )));
        assert!(body.contains(r#""details":{"name":"d","group":"apps","kind":"deployments"}"#));
        let (_, body) = outcome("/metrics", User::anonymous()).await;
        assert!(body.contains(r#""forbidden: User \"system:anonymous\" cannot get path \"/metrics\"""#));
        assert!(body.contains(r#""details":{}"#));
    }

    #[tokio::test]
    async fn masters_pass_and_health_is_open() {
        assert_eq!(
            outcome("/api/v1/pods", User::new("root", "", &[User::MASTERS]))
                .await
                .0,
            200
        );
        assert_eq!(outcome("/livez", User::anonymous()).await.0, 200);
        assert_eq!(outcome("/livez/ping", User::anonymous()).await.0, 403);
    }
}
