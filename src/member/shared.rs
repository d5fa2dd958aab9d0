//! A member among others: it tells of itself, follows who the others are, and keeps what is assigned to it. What is to be done is
//! [`router::holding`]'s to say; here it is done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use router::announce;
use router::assignment::Policy;
use router::holding::{Holding, Standing, Step};
use router::limits::{HANDOVER_MAX, LEAVE_SPREAD_MIN, LEAVING_PER_SECOND_MAX, STORE_SILENCE_MAX};
use router::members::{Member, State, Tier};
use router::unit::Unit;
use schema::SmolStr;
use serve::health::Check;
use serve::server::Listener;
use serve::shutdown::Shutdown;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use watchcache::Cache;

use crate::config::Config;
use crate::error::Error;
use crate::options;
use crate::tiers::{Files, Tiers, own_record};

/// How often it is looked whether something is to be done.
const POLL: Duration = Duration::from_millis(50);

/// A member among others, not yet started.
pub struct Shared {
    tiers: Tiers,
    cache: Arc<Cache>,
    /// What is told of it.
    told: watch::Sender<Arc<Member>>,
}

/// The same, running.
pub struct Running {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
    /// Whether it keeps nothing any more.
    empty: watch::Receiver<bool>,
    /// When all that was assigned to it is loaded for the first time.
    loaded: watch::Receiver<bool>,
}

impl Shared {
    /// As the flags say, over a cache that keeps what it is told to.
    pub fn new(
        config: &Config,
        (tiers, token): (&options::Tiers, &options::TierToken),
        share: &options::Share,
        listener: &Listener,
        cache: &Arc<Cache>,
    ) -> Result<Self, Error> {
        let pki = &config.pki;
        let files = Files::of(
            &tiers.trust,
            &pki.ca_certificate,
            &pki.watch_cache_certificate,
            &pki.watch_cache_key,
        )
        .with_token(token);
        let member = Member {
            weight: share.member_weight,
            policy: policy(share)?,
            ..own_record(config, listener, Tier::WatchCache)
        };
        Ok(Self {
            tiers: Tiers::new(tiers, files, http::HeaderMap::new())?,
            cache: cache.clone(),
            told: watch::Sender::new(Arc::new(member)),
        })
    }

    /// Whether routers know of it.
    pub fn check(&self) -> Check {
        let (members, name) = (self.tiers.members.clone(), self.name());
        Check::immediate("membership", move || {
            let members = members.borrow();
            match members.caches().iter().any(|member| member.name == name) {
                true => Ok(()),
                false => Err("no frontend tells of this member".to_owned()),
            }
        })
    }

    /// Joins the others.
    pub fn start(self, shutdown: &Shutdown) -> Running {
        self.tiers.follow(shutdown);
        let shared = Arc::new(self);
        let told = announce::keep(shared.tiers.frontends.clone(), shared.told.subscribe());
        let (is_empty, empty) = watch::channel(false);
        let (is_loaded, loaded) = watch::channel(false);
        let kept = shared.clone().keep(is_empty, is_loaded);
        Running {
            tasks: vec![tokio::spawn(told), tokio::spawn(kept)],
            shared,
            empty,
            loaded,
        }
    }

    fn name(&self) -> SmolStr {
        self.told.borrow().name.clone()
    }

