//! Eviction: the deletion of a pod, unless a disruption budget stands against it.

use std::sync::Arc;

use object::meta;
use object::selector::label;
use render::negotiate::{self, Output};
use render::{Call, Shape};
use schema::Value;
use serve::http::{Body, Response};
use serve::status::{Cause, Details, Status, reason};

use super::disruption::{self, Verdict};
use crate::admission::Reader;
use crate::api::Api;
use crate::options::{DeleteOptions, WriteKind, WriteOptions};
use crate::write::delete;
use crate::write::update::{self, Target};
use crate::{body, verbs};

/// When a client may ask again, in seconds.
const RETRY_AFTER: u32 = 10;

/// POST to `pods/<name>/eviction`.
pub async fn evict(api: &Api, call: &mut Call, content: Body) -> Result<Response, Status> {
    let shape = call
        .subresource()
        .map(Shape::of_subresource)
        .ok_or_else(Status::unknown_resource)?;
    let output = Output::of(&call.headers, &call.query)?;
    let media = negotiate::body_media(&call.headers)?;
    let bytes = verbs::body(content).await?;
    let write = WriteOptions::read(&call.query, WriteKind::Create)?;
    let mut eviction = body::decode(call, &shape, media, &bytes, write.field_validation)?;
    let (namespace, name) = (call.namespace().to_owned(), call.name().to_owned());
    crate::write::metadata::set_namespace(&mut eviction, &namespace)?;
    if meta::of(&eviction).name() != name {
        return Err(Status::bad_request(
            "name in URL does not match name in Eviction object",
        ));
    }
    let asked = eviction.get("deleteOptions").cloned().unwrap_or_default();
    let mut options = DeleteOptions::from_body(&asked)?;
    options.dry_run |= write.dry_run;
    let pod = api.objects.get(&call.hub, &namespace, &name).await?;
    let pod = pod.ok_or_else(|| Status::not_found("", "pods", &name))?.object;
    crate::write::pass_subresource(api, call, (&name, "eviction"), eviction, options.dry_run).await?;
    if !disruption::is_free(&pod) {
        spend_budget(api, call, &namespace, &pod, options.dry_run).await?;
    }
    if !options.dry_run {
        let target = Target {
            namespace: &namespace,
            name: &name,
            subresource: "status",
            dry_run: false,
        };
        update::update(api, call, target, &mut Announce).await?;
    }
    delete::delete(api, call, &namespace, &name, &options).await?;
    let created = Status {
        code: 201,
        ..Status::success()
    };
    Ok(render::status(&api.descriptions, call, output, &created))
}

/// Takes one from the budget that covers the pod; 429 if it has none left.
async fn spend_budget(
    api: &Api,
    call: &Call,
    namespace: &str,
    pod: &Value,
    dry_run: bool,
) -> Result<(), Status> {
    let budgets = Reader::list(&*api.objects, "policy", "poddisruptionbudgets", namespace).await?;
    let Some(budget) = only(&budgets, pod)? else {
        return Ok(());
    };
    if disruption::ignores_unhealthy(budget, pod) {
        return Ok(());
    }
    let Some(resource) = api.discovery.resource("policy", "v1", "poddisruptionbudgets") else {
        return Ok(());
    };
    let mut inner = Call::new(
        call.info.clone(),
        call.query.clone(),
        call.headers.clone(),
        call.user.clone(),
        resource.clone(),
    );
    let target = Target {
        namespace,
        name: meta::of(budget).name(),
        subresource: "status",
        dry_run,
    };
    let mut spend = Spend {
        pod: meta::of(pod).name().to_owned(),
    };
    update::update(api, &mut inner, target, &mut spend)
        .await
        .map(drop)
}

/// The budget that covers the pod, if one does; 500 if several do.
fn only<'a>(budgets: &'a [Arc<Value>], pod: &Value) -> Result<Option<&'a Value>, Status> {
    let mut covering = budgets
        .iter()
        .map(Arc::as_ref)
        .filter(|budget| covers(budget, pod));
    match (covering.next(), covering.next()) {
        (_, Some(_)) => Err(Status::failure(
            500,
            reason::INTERNAL_ERROR,
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
        )),
        (found, None) => Ok(found),
    }
}

fn covers(budget: &Value, pod: &Value) -> bool {
    let selector = label::Selector::of_object(budget.at(&["spec", "selector"]));
    let empty = schema::Map::new();
    selector.is_ok_and(|selector| selector.matches(meta::of(pod).labels().unwrap_or(&empty)))
}

/// Tells in the pod's status why it goes.
struct Announce;

impl update::Change for Announce {
    fn next(&mut self, call: &mut Call, current: Option<&Value>) -> Result<Value, Status> {
        let pod = current.ok_or_else(|| Status::not_found("", "pods", call.name()))?;
        Ok(disruption::announced(pod, &call.now))
    }

    fn is_direct(&self) -> bool {
        true
    }
}

struct Spend {
    pod: String,
}

impl update::Change for Spend {
    fn next(&mut self, call: &mut Call, current: Option<&Value>) -> Result<Value, Status> {
        let Some(budget) = current else {
            return Err(too_many(None));
        };
        match disruption::spend(budget, &self.pod, &call.now) {
            Verdict::Spent(next) => Ok(next),
            Verdict::Refused(why) => Err(too_many(Some(why))),
        }
    }

    fn is_direct(&self) -> bool {
        true
    }
}

fn too_many(why: Option<String>) -> Status {
    let message = "Cannot evict pod as it would violate the pod's disruption budget.";
    let cause = why.map(|message| Cause {
        reason: "DisruptionBudget".to_owned(),
        message,
        ..Cause::default()
    });
    Status::failure(429, reason::TOO_MANY_REQUESTS, message).with_details(Details {
        causes: cause.into_iter().collect(),
        retry_after_seconds: RETRY_AFTER,
        ..Details::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn one_budget_at_most_stands_against_an_eviction() {
        let budget = |label: &str| Arc::new(tree!({"spec": {"selector": {"matchLabels": {"app": label}}}}));
        let pod = tree!({"metadata": {"labels": {"app": "a"}}});
        let budgets = [budget("b"), budget("a")];
        assert_eq!(only(&budgets, &pod).expect("one covers it"), Some(&*budgets[1]));
        assert_eq!(only(&budgets[..1], &pod).expect("none covers it"), None);
        let several = [budget("a"), budget("a")];
        assert_eq!(only(&several, &pod).expect_err("two cover it").code, 500);
    }

    #[test]
    fn who_is_refused_may_ask_again() {
        let refused = too_many(Some("why".to_owned()));
        let details = refused.details.expect("details");
        assert_eq!((refused.code, details.retry_after_seconds), (429, RETRY_AFTER));
    }
}
