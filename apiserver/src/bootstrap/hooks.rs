//! The post-start hooks: they make what a cluster needs and then keep up what must be kept up, until the server stops.
//! Each hook is a named task; readiness waits for the first round of all of them.

mod availability;
mod definitions;
mod flow_schemas;
mod following;
mod unserved;

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use kinds::Catalog;
use object::time::Time;
use prometheus_client::registry::Registry;
use schema::Value;
use serve::shutdown::Shutdown;
use serve::status::Status;
use storage::Store;

use super::api_services;
use super::cluster::{self, Authentication};
use super::identity::{self, Identity};
use super::kubernetes_service as kubernetes;
use super::master_leases::{self, MasterLeases};
use super::objects::{self, Bootstrap};
use super::policy;
use crate::loopback::Loopback;
use render::discovery::Served;

/// How many objects are made at a time at start: enough to share the store's group commits.
const CONCURRENT_CREATES: usize = 32;
/// Between tries of a step that failed.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// What the hooks must know of this server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Store key prefix, e.g. `/registry`.
    pub key_prefix: String,
    /// The address under which other members of the cluster reach this server.
    pub advertise_address: IpAddr,
    /// Its port.
    pub secure_port: u16,
    /// The first address of the Service range.
    pub kubernetes_address: IpAddr,
    /// The Service ranges, as given.
    pub service_cidrs: Vec<String>,
    /// Who this server is.
    pub identity: Identity,
    /// For extension API servers.
    pub authentication: Authentication,
}

/// A hook's name and whether its first round is done.
#[derive(Clone, Debug)]
pub struct HookState {
    /// As health checks name it: `poststarthook/<name>`.
    pub name: &'static str,
    done: Arc<AtomicBool>,
}

impl HookState {
    /// Whether the first round is done.
    pub fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    fn new(name: &'static str) -> Self {
        Self {
            name,
            done: Arc::default(),
        }
    }

    fn set_done(&self) {
        self.done.store(true, Ordering::Release);
    }
}

/// The hooks, not yet started.
pub struct Hooks {
    loopback: Loopback,
    store: Arc<dyn Store>,
    leases: MasterLeases,
    served: Arc<Served>,
    settings: Settings,
    shutdown: Shutdown,
    namespaces: HookState,
    policy: HookState,
    api_services: HookState,
    cluster: HookState,
    flow_control: HookState,
    definitions: HookState,
    availability: HookState,
    endpoints: HookState,
    identity: HookState,
    unavailable: availability::Numbers,
}

impl Hooks {
    /// Over a server's own handler and store.
    pub fn new(
        loopback: Loopback,
        store: Arc<dyn Store>,
        served: Arc<Served>,
        settings: Settings,
        shutdown: Shutdown,
    ) -> Self {
        Self {
            leases: MasterLeases::new(store.clone(), &settings.key_prefix),
            store,
            loopback,
            served,
            settings,
            shutdown,
            namespaces: HookState::new("start-system-namespaces-controller"),
            policy: HookState::new("rbac/bootstrap-roles"),
            api_services: HookState::new("apiservice-registration-controller"),
            cluster: HookState::new("bootstrap-controller"),
            flow_control: HookState::new("priority-and-fairness-config-producer"),
            definitions: HookState::new("start-apiextensions-controllers"),
            availability: HookState::new("apiservice-status-remote-available-controller"),
            endpoints: HookState::new("start-kubernetes-service-controller"),
            identity: HookState::new("start-kube-apiserver-identity-lease-controller"),
            unavailable: availability::Numbers::default(),
        }
    }

    /// Adds what they count to a registry.
    pub fn register(&self, registry: &mut Registry) {
        self.unavailable.register(registry);
    }

    /// The client that they use.
    pub fn loopback(&self) -> Loopback {
        self.loopback.clone()
    }

    /// All hooks, for health checks.
    pub fn states(&self) -> Vec<HookState> {
        [
            &self.namespaces,
            &self.policy,
            &self.api_services,
            &self.cluster,
            &self.flow_control,
            &self.definitions,
            &self.availability,
            &self.endpoints,
            &self.identity,
        ]
        .map(HookState::clone)
        .to_vec()
    }

