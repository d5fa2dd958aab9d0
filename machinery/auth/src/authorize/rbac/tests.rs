use proptest::prelude::*;
use schema::{Map, Value, tree};

use super::*;
use crate::authorize::Verdict;

const GROUP: &str = "rbac.authorization.k8s.io";

fn role(namespace: &str, name: &str, rules: Value) -> Value {
    tree!({"metadata": {"namespace": namespace, "name": name}, "rules": rules})
}

fn binding(namespace: &str, name: &str, (kind, of): (&str, &str), subjects: Value) -> Value {
    tree!({"metadata": {"namespace": namespace, "name": name}, "subjects": subjects,
        "roleRef": {"apiGroup": GROUP, "kind": kind, "name": of}})
}

#[test]
fn reasons_read_as_those_of_the_reference() {
    let rbac = Rbac::default();
    rbac.put(
        Kind::ClusterRole,
        &role(
            "",
            "r",
            tree!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]),
        ),
    );
    let subjects =
        tree!([{"kind": "Group", "name": "g"}, {"kind": "ServiceAccount", "name": "sa", "namespace": "n"}]);
    rbac.put(
        Kind::ClusterRoleBinding,
        &binding("", "b", ("ClusterRole", "r"), subjects),
    );
    let local = tree!([{"kind": "User", "name": "joe"}]);
    rbac.put(Kind::RoleBinding, &binding("n", "l", ("ClusterRole", "r"), local));
    let get = Attributes::resource("get", "", "pods", "n", "");
    let reason = |user: &User| rbac.decide(user, &get).reason;
    assert_eq!(
        reason(&User::new("x", "", &["g"])),
        "RBAC: allowed by ClusterRoleBinding \"b\" of ClusterRole \"r\" to Group \"g\""
    );
    assert_eq!(
        reason(&User::new("system:serviceaccount:n:sa", "", &[])),
        "RBAC: allowed by ClusterRoleBinding \"b\" of ClusterRole \"r\" to ServiceAccount \"sa/n\""
    );
    assert_eq!(
        reason(&User::new("joe", "", &[])),
        "RBAC: allowed by RoleBinding \"l/n\" of ClusterRole \"r\" to User \"joe\""
    );
}

#[test]
fn a_role_that_is_missing_is_told_and_counts_once_it_is_there() {
    let rbac = Rbac::default();
    let joe = User::new("joe", "", &[]);
    rbac.put(
        Kind::RoleBinding,
        &binding("n", "b", ("Role", "r"), tree!([{"kind": "User", "name": "joe"}])),
    );
    let get = Attributes::resource("get", "", "pods", "n", "");
    let before = rbac.decide(&joe, &get);
    assert_eq!(before.verdict, Verdict::NoOpinion);
    assert_eq!(
        before.reason,
        "RBAC: role.rbac.authorization.k8s.io \"r\" not found"
    );
    let rules = || tree!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]);
    rbac.put(Kind::Role, &role("n", "r", rules()));
    assert!(rbac.decide(&joe, &get).is_allowed());
    rbac.replace(Kind::Role, []);
    assert!(!rbac.decide(&joe, &get).is_allowed());
    rbac.put(Kind::Role, &role("n", "r", rules()));
    rbac.remove(Kind::RoleBinding, "n", "b");
    assert!(!rbac.decide(&joe, &get).is_allowed());
}

#[test]
fn what_an_issuer_says_of_itself_is_for_everybody() {
    let rbac = Rbac::default();
    let allowed = |group: &str, verb: &str, path: &str| {
        let user = User::new("x", "", &[group]);
        rbac.decide(&user, &Attributes::path(verb, path)).is_allowed()
    };
    for group in [User::AUTHENTICATED, User::UNAUTHENTICATED] {
        assert!(allowed(group, "get", "/.well-known/openid-configuration"));
        assert!(!allowed(group, "post", "/.well-known/openid-configuration"));
        assert!(!allowed(group, "get", "/openid/v1/jwks"));
        assert!(!allowed(group, "get", "/.well-knownx"));
        assert_eq!(rbac.user_rules(&User::new("x", "", &[group]), "n").paths.len(), 1);
    }
    assert!(!allowed("g", "get", "/.well-known"));
}

