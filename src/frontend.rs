//! A frontend as a process of its own: the request tier over an etcd, without the lists and watches of `serve`. It keeps the records of
//! the tiers' members, its own among them, and of other resources only what it decides with. What it needs to know of many objects
//! it hears from the watch tier.

mod objects;

use std::sync::Arc;
use std::time::Duration;

use apiserver::bootstrap::hooks::HookState;
use apiserver::loopback::Loopback;
use arc_swap::ArcSwap;
use auth::User;
use http::HeaderMap;
use router::follow::{Follower, Records};
use router::frontends;
use router::identity::Identity;
use router::limits::RENEWAL_INTERVAL;
use router::members::{Member, Members};
use router::record::{LEASES, NAMESPACE, Record};
use router::sweep;
use router::upstream::Upstreams;
use schema::Value;
use serve::http::Body;
use serve::pki;
use serve::shutdown::Shutdown;
use serve::status::Status;
use tokio::sync::watch;
use watchcache::{Cache, Holds, Part};

use crate::access::WatchTier;
use crate::config::Config;
use crate::error::Error;
use crate::options;
use crate::reload::Watched;
use crate::tiers::{Files, forget};

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

/// Who a frontend is to members of the watch tier.
const USER: &str = "system:shardplane:frontend";

/// Keeps this frontend's record, and follows those of the others.
pub struct Keeper {
    loopback: Loopback,
    member: Member,
    peers: Peers,
}

/// The way to the watch tier.
pub struct Peers {
    upstreams: Upstreams,
    named: Arc<ArcSwap<HeaderMap>>,
    view: watch::Sender<Arc<Members>>,
    /// Who is told of the tier once it is followed.
    told: watch::Sender<Option<WatchTier>>,
}

impl Peers {
    /// As the flags say; the files must be there.
    pub fn new(
        files: &Files,
        config: &Config,
        told: watch::Sender<Option<WatchTier>>,
    ) -> Result<Self, Error> {
        let user = User::new(USER, "", &[User::AUTHENTICATED]);
        let named = Identity::new(config.access.proxy_names()).headers_of(&user)?;
        Ok(Self {
            upstreams: files.upstreams(&[])?,
            named: Arc::new(ArcSwap::from_pointee(named)),
            view: watch::Sender::new(Arc::<Members>::default()),
            told,
        })
    }

    /// The files, which count anew for connections from then on.
    pub fn watched(&self, files: &Files) -> Watched {
        files.watched(&self.upstreams, &self.named)
    }

    /// Follows who the members are, for ever.
    async fn follow(&self, loopback: &Loopback) {
        self.told.send_replace(Some(WatchTier {
            members: self.view.subscribe(),
            upstreams: self.upstreams.clone(),
            named: self.named.clone(),
        }));
        let follower = Follower::new(Own(loopback.clone()), self.view.clone());
        let forgotten = forget(self.upstreams.clone(), Vec::new(), self.view.subscribe());
        tokio::join!(follower.run(), forgotten);
    }
}

/// This frontend as where records are.
struct Own(Loopback);

impl Records for Own {
    async fn get(&self, path: &str) -> Result<Value, frontends::Error> {
        self.0.get(path).await.map_err(refused)
    }

    async fn watch(&self, path: &str) -> Result<Body, frontends::Error> {
        self.0.watch(path).await.map_err(refused)
    }

    async fn delete(&self, path: &str) -> Result<Value, frontends::Error> {
        self.0.delete(path).await.map_err(refused)
    }
}

fn refused(status: Status) -> frontends::Error {
    frontends::Error::Answer {
        code: status.code,
        message: status.message,
    }
}

/// The certificates that the watch tier is shown: those of a front proxy.
pub fn files(trust: &options::TierTrust, pki: &pki::Files) -> Files {
    Files::of(
        trust,
        &pki.ca_certificate,
        &pki.front_proxy_client_certificate,
        &pki.front_proxy_client_key,
    )
}

impl Keeper {
    /// As `member`, over the frontend's own handler.
    pub fn new(loopback: Loopback, member: Member, peers: Peers) -> Self {
        Self {
            loopback,
            member,
            peers,
        }
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
        let records = Own(self.loopback.clone());
        tokio::join!(
            self.renew(),
            sweep::run(&records, || true),
            self.peers.follow(&self.loopback)
        );
    }

    /// The namespace, and who may write in it.
    async fn make(&self) -> Result<(), Status> {
        for (collection, object) in objects::all() {
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
}
