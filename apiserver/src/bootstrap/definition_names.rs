//! Names of custom resources: which of those that a definition asks for it gets. First come, first served within a group.
//! It decides; it reads and writes nothing, and serves no custom resource.

use schema::{Map, Value};

use super::conditions::{self, Condition};

/// The names that must be free, and what a taken one is called.
const SINGLE_NAMES: [(&str, Pool, &str); 2] = [
    ("plural", Pool::Resources, "PluralConflict"),
    ("singular", Pool::Resources, "SingularConflict"),
];
const KINDS: [(&str, Pool, &str); 2] = [
    ("kind", Pool::Kinds, "KindConflict"),
    ("listKind", Pool::Kinds, "ListKindConflict"),
];

#[derive(Clone, Copy)]
enum Pool {
    Resources,
    Kinds,
}

/// A definition with the names and conditions that it should have beside the others.
pub fn settled(definition: &Value, others: &[Value], now: &str) -> Value {
    let taken = Taken::of(definition, others);
    let asked = definition.at(&["spec", "names"]).cloned().unwrap_or_default();
    let had = definition
        .at(&["status", "acceptedNames"])
        .cloned()
        .unwrap_or_default();
    let mut accepted = had.as_map().cloned().unwrap_or_default();
    let mut conflict = None;
    for (field, pool, reason) in SINGLE_NAMES {
        take(
            field,
            &asked,
            &had,
            taken.pool(pool),
            &mut accepted,
            reason,
            &mut conflict,
        );
    }
    take_short_names(&asked, &had, &taken.resources, &mut accepted, &mut conflict);
    for (field, pool, reason) in KINDS {
        take(
            field,
            &asked,
            &had,
            taken.pool(pool),
            &mut accepted,
            reason,
            &mut conflict,
        );
    }
    copy("categories", &asked, &mut accepted);
    for required in ["kind", "plural"] {
        accepted.entry_or_insert_with(required, || "".into());
    }
    let mut next = definition.clone();
    if let Some(map) = next.as_map_mut() {
        map.map_at("status").insert("acceptedNames", accepted);
    }
    set_conditions(&mut next, conflict, now);
    if let Some(approval) = approval(definition) {
        conditions::set(&mut next, &approval, now);
    }
    next
}

/// Groups whose APIs are the Kubernetes community's.
const PROTECTED: [&str; 2] = [".k8s.io", ".kubernetes.io"];
const APPROVED: &str = "api-approved.kubernetes.io";

/// Whether a definition in a protected group says who approved it.
fn approval(definition: &Value) -> Option<Condition> {
    let group = definition.str_at(&["spec", "group"]).unwrap_or_default();
    let is_protected = PROTECTED
        .iter()
        .any(|suffix| group.ends_with(suffix) || group == &suffix[1..]);
    let said = definition
        .str_at(&["metadata", "annotations", APPROVED])
        .unwrap_or_default();
    let url = said
        .split_once("://")
        .filter(|(scheme, host)| !scheme.is_empty() && !host.is_empty());
    let see = "see https://github.com/kubernetes/enhancements/pull/1111";
    let (status, reason, message) = match said {
        _ if !is_protected => return None,
        "" => (
            "False",
            "MissingAnnotation",
            format!("protected groups must have approval annotation {APPROVED:?}, {see}"),
        ),
        said if said.starts_with("unapproved") => {
            ("False", "UnapprovedAnnotation", format!("not approved: {said:?}"))
        }
        said if url.is_some() => ("True", "ApprovedAnnotation", format!("approved in {said}")),
        _ => (
            "False",
            "InvalidAnnotation",
            format!(
                "protected groups must have approval annotation {APPROVED:?} with either a URL or a reason starting with \"unapproved\", {see}"
            ),
        ),
    };
    Some(Condition {
        kind: "KubernetesAPIApprovalPolicyConformant",
        status,
        reason,
        message,
    })
}

/// Names that the other definitions of the group hold.
#[derive(Default)]
struct Taken<'a> {
    resources: Vec<&'a str>,
    kinds: Vec<&'a str>,
}

impl<'a> Taken<'a> {
    fn of(definition: &Value, others: &'a [Value]) -> Self {
        let group = definition.str_at(&["spec", "group"]);
        let own = definition.str_at(&["metadata", "name"]);
        let mut taken = Self::default();
        for other in others.iter().filter(|other| {
            other.str_at(&["spec", "group"]) == group && other.str_at(&["metadata", "name"]) != own
        }) {
            let name = |field| other.str_at(&["status", "acceptedNames", field]);
            taken
                .resources
                .extend(["plural", "singular"].into_iter().filter_map(name));
            let short = other.list_at(&["status", "acceptedNames", "shortNames"]);
            taken.resources.extend(short.iter().filter_map(Value::as_str));
            taken
                .kinds
                .extend(["kind", "listKind"].into_iter().filter_map(name));
        }
        taken
    }

    fn pool(&self, pool: Pool) -> &[&'a str] {
        match pool {
            Pool::Resources => &self.resources,
            Pool::Kinds => &self.kinds,
        }
    }
}

