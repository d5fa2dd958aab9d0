//! Which APIServices are not available, under the reference's names: its alerts are about them.

use std::collections::BTreeMap;
use std::fmt::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

/// The numbers. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    became_unavailable: Family<Became, Counter>,
    shown: Shown,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Became {
    name: String,
    reason: &'static str,
}

/// Of each APIService that there is, whether it is unavailable.
#[derive(Clone, Debug, Default)]
struct Shown(Arc<Mutex<BTreeMap<String, bool>>>);

impl Numbers {
    /// Adds the numbers to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "aggregator_unavailable_apiservice",
            "How often an APIService became unavailable",
            self.became_unavailable.clone(),
        );
        registry.register_collector(Box::new(self.shown.clone()));
    }

    /// An APIService was available, and is not for this reason.
    pub fn became_unavailable(&self, name: &str, reason: &'static str) {
        let became = Became {
            name: name.to_owned(),
            reason,
        };
        self.became_unavailable.get_or_create(&became).inc();
    }

    /// What there is, and whether it is unavailable; nothing else is.
    pub fn show(&self, all: BTreeMap<String, bool>) {
        *self.shown.all() = all;
    }
}

impl Shown {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, bool>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collector for Shown {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let name = "aggregator_unavailable_apiservice";
        let kind = ConstGauge::new(0_i64).metric_type();
        let mut family = encoder.encode_descriptor(name, "APIServices that are not available", None, kind)?;
        for (name, is_unavailable) in &*self.all() {
            let labels = [("name", name.as_str())];
            ConstGauge::new(i64::from(*is_unavailable)).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_not_told_any_more() {
        let (numbers, mut registry) = (Numbers::default(), Registry::default());
        numbers.register(&mut registry);
        let told = || {
            let mut text = String::new();
            prometheus_client::encoding::text::encode(&mut text, &registry).expect("a string takes all");
            let samples = text.lines().filter(|line| !line.starts_with('#'));
            samples.map(str::to_owned).collect::<Vec<_>>()
        };
        numbers.show(BTreeMap::from([
            ("v1.".to_owned(), false),
            ("v1.a.b".to_owned(), true),
        ]));
        numbers.became_unavailable("v1.a.b", "ServiceNotFound");
        let was = "aggregator_unavailable_apiservice_total{name=\"v1.a.b\",reason=\"ServiceNotFound\"} 1";
        assert_eq!(
            told(),
            [
                was,
                "aggregator_unavailable_apiservice{name=\"v1.\"} 0",
                "aggregator_unavailable_apiservice{name=\"v1.a.b\"} 1",
            ]
        );
        numbers.show(BTreeMap::new());
        assert_eq!(told(), [was]);
    }
}
