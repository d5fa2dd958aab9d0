//! The four reviews of access: of oneself, of anybody, of anybody in a namespace, and their status.

use object::field::{self, Path, Printed};
use object::selector;
use schema::{Map, Value};
use smol_str::SmolStr;

use super::{extra, read, texts};
use crate::User;
use crate::authorize::{Attributes, Chain, FieldRequirement, LabelRequirement, Selectors, Verdict};

/// Which review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Review<'a> {
    /// SelfSubjectAccessReview: of who asks.
    OfSelf,
    /// SubjectAccessReview.
    OfAnybody,
    /// LocalSubjectAccessReview, in this namespace.
    Local(&'a str),
}

/// The spec of a SubjectAccessReview that asks what is asked here.
pub fn access_spec(user: &User, asked: &Attributes<'_>) -> Value {
    let mut spec = Map::new();
    let put = |map: &mut Map, field: &str, text: &str| {
        if !text.is_empty() {
            map.insert(field, text);
        }
    };
    let mut what = Map::new();
    let field = if asked.is_resource {
        let fields = [
            ("namespace", asked.namespace),
            ("verb", asked.verb),
            ("group", asked.group),
            ("version", asked.version),
            ("resource", asked.resource),
            ("subresource", asked.subresource),
            ("name", asked.name),
        ];
        fields
            .iter()
            .for_each(|(field, text)| put(&mut what, field, text));
        if let Some(selectors) = asked.selectors {
            put_selectors(&mut what, selectors);
        }
        "resourceAttributes"
    } else {
        put(&mut what, "path", asked.path);
        put(&mut what, "verb", asked.verb);
        "nonResourceAttributes"
    };
    spec.insert(field, what);
    put(&mut spec, "user", &user.name);
    put(&mut spec, "uid", &user.uid);
    if !user.groups.is_empty() {
        spec.insert("groups", texts(&user.groups));
    }
    if !user.extra.is_empty() {
        spec.insert("extra", extra(user));
    }
    Value::Map(spec)
}

fn put_selectors(what: &mut Map, selectors: &Selectors) {
    let requirement = |key: &SmolStr, operator: &str, values: Value| {
        let mut one = Map::new();
        one.insert("key", key.clone());
        one.insert("operator", operator);
        if values.as_list().is_some_and(|values| !values.is_empty()) {
            one.insert("values", values);
        }
        Value::Map(one)
    };
    let fields = selectors.fields.iter().map(|one| {
        let operator = if one.equal { "In" } else { "NotIn" };
        requirement(&one.field, operator, Value::List(vec![one.value.clone().into()]))
    });
    let labels = selectors
        .labels
        .iter()
        .map(|one| requirement(&one.key, &one.operator, texts(&one.values)));
    for (field, requirements) in [
        ("fieldSelector", fields.collect::<Vec<_>>()),
        ("labelSelector", labels.collect()),
    ] {
        if !requirements.is_empty() {
            what.map_at(field).insert("requirements", requirements);
        }
    }
}

/// What is wrong with a review's spec; empty if it can be answered.
pub fn validate(review: Review<'_>, spec: &Value) -> Vec<field::Error> {
    let root = Path::root("spec");
    let at = |field: &str| spec.get(field).filter(|value| !value.is_null());
    let (resource, other) = (at("resourceAttributes"), at("nonResourceAttributes"));
    let mut errors = Vec::new();
    match (resource, other) {
        (Some(_), Some(other)) => errors.push(field::Error::invalid(
            &root.child("nonResourceAttributes"),
            Printed::raw(printed_path(other)),
            "cannot be specified in combination with resourceAttributes",
        )),
        (None, None) => errors.push(field::Error::invalid(
            &root.child("resourceAttributes"),
            Printed::null(),
            "exactly one of nonResourceAttributes or resourceAttributes must be specified",
        )),
        _ => {}
    }
    let no_subject =
        spec.str_at(&["user"]).unwrap_or_default().is_empty() && spec.list_at(&["groups"]).is_empty();
    if review != Review::OfSelf && no_subject {
        errors.push(field::Error::invalid(
            &root.child("user"),
            "",
            "at least one of user or group must be specified",
        ));
    }
    if let (Review::Local(namespace), Some(resource)) = (review, resource) {
        let found = resource.str_at(&["namespace"]).unwrap_or_default();
        if found != namespace {
            let path = root.child("resourceAttributes").child("namespace");
            errors.push(field::Error::invalid(
                &path,
                found,
                "must match metadata.namespace",
            ));
        }
    }
    if let (Review::Local(_), Some(other)) = (review, other) {
        errors.push(field::Error::invalid(
            &root.child("nonResourceAttributes"),
            Printed::raw(printed_path(other)),
            "disallowed on this kind of request",
        ));
    }
    errors.extend(
        resource
            .into_iter()
            .flat_map(|resource| selector_errors(&root.child("resourceAttributes"), resource)),
    );
    errors
}