#[test]
fn what_is_missing_is_listed_as_by_the_reference() {
    let rbac = Rbac::default();
    let held = tree!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]);
    rbac.put(Kind::Role, &role("n", "r", held));
    rbac.put(
        Kind::RoleBinding,
        &binding("n", "b", ("Role", "r"), tree!([{"kind": "User", "name": "esc"}])),
    );
    let esc = User::new("esc", "", &[User::AUTHENTICATED]);
    let wanted = role(
        "n",
        "w",
        tree!([{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "secrets"]},
            {"verbs": ["get", "update"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["one"]}]),
    );
    assert_eq!(
        rbac.confirm_held(&esc, "n", &Rule::all_of(&wanted)),
        Err(Escalation::NotHeld(
            "user \"esc\" (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n\
             {APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"list\"]}\n\
             {APIGroups:[\"\"], Resources:[\"secrets\"], ResourceNames:[\"one\"], Verbs:[\"get\" \"update\"]}\n\
             {APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\" \"list\"]}"
                .to_owned()
        ))
    );
    let missing = RoleRef {
        kind: "Role",
        name: "absent",
    };
    assert_eq!(
        rbac.confirm_bindable(&esc, "n", &missing),
        Err(Escalation::NoSuchRole("absent".to_owned()))
    );
    assert_eq!(
        rbac.confirm_bindable(
            &esc,
            "n",
            &RoleRef {
                kind: "Role",
                name: "r"
            }
        ),
        Ok(())
    );
}

/// An independent model: all objects by name, every question asked of every rule by the words of the documentation.
#[derive(Debug, Default)]
struct Model {
    roles: HashMap<(String, String), Value>,
    bindings: HashMap<(String, String), Value>,
}

use std::collections::HashMap;

impl Model {
    fn allows(&self, user: &User, asked: &Attributes<'_>) -> bool {
        self.bindings.iter().any(|((namespace, _), binding)| {
            let in_scope = namespace.is_empty() || namespace == asked.namespace;
            let subjects = binding.list_at(&["subjects"]);
            in_scope
                && subjects.iter().any(|subject| names(subject, namespace, user))
                && self.role_allows(namespace, binding, asked)
        })
    }

    fn role_allows(&self, namespace: &str, binding: &Value, asked: &Attributes<'_>) -> bool {
        let name = binding
            .str_at(&["roleRef", "name"])
            .unwrap_or_default()
            .to_owned();
        let of = if binding.str_at(&["roleRef", "kind"]) == Some("Role") {
            namespace
        } else {
            ""
        };
        let role = self.roles.get(&(of.to_owned(), name));
        role.is_some_and(|role| {
            role.list_at(&["rules"])
                .iter()
                .any(|rule| rule_allows(rule, asked))
        })
    }
}

fn names(subject: &Value, namespace: &str, user: &User) -> bool {
    let text = |field: &str| subject.str_at(&[field]).unwrap_or_default();
    match text("kind") {
        "User" => user.name == text("name"),
        "Group" => user.groups.iter().any(|group| group == text("name")),
        _ => {
            let of = if text("namespace").is_empty() {
                namespace
            } else {
                text("namespace")
            };
            !of.is_empty() && user.name == format!("system:serviceaccount:{of}:{}", text("name"))
        }
    }
}

fn rule_allows(rule: &Value, asked: &Attributes<'_>) -> bool {
    let list =
        |field: &str| -> Vec<&str> { rule.list_at(&[field]).iter().filter_map(Value::as_str).collect() };
    let has = |field: &str, word: &str| list(field).iter().any(|one| *one == "*" || *one == word);
    if !has("verbs", asked.verb) {
        return false;
    }
    if !asked.is_resource {
        return list("nonResourceURLs")
            .iter()
            .any(|url| match url.strip_suffix('*') {
                Some(start) => asked.path.starts_with(start),
                None => *url == asked.path,
            });
    }
    let resource = match asked.subresource {
        "" => has("resources", asked.resource),
        sub => {
            has("resources", &format!("{}/{sub}", asked.resource))
                || list("resources").contains(&&*format!("*/{sub}"))
        }
    };
    let names = list("resourceNames");
    has("apiGroups", asked.group) && resource && (names.is_empty() || names.contains(&asked.name))
}

