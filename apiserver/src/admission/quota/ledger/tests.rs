//! Over a store of its own: charges of many at once, of several servers, and what is given back.

use futures_util::future::join_all;
use kinds::decorate::IpFamily;
use kinds::{Catalog, Keys};
use schema::{Value, tree};
use storage::Embedded;

use super::*;
use crate::admission::quota::usage::Kind;
use crate::objects::Outcome;

struct Bench {
    objects: Arc<Objects>,
    _folder: tempfile::TempDir,
}

impl Bench {
    /// A namespace `a` with a quota for so many config maps.
    async fn new(hard: i64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Arc::new(Embedded::open(folder.path()).expect("an empty store"));
        let objects = Objects::new(store, Keys::default(), IpFamily::V4, Duration::from_secs(60));
        let bench = Self {
            objects: Arc::new(objects),
            _folder: folder,
        };
        let status = tree!({"hard": {"configmaps": (hard.to_string())}, "used": {"configmaps": "0"}});
        let quota = tree!({"metadata": {"name": "q", "namespace": "a", "uid": "u"}, "status": status});
        let made = bench.objects.create(resource(), "a", "q", &quota).await;
        assert!(matches!(made, Ok(Outcome::Written(_))));
        bench
    }

    /// A server over the store.
    fn ledger(&self) -> Ledger {
        Ledger::new(self.objects.clone(), Vec::new())
    }

    async fn used(&self) -> String {
        let quota = self
            .objects
            .get(resource(), "a", "q")
            .await
            .expect("readable")
            .expect("there");
        quota
            .object
            .str_at(&["status", "used", "configmaps"])
            .unwrap_or_default()
            .to_owned()
    }
}

fn resource() -> &'static Arc<kinds::Resource> {
    Catalog::builtin()
        .resource("", "v1", "resourcequotas")
        .expect("built in")
}

fn write(dry_run: bool) -> Write {
    Write {
        kind: Kind::Counted,
        group: "".into(),
        resource: "configmaps".into(),
        name: "x".to_owned(),
        is_update: false,
        is_status: false,
        dry_run,
        object: Value::Map(schema::Map::new()),
        old: None,
    }
}

#[tokio::test]
async fn many_writes_of_several_servers_never_exceed_a_quota() {
    let bench = Bench::new(20).await;
    let ledgers = [bench.ledger(), bench.ledger(), bench.ledger()];
    let charged = join_all((0..60).map(|at| ledgers[at % 3].charge("a", write(false)))).await;
    let taken = charged.iter().filter(|one| one.is_ok()).count();
    assert_eq!(taken, 20);
    assert_eq!(bench.used().await, "20");
    let refused = charged.iter().filter_map(|one| one.as_ref().err());
    for status in refused {
        assert_eq!(
            status.message,
            "configmaps \"x\" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=20, limited: configmaps=20"
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
    assert_eq!(bench.used().await, "0");
    assert!(other.charge("a", write(false)).await.is_ok());
}

#[tokio::test]
async fn who_goes_away_while_waiting_is_given_it_back() {
    let bench = Bench::new(5).await;
    let ledger = bench.ledger();
    for _ in 0..5 {
        let waiting = tokio::spawn({
            let ledger = ledger.clone();
            async move { ledger.charge("a", write(false)).await.is_ok() }
        });
        tokio::task::yield_now().await;
        waiting.abort();
        let _ = waiting.await;
    }
    while bench.used().await != "0" || !ledger.waiting().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_dry_run_is_refused_and_not_charged() {
    let bench = Bench::new(1).await;
    let ledger = bench.ledger();
    assert!(ledger.charge("a", write(true)).await.expect("it fits").is_none());
    assert_eq!(bench.used().await, "0");
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
    let read = bench
        .objects
        .get(resource(), "a", "q")
        .await
        .expect("readable")
        .expect("there");
    let mut other = read.object.clone();
    object::meta::edit(&mut other).set_uid("other");
    let written = bench.objects.update(resource(), "a", "q", &other, &read).await;
    assert!(matches!(written, Ok(Outcome::Written(_))));
    charged.undo().await;
    assert_eq!(bench.used().await, "1");
}
