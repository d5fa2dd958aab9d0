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
    }

    fn warnings(&self, cx: &WriteContext<'_>, set: &Value, old: Option<&Value>) -> Vec<String> {
        super::plain::template_warnings(cx, set, old)
    }
}
