//! What `kinds` tables of a resource's writes, applied to trees: status isolation and generations.

use kinds::Resource;
use object::meta;
use schema::Value;

/// Fields that a change of does not count as a change of content.
const NOT_CONTENT: [&str; 4] = ["apiVersion", "kind", "metadata", "status"];

/// A new object has no status of the client's, and its first generation.
pub fn prepare_create(hub: &Resource, object: &mut Value) {
    if hub.write.status_cleared_on_create
        && let Some(map) = object.as_map_mut()
    {
        map.remove("status");
    }
    if hub.write.generation.set_on_create {
        meta::edit(object).set_generation(1);
    }
}

/// Takes back what a write through this endpoint cannot touch, then moves the generation.
pub fn prepare_update(hub: &Resource, subresource: &str, object: &mut Value, old: &Value) {
    meta::edit(object).set_generation(meta::of(old).generation());
    match subresource {
        "" if hub.write.status_kept_on_update => restore(object, old, &["status"]),
        "" => {}
        "status" => restore_for_status(hub, object, old),
        _ => {}
    }
}

/// Adds 1 to the generation if the content changed. Strategies have had their say before.
pub fn move_generation(hub: &Resource, subresource: &str, object: &mut Value, old: &Value) {
    if matches!(subresource, "status" | "approval" | "finalize") {
        return;
    }
    let before = meta::of(old).generation();
    if hub.write.generation.bumped_on_change && content_changed(hub, object, old) {
        meta::edit(object).set_generation(before + 1);
    }
}

fn restore_for_status(hub: &Resource, object: &mut Value, old: &Value) {
    // Who owns what is the server's to say; it has just done so.
    let owners = meta::of(object).managed_fields().to_vec();
    let paths = hub.write.reset_fields("status");
    for path in paths {
        let keys: Vec<&str> = path.split('.').collect();
        restore(object, old, &keys);
    }
    meta::edit(object).set_managed_fields(owners);
    // Whatever else there is beside metadata and status is content.
    let content: Vec<_> = [&*object, old]
        .into_iter()
        .filter_map(Value::as_map)
        .flat_map(|map| map.keys())
        .filter(|key| !NOT_CONTENT.contains(&key.as_str()))
        .cloned()
        .collect();
    for key in content {
        restore(object, old, &[&key]);
    }
}

/// Makes the value at a path what it was.
pub fn restore(object: &mut Value, old: &Value, path: &[&str]) {
    let Some((last, parents)) = path.split_last() else {
        return;
    };
    let kept = old.at(path).cloned();
    if kept.is_none() && object.at(path).is_none() {
        return;
    }
    let mut target = object.as_map_mut();
    for key in parents {
        target = target.map(|map| map.map_at(key));
    }
    let Some(target) = target else { return };
    match kept {
        Some(value) => target.insert(*last, value),
        None => target.remove(last),
    };
}

fn content_changed(hub: &Resource, object: &Value, old: &Value) -> bool {
    // The deployment controller acts on annotations too.
    let annotations_count = hub.group == "apps" && hub.resource == "deployments";
    if annotations_count && meta::of(object).annotations() != meta::of(old).annotations() {
        return true;
    }
    // The status of a custom object is content unless it is apart.
    let has_plain_status = hub.custom.is_some() && !hub.write.status_kept_on_update;
    let is_content = |key: &str| !NOT_CONTENT.contains(&key) || (has_plain_status && key == "status");
    let content = |value: &Value| -> Vec<_> {
        let entries = value.as_map().into_iter().flat_map(|map| map.iter());
        entries
            .filter(|(key, _)| is_content(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    };
    content(object) != content(old)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinds::Catalog;
    use schema::tree;

    fn deployments() -> &'static Resource {
        Catalog::builtin()
            .resource("apps", "v1", "deployments")
            .expect("built in")
    }

    #[test]
    fn status_and_content_do_not_touch_each_other() {
        let old = tree!({"metadata": {"generation": 2i64, "labels": {"a": "1"}}, "spec": {"replicas": 1i64}, "status": {"replicas": 1i64}});
        let new = tree!({"metadata": {"labels": {"a": "2"}}, "spec": {"replicas": 5i64}, "status": {"replicas": 9i64}});
        let mut main = new.clone();
        prepare_update(deployments(), "", &mut main, &old);
        move_generation(deployments(), "", &mut main, &old);
        assert_eq!(main.int_at(&["status", "replicas"]), Some(1));
        assert_eq!(main.int_at(&["metadata", "generation"]), Some(3));
        let mut status = new;
        prepare_update(deployments(), "status", &mut status, &old);
        move_generation(deployments(), "status", &mut status, &old);
        assert_eq!(status.int_at(&["spec", "replicas"]), Some(1));
        assert_eq!(status.str_at(&["metadata", "labels", "a"]), Some("1"));
        assert_eq!(status.int_at(&["status", "replicas"]), Some(9));
        assert_eq!(status.int_at(&["metadata", "generation"]), Some(2));
    }
}
