//! Watchers whose server is killed and started by somebody else meanwhile: who resumes from its last revision, who is told to list
//! again, and how long it takes after the server is ready.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use http::Method;
use serde_json::json;

use super::stage::Stage;
use super::{charts, deliveries, run};
use crate::api::{Api, Request};
use crate::delivery::{Clock, Judgement};
use crate::options::{Common, Watching, check_rate, check_seconds};
use crate::population::Pods;
use crate::progress::say;
use crate::report::Report;
use crate::target::Target;
use crate::watch::{Ended, Media, Plan, Wanted, Watch, Watches};
use crate::writer::{Change, Writes};
use crate::{Error, limits};

/// Who restarts the server waits for this line on standard error.
const SIGNAL: &str = "all watches are open; restart the server now";
const NAMESPACES: usize = 10;
/// Time of writes before and after.
const WRITING: Duration = Duration::from_secs(3);
/// How long the last events may take.
const DRAINING: Duration = Duration::from_secs(5);

/// Options of `restart`.
#[derive(Clone, Debug, Args)]
pub struct Restart {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    watching: Watching,
    /// How many pods are there, in ten namespaces, as `lists` makes them
    #[arg(long, default_value_t = 10_000)]
    pods: usize,
    /// Status patches per second, while the server answers
    #[arg(long, default_value_t = 10.0)]
    rate: f64,
    /// How long to wait for the server to end and to be ready again
    #[arg(long, default_value_t = 120)]
    seconds: u64,
}

impl Restart {
    /// Where the result goes.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// Opens the watches, says that the server may be restarted, and follows what happens.
    pub async fn run(&self) -> Result<Report, Error> {
        check_seconds(self.seconds)?;
        self.watching
            .check(usize::from(self.watching.streams_per_connection))?;
        check_rate(self.rate)?;
        let pods = Pods {
            count: self.pods,
            namespaces: NAMESPACES,
            nodes: 1_000,
            selected_one_of: 100,
        };
        let (mut stage, _) = Stage::of_pods(&self.common, pods).await?;
        let wanted = Wanted::after(&stage.path, stage.revision);
        say(&format!("opening {} watches", self.watching.watchers));
        let begin = Instant::now();
        let watches = Watches::start(
            &stage.target,
            self.plan(),
            vec![wanted; self.watching.watchers],
            begin,
        );
        watches.all_open().await?;
        let mut writer = Writer::new(self, stage.api.clone(), stage.change.clone());
        writer.write_for(WRITING).await;
        say(SIGNAL);
        let down = self
            .wait("the server did not end", &mut writer, |writer| {
                writer.failed || watches.open() == 0
            })
            .await?;
        let ready = self.ready(&stage.target, down).await?;
        stage.reconnect(&self.common).await?;
        writer.renew(stage.api.clone());
        let resumed = self.resumed(&watches, &mut writer).await;
        writer.write_for(WRITING).await;
        writer.writes.acknowledged.sort_by_key(|written| written.revision);
        // What was not answered may have happened, so that it may be all that comes; then the time decides.
        let all = writer.writes.acknowledged.len() as u64 + writer.writes.failed;
        watches
            .arrived(all * self.watching.watchers as u64, DRAINING)
            .await;
        let watches = watches.finish();
        if resumed.is_err() {
            say("not all watches resumed");
        }
        stage.clear(&self.common).await?;
        Ok(self.report(&watches, &writer.writes, begin, down, ready))
    }

    fn plan(&self) -> Plan {
        Plan {
            resume: true,
            ..run::plan(&self.common, Media::Json, &self.watching, 2 * self.seconds)
        }
    }

    /// Writes until a state is reached; tells when.
    async fn wait(
        &self,
        what: &str,
        writer: &mut Writer,
        reached: impl Fn(&Writer) -> bool,
    ) -> Result<Instant, Error> {
        let within = Duration::from_secs(self.seconds);
        let end = Instant::now() + within;
        while !reached(writer) {
            if Instant::now() > end {
                return Err(Error::Late(what.to_owned(), within));
            }
            writer.once().await;
        }
        Ok(Instant::now())
    }

    /// When /readyz says yes for the first time after `down`.
    async fn ready(&self, target: &Arc<Target>, down: Instant) -> Result<Instant, Error> {
        let within = Duration::from_secs(self.seconds);
        while down.elapsed() < within {
            if let Ok(api) = Api::connect(target, 1).await
                && let Ok(answer) = api.call(Request::new(Method::GET, "/readyz")).await
                && answer.status == 200
            {
                return Ok(Instant::now());
            }
            tokio::time::sleep(limits::LOOK_INTERVAL).await;
        }
        Err(Error::Late("the server is not ready again".to_owned(), within))
    }