/// As the reference prints it: its own type, without names of fields in JSON.
fn printed_path(other: &Value) -> String {
    let text = |field: &str| format!("{:?}", other.str_at(&[field]).unwrap_or_default());
    format!("{{\"Path\":{},\"Verb\":{}}}", text("path"), text("verb"))
}

fn selector_errors(path: &Path, resource: &Value) -> Vec<field::Error> {
    let mut errors = Vec::new();
    for field in ["fieldSelector", "labelSelector"] {
        if resource.get(field).is_none_or(Value::is_null) {
            continue;
        }
        let path = path.child(field);
        let raw = resource.str_at(&[field, "rawSelector"]).unwrap_or_default();
        let no_requirements = resource.list_at(&[field, "requirements"]).is_empty();
        if !raw.is_empty() && !no_requirements {
            errors.push(field::Error::invalid(
                &path.child("rawSelector"),
                raw,
                "may not specified at the same time as requirements",
            ));
        }
        if raw.is_empty() && no_requirements {
            let why = format!("when {path} is specified, requirements or rawSelector is required");
            errors.push(field::Error::required(&path.child("requirements"), why));
        }
    }
    errors
}

/// The status of a review. `asking` is who sent it.
pub async fn access_status(chain: &Chain, review: Review<'_>, asking: &User, spec: &Value) -> Value {
    let of_spec = (review != Review::OfSelf).then(|| read(spec, "user"));
    let user = of_spec.as_ref().unwrap_or(asking);
    let resource = spec.get("resourceAttributes").filter(|value| !value.is_null());
    let text = |field: &str| {
        resource
            .and_then(|what| what.str_at(&[field]))
            .unwrap_or_default()
    };
    let other = |field: &str| spec.str_at(&["nonResourceAttributes", field]).unwrap_or_default();
    let (selectors, mut errors) = resource.map(read_selectors).unwrap_or_default();
    let attributes = match resource {
        Some(_) => Attributes {
            is_resource: true,
            verb: text("verb"),
            group: text("group"),
            version: text("version"),
            resource: text("resource"),
            subresource: text("subresource"),
            namespace: text("namespace"),
            name: text("name"),
            path: "",
            selectors: Some(&selectors),
        },
        None => Attributes::path(other("verb"), other("path")),
    };
    let decision = chain.decide(user, &attributes).await;
    errors.extend(decision.error);
    let mut status = Map::new();
    status.insert("allowed", decision.verdict == Verdict::Allow);
    if decision.verdict == Verdict::Deny {
        status.insert("denied", true);
    }
    if !decision.reason.is_empty() {
        status.insert("reason", decision.reason);
    }
    match errors.as_slice() {
        [] => {}
        [one] => drop(status.insert("evaluationError", one.clone())),
        many => drop(status.insert("evaluationError", format!("[{}]", many.join(", ")))),
    }
    Value::Map(status)
}

/// The selectors that a review names, and complaints of what cannot be read of them.
fn read_selectors(resource: &Value) -> (Selectors, Vec<String>) {
    let mut selectors = Selectors::default();
    let mut errors = Vec::new();
    match field_requirements(resource) {
        Some(found) => selectors.fields = found,
        None => errors.push("spec.resourceAttributes.fieldSelector ignored due to parse error".to_owned()),
    }
    match label_requirements(resource) {
        Some(found) => selectors.labels = found,
        None => errors.push("spec.resourceAttributes.labelSelector ignored due to parse error".to_owned()),
    }
    (selectors, errors)
}

fn field_requirements(resource: &Value) -> Option<Vec<FieldRequirement>> {
    if let Some(raw) = resource
        .str_at(&["fieldSelector", "rawSelector"])
        .filter(|raw| !raw.is_empty())
    {
        let selector = selector::field::Selector::parse(raw).ok()?;
        return Some(selector.terms().iter().map(FieldRequirement::of).collect());
    }
    let mut found = Vec::new();
    for one in resource.list_at(&["fieldSelector", "requirements"]) {
        let (operator, values) = (one.str_at(&["operator"])?, one.list_at(&["values"]));
        let field = SmolStr::new(one.str_at(&["key"])?);
        let value = || SmolStr::new(values.first().and_then(Value::as_str).unwrap_or_default());
        match (operator, values.len()) {
            ("In", 1) => found.push(FieldRequirement {
                field,
                equal: true,
                value: value(),
            }),
            ("NotIn", 1) => found.push(FieldRequirement {
                field,
                equal: false,
                value: value(),
            }),
            // What a field selector cannot say is left out: the request is then taken to ask for more.
            ("In" | "NotIn", _) | ("Exists" | "DoesNotExist", 0) => {}
            _ => return None,
        }
    }
    Some(found)
}

