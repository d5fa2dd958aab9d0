//! What a phase costs: CPU of the server, of its etcd and of this program. What the work was is the scenario's affair.

use std::time::Duration;

use crate::Error;
use crate::options::Common;
use crate::process::Process;
use crate::report::Report;

/// Meters that were read when a phase began.
pub struct Meters {
    server: Option<(Process, Duration)>,
    etcd: Option<(Process, Duration)>,
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
}

impl Meters {
    /// Reads the meters.
    pub fn start(common: &Common) -> Result<Self, Error> {
        let begin = |process: Option<Process>| {
            process
                .map(|process| process.cpu().map(|cpu| (process, cpu)))
                .transpose()
        };
        Ok(Self {
            server: begin(common.server()?)?,
            etcd: begin(common.etcd()?)?,
            own: Process::own().cpu()?,
        })
    }

    /// Reads them again.
    pub fn stop(&self) -> Result<Used, Error> {
        let end = |begun: &Option<(Process, Duration)>| {
            let used = begun
                .as_ref()
                .map(|(process, before)| Ok::<_, Error>(process.cpu()?.saturating_sub(*before)));
            used.transpose()
        };
        Ok(Used {
            server: end(&self.server)?,
            etcd: end(&self.etcd)?,
            own: Process::own().cpu()?.saturating_sub(self.own),
        })
    }
}

impl Used {
    /// What this used beyond `other`.
    pub fn less(&self, other: &Self) -> Self {
        let less = |this: Option<Duration>, other: Option<Duration>| Some(this?.saturating_sub(other?));
        Self {
            server: less(self.server, other.server),
            etcd: less(self.etcd, other.etcd),
            own: self.own.saturating_sub(other.own),
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
}
