//! Lists of pods of 8 KB in all the ways that clients list, what they cost the server, and what a pod costs in its cache.

mod way;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use futures_util::future::try_join_all;
use http::Method;
use serde_json::json;

use self::way::{NAMESPACES, SELECTED_ONE_OF, Way};
use super::charts;
use super::cost::{Meters, Used};
use crate::api::{Api, Request};
use crate::list::Reader;
use crate::options::{Common, check_seconds};
use crate::population::{self, Pods};
use crate::process::Peak;
use crate::progress::{Progress, say};
use crate::report::Report;
use crate::timeline::{Looked, Timeline};
use crate::watch::Media;
use crate::{Error, limits};

const NODES: usize = 1_000;

/// Options of `lists`.
#[derive(Clone, Debug, Args)]
pub struct Lists {
    #[command(flatten)]
    common: Common,
    /// How many pods, spread over ten namespaces; those that are there already stay
    #[arg(long, default_value_t = 10_000)]
    pods: usize,
    /// How many requests are under way at a time; may be given several times
    #[arg(long, default_values_t = [1, 8])]
    concurrency: Vec<usize>,
    /// How many lists are made in each way by each that asks
    #[arg(long, default_value_t = 3)]
    repeat: usize,
    /// After this, one way of listing ends early
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The forms; may be given several times
    #[arg(long, value_enum, default_values = ["json", "protobuf"])]
    media: Vec<Media>,
}

/// What one way of listing gave.
struct Listed {
    lists: u64,
    objects: u64,
    bytes: u64,
    wrong: Option<String>,
    elapsed: Duration,
    used: Used,
    growth_bytes: Option<u64>,
}

impl Lists {
    /// Where the result goes.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// Makes the pods and lists them.
    pub async fn run(&self) -> Result<Report, Error> {
        check_seconds(self.seconds)?;
        if self.concurrency.iter().any(|count| !(1..=1_000).contains(count)) || self.repeat == 0 {
            return Err(Error::Options(
                "--concurrency is 1 to 1000, --repeat at least 1".to_owned(),
            ));
        }
        let target = self.common.target()?;
        let api = Arc::new(Api::connect(&target, limits::REQUEST_CONNECTIONS).await?);
        let mut report = Report::new("lists", self.told());
        let looked = Looked {
            server: self.common.server_meter().await?,
            etcd: self.common.etcd_meter()?,
            watches: None,
        };
        let timeline = Timeline::start(looked, Instant::now());
        self.populate(&api, &mut report).await?;
        for media in &self.media {
            for way in Way::ALL {
                for count in &self.concurrency {
                    let listed = self.list(&api, way, *media, *count).await?;
                    self.tell(&mut report, way, *media, *count, &listed);
                }
            }
        }
        charts::samples(&mut report, &timeline.finish(), Duration::ZERO);
        if !self.common.keep {
            for number in 0..NAMESPACES {
                let namespace = format!("{}-{number}", self.common.namespace);
                population::remove(&api, &namespace, "pods").await?;
            }
        }
        Ok(report)
    }

    /// The memory of a pod is what the server grew by while they were made, after it has settled.
    async fn populate(&self, api: &Arc<Api>, report: &mut Report) -> Result<(), Error> {
        let server = self.common.server_meter().await?;
        let mut before = None;
        if let Some(server) = &server {
            say("waiting until the server's memory has settled");
            before = Some(server.settled_bytes().await?);
        }
        let pods = Pods {
            count: self.pods,
            namespaces: NAMESPACES,
            nodes: NODES,
            selected_one_of: SELECTED_ONE_OF,
        };
        let progress = Progress::begin(format!("making {} pods", self.pods), self.pods);
        let size = population::pods(api, &self.common.namespace, &pods, &progress).await?;
        report.add("pod_json_bytes", "a pod as JSON", "B", size.json_bytes as f64);
        report.add(
            "pod_protobuf_bytes",
            "a pod as protobuf",
            "B",
            size.protobuf_bytes as f64,
        );
        if let (Some(server), Some(before)) = (server, before) {
            say("waiting until the server's memory has settled");
            let after = server.settled_bytes().await?;
            let grown = after.0 as f64 - before.0 as f64;
            report.add(
                "bytes_per_pod",
                "memory of the server per pod made",
                "B",
                grown / self.pods as f64,
            );
            if !(before.1 && after.1) {
                report.note("the server's memory did not settle in time");
            }
        }
        Ok(())
    }

