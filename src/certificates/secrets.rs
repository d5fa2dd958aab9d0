//! Secrets of a cluster that keep the pieces. One is read before it is written, and written only as it was read: two who renew at a
//! time do not overwrite each other.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use auth::client::{self, Authorization, Client, Kubeconfig, Trust, read_file};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::Method;
use schema::{Map, SmolStr, Value, json, tree};
use serve::pki::system::Piece;

use super::Files;
use crate::error::Error;

/// Where a pod finds who it is.
const POD_FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The type of Secrets with a certificate and its key.
const TYPE: &str = "kubernetes.io/tls";

/// The Secrets of one system.
pub struct Secrets {
    client: Client,
    authorization: Authorization,
    /// The URL of the collection.
    collection: String,
    namespace: String,
    /// What their names begin with.
    name: String,
}

/// One that is there.
pub struct Kept {
    version: String,
    /// What is in it.
    pub files: Files,
}

/// The cluster that this process is a pod of.
pub fn of_pod() -> Result<Kubeconfig, Error> {
    let variable = |name: &str| {
        let why = || Error::Certificates(format!("{name} is not set: this is no pod of a cluster"));
        std::env::var(name).map_err(|_| why())
    };
    let (host, port) = (
        variable("KUBERNETES_SERVICE_HOST")?,
        variable("KUBERNETES_SERVICE_PORT")?,
    );
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host
    };
    let read = |name: &str| read_file(&Path::new(POD_FOLDER).join(name)).map_err(failed);
    let token = String::from_utf8_lossy(&read("token")?).trim().to_owned();
    Ok(Kubeconfig {
        server: format!("https://{host}:{port}"),
        trust: Trust {
            authorities: Some(read("ca.crt")?),
            ..Trust::default()
        },
        authorization: Authorization::Fixed(format!("Bearer {token}")),
    })
}

impl Secrets {
    /// Of a system in a namespace.
    pub fn new(way: Kubeconfig, namespace: &str, name: &str) -> Result<Self, Error> {
        let server = way.server.trim_end_matches('/');
        Ok(Self {
            client: Client::new(&way.trust).map_err(failed)?,
            collection: format!("{server}/api/v1/namespaces/{namespace}/secrets"),
            authorization: way.authorization,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
    }

    /// The Secret of a piece; `None` if there is none.
    pub async fn read(&self, piece: Piece) -> Result<Option<Kept>, Error> {
        let url = format!("{}/{}", self.collection, self.secret(piece));
        let answer = match self.send(Method::GET, &url, Bytes::new()).await {
            Err(client::Error::Status(404)) => return Ok(None),
            answer => answer.map_err(|error| self.failed(piece, error))?,
        };
        let object = json::parse(&answer).map_err(|error| self.unreadable(piece, error))?;
        let mut files = BTreeMap::new();
        for (name, value) in object.map_at(&["data"]).into_iter().flat_map(Map::iter) {
            let content = BASE64_STANDARD.decode(value.as_str().unwrap_or_default());
            let content = content.map_err(|error| self.unreadable(piece, error))?;
            files.insert(name.to_string(), content);
        }
        let version = object.str_at(&["metadata", "resourceVersion"]);
        let version = version.unwrap_or_default().to_owned();
        Ok(Some(Kept { version, files }))
    }

    /// Makes the Secret, or writes over the one that was read.
    pub async fn write(&self, piece: Piece, kept: Option<Kept>, files: &Files) -> Result<(), Error> {
        let name = self.secret(piece);
        let (method, url, version) = match kept {
            Some(kept) => (
                Method::PUT,
                format!("{}/{name}", self.collection),
                Value::from(kept.version),
            ),
            None => (Method::POST, self.collection.clone(), Value::Null),
        };
        let data: Map = files
            .iter()
            .map(|(name, content)| {
                (
                    SmolStr::from(name.as_str()),
                    BASE64_STANDARD.encode(content).into(),
                )
            })
            .collect();
        let object = tree!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": TYPE,
            "metadata": {
                "name": (name.clone()),
                "namespace": (self.namespace.clone()),
                "resourceVersion": version,
                "labels": {
                    "app.kubernetes.io/part-of": "shardplane",
                    "app.kubernetes.io/instance": (self.name.clone()),
                    "app.kubernetes.io/managed-by": "shardplane-certificates",
                },
            },
            "data": data,
        });
        let body = Bytes::from(json::to_string(&object));
        let written = self.send(method, &url, body).await;
        written.map(drop).map_err(|error| self.failed(piece, error))
    }

    async fn send(&self, method: Method, url: &str, body: Bytes) -> Result<Bytes, client::Error> {
        let authorization = self.authorization.header();
        let sent = self
            .client
            .send(method, url, authorization.as_deref(), body, TIMEOUT);
        sent.await
    }

    fn secret(&self, piece: Piece) -> String {
        format!("{}-{}", self.name, piece.name())
    }

    fn failed(&self, piece: Piece, error: impl std::fmt::Display) -> Error {
        let (namespace, name) = (&self.namespace, self.secret(piece));
        Error::Certificates(format!("secret {namespace}/{name}: {error}"))
    }

    /// What is in it may be a key: the parser's words are not repeated.
    fn unreadable<E>(&self, piece: Piece, _: E) -> Error {
        self.failed(piece, "it cannot be read")
    }
}

fn failed(error: client::Error) -> Error {
    Error::Certificates(error.to_string())
}
