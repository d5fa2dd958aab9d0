//! What a new 4 KB pod passes before it may be stored: validation by its strategy, and all plugins that are on by default, mutating and
//! then validating, over a cache and an embedded store with the namespace, the pod's account, two priority classes and no quota.
//! `cargo bench -p shardplane-apiserver --bench admission`: time, and instructions where valgrind is installed.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use auth::{Access, User};
use kinds::decorate::IpFamily;
use kinds::defaults::{self, Now};
use kinds::{Catalog, Keys, Resource};
use schema::{Types, Value, json, tree};
use shardplane_apiserver::admission::{Attributes, Cached, Chain, Configuration, Operation, Told};
use shardplane_apiserver::objects::Objects;
use shardplane_apiserver::strategy::{self, Errors, WriteContext};
use storage::{Embedded, Store};
use watchcache::Cache;

const TEXT: &[u8] = include_bytes!("../../machinery/schema/benches/pod.json");
const NOW: &str = "2026-01-01T00:00:00Z";
const NAMESPACE: &str = "default";
/// The pod's own: its volume with a token needs one.
const ACCOUNT: &str = "web";
const ROUNDS: usize = 20;
const PER_ROUND: u32 = 200;
const COUNTED: u64 = 100;
const CASES: [&str; 3] = ["validation", "default plugins", "validation and default plugins"];

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let bench = runtime.block_on(Bench::new());
    let run = |case: &str| {
        if case != CASES[1] {
            bench.validate();
        }
        if case != CASES[0] {
            runtime.block_on(bench.admit());
        }
    };
    if let Some((case, times)) = measure::asked() {
        (0..times).for_each(|_| run(&case));
        return;
    }
    for case in CASES {
        let seconds = measure::best(ROUNDS, PER_ROUND, || run(case));
        let counted = measure::told(measure::instructions(case, COUNTED, &[]));
        println!(
            "{case} of a pod of {} bytes of JSON: {:.2} us   {counted}",
            TEXT.len(),
            seconds * 1e6
        );
    }
}

struct Bench {
    resource: &'static Arc<Resource>,
    user: User,
    /// As a client sends it, decoded and defaulted.
    pod: Value,
    chain: Chain,
    reader: Cached,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store: Arc<dyn Store> = Arc::new(Embedded::open(folder.path()).expect("an empty store"));
        let cache = Arc::new(Cache::new(&store, &watchcache::Config::default()));
        let objects = Objects::new(store, Keys::default(), IpFamily::V4, Duration::from_secs(60));
        let objects = Arc::new(objects);
        for (group, resource, namespace, object) in [
            ("", "namespaces", "", tree!({"metadata": {"name": NAMESPACE}})),
            (
                "",
                "serviceaccounts",
                NAMESPACE,
                tree!({"metadata": {"name": ACCOUNT, "namespace": NAMESPACE}}),
            ),
            (
                "scheduling.k8s.io",
                "priorityclasses",
                "",
                tree!({"metadata": {"name": "high"}, "value": 2i64}),
            ),
            (
                "scheduling.k8s.io",
                "priorityclasses",
                "",
                tree!({"metadata": {"name": "low"}, "value": 1i64}),
            ),
        ] {
            let name = object
                .str_at(&["metadata", "name"])
                .unwrap_or_default()
                .to_owned();
            let made = objects
                .create(resource_of(group, resource), namespace, &name, &object)
                .await;
            made.expect("it is stored");
        }
        cache.start().await;
        let chain = Chain::new(&Configuration::default(), &objects, &Access::default());
        Self {
            resource: resource_of("", "pods"),
            user: User::new("admin", "", &[User::MASTERS]),
            pod: pod(),
            chain: chain.expect("default plugins"),
            reader: Cached::new(objects, cache),
            _folder: folder,
        }
    }

    fn validate(&self) {
        let cx = WriteContext {
            resource: self.resource,
            group: "",
            subresource: "",
            user: &self.user,
            now: NOW,
        };
        let mut errors = Errors::new();
        strategy::of("", "pods").validate_create(&cx, &self.pod, &mut errors);
        assert!(errors.is_empty(), "{errors:?}");
        black_box(strategy::of("", "pods").warnings(&cx, &self.pod, None));
    }

    async fn admit(&self) {
        let mut attributes = Attributes {
            operation: Operation::Create,
            resource: self.resource,
            subresource: None,
            namespace: NAMESPACE,
            name: "p",
            object: self.pod.clone(),
            old: None,
            user: &self.user,
            dry_run: false,
        };
        let mut told = Told::default();
        let mutated = self.chain.mutate(&mut attributes, &self.reader, &mut told).await;
        mutated.expect("it is let in");
        let held = self.chain.validate(&attributes, &self.reader, &mut told).await;
        held.expect("it is let in").commit().await;
        black_box(attributes.object);
    }
}

fn resource_of(group: &str, resource: &str) -> &'static Arc<Resource> {
    Catalog::builtin()
        .resource(group, "v1", resource)
        .expect("built in")
}

/// A pod as clients send it: without what servers and nodes say.
fn pod() -> Value {
    let types = Types::builtin();
    let resource = resource_of("", "pods");
    let mut pod = json::decode(types, resource.type_id, TEXT).expect("a pod").value;
    if let Some(map) = pod.as_map_mut() {
        map.remove("status");
        let metadata = map.map_at("metadata");
        metadata.retain(|key, _| ["labels", "annotations"].contains(&key));
        metadata.insert("name", "p");
        metadata.insert("namespace", NAMESPACE);
        let spec = map.map_at("spec");
        spec.remove("nodeName");
    }
    defaults::apply(resource.type_id, &mut pod, Now(NOW));
    pod
}
