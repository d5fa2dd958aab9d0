//! Watches on which nothing happens, and what memory each takes in the server.

use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;

use super::cost::Meters;
use super::{charts, deliveries, run};
use crate::api::Api;
use crate::options::{Common, Watching};
use crate::population;
use crate::progress::say;
use crate::report::Report;
use crate::timeline::{Looked, Timeline};
use crate::watch::{Media, Wanted, Watches};
use crate::{Error, limits};

/// Options of `idle`.
#[derive(Clone, Debug, Args)]
pub struct Idle {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    watching: Watching,
}

impl Idle {
    /// Where the result goes.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// Opens the watches and looks at the server's memory before and after, each time when it has settled.
    pub async fn run(&self) -> Result<Report, Error> {
        let per_connection = usize::from(self.watching.streams_per_connection);
        self.watching.check(per_connection)?;
        let Some(server) = self.common.server_meter().await? else {
            return Err(Error::Options(
                "--server-pid or --server-metrics is needed: the server's memory is what is measured"
                    .to_owned(),
            ));
        };
        let target = self.common.target()?;
        let api = Api::connect(&target, 1).await?;
        let namespace = &self.common.namespace;
        population::namespace(&api, namespace).await?;
        let path = format!("/api/v1/namespaces/{namespace}/configmaps");
        let revision = population::revision(&api, &path).await?;
        say("waiting until the server's memory has settled");
        let before = server.settled_bytes().await?;
        say(&format!("opening {} watches", self.watching.watchers));
        let wanted = Wanted::after(path, revision);
        let plan = run::plan(
            &self.common,
            Media::Json,
            &self.watching,
            limits::SETTLING_TIMEOUT.as_secs(),
        );
        let begin = Instant::now();
        let meters = Meters::start(&self.common).await?;
        let watches = Watches::start(&target, plan, vec![wanted; self.watching.watchers], begin);
        let looked = Looked {
            server: Some(server.clone()),
            etcd: None,
            watches: Some(watches.counts()),
        };
        let timeline = Timeline::start(looked, begin);
        watches.all_open().await?;
        let opening = meters.stop().await?;
        say("waiting until the server's memory has settled");
        let after = server.settled_bytes().await?;
        let open = watches.open();
        let (watches, samples) = (watches.finish(), timeline.finish());
        let mut report = Report::new("idle", self.told());
        report.add("watches", "watches open at the end", "", open as f64);
        report.add(
            "rss_before",
            "memory of the server before",
            "KB",
            before.0 as f64 / 1e3,
        );
        report.add(
            "rss_after",
            "memory of the server after",
            "KB",
            after.0 as f64 / 1e3,
        );
        let grown = after.0 as f64 - before.0 as f64;
        report.add(
            "bytes_per_watch",
            "memory per watch",
            "B",
            grown / self.watching.watchers as f64,
        );
        opening.tell(
            &mut report,
            "opening",
            "opening a watch",
            "ms",
            1e3 / self.watching.watchers as f64,
        );
        deliveries::tell_ends(&mut report, watches.iter());
        charts::samples(&mut report, &samples, Duration::ZERO);
        if !(before.1 && after.1) {
            report.note("the server's memory did not settle in time");
        }
        Ok(report)
    }

    fn told(&self) -> serde_json::Value {
        json!({
            "watchers": self.watching.watchers,
            "streamsPerConnection": self.watching.streams_per_connection,
        })
    }
}
