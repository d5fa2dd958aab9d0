//! Tolerations of a pod that exists: more may come, and existing ones may last longer or shorter.

use schema::Value;

use super::super::place::Place;
use crate::strategy::Errors;

/// Refuses a change that takes tolerations away.
pub fn check(spec: &Place<'_>, before: &Place<'_>, errors: &mut Errors) {
    let (now, was) = (spec.field("tolerations"), before.field("tolerations"));
    let kept = was
        .list()
        .iter()
        .all(|old| now.list().iter().any(|new| identity(new) == identity(old)));
    if !kept {
        let problem = "existing toleration can not be modified except its tolerationSeconds";
        errors.push(now.forbidden(problem));
    }
}

fn identity(toleration: &Value) -> [Option<&str>; 4] {
    ["key", "operator", "value", "effect"].map(|name| toleration.str_at(&[name]))
}
