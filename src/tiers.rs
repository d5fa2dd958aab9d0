//! The way from one tier to the others: trust and identity, where frontends are, and who the members are. Routers and members of the
//! watch tier share it.

mod files;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::HeaderMap;
use router::assignment::Policy;
use router::follow::Follower;
use router::frontends::Frontends;
use router::members::{Member, Members, State, Tier};
use router::record;
use router::sweep;
use router::upstream::Upstreams;
use schema::SmolStr;
use serve::server::Listener;
use serve::shutdown::Shutdown;
use tokio::sync::watch;

use crate::config::Config;
use crate::error::Error;
use crate::options;
use crate::reload::Watched;

pub use files::Files;

/// The port of a frontend that is given without one.
const PORT: u16 = 6443;

/// The way to the other tiers.
pub struct Tiers {
    /// Connections.
    pub upstreams: Upstreams,
    /// Where records are read and written.
    pub frontends: Frontends,
    /// Who the members are.
    pub members: watch::Receiver<Arc<Members>>,
    view: watch::Sender<Arc<Members>>,
    files: Files,
    named: Arc<ArcSwap<HeaderMap>>,
}

impl Tiers {
    /// Ready to be followed; the files must be there. Headers name us where the certificate is a front proxy's.
    pub fn new(flags: &options::Tiers, files: Files, mut named: HeaderMap) -> Result<Self, Error> {
        let unnamed = |why| Error::flag("tier-token-file", why);
        files.name(&mut named).map_err(unnamed)?;
        let named = Arc::new(ArcSwap::from_pointee(named));
        let seeds = flags.frontends.iter().map(|seed| address(seed));
        let seeds: Vec<_> = seeds.collect::<Result<_, _>>()?;
        if seeds.is_empty() {
            let why = "say where at least one frontend is: host:port";
            return Err(Error::flag("frontends", why));
        }
        let upstreams = files.upstreams(&seeds)?;
        let view = watch::Sender::new(Arc::<Members>::default());
        let members = view.subscribe();
        Ok(Self {
            frontends: Frontends::new(upstreams.clone(), seeds, members.clone(), named.clone()),
            upstreams,
            members,
            view,
            files,
            named,
        })
    }

    /// Follows who the members are until the process stops.
    pub fn follow(&self, shutdown: &Shutdown) {
        let follower = Follower::new(self.frontends.clone(), self.view.clone());
        let (upstreams, seeds, members) = (
            self.upstreams.clone(),
            self.frontends.seeds().to_vec(),
            self.members.clone(),
        );
        let (shutdown, records, known) = (shutdown.clone(), self.frontends.clone(), self.members.clone());
        tokio::spawn(async move {
            // Frontends of our own sweep; another server does not.
            let swept = sweep::run(&records, || known.borrow().frontends().next().is_none());
            tokio::select! {
                () = follower.run() => {}
                () = forget(upstreams, seeds, members) => {}
                () = swept => {}
                () = shutdown.draining() => {}
            }
        });
    }

    /// The files, which count anew for connections from then on.
    pub fn watched(&self) -> Watched {
        self.files.watched(&self.upstreams, &self.named)
    }
}

/// Gives up connections to who is no member any more, and no seed.
pub async fn forget(upstreams: Upstreams, seeds: Vec<SmolStr>, mut members: watch::Receiver<Arc<Members>>) {
    while members.changed().await.is_ok() {
        let view = members.borrow_and_update().clone();
        let is_member =
            |address: &_| view.all().any(|member| member.address == *address) || seeds.contains(address);
        upstreams.retain(is_member, |address| view.lost().contains(address));
    }
}

/// `host:port`, of a URL too.
fn address(text: &str) -> Result<SmolStr, Error> {
    let invalid = || Error::flag("frontends", format!("{text:?} is not host:port"));
    let bare = text
        .strip_prefix("https://")
        .unwrap_or(text)
        .trim_end_matches('/');
    let authority: http::uri::Authority = bare.parse().map_err(|_| invalid())?;
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return Err(invalid());
    }
    Ok(match authority.port() {
        Some(_) => bare.into(),
        None => format!("{bare}:{PORT}").into(),
    })
}

/// What the record of this process tells of it, as far as it is known before anything is kept: a name of its own for this run, and
/// under which address the others reach it.
pub fn own_record(config: &Config, listener: &Listener, tier: Tier) -> Member {
    let given = config.options.serving.listening.advertise_address;
    let address = own_address(given, listener.address(), config.advertise_address).to_string();
    Member {
        name: record::name(tier, &address),
        run: uuid::Uuid::new_v4().to_string().into(),
        tier,
        address: address.into(),
        weight: 1,
        state: State::Serving,
        ready: BTreeSet::new(),
        behind: BTreeSet::new(),
        policy: Policy::default(),
    }
}

/// Under which address other tiers reach a server: the one that was given, or the one it is bound to where that is enough.
fn own_address(given: Option<IpAddr>, bound: SocketAddr, outward: IpAddr) -> SocketAddr {
    let host = match (given, bound.ip()) {
        (Some(given), _) => given,
        (None, bound) if bound.is_unspecified() => outward,
        (None, bound) => bound,
    };
    SocketAddr::new(host, bound.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frontends_are_told_in_several_ways() {
        let read = |text| address(text).map(|address| address.to_string()).ok();
        assert_eq!(read("a.example.com").as_deref(), Some("a.example.com:6443"));
        assert_eq!(read("https://a:1/").as_deref(), Some("a:1"));
        assert_eq!(read("[fd00::1]:7").as_deref(), Some("[fd00::1]:7"));
        for text in ["", "user@a:1", "a b", "http://a/b"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn others_are_told_an_address_that_they_reach() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let bound = |text: &str| SocketAddr::new(ip(text), 7);
        let outward = ip("10.0.0.1");
        assert_eq!(own_address(None, bound("0.0.0.0"), outward).ip(), outward);
        assert_eq!(
            own_address(None, bound("127.0.0.1"), outward).ip(),
            ip("127.0.0.1")
        );
        let given = Some(ip("192.0.2.1"));
        assert_eq!(
            own_address(given, bound("0.0.0.0"), outward).ip(),
            ip("192.0.2.1")
        );
    }
}