const NAMESPACES: [&str; 3] = ["", "a", "b"];
const VERBS: [&str; 6] = ["get", "list", "delete", "use", "impersonate-on:x:get", "*"];
const GROUPS: [&str; 3] = ["", "apps", "*"];
const RESOURCES: [&str; 7] = [
    "pods",
    "pods/log",
    "*/scale",
    "deployments",
    "deployments/scale",
    "*",
    "*/log",
];
const PATHS: [&str; 5] = ["/healthz", "/logs/*", "/logs/a", "*", "/"];
const USERS: [&str; 3] = ["joe", "jane", "system:serviceaccount:a:sa"];
const TEAMS: [&str; 2] = ["dev", "ops"];

fn word(words: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    proptest::sample::select(words)
}

fn words(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let some = proptest::collection::vec(word(words), 1..3);
    some.prop_map(|words| Value::List(words.into_iter().map(Value::from).collect()))
}

fn a_rule() -> impl Strategy<Value = Value> {
    let names = prop_oneof![3 => Just(Value::List(Vec::new())), 1 => words(&["x", "y", "*"])];
    let resources = (words(&VERBS), words(&GROUPS), words(&RESOURCES), names).prop_map(|(verbs, groups, resources, names)| {
        tree!({"verbs": verbs, "apiGroups": groups, "resources": resources, "resourceNames": names})
    });
    let paths = (words(&VERBS), words(&PATHS))
        .prop_map(|(verbs, urls)| tree!({"verbs": verbs, "nonResourceURLs": urls}));
    prop_oneof![4 => resources, 1 => paths]
}

fn a_subject() -> impl Strategy<Value = Value> {
    prop_oneof![
        word(&USERS).prop_map(|name| tree!({"kind": "User", "name": name})),
        word(&TEAMS).prop_map(|name| tree!({"kind": "Group", "name": name})),
        word(&NAMESPACES)
            .prop_map(|namespace| tree!({"kind": "ServiceAccount", "name": "sa", "namespace": namespace})),
    ]
}

/// One change: an object put, or one removed.
#[derive(Clone, Debug)]
enum Change {
    Role(&'static str, &'static str, Option<Vec<Value>>),
    Binding(
        &'static str,
        &'static str,
        Option<(&'static str, &'static str, Vec<Value>)>,
    ),
    Relist,
}

fn a_change() -> impl Strategy<Value = Change> {
    let name = || word(&["r", "s", "t"]);
    let rules = proptest::option::weighted(0.8, proptest::collection::vec(a_rule(), 0..4));
    let subjects = proptest::collection::vec(a_subject(), 0..3);
    let bound = proptest::option::weighted(0.8, (word(&["Role", "ClusterRole"]), name(), subjects));
    prop_oneof![
        5 => (word(&NAMESPACES), name(), rules).prop_map(|(namespace, name, rules)| Change::Role(namespace, name, rules)),
        5 => (word(&NAMESPACES), name(), bound).prop_map(|(namespace, name, bound)| Change::Binding(namespace, name, bound)),
        1 => Just(Change::Relist),
    ]
}

fn kind(namespace: &str, of_cluster: Kind, of_namespace: Kind) -> Kind {
    if namespace.is_empty() {
        of_cluster
    } else {
        of_namespace
    }
}

fn apply(change: &Change, rbac: &Rbac, model: &mut Model) {
    match change {
        Change::Role(namespace, name, rules) => {
            let kind = kind(namespace, Kind::ClusterRole, Kind::Role);
            let key = ((*namespace).to_owned(), (*name).to_owned());
            match rules {
                Some(rules) => {
                    let object = role(namespace, name, Value::List(rules.clone()));
                    rbac.put(kind, &object);
                    model.roles.insert(key, object);
                }
                None => {
                    rbac.remove(kind, namespace, name);
                    model.roles.remove(&key);
                }
            }
        }
        Change::Binding(namespace, name, bound) => {
            let kind = kind(namespace, Kind::ClusterRoleBinding, Kind::RoleBinding);
            let key = ((*namespace).to_owned(), (*name).to_owned());
            match bound {
                Some((role_kind, role, subjects)) => {
                    // A binding of the cluster has a cluster role; validation sees to it.
                    let role_kind = if namespace.is_empty() {
                        "ClusterRole"
                    } else {
                        role_kind
                    };
                    let object = binding(namespace, name, (role_kind, role), Value::List(subjects.clone()));
                    rbac.put(kind, &object);
                    model.bindings.insert(key, object);
                }
                None => {
                    rbac.remove(kind, namespace, name);
                    model.bindings.remove(&key);
                }
            }
        }
        Change::Relist => {
            for kind in Kind::ALL {
                let of_cluster = matches!(kind, Kind::ClusterRole | Kind::ClusterRoleBinding);
                let from = if matches!(kind, Kind::Role | Kind::ClusterRole) {
                    &model.roles
                } else {
                    &model.bindings
                };
                let objects = from
                    .iter()
                    .filter(|((namespace, _), _)| namespace.is_empty() == of_cluster);
                rbac.replace(kind, objects.map(|(_, object)| object));
            }
        }
    }
}

