//! Over a store of its own: charges of many at once, of several servers, and what is given back.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join_all;
use kinds::decorate::IpFamily;
use kinds::{Catalog, Keys};
use schema::tree;
use storage::Embedded;

use super::*;
use crate::limits::{QUOTA_BATCH_MAX, QUOTA_TXN_QUOTAS_MAX};
use crate::objects::{Outcome, PageRequest, Stored};
use faulty::Faulty;

mod failures;
mod faulty;

struct Bench {
    objects: Arc<Objects>,
    store: Arc<Faulty>,
    _folder: tempfile::TempDir,
}

impl Bench {
    /// A namespace `a` with a quota `q-0` for so many config maps.
    async fn new(hard: i64) -> Self {
        Self::with_quotas(1, hard).await
    }

    /// Several, all for the same.
    async fn with_quotas(count: usize, hard: i64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let embedded = Embedded::open(folder.path()).expect("an empty store");
        let store = Arc::new(Faulty::new(embedded));
        let objects = Objects::new(
            store.clone(),
            Keys::default(),
            IpFamily::V4,
            Duration::from_secs(60),
        );
        let bench = Self {
            objects: Arc::new(objects),
            store,
            _folder: folder,
        };
        for at in 0..count {
            let status = tree!({"hard": {"configmaps": (hard.to_string())}, "used": {"configmaps": "0"}});
            let (name, uid) = (format!("q-{at}"), format!("u-{at}"));
            let meta = tree!({"name": (name.clone()), "namespace": "a", "uid": uid});
            let quota = tree!({"metadata": meta, "status": status});
            let made = bench.objects.create(resource(), "a", &name, &quota).await;
            assert!(matches!(made, Ok(Outcome::Written(_))));
        }
        bench
    }

    /// A server over the store.
    fn ledger(&self) -> Ledger {
        Ledger::new(self.objects.clone(), Vec::new())
    }

    /// What is used of each quota.
    async fn used(&self) -> Vec<String> {
        let page = self
            .objects
            .page(resource(), "a", &PageRequest::default())
            .await
            .expect("readable");
        let used = page.entries.iter().map(|entry| {
            let quota = self.objects.decode(resource(), entry).expect("a quota");
            let used = quota.object.str_at(&["status", "used", "configmaps"]);
            used.unwrap_or_default().to_owned()
        });
        used.collect()
    }

    /// Waits until so much is used of all; each server's own retries bring it about.
    async fn until_used(&self, used: &str) {
        while self.used().await.iter().any(|one| one != used) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The first quota.
    async fn quota(&self) -> Stored {
        let found = self.objects.get(resource(), "a", "q-0").await;
        found.expect("readable").expect("there")
    }
}

fn resource() -> &'static Arc<kinds::Resource> {
    Catalog::builtin()
        .resource("", "v1", "resourcequotas")
        .expect("built in")
}

fn write(dry_run: bool) -> Write {
    let object = tree!({"metadata": {"name": "x"}});
    Write {
        dry_run,
        ..Write::measured(&"".into(), &"configmaps".into(), &object, None)
    }
}

#[tokio::test]
async fn many_writes_of_several_servers_never_exceed_a_quota() {
    let bench = Bench::new(20).await;
    let ledgers = [bench.ledger(), bench.ledger(), bench.ledger()];
    let charged = join_all((0..60).map(|at| ledgers[at % 3].charge("a", write(false)))).await;
    let taken = charged.iter().filter(|one| one.is_ok()).count();
    assert_eq!(taken, 20);
    assert_eq!(bench.used().await, ["20"]);
    let refused = charged.iter().filter_map(|one| one.as_ref().err());
    for status in refused {
        assert_eq!(
            status.message,
            "configmaps \"x\" is forbidden: exceeded quota: q-0, requested: configmaps=1, used: configmaps=20, limited: configmaps=20"
        );
    }
}