    /// Runs them all; returns after shutdown, when this server is out of the endpoints.
    pub async fn run(self) {
        let hooks = Arc::new(self);
        hooks
            .until_done("system namespaces", || hooks.ensure_all(objects::namespaces()))
            .await;
        hooks.namespaces.set_done();
        tokio::join!(
            hooks.make_policy(),
            hooks.make_api_services(),
            hooks.keep_definitions(),
            hooks.make_cluster_objects(),
            hooks.keep_endpoints(),
            hooks.keep_identity(),
        );
        if let Err(error) = hooks.leave().await {
            tracing::warn!(%error, "this server could not be taken out of the endpoints of the kubernetes Service");
        }
    }

    async fn make_policy(&self) {
        self.until_done("default policy", || {
            self.ensure_all(objects::policy(Catalog::builtin()))
        })
        .await;
        self.policy.set_done();
        self.keep_flow_control().await;
    }

    async fn make_api_services(&self) {
        self.until_done("APIServices", || self.ensure_all(api_services::all(&self.served)))
            .await;
        self.api_services.set_done();
        self.keep_availability().await;
    }

    async fn make_cluster_objects(&self) {
        self.until_done("cluster objects", || self.ensure_cluster_objects())
            .await;
        self.cluster.set_done();
    }

    async fn keep_endpoints(&self) {
        self.every(
            master_leases::RENEWAL_INTERVAL,
            &self.endpoints,
            "endpoints",
            || async {
                self.leases
                    .renew(self.settings.advertise_address)
                    .await
                    .map_err(|error| error.to_string())?;
                self.reconcile_endpoints().await
            },
        )
        .await;
    }

    async fn keep_identity(&self) {
        self.every(
            identity::RENEWAL_INTERVAL,
            &self.identity,
            "identity lease",
            || self.renew_identity(),
        )
        .await;
    }

    async fn ensure_cluster_objects(&self) -> Result<(), String> {
        let now = Time::now();
        let authentication = cluster::authentication(&self.settings.authentication);
        let plain = vec![
            cluster::legacy_token_tracking(&now.format()[..10]),
            authentication.clone(),
        ];
        self.ensure_all(plain).await?;
        self.keep_current(
            &format!("{}/{}", authentication.collection, cluster::AUTHENTICATION),
            &authentication.object,
        )
        .await?;
        self.ensure_service_cidr(&now).await
    }

    async fn ensure_service_cidr(&self, now: &Time) -> Result<(), String> {
        let cidr = cluster::service_cidr(&self.settings.service_cidrs);
        self.loopback
            .ensure(&cidr.collection, &cidr.object)
            .await
            .map_err(text)?;
        let path = format!("{}/kubernetes", cidr.collection);
        let mut current = self.loopback.get(&path).await.map_err(text)?;
        if current.list_at(&["status", "conditions"]).is_empty() {
            if let Some(map) = current.as_map_mut() {
                map.map_at("status")
                    .insert("conditions", vec![cluster::service_cidr_ready(&now.format())]);
            }
            self.loopback
                .update(&format!("{path}/status"), &current)
                .await
                .map_err(text)?;
        }
        self.ensure_kubernetes_service().await
    }

    /// Asks before it creates: a creation would be refused for the address, which the Service has already.
    async fn ensure_kubernetes_service(&self) -> Result<(), String> {
        let path = format!("{}/{}", kubernetes::SERVICES, kubernetes::NAME);
        match self.loopback.get(&path).await {
            Ok(_) => return Ok(()),
            Err(status) if status.is_not_found() => {}
            Err(status) => return Err(text(status)),
        }
        let service = kubernetes::service(self.settings.kubernetes_address, self.settings.secure_port);
        self.loopback
            .ensure(kubernetes::SERVICES, &service)
            .await
            .map_err(text)?;
        Ok(())
    }

    /// Writes the endpoints that the master leases say, if they differ.
    async fn reconcile_endpoints(&self) -> Result<(), String> {
        let servers = self.leases.servers().await.map_err(|error| error.to_string())?;
        let port = self.settings.secure_port;
        self.keep(kubernetes::ENDPOINTS, &kubernetes::endpoints(&servers, port))
            .await?;
        self.keep(
            kubernetes::ENDPOINT_SLICES,
            &kubernetes::endpoint_slice(&servers, port),
        )
        .await
    }

