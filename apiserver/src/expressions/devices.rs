//! Selectors of devices.

use std::sync::LazyLock;

use cel::cost::estimate::{Range, Sizes, Step};
use cel::{Analysis, CompileError, Environment, Type};

use crate::limits::{
    DEVICE_ATTRIBUTES_MAX, DEVICE_DOMAIN_BYTES_MAX, DEVICE_IDENTIFIER_BYTES_MAX, DEVICE_SELECTOR_COST_MAX,
    DEVICE_VALUE_BYTES_MAX,
};

/// What is wrong with a selector, in the reference's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It does not compile, or to something else.
    Invalid(String),
    /// It may cost too much.
    TooComplex,
}

/// Checks a selector.
pub fn check(text: &str) -> Result<(), Wrong> {
    let analysis = compiled(text).map_err(Wrong::Invalid)?;
    match analysis.cost(&Device).max {
        cost if cost > DEVICE_SELECTOR_COST_MAX => Err(Wrong::TooComplex),
        _ => Ok(()),
    }
}

fn compiled(text: &str) -> Result<Analysis, String> {
    let analysis = DEVICES
        .check(text)
        .map_err(|issues| CompileError::from(issues).to_string())?;
    match analysis.result_type() {
        Type::Bool | Type::Dyn => Ok(analysis),
        other => Err(format!("must evaluate to bool or the unknown type, not {other}")),
    }
}

/// The sizes of a device: attributes and capacities by domain, and by name within it.
struct Device;

impl Sizes for Device {
    fn size(&self, path: &[Step]) -> Option<Range> {
        let (Step::Name(field), inner) = path.get(1).zip(path.get(2..))? else {
            return None;
        };
        let max = match (field.as_str(), inner) {
            ("driver", []) => DEVICE_DOMAIN_BYTES_MAX,
            ("attributes" | "capacity", [] | [Step::Value | Step::Name(_)]) => DEVICE_ATTRIBUTES_MAX,
            ("attributes" | "capacity", [Step::Key]) => DEVICE_DOMAIN_BYTES_MAX,
            ("attributes" | "capacity", [_, Step::Key]) => DEVICE_IDENTIFIER_BYTES_MAX,
            ("attributes", [_, _]) => DEVICE_VALUE_BYTES_MAX,
            ("capacity", [_, _]) => 0,
            _ => return None,
        };
        Some(Range {
            min: 0,
            max: max as u64,
        })
    }
}

static DEVICES: LazyLock<Environment> = LazyLock::new(|| {
    let by_name = |of: Type| Type::map(Type::String, Type::map(Type::String, of));
    let device = Type::with_fields(
        "kubernetes.DRADevice",
        [
            ("driver", Type::String),
            ("attributes", by_name(Type::Dyn)),
            ("capacity", by_name(Type::Opaque("kubernetes.Quantity"))),
            ("allowMultipleAllocations", Type::Bool),
        ],
    );
    Environment::new().with("device", device).with_bind()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_tell_of_devices() {
        for good in [
            "device.driver == 'x'",
            "device.attributes['d'].model == 'm' && device.capacity['d'].memory.isGreaterThan(quantity('1Gi'))",
            "cel.bind(d, device.attributes['d'], d.one && d.two)",
            "device.attributes['d'].flag",
        ] {
            assert_eq!(check(good), Ok(()));
        }
        let told = |text| match check(text) {
            Err(Wrong::Invalid(told)) => told,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(told("1"), "must evaluate to bool or the unknown type, not int");
        assert_eq!(
            told("device."),
            "compilation failed: ERROR: <input>:1:8: Syntax error: no viable alternative at input '.'\n | device.\n | .......^"
        );
        let deep = "device.attributes.all(a, device.attributes.all(b, device.attributes.all(c, device.attributes.all(d, a + b == c + d))))";
        assert_eq!(check(deep), Err(Wrong::TooComplex));
    }
}
