//! The threads that read watches: each runs a share of the connections, and hands the records back when it is told to stop.
//! They are apart from the thread that writes, so that reading does not delay the moment at which a write counts as acknowledged.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::{Semaphore, watch};

use super::desk::Desk;
use super::{Media, Wanted, Watch, http1, http2};
use crate::process::ThreadMeter;
use crate::progress::say;
use crate::target::{Protocol, Target};
use crate::{Error, limits};

/// How watches are opened and read.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In what form.
    pub media: Media,
    /// Over what protocol; HTTP/1.1 has one watch on a connection.
    pub protocol: Protocol,
    /// Watches on one HTTP/2 connection.
    pub streams_per_connection: usize,
    /// The window of each stream.
    pub stream_window_bytes: u32,
    /// The threads that read.
    pub threads: usize,
    /// What a watch asks for as `timeoutSeconds`.
    pub timeout_seconds: u64,
    /// Watches that end are opened again from their last revision.
    pub resume: bool,
}

/// What the reading threads share with the rest.
pub(super) struct Shared {
    pub target: Arc<Target>,
    pub plan: Plan,
    pub begin: Instant,
    pub open: AtomicUsize,
    /// How many were opened at least once, and how many have all that there was.
    pub begun: AtomicUsize,
    pub synced: AtomicUsize,
    /// How often one was opened.
    pub openings: AtomicU64,
    pub changes: AtomicU64,
    pub bytes: AtomicU64,
    pub ended: AtomicUsize,
    pub connecting: Semaphore,
    pub failure: Mutex<Option<Error>>,
    pub stop: watch::Receiver<bool>,
    /// Each change of it ends all connections.
    pub cut: watch::Receiver<u64>,
}

impl Shared {
    /// One was opened.
    pub fn opened(&self, watch: &Watch) {
        self.open.fetch_add(1, Ordering::Relaxed);
        self.openings.fetch_add(1, Ordering::Relaxed);
        if watch.opened_us.len() == 1 {
            self.begun.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Changes arrived at watches that read at once, and bytes of events at any.
    pub fn came(&self, changes: u64, bytes: u64) {
        self.changes.fetch_add(changes, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Keeps the first reason why watches could not be opened.
    pub fn fail(&self, error: Error) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error);
    }
}

/// Watches that are being read.
pub struct Watches {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    cut: watch::Sender<u64>,
    threads: Vec<JoinHandle<Numbered>>,
    meters: Vec<ThreadMeter>,
    count: usize,
}

/// Watches of one connection or thread, with their places among all.
type Numbered = Vec<(usize, Watch)>;

impl Watches {
    /// Begins to open all watches. Times are counted from `begin`.
    pub fn start(target: &Arc<Target>, plan: Plan, wanted: Vec<Wanted>, begin: Instant) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (cut, cuts) = watch::channel(0);
        let count = wanted.len();
        let per_connection = match plan.protocol {
            Protocol::Http2 => plan.streams_per_connection.max(1),
            Protocol::Http1 => 1,
        };
        let numbered: Numbered = wanted
            .into_iter()
            .map(|wanted| Watch::new(wanted, plan.media))
            .enumerate()
            .collect();
        let mut shares: Vec<Vec<Numbered>> = (0..plan.threads.max(1)).map(|_| Vec::new()).collect();
        let mut numbered = numbered.into_iter().peekable();
        for turn in 0.. {
            if numbered.peek().is_none() {
                break;
            }
            let share = turn % shares.len();
            shares[share].push(numbered.by_ref().take(per_connection).collect());
        }
        let shared = Arc::new(Shared {
            target: target.clone(),
            plan,
            begin,
            open: AtomicUsize::new(0),
            begun: AtomicUsize::new(0),
            synced: AtomicUsize::new(0),
            openings: AtomicU64::new(0),
            changes: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            ended: AtomicUsize::new(0),
            connecting: Semaphore::new(limits::CONNECTING_AT_ONCE),
            failure: Mutex::new(None),
            stop: stopped,
            cut: cuts,
        });
        let (told, meter) = std::sync::mpsc::channel();
        let start = |connections: Vec<Numbered>| {
            let (shared, told) = (shared.clone(), told.clone());
            std::thread::spawn(move || {
                told.send(ThreadMeter::of_this_thread())
                    .expect("whoever starts threads waits for their meters");
                drop(told);
                read(&shared, connections)
            })
        };
        let threads = shares.into_iter().map(start).collect();
        drop(told);
        Self {
            shared,
            stop,
            cut,
            threads,
            meters: meter.iter().collect(),
            count,
        }
    }

    /// Waits until all were opened.
    pub async fn all_open(&self) -> Result<(), Error> {
        self.all("open", &self.shared.begun).await
    }

    /// Waits until all have what there was when they began.
    pub async fn all_synced(&self) -> Result<(), Error> {
        self.all("synced", &self.shared.synced).await
    }

    async fn all(&self, what: &str, done: &AtomicUsize) -> Result<(), Error> {
        let end = Instant::now() + limits::OPEN_TIMEOUT;
        let mut told = Instant::now();
        while done.load(Ordering::Relaxed) < self.count {
            let failure = self
                .shared
                .failure
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            if let Some(error) = failure {
                return Err(error);
            }
            let so_far = || {
                format!(
                    "{} of {} watches are {what}",
                    done.load(Ordering::Relaxed),
                    self.count
                )
            };
            if Instant::now() > end {
                return Err(Error::Late(format!("only {}", so_far()), limits::OPEN_TIMEOUT));
            }
            if told.elapsed() > limits::PROGRESS_INTERVAL {
                told = Instant::now();
                say(&so_far());
            }
            tokio::time::sleep(limits::LOOK_INTERVAL).await;
        }
        Ok(())
    }

    /// Ends all connections at once; those of a plan that resumes come again.
    pub fn cut(&self) {
        self.cut.send_modify(|times| *times += 1);
    }

    /// The counts, for who looks at them meanwhile.
    pub fn counts(&self) -> Counts {
        Counts(self.shared.clone())
    }

    /// How many are open now.
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::Relaxed)
    }

    /// How many changes arrived so far, of those that read at once.
    pub fn changes(&self) -> u64 {
        self.shared.changes.load(Ordering::Relaxed)
    }

    /// How many bytes of events arrived so far, their framing included.
    pub fn bytes(&self) -> u64 {
        self.shared.bytes.load(Ordering::Relaxed)
    }

    /// How often a watch was opened so far.
    pub fn openings(&self) -> u64 {
        self.shared.openings.load(Ordering::Relaxed)
    }

    /// How often a watch ended so far that nobody stopped.
    pub fn ended(&self) -> usize {
        self.shared.ended.load(Ordering::Relaxed)
    }

    /// Waits until so many changes arrived at those that read at once, or nothing more can come, or the time is over; tells whether they arrived.
    pub async fn arrived(&self, changes: u64, within: Duration) -> bool {
        let end = Instant::now() + within;
        while self.changes() < changes {
            if Instant::now() > end || (self.open() == 0 && !self.shared.plan.resume) {
                return false;
            }
            tokio::time::sleep(limits::LOOK_INTERVAL).await;
        }
        true
    }

    /// The CPU time that the threads that read have used so far.
    pub fn cpu(&self) -> Duration {
        self.meters.iter().map(ThreadMeter::cpu).sum()
    }

    /// Ends all watches and takes their records.
    pub fn finish(self) -> Vec<Watch> {
        // The threads may be gone already; then there is nobody to tell.
        let _ = self.stop.send(true);
        let mut all = Vec::with_capacity(self.count);
        for thread in self.threads {
            all.extend(thread.join().expect("a reading thread does not panic"));
        }
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, watch)| watch).collect()
    }
}

