//! Volume claims: the old and the new field for a data source agree.

use schema::{Map, Value};

/// Fills whichever of the two is missing; a source in another namespace has no old form.
pub(super) fn decorate(claim: &mut Map) {
    let Some(Value::Map(spec)) = claim.get_mut("spec") else {
        return;
    };
    let field = |key| spec.get(key).filter(|value| !value.is_null()).cloned();
    match (field("dataSource"), field("dataSourceRef")) {
        (Some(source), None) => {
            spec.insert("dataSourceRef", source);
        }
        (None, Some(Value::Map(mut source))) if source.get("namespace").is_none_or(Value::is_zero) => {
            source.remove("namespace");
            spec.insert("dataSource", source);
        }
        _ => {}
    }
}
