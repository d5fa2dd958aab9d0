//! Tokens of service accounts: POST to `serviceaccounts/<name>/token`. What is in a token is `auth`'s; here is what may be asked.

use std::sync::Arc;

use auth::authenticate::service_account::mint::{
    Bound, EXPIRATION_SECONDS_DEFAULT, EXPIRATION_SECONDS_MAX, EXPIRATION_SECONDS_MIN, Minter,
};
use object::field::{Error, Path};
use object::{meta, time::Time};
use render::negotiate::{self, Output};
use render::{Call, Shape};
use schema::{SmolStr, Value};
use serve::http::{Body, Response};
use serve::status::Status;

use crate::admission::Reader;
use crate::api::Api;
use crate::options::{WriteKind, WriteOptions};
use crate::write::managed_fields;
use crate::{body, verbs};

const GROUP: &str = "authentication.k8s.io";
const KIND: &str = "TokenRequest";

/// Makes a token.
pub async fn token(api: &Api, call: &mut Call, content: Body) -> Result<Response, Status> {
    let minter = api.access.minter.clone().ok_or_else(Status::unknown_resource)?;
    let shape = call
        .subresource()
        .map(Shape::of_subresource)
        .ok_or_else(Status::unknown_resource)?;
    let output = Output::of(&call.headers, &call.query)?;
    let media = negotiate::body_media(&call.headers)?;
    let bytes = verbs::body(content).await?;
    let write = WriteOptions::read(&call.query, WriteKind::Create)?;
    let mut request = body::decode(call, &shape, media, &bytes, write.field_validation)?;
    let (namespace, name) = (call.namespace().to_owned(), call.name().to_owned());
    let account = api.objects.get(&call.hub, &namespace, &name).await?;
    let account = account
        .ok_or_else(|| Status::not_found("", "serviceaccounts", &name))?
        .object;
    check_name(&request, &name)?;
    set_default(&mut request);
    managed_fields::track_body(call, &shape, &mut request, "token");
    let mut request =
        crate::write::pass_subresource(api, call, (&name, "token"), request, write.dry_run).await?;
    complete(api, &account, &mut request);
    check_expiration(&request)?;
    let bound = BoundObjects::read(api, &namespace, &name, &request).await?;
    let (token, expires) = mint(&minter, &account, bound.as_bound(), &request)?;
    if let Some(map) = request.as_map_mut() {
        let status = map.map_at("status");
        status.insert("token", token);
        status.insert("expirationTimestamp", expires);
        map.map_at("metadata")
            .insert("creationTimestamp", call.now.clone());
    }
    render::object(&api.descriptions, call, output, &shape, request, 201)
}

fn check_name(request: &Value, name: &str) -> Result<(), Status> {
    match meta::of(request).name() {
        "" => Ok(()),
        asked if asked == name => Ok(()),
        asked => {
            let path = Path::root("metadata").child("name");
            let why = "must match the service account name if specified";
            Err(Status::invalid(
                GROUP,
                KIND,
                name,
                &[Error::invalid(&path, asked, why)],
            ))
        }
    }
}

/// The declared default, which counts as sent.
fn set_default(request: &mut Value) {
    let Some(map) = request.as_map_mut() else {
        return;
    };
    let spec = map.map_at("spec");
    if spec.get("expirationSeconds").is_none_or(Value::is_null) {
        spec.insert("expirationSeconds", EXPIRATION_SECONDS_DEFAULT);
    }
}

/// Fills in what the server knows.
fn complete(api: &Api, account: &Value, request: &mut Value) {
    let meta = meta::of(account);
    let Some(map) = request.as_map_mut() else {
        return;
    };
    let metadata = map.map_at("metadata");
    metadata.insert("name", meta.name());
    metadata.insert("namespace", meta.namespace());
    metadata.insert("uid", meta.uid());
    let spec = map.map_at("spec");
    if spec.get("audiences").is_none_or(Value::is_zero) {
        let own = api.access.tokens.audiences().iter().cloned();
        spec.insert("audiences", Value::List(own.map(Value::from).collect()));
    }
}

fn seconds(request: &Value) -> i64 {
    let asked = request.int_at(&["spec", "expirationSeconds"]);
    asked.unwrap_or(EXPIRATION_SECONDS_DEFAULT)
}

fn check_expiration(request: &Value) -> Result<(), Status> {
    let why = match seconds(request) {
        ..EXPIRATION_SECONDS_MIN => "may not specify a duration less than 10 minutes",
        seconds if seconds > EXPIRATION_SECONDS_MAX => "may not specify a duration larger than 2^32 seconds",
        _ => return Ok(()),
    };
    let path = Path::root("spec").child("expirationSeconds");
    Err(Status::invalid(
        GROUP,
        KIND,
        "",
        &[Error::invalid(&path, seconds(request), why)],
    ))
}

