//! The ways to all members, by address: how members are known, and which of them are forgotten. What happens on one way is
//! [`super::Upstream`]'s.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use smol_str::SmolStr;
use tokio::time::Instant;

use super::Upstream;
use crate::choice::choose;
use crate::members::Member;

/// The ways to all members. Clones share them.
#[derive(Clone)]
pub struct Upstreams {
    shared: Arc<Shared>,
}

struct Shared {
    /// How members are known, and what the router shows them; exchanged when files change.
    tls: ArcSwap<ClientConfig>,
    by_address: Mutex<HashMap<SmolStr, Arc<Upstream>>>,
    /// What certificates are issued to, where that is not the address.
    names: Option<Names>,
}

/// By what name members are known.
struct Names {
    /// That of all who are found by their records.
    found: ServerName<'static>,
    /// Those who were given are known by their own.
    given: Vec<SmolStr>,
}

impl Upstreams {
    /// With these TLS settings; the protocols to speak are added.
    pub fn new(tls: ClientConfig) -> Self {
        Self {
            shared: Arc::new(Shared {
                tls: ArcSwap::from_pointee(tls),
                by_address: Mutex::default(),
                names: None,
            }),
        }
    }

    /// The same, with no connection yet, where all have this name in their certificates but those whose addresses were given.
    #[must_use]
    pub fn known_as(self, name: ServerName<'static>, given: &[SmolStr]) -> Self {
        Self {
            shared: Arc::new(Shared {
                tls: ArcSwap::new(self.tls()),
                by_address: Mutex::default(),
                names: Some(Names {
                    found: name,
                    given: given.to_vec(),
                }),
            }),
        }
    }

    /// Uses other certificates for connections from now on.
    pub fn exchange_tls(&self, tls: ClientConfig) {
        self.shared.tls.store(Arc::new(tls));
    }

    /// The way to an address.
    pub fn to(&self, address: &SmolStr) -> Arc<Upstream> {
        let mut by_address = self.shared.lock();
        let made = by_address
            .entry(address.clone())
            .or_insert_with(|| Arc::new(Upstream::new(address.clone())));
        made.clone()
    }

    /// The way to one of these members, chosen by what they have to do.
    pub fn to_one_of(&self, members: &[Arc<Member>]) -> Option<Arc<Upstream>> {
        let ways: Vec<_> = members.iter().map(|member| self.to(&member.address)).collect();
        let candidates: Vec<_> = ways.iter().map(|way| way.as_candidate()).collect();
        let at = choose(&candidates, &[], Instant::now(), rand::random::<f64>)?;
        ways.into_iter().nth(at)
    }

    /// All ways, by address.
    pub fn all(&self) -> Vec<Arc<Upstream>> {
        let mut all: Vec<_> = self.shared.lock().values().cloned().collect();
        all.sort_by(|one, other| one.address.cmp(&other.address));
        all
    }

    /// Forgets who is no member any more. What is under way there goes on, unless the member is lost: then it breaks off, so that
    /// clients resume elsewhere and do not wait.
    pub fn retain(&self, is_member: impl Fn(&SmolStr) -> bool, is_lost: impl Fn(&SmolStr) -> bool) {
        let mut by_address = self.shared.lock();
        by_address.retain(|address, upstream| {
            if is_lost(address) {
                upstream.give_up();
            }
            is_member(address)
        });
    }

    pub(super) fn tls(&self) -> Arc<ClientConfig> {
        self.shared.tls.load_full()
    }

    /// What the certificate of an address must be issued to, if not to that.
    pub(super) fn server_name(&self, address: &SmolStr) -> Option<ServerName<'static>> {
        let names = self.shared.names.as_ref()?;
        (!names.given.contains(address)).then(|| names.found.clone())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HashMap<SmolStr, Arc<Upstream>>> {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
