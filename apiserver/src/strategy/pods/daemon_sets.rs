//! The strategy of daemon sets: the counter of template changes, which lives in an annotation.

use object::meta;
use schema::Value;

use super::super::{Errors, Strategy, WriteContext};
use crate::validation::workloads::daemon_sets as rules;

/// The annotation that holds the counter.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// Daemon sets.
#[derive(Debug)]
pub struct DaemonSets;

impl Strategy for DaemonSets {
    fn prepare_create(&self, _cx: &WriteContext<'_>, set: &mut Value) {
        meta::edit(set).set_annotation(TEMPLATE_GENERATION, "1");
    }

    fn prepare_update(&self, cx: &WriteContext<'_>, set: &mut Value, old: &Value) {
        let counted = meta::of(old)
            .annotation(TEMPLATE_GENERATION)
            .and_then(|text| text.parse::<i64>().ok());
        let template = ["spec", "template"];
        let changed = cx.subresource.is_empty() && set.at(&template) != old.at(&template);
        let now = counted.unwrap_or(0).saturating_add(i64::from(changed));
        meta::edit(set).set_annotation(TEMPLATE_GENERATION, now.to_string());
    }

    fn validate_create(&self, _cx: &WriteContext<'_>, set: &Value, errors: &mut Errors) {
        rules::create(set, errors);
    }

    fn validate_update(&self, cx: &WriteContext<'_>, set: &Value, old: &Value, errors: &mut Errors) {
        match cx.subresource {
            "status" => rules::status(set, old, errors),
            _ => rules::update(set, old, errors),
        }
        super::plain::forgive_label_values(cx, old, errors);
    }

    fn warnings(&self, cx: &WriteContext<'_>, set: &Value, old: Option<&Value>) -> Vec<String> {
        super::plain::template_warnings(cx, set, old)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth::User;
    use kinds::Catalog;
    use schema::tree;

    /// What the counter is after a write of a template with this label, by a client that gives its own counter.
    fn counted(old: Option<&Value>, label: &str) -> Value {
        let resource = Catalog::builtin()
            .resource("apps", "v1", "daemonsets")
            .expect("known");
        let user = User::new("u", "", &[]);
        let cx = WriteContext {
            resource,
            group: "apps",
            subresource: "",
            user: &user,
            now: "2026-01-02T03:04:05Z",
        };
        let mut set = tree!({"metadata": {"annotations": {"deprecated.daemonset.template.generation": "9"}},
            "spec": {"template": {"metadata": {"labels": {"a": label}}}}});
        match old {
            Some(old) => DaemonSets.prepare_update(&cx, &mut set, old),
            None => DaemonSets.prepare_create(&cx, &mut set),
        }
        set
    }

    #[test]
    fn the_counter_follows_the_template_whatever_a_client_says() {
        let counter = |set: &Value| meta::of(set).annotation(TEMPLATE_GENERATION).map(str::to_owned);
        let first = counted(None, "b");
        assert_eq!(counter(&first).as_deref(), Some("1"));
        let same = counted(Some(&first), "b");
        assert_eq!(counter(&same).as_deref(), Some("1"));
        assert_eq!(counter(&counted(Some(&same), "c")).as_deref(), Some("2"));
    }
}
