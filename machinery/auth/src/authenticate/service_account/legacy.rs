//! Tokens of the old kind: they never expire, and are good as long as the secret that holds them is there.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use object::meta;
use schema::Value;

use super::{account_user, user_name};
use crate::User;
use crate::authenticate::same_secret;
use crate::objects::{Kind, Objects};

/// What these tokens name as their issuer.
pub const ISSUER: &str = "kubernetes/serviceaccount";
/// A secret with this label was put out of use; the date is its value.
const INVALID_SINCE: &str = "kubernetes.io/legacy-token-invalid-since";

/// The account of a token whose signature is good.
pub async fn user(objects: &dyn Objects, token: &str, claims: &Value) -> Result<User, String> {
    let claim = |name: &str| {
        claims
            .str_at(&[&format!("kubernetes.io/serviceaccount/{name}")])
            .unwrap_or_default()
    };
    let (namespace, account) = (claim("namespace"), claim("service-account.name"));
    let (uid, secret) = (claim("service-account.uid"), claim("secret.name"));
    if claims.str_at(&["sub"]) != Some(&user_name(namespace, account)) {
        return Err("sub claim is invalid".to_owned());
    }
    if [namespace, account, uid, secret].contains(&"") {
        return Err("Token could not be validated.".to_owned());
    }
    let gone = || "Token has been invalidated".to_owned();
    let kept = objects
        .get(Kind::Secret, namespace, secret)
        .await?
        .ok_or_else(gone)?;
    let content = kept
        .str_at(&["data", "token"])
        .and_then(|data| STANDARD.decode(data).ok());
    if meta::of(&kept).is_deleting()
        || !content.is_some_and(|content| same_secret(&content, token.as_bytes()))
    {
        return Err(gone());
    }
    if meta::of(&kept).label(INVALID_SINCE).is_some() {
        return Err(format!(
            "the token in secret {namespace}/{secret} for service account {namespace}/{account} has been marked invalid"
        ));
    }
    let found = objects.get(Kind::ServiceAccount, namespace, account).await?;
    let found = found.ok_or_else(|| format!("serviceaccounts {account:?} not found"))?;
    if meta::of(&found).is_deleting() {
        return Err(format!("ServiceAccount {namespace}/{account} has been deleted"));
    }
    match meta::of(&found).uid() == uid {
        true => Ok(account_user(namespace, account, uid)),
        false => Err(format!(
            "ServiceAccount UID ({}) does not match claim ({uid})",
            meta::of(&found).uid()
        )),
    }
}
