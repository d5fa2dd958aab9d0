//! Who is wanted: the `Impersonate-*` headers of a request.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue};
use smol_str::SmolStr;

use crate::User;
use crate::authenticate::front_proxy::{unescape, values};
use crate::limits::IMPERSONATED_VALUES_MAX;

const USER: &str = "impersonate-user";
const UID: &str = "impersonate-uid";
const GROUP: &str = "impersonate-group";
const EXTRA: &str = "impersonate-extra-";

/// The wanted user, as the headers name it; the headers are taken out. An error is that of a 400.
pub fn wanted(headers: &mut HeaderMap) -> Result<Option<User>, String> {
    let named: Vec<_> = headers
        .keys()
        .filter(|name| is_ours(name.as_str()))
        .cloned()
        .collect();
    if named.is_empty() {
        return Ok(None);
    }
    // Whoever is left out would be asked for nothing: the request would be made with all that its own user may.
    let is_text = |value: &HeaderValue| std::str::from_utf8(value.as_bytes()).is_ok();
    if let Some(name) = named
        .iter()
        .find(|name| !headers.get_all(*name).iter().all(is_text))
    {
        return Err(format!("the value of the header {name} is not UTF-8"));
    }
    let user = read(headers);
    let values_count = user.groups.len() + user.extra.values().map(Vec::len).sum::<usize>();
    if values_count > IMPERSONATED_VALUES_MAX {
        return Err(format!(
            "more than {IMPERSONATED_VALUES_MAX} groups and extras to impersonate"
        ));
    }
    if user.name.is_empty() {
        return match user == User::default() {
            true => Ok(None),
            false => Err(format!(
                "requested {} without impersonating a user name",
                printed(&user)
            )),
        };
    }
    named.iter().for_each(|name| drop(headers.remove(name)));
    Ok(Some(user))
}

fn is_ours(name: &str) -> bool {
    matches!(name, USER | UID | GROUP) || name.starts_with(EXTRA)
}

fn read(headers: &HeaderMap) -> User {
    let first = |name| values(headers, name).next().unwrap_or_default();
    let mut extra: BTreeMap<SmolStr, Vec<SmolStr>> = BTreeMap::new();
    for name in headers.keys() {
        if let Some(key) = name.as_str().strip_prefix(EXTRA) {
            extra
                .entry(unescape(key).into())
                .or_default()
                .extend(values(headers, name.as_str()));
        }
    }
    User {
        name: first(USER),
        uid: first(UID),
        groups: values(headers, GROUP).collect(),
        extra,
    }
}

/// As Go prints the reference's own type.
fn printed(user: &User) -> String {
    let list = |texts: &[SmolStr]| {
        let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
        format!("[]string{{{}}}", texts.join(", "))
    };
    let groups = if user.groups.is_empty() {
        "[]string(nil)".to_owned()
    } else {
        list(&user.groups)
    };
    let extra: Vec<String> = user
        .extra
        .iter()
        .map(|(key, values)| format!("{key:?}:{}", list(values)))
        .collect();
    let extra = match extra.is_empty() {
        true => "map[string][]string(nil)".to_owned(),
        false => format!("map[string][]string{{{}}}", extra.join(", ")),
    };
    format!(
        "&user.DefaultInfo{{Name:\"\", UID:{:?}, Groups:{groups}, Extra:{extra}}}",
        user.uid.as_str()
    )
}
