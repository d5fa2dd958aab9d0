//! The CPU and memory of the servers under load: of their processes on this machine, or as they tell at `/metrics`. What is made
//! of the numbers is others' affair.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::api::Api;
use crate::process::Process;
use crate::{Error, limits, metrics};

/// Where the numbers come from.
#[derive(Clone)]
pub enum Meter {
    /// Processes on this machine, all together.
    Processes(Process),
    /// Servers, all together, over a connection each.
    Metrics(Vec<Arc<Api>>),
}

/// What was used up to one moment, and is resident then.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// CPU time, user and system.
    pub cpu: Duration,
    /// Resident memory.
    pub resident_bytes: u64,
}

impl Meter {
    /// Reads it now.
    pub async fn read(&self) -> Result<Reading, Error> {
        match self {
            Self::Processes(process) => Ok(Reading {
                cpu: process.cpu()?,
                resident_bytes: process.resident_bytes()?,
            }),
            Self::Metrics(servers) => {
                let mut all = Reading::default();
                for server in servers {
                    let one = metrics::read(server).await?;
                    all.cpu += one.cpu;
                    all.resident_bytes += one.resident_bytes;
                }
                Ok(all)
            }
        }
    }

    /// How often it may be read without being a load itself.
    pub fn interval(&self) -> Duration {
        match self {
            Self::Processes(_) => limits::TIMELINE_INTERVAL,
            Self::Metrics(_) => limits::METRICS_INTERVAL,
        }
    }

    /// Waits until the resident memory does not change any more; tells what it is, and whether it settled in time.
    pub async fn settled_bytes(&self) -> Result<(u64, bool), Error> {
        let end = Instant::now() + limits::SETTLING_TIMEOUT;
        let mut looks = Vec::new();
        loop {
            looks.push(self.read().await?.resident_bytes);
            let recent = &looks[looks.len().saturating_sub(limits::SETTLED_LOOKS)..];
            let low = recent.iter().copied().min().unwrap_or(0);
            let high = recent.iter().copied().max().unwrap_or(0);
            let spread = (high - low) as f64 / high.max(1) as f64;
            if recent.len() == limits::SETTLED_LOOKS && spread < limits::SETTLED_SPREAD {
                return Ok((high, true));
            }
            if Instant::now() > end {
                return Ok((high, false));
            }
            tokio::time::sleep(limits::SETTLING_INTERVAL).await;
        }
    }
}
