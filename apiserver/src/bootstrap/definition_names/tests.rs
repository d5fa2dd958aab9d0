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

/// Two servers that each saw one of two at once accept both; whoever looks next takes the names from the younger.
#[test]
fn of_two_that_hold_a_name_the_older_keeps_it() {
    let one = settled(&definition("a", "A", "x"), &[], "now");
    let two = settled(&definition("b", "A", "x"), &[], "now");
    let both = [one.clone(), two.clone()];
    assert_eq!(settled(&one, &both, "later"), one);
    let two = settled(&two, &both, "later");
    assert!(!conditions::is_true(&two, "Established") && !conditions::is_true(&two, "NamesAccepted"));
    assert_eq!(two.str_at(&["status", "acceptedNames", "kind"]), Some(""));
    assert!(two.at(&["status", "acceptedNames", "shortNames"]).is_none());
    assert_eq!(settled(&two, &both, "later still"), two);
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
