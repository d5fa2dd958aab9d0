//! Bootstrap tokens: `id.secret`, kept in secrets of the namespace `kube-system` until they expire or are deleted.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use object::meta;
use schema::Value;
use schema::time::Time;
use smol_str::SmolStr;

use super::{same_secret, unix_seconds};
use crate::User;
use crate::objects::{Kind, Objects};

const NAMESPACE: &str = "kube-system";
const TYPE: &str = "bootstrap.kubernetes.io/token";
const GROUP: &str = "system:bootstrappers";
const ID_LENGTH: usize = 6;
const SECRET_LENGTH: usize = 16;
const GROUP_BYTES_MAX: usize = 256;

/// The authenticator.
pub struct BootstrapTokens {
    objects: Arc<dyn Objects>,
}

impl std::fmt::Debug for BootstrapTokens {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("BootstrapTokens")
    }
}

impl BootstrapTokens {
    /// Over these secrets.
    pub fn new(objects: Arc<dyn Objects>) -> Self {
        Self { objects }
    }

    /// The user of a token and when it ends, if it does. Whatever is wrong with it, it is not known: guessing tells nothing.
    pub async fn user(&self, token: &str) -> Result<Option<(User, Option<i64>)>, String> {
        let Some((id, secret)) = split(token) else {
            return Ok(None);
        };
        let name = format!("bootstrap-token-{id}");
        let Some(object) = self.objects.get(Kind::Secret, NAMESPACE, &name).await? else {
            return Ok(None);
        };
        let user = judge(&object, id, secret, unix_seconds());
        Ok(user.map(|user| (user, end(&object))))
    }
}

fn split(token: &str) -> Option<(&str, &str)> {
    let (id, secret) = token.split_once('.')?;
    let is_word = |text: &str| text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'));
    (id.len() == ID_LENGTH && secret.len() == SECRET_LENGTH && is_word(id) && is_word(secret))
        .then_some((id, secret))
}

fn judge(object: &Value, id: &str, secret: &str, now: i64) -> Option<User> {
    if object.str_at(&["type"]) != Some(TYPE) || meta::of(object).is_deleting() {
        return None;
    }
    let field = |name: &str| STANDARD.decode(object.str_at(&["data", name])?).ok();
    let text = |name: &str| field(name).and_then(|bytes| String::from_utf8(bytes).ok());
    let good = field("token-secret").is_some_and(|kept| same_secret(&kept, secret.as_bytes()))
        && text("token-id").as_deref() == Some(id)
        && text("usage-bootstrap-authentication").as_deref() == Some("true")
        && is_valid_at(text("expiration").as_deref(), now);
    let mut groups = vec![SmolStr::new_static(GROUP)];
    groups.extend(extra_groups(&text("auth-extra-groups").unwrap_or_default())?);
    good.then(|| User {
        name: format!("system:bootstrap:{id}").into(),
        groups,
        ..User::default()
    })
}

/// When the token of a good secret ends.
fn end(object: &Value) -> Option<i64> {
    let encoded = object.str_at(&["data", "expiration"])?;
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    Time::parse(&text).ok().map(|end| end.seconds)
}

/// A token without an end is good; one whose end cannot be read is not.
fn is_valid_at(expiration: Option<&str>, now: i64) -> bool {
    match expiration {
        None | Some("") => true,
        Some(text) => Time::parse(text).is_ok_and(|end| now < end.seconds),
    }
}

/// `None` if one of them is not below the group of all bootstrappers.
fn extra_groups(list: &str) -> Option<Vec<SmolStr>> {
    let groups = list.split(',').map(str::trim).filter(|group| !group.is_empty());
    groups
        .map(|group| is_allowed(group).then(|| group.into()))
        .collect()
}

fn is_allowed(group: &str) -> bool {
    let Some(rest) = group.strip_prefix("system:bootstrappers:") else {
        return false;
    };
    let is_end = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    rest.len() <= GROUP_BYTES_MAX
        && rest
            .bytes()
            .all(|byte| is_end(byte) || matches!(byte, b':' | b'-'))
        && rest.bytes().last().is_some_and(is_end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn secret(change: impl FnOnce(&mut Value)) -> Value {
        let data = |text: &str| Value::from(STANDARD.encode(text));
        let mut secret = tree!({"type": TYPE, "metadata": {"name": "bootstrap-token-abcdef"}, "data": {
            "token-id": (data("abcdef")), "token-secret": (data("0123456789abcdef")),
            "usage-bootstrap-authentication": (data("true")), "expiration": (data("2030-01-01T00:00:00Z")),
            "auth-extra-groups": (data("system:bootstrappers:worker,system:bootstrappers:x-y")),
        }});
        change(&mut secret);
        secret
    }

    fn set(secret: &mut Value, field: &str, text: &str) {
        secret
            .as_map_mut()
            .expect("a map")
            .map_at("data")
            .insert(field, STANDARD.encode(text));
    }

    #[test]
    fn a_good_token_is_a_bootstrapper() {
        let user = judge(&secret(|_| {}), "abcdef", "0123456789abcdef", 0).expect("good");
        assert_eq!(end(&secret(|_| {})), Some(1_893_456_000));
        assert_eq!(end(&secret(|one| set(one, "expiration", ""))), None);
        assert_eq!(user.name, "system:bootstrap:abcdef");
        assert_eq!(
            user.groups,
            [GROUP, "system:bootstrappers:worker", "system:bootstrappers:x-y"]
        );
    }

    #[test]
    fn anything_wrong_with_it_is_refused() {
        let changes: [fn(&mut Value); 8] = [
            |one| set(one, "token-secret", "0123456789abcdee"),
            |one| set(one, "token-id", "abcdeg"),
            |one| set(one, "usage-bootstrap-authentication", "false"),
            |one| set(one, "expiration", "2000-01-01T00:00:00Z"),
            |one| set(one, "expiration", "soon"),
            |one| set(one, "auth-extra-groups", "system:masters"),
            |one| drop(one.as_map_mut().expect("a map").insert("type", "Opaque")),
            |one| {
                let metadata = one.as_map_mut().expect("a map").map_at("metadata");
                metadata.insert("deletionTimestamp", "2020-01-01T00:00:00Z");
            },
        ];
        for (at, change) in changes.into_iter().enumerate() {
            assert_eq!(
                judge(&secret(change), "abcdef", "0123456789abcdef", 1_700_000_000),
                None,
                "{at}"
            );
        }
    }

    #[test]
    fn other_tokens_are_left_to_others() {
        for token in [
            "",
            "abcdef",
            "abcdef.",
            "ABCDEF.0123456789abcdef",
            "abcdef.0123456789abcdefg",
            "a.b.c",
        ] {
            assert_eq!(split(token), None, "{token}");
        }
    }
}
