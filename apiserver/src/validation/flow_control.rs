//! Flow control: which requests a schema takes, and what a priority level may have at a time.
//! That the mandatory objects stay as they are is in [`mandatory`].

mod mandatory;

use object::field::{Error, Printed, quote};
use object::names::{dns_label, dns_subdomain};
use schema::Value;

use super::place::Place;
use crate::strategy::Errors;

const EXEMPT: &str = "exempt";
const PRECEDENCE_MAX: i64 = 10_000;
const QUEUES_MAX: i64 = 10_000_000;
/// What dealing a hand of queues may cost in random bits.
const ENTROPY_BITS_MAX: i64 = 60;
const VERBS: [&str; 9] = [
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "proxy",
    "update",
    "watch",
];

/// A flow schema by itself.
pub fn schema(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    precedence(object, &spec.field("matchingPrecedence"), errors);
    let method = spec.field("distinguisherMethod");
    let kind = method.field("type");
    if method.is_set() && !["ByNamespace", "ByUser"].contains(&kind.text()) {
        let shown = Printed::raw(format!("{{\"Type\":{}}}", quote(kind.text())));
        errors.push(Error::not_supported(
            kind.path(),
            shown,
            &["ByNamespace", "ByUser"],
        ));
    }
    let level = spec.field("priorityLevelConfiguration").field("name");
    if level.is_empty() {
        errors.push(level.required("must reference a priority level"));
    } else {
        level.format(dns_subdomain, errors);
    }
    spec.field("rules").items().for_each(|rule| policy(&rule, errors));
    mandatory::schema(object, errors);
}

/// A flow schema after another.
pub fn schema_update(object: &Value, _old: &Value, errors: &mut Errors) {
    schema(object, errors);
}

/// A priority level by itself.
pub fn level(object: &Value, errors: &mut Errors) {
    let spec = Place::root(object, "spec");
    let (kind, limited, exempt) = (spec.field("type"), spec.field("limited"), spec.field("exempt"));
    let is_exempt = object.str_at(&["metadata", "name"]) == Some(EXEMPT);
    if is_exempt != (kind.text() == "Exempt") {
        errors.push(kind.invalid_text("must be 'Exempt' if and only if `name` is 'exempt'"));
    }
    match kind.text() {
        "Exempt" if limited.is_set() => {
            errors.push(limited.forbidden("must be nil if the type is not Limited"));
        }
        "Exempt" => shares(&exempt, errors),
        "Limited" if exempt.is_set() => errors.push(exempt.forbidden("must be nil if the type is Limited")),
        "Limited" if !limited.is_set() => {
            errors.push(limited.required("must not be empty when type is Limited"));
        }
        "Limited" => limits(&limited, errors),
        _ => kind.one_of(&["Exempt", "Limited"], errors),
    }
    mandatory::level(object, errors);
}

/// A priority level after another.
pub fn level_update(object: &Value, _old: &Value, errors: &mut Errors) {
    level(object, errors);
}

fn precedence(object: &Value, place: &Place<'_>, errors: &mut Errors) {
    let value = place.int();
    if value <= 0 {
        errors.push(place.invalid_int("must be a positive value"));
    }
    if value > PRECEDENCE_MAX {
        errors.push(place.invalid_int(format!("must not be greater than {PRECEDENCE_MAX}")));
    }
    if value == 1 && object.str_at(&["metadata", "name"]) != Some(EXEMPT) {
        errors.push(place.invalid_int("only the schema named 'exempt' may have matchingPrecedence 1"));
    }
}

fn policy(rule: &Place<'_>, errors: &mut Errors) {
    let (subjects, resources, others) = (
        rule.field("subjects"),
        rule.field("resourceRules"),
        rule.field("nonResourceRules"),
    );
    if subjects.is_empty() {
        errors.push(subjects.required("subjects must contain at least one value"));
    }
    subjects.items().for_each(|one| subject(&one, errors));
    if resources.is_empty() && others.is_empty() {
        let detail = "at least one of resourceRules and nonResourceRules has to be non-empty";
        errors.push(rule.required(detail));
    }
    resources.items().for_each(|one| resource_rule(&one, errors));
    others.items().for_each(|one| other_rule(&one, errors));
}

