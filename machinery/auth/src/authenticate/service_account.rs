//! Tokens of service accounts: checked against keys and against the objects that they are bound to, as these are now.
//! Making them is in [`mint`], the documents with which others check them in [`documents`].

mod bound;
pub mod documents;
mod legacy;
pub mod mint;

use std::sync::Arc;

use schema::Value;
use smol_str::{SmolStr, format_smolstr};

use super::{Authenticated, Outcome, common, unix_seconds};
use crate::User;
use crate::jwt::keys::KeySet;
use crate::jwt::{LEEWAY_SECONDS, Unverified};
use crate::objects::Objects;

/// What user names of service accounts begin with.
const PREFIX: &str = "system:serviceaccount:";
/// The claim with all that is Kubernetes' own.
const CLAIM: &str = "kubernetes.io";

/// The authenticator.
pub struct ServiceAccounts {
    issuers: Vec<SmolStr>,
    keys: Arc<KeySet>,
    objects: Arc<dyn Objects>,
}

impl std::fmt::Debug for ServiceAccounts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ServiceAccounts")
            .field("issuers", &self.issuers)
            .finish_non_exhaustive()
    }
}

impl ServiceAccounts {
    /// Of tokens that one of the issuers signed with one of the keys.
    pub fn new(issuers: Vec<SmolStr>, keys: Arc<KeySet>, objects: Arc<dyn Objects>) -> Self {
        Self {
            issuers,
            keys,
            objects,
        }
    }

    /// The account of a token that is for one of the wanted audiences. `own` are the server's, for tokens that name none.
    pub async fn authenticate(&self, token: &str, wanted: &[SmolStr], own: &[SmolStr]) -> Outcome {
        let Some(parsed) = Unverified::parse(token) else {
            return Ok(None);
        };
        let is_legacy = parsed.issuer() == legacy::ISSUER;
        if !is_legacy && !self.issuers.iter().any(|issuer| issuer == parsed.issuer()) {
            return Ok(None);
        }
        parsed
            .verify(self.keys.keys().iter())
            .map_err(|error| error.to_string())?;
        if is_legacy {
            return self.legacy(token, &parsed, wanted, own).await.map(Some);
        }
        check_times(&parsed, unix_seconds())?;
        let audiences = audiences(&parsed.audiences(), wanted, own)?;
        let claims = Claims::of(&parsed.claims)?;
        bound::check(&*self.objects, &claims, unix_seconds()).await?;
        Ok(Some(Authenticated {
            user: claims.user(),
            audiences,
            until: parsed.time("exp").map(|end| end.saturating_add(LEEWAY_SECONDS)),
        }))
    }

    async fn legacy(
        &self,
        token: &str,
        parsed: &Unverified<'_>,
        wanted: &[SmolStr],
        own: &[SmolStr],
    ) -> Result<Authenticated, String> {
        let user = legacy::user(&*self.objects, token, &parsed.claims).await?;
        let audiences = audiences(&parsed.audiences(), wanted, own)?;
        Ok(Authenticated {
            user,
            audiences,
            until: None,
        })
    }
}

fn check_times(token: &Unverified<'_>, now: i64) -> Result<(), String> {
    if token.has_broken_times() {
        return Err("Token could not be validated.".to_owned());
    }
    if token
        .time("nbf")
        .is_some_and(|begin| now.saturating_add(LEEWAY_SECONDS) < begin)
    {
        return Err("service account token is not valid yet".to_owned());
    }
    if token
        .time("exp")
        .is_none_or(|end| now.saturating_sub(LEEWAY_SECONDS) > end)
    {
        return Err("service account token has expired".to_owned());
    }
    if token
        .time("iat")
        .is_some_and(|made| now.saturating_add(LEEWAY_SECONDS) < made)
    {
        return Err("service account token is issued in the future".to_owned());
    }
    Ok(())
}

