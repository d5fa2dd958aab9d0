//! Reviews: what Kubernetes' API says about users and their rights, as objects. Functions from a spec to a status; serving them
//! is the request tier's.

mod access;
mod rules;
mod token;

use schema::{Map, Value};
use smol_str::SmolStr;

use crate::User;

pub use access::{Review, access_spec, access_status, validate};
pub use rules::rules_status;
pub use token::token_status;

/// A user as UserInfo (authentication.k8s.io/v1).
pub fn user_info(user: &User) -> Value {
    let mut info = Map::new();
    if !user.name.is_empty() {
        info.insert("username", user.name.clone());
    }
    if !user.uid.is_empty() {
        info.insert("uid", user.uid.clone());
    }
    if !user.groups.is_empty() {
        info.insert("groups", texts(&user.groups));
    }
    if !user.extra.is_empty() {
        info.insert("extra", extra(user));
    }
    Value::Map(info)
}

/// The user that a UserInfo names.
pub fn read_user(info: &Value) -> User {
    read(info, "username")
}

/// The user of an object whose name is in this field.
fn read(value: &Value, name: &str) -> User {
    let text = |field: &str| SmolStr::new(value.str_at(&[field]).unwrap_or_default());
    let list = |list: &[Value]| list.iter().filter_map(Value::as_str).map(SmolStr::new).collect();
    let extra = value.map_at(&["extra"]).into_iter().flat_map(Map::iter);
    User {
        name: text(name),
        uid: text("uid"),
        groups: list(value.list_at(&["groups"])),
        extra: extra
            .map(|(key, values)| (key.clone(), list(values.as_list().unwrap_or_default())))
            .collect(),
    }
}

fn extra(user: &User) -> Map {
    user.extra
        .iter()
        .map(|(key, values)| (key.clone(), texts(values)))
        .collect()
}

fn texts(list: &[SmolStr]) -> Value {
    Value::List(list.iter().cloned().map(Value::from).collect())
}