fn label_requirements(resource: &Value) -> Option<Vec<LabelRequirement>> {
    if let Some(raw) = resource
        .str_at(&["labelSelector", "rawSelector"])
        .filter(|raw| !raw.is_empty())
    {
        let selector = selector::label::Selector::parse(raw).ok()?;
        return Some(selector.requirements().iter().map(LabelRequirement::of).collect());
    }
    let one = |one: &Value| {
        let values: Vec<SmolStr> = one
            .list_at(&["values"])
            .iter()
            .filter_map(Value::as_str)
            .map(SmolStr::new)
            .collect();
        let operator = one.str_at(&["operator"])?;
        let is_good = match operator {
            "In" | "NotIn" => !values.is_empty(),
            "Exists" | "DoesNotExist" => values.is_empty(),
            _ => false,
        };
        let key = SmolStr::new(one.str_at(&["key"])?);
        is_good.then(|| LabelRequirement {
            key,
            operator: operator.into(),
            values,
        })
    };
    resource
        .list_at(&["labelSelector", "requirements"])
        .iter()
        .map(one)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn reviews_ask_for_one_thing_of_somebody() {
        let told = |review, spec: Value| -> Vec<String> {
            let errors = validate(review, &spec);
            errors.iter().map(ToString::to_string).collect()
        };
        let (resource, other) = (
            || tree!({"verb": "get", "resource": "pods", "namespace": "n"}),
            || tree!({"verb": "get", "path": "/x"}),
        );
        let neither = "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified";
        let both = "spec.nonResourceAttributes: Invalid value: {\"Path\":\"/x\",\"Verb\":\"get\"}: cannot be specified in combination with resourceAttributes";
        let nobody = "spec.user: Invalid value: \"\": at least one of user or group must be specified";
        let asks_both =
            || tree!({"user": "u", "resourceAttributes": (resource()), "nonResourceAttributes": (other())});
        for review in [Review::OfSelf, Review::OfAnybody] {
            assert_eq!(told(review, tree!({"user": "u"})), [neither]);
            assert_eq!(told(review, asks_both()), [both]);
        }
        assert_eq!(
            told(Review::OfAnybody, tree!({"resourceAttributes": (resource())})),
            [nobody]
        );
        assert_eq!(
            told(
                Review::OfAnybody,
                tree!({"groups": ["g"], "resourceAttributes": (resource())})
            ),
            [""; 0]
        );
        assert_eq!(
            told(
                Review::Local("o"),
                tree!({"user": "u", "resourceAttributes": (resource())})
            ),
            ["spec.resourceAttributes.namespace: Invalid value: \"n\": must match metadata.namespace"]
        );
        assert_eq!(
            told(
                Review::Local("o"),
                tree!({"user": "u", "nonResourceAttributes": (other())})
            ),
            [
                "spec.nonResourceAttributes: Invalid value: {\"Path\":\"/x\",\"Verb\":\"get\"}: disallowed on this kind of request"
            ]
        );
    }

    #[test]
    fn selectors_of_reviews_have_one_form() {
        for field in ["fieldSelector", "labelSelector"] {
            let told = |selector: Value| -> Vec<String> {
                let mut spec = tree!({"resourceAttributes": {"verb": "list", "resource": "pods"}});
                let map = spec.as_map_mut().expect("a map");
                map.map_at("resourceAttributes").insert(field, selector);
                let errors = validate(Review::OfSelf, &spec);
                errors.iter().map(ToString::to_string).collect()
            };
            let at = format!("spec.resourceAttributes.{field}");
            let requirement = || tree!({"key": "k", "operator": "In", "values": ["v"]});
            assert_eq!(told(tree!({"rawSelector": "k=v"})), [""; 0]);
            assert_eq!(told(tree!({"requirements": [(requirement())]})), [""; 0]);
            assert_eq!(
                told(tree!({})),
                [format!(
                    "{at}.requirements: Required value: when {at} is specified, requirements or rawSelector is required"
                )]
            );
            assert_eq!(
                told(tree!({"rawSelector": "k=v", "requirements": [(requirement())]})),
                [format!(
                    "{at}.rawSelector: Invalid value: \"k=v\": may not specified at the same time as requirements"
                )]
            );
        }
    }
}