fn mint(
    minter: &Minter,
    account: &Value,
    bound: Bound<'_>,
    request: &Value,
) -> Result<(String, SmolStr), Status> {
    let audiences = request.list_at(&["spec", "audiences"]).iter();
    let audiences: Vec<SmolStr> = audiences.filter_map(Value::as_str).map(SmolStr::new).collect();
    let now = Time::now().seconds;
    let minted = minter.mint(account, bound, &audiences, seconds(request), now);
    let minted = minted.map_err(|why| {
        tracing::error!(why, "a token could not be signed");
        Status::internal("failed to generate token")
    })?;
    let expires = Time {
        seconds: minted.expires,
        nanos: 0,
    };
    Ok((minted.token, expires.format()))
}

/// What a token is to be bound to.
#[derive(Default)]
struct BoundObjects {
    pod: Option<Arc<Value>>,
    secret: Option<Arc<Value>>,
    node: Option<Arc<Value>>,
}

impl BoundObjects {
    async fn read(api: &Api, namespace: &str, account: &str, request: &Value) -> Result<Self, Status> {
        let Some(reference) = request
            .at(&["spec", "boundObjectRef"])
            .filter(|reference| !reference.is_null())
        else {
            return Ok(Self::default());
        };
        let text = |field: &str| reference.str_at(&[field]).unwrap_or_default();
        let (version, kind) = (text("apiVersion"), text("kind"));
        let (resource, namespace) = match (version, kind) {
            ("v1", "Pod") => ("pods", namespace),
            ("v1", "Secret") => ("secrets", namespace),
            ("v1", "Node") => ("nodes", ""),
            _ => {
                let (group, version) = version.split_once('/').unwrap_or(("", version));
                let why = format!("cannot bind token to object of type {group}/{version}, Kind={kind}");
                return Err(Status::bad_request(why));
            }
        };
        let found = Reader::get(&*api.objects, "", resource, namespace, text("name")).await?;
        let found = found.ok_or_else(|| Status::not_found("", resource, text("name")))?;
        check_uid(kind, text("name"), text("uid"), meta::of(&found).uid())?;
        Ok(match kind {
            "Pod" => Self::of_pod(api, account, found).await?,
            "Secret" => Self {
                secret: Some(found),
                ..Self::default()
            },
            _ => Self {
                node: Some(found),
                ..Self::default()
            },
        })
    }

    /// A pod's token tells its node too.
    async fn of_pod(api: &Api, account: &str, pod: Arc<Value>) -> Result<Self, Status> {
        let text = |field: &str| pod.str_at(&["spec", field]).unwrap_or_default();
        if text("serviceAccountName") != account {
            return Err(Status::bad_request(format!(
                "cannot bind token for serviceaccount {account:?} to pod running with different serviceaccount name."
            )));
        }
        let node = match text("nodeName") {
            "" => None,
            name => {
                let found = Reader::get(&*api.objects, "", "nodes", "", name).await?;
                Some(found.unwrap_or_else(|| Arc::new(schema::tree!({"metadata": {"name": name}}))))
            }
        };
        Ok(Self {
            pod: Some(pod),
            node,
            ..Self::default()
        })
    }

    fn as_bound(&self) -> Bound<'_> {
        Bound {
            pod: self.pod.as_deref(),
            secret: self.secret.as_deref(),
            node: self.node.as_deref(),
        }
    }
}

fn check_uid(kind: &str, name: &str, asked: &str, found: &str) -> Result<(), Status> {
    if asked.is_empty() || asked == found {
        return Ok(());
    }
    let why = format!(
        "the UID in the bound object reference ({asked}) does not match the UID in record. The object might have been \
         deleted and then recreated"
    );
    Err(Status::conflict("", kind, name, &why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn tokens_live_ten_minutes_at_least_and_not_for_ever() {
        let told = |seconds: i64| {
            let checked = check_expiration(&tree!({"spec": {"expirationSeconds": seconds}}));
            checked.err().map(|status| status.message)
        };
        let invalid = |rest: &str| {
            let kind = "TokenRequest.authentication.k8s.io \"\" is invalid";
            Some(format!("{kind}: spec.expirationSeconds: Invalid value: {rest}"))
        };
        assert_eq!(
            told(599),
            invalid("599: may not specify a duration less than 10 minutes")
        );
        assert_eq!(
            told((1 << 32) + 1),
            invalid("4294967297: may not specify a duration larger than 2^32 seconds")
        );
        assert_eq!((told(600), told(1 << 32)), (None, None));
    }
}
