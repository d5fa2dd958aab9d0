//! Profiles that a node confines containers with.

use super::*;
use object::field::Path;
use schema::{Value, tree};

fn told(check: fn(&Place<'_>, &mut Errors), profile: Value) -> Vec<String> {
    let mut errors = Errors::new();
    check(&Place::new(Some(&profile), Path::root("p")), &mut errors);
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn profiles_of_the_node_are_named() {
    let local = |name: &str| {
        told(
            check_app_armor,
            tree!({"type": "Localhost", "localhostProfile": name}),
        )
    };
    assert_eq!(local("a"), [""; 0]);
    let padded = "p.localhostProfile: Invalid value: \" a\": must not be padded with whitespace";
    assert_eq!(local(" a"), [padded]);
    assert_eq!(
        local(""),
        ["p.localhostProfile: Required value: must be set when AppArmor type is Localhost"]
    );
    assert_eq!(local(&"a".repeat(4096)).len(), 1);
    assert_eq!(
        told(check_app_armor, tree!({})),
        ["p.type: Required value: type is required when appArmorProfile is set"]
    );
}

#[test]
fn a_seccomp_profile_is_told_for_its_type_and_its_name() {
    let both = told(check_seccomp, tree!({"type": "Bogus", "localhostProfile": "a"}));
    assert!(
        both[0].starts_with("p.type: Unsupported value: \"Bogus\""),
        "{both:?}"
    );
    assert!(
        both[1].starts_with("p.localhostProfile: Invalid value: {"),
        "{both:?}"
    );
    assert!(
        both[1].ends_with(": can only be set when seccomp type is Localhost"),
        "{both:?}"
    );
}
