//! How long admission takes, under the names that the reference gives these numbers: each plugin, and each phase as a whole.

use std::sync::OnceLock;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::Operation;

/// Bounds of durations, in seconds.
const SECONDS: [f64; 6] = [0.005, 0.025, 0.1, 0.5, 1.0, 2.5];

/// A phase of a write: what its plugins' times are told under.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    operation: Operation,
    phase: Phase,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Admit,
    Validate,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfStep {
    operation: &'static str,
    r#type: &'static str,
    rejected: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPlugin {
    name: &'static str,
    #[prometheus(flatten)]
    step: OfStep,
}

impl Step {
    /// How many steps there are, each with and without a refusal.
    const COUNT: usize = 12;

    /// Plugins may change the object.
    pub(super) fn mutate(operation: Operation) -> Self {
        let phase = Phase::Admit;
        Self { operation, phase }
    }

    /// Plugins may refuse it.
    pub(super) fn validate(operation: Operation) -> Self {
        let phase = Phase::Validate;
        Self { operation, phase }
    }

    fn labels(self, rejected: bool) -> OfStep {
        OfStep {
            operation: match self.operation {
                Operation::Create => "CREATE",
                Operation::Update => "UPDATE",
                Operation::Delete => "DELETE",
            },
            r#type: match self.phase {
                Phase::Admit => "admit",
                Phase::Validate => "validate",
            },
            rejected: if rejected { "true" } else { "false" },
        }
    }

    /// Each step has a place of its own below [`Step::COUNT`].
    fn place(self, rejected: bool) -> usize {
        (self.operation as usize * 2 + self.phase as usize) * 2 + usize::from(rejected)
    }
}

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// The histograms of one plugin or of all, by step. To find one by its labels costs more than most plugins do, so each is looked up
/// once; only those that are used are told.
#[derive(Debug, Default)]
pub(super) struct Times([OnceLock<Histogram>; Step::COUNT]);

impl Times {
    fn observe(&self, step: Step, rejected: bool, took: Duration, find: impl FnOnce() -> Histogram) {
        let histogram = self.0[step.place(rejected)].get_or_init(find);
        histogram.observe(took.as_secs_f64());
    }
}

/// The numbers.
#[derive(Debug)]
pub(super) struct Numbers {
    plugins: Histograms<OfPlugin>,
    steps: Histograms<OfStep>,
    all: Times,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            plugins: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            steps: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            all: Times::default(),
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

    /// A plugin is done; its times are kept beside it.
    pub(super) fn plugin(
        &self,
        name: &'static str,
        times: &Times,
        step: Step,
        rejected: bool,
        took: Duration,
    ) {
        times.observe(step, rejected, took, || {
            let step = step.labels(rejected);
            self.plugins.get_or_create(&OfPlugin { name, step }).clone()
        });
    }

    /// All plugins are done, or one has refused.
    pub(super) fn step(&self, step: Step, rejected: bool, took: Duration) {
        self.all.observe(step, rejected, took, || {
            self.steps.get_or_create(&step.labels(rejected)).clone()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::encoding::text::encode;

    #[test]
    fn each_step_has_a_place_and_its_labels() {
        let (numbers, times) = (Numbers::default(), Times::default());
        let mut registry = Registry::default();
        numbers.register(&mut registry);
        let operations = [Operation::Create, Operation::Update, Operation::Delete];
        let steps = operations.map(|operation| [Step::mutate(operation), Step::validate(operation)]);
        for step in steps.into_iter().flatten() {
            for rejected in [false, true] {
                numbers.plugin("P", &times, step, rejected, Duration::from_millis(1));
                numbers.step(step, rejected, Duration::from_millis(1));
            }
        }
        let mut text = String::new();
        encode(&mut text, &registry).expect("text");
        // Had two steps one place, one of them would count twice and the other would not be told.
        let count = |start: &str| {
            let lines = text.lines().filter(|line| line.starts_with(start));
            lines.filter(|line| line.ends_with(" 1")).count()
        };
        assert_eq!(
            count("apiserver_admission_controller_admission_duration_seconds_count{"),
            12,
            "{text}"
        );
        assert_eq!(
            count("apiserver_admission_step_admission_duration_seconds_count{"),
            12,
            "{text}"
        );
        let one = "seconds_count{name=\"P\",operation=\"UPDATE\",type=\"validate\",rejected=\"true\"} 1";
        assert!(text.contains(one), "{text}");
    }
}
