//! Kinds of the admissionregistration group.

use schema::Value;

use super::row::{Row, joined};
use super::{AGE, Column, NAME, integer, string, text};

pub(super) fn columns(kind: &str) -> Option<&'static [Column]> {
    Some(match kind {
        "MutatingAdmissionPolicy" => MUTATING_POLICIES,
        "ValidatingAdmissionPolicy" => VALIDATING_POLICIES,
        "MutatingAdmissionPolicyBinding" | "ValidatingAdmissionPolicyBinding" => BINDINGS,
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => WEBHOOKS,
        _ => return None,
    })
}

const PARAM_KIND: Column = string(
    "ParamKind",
    text("ParamKind specifies the kind of resources used to parameterize this policy"),
    |row| {
        let Some(kind) = row.object.at(&["spec", "paramKind"]) else {
            return Value::from("<unset>");
        };
        let of = |field| kind.str_at(&[field]).unwrap_or_default();
        Value::from(format!("{}/{}", of("apiVersion"), of("kind")))
    },
);

const MUTATING_POLICIES: &[Column] = &[
    NAME,
    integer(
        "Mutations",
        text("Mutation indicates the number of mutations rules defined in this configuration"),
        |row| Value::Int(row.count(&["spec", "mutations"])),
    ),
    PARAM_KIND,
    AGE,
];

const VALIDATING_POLICIES: &[Column] = &[
    NAME,
    integer(
        "Validations",
        text("Validations indicates the number of validation rules defined in this configuration"),
        |row| Value::Int(row.count(&["spec", "validations"])),
    ),
    PARAM_KIND,
    AGE,
];

const BINDINGS: &[Column] = &[
    NAME,
    string(
        "PolicyName",
        text("PolicyName indicates the policy definition which the policy binding binded to"),
        |row| row.text(&["spec", "policyName"]),
    ),
    string(
        "ParamRef",
        text("ParamRef indicates the param resource which sets the configuration param"),
        param_ref,
    ),
    AGE,
];

const WEBHOOKS: &[Column] = &[
    NAME,
    integer(
        "Webhooks",
        text("Webhooks indicates the number of webhooks registered in this configuration"),
        |row| Value::Int(row.count(&["webhooks"])),
    ),
    AGE,
];

fn param_ref(row: &Row<'_>) -> Value {
    let Some(params) = row.object.at(&["spec", "paramRef"]) else {
        return Value::from("<unset>");
    };
    let of = |field| params.str_at(&[field]).unwrap_or_default();
    match (of("name"), of("namespace"), params.get("selector")) {
        ("", _, Some(selector)) => Value::from(go_selector(selector)),
        ("", _, None) => Value::from("<unset>"),
        (name, "", _) => Value::from(format!("*/{name}")),
        (name, namespace, _) => Value::from(format!("{namespace}/{name}")),
    }
}

/// A LabelSelector as the reference's generated code writes it, which is what its clients see here.
fn go_selector(selector: &Value) -> String {
    let labels = selector
        .map_at(&["matchLabels"])
        .into_iter()
        .flat_map(|labels| labels.iter());
    let labels = labels.map(|(key, value)| format!("{key}: {},", value.as_str().unwrap_or_default()));
    let expressions = selector.list_at(&["matchExpressions"]).iter().map(|expression| {
        let of = |field| expression.str_at(&[field]).unwrap_or_default();
        let values = joined(
            expression.list_at(&["values"]).iter().filter_map(Value::as_str),
            " ",
        );
        format!(
            "LabelSelectorRequirement{{Key:{},Operator:{},Values:[{values}],}},",
            of("key"),
            of("operator")
        )
    });
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{}}},MatchExpressions:[]LabelSelectorRequirement{{{}}},}}",
        joined(labels, ""),
        joined(expressions, "")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn params_are_named_or_selected() {
        let cell = |params: Value| {
            let object = tree!({"spec": {"paramRef": params}});
            param_ref(&Row {
                object: &object,
                now: jiff::Timestamp::UNIX_EPOCH,
            })
        };
        assert_eq!(cell(tree!({"name": "p"})), Value::from("*/p"));
        assert_eq!(cell(tree!({"name": "p", "namespace": "n"})), Value::from("n/p"));
        let selected = cell(tree!({"selector": {
            "matchLabels": {"a": "b"}, "matchExpressions": [{"key": "k", "operator": "In", "values": ["x", "y"]}],
        }}));
        let expected = "&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{\
                        LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}";
        assert_eq!(selected, Value::from(expected));
    }
}