    /// Waits until all watches are open again.
    async fn resumed(&self, watches: &Watches, writer: &mut Writer) -> Result<Instant, Error> {
        let count = self.watching.watchers;
        self.wait("not all watches are open again", writer, |_| {
            watches.open() == count
        })
        .await
    }

    fn report(
        &self,
        watches: &[Watch],
        writes: &Writes,
        begin: Instant,
        down: Instant,
        ready: Instant,
    ) -> Report {
        let mut report = Report::new("restart", self.told());
        let since = |at: Instant| at.duration_since(begin).as_micros() as u64;
        let lost_place = watches.iter().filter(|watch| watch.relists > 0).count();
        let resumed = watches
            .iter()
            .filter(|watch| watch.relists == 0 && watch.opened_us.len() > 1)
            .count();
        let gone = |watch: &Watch| {
            watch
                .ends
                .iter()
                .any(|end| matches!(end, Ended::Refused(410) | Ended::Error(410)))
        };
        report.add("resumed", "watches that resumed", "", resumed as f64);
        report.add(
            "told_410",
            "watches that were told 410",
            "",
            watches.iter().filter(|watch| gone(watch)).count() as f64,
        );
        report.add(
            "relists",
            "lists again",
            "",
            watches.iter().map(|watch| watch.relists).sum::<u64>() as f64,
        );
        report.add(
            "bookmarks",
            "bookmarks",
            "",
            watches.iter().map(|watch| watch.bookmarks).sum::<u64>() as f64,
        );
        report.add_ms(
            "down_ms",
            "from the end of the server to its readiness",
            ready.duration_since(down),
        );
        let after_ready = |times: fn(&Watch) -> &Vec<u32>| {
            let last = watches
                .iter()
                .filter_map(|watch| times(watch).last())
                .max()
                .copied()
                .unwrap_or(0);
            Duration::from_micros(u64::from(last).saturating_sub(since(ready)))
        };
        report.add_ms(
            "resumed_ms",
            "from readiness until all were open again",
            after_ready(|watch| &watch.opened_us),
        );
        report.add_ms(
            "confirmed_ms",
            "from readiness until all had an event again",
            after_ready(|watch| &watch.confirmed_us),
        );
        let mut judgement = Judgement::over(Duration::ZERO, begin.elapsed());
        for (number, watch) in watches.iter().enumerate().filter(|(_, watch)| watch.relists == 0) {
            judgement.add(number, watch, &writes.acknowledged, Clock::since(begin));
        }
        // What was under way when the server died may have happened, without an answer.
        let unknown = std::mem::take(&mut judgement.unexpected);
        report.add(
            "unanswered",
            "events of writes without an answer",
            "",
            unknown as f64,
        );
        judgement
            .findings
            .retain(|finding| !finding.contains("unknown write"));
        deliveries::tell_writes(&mut report, writes);
        deliveries::tell(&mut report, &judgement, begin.elapsed());
        charts::deliveries(&mut report, &judgement, Clock::since(begin), writes);
        if resumed < watches.len() {
            report.wrong(format!(
                "{} watches did not resume; {lost_place} were told to list again",
                watches.len() - resumed
            ));
        }
        report
    }

    fn told(&self) -> serde_json::Value {
        json!({
            "watchers": self.watching.watchers,
            "streamsPerConnection": self.watching.streams_per_connection,
            "pods": self.pods,
            "rate": self.rate,
        })
    }
}

/// Writes one after the other, and bears that the server is gone.
struct Writer {
    api: Arc<Api>,
    change: Change,
    pause: Duration,
    turn: u64,
    failed: bool,
    writes: Writes,
}

impl Writer {
    fn new(options: &Restart, api: Arc<Api>, change: Change) -> Self {
        Self {
            api,
            change,
            pause: Duration::from_secs_f64(1.0 / options.rate),
            turn: 0,
            failed: false,
            writes: Writes::default(),
        }
    }

    fn renew(&mut self, api: Arc<Api>) {
        (self.api, self.failed) = (api, false);
    }

    async fn write_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.once().await;
        }
    }

    async fn once(&mut self) {
        let begin = Instant::now();
        let outcome = self.change.make(&self.api, self.turn).await;
        self.turn += 1;
        self.failed = outcome.is_err();
        self.writes.add(outcome);
        let took = begin.elapsed();
        self.writes.elapsed += took.max(self.pause);
        tokio::time::sleep(self.pause.saturating_sub(took)).await;
    }
}
