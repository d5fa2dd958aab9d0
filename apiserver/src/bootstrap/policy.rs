//! What becomes of a default role or binding that is there already: what is missing in it is added, what others added stays, and
//! one that is marked not to be touched is left alone (the annotation `rbac.authorization.kubernetes.io/autoupdate`). It
//! compares objects; it reads and writes nothing.

use auth::authorize::rbac::{Rule, uncovered};
use schema::{Map, SmolStr, Value};

/// Where these objects are.
pub const GROUP: &str = "/apis/rbac.authorization.k8s.io/";
const AUTOUPDATE: &str = "rbac.authorization.kubernetes.io/autoupdate";

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Nothing.
    Keep,
    /// This is to be written in its place.
    Update(Value),
    /// It is to be deleted and made anew: what a binding refers to cannot be changed.
    Recreate,
}

/// The step from what is there to what should be.
pub fn step(current: &Value, wanted: &Value) -> Step {
    if current.str_at(&["metadata", "annotations", AUTOUPDATE]) == Some("false") {
        return Step::Keep;
    }
    if !is_same(current, wanted, "roleRef", &["apiGroup", "kind", "name"]) {
        return Step::Recreate;
    }
    let mut next = current.clone();
    let Some(map) = next.as_map_mut() else {
        return Step::Keep;
    };
    for field in ["labels", "annotations"] {
        add_texts(map, wanted, field);
    }
    extend(map, "rules", missing_rules(current, wanted));
    extend(
        map,
        "subjects",
        missing(current, wanted, &["subjects"], is_same_subject),
    );
    let selectors = ["aggregationRule", "clusterRoleSelectors"];
    let selectors = missing(current, wanted, &selectors, |one, other| one == other);
    if !selectors.is_empty() {
        extend(map.map_at("aggregationRule"), "clusterRoleSelectors", selectors);
    }
    match next == *current {
        true => Step::Keep,
        false => Step::Update(next),
    }
}

/// Adds labels or annotations that are missing; those that are there keep their values.
fn add_texts(to: &mut Map, wanted: &Value, field: &str) {
    let wanted = wanted.map_at(&["metadata", field]);
    for (key, value) in wanted.into_iter().flat_map(Map::iter) {
        let texts = to.map_at("metadata").map_at(field);
        if texts.get(key).is_none() {
            texts.insert(key.clone(), value.clone());
        }
    }
}

fn extend(map: &mut Map, field: &str, more: Vec<Value>) {
    if more.is_empty() {
        return;
    }
    let mut all = map
        .get(field)
        .and_then(Value::as_list)
        .unwrap_or_default()
        .to_vec();
    all.extend(more);
    map.insert(field, all);
}

/// Rules that those that are there do not cover, in their smallest parts.
fn missing_rules(current: &Value, wanted: &Value) -> Vec<Value> {
    let missing = uncovered(&Rule::all_of(current), &Rule::all_of(wanted));
    missing.iter().map(written).collect()
}

fn written(rule: &Rule) -> Value {
    let mut map = Map::new();
    let fields: [(&str, &[SmolStr]); 5] = [
        ("verbs", &rule.verbs),
        ("apiGroups", &rule.groups),
        ("resources", &rule.resources),
        ("resourceNames", &rule.names),
        ("nonResourceURLs", &rule.urls),
    ];
    for (field, texts) in fields.into_iter().filter(|(_, texts)| !texts.is_empty()) {
        map.insert(field, texts.iter().cloned().map(Value::from).collect::<Vec<_>>());
    }
    Value::Map(map)
}

/// Those of a wanted list that are not in the present one.
fn missing(
    current: &Value,
    wanted: &Value,
    path: &[&str],
    is_same: impl Fn(&Value, &Value) -> bool,
) -> Vec<Value> {
    let present = current.list_at(path);
    let is_missing = |one: &&Value| !present.iter().any(|other| is_same(one, other));
    wanted.list_at(path).iter().filter(is_missing).cloned().collect()
}

fn is_same_subject(one: &Value, other: &Value) -> bool {
    let same = |field: &&str| one.str_at(&[*field]) == other.str_at(&[*field]);
    ["kind", "namespace", "name"].iter().all(same)
}

/// Whether these fields of a part are the same.
fn is_same(one: &Value, other: &Value, part: &str, fields: &[&str]) -> bool {
    let same = |field: &&str| one.str_at(&[part, *field]) == other.str_at(&[part, *field]);
    fields.iter().all(same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn role(rules: Value) -> Value {
        let mut role = tree!({"metadata": {"name": "r", "labels": {"a": "b"}}, "rules": rules});
        let metadata = role.as_map_mut().expect("a map").map_at("metadata");
        metadata.map_at("annotations").insert(AUTOUPDATE, "true");
        role
    }

    fn binding(subjects: Value) -> Value {
        tree!({"metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": subjects})
    }

    fn updated(current: &Value, wanted: &Value) -> Value {
        match step(current, wanted) {
            Step::Update(next) => {
                assert_eq!(step(&next, wanted), Step::Keep, "once is enough");
                next
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_missing_is_added_and_what_others_added_stays() {
        let wanted = role(tree!([{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}]));
        assert_eq!(step(&wanted, &wanted), Step::Keep);
        let own = tree!({"verbs": ["*"], "apiGroups": ["x"], "resources": ["*"]});
        let mut current =
            role(tree!([(own.clone()), {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]));
        let next = updated(&current, &wanted);
        let rules = next.list_at(&["rules"]);
        assert_eq!((rules.len(), &rules[0]), (3, &own));
        assert_eq!(
            rules[2],
            tree!({"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]})
        );
        let all = role(tree!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]));
        assert_eq!(step(&all, &wanted), Step::Keep, "more than enough is enough");
        let labels = current
            .as_map_mut()
            .expect("a map")
            .map_at("metadata")
            .map_at("labels");
        labels.insert("a", "own");
        let kept = updated(&current, &wanted);
        assert_eq!(kept.str_at(&["metadata", "labels", "a"]), Some("own"));
    }

    #[test]
    fn bindings_get_back_their_subjects() {
        let group = tree!({"kind": "Group", "name": "g", "apiGroup": "rbac.authorization.k8s.io"});
        let own = tree!({"kind": "User", "name": "u"});
        let wanted = binding(tree!([(group.clone())]));
        let next = updated(&binding(tree!([(own.clone())])), &wanted);
        assert_eq!(next.list_at(&["subjects"]), [own, group]);
        let mut other = wanted.clone();
        other
            .as_map_mut()
            .expect("a map")
            .map_at("roleRef")
            .insert("name", "other");
        assert_eq!(step(&other, &wanted), Step::Recreate);
    }

    #[test]
    fn what_is_marked_is_left_alone() {
        let wanted = role(tree!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]));
        let mut current = role(tree!([]));
        let metadata = current.as_map_mut().expect("a map").map_at("metadata");
        metadata.map_at("annotations").insert(AUTOUPDATE, "false");
        assert_eq!(step(&current, &wanted), Step::Keep);
    }

    #[test]
    fn selectors_of_aggregation_are_added() {
        let aggregated = |selectors: Value| tree!({"metadata": {"name": "r"}, "aggregationRule": {"clusterRoleSelectors": selectors}});
        let (one, own) = (
            tree!({"matchLabels": {"a": "1"}}),
            tree!({"matchLabels": {"b": "2"}}),
        );
        let next = updated(
            &aggregated(tree!([(own.clone())])),
            &aggregated(tree!([(one.clone())])),
        );
        assert_eq!(
            next.list_at(&["aggregationRule", "clusterRoleSelectors"]),
            [own, one]
        );
    }
}
