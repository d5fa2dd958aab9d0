//! DefaultStorageClass and DefaultIngressClass: which class an object gets that names none. It edits trees; the plugin reads the classes.

use std::sync::Arc;

use schema::Value;

/// Objects of one resource, and their classes.
#[derive(Debug)]
pub struct Classed {
    /// Which plugin gives them their class.
    pub plugin: &'static str,
    /// Group and resource of the objects.
    pub objects: (&'static str, &'static str),
    /// Of the classes.
    pub classes: (&'static str, &'static str),
    /// The field of `spec` that names an object's class.
    field: &'static str,
    /// The annotation that named it before the field did.
    before: &'static str,
    /// The annotations that mark a default class.
    marks: &'static [&'static str],
}

/// Claims and storage classes. The mark from before storage was stable still counts.
pub const CLAIMS: Classed = Classed {
    plugin: "DefaultStorageClass",
    objects: ("", "persistentvolumeclaims"),
    classes: ("storage.k8s.io", "storageclasses"),
    field: "storageClassName",
    before: "volume.beta.kubernetes.io/storage-class",
    marks: &[
        "storageclass.kubernetes.io/is-default-class",
        "storageclass.beta.kubernetes.io/is-default-class",
    ],
};

/// Ingresses and their classes.
pub const INGRESSES: Classed = Classed {
    plugin: "DefaultIngressClass",
    objects: ("networking.k8s.io", "ingresses"),
    classes: ("networking.k8s.io", "ingressclasses"),
    field: "ingressClassName",
    before: "kubernetes.io/ingress.class",
    marks: &["ingressclass.kubernetes.io/is-default-class"],
};

impl Classed {
    /// Gives an object that names no class the newest default class.
    pub fn fill(&self, object: &mut Value, classes: &[Arc<Value>]) {
        let is_named = object.at(&["spec", self.field]).is_some();
        if is_named || object::meta::of(object).annotation(self.before).is_some() {
            return;
        }
        let name = self
            .newest_default(classes)
            .map(|class| object::meta::of(class).name());
        if let (Some(name), Some(map)) = (name, object.as_map_mut()) {
            map.map_at("spec").insert(self.field, name);
        }
    }

    /// The class that an object names; empty if none.
    pub fn of<'a>(&self, object: &'a Value) -> &'a str {
        let field = || object.str_at(&["spec", self.field]);
        let before = object::meta::of(object).annotation(self.before);
        before.or_else(field).unwrap_or_default()
    }

    /// The newest, and of those made in one second the first by name.
    fn newest_default<'a>(&self, classes: &'a [Arc<Value>]) -> Option<&'a Value> {
        let created = |class: &'a Value| object::meta::of(class).creation_timestamp().unwrap_or_default();
        let name = |class: &'a Value| object::meta::of(class).name();
        let is_default = |class: &Value| {
            let meta = object::meta::of(class);
            self.marks
                .iter()
                .any(|mark| meta.annotation(mark) == Some("true"))
        };
        classes
            .iter()
            .map(Arc::as_ref)
            .filter(|class| is_default(class))
            .min_by(|a, b| created(b).cmp(created(a)).then_with(|| name(a).cmp(name(b))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn class(name: &str, created: &str) -> Arc<Value> {
        Arc::new(tree!({"metadata": {
            "name": name,
            "creationTimestamp": created,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        }}))
    }

    #[test]
    fn newest_default_class_is_taken_and_names_break_ties() {
        let classes = [
            class("old", "2026-01-01T00:00:00Z"),
            class("b", "2026-02-01T00:00:00Z"),
            class("a", "2026-02-01T00:00:00Z"),
        ];
        let mut claim = tree!({"spec": {}});
        CLAIMS.fill(&mut claim, &classes);
        assert_eq!(claim.str_at(&["spec", "storageClassName"]), Some("a"));
        // These are no defaults of ingresses.
        let mut ingress = tree!({"spec": {}});
        INGRESSES.fill(&mut ingress, &classes);
        assert_eq!(ingress, tree!({"spec": {}}));
    }

    #[test]
    fn an_empty_class_is_a_choice() {
        let mut claim = tree!({"spec": {"storageClassName": ""}});
        CLAIMS.fill(&mut claim, &[class("a", "2026-01-01T00:00:00Z")]);
        assert_eq!(claim.str_at(&["spec", "storageClassName"]), Some(""));
    }

    #[test]
    fn the_old_annotation_names_the_class_before_the_field() {
        let mut claim = tree!({"metadata": {}, "spec": {"storageClassName": "a"}});
        assert_eq!(CLAIMS.of(&claim), "a");
        if let Some(map) = claim.as_map_mut() {
            map.map_at("metadata")
                .map_at("annotations")
                .insert(CLAIMS.before, "b");
        }
        assert_eq!(CLAIMS.of(&claim), "b");
        assert_eq!(CLAIMS.of(&tree!({"spec": {}})), "");
    }
}
