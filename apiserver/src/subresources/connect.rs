//! Connections to containers, as far as a server without kubelets can answer: why there can be none.

use render::Call;
use serve::http::Response;
use serve::status::Status;

use crate::admission::Reader;
use crate::api::Api;

/// `exec`, `attach`, `portforward` and `proxy` of pods; `proxy` of nodes and services.
pub async fn connect(api: &Api, call: &mut Call) -> Result<Response, Status> {
    let resource = call.resource.resource.clone();
    let name = call.name().to_owned();
    let found = api.objects.get(&call.hub, call.namespace(), &name).await?;
    let object = found
        .ok_or_else(|| Status::not_found("", &resource, &name))?
        .object;
    match resource.as_str() {
        "pods" => {
            unreachable_pod(
                api,
                &name,
                object.str_at(&["spec", "nodeName"]).unwrap_or_default(),
            )
            .await
        }
        "services" => Err(Status::unavailable(format!(
            "no endpoints available for service {name:?}"
        ))),
        _ => Err(Status::unavailable(format!("node {name} cannot be reached"))),
    }
}

async fn unreachable_pod(api: &Api, pod: &str, node: &str) -> Result<Response, Status> {
    if node.is_empty() {
        return Err(Status::bad_request(format!(
            "pod {pod} does not have a host assigned"
        )));
    }
    match Reader::get(api.objects.as_ref(), "", "nodes", "", node).await? {
        None => Err(Status::not_found("", "nodes", node)),
        Some(_) => Err(Status::unavailable(format!("node {node} cannot be reached"))),
    }
}
