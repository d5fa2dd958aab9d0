//! The ways to impersonate, in the order in which they are tried, and for whom each is.

use smol_str::{SmolStr, format_smolstr};

use super::check::{Check, Refusal};
use crate::User;
use crate::authenticate::service_account;
use crate::authorize::{Attributes, Chain};

const NODE_PREFIX: &str = "system:node:";
/// The extra of a service account's token that tells its node.
const NODE_NAME: &str = "authentication.kubernetes.io/node-name";
/// What a node's agent is known by, instead of its extras, so that a decision holds on all nodes.
const NODE_KEYS: &str = "authentication.kubernetes.io/associated-node-keys";

/// A way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A service account as the node that its pod is on.
    AssociatedNode,
    /// Any node.
    ArbitraryNode,
    /// A service account.
    ServiceAccount,
    /// Everybody else.
    UserInfo,
    /// By the verb `impersonate` alone, whatever is done then.
    Legacy,
}

impl Mode {
    /// In order.
    pub const ALL: [Mode; 5] = [
        Mode::AssociatedNode,
        Mode::ArbitraryNode,
        Mode::ServiceAccount,
        Mode::UserInfo,
        Mode::Legacy,
    ];

    /// Whether this is a way to that user.
    pub fn applies(self, asking: &User, wanted: &User) -> bool {
        let only_name = wanted.uid.is_empty() && wanted.groups.is_empty() && wanted.extra.is_empty();
        let node = node_of(&wanted.name);
        let account = service_account::split_user_name(&wanted.name);
        match self {
            Mode::AssociatedNode => only_name && node.is_some_and(|node| is_on(asking, node)),
            Mode::ArbitraryNode => only_name && node.is_some(),
            Mode::ServiceAccount => only_name && account.is_some(),
            Mode::UserInfo => node.is_none() && account.is_none(),
            Mode::Legacy => true,
        }
    }

    /// Asks for everything that this way takes.
    pub async fn impersonate(
        self,
        chain: &Chain,
        asking: &User,
        wanted: &User,
        request: &Attributes<'_>,
    ) -> Result<User, Refusal> {
        let as_agent = (self == Mode::AssociatedNode).then(|| without_extras(asking));
        let asking = as_agent.as_ref().unwrap_or(asking);
        let check = Check {
            chain,
            asking,
            mode: self,
        };
        if let Some(name) = self.name() {
            let verb = format!("impersonate-on:{name}:{}", request.verb);
            check
                .allowed(&Attributes {
                    verb: &verb,
                    ..*request
                })
                .await?;
        }
        check.user(wanted).await
    }

    /// The word for it in verbs.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Mode::AssociatedNode => Some("associated-node"),
            Mode::ArbitraryNode => Some("arbitrary-node"),
            Mode::ServiceAccount => Some("serviceaccount"),
            Mode::UserInfo => Some("user-info"),
            Mode::Legacy => None,
        }
    }

    /// The verb with which users are impersonated this way.
    pub fn verb(self) -> SmolStr {
        self.name().map_or(SmolStr::new_static("impersonate"), |name| {
            format_smolstr!("impersonate:{name}")
        })
    }
}

/// The node of a user name.
pub fn node_of(name: &str) -> Option<&str> {
    let node = name.strip_prefix(NODE_PREFIX)?;
    object::names::dns_subdomain(node).is_empty().then_some(node)
}

fn is_on(asking: &User, node: &str) -> bool {
    let told = asking.extra.get(NODE_NAME).map(Vec::as_slice);
    service_account::split_user_name(&asking.name).is_some() && matches!(told, Some([only]) if only == node)
}

fn without_extras(asking: &User) -> User {
    let keys = asking.extra.keys().cloned().collect();
    User {
        extra: [(NODE_KEYS.into(), keys)].into(),
        ..asking.clone()
    }
}
