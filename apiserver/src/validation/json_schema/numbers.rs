//! Numbers: bounds, multiples, and the ranges of their formats.

use schema::{Value, json};

use super::{Found, Problem};

/// Checks a number.
pub(super) fn check(schema: &Value, value: &Value, path: &str) -> Found {
    let mut found = Found::default();
    in_range(schema, value, path, &mut found);
    if let Some(factor) = limit(schema, "multipleOf") {
        multiple(value, factor, path, &mut found);
    }
    let is_exclusive = |name: &str| schema.bool_at(&[name]) == Some(true);
    if let Some(min) = limit(schema, "minimum") {
        let exclusive = is_exclusive("exclusiveMinimum");
        if below(value, min) || exclusive && !below(value, min) && !above(value, min) {
            let or = if exclusive { "" } else { " or equal to" };
            let message = format!("{path} in body should be greater than{or} {}", shown(value, min));
            found.add(Problem::invalid(path, value, message));
        }
    }
    if let Some(max) = limit(schema, "maximum") {
        let exclusive = is_exclusive("exclusiveMaximum");
        if above(value, max) || exclusive && !below(value, max) && !above(value, max) {
            let or = if exclusive { "" } else { " or equal to" };
            let message = format!("{path} in body should be less than{or} {}", shown(value, max));
            found.add(Problem::invalid(path, value, message));
        }
    }
    found.matches += 1;
    found
}

/// Whether two values are the same, numbers of either form by what they amount to.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(int), Value::Float(float)) | (Value::Float(float), Value::Int(int)) => {
            *int as f64 == *float
        }
        _ => a == b,
    }
}

fn limit(schema: &Value, name: &str) -> Option<f64> {
    schema.get(name).and_then(number)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// Whether a number is below a limit. Whole numbers are compared with the whole part of it.
fn below(value: &Value, limit: f64) -> bool {
    match value {
        Value::Int(number) => *number < limit as i64,
        other => number(other).is_some_and(|number| number < limit),
    }
}

fn above(value: &Value, limit: f64) -> bool {
    match value {
        Value::Int(number) => *number > limit as i64,
        other => number(other).is_some_and(|number| number > limit),
    }
}

fn shown(value: &Value, limit: f64) -> String {
    match value {
        Value::Int(_) => (limit as i64).to_string(),
        _ => json::to_string(&Value::Float(limit)),
    }
}

fn multiple(value: &Value, factor: f64, path: &str, found: &mut Found) {
    let factor_shown = shown(value, factor);
    if factor < 0.0 {
        let message = format!("factor MultipleOf declared for {path} must be positive: {factor_shown}");
        found.add(Problem::invalid(path, value, message));
        return;
    }
    let is_multiple = match value {
        // A factor below one counts as nothing, by which nothing is divided.
        Value::Int(number) => number.checked_rem(factor as i64).is_none_or(|rest| rest == 0),
        other => {
            let number = number(other).unwrap_or_default();
            let times = if factor < 1.0 {
                1.0 / factor * number
            } else {
                number / factor
            };
            (times - times.round()).abs() < 1e-9 * times.abs().max(1.0)
        }
    };
    if !is_multiple {
        let message = format!("{path} in body should be a multiple of {factor_shown}");
        found.add(Problem::invalid(path, value, message));
    }
}

/// Whether an integer fits its format.
fn in_range(schema: &Value, value: &Value, path: &str, found: &mut Found) {
    if schema.str_at(&["type"]) != Some("integer") {
        return;
    }
    let format = schema.str_at(&["format"]).unwrap_or_default();
    let fits = match value {
        Value::Int(number) => format != "int32" || i32::try_from(*number).is_ok(),
        Value::Float(number) => number.abs() < i64::MAX as f64 && number.fract() == 0.0,
        _ => true,
    };
    if !fits {
        let of = if format.is_empty() {
            " (default format)".to_owned()
        } else {
            format!(" with format {format}")
        };
        found.add(Problem::whole(format!(
            "Checked value must be of type integer{of} in {path}"
        )));
    }
}
