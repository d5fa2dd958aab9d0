//! Where spans of requests go: to a collector that speaks OTLP over gRPC, as a TracingConfiguration says (apiserver.config.k8s.io). A
//! queue of bounded length is between; what does not fit is dropped, and no request waits.

use std::path::Path;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider};
use schema::{Value, yaml};

use crate::error::Error;

const FLAG: &str = "tracing-config-file";
/// Where a collector is that is not named.
const ENDPOINT_DEFAULT: &str = "localhost:4317";
/// All requests.
const PER_MILLION_MAX: i64 = 1_000_000;
/// Spans that wait to be sent.
const QUEUED_SPANS_MAX: usize = 2_048;
/// Spans that are sent together.
const BATCH_SPANS_MAX: usize = 512;
/// How long spans wait for others.
const BATCH_DELAY: Duration = Duration::from_secs(1);
/// How long the collector may take.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a process that stops tries to send what is left.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);

/// Spans on their way; what is left is sent when this is stopped.
pub struct Sending(SdkTracerProvider);

/// What a configuration says.
#[derive(Debug, PartialEq, Eq)]
struct Configuration {
    endpoint: String,
    per_million: u32,
}

/// Begins to send spans of a service as a file says. The runtime must be entered: connections are of it.
pub fn start(file: &Path, service: &'static str) -> Result<Sending, Error> {
    let content = std::fs::read(file).map_err(|source| Error::File {
        flag: FLAG,
        path: file.to_owned(),
        source,
    })?;
    let configuration = Configuration::read(&content).map_err(|why| Error::flag(FLAG, why))?;
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(configuration.url())
        .with_timeout(EXPORT_TIMEOUT)
        .build()
        .map_err(|error| Error::flag(FLAG, error))?;
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUED_SPANS_MAX)
        .with_max_export_batch_size(BATCH_SPANS_MAX)
        .with_scheduled_delay(BATCH_DELAY)
        .build();
    let processor = BatchSpanProcessor::builder(exporter)
        .with_batch_config(batches)
        .build();
    let resource = Resource::builder_empty()
        .with_service_name(service)
        .with_attribute(KeyValue::new(
            "service.instance.id",
            uuid::Uuid::new_v4().to_string(),
        ))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_sampler(configuration.sampler())
        .with_span_processor(processor)
        .build();
    opentelemetry::global::set_tracer_provider(provider.clone());
    Ok(Sending(provider))
}

impl Sending {
    /// Sends what is left. It blocks.
    pub fn stop(self) {
        if let Err(error) = self.0.shutdown_with_timeout(LEAVE_TIMEOUT) {
            tracing::debug!(%error, "the last spans may not have been sent");
        }
    }
}

impl Configuration {
    fn read(content: &[u8]) -> Result<Self, String> {
        let value = yaml::parse(content).map_err(|error| error.to_string())?;
        let kind = (value.str_at(&["apiVersion"]), value.str_at(&["kind"]));
        let known = [
            "apiserver.config.k8s.io/v1",
            "apiserver.config.k8s.io/v1beta1",
            "apiserver.config.k8s.io/v1alpha1",
        ];
        if !matches!(kind, (Some(version), Some("TracingConfiguration")) if known.contains(&version)) {
            return Err(format!(
                "{kind:?} is no TracingConfiguration of apiserver.config.k8s.io/v1"
            ));
        }
        let fields = ["apiVersion", "kind", "endpoint", "samplingRatePerMillion"];
        let map = value.as_map().into_iter().flat_map(|map| map.iter());
        for (name, _) in map {
            if !fields.contains(&name.as_str()) {
                return Err(format!("unknown field {name:?}"));
            }
        }
        let per_million = match value.get("samplingRatePerMillion") {
            None | Some(Value::Null) => 0,
            Some(rate) => rate
                .as_int()
                .filter(|rate| (0..=PER_MILLION_MAX).contains(rate))
                .ok_or_else(|| format!("samplingRatePerMillion is not from 0 to {PER_MILLION_MAX}"))?,
        };
        let endpoint = value.str_at(&["endpoint"]).unwrap_or(ENDPOINT_DEFAULT);
        if endpoint.is_empty() || endpoint.contains(char::is_whitespace) {
            return Err("endpoint is not host:port".to_owned());
        }
        Ok(Self {
            endpoint: endpoint.to_owned(),
            per_million: u32::try_from(per_million).unwrap_or(0),
        })
    }

    /// The reference takes `host:port`, and speaks without TLS to it.
    fn url(&self) -> String {
        match self.endpoint.contains("://") {
            true => self.endpoint.clone(),
            false => format!("http://{}", self.endpoint),
        }
    }

    /// As the client has decided; of requests whose client has not, a share.
    fn sampler(&self) -> Sampler {
        let share = f64::from(self.per_million) / PER_MILLION_MAX as f64;
        Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rest: &str) -> Result<Configuration, String> {
        let head = "apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\n";
        Configuration::read(format!("{head}{rest}").as_bytes())
    }

    #[test]
    fn configurations_are_those_of_the_reference() {
        let bare = read("").expect("the defaults");
        assert_eq!(
            (bare.url().as_str(), bare.per_million),
            ("http://localhost:4317", 0)
        );
        let full = read("endpoint: collector:4317\nsamplingRatePerMillion: 1000000\n").expect("a whole one");
        assert_eq!(
            (full.url().as_str(), full.per_million),
            ("http://collector:4317", 1_000_000)
        );
        for wrong in [
            "samplingRatePerMillion: 1000001\n",
            "samplingRatePerMillion: -1\n",
            "endpoint: ''\n",
            "rate: 1\n",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(Configuration::read(b"kind: TracingConfiguration\napiVersion: v1\n").is_err());
    }
}
