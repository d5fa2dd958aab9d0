//! What several scenarios play on: configmaps in a namespace, of which each watcher sees every write at a steady rate.

use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use crate::api::Api;
use crate::options::{Common, Watching, check_rate, check_seconds};
use crate::population;
use crate::progress::{Progress, say};
use crate::target::Target;
use crate::writer::{Change, Writes, write};
use crate::{Error, limits};

/// How it is written.
#[derive(Clone, Debug, Args)]
pub struct Writing {
    /// Writes per second
    #[arg(long, default_value_t = 20.0)]
    rate: f64,
    /// For how long to write
    #[arg(long, default_value_t = 20)]
    pub seconds: u64,
    /// How long to wait for the last events after the last write
    #[arg(long, default_value_t = 15)]
    pub drain_seconds: u64,
    /// Among how many configmaps the writes go around
    #[arg(long, default_value_t = 100)]
    pub objects: usize,
    /// Bytes of data in each configmap
    #[arg(long, default_value_t = 1024)]
    bytes: usize,
}

impl Writing {
    /// Whether the limits allow it with so many watchers.
    pub fn check(&self, watching: &Watching) -> Result<(), Error> {
        watching.check(usize::from(watching.streams_per_connection))?;
        check_seconds(self.seconds)?;
        check_rate(self.rate)?;
        if self.objects == 0 || self.objects > limits::OBJECTS_MAX {
            return Err(Error::Options(format!(
                "--objects: 1 to {} are possible",
                limits::OBJECTS_MAX
            )));
        }
        check_deliveries(watching.watchers as f64 * self.rate * self.seconds as f64)
    }

    /// What of it a result tells.
    pub fn told(&self, watching: &Watching) -> Value {
        json!({
            "watchers": watching.watchers,
            "streamsPerConnection": watching.streams_per_connection,
            "rate": self.rate,
            "seconds": self.seconds,
            "objects": self.objects,
            "bytes": self.bytes,
        })
    }
}

/// Refuses more deliveries than are recorded.
pub fn check_deliveries(deliveries: f64) -> Result<(), Error> {
    match deliveries <= limits::DELIVERIES_MAX as f64 {
        true => Ok(()),
        false => Err(Error::Options(format!(
            "the deliveries would be {deliveries:.0}; {} are possible: fewer watchers, writes or seconds",
            limits::DELIVERIES_MAX
        ))),
    }
}

/// The configmaps are there.
pub struct Stage {
    /// The server that is watched.
    pub target: Arc<Target>,
    /// The path of what is watched.
    pub path: String,
    /// The revision when all were made.
    pub revision: u64,
    api: Arc<Api>,
    change: Change,
}

impl Stage {
    /// Makes what is missing.
    pub async fn set(common: &Common, writing: &Writing) -> Result<Self, Error> {
        let (target, writes_to) = (common.target()?, common.write_target()?);
        let api = Arc::new(Api::connect(&writes_to, limits::REQUEST_CONNECTIONS).await?);
        let (namespace, count, bytes) = (common.namespace.clone(), writing.objects, writing.bytes);
        population::namespace(&api, &namespace).await?;
        say(&format!("making {count} configmaps"));
        population::config_maps(&api, &namespace, count, bytes).await?;
        let path = format!("/api/v1/namespaces/{namespace}/configmaps");
        Ok(Self {
            revision: population::revision(&api, &path).await?,
            change: Change::ConfigMapUpdate {
                namespace,
                count,
                bytes,
            },
            target,
            path,
            api,
        })
    }

    /// Writes until the time is over.
    pub async fn write(&self, writing: &Writing) -> Writes {
        let progress = Progress::begin("writing", (writing.rate * writing.seconds as f64) as usize);
        write(&self.api, &self.change, writing.rate, writing.seconds, &progress).await
    }

    /// Removes the configmaps, unless they are to stay.
    pub async fn clear(&self, common: &Common) -> Result<(), Error> {
        match common.keep {
            true => Ok(()),
            false => population::remove(&self.api, &common.namespace, "configmaps").await,
        }
    }
}
