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
    let mut conflict = Conflict::default();
    for (field, pool, reason) in SINGLE_NAMES {
        let pool = taken.pool(pool);
        take(field, &asked, &had, pool, &mut accepted, reason, &mut conflict);
    }
    take_short_names(&asked, &had, &taken.resources, &mut accepted, &mut conflict);
    for (field, pool, reason) in KINDS {
        let pool = taken.pool(pool);
        take(field, &asked, &had, pool, &mut accepted, reason, &mut conflict);
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

/// Names that the other definitions of the group hold, each with whether its holder came first.
#[derive(Default)]
struct Taken<'a> {
    resources: Names<'a>,
    kinds: Names<'a>,
}

/// Names that others hold.
#[derive(Default)]
struct Names<'a> {
    all: Vec<&'a str>,
    /// Those whose holder is older. Only where two servers settled two definitions at once does the younger hold such a name too.
    of_elders: Vec<&'a str>,
}

impl<'a> Names<'a> {
    fn extend(&mut self, names: impl Iterator<Item = &'a str>, is_elder: bool) {
        let before = self.all.len();
        self.all.extend(names);
        if is_elder {
            self.of_elders.extend_from_slice(&self.all[before..]);
        }
    }

    /// Whether a definition that holds `held` of these may hold `name` beside the others.
    fn refuse(&self, name: &str, held: bool) -> bool {
        match held {
            true => self.of_elders.contains(&name),
            false => self.all.contains(&name),
        }
    }
}

impl<'a> Taken<'a> {
    fn of(definition: &Value, others: &'a [Value]) -> Self {
        let group = definition.str_at(&["spec", "group"]);
        let own = claim(definition);
        let mut taken = Self::default();
        for other in others
            .iter()
            .filter(|other| other.str_at(&["spec", "group"]) == group && claim(other).1 != own.1)
        {
            let is_elder = claim(other) < own;
            let name = |field| other.str_at(&["status", "acceptedNames", field]);
            let resources = ["plural", "singular"].into_iter().filter_map(name);
            let short = other.list_at(&["status", "acceptedNames", "shortNames"]);
            let resources = resources.chain(short.iter().filter_map(Value::as_str));
            taken.resources.extend(resources, is_elder);
            let kinds = ["kind", "listKind"].into_iter().filter_map(name);
            taken.kinds.extend(kinds, is_elder);
        }
        taken
    }

    fn pool(&self, pool: Pool) -> &Names<'a> {
        match pool {
            Pool::Resources => &self.resources,
            Pool::Kinds => &self.kinds,
        }
    }
}

/// What the older of two definitions has the lesser of: when it was created, and its name.
pub fn claim(definition: &Value) -> (Option<&str>, Option<&str>) {
    let at = |field| definition.str_at(&["metadata", field]);
    (at("creationTimestamp"), at("name"))
}

#[derive(Default)]
struct Conflict {
    /// Reason and message.
    why: Option<(&'static str, String)>,
    /// Whether a name went that the definition held.
    is_lost: bool,
}

fn take(
    field: &'static str,
    asked: &Value,
    had: &Value,
    taken: &Names<'_>,
    accepted: &mut Map,
    reason: &'static str,
    conflict: &mut Conflict,
) {
    let name = |names: &Value| names.str_at(&[field]).unwrap_or_default().to_owned();
    let wanted = name(asked);
    let held = wanted == name(had);
    if wanted.is_empty() || !taken.refuse(&wanted, held) {
        return copy(field, asked, accepted);
    }
    conflict.why = Some((reason, in_use(&wanted)));
    if held {
        conflict.is_lost = true;
        accepted.remove(field);
    }
}

/// All of them, or those from before.
fn take_short_names(
    asked: &Value,
    had: &Value,
    taken: &Names<'_>,
    accepted: &mut Map,
    conflict: &mut Conflict,
) {
    let held = had.list_at(&["shortNames"]);
    let refused: Vec<String> = asked
        .list_at(&["shortNames"])
        .iter()
        .filter_map(|name| Some((name.as_str()?, held.contains(name))))
        .filter(|(name, held)| taken.refuse(name, *held))
        .map(|(name, _)| in_use(name))
        .collect();
    conflict.why = match refused.as_slice() {
        [] => return copy("shortNames", asked, accepted),
        [one] => Some(("ShortNamesConflict", one.clone())),
        several => Some(("ShortNamesConflict", format!("[{}]", several.join(", ")))),
    };
    let still = held
        .iter()
        .filter(|name| !name.as_str().is_some_and(|name| taken.refuse(name, true)));
    match still.cloned().collect::<Vec<_>>() {
        still if still.is_empty() => drop(accepted.remove("shortNames")),
        still => drop(accepted.insert("shortNames", still)),
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

/// A definition that once was established stays so, whatever becomes of its names, unless they were an elder's all the time.
fn set_conditions(definition: &mut Value, conflict: Conflict, now: &str) {
    let accepted = conflict.why.is_none();
    let (status, reason, message) = match conflict.why {
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
    if conditions::is_true(definition, "Established") && !conflict.is_lost {
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
mod tests;
