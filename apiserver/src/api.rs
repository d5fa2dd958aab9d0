//! The built-in API: what its verbs share. It is made once, by [`crate::build`], and answers requests whose user is known.
//! Which path means what is [`crate::route`]'s.

use std::collections::HashMap;
use std::sync::Arc;

use auth::Access;
use kinds::{Catalog, Resource, RuntimeConfig};
use serve::shutdown::Shutdown;

use crate::admission::Chain;
use crate::discovery::Served;
use crate::effects::Effects;
use crate::objects::Objects;
use crate::openapi::OpenApi;
use crate::openapi::descriptions::Descriptions;

/// What the verbs share.
pub struct Api {
    /// Objects in the store.
    pub objects: Arc<Objects>,
    /// Which resources are served.
    pub runtime: RuntimeConfig,
    /// The same, in the form that discovery tells.
    pub served: Arc<Served>,
    /// `host:port` under which clients reach this server.
    pub address: String,
    /// Who may do what.
    pub access: Access,
    /// What may change or refuse writes.
    pub chain: Chain,
    /// What writes do beside the object, by group and resource.
    pub effects: HashMap<(&'static str, &'static str), Arc<dyn Effects>>,
    /// The published schema.
    pub openapi: Arc<OpenApi>,
    /// Texts for table headers.
    pub descriptions: Descriptions,
    /// Ends watches.
    pub shutdown: Shutdown,
}

impl Api {
    /// A served resource.
    pub fn resource(&self, group: &str, version: &str, resource: &str) -> Option<&'static Arc<Resource>> {
        Catalog::builtin()
            .resource(group, version, resource)
            .filter(|found| self.runtime.enabled(found))
    }

    /// What writes to a resource do beside the object.
    pub fn effects(&self, hub: &Resource) -> Option<&Arc<dyn Effects>> {
        self.effects
            .iter()
            .find(|((group, resource), _)| hub.group == *group && hub.resource == *resource)
            .map(|(_, one)| one)
    }
}
