//! The built-in API: what its verbs share. It is made once, by [`crate::build`], and answers requests whose user is known.
//! Which path means what is [`crate::route`]'s.

use std::collections::HashMap;
use std::sync::Arc;

use auth::Access;
use kinds::Resource;
use render::{Descriptions, Discovery};
use watchcache::Cache;

use crate::admission::{Cached, Chain};
use crate::effects::Effects;
use crate::objects::Objects;
use crate::openapi::OpenApi;

/// What the verbs share.
pub struct Api {
    /// Objects in the store.
    pub objects: Arc<Objects>,
    /// What lists and watches are answered from.
    pub cache: Arc<Cache>,
    /// Which resources are served, and where.
    pub discovery: Discovery,
    /// Who may do what.
    pub access: Access,
    /// What admission reads.
    pub reader: Cached,
    /// What may change or refuse writes.
    pub chain: Chain,
    /// What writes do beside the object, by group and resource.
    pub effects: HashMap<(&'static str, &'static str), Arc<dyn Effects>>,
    /// The published schema.
    pub openapi: Arc<OpenApi>,
    /// Texts for table headers.
    pub descriptions: Arc<Descriptions>,
}

impl Api {
    /// What writes to a resource do beside the object.
    pub fn effects(&self, hub: &Resource) -> Option<&Arc<dyn Effects>> {
        self.effects
            .iter()
            .find(|((group, resource), _)| hub.group == *group && hub.resource == *resource)
            .map(|(_, one)| one)
    }
}