fn subject(place: &Place<'_>, errors: &mut Errors) {
    let kind = place.field("kind");
    let fields = [
        ("ServiceAccount", "serviceAccount"),
        ("User", "user"),
        ("Group", "group"),
    ];
    if !fields.iter().any(|(name, _)| *name == kind.text()) {
        errors.push(kind.not_supported(&["Group", "ServiceAccount", "User"]));
        return;
    }
    for (name, field) in fields {
        let inner = place.field(field);
        match (name == kind.text(), inner.is_set()) {
            (true, false) => {
                errors.push(inner.required(&format!("{field} is required when subject kind is '{name}'")));
            }
            (false, true) => {
                let detail = format!("{field} is forbidden when subject kind is not '{name}'");
                errors.push(inner.forbidden(detail));
            }
            (true, true) => named(&inner, name == "ServiceAccount", errors),
            (false, false) => {}
        }
    }
}

fn named(place: &Place<'_>, is_account: bool, errors: &mut Errors) {
    let name = place.field("name");
    if name.require(errors) && is_account && name.text() != "*" {
        name.format(dns_subdomain, errors);
    }
    let namespace = place.field("namespace");
    if is_account && namespace.is_empty() {
        errors.push(namespace.required("must specify namespace for service account"));
    } else if is_account {
        namespace.format(dns_label, errors);
    }
}

fn resource_rule(rule: &Place<'_>, errors: &mut Errors) {
    verbs(&rule.field("verbs"), errors);
    some_or_all(
        &rule.field("apiGroups"),
        "resource rules must supply at least one api group",
        "api groups",
        errors,
    );
    some_or_all(
        &rule.field("resources"),
        "resource rules must supply at least one resource",
        "resources",
        errors,
    );
    let namespaces = rule.field("namespaces");
    if namespaces.is_empty() && rule.field("clusterScope").is_true() {
        return;
    }
    let missing = "resource rules that are not cluster scoped must supply at least one namespace";
    if some_or_all(&namespaces, missing, "namespaces", errors) {
        namespaces.items().for_each(|one| one.format(dns_label, errors));
    }
}

fn other_rule(rule: &Place<'_>, errors: &mut Errors) {
    verbs(&rule.field("verbs"), errors);
    let urls = rule.field("nonResourceURLs");
    if some_or_all(
        &urls,
        "nonResourceURLs must contain at least one value",
        "non-resource URLs",
        errors,
    ) {
        for url in urls.items() {
            if let Some(detail) = url_problem(url.text()) {
                errors.push(url.invalid_text(detail));
            }
        }
    }
}

fn verbs(place: &Place<'_>, errors: &mut Errors) {
    let some = some_or_all(place, "verbs must contain at least one value", "verbs", errors);
    if some && place.texts().iter().any(|verb| !VERBS.contains(verb)) {
        errors.push(Error::not_supported(place.path(), place.value(), &VERBS));
    }
}

/// Requires items, and `*` to be alone; whether there are items other than that.
fn some_or_all(place: &Place<'_>, missing: &str, what: &str, errors: &mut Errors) -> bool {
    let texts = place.texts();
    let has_all = texts.contains(&"*");
    if texts.is_empty() {
        errors.push(place.required(missing));
    } else if has_all && texts.len() > 1 {
        errors.push(place.invalid(format!("if '*' is present, must not specify other {what}")));
    }
    !texts.is_empty() && !has_all
}

fn url_problem(path: &str) -> Option<&'static str> {
    let stars = path.matches('*').count();
    match path {
        "" => Some("must not be empty"),
        "/" => None,
        _ if !path.starts_with('/') => Some("must start with slash"),
        _ if path.contains(' ') => Some("must not contain white-space"),
        _ if path.contains("//") => Some("must not contain double slash"),
        _ if stars > 1 || stars == 1 && !path.ends_with("/*") => Some("wildcard can only do suffix matching"),
        _ => None,
    }
}

fn limits(limited: &Place<'_>, errors: &mut Errors) {
    shares_at_least_none(limited, errors);
    response(&limited.field("limitResponse"), errors);
    lendable(limited, errors);
    let borrowing = limited.field("borrowingLimitPercent");
    if borrowing.int() < 0 {
        errors.push(borrowing.invalid_int("if specified, must be a non-negative integer"));
    }
}

