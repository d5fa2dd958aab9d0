//! Which feature gates are on, under the reference's name. A gate that is on does not say that this server has the feature.

use std::fmt::Error;

use kinds::Gates;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;

/// Tells the gates of a process, which do not change.
#[derive(Debug)]
pub struct Features(Gates);

impl Features {
    /// As they are set.
    pub fn new(gates: Gates) -> Self {
        Self(gates)
    }
}

impl Collector for Features {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let (name, help) = ("kubernetes_feature_enabled", "Whether a feature gate is on");
        let kind = ConstGauge::new(0_i64).metric_type();
        let mut family = encoder.encode_descriptor(name, help, None, kind)?;
        for gate in self.0.all() {
            let labels = [("name", gate.name), ("stage", gate.stage)];
            ConstGauge::new(i64::from(gate.is_on)).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