    /// Creates the object or brings its content up to date.
    async fn keep(&self, collection: &str, wanted: &Value) -> Result<(), String> {
        if self.loopback.ensure(collection, wanted).await.map_err(text)? {
            return Ok(());
        }
        let name = wanted.str_at(&["metadata", "name"]).unwrap_or_default();
        self.keep_current(&format!("{collection}/{name}"), wanted).await
    }

    async fn keep_current(&self, path: &str, wanted: &Value) -> Result<(), String> {
        let current = self.loopback.get(path).await.map_err(text)?;
        if let Some(next) = kubernetes::merged(&current, wanted) {
            self.loopback.update(path, &next).await.map_err(text)?;
        }
        Ok(())
    }

    async fn renew_identity(&self) -> Result<(), String> {
        let lease = self.settings.identity.lease(&Time::now().format_micro());
        self.keep(identity::LEASES, &lease).await
    }

    /// Takes this server out of the endpoints: a clean stop does not wait for its lease to end.
    async fn leave(&self) -> Result<(), String> {
        self.leases
            .remove(self.settings.advertise_address)
            .await
            .map_err(|error| error.to_string())?;
        self.reconcile_endpoints().await
    }

    async fn ensure_all(&self, all: Vec<Bootstrap>) -> Result<(), String> {
        let made = stream::iter(all)
            .map(|one| async move { self.ensure(&one).await.map_err(text) })
            .buffer_unordered(CONCURRENT_CREATES)
            .collect::<Vec<_>>()
            .await;
        made.into_iter().collect::<Result<Vec<_>, _>>().map(drop)
    }

    /// Makes an object; of the policy that is there already, adds what is missing.
    async fn ensure(&self, one: &Bootstrap) -> Result<(), Status> {
        let made = self.loopback.ensure(&one.path(), &one.object).await?;
        if made || !one.collection.starts_with(policy::GROUP) {
            return Ok(());
        }
        let name = one.object.str_at(&["metadata", "name"]).unwrap_or_default();
        let path = format!("{}/{name}", one.collection);
        match policy::step(&self.loopback.get(&path).await?, &one.object) {
            policy::Step::Keep => {}
            policy::Step::Update(next) => drop(self.loopback.update(&path, &next).await?),
            policy::Step::Recreate => {
                self.loopback.delete(&path).await?;
                self.loopback.ensure(&one.path(), &one.object).await?;
            }
        }
        Ok(())
    }

    /// Tries a step until it succeeds or the server stops.
    async fn until_done<F: Future<Output = Result<(), String>>>(
        &self,
        what: &str,
        mut step: impl FnMut() -> F,
    ) {
        while let Err(error) = step().await {
            tracing::warn!(%error, "could not make {what}; trying again");
            if self.stopped_within(RETRY_INTERVAL).await {
                return;
            }
        }
    }

    /// Does a step again and again until the server stops. The first success makes the hook done.
    async fn every<F: Future<Output = Result<(), String>>>(
        &self,
        interval: Duration,
        state: &HookState,
        what: &str,
        mut step: impl FnMut() -> F,
    ) {
        loop {
            let pause = match step().await {
                Ok(()) => {
                    state.set_done();
                    interval
                }
                Err(error) => {
                    tracing::warn!(%error, "could not keep up {what}; trying again");
                    RETRY_INTERVAL.min(interval)
                }
            };
            if self.stopped_within(pause).await {
                return;
            }
        }
    }

    async fn stopped_within(&self, pause: Duration) -> bool {
        tokio::time::timeout(pause, self.shutdown.requested())
            .await
            .is_ok()
    }
}

fn text(status: Status) -> String {
    status.to_string()
}

/// An item of a list with what lists leave out.
fn typed(item: &Value, api_version: &'static str, kind: &'static str) -> Value {
    let mut object = item.clone();
    if let Some(map) = object.as_map_mut() {
        map.insert("apiVersion", api_version);
        map.insert("kind", kind);
    }
    object
}
