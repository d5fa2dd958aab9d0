//! The mandatory objects of flow control, `exempt` and `catch-all`: without them some request might be for no level. What they say
//! is the server's, but for how much the exempt level lends.

use std::collections::HashMap;
use std::sync::LazyLock;

use schema::Value;

use super::super::internal_form;
use super::super::place::Place;
use crate::bootstrap::objects;
use crate::strategy::Errors;

const NAMES: [&str; 2] = ["exempt", "catch-all"];

/// The specs of the mandatory objects of a kind, by name.
type Specs = HashMap<&'static str, Value>;

static SCHEMAS: LazyLock<Specs> = LazyLock::new(|| specs("FlowSchema"));
static LEVELS: LazyLock<Specs> = LazyLock::new(|| specs("PriorityLevelConfiguration"));

fn specs(kind: &str) -> Specs {
    let spec = |name| Some((name, objects::flow_control(kind, name)?.get("spec")?.clone()));
    NAMES.into_iter().filter_map(spec).collect()
}

/// Requires a mandatory flow schema to say what it always says.
pub fn schema(object: &Value, errors: &mut Errors) {
    let (name, spec) = (name(object), Place::root(object, "spec"));
    if SCHEMAS.get(name).is_some_and(|fixed| fixed != spec.value()) {
        let shown = internal_form::compact("FlowSchemaSpec", spec.value());
        errors.push(spec.invalid_as(shown, format!("spec of '{name}' must equal the fixed value")));
    }
}

/// Requires the same of a mandatory priority level.
pub fn level(object: &Value, errors: &mut Errors) {
    let (name, spec) = (name(object), Place::root(object, "spec"));
    let is_exempt = name == super::EXEMPT;
    let is_fixed = |field: &str| !is_exempt || field != "exempt";
    let fixed_of = |spec: &Value| -> HashMap<String, Value> {
        let fields = spec.as_map().into_iter().flat_map(|map| map.iter());
        fields
            .filter(|(field, _)| is_fixed(field))
            .map(|(field, value)| (field.to_string(), value.clone()))
            .collect()
    };
    if LEVELS
        .get(name)
        .is_some_and(|fixed| fixed_of(fixed) != fixed_of(spec.value()))
    {
        let but = if is_exempt {
            " except the 'spec.exempt' field"
        } else {
            ""
        };
        let shown = internal_form::compact("PriorityLevelConfigurationSpec", spec.value());
        let detail = format!("spec of '{name}'{but} must equal the fixed value");
        errors.push(spec.invalid_as(shown, detail));
    }
}

fn name(object: &Value) -> &str {
    object::meta::of(object).name()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn told(
        check: fn(&Value, &mut Errors),
        kind: &str,
        name: &str,
        change: Option<(&'static str, Value)>,
    ) -> Vec<String> {
        let mut object = objects::flow_control(kind, name).expect("mandatory");
        if let Some((field, value)) = change {
            let map = object.as_map_mut().expect("a map");
            map.map_at("spec").insert(field, value);
        }
        let mut errors = Errors::new();
        check(&object, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn mandatory_objects_stay_as_they_are() {
        for name in NAMES {
            assert_eq!(told(schema, "FlowSchema", name, None), [""; 0]);
            assert_eq!(told(level, "PriorityLevelConfiguration", name, None), [""; 0]);
            let changed = told(
                schema,
                "FlowSchema",
                name,
                Some(("matchingPrecedence", tree!(5i64))),
            );
            let end = format!("spec of '{name}' must equal the fixed value");
            assert!(
                changed[0].starts_with("spec: Invalid value: {\"PriorityLevelConfiguration\""),
                "{changed:?}"
            );
            assert!(changed[0].ends_with(&end), "{changed:?}");
        }
        let limited = tree!({"lendablePercent": 0i64, "limitResponse": {"type": "Reject"}, "nominalConcurrencyShares": 9i64});
        let shown = r#"{"Type":"Limited","Limited":{"NominalConcurrencyShares":9,"LimitResponse":{"Type":"Reject","Queuing":null},"LendablePercent":0,"BorrowingLimitPercent":null},"Exempt":null}"#;
        assert_eq!(
            told(
                level,
                "PriorityLevelConfiguration",
                "catch-all",
                Some(("limited", limited))
            ),
            [format!(
                "spec: Invalid value: {shown}: spec of 'catch-all' must equal the fixed value"
            )]
        );
        let lends = tree!({"lendablePercent": 9i64, "nominalConcurrencyShares": 7i64});
        assert_eq!(
            told(
                level,
                "PriorityLevelConfiguration",
                "exempt",
                Some(("exempt", lends))
            ),
            [""; 0]
        );
        let changed = told(
            level,
            "PriorityLevelConfiguration",
            "exempt",
            Some(("type", tree!("Limited"))),
        );
        assert!(
            changed[0]
                .ends_with("spec of 'exempt' except the 'spec.exempt' field must equal the fixed value"),
            "{changed:?}"
        );
    }
}
