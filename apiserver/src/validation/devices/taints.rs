//! Taints of devices, and what tolerates them.

use object::names::{label_value, qualified_name};

use super::super::place::Place;
use crate::strategy::Errors;

const EFFECTS: [&str; 3] = ["NoExecute", "NoSchedule", "None"];

/// A taint. An effect that the old taint has, `kept`, may stay.
pub fn taint(taint: &Place<'_>, kept: Option<&str>, errors: &mut Errors) {
    taint.field("key").format(qualified_name, errors);
    let value = taint.field("value");
    if !value.is_empty() {
        value.format(label_value, errors);
    }
    let effect = taint.field("effect");
    if kept != Some(effect.text()) {
        effect.require_one_of(&EFFECTS, errors);
    }
}

/// A toleration.
pub fn toleration(toleration: &Place<'_>, errors: &mut Errors) {
    let [key, operator, value, effect] =
        ["key", "operator", "value", "effect"].map(|field| toleration.field(field));
    if !key.is_empty() {
        key.format(qualified_name, errors);
    }
    match operator.text() {
        "Exists" if !value.is_empty() => {
            errors.push(value.invalid_text("must be empty for operator `Exists`"));
        }
        "Equal" => value.format(label_value, errors),
        _ => operator.require_one_of(&["Equal", "Exists"], errors),
    }
    if !effect.is_empty() {
        effect.one_of(&EFFECTS, errors);
    }
}
