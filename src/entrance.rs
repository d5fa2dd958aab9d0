//! What stands before a tier: who comes in, who decides, what is told. `serve` and `watchcache` share it. In which order it is
//! asked is [`crate::filters`]' affair.

use std::path::Path;
use std::sync::Arc;

use apiserver::objects::Objects;
use auth::Access;
use kinds::Keys;
use serve::filters::{Authentication, FrontProxy};
use serve::server::Listener;
use serve::shutdown::Shutdown;
use serve::tls::ClientAuthority;
use storage::Store;

use crate::audit;
use crate::config::Config;
use crate::error::Error;

/// The deciders, fed and ready.
pub struct Entrance {
    /// Of client certificates.
    pub clients: Arc<ClientAuthority>,
    /// Of proxies' certificates.
    pub proxies: Arc<ClientAuthority>,
    /// Whose token it is, and who may do what.
    pub access: Access,
    /// What is told of requests, if anything is.
    pub audit: Option<auth::audit::Audit>,
}

impl Config {
    /// Reads the authorities and what decides on access, and follows it until the server stops. Nothing is written.
    pub(crate) async fn entrance(
        &self,
        listener: &Listener,
        store: &Arc<dyn Store>,
        shutdown: &Shutdown,
    ) -> Result<Entrance, Error> {
        let proxies = Arc::new(ClientAuthority::load(&[self.proxy_ca()])?);
        let clients = ClientAuthority::load(&self.client_authorities())?.hinting_also(&proxies);
        let keys = Keys::new(&self.options.etcd.etcd_prefix);
        let event_ttl = self.options.cluster.event_ttl;
        let objects = Objects::new(store.clone(), keys, self.primary_family(), event_ttl);
        let objects = Arc::new(objects);
        self.access.feed(objects.clone()).start(shutdown).await?;
        let (own_key, address) = (&self.pki.service_account_key, self.address(listener));
        Ok(Entrance {
            clients: Arc::new(clients),
            proxies,
            access: self.access.access(&objects, own_key, &address)?,
            audit: audit::start(&self.options.audit)?,
        })
    }

    /// The filter that finds out who comes in.
    pub(crate) fn authentication(&self, entrance: &Entrance) -> Authentication {
        Authentication {
            front_proxy: Some(FrontProxy {
                authority: entrance.proxies.clone(),
                names: self.access.proxy_names(),
            }),
            clients: entrance.clients.clone(),
            tokens: entrance.access.tokens.clone(),
            anonymous: self.access.anonymous(),
        }
    }

    /// Our own authority beside one that was given: the administrator's certificate is always of ours.
    fn client_authorities(&self) -> Vec<&Path> {
        let mut authorities = vec![self.client_ca(), &self.pki.ca_certificate];
        authorities.dedup();
        authorities
    }

    pub(crate) fn client_ca(&self) -> &Path {
        let given = self.options.access.client_ca_file.as_deref();
        given.unwrap_or(&self.pki.ca_certificate)
    }

    pub(crate) fn proxy_ca(&self) -> &Path {
        let flags = &self.options.access.front_proxy;
        let given = flags.requestheader_client_ca_file.as_deref();
        given.unwrap_or(&self.pki.front_proxy_ca_certificate)
    }
}

impl Entrance {
    /// Whose files are read again now and then; clients' first.
    pub fn authorities(&self) -> Vec<Arc<ClientAuthority>> {
        vec![self.clients.clone(), self.proxies.clone()]
    }
}