    /// Does what is to be done, again and again.
    async fn keep(self: Arc<Self>, is_empty: watch::Sender<bool>, is_loaded: watch::Sender<bool>) {
        let (mut holding, mut units) = (Holding::new(self.name()), Units::default());
        let mut tick = tokio::time::interval(POLL);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let view = self.tiers.members.borrow().clone();
            units.follow(self.cache.units());
            let standing = |unit: &Unit| {
                let unit = units.by_name.get(unit);
                Standing {
                    is_loaded: unit.is_some_and(|unit| unit.generation().is_some()),
                    is_foreign: unit.is_some_and(|unit| unit.has_foreign()),
                    is_behind: unit.is_some_and(|unit| unit.silence() > STORE_SILENCE_MAX),
                    watchers: unit.map_or(0, |unit| unit.watchers()),
                }
            };
            let Some(steps) = holding.advance(&view, &units.names, standing, Instant::now()) else {
                continue;
            };
            // Told first: nobody is sent to what is about to go.
            self.tell(holding.ready(), holding.behind());
            for step in steps {
                self.step(step, &units.by_name).await;
            }
            let is_ready = holding.is_ready();
            is_loaded.send_if_modified(|loaded| is_ready && !std::mem::replace(loaded, true));
            let none = holding.ready().is_empty() && !holding.is_leaving();
            is_empty.send_if_modified(|empty| std::mem::replace(empty, none) != none);
        }
    }

    fn tell(&self, ready: BTreeSet<Unit>, behind: BTreeSet<Unit>) {
        self.told.send_if_modified(|member| {
            let has_changed = member.ready != ready || member.behind != behind;
            if has_changed {
                let member = Arc::make_mut(member);
                (member.ready, member.behind) = (ready, behind);
            }
            has_changed
        });
    }

    async fn step(&self, step: Step, units: &BTreeMap<Unit, Arc<watchcache::Unit>>) {
        let (Step::Hold(name) | Step::Shed(name, _) | Step::Leave(name) | Step::Release(name)) = &step;
        let Some(unit) = units.get(name) else { return };
        match step {
            Step::Hold(_) => self.cache.hold(unit),
            Step::Shed(_, part) => ask_to_leave(unit, part),
            Step::Leave(_) => ask_to_leave(unit, 1.0),
            Step::Release(_) => self.cache.release(unit).await,
        }
    }
}

/// The cache's units as they were when it was last looked, with their names.
#[derive(Default)]
struct Units {
    all: Vec<Arc<watchcache::Unit>>,
    by_name: BTreeMap<Unit, Arc<watchcache::Unit>>,
    names: BTreeSet<Unit>,
}

impl Units {
    /// To name them costs more than all else that is done when nothing happens.
    fn follow(&mut self, all: Vec<Arc<watchcache::Unit>>) {
        let same = |(one, other): (&Arc<_>, &Arc<_>)| Arc::ptr_eq(one, other);
        if self.all.len() == all.len() && self.all.iter().zip(&all).all(same) {
            return;
        }
        let named = all.iter().map(|unit| (Unit::new(unit.name()), unit.clone()));
        self.by_name = named.collect();
        self.names = self.by_name.keys().cloned().collect();
        self.all = all;
    }
}

/// Over a time that depends on how many leave.
fn ask_to_leave(unit: &watchcache::Unit, part: f64) {
    let leaving = unit.watchers() as f64 * part;
    if leaving > 0.0 {
        tracing::info!(resource = %unit.name(), watches = leaving, "watches go to other members");
    }
    let spread = Duration::from_secs_f64(leaving / LEAVING_PER_SECOND_MAX as f64);
    unit.ask_to_leave(part, spread.max(LEAVE_SPREAD_MIN));
}

fn policy(share: &options::Share) -> Result<Policy, Error> {
    let overrides = share.unit_replicas_overrides.iter();
    overrides
        .map(String::as_str)
        .filter(|one| !one.is_empty())
        .try_fold(Policy::uniform(share.unit_replicas), Policy::with_override)
        .map_err(|why| Error::flag("unit-replicas-overrides", why))
}

impl Running {
    /// Returns when all that was assigned to it is loaded for the first time.
    pub fn loaded(&self) -> impl Future<Output = ()> + use<> {
        let mut loaded = self.loaded.clone();
        async move {
            // It ends with the process.
            let _ = loaded.wait_for(|is| *is).await;
        }
    }

    /// Tells that it stops, waits until others have what it has and its watches have gone there, and says goodbye.
    pub async fn leave(mut self) {
        let member = &self.shared.told;
        member.send_modify(|member| Arc::make_mut(member).state = State::Draining);
        let name = self.shared.name();
        let mut members = self.shared.tiers.members.clone();
        let is_alone = members.wait_for(|members| {
            let mut others = members.caches().iter().filter(|other| other.name != name);
            others.all(|other| other.state == State::Draining)
        });
        tokio::select! {
            _ = self.empty.wait_for(|is| *is) => {}
            // Nobody is there to take anything over.
            _ = is_alone => {}
            () = tokio::time::sleep(HANDOVER_MAX) => tracing::warn!("not everything was taken over in time"),
        }
        self.tasks.iter().for_each(JoinHandle::abort);
        let member = self.shared.told.borrow().clone();
        if let Err(error) = announce::leave(&self.shared.tiers.frontends, &member).await {
            tracing::warn!(%error, "this member's record is left behind");
        }
    }
}