/// What watches count while they are read.
#[derive(Clone)]
pub struct Counts(Arc<Shared>);

impl Counts {
    /// How many are open now.
    pub fn open(&self) -> usize {
        self.0.open.load(Ordering::Relaxed)
    }

    /// How many changes arrived so far, of those that read at once.
    pub fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Relaxed)
    }
}

fn read(shared: &Arc<Shared>, connections: Vec<Numbered>) -> Numbered {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("the system gives a thread its event queue");
    let desk = Desk::new();
    let read = async {
        let all = connections
            .into_iter()
            .map(|connection| tokio::spawn(read_connection(shared.clone(), desk.clone(), connection)));
        join_all(all.collect::<Vec<_>>()).await
    };
    let done = runtime.block_on(read);
    let mut watches: HashMap<usize, Watch> = done
        .into_iter()
        .flat_map(|connection| connection.expect("a connection's task does not panic"))
        .collect();
    for (number, delivery) in desk.scratch().log.deliveries() {
        if let Some(watch) = watches.get_mut(&(number as usize)) {
            watch.deliveries.push(delivery);
        }
    }
    watches.into_iter().collect()
}

async fn read_connection(shared: Arc<Shared>, desk: Desk, connection: Numbered) -> Numbered {
    let (numbers, mut watches): (Vec<usize>, Vec<Watch>) = connection.into_iter().unzip();
    let (mut stop, first) = (
        shared.stop.clone(),
        numbers.first().map_or(0, |number| *number as u32),
    );
    let run = async {
        match shared.plan.protocol {
            Protocol::Http2 => http2::run(&shared, &mut watches, first, &desk).await,
            Protocol::Http1 => http1::run(&shared, &mut watches, first, &desk).await,
        }
    };
    tokio::select! {
        _ = stop.wait_for(|stopped| *stopped) => {}
        () = run => {}
    }
    numbers.into_iter().zip(watches).collect()
}
