//! Logs of pods, as far as a server without kubelets can answer: what is wrong with the request, or that there is no node.

use http::StatusCode;
use object::field::{self, Path};
use render::Call;
use schema::Value;
use serve::http::{Body, Response};
use serve::status::Status;

use crate::api::Api;

/// GET of `pods/<name>/log`.
pub async fn log(api: &Api, call: &mut Call) -> Result<Response, Status> {
    let name = call.name().to_owned();
    check_options(call, &name)?;
    let found = api.objects.get(&call.hub, call.namespace(), &name).await?;
    let pod = found.ok_or_else(|| Status::not_found("", "pods", &name))?.object;
    check_container(call.query.first("container").unwrap_or_default(), &pod, &name)?;
    let node = pod.str_at(&["spec", "nodeName"]).unwrap_or_default();
    if node.is_empty() {
        let mut response = http::Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        return Ok(response);
    }
    let node_found = crate::admission::Reader::get(&*api.objects, "", "nodes", "", node)
        .await?
        .is_some();
    match node_found {
        false => Err(Status::not_found("", "nodes", node)),
        true => Err(Status::internal(&format!("node {node} cannot be reached"))),
    }
}

fn check_options(call: &Call, name: &str) -> Result<(), Status> {
    let mut errors = Vec::new();
    for (option, least) in [("tailLines", 0), ("limitBytes", 1), ("sinceSeconds", 1)] {
        let Some(text) = call.query.first(option).filter(|text| !text.is_empty()) else {
            continue;
        };
        let Ok(number) = text.parse::<i64>() else {
            return Err(Status::bad_request(format!(
                "strconv.ParseInt: parsing {text:?}: invalid syntax"
            )));
        };
        if number < least {
            let why = if least == 0 {
                "must be greater than or equal to 0"
            } else {
                "must be greater than 0"
            };
            errors.push(field::Error::invalid(&Path::root(option), number, why));
        }
    }
    let given = |option: &str| call.query.first(option).is_some_and(|text| !text.is_empty());
    if given("sinceSeconds") && given("sinceTime") {
        let why = "at most one of `sinceTime` or `sinceSeconds` may be specified";
        errors.retain(|error: &field::Error| error.path != "sinceSeconds");
        errors.push(field::Error::forbidden(&Path::root(""), why));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Status::invalid("", "PodLogOptions", name, &errors))
    }
}

fn check_container(asked: &str, pod: &Value, name: &str) -> Result<(), Status> {
    let names = |list: &str| -> Vec<String> {
        let containers = pod.list_at(&["spec", list]).iter();
        containers
            .filter_map(|container| container.str_at(&["name"]))
            .map(str::to_owned)
            .collect()
    };
    let (main, init) = (names("containers"), names("initContainers"));
    let all = [main.clone(), init.clone(), names("ephemeralContainers")].concat();
    if !asked.is_empty() {
        return match all.iter().any(|one| one == asked) {
            true => Ok(()),
            false => Err(Status::bad_request(format!(
                "container {asked} is not valid for pod {name}"
            ))),
        };
    }
    if main.len() <= 1 {
        return Ok(());
    }
    let choice = format!("[{}]", main.join(" "));
    let init = if init.is_empty() {
        String::new()
    } else {
        format!(" or one of the init containers: [{}]", init.join(" "))
    };
    Err(Status::bad_request(format!(
        "a container name must be specified for pod {name}, choose one of: {choice}{init}"
    )))
}