type Conflict = Option<(&'static str, String)>;

fn take(
    field: &'static str,
    asked: &Value,
    had: &Value,
    taken: &[&str],
    accepted: &mut Map,
    reason: &'static str,
    conflict: &mut Conflict,
) {
    let name = |names: &Value| names.str_at(&[field]).unwrap_or_default().to_owned();
    let wanted = name(asked);
    if wanted != name(had) && taken.contains(&wanted.as_str()) {
        *conflict = Some((reason, in_use(&wanted)));
    } else {
        copy(field, asked, accepted);
    }
}

/// All of them, or those from before.
fn take_short_names(asked: &Value, had: &Value, taken: &[&str], accepted: &mut Map, conflict: &mut Conflict) {
    let held = had.list_at(&["shortNames"]);
    let refused: Vec<String> = asked
        .list_at(&["shortNames"])
        .iter()
        .filter(|name| !held.contains(name))
        .filter_map(Value::as_str)
        .filter(|name| taken.contains(name))
        .map(in_use)
        .collect();
    match refused.as_slice() {
        [] => copy("shortNames", asked, accepted),
        [one] => *conflict = Some(("ShortNamesConflict", one.clone())),
        several => *conflict = Some(("ShortNamesConflict", format!("[{}]", several.join(", ")))),
    }
}

fn in_use(name: &str) -> String {
    format!("{name:?} is already in use")
}

fn copy(field: &'static str, from: &Value, to: &mut Map) {
    match from.get(field) {
        Some(value) => drop(to.insert(field, value.clone())),
        None => drop(to.remove(field)),
    }
}

/// A definition that once was established stays so, whatever becomes of its names.
fn set_conditions(definition: &mut Value, conflict: Conflict, now: &str) {
    let accepted = conflict.is_none();
    let (status, reason, message) = match conflict {
        Some((reason, message)) => ("False", reason, message),
        None => ("True", "NoConflicts", "no conflicts found".to_owned()),
    };
    let names = Condition {
        kind: "NamesAccepted",
        status,
        reason,
        message,
    };
    conditions::set(definition, &names, now);
    if conditions::is_true(definition, "Established") {
        return;
    }
    let (status, reason, message) = match accepted {
        true => (
            "True",
            "InitialNamesAccepted",
            "the initial names have been accepted",
        ),
        false => ("False", "NotAccepted", "not all names are accepted"),
    };
    let established = Condition {
        kind: "Established",
        status,
        reason,
        message: message.to_owned(),
    };
    conditions::set(definition, &established, now);
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn definition(name: &str, kind: &str, short: &str) -> Value {
        tree!({"metadata": {"name": name}, "spec": {"group": "g", "names": {
            "plural": name, "singular": (format!("{name}1")), "kind": kind, "listKind": (format!("{kind}List")), "shortNames": [short]}}})
    }

    #[test]
    fn free_names_are_accepted() {
        let one = settled(&definition("a", "A", "x"), &[], "now");
        assert_eq!(one.at(&["status", "acceptedNames"]), one.at(&["spec", "names"]));
        assert!(conditions::is_true(&one, "NamesAccepted") && conditions::is_true(&one, "Established"));
        assert_eq!(settled(&one, std::slice::from_ref(&one), "later"), one);
    }

    #[test]
    fn taken_names_are_refused_one_by_one() {
        let one = settled(&definition("a", "A", "x"), &[], "now");
        let two = settled(&definition("b", "A", "x"), &[one], "now");
        assert_eq!(two.str_at(&["status", "acceptedNames", "kind"]), Some(""));
        assert_eq!(two.str_at(&["status", "acceptedNames", "plural"]), Some("b"));
        assert!(two.at(&["status", "acceptedNames", "shortNames"]).is_none());
        assert!(!conditions::is_true(&two, "Established"));
        let free = settled(&two, &[], "later");
        assert!(conditions::is_true(&free, "Established"));
    }

    #[test]
    fn protected_groups_say_who_approved() {
        let reason = |group: &str, said: &str| {
            let definition = tree!({"metadata": {"annotations": {"api-approved.kubernetes.io": said}}, "spec": {"group": group}});
            approval(&definition).map(|condition| (condition.status, condition.reason))
        };
        assert_eq!(reason("example.com", ""), None);
        assert_eq!(reason("x.k8s.io", ""), Some(("False", "MissingAnnotation")));
        assert_eq!(
            reason("x.k8s.io", "unapproved, testing"),
            Some(("False", "UnapprovedAnnotation"))
        );
        assert_eq!(
            reason("x.k8s.io", "https://example.com/1"),
            Some(("True", "ApprovedAnnotation"))
        );
        assert_eq!(reason("x.k8s.io", "yes"), Some(("False", "InvalidAnnotation")));
    }

    #[test]
    fn established_definitions_stay_so() {
        let one = settled(&definition("a", "A", "x"), &[], "now");
        let mut two = settled(&definition("b", "B", "y"), &[], "now");
        two.as_map_mut()
            .expect("a map")
            .map_at("spec")
            .map_at("names")
            .insert("kind", "A");
        let two = settled(&two, &[one], "later");
        assert!(conditions::is_true(&two, "Established") && !conditions::is_true(&two, "NamesAccepted"));
        assert_eq!(two.str_at(&["status", "acceptedNames", "kind"]), Some("B"));
    }
}