fn questions() -> Vec<Attributes<'static>> {
    let mut all = Vec::new();
    for verb in ["get", "delete", "use", "impersonate-on:x:get", "watch"] {
        for path in ["/healthz", "/logs/a/b", "/", "/logs"] {
            all.push(Attributes::path(verb, path));
        }
        for namespace in NAMESPACES {
            for (group, resource, subresource) in [
                ("", "pods", ""),
                ("", "pods", "log"),
                ("apps", "deployments", "scale"),
                ("apps", "deployments", ""),
            ] {
                for name in ["", "x"] {
                    let asked = Attributes::resource(verb, group, resource, namespace, name);
                    all.push(Attributes { subresource, ..asked });
                }
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn decides_as_an_independent_model(changes in proptest::collection::vec(a_change(), 1..24)) {
        let (rbac, mut model) = (Rbac::default(), Model::default());
        let users: Vec<User> = USERS.iter().map(|name| User::new(name, "", &[])).chain([
            User::new("other", "", &["dev"]), User::new("joe", "", &["dev", "ops"]),
        ]).collect();
        let questions = questions();
        for change in &changes {
            apply(change, &rbac, &mut model);
        }
        for user in &users {
            for asked in &questions {
                let decision = rbac.decide(user, asked);
                prop_assert_eq!(decision.is_allowed(), model.allows(user, asked), "{:?} {:?}", user, asked);
                prop_assert_eq!(decision.is_allowed(), decision.reason.starts_with("RBAC: allowed by "));
            }
        }
    }

    /// Who holds rules that cover others may do all that those allow.
    #[test]
    fn covered_rules_allow_nothing_more(
        held in proptest::collection::vec(a_rule(), 0..4),
        wanted in proptest::collection::vec(a_rule(), 0..3),
    ) {
        let read = |rules: &[Value]| rules.iter().map(Rule::of).collect::<Vec<_>>();
        let missing = uncovered(&read(&held), &read(&wanted));
        prop_assert!(uncovered(&read(&held), &read(&held)).is_empty(), "rules cover themselves");
        if missing.is_empty() {
            for asked in questions() {
                let by_wanted = wanted.iter().any(|rule| rule_allows(rule, &asked));
                let by_held = held.iter().any(|rule| rule_allows(rule, &asked));
                prop_assert!(!by_wanted || by_held, "{:?}", asked);
            }
        }
        // What is missing is no less than what would make up for it.
        let mut both = read(&held);
        both.extend(missing);
        prop_assert!(uncovered(&both, &read(&wanted)).is_empty());
    }
}

#[test]
fn aggregated_roles_need_everything() {
    let rbac = Rbac::default();
    let joe = User::new("joe", "", &[]);
    let mut object = Map::new();
    object.insert(
        "aggregationRule",
        tree!({"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}),
    );
    let object = Value::Map(object);
    let chain = Arc::new(crate::authorize::Chain::new(Vec::new()));
    let write = |user: User, rbac: Arc<Rbac>, chain: Arc<crate::authorize::Chain>, object: Value| async move {
        confirm_write(&chain, &rbac, &user, Kind::ClusterRole, ("", ""), &object).await
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let rbac = Arc::new(rbac);
    let refused = runtime.block_on(write(joe, rbac.clone(), chain.clone(), object.clone()));
    let why = "must have cluster-admin privileges to use an aggregationRule".to_owned();
    assert_eq!(refused, Err(Escalation::NotHeld(why)));
    let root = User::new("root", "", &[User::MASTERS]);
    assert_eq!(runtime.block_on(write(root, rbac, chain, object)), Ok(()));
}
