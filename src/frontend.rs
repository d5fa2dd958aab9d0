//! A frontend as a process of its own: the request tier over an etcd, without the lists and watches of `serve`. It keeps the records of
//! the tiers' members, its own among them, and of other resources only what it decides with.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use apiserver::bootstrap::hooks::HookState;
use apiserver::loopback::Loopback;
use router::limits::{RECORD_LEFT_MAX, RENEWAL_INTERVAL};
use router::members::Member;
use router::record::{LEASES, NAMESPACE, Record};
use schema::{Value, tree};
use serve::pki;
use serve::shutdown::Shutdown;
use serve::status::Status;
use watchcache::{Cache, Holds, Part};

/// How often records are looked through for those that nobody renews.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);
/// How often it is looked whether the server is ready.
const POLL: Duration = Duration::from_millis(20);
/// Field manager of records.
const MANAGER: &str = "shardplane";

/// What frontends follow by themselves: what their hooks and admission decide with, and the records of members.
pub fn holds() -> Holds {
    let whole = [
        "apiservices.apiregistration.k8s.io",
        "customresourcedefinitions.apiextensions.k8s.io",
        "flowschemas.flowcontrol.apiserver.k8s.io",
        "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
        "limitranges",
        "resourcequotas",
        "priorityclasses.scheduling.k8s.io",
        "storageclasses.storage.k8s.io",
        "ingressclasses.networking.k8s.io",
    ];
    let whole = whole.into_iter().map(|resource| Part {
        resource: resource.into(),
        namespace: None,
    });
    let records = Part {
        resource: "leases.coordination.k8s.io".into(),
        namespace: Some(NAMESPACE.into()),
    };
    Holds::Only(whole.chain([records]).collect())
}

/// Keeps this frontend's record.
pub struct Keeper {
    loopback: Loopback,
    member: Member,
}

impl Keeper {
    /// As `member`, over the frontend's own handler.
    pub fn new(loopback: Loopback, member: Member) -> Self {
        Self { loopback, member }
    }

    /// Makes what records need, then renews this frontend's and sweeps others' until the server is asked to stop.
    pub async fn run(&self, hooks: &[HookState], cache: &Arc<Cache>, shutdown: &Shutdown) {
        tokio::select! {
            () = self.keep(hooks, cache) => {}
            () = shutdown.requested() => {}
        }
    }

    /// Says goodbye: routers send nothing more.
    pub async fn leave(&self) {
        let path = format!("{LEASES}/{}", self.member.name);
        if let Err(status) = self.loopback.delete(&path).await
            && !status.is_not_found()
        {
            tracing::warn!(why = status.message, "this frontend's record is left behind");
        }
    }

    async fn keep(&self, hooks: &[HookState], cache: &Arc<Cache>) {
        while !hooks.iter().all(HookState::is_done) || !cache.unready().is_empty() {
            tokio::time::sleep(POLL).await;
        }
        while let Err(status) = self.make().await {
            tracing::warn!(
                why = status.message,
                "the namespace of the tiers could not be made; trying again"
            );
            tokio::time::sleep(RENEWAL_INTERVAL).await;
        }
        tokio::join!(self.renew(), self.sweep());
    }

    /// The namespace, and who may write in it.
    async fn make(&self) -> Result<(), Status> {
        for (collection, object) in objects() {
            self.loopback.ensure(&collection, &object).await?;
        }
        Ok(())
    }

    async fn renew(&self) {
        let path = format!("{LEASES}/{}", self.member.name);
        let mut tick = tokio::time::interval(RENEWAL_INTERVAL);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let lease = Record::lease(&self.member);
            if let Err(status) = self.loopback.apply(&path, MANAGER, &lease).await {
                tracing::warn!(why = status.message, "this frontend's record is not renewed");
            }
        }
    }

    /// Deletes what members left behind that vanished. One that lives renews its record, and has it again.
    async fn sweep(&self) {
        loop {
            tokio::time::sleep(SWEEP_INTERVAL).await;
            let Ok(list) = self.loopback.get(LEASES).await else {
                continue;
            };
            let now = SystemTime::now();
            let records = list
                .list_at(&["items"])
                .iter()
                .filter_map(|lease| Record::of(lease).ok());
            for record in records.filter(|record| record.age(now) > RECORD_LEFT_MAX) {
                // Another frontend may have been quicker.
                let _ = self
                    .loopback
                    .delete(&format!("{LEASES}/{}", record.member.name))
                    .await;
            }
        }
    }
}

/// Collections, and what is made in them.
fn objects() -> [(String, Value); 3] {
    let roles = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}");
    let name = "shardplane:tiers";
    [
        (
            "/api/v1/namespaces".to_owned(),
            tree!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}),
        ),
        (
            format!("{roles}/roles"),
            tree!({
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "Role",
                "metadata": {"name": name, "namespace": NAMESPACE},
                "rules": [{
                    "apiGroups": ["coordination.k8s.io"],
                    "resources": ["leases"],
                    "verbs": ["get", "list", "watch", "create", "patch", "delete"],
                }],
            }),
        ),
        (
            format!("{roles}/rolebindings"),
            tree!({
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "RoleBinding",
                "metadata": {"name": name, "namespace": NAMESPACE},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
                "subjects": [{
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "Group",
                    "name": (pki::TIERS_GROUP),
                }],
            }),
        ),
    ]
}
