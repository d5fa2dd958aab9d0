//! How long admission takes, under the names that the reference gives these numbers: each plugin, and each phase as a whole.

use std::time::Instant;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::Operation;

/// Bounds of durations, in seconds.
const SECONDS: [f64; 6] = [0.005, 0.025, 0.1, 0.5, 1.0, 2.5];

/// A phase of a write: what its plugins' times are told under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Step {
    operation: &'static str,
    r#type: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfStep {
    #[prometheus(flatten)]
    step: Step,
    rejected: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPlugin {
    name: &'static str,
    #[prometheus(flatten)]
    step: Step,
    rejected: &'static str,
}

impl Step {
    /// Plugins may change the object.
    pub(super) fn mutate(operation: Operation) -> Self {
        Self {
            operation: name(operation),
            r#type: "admit",
        }
    }

    /// Plugins may refuse it.
    pub(super) fn validate(operation: Operation) -> Self {
        Self {
            operation: name(operation),
            r#type: "validate",
        }
    }
}

fn name(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "CREATE",
        Operation::Update => "UPDATE",
        Operation::Delete => "DELETE",
    }
}

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// The numbers. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    plugins: Histograms<OfPlugin>,
    steps: Histograms<OfStep>,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            plugins: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            steps: Family::new_with_constructor(|| Histogram::new(SECONDS)),
        }
    }
}

impl Numbers {
    /// Adds the numbers to a registry.
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "apiserver_admission_controller_admission_duration_seconds",
            "Time that an admission plugin took",
            self.plugins.clone(),
        );
        registry.register(
            "apiserver_admission_step_admission_duration_seconds",
            "Time that all admission plugins took together",
            self.steps.clone(),
        );
    }

    /// A plugin is done.
    pub(super) fn plugin<T, E>(&self, name: &'static str, step: Step, begun: Instant, ended: &Result<T, E>) {
        let labels = OfPlugin {
            name,
            step,
            rejected: text(ended.is_err()),
        };
        self.plugins
            .get_or_create(&labels)
            .observe(begun.elapsed().as_secs_f64());
    }

    /// All plugins are done, or one has refused.
    pub(super) fn step<T, E>(&self, step: Step, begun: Instant, ended: &Result<T, E>) {
        let labels = OfStep {
            step,
            rejected: text(ended.is_err()),
        };
        self.steps
            .get_or_create(&labels)
            .observe(begun.elapsed().as_secs_f64());
    }
}

fn text(is: bool) -> &'static str {
    if is { "true" } else { "false" }
}
