//! Kinds of the policy and RBAC groups.

use schema::Value;

use super::row::{Row, joined};
use super::{AGE, Column, NAME, integer, string, text};

pub(super) fn columns(kind: &str) -> Option<&'static [Column]> {
    Some(match kind {
        "ClusterRoleBinding" => CLUSTER_ROLE_BINDINGS,
        "PodDisruptionBudget" => DISRUPTION_BUDGETS,
        "RoleBinding" => ROLE_BINDINGS,
        _ => return None,
    })
}

const CLUSTER_ROLE_BINDINGS: &[Column] = &[
    NAME,
    string(
        "Role",
        text(concat!(
            "RoleRef can only reference a ClusterRole in the global namespace. ",
            "If the RoleRef cannot be resolved, the Authorizer must return an error."
        )),
        role,
    ),
    AGE,
    string("Users", text("Users in the clusterRoleBinding"), |row| {
        subjects(row, "User")
    })
    .wide(),
    string("Groups", text("Groups in the clusterRoleBinding"), |row| {
        subjects(row, "Group")
    })
    .wide(),
    string(
        "ServiceAccounts",
        text("ServiceAccounts in the clusterRoleBinding"),
        service_accounts,
    )
    .wide(),
];

const ROLE_BINDINGS: &[Column] = &[
    NAME,
    string(
        "Role",
        text(concat!(
            "RoleRef can reference a Role in the current namespace or a ClusterRole in the global namespace. ",
            "If the RoleRef cannot be resolved, the Authorizer must return an error."
        )),
        role,
    ),
    AGE,
    string("Users", text("Users in the roleBinding"), |row| {
        subjects(row, "User")
    })
    .wide(),
    string("Groups", text("Groups in the roleBinding"), |row| {
        subjects(row, "Group")
    })
    .wide(),
    string(
        "ServiceAccounts",
        text("ServiceAccounts in the roleBinding"),
        service_accounts,
    )
    .wide(),
];

const DISRUPTION_BUDGETS: &[Column] = &[
    NAME,
    string(
        "Min Available",
        text("The minimum number of pods that must be available."),
        |row| number_or_percent(row, "minAvailable"),
    ),
    string(
        "Max Unavailable",
        text("The maximum number of pods that may be unavailable."),
        |row| number_or_percent(row, "maxUnavailable"),
    ),
    integer(
        "Allowed Disruptions",
        text("Calculated number of pods that may be disrupted at this time."),
        |row| row.int(&["status", "disruptionsAllowed"]),
    ),
    AGE,
];

fn role(row: &Row<'_>) -> Value {
    Value::from(format!(
        "{}/{}",
        row.str(&["roleRef", "kind"]),
        row.str(&["roleRef", "name"])
    ))
}

fn subjects(row: &Row<'_>, kind: &str) -> Value {
    let subjects = of_kind(row, kind).map(|subject| subject.str_at(&["name"]).unwrap_or_default());
    Value::from(joined(subjects, ", "))
}

fn service_accounts(row: &Row<'_>) -> Value {
    let accounts = of_kind(row, "ServiceAccount").map(|subject| {
        let of = |field| subject.str_at(&[field]).unwrap_or_default();
        format!("{}/{}", of("namespace"), of("name"))
    });
    Value::from(joined(accounts, ", "))
}

fn of_kind<'a>(row: &Row<'a>, kind: &str) -> impl Iterator<Item = &'a Value> {
    row.list(&["subjects"])
        .iter()
        .filter(move |subject| subject.str_at(&["kind"]) == Some(kind))
}

fn number_or_percent(row: &Row<'_>, field: &str) -> Value {
    match row.object.at(&["spec", field]) {
        Some(Value::Int(number)) => Value::from(number.to_string()),
        Some(percent @ Value::String(_)) => percent.clone(),
        _ => Value::from("N/A"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::layout_of;
    use jiff::Timestamp;
    use schema::tree;

    #[test]
    fn subjects_are_listed_by_kind() {
        let binding = tree!({
            "metadata": {"name": "b"}, "roleRef": {"kind": "Role", "name": "r"},
            "subjects": [
                {"kind": "User", "name": "u1"}, {"kind": "User", "name": "u2"}, {"kind": "Group", "name": "g"},
                {"kind": "ServiceAccount", "name": "s", "namespace": "n"},
            ],
        });
        let cells =
            layout_of("rbac.authorization.k8s.io", "RoleBinding").cells(&binding, Timestamp::UNIX_EPOCH);
        assert_eq!(
            cells,
            ["b", "Role/r", "<unknown>", "u1, u2", "g", "n/s"].map(Value::from)
        );
    }

    #[test]
    fn a_budget_prints_numbers_and_shares_as_text() {
        let budget = tree!({"spec": {"minAvailable": 2i64, "maxUnavailable": "25%"}});
        let cells = layout_of("policy", "PodDisruptionBudget").cells(&budget, Timestamp::UNIX_EPOCH);
        assert_eq!(cells[1..3], ["2", "25%"].map(Value::from));
    }
}
