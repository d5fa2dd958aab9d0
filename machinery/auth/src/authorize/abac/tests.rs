use proptest::prelude::*;
use schema::Map;

use super::*;

const FILE: &str = r#"
    # one for each form
    {"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"user":"alice","namespace":"*","resource":"*","apiGroup":"*"}}
    {"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"group":"readers","readonly":true,"namespace":"a","resource":"pods"}}
    {"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"user":"*","readonly":true,"nonResourcePath":"/metrics/*"}}
    {"user":"old","namespace":"b"}
"#;

fn allowed(user: &str, groups: &[&str], attributes: Attributes<'_>) -> bool {
    let abac = Abac::parse(FILE).expect("well formed");
    abac.decide(&User::new(user, "", groups), &attributes)
        .is_allowed()
}

#[test]
fn policies_allow_what_they_say() {
    let of = |verb, namespace| Attributes::resource(verb, "", "pods", namespace, "");
    assert!(allowed("alice", &[], of("delete", "any")));
    assert!(!allowed("alice", &[], Attributes::path("get", "/x")));
    assert!(allowed("r", &["readers"], of("list", "a")));
    assert!(!allowed("r", &["readers"], of("create", "a")));
    assert!(!allowed("r", &["readers"], of("list", "b")));
    assert!(allowed("old", &[], of("create", "b")));
    assert!(!allowed("old", &[], of("create", "c")));
    let metrics = Attributes::path("get", "/metrics/x");
    assert!(allowed("any", &[User::AUTHENTICATED], metrics));
    assert!(!allowed("any", &[User::UNAUTHENTICATED], metrics));
}

#[test]
fn other_lines_are_refused() {
    for line in ["{", r#"{"apiVersion":"v2","kind":"Policy"}"#] {
        assert_eq!(Abac::parse(line).err().map(|error| error.line), Some(1), "{line}");
    }
}

const WORDS: [&str; 4] = ["", "*", "x", "y"];

/// The fields of a policy, each one of [`WORDS`], and whether it is for reading only.
type Fields = ([usize; 6], bool);

const NAMES: [&str; 6] = [
    "user",
    "group",
    "namespace",
    "resource",
    "apiGroup",
    "nonResourcePath",
];

fn line((at, read_only): &Fields) -> String {
    let mut spec = Map::new();
    for (name, at) in NAMES.iter().zip(at) {
        spec.insert(*name, WORDS[*at]);
    }
    spec.insert("readonly", *read_only);
    let policy = schema::tree!({"apiVersion": API_VERSION, "kind": "Policy", "spec": spec});
    json::to_string(&policy)
}

/// The documentation's words, one by one: every field that is set must match; a star is anything, and for users anybody who has
/// shown who they are.
fn by_the_book((at, read_only): &Fields, user: &User, asked: &Attributes<'_>) -> bool {
    let [name, group, namespace, resource, api_group, path] = at.map(|at| WORDS[at]);
    let anybody = name == "*" || group == "*";
    let of_user = match (name, group) {
        ("", "") => false,
        _ if anybody && !user.is_in(User::AUTHENTICATED) => false,
        _ => {
            (matches!(name, "" | "*") || name == user.name)
                && (matches!(group, "" | "*") || anybody || user.is_in(group))
        }
    };
    let matches = |policy: &str, asked: &str| policy == "*" || policy == asked;
    let about = match asked.is_resource {
        true => {
            matches(namespace, asked.namespace)
                && matches(resource, asked.resource)
                && matches(api_group, asked.group)
        }
        false => matches(path, asked.path),
    };
    of_user && about && (!read_only || ["get", "list", "watch"].contains(&asked.verb))
}

proptest! {
    #[test]
    fn policies_allow_what_the_documentation_says(
        policies in prop::collection::vec((prop::array::uniform6(0..WORDS.len()), any::<bool>()), 1..6),
        verb in prop::sample::select(vec!["get", "watch", "create"]),
    ) {
        let text: Vec<String> = policies.iter().map(line).collect();
        let abac = Abac::parse(&text.join("\n")).expect("well formed");
        let questions = [
            Attributes::resource(verb, "", "x", "y", ""),
            Attributes::resource(verb, "x", "y", "", ""),
            Attributes::path(verb, "x"),
        ];
        for groups in [&[][..], &["x"], &[User::AUTHENTICATED], &["y", User::AUTHENTICATED]] {
            for user in ["x", "z"].map(|name| User::new(name, "", groups)) {
                for asked in &questions {
                    let wanted = policies.iter().any(|policy| by_the_book(policy, &user, asked));
                    prop_assert_eq!(abac.decide(&user, asked).is_allowed(), wanted, "{:?} {:?}\n{}", user, asked, text.join("\n"));
                }
            }
        }
    }
}