    async fn list(&self, api: &Arc<Api>, way: Way, media: Media, count: usize) -> Result<Listed, Error> {
        say(&format!("listing {}, {media:?}, {count} at a time", way.name().1));
        // The first one may fill what the server keeps.
        self.once(api, way, media).await?;
        let peak = self.common.server()?.map(Peak::start).transpose()?;
        let meters = Meters::start(&self.common).await?;
        let (begin, left) = (Instant::now(), AtomicUsize::new(self.repeat * count));
        let each = || async {
            let mut readers = Vec::new();
            let within = || begin.elapsed() < Duration::from_secs(self.seconds);
            let take = |left: usize| left.checked_sub(1);
            while within()
                && left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                    .is_ok()
            {
                readers.push(self.once(api, way, media).await?);
            }
            Ok::<_, Error>(readers)
        };
        let all: Vec<(u64, u64)> = try_join_all((0..count).map(|_| each()))
            .await?
            .into_iter()
            .flatten()
            .collect();
        let expected = way.expected(self.pods);
        // There may be pods of others in a list of all namespaces.
        let wrong = all.iter().find(|(objects, _)| *objects < expected);
        Ok(Listed {
            lists: all.len() as u64,
            objects: all.iter().map(|(objects, _)| objects).sum(),
            bytes: all.iter().map(|(_, bytes)| bytes).sum(),
            wrong: wrong.map(|(objects, _)| format!("{objects} objects instead of {expected}")),
            elapsed: begin.elapsed(),
            used: meters.stop().await?,
            growth_bytes: peak.map(Peak::growth_bytes).transpose()?,
        })
    }

    /// One list with all its pages; tells how many objects and bytes it had.
    async fn once(&self, api: &Api, way: Way, media: Media) -> Result<(u64, u64), Error> {
        let first = way.path(&self.common.namespace);
        let mut path = first.clone();
        let (mut objects, mut bytes) = (0, 0);
        for _ in 0..limits::PAGES_MAX {
            let mut reader = Reader::new(media);
            let mut request = Request::new(Method::GET, &path);
            request.accept = media.accept();
            let mut refusal = Vec::new();
            let outcome = api.stream(request, |bytes| {
                if refusal.len() < 500 {
                    refusal.extend_from_slice(&bytes[..bytes.len().min(500)]);
                }
                reader.take(bytes)
            });
            let (status, _) = outcome.await?;
            if status != 200 {
                let (request, body) = (
                    format!("GET {path}"),
                    String::from_utf8_lossy(&refusal).into_owned(),
                );
                return Err(Error::Status {
                    request,
                    status,
                    body,
                });
            }
            objects += reader.objects();
            bytes += reader.bytes;
            let Some(next) = reader.next() else {
                break;
            };
            path = format!("{first}&continue={next}");
        }
        Ok((objects, bytes))
    }

    fn tell(&self, report: &mut Report, way: Way, media: Media, count: usize, listed: &Listed) {
        let (key, title) = way.name();
        let key = format!("{key}_{}_{count}", format!("{media:?}").to_lowercase());
        let title = format!("{title}, {media:?}, {count} at a time");
        let lists = listed.lists.max(1) as f64;
        if way == Way::Selected {
            let title = format!("{title}, a request");
            listed
                .used
                .tell(report, &format!("{key}_request"), &title, "ms", 1e3 / lists);
        }
        let scale = 1e6 / listed.objects.max(1) as f64;
        listed.used.tell(
            report,
            &format!("{key}_thousand"),
            &format!("{title}, 1,000 objects"),
            "ms",
            scale,
        );
        report.add_ms(
            format!("{key}_ms"),
            format!("{title}, time of a list"),
            listed.elapsed.mul_f64(count as f64 / lists),
        );
        report.add(
            format!("{key}_bytes"),
            format!("{title}, size of a list"),
            "KB",
            listed.bytes as f64 / lists / 1e3,
        );
        if let Some(growth) = listed.growth_bytes {
            report.add(
                format!("{key}_growth"),
                format!("{title}, memory grew by"),
                "MB",
                growth as f64 / 1e6,
            );
        }
        if let Some(wrong) = &listed.wrong {
            report.wrong(format!("{title}: {wrong}"));
        }
    }

    fn told(&self) -> serde_json::Value {
        json!({"pods": self.pods, "concurrency": self.concurrency, "repeat": self.repeat})
    }
}