fn shares(place: &Place<'_>, errors: &mut Errors) {
    shares_at_least_none(place, errors);
    lendable(place, errors);
}

fn shares_at_least_none(place: &Place<'_>, errors: &mut Errors) {
    let shares = place.field("nominalConcurrencyShares");
    if shares.int() < 0 {
        errors.push(shares.invalid_int("must be a non-negative integer"));
    }
}

fn lendable(place: &Place<'_>, errors: &mut Errors) {
    let percent = place.field("lendablePercent");
    if !(0..=100).contains(&percent.int()) {
        errors.push(percent.invalid_int("must be between 0 and 100, inclusive"));
    }
}

fn response(place: &Place<'_>, errors: &mut Errors) {
    let (kind, queuing) = (place.field("type"), place.field("queuing"));
    match (kind.text(), queuing.is_set()) {
        ("Reject", true) => {
            errors.push(queuing.forbidden("must be nil if limited.limitResponse.type is not Limited"));
        }
        ("Reject", false) => {}
        ("Queue", false) => {
            errors.push(queuing.required("must not be empty if limited.limitResponse.type is Limited"));
        }
        ("Queue", true) => queues(&queuing, errors),
        _ => errors.push(kind.not_supported(&["Queue", "Reject"])),
    }
}

fn queues(place: &Place<'_>, errors: &mut Errors) {
    let (length, queues, hand) = (
        place.field("queueLengthLimit"),
        place.field("queues"),
        place.field("handSize"),
    );
    for positive in [&length, &queues, &hand] {
        if positive.int() <= 0 {
            errors.push(positive.invalid_int("must be positive"));
        }
    }
    if queues.int() > QUEUES_MAX {
        errors.push(queues.invalid_int(format!("must not be greater than {QUEUES_MAX}")));
    } else if hand.int() > queues.int() {
        let detail = format!("should not be greater than queues ({})", queues.int());
        errors.push(hand.invalid_int(detail));
    } else if hand.int() > 0 && entropy_bits(queues.int(), hand.int()) > ENTROPY_BITS_MAX {
        errors.push(hand.invalid_int(format!(
            "required entropy bits of deckSize {} and handSize {} should not be greater than {ENTROPY_BITS_MAX}",
            queues.int(),
            hand.int()
        )));
    }
}

fn entropy_bits(queues: i64, hand: i64) -> i64 {
    ((queues as f64).log2() * hand as f64).ceil() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn texts(check: fn(&Value, &mut Errors), spec: Value) -> Vec<String> {
        let mut errors = Errors::new();
        check(&tree!({"metadata": {"name": "a"}, "spec": spec}), &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_rule_is_for_somebody_and_something() {
        let spec = tree!({"matchingPrecedence": 5i64, "priorityLevelConfiguration": {"name": "x"}, "rules": [{"subjects": []}]});
        assert_eq!(texts(schema, spec).len(), 2);
        let rule = tree!({
            "subjects": [{"kind": "User", "user": {"name": "u"}}],
            "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/a/*", "b"]}],
        });
        let spec = tree!({"matchingPrecedence": 5i64, "priorityLevelConfiguration": {"name": "x"}, "rules": [(rule)]});
        let text = r#"spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "b": must start with slash"#;
        assert_eq!(texts(schema, spec), [text]);
    }

    #[test]
    fn hands_are_dealt_with_few_random_bits() {
        let level_of = |hand: i64| {
            let queuing = tree!({"queues": 128i64, "handSize": hand, "queueLengthLimit": 50i64});
            tree!({"type": "Limited", "limited": {"limitResponse": {"type": "Queue", "queuing": (queuing)}}})
        };
        assert_eq!(texts(level, level_of(8)), [""; 0]);
        assert_eq!(texts(level, level_of(9)).len(), 1);
        assert_eq!(texts(level, level_of(129)).len(), 1);
    }

    #[test]
    fn only_the_exempt_level_is_exempt() {
        let spec = tree!({"type": "Exempt", "limited": {"limitResponse": {"type": "Reject"}}});
        assert_eq!(texts(level, spec).len(), 2);
        assert_eq!(
            texts(level, tree!({"type": "Bogus", "limited": {}})),
            [r#"spec.type: Unsupported value: "Bogus": supported values: "Exempt", "Limited""#]
        );
    }
}