#[tokio::test]
async fn what_is_given_back_can_be_charged_again() {
    let bench = Bench::new(1).await;
    let (one, other) = (bench.ledger(), bench.ledger());
    let charged = one
        .charge("a", write(false))
        .await
        .expect("it fits")
        .expect("it is charged");
    assert!(other.charge("a", write(false)).await.is_err());
    charged.undo().await;
    assert_eq!(bench.used().await, ["0"]);
    assert!(other.charge("a", write(false)).await.is_ok());
}

#[tokio::test]
async fn who_goes_away_while_waiting_is_given_it_back() {
    let bench = Bench::new(5).await;
    let ledger = bench.ledger();
    let before = bench.quota().await.revision;
    {
        let mut charge = pin!(ledger.charge("a", write(false)));
        std::future::poll_fn(|cx| Poll::Ready(charge.as_mut().poll(cx).is_ready())).await;
        // It is charged, and does not know that yet.
        bench.until_used("1").await;
    }
    bench.until_used("0").await;
    assert!(bench.quota().await.revision > before);
}

#[tokio::test]
async fn who_went_away_before_is_not_charged() {
    let bench = Bench::new(5).await;
    let ledger = bench.ledger();
    let before = bench.quota().await.revision;
    let (answer, answered) = oneshot::channel();
    drop(answered);
    let write = Box::new(write(false));
    let entered = ledger.enter("a", |queue| queue.add_write(Waiting { write, answer }));
    assert!(entered.is_ok());
    while !ledger.waiting().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.quota().await.revision, before);
}

#[tokio::test]
async fn a_dry_run_is_refused_and_not_charged() {
    let bench = Bench::new(1).await;
    let ledger = bench.ledger();
    assert!(ledger.charge("a", write(true)).await.expect("it fits").is_none());
    assert_eq!(bench.used().await, ["0"]);
    let charged = ledger.charge("a", write(false)).await;
    assert!(charged.is_ok() && ledger.charge("a", write(true)).await.is_err());
}

#[tokio::test]
async fn another_quota_of_the_same_name_is_given_nothing_back() {
    let bench = Bench::new(5).await;
    let ledger = bench.ledger();
    let charged = ledger
        .charge("a", write(false))
        .await
        .expect("it fits")
        .expect("it is charged");
    let read = bench.quota().await;
    let mut other = read.object.clone();
    object::meta::edit(&mut other).set_uid("other");
    let written = bench.objects.update(resource(), "a", "q-0", &other, &read).await;
    assert!(matches!(written, Ok(Outcome::Written(_))));
    charged.undo().await;
    assert_eq!(bench.used().await, ["1"]);
}

#[tokio::test]
async fn what_waits_is_told_as_a_work_queue() {
    let bench = Bench::new(5).await;
    let ledger = bench.ledger();
    let told = || {
        let mut registry = Registry::default();
        ledger.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).expect("a string takes all");
        let named = "{name=\"admission_quota_controller\"} ";
        let samples = text.lines().filter_map(|line| line.split_once(named));
        samples
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect::<HashMap<_, _>>()
    };
    {
        let mut charges: Vec<_> = (0..3)
            .map(|_| Box::pin(ledger.charge("a", write(false))))
            .collect();
        std::future::poll_fn(|cx| {
            let left = charges.iter_mut().any(|one| one.as_mut().poll(cx).is_ready());
            Poll::Ready(left)
        })
        .await;
        // Three writes wait as one namespace, and nobody has begun.
        let told = told();
        assert_eq!(
            (&*told["workqueue_adds_total"], &*told["workqueue_depth"]),
            ("1", "1")
        );
        assert_eq!(told["workqueue_queue_duration_seconds_count"], "0");
        join_all(charges).await;
    }
    while !ledger.waiting().is_empty() {
        tokio::task::yield_now().await;
    }
    let told = told();
    assert_eq!(told["workqueue_depth"], "0");
    let adds = &told["workqueue_adds_total"];
    assert_eq!(&told["workqueue_queue_duration_seconds_count"], adds);
    assert_eq!(&told["workqueue_work_duration_seconds_count"], adds);
}
