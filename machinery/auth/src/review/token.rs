//! The status of a TokenReview.

use schema::{Map, Value};
use smol_str::SmolStr;

use super::{texts, user_info};
use crate::authenticate::Tokens;

/// Whose token it is; `audiences` are those of the spec, the server's if it names none.
pub async fn token_status(tokens: &Tokens, spec: &Value) -> Value {
    let token = spec.str_at(&["token"]).unwrap_or_default();
    let wanted = spec
        .list_at(&["audiences"])
        .iter()
        .filter_map(Value::as_str)
        .map(SmolStr::new);
    let mut wanted: Vec<SmolStr> = wanted.collect();
    if wanted.is_empty() {
        wanted = tokens.audiences().to_vec();
    }
    let mut status = Map::new();
    match tokens.review(token, &wanted).await {
        Ok(found) => {
            status.insert("authenticated", true);
            status.insert("user", user_info(&found.user.authenticated()));
            if !found.audiences.is_empty() {
                status.insert("audiences", texts(&found.audiences));
            }
        }
        Err(why) => {
            status.insert("user", Map::new());
            status.insert("error", why);
        }
    }
    Value::Map(status)
}
