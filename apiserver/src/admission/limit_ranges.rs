//! LimitRange: what it gives containers that say nothing, and what it refuses. Source: "Limit Ranges" of the Kubernetes documentation.
//! The texts are those that clients see after the reason `Forbidden`.

use schema::quantity::Quantity;
use schema::{Map, Value};

use super::pod_resources::{self, Part};
use kinds::amounts::Amounts;

const ANNOTATION: &str = "kubernetes.io/limit-ranger";
/// The lists of a pod's containers, and what the annotation calls what is in them.
const LISTS: [(&str, &str); 2] = [("containers", "container"), ("initContainers", "init container")];

/// Fills in what containers do not say, and tells so in an annotation.
pub fn apply_defaults(pod: &mut Value, limit_range: &Value) {
    let mut said: Vec<String> = Vec::new();
    let (requests, limits) = (
        defaults(limit_range, "defaultRequest"),
        defaults(limit_range, "default"),
    );
    for (list, noun) in LISTS {
        let containers = pod.at_mut(&["spec", list]).and_then(Value::as_list_mut);
        for container in containers.into_iter().flatten() {
            let name = container.str_at(&["name"]).unwrap_or_default().to_owned();
            for (part, kind, given) in [("requests", "request", &requests), ("limits", "limit", &limits)] {
                let set = fill(container, part, given);
                if !set.is_empty() {
                    said.push(format!("{} {kind} for {noun} {name}", set.join(", ")));
                }
            }
        }
    }
    if let (false, Some(map)) = (said.is_empty(), pod.as_map_mut()) {
        let text = format!("LimitRanger plugin set: {}", said.join("; "));
        map.map_at("metadata")
            .map_at("annotations")
            .insert(ANNOTATION, text);
    }
}

/// Why a pod or a claim is refused; all reasons, in the order of the limits.
pub fn refusals(resource: &str, object: &Value, limit_range: &Value) -> Vec<String> {
    let mut refusals = Vec::new();
    for limit in limit_range.list_at(&["spec", "limits"]) {
        let kind = limit.str_at(&["type"]).unwrap_or_default();
        match (resource, kind) {
            ("pods", "Container") => {
                let lists = LISTS.iter().flat_map(|(list, _)| object.list_at(&["spec", list]));
                for container in lists {
                    let of = |part| Amounts::of(container.map_at(&["resources", part]));
                    check(limit, kind, &of("requests"), &of("limits"), &mut refusals);
                }
            }
            ("pods", "Pod") => {
                let of = |part| pod_resources::total(object, part);
                check(limit, kind, &of(Part::Requests), &of(Part::Limits), &mut refusals);
            }
            ("persistentvolumeclaims", "PersistentVolumeClaim") => {
                let requests = Amounts::of(object.map_at(&["spec", "resources", "requests"]));
                check_claim(limit, kind, &requests, &mut refusals);
            }
            _ => {}
        }
    }
    refusals
}

/// The defaults for containers; of several limits the last one counts.
fn defaults(limit_range: &Value, field: &str) -> Map {
    let mut all = Map::new();
    for limit in limit_range.list_at(&["spec", "limits"]) {
        if limit.str_at(&["type"]) == Some("Container") {
            for (name, amount) in limit.map_at(&[field]).into_iter().flat_map(Map::iter) {
                all.insert(name.clone(), amount.clone());
            }
        }
    }
    all
}

/// Sets what is missing; the names of what was, in order.
fn fill(container: &mut Value, part: &str, given: &Map) -> Vec<String> {
    let Some(container) = container.as_map_mut().filter(|_| !given.is_empty()) else {
        return Vec::new();
    };
    let amounts = container.map_at("resources").map_at(part);
    let mut set = Vec::new();
    for (name, amount) in given.iter().filter(|(name, _)| !name.is_empty()) {
        if !amounts.contains_key(name) {
            amounts.insert(name.clone(), amount.clone());
            set.push(name.to_string());
        }
    }
    set.sort_unstable();
    set
}

fn check(limit: &Value, kind: &str, requests: &Amounts, limits: &Amounts, refusals: &mut Vec<String>) {
    for (name, min) in Amounts::of(limit.map_at(&["min"])).iter() {
        refusals.extend(below(name, kind, min, requests.get(name), limits.get(name)));
    }
    for (name, max) in Amounts::of(limit.map_at(&["max"])).iter() {
        refusals.extend(above(name, kind, max, requests.get(name), limits.get(name)));
    }
    for (name, ratio) in Amounts::of(limit.map_at(&["maxLimitRequestRatio"])).iter() {
        refusals.extend(too_wide(name, kind, ratio, requests.get(name), limits.get(name)));
    }
}

/// Claims have no limits that are enforced.
fn check_claim(limit: &Value, kind: &str, requests: &Amounts, refusals: &mut Vec<String>) {
    for (name, min) in Amounts::of(limit.map_at(&["min"])).iter() {
        refusals.extend(below(name, kind, min, requests.get(name), None));
    }
    for (name, max) in Amounts::of(limit.map_at(&["max"])).iter() {
        let head = format!("maximum {name} usage per {kind} is {max}");
        match requests.get(name) {
            None => refusals.push(format!("{head}.  No request is specified")),
            Some(request) if request > max => refusals.push(format!("{head}, but request is {request}")),
            Some(_) => {}
        }
    }
}

type Amount<'a> = Option<&'a Quantity>;

fn below(name: &str, kind: &str, min: &Quantity, request: Amount<'_>, limit: Amount<'_>) -> Option<String> {
    let head = format!("minimum {name} usage per {kind} is {min}");
    match (request, limit) {
        (None, _) => Some(format!("{head}.  No request is specified")),
        (Some(request), _) if request < min => Some(format!("{head}, but request is {request}")),
        (_, Some(limit)) if limit < min => Some(format!("{head}, but limit is {limit}")),
        _ => None,
    }
}

fn above(name: &str, kind: &str, max: &Quantity, request: Amount<'_>, limit: Amount<'_>) -> Option<String> {
    let head = format!("maximum {name} usage per {kind} is {max}");
    match (request, limit) {
        (_, None) => Some(format!("{head}.  No limit is specified")),
        (_, Some(limit)) if limit > max => Some(format!("{head}, but limit is {limit}")),
        (Some(request), _) if request > max => Some(format!("{head}, but request is {request}")),
        _ => None,
    }
}

fn too_wide(
    name: &str,
    kind: &str,
    max: &Quantity,
    request: Amount<'_>,
    limit: Amount<'_>,
) -> Option<String> {
    let head = format!("{name} max limit to request ratio per {kind} is {max}");
    let given = |amount: Amount<'_>| amount.map(Quantity::milli_value).filter(|amount| *amount != 0);
    let Some(request) = given(request) else {
        return Some(format!("{head}, but no request is specified or request is 0"));
    };
    let Some(limit) = given(limit) else {
        return Some(format!("{head}, but no limit is specified or limit is 0"));
    };
    let ratio = limit as f64 / request as f64;
    let is_wide = ratio * 1000.0 > max.milli_value() as f64;
    is_wide.then(|| format!("{head}, but provided ratio is {ratio:.6}"))
}

#[cfg(test)]
mod tests;
