//! Quantities and the names of what they measure.
//! Which resources a kind may name is with the kind.

use object::names;
use schema::quantity::Quantity;

use super::place::Place;
use crate::strategy::Errors;

/// Countable in whole numbers only.
const COUNTED: [&str; 9] = [
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];

/// A quantity; text that is none (decoding refuses it) counts as zero.
pub fn quantity(place: &Place<'_>) -> Quantity {
    parsed(place.text())
}

fn parsed(text: &str) -> Quantity {
    Quantity::parse(text).unwrap_or_else(|_| Quantity::parse("0").expect("zero is a quantity"))
}

/// Which of two is more.
pub fn compare(a: &Quantity, b: &Quantity) -> std::cmp::Ordering {
    a.minus(b).signum().cmp(&0)
}

/// Requires 0 or more, and whole numbers of what is countable.
pub fn amount(resource: &str, place: &Place<'_>, errors: &mut Errors) {
    not_negative(place, errors);
    if (is_counted(resource) || is_extended(resource)) && quantity(place).milli_value() % 1000 != 0 {
        errors.push(place.invalid("must be an integer"));
    }
}

/// Requires 0 or more.
pub fn not_negative(place: &Place<'_>, errors: &mut Errors) {
    if quantity(place).signum() < 0 {
        errors.push(place.invalid("must be greater than or equal to 0"));
    }
}

/// Requires more than 0.
pub fn positive(place: &Place<'_>, errors: &mut Errors) {
    if quantity(place).signum() <= 0 {
        errors.push(place.invalid("must be greater than zero"));
    }
}

/// Requires 0 or more, in the words for capacities.
pub fn basic(place: &Place<'_>, errors: &mut Errors) {
    let value = quantity(place).value();
    if value < 0 {
        errors.push(place.invalid_as(value, "must be a valid resource quantity"));
    }
}

/// Whether only whole numbers make sense, of the resources that are Kubernetes' own.
pub fn is_counted(resource: &str) -> bool {
    COUNTED.contains(&resource)
}

/// Whether a resource is Kubernetes' own.
pub fn is_native(resource: &str) -> bool {
    !resource.contains('/')
        || resource
            .split('/')
            .next()
            .is_some_and(|domain| domain == "kubernetes.io" || domain.ends_with(".kubernetes.io"))
}

/// Whether a resource is somebody else's, that nodes may offer.
pub fn is_extended(resource: &str) -> bool {
    !is_native(resource)
        && !resource.starts_with("requests.")
        && names::qualified_name(&format!("requests.{resource}")).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn errors(check: impl Fn(&Place<'_>, &mut Errors), text: &str) -> Vec<String> {
        let object = tree!({"q": text});
        let mut errors = Errors::new();
        check(&Place::root(&object, "q"), &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn amounts_are_not_negative_and_whole_where_countable() {
        let pods = |place: &Place<'_>, errors: &mut Errors| amount("pods", place, errors);
        let cpu = |place: &Place<'_>, errors: &mut Errors| amount("cpu", place, errors);
        assert_eq!(errors(pods, "3"), [""; 0]);
        assert_eq!(errors(cpu, "300m"), [""; 0]);
        assert_eq!(
            errors(pods, "300m"),
            [r#"q: Invalid value: "300m": must be an integer"#]
        );
        assert_eq!(
            errors(cpu, "-1"),
            [r#"q: Invalid value: "-1": must be greater than or equal to 0"#]
        );
        assert_eq!(
            errors(positive, "0"),
            [r#"q: Invalid value: "0": must be greater than zero"#]
        );
        assert_eq!(
            errors(basic, "-1"),
            ["q: Invalid value: -1: must be a valid resource quantity"]
        );
    }

    #[test]
    fn resources_with_a_foreign_domain_are_extended() {
        assert!(is_extended("example.com/gpu"));
        assert!(
            !is_extended("cpu")
                && !is_extended("kubernetes.io/x")
                && !is_extended("requests.example.com/gpu")
        );
    }
}
