//! What a phase costs: CPU of the server, of its etcd and of this program. What the work was is the scenario's affair.

use std::time::Duration;

use crate::Error;
use crate::meter::{Meter, Reading};
use crate::options::Common;
use crate::process::Process;
use crate::report::Report;

/// Meters that were read when a phase began.
pub struct Meters {
    server: Option<(Meter, Reading)>,
    etcd: Option<(Meter, Reading)>,
    own: Duration,
}

/// What a phase used.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    /// The server.
    pub server: Option<Duration>,
    /// Its etcd.
    pub etcd: Option<Duration>,
    /// This program.
    pub own: Duration,
    /// What the server has resident at the end.
    pub resident_bytes: Option<u64>,
}

impl Meters {
    /// Reads the meters.
    pub async fn start(common: &Common) -> Result<Self, Error> {
        Ok(Self {
            server: begun(common.server_meter().await?).await?,
            etcd: begun(common.etcd_meter()?).await?,
            own: Process::own().cpu()?,
        })
    }

    /// Reads them again.
    pub async fn stop(&self) -> Result<Used, Error> {
        let (server, etcd) = (since(&self.server).await?, since(&self.etcd).await?);
        Ok(Used {
            server: server.map(|used| used.cpu),
            etcd: etcd.map(|used| used.cpu),
            own: Process::own().cpu()?.saturating_sub(self.own),
            resident_bytes: server.map(|used| used.resident_bytes),
        })
    }
}

async fn begun(meter: Option<Meter>) -> Result<Option<(Meter, Reading)>, Error> {
    let Some(meter) = meter else {
        return Ok(None);
    };
    let reading = meter.read().await?;
    Ok(Some((meter, reading)))
}

async fn since(begun: &Option<(Meter, Reading)>) -> Result<Option<Reading>, Error> {
    let Some((meter, before)) = begun else {
        return Ok(None);
    };
    let now = meter.read().await?;
    Ok(Some(Reading {
        cpu: now.cpu.saturating_sub(before.cpu),
        ..now
    }))
}

impl Used {
    /// What this used beyond `other`.
    pub fn less(&self, other: &Self) -> Self {
        let less = |this: Option<Duration>, other: Option<Duration>| Some(this?.saturating_sub(other?));
        Self {
            server: less(self.server, other.server),
            etcd: less(self.etcd, other.etcd),
            own: self.own.saturating_sub(other.own),
            resident_bytes: self.resident_bytes,
        }
    }

    /// Adds the CPU seconds of server and etcd to a report, multiplied by `scale`, which makes them those of the unit of work.
    pub fn tell(&self, report: &mut Report, prefix: &str, title: &str, unit: &'static str, scale: f64) {
        for (who, key, cpu) in [("server", "server", self.server), ("etcd", "etcd", self.etcd)] {
            if let Some(cpu) = cpu {
                report.add(
                    format!("{prefix}_{key}_cpu"),
                    format!("{title}: CPU of the {who}"),
                    unit,
                    cpu.as_secs_f64() * scale,
                );
            }
        }
    }

    /// Adds what the server has resident.
    pub fn tell_memory(&self, report: &mut Report) {
        if let Some(bytes) = self.resident_bytes {
            report.add(
                "server_memory",
                "memory of the server at the end",
                "MB",
                bytes as f64 / 1e6,
            );
        }
    }
}
