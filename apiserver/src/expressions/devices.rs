//! Selectors of devices.

use std::sync::LazyLock;

use cel::{CompileError, Environment, Type};

use super::object;

/// Checks a selector; what is wrong with it is told in the reference's words.
pub fn check(text: &str) -> Result<(), String> {
    let analysis = DEVICES
        .check(text)
        .map_err(|issues| CompileError::from(issues).to_string())?;
    match analysis.result_type() {
        Type::Bool | Type::Dyn => Ok(()),
        other => Err(format!("must evaluate to bool or the unknown type, not {other}")),
    }
}

static DEVICES: LazyLock<Environment> = LazyLock::new(|| {
    let by_name = |of: Type| Type::map(Type::String, Type::map(Type::String, of));
    let device = object(
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
        assert_eq!(
            check("1"),
            Err("must evaluate to bool or the unknown type, not int".to_owned())
        );
        let broken = check("device.").expect_err("broken");
        assert_eq!(
            broken,
            "compilation failed: ERROR: <input>:1:8: Syntax error: no viable alternative at input '.'\n | device.\n | .......^"
        );
    }
}
