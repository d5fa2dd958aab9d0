//! Asks whether the request's user may do what it asks; 403 in the words of the reference if not.

use std::sync::Arc;
use std::time::Instant;

use auth::User;
use auth::authorize::{self, Attributes, Decision, FieldRequirement, LabelRequirement, Selectors, Verdict};
use auth::metrics;
use http::HeaderValue;
use object::selector::{field, label};

use super::audit::Trail;
use crate::filter::{Answer, Filter, Next};
use crate::http::{Request, Response, status_response};
use crate::query::Query;
use crate::request_info::RequestInfo;
use crate::status::Status;

/// Lets through what is allowed.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// Who decides.
    pub chain: Arc<authorize::Chain>,
    /// What is counted.
    pub metrics: metrics::Authorization,
}

impl Filter for Authorization {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        let asked = match Asked::of(&request) {
            Ok(asked) => asked,
            Err(status) => return Box::pin(async move { status_response(&status) }),
        };
        let trail = Trail::of(&request);
        Box::pin(async move {
            let attributes = asked.attributes();
            let begun = Instant::now();
            let decision = self.chain.decide(&asked.user, &attributes).await;
            self.metrics.attempts.count(result(&decision), begun.elapsed());
            if let Some(trail) = trail {
                let verdict = if decision.is_allowed() { "allow" } else { "forbid" };
                trail.annotate("authorization.k8s.io/decision", verdict);
                trail.annotate("authorization.k8s.io/reason", &decision.reason);
            }
            if decision.is_allowed() {
                return next.run(request).await;
            }
            let why = authorize::refusal(&asked.user, &attributes, &decision.reason);
            forbidden(&attributes, &why)
        })
    }
}

/// As metrics name it.
fn result(decision: &Decision) -> &'static str {
    match decision.verdict {
        Verdict::Allow => "allowed",
        _ if decision.error.is_some() => "error",
        Verdict::Deny => "denied",
        Verdict::NoOpinion => "no-opinion",
    }
}

/// Who asks for what.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub user: User,
    info: Arc<RequestInfo>,
    selectors: Option<Selectors>,
}

impl Asked {
    /// Of a request; a path that means nothing is answered with 400.
    pub fn of(request: &Request) -> Result<Self, Status> {
        let info = RequestInfo::of(request).map_err(|error| Status::bad_request(error.to_string()))?;
        let user = request.extensions().get::<User>().cloned();
        Ok(Self {
            user: user.unwrap_or_else(User::anonymous),
            selectors: selectors(&info, request.uri().query().unwrap_or_default()),
            info,
        })
    }

    /// What is asked for.
    pub fn attributes(&self) -> Attributes<'_> {
        let info = &*self.info;
        Attributes {
            is_resource: info.is_resource,
            verb: info.verb,
            group: &info.group,
            version: &info.version,
            resource: &info.resource,
            subresource: &info.subresource,
            namespace: &info.namespace,
            name: &info.name,
            path: &info.path,
            selectors: self.selectors.as_ref(),
        }
    }
}

/// A refusal about what was asked.
fn forbidden(attributes: &Attributes<'_>, why: &str) -> Response {
    let status = Status::forbidden(attributes.group, attributes.resource, attributes.name, why);
    let mut response = status_response(&status);
    response
        .headers_mut()
        .insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

/// What a request narrows itself to. A selector that cannot be read narrows nothing; the handler refuses it later.
fn selectors(info: &RequestInfo, query: &str) -> Option<Selectors> {
    let narrows = matches!(info.verb, "list" | "watch" | "deletecollection") && query.contains("Selector=");
    if !info.is_resource || !narrows {
        return None;
    }
    let query = Query::parse(query);
    let text = |name| query.first(name).unwrap_or_default();
    let fields = field::Selector::parse(text("fieldSelector")).ok();
    let labels = label::Selector::parse(text("labelSelector")).ok();
    Some(Selectors {
        fields: fields
            .iter()
            .flat_map(|selector| selector.terms().iter().map(FieldRequirement::of))
            .collect(),
        labels: labels
            .iter()
            .flat_map(|selector| selector.requirements().iter().map(LabelRequirement::of))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Chain, answer, handler_fn};
    use crate::http::{Body, read_body, text_response};
    use auth::authorize::Authorizer;
    use auth::authorize::rbac::{Kind, Rbac};
    use schema::tree;

    /// Health is open to all, as by the bootstrap policy.
    fn rules() -> auth::authorize::Chain {
        let rbac = Rbac::default();
        let role = tree!({"metadata": {"name": "public"}, "rules": [{"nonResourceURLs": ["/livez"], "verbs": ["get"]}]});
        let binding = tree!({"metadata": {"name": "public"}, "roleRef": {"kind": "ClusterRole", "name": "public"},
            "subjects": [{"kind": "Group", "name": "system:unauthenticated"}]});
        rbac.put(Kind::ClusterRole, &role);
        rbac.put(Kind::ClusterRoleBinding, &binding);
        auth::authorize::Chain::new(vec![Authorizer::Rbac(Arc::new(rbac))])
    }

    async fn outcome(path: &str, user: User) -> (u16, String) {
        let filter = Authorization {
            chain: Arc::new(rules()),
            metrics: metrics::Authorization::default(),
        };
        let reached = handler_fn(|_| async { text_response(http::StatusCode::OK, "reached") });
        let chain = Chain::new(vec![Box::new(filter)], reached).into_handler();
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
