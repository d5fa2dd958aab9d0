//! A request tier in memory for the benches: no sockets, an embedded store in a temporary folder, the namespace `default` with its
//! service account. What is measured is the benches' affair.

use std::sync::Arc;

use auth::User;
use bytes::Bytes;
use http_body_util::BodyExt;
use serve::http::{Body, Handler};
use shardplane_apiserver::{Config, build};
use storage::Embedded;
use tower::ServiceExt;

/// The tier, and the folder of its store.
pub struct Tier {
    handler: Handler,
    _folder: tempfile::TempDir,
}

impl Tier {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Embedded::open(folder.path()).expect("an empty store");
        let built = build(Config::default(), Arc::new(store)).expect("default plugins");
        built.cache().start().await;
        let tier = Self {
            handler: built.handler(),
            _folder: folder,
        };
        let named = r#"{"metadata":{"name":"default"}}"#;
        for path in ["/api/v1/namespaces", "/api/v1/namespaces/default/serviceaccounts"] {
            tier.send("POST", path, "application/json", named.to_owned())
                .await;
        }
        tier
    }

    /// The whole answer of a request, which must succeed.
    pub async fn send(&self, method: &str, path: &str, content_type: &str, body: String) -> Bytes {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", content_type)
            .extension(User::new("admin", "", &[User::MASTERS]))
            .body(Body::full(Bytes::from(body)))
            .expect("a request");
        let response = self.handler.clone().oneshot(request).await;
        let response = response.unwrap_or_else(|never| match never {});
        let code = response.status();
        let whole = response.into_body().collect().await.expect("a whole body");
        let bytes = whole.to_bytes();
        let text = String::from_utf8_lossy(&bytes);
        assert!(code.is_success(), "{method} {path}: {code} {text}");
        bytes
    }
}
