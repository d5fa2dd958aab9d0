//! What scenarios play on: configmaps or pods, which are made where they are missing, written at a steady rate, and removed at the end. Who
//! watches or lists them is the scenarios' affair.

use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use crate::api::Api;
use crate::options::{Common, Watching, check_rate, check_seconds};
use crate::population::{self, PodSize, Pods};
use crate::progress::{Progress, say};
use crate::target::Target;
use crate::writer::{Change, Writes, write};
use crate::{Error, limits, objects};

/// How it is written.
#[derive(Clone, Debug, Args)]
pub struct Writing {
    /// Writes per second
    #[arg(long, default_value_t = 20.0)]
    pub rate: f64,
    /// For how long to write
    #[arg(long, default_value_t = 20)]
    pub seconds: u64,
    /// How long to wait for the last events after the last write
    #[arg(long, default_value_t = 15)]
    pub drain_seconds: u64,
    /// Among how many objects the writes go around
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

/// The objects are there.
pub struct Stage {
    /// The server that is watched.
    pub target: Arc<Target>,
    /// To the server that is written to.
    pub api: Arc<Api>,
    /// The path on which all of them are seen.
    pub path: String,
    /// The revision to begin after: when all were made.
    pub revision: u64,
    /// What is written.
    pub change: Change,
    namespaces: Vec<String>,
    resource: &'static str,
}

impl Stage {
    /// Makes the configmaps that are missing.
    pub async fn of_config_maps(common: &Common, writing: &Writing) -> Result<Self, Error> {
        let api = connect(common).await?;
        let (namespace, count, bytes) = (common.namespace.clone(), writing.objects, writing.bytes);
        population::namespace(&api, &namespace).await?;
        say(&format!("making {count} configmaps"));
        population::config_maps(&api, &namespace, count, bytes).await?;
        let path = format!("/api/v1/namespaces/{namespace}/configmaps");
        let namespaces = vec![namespace.clone()];
        let change = Change::ConfigMapUpdate {
            namespace,
            count,
            bytes,
        };
        Self::new(common, api, path, change, namespaces, "configmaps").await
    }

    /// Makes the objects of so many resources that are missing.
    pub async fn of_kinds(common: &Common, writing: &Writing, resources: usize) -> Result<Self, Error> {
        let api = connect(common).await?;
        let (namespace, count, bytes) = (common.namespace.clone(), writing.objects, writing.bytes);
        population::namespace(&api, &namespace).await?;
        say(&format!("making {count} objects of {resources} resources"));
        population::kinds(&api, &namespace, resources, count, bytes).await?;
        let path = objects::of_kind(0, &namespace);
        let change = Change::Kinds {
            namespace,
            resources,
            count,
            bytes,
        };
        // The caller removes them.
        Self::new(common, api, path, change, Vec::new(), "").await
    }

    /// Makes the pods that are missing; gives how large one came out, too.
    pub async fn of_pods(common: &Common, pods: Pods) -> Result<(Self, PodSize), Error> {
        let api = connect(common).await?;
        let namespace = common.namespace.clone();
        let progress = Progress::begin(format!("making {} pods", pods.count), pods.count);
        let size = population::pods(&api, &namespace, &pods, &progress).await?;
        let numbers = 0..pods.namespaces.max(1);
        let namespaces: Vec<String> = numbers
            .map(|number| population::namespace_of(&namespace, &pods, number))
            .collect();
        let path = match namespaces.as_slice() {
            [_] => population::pods_path(&namespace, &pods, 0),
            _ => "/api/v1/pods".to_owned(),
        };
        let change = Change::PodStatus { namespace, pods };
        let stage = Self::new(common, api, path, change, namespaces, "pods").await?;
        Ok((stage, size))
    }

    async fn new(
        common: &Common,
        api: Arc<Api>,
        path: String,
        change: Change,
        namespaces: Vec<String>,
        resource: &'static str,
    ) -> Result<Self, Error> {
        Ok(Self {
            target: common.target()?,
            revision: population::revision(&api, &path).await?,
            api,
            path,
            change,
            namespaces,
            resource,
        })
    }

    /// Writes until the time is over; `title` says so.
    pub async fn write(&self, title: &str, rate: f64, seconds: u64) -> Writes {
        let progress = Progress::begin(title, (rate * seconds as f64) as usize);
        write(&self.api, &self.change, rate, seconds, &progress).await
    }

    /// What was written up to now is nothing to be watched.
    pub async fn catch_up(&mut self) -> Result<(), Error> {
        self.revision = population::revision(&self.api, &self.path).await?;
        Ok(())
    }

    /// The server is another process now.
    pub async fn reconnect(&mut self, common: &Common) -> Result<(), Error> {
        self.api = connect(common).await?;
        Ok(())
    }

    /// Removes the objects, unless they are to stay.
    pub async fn clear(&self, common: &Common) -> Result<(), Error> {
        for namespace in self.namespaces.iter().filter(|_| !common.keep) {
            population::remove(&self.api, namespace, self.resource).await?;
        }
        Ok(())
    }
}

async fn connect(common: &Common) -> Result<Arc<Api>, Error> {
    let target = common.write_target()?;
    Ok(Arc::new(
        Api::connect(&target, limits::REQUEST_CONNECTIONS).await?,
    ))
}
