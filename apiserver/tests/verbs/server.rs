//! A request tier in memory: no sockets, the embedded store in a temporary folder, one namespace `ns`.

use std::sync::Arc;
use std::time::Duration;

use auth::User;
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use serve::http::{Body, Handler, Response};
use shardplane_apiserver::admission::Configuration;
use shardplane_apiserver::{Config, build};
use storage::Embedded;
use tower::ServiceExt;

/// How long a watch may take to tell; a failure, never the normal case.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Server {
    handler: Handler,
    _folder: tempfile::TempDir,
}

pub struct Answer {
    code: u16,
    body: Value,
}

impl Answer {
    pub fn code(&self) -> u16 {
        self.code
    }

    pub fn body(&self) -> &Value {
        &self.body
    }

    pub fn expect_code(self, code: u16) -> Value {
        assert_eq!(self.code, code, "{}", self.body);
        self.body
    }
}

impl Server {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With these admission plugins beside the default ones.
    pub async fn with(plugins: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Embedded::open(folder.path()).expect("an empty store");
        let plugins: Vec<String> = plugins.iter().map(|&name| name.to_owned()).collect();
        let config = Config {
            admission: Configuration::read(&plugins, &[], None).expect("known plugins"),
            ..Config::default()
        };
        let tier = build(config, Arc::new(store)).expect("plugins without a file");
        tier.cache().start().await;
        let handler = tier.handler();
        let server = Self {
            handler,
            _folder: folder,
        };
        server
            .post("/api/v1/namespaces", &json!({"metadata": {"name": "ns"}}))
            .await
            .expect_code(201);
        server
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.get_as(path, "application/json").await
    }

    pub async fn get_as(&self, path: &str, accept: &str) -> Answer {
        answer(self.send("GET", path, accept, "", Vec::new()).await).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(
            self.send(
                "POST",
                path,
                "application/json",
                "application/json",
                body.to_string().into(),
            )
            .await,
        )
        .await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        answer(
            self.send(
                "PUT",
                path,
                "application/json",
                "application/json",
                body.to_string().into(),
            )
            .await,
        )
        .await
    }

    pub async fn patch(&self, path: &str, kind: &str, body: &str) -> Answer {
        let content_type = format!("application/{kind}-patch+json");
        answer(
            self.send("PATCH", path, "application/json", &content_type, body.into())
                .await,
        )
        .await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        answer(
            self.send("DELETE", path, "application/json", "", Vec::new())
                .await,
        )
        .await
    }

    pub async fn raw(&self, path: &str, accept: &str) -> Vec<u8> {
        let response = self.send("GET", path, accept, "", Vec::new()).await;
        response
            .into_body()
            .collect()
            .await
            .expect("a whole body")
            .to_bytes()
            .to_vec()
    }

    /// The code of the answer to a request whose body nobody vouches for; 400 for what is no request at all.
    pub async fn damaged(&self, method: &str, path: &str, content_type: &str, body: Vec<u8>) -> u16 {
        if path.parse::<http::Uri>().is_err() {
            return 400;
        }
        let response = self
            .send(method, path, "application/json", content_type, body)
            .await;
        let code = response.status().as_u16();
        response.into_body().collect().await.expect("a whole body");
        code
    }

    pub async fn watch(&self, path: &str) -> Events {
        let response = self.send("GET", path, "application/json", "", Vec::new()).await;
        assert_eq!(response.status(), 200);
        Events {
            body: response.into_body(),
            lines: Vec::new(),
        }
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        accept: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Response {
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("accept", accept);
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let user = User::new("admin", "admin", &[User::MASTERS, User::AUTHENTICATED]);
        let request = request
            .extension(user)
            .body(Body::full(Bytes::from(body)))
            .expect("a request");
        self.handler
            .clone()
            .oneshot(request)
            .await
            .unwrap_or_else(|never| match never {})
    }
}

async fn answer(response: Response) -> Answer {
    let code = response.status().as_u16();
    let bytes = response
        .into_body()
        .collect()
        .await
        .expect("a whole body")
        .to_bytes();
    Answer {
        code,
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    }
}

/// The events of a watch, line by line.
pub struct Events {
    body: Body,
    lines: Vec<u8>,
}

impl Events {
    pub async fn next(&mut self) -> Value {
        loop {
            if let Some(end) = self.lines.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.lines.drain(..=end).collect();
                return serde_json::from_slice(&line).expect("a line of JSON");
            }
            let frame = tokio::time::timeout(PATIENCE, self.body.frame())
                .await
                .expect("an event in time");
            let frame = frame.expect("the watch goes on").expect("a frame");
            self.lines.extend_from_slice(&frame.into_data().expect("data"));
        }
    }
}