fn audiences(of_token: &[SmolStr], wanted: &[SmolStr], own: &[SmolStr]) -> Result<Vec<SmolStr>, String> {
    let of_token = if of_token.is_empty() { own } else { of_token };
    let both = common(of_token, wanted);
    if both.is_empty() && !wanted.is_empty() {
        let list = |audiences: &[SmolStr]| crate::go_list(audiences);
        return Err(format!(
            "token audiences {} is invalid for the target audiences {}",
            list(of_token),
            list(wanted)
        ));
    }
    Ok(both)
}

/// An object that a token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its name.
    pub name: SmolStr,
    /// Its uid; another object of the name does not count.
    pub uid: SmolStr,
}

/// What a bound token claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Of the account and all else but nodes.
    pub namespace: SmolStr,
    /// The account.
    pub account: Reference,
    /// The pod that it is bound to.
    pub pod: Option<Reference>,
    /// The secret that it is bound to.
    pub secret: Option<Reference>,
    /// The node that it is bound to, or that its pod is on.
    pub node: Option<Reference>,
    /// The token's id.
    pub id: SmolStr,
}

impl Claims {
    fn of(claims: &Value) -> Result<Self, String> {
        let reference = |kind: &str| {
            let text = |field: &str| claims.str_at(&[CLAIM, kind, field]).map(SmolStr::new);
            Some(Reference {
                name: text("name")?,
                uid: text("uid").unwrap_or_default(),
            })
        };
        let namespace = claims.str_at(&[CLAIM, "namespace"]).unwrap_or_default();
        let account = reference("serviceaccount").filter(|_| !namespace.is_empty());
        let account = account.ok_or("Token could not be validated.")?;
        let subject = user_name(namespace, &account.name);
        if claims.str_at(&["sub"]) != Some(&subject) {
            return Err("Token could not be validated.".to_owned());
        }
        Ok(Self {
            namespace: namespace.into(),
            account,
            pod: reference("pod"),
            secret: reference("secret"),
            node: reference("node"),
            id: claims.str_at(&["jti"]).unwrap_or_default().into(),
        })
    }

    fn user(&self) -> User {
        let mut user = account_user(&self.namespace, &self.account.name, &self.account.uid);
        let mut add = |key: &'static str, value: SmolStr| drop(user.extra.insert(key.into(), vec![value]));
        if let Some(pod) = &self.pod {
            add("authentication.kubernetes.io/pod-name", pod.name.clone());
            add("authentication.kubernetes.io/pod-uid", pod.uid.clone());
        }
        if let Some(node) = &self.node {
            add("authentication.kubernetes.io/node-name", node.name.clone());
            if !node.uid.is_empty() {
                add("authentication.kubernetes.io/node-uid", node.uid.clone());
            }
        }
        if !self.id.is_empty() {
            add(User::CREDENTIAL_ID, format_smolstr!("JTI={}", self.id));
        }
        user
    }
}

/// The user name of an account.
pub fn user_name(namespace: &str, name: &str) -> SmolStr {
    format_smolstr!("{PREFIX}{namespace}:{name}")
}

/// The groups of an account of this namespace.
pub fn groups(namespace: &str) -> Vec<SmolStr> {
    vec![
        SmolStr::new_static("system:serviceaccounts"),
        format_smolstr!("system:serviceaccounts:{namespace}"),
    ]
}

/// Namespace and name of the account that a user name is of.
pub fn split_user_name(name: &str) -> Option<(&str, &str)> {
    let (namespace, name) = name.strip_prefix(PREFIX)?.split_once(':')?;
    let is_good =
        object::names::dns_label(namespace).is_empty() && object::names::dns_subdomain(name).is_empty();
    is_good.then_some((namespace, name))
}

fn account_user(namespace: &str, name: &str, uid: &str) -> User {
    User {
        name: user_name(namespace, name),
        uid: uid.into(),
        groups: groups(namespace),
        ..User::default()
    }
}
