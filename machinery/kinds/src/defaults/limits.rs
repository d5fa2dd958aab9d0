//! Defaults of limit ranges. What a limit range does to pods is admission's.

use schema::{Map, Value};

use super::{Family, Now, fill};

pub(super) const FAMILIES: &[Family] = &[Family {
    prefix: "io.k8s.api.core.v1.",
    rules: &[("LimitRangeItem", item)],
    nil: &[],
    empty: &[],
}];

/// Default limits are the maximum; default requests the default limits, else the minimum.
fn item(item: &mut Map, _: Now<'_>) {
    if fill::text(item, "type") != "Container" {
        return;
    }
    copy_absent(item, "max", "default");
    copy_absent(item, "default", "defaultRequest");
    copy_absent(item, "min", "defaultRequest");
}

fn copy_absent(item: &mut Map, from: &'static str, to: &'static str) {
    let Some(Value::Map(source)) = item.get(from).cloned() else {
        return;
    };
    if source.is_empty() {
        return;
    }
    let target = item.map_at(to);
    for (name, amount) in source {
        if !target.contains_key(&name) {
            target.insert(name, amount);
        }
    }
}
