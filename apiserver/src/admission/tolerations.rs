//! Tolerations as sets: which of two tolerates more, and several merged into the fewest. (`defaulttolerations` of the reference's
//! PodTolerationRestriction.)

use schema::Value;

/// The first and then the second, without those that others cover.
pub fn merged(first: &[Value], second: &[Value]) -> Vec<Value> {
    let all: Vec<&Value> = first.iter().chain(second).collect();
    let mut merged: Vec<Value> = Vec::new();
    for (index, one) in all.iter().enumerate() {
        let is_covered_before = merged.iter().any(|other| covers(other, one));
        let mut later = all[index + 1..].iter();
        // Of equal ones the first is kept.
        let is_covered_later = later.any(|other| other != one && covers(other, one));
        if !is_covered_before && !is_covered_later {
            merged.push((*one).clone());
        }
    }
    merged
}

/// Whether each is covered by an allowed one. Nothing is forbidden where nothing is listed.
pub fn all_allowed(tolerations: &[Value], allowed: &[Value]) -> bool {
    let is_allowed = |one: &Value| allowed.iter().any(|other| covers(other, one));
    allowed.is_empty() || tolerations.iter().all(is_allowed)
}

/// Whether all taints that `one` tolerates, `other` tolerates too, and for as long.
fn covers(other: &Value, one: &Value) -> bool {
    fn text<'a>(toleration: &'a Value, field: &str) -> &'a str {
        toleration.str_at(&[field]).unwrap_or_default()
    }
    if other == one {
        return true;
    }
    let exists = text(other, "operator") == "Exists";
    let any_key = text(other, "key").is_empty() && exists;
    let effect = text(other, "effect");
    if text(one, "key") != text(other, "key") && !any_key
        || text(one, "effect") != effect && !effect.is_empty()
    {
        return false;
    }
    let seconds = |toleration: &Value| toleration.int_at(&["tolerationSeconds"]);
    let too_short = |limit: i64| seconds(one).is_none_or(|asked| asked > limit);
    if effect == "NoExecute" && seconds(other).is_some_and(too_short) {
        return false;
    }
    let is_equal = |toleration: &Value| matches!(text(toleration, "operator"), "" | "Equal");
    exists || is_equal(other) && is_equal(one) && text(one, "value") == text(other, "value")
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn covered_ones_go_and_the_first_of_equals_stays() {
        let narrow = tree!({"key": "a", "operator": "Equal", "value": "x", "effect": "NoSchedule"});
        let wide = tree!({"key": "a", "operator": "Exists"});
        let other = tree!({"key": "b", "operator": "Exists"});
        let all = [narrow.clone(), wide.clone(), other.clone()];
        assert_eq!(merged(&all, std::slice::from_ref(&other)), [wide.clone(), other]);
        assert_eq!(merged(&[], &all[..1]), [narrow]);
        let everything = tree!({"operator": "Exists"});
        assert_eq!(merged(&all, std::slice::from_ref(&everything)), [everything]);
    }

    #[test]
    fn longer_is_not_covered_by_shorter() {
        let for_seconds = |seconds: i64| tree!({"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds});
        assert!(covers(&for_seconds(10), &for_seconds(5)));
        assert!(!covers(&for_seconds(5), &for_seconds(10)));
        let forever = tree!({"key": "a", "operator": "Exists", "effect": "NoExecute"});
        assert!(!covers(&for_seconds(5), &forever) && covers(&forever, &for_seconds(5)));
    }

    #[test]
    fn allowed_are_those_that_the_list_covers() {
        let allowed = [tree!({"key": "a", "operator": "Exists"})];
        let one = tree!({"key": "a", "value": "x"});
        let other = tree!({"key": "b", "value": "x"});
        assert!(all_allowed(std::slice::from_ref(&one), &allowed));
        assert!(!all_allowed(&[one, other.clone()], &allowed));
        assert!(all_allowed(&[other], &[]));
    }
}
