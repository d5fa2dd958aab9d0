//! Whether what a token is bound to still is: the account, and the pod, secret or node. An object being deleted counts for a
//! minute longer, so that what ends with it can end in order.

use object::meta;
use schema::Value;
use schema::time::Time;

use super::{Claims, Reference};
use crate::jwt::LEEWAY_SECONDS;
use crate::objects::{Kind, Objects};

/// Checks all of them; the error says what is gone.
pub async fn check(objects: &dyn Objects, claims: &Claims, now: i64) -> Result<(), String> {
    let namespace = claims.namespace.as_str();
    let check = Check { objects, now };
    check
        .reference(Kind::ServiceAccount, namespace, &claims.account)
        .await?;
    if let Some(secret) = &claims.secret {
        check.reference(Kind::Secret, namespace, secret).await?;
    }
    match (&claims.pod, &claims.node) {
        (Some(pod), _) => check.reference(Kind::Pod, namespace, pod).await,
        (None, Some(node)) => check.reference(Kind::Node, "", node).await,
        (None, None) => Ok(()),
    }
}

struct Check<'a> {
    objects: &'a dyn Objects,
    now: i64,
}

impl Check<'_> {
    async fn reference(&self, kind: Kind, namespace: &str, reference: &Reference) -> Result<(), String> {
        let what = noun(kind);
        let Some(object) = self.objects.get(kind, namespace, &reference.name).await? else {
            return Err(match kind {
                Kind::ServiceAccount => format!("serviceaccounts {:?} not found", reference.name.as_str()),
                _ => format!("{what} {:?} not found", reference.name.as_str()),
            });
        };
        let uid = meta::of(&object).uid();
        if uid != reference.uid {
            return Err(format!(
                "{what} UID ({uid}) does not match claim ({})",
                reference.uid
            ));
        }
        match is_gone(&object, self.now) {
            true => Err(format!("{what} {namespace}/{} has been deleted", reference.name)),
            false => Ok(()),
        }
    }
}

fn is_gone(object: &Value, now: i64) -> bool {
    let deleted = meta::of(object)
        .deletion_timestamp()
        .and_then(|at| Time::parse(at).ok());
    deleted.is_some_and(|at| at.seconds < now - LEEWAY_SECONDS)
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::ServiceAccount => "service account",
        Kind::Secret => "secret",
        Kind::Pod => "pod",
        Kind::Node => "node",
    }
}
