//! Webhooks as real HTTPS servers, which also answer garbage, are late, and go away.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use http::StatusCode;
use schema::tree;
use serve::filter::handler_fn;
use serve::http::{Handler, Request, read_body, text_response};
use serve::limits::Connections;
use serve::load::Load;
use serve::pki::{Files, Names};
use serve::server::{Listener, Server};
use serve::shutdown::Shutdown;
use serve::tls::{self, ClientAuthority, ServingCertificate};
use tokio::task::JoinHandle;

use super::*;
use crate::admission::fixtures::{Objects, Write};

/// For a webhook that never answers.
const SOON: Duration = Duration::from_millis(100);
/// Long enough that only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Answers one after another; the last stays.
type Answers = Arc<Mutex<VecDeque<(u16, String)>>>;
type Questions = Arc<Mutex<Vec<Value>>>;

struct Webhook {
    folder: tempfile::TempDir,
    asked: Questions,
    task: JoinHandle<()>,
}

impl Webhook {
    async fn answering(answers: &[(u16, &str)]) -> Self {
        let answers = answers.iter().map(|(code, text)| (*code, (*text).to_owned()));
        let answers: Answers = Arc::new(Mutex::new(answers.collect()));
        let asked = Questions::default();
        let handler = handler(answers, asked.clone());
        Self::serving(handler, asked).await
    }

    /// Takes questions and answers none.
    async fn silent() -> Self {
        let handler = handler_fn(|_: Request| std::future::pending());
        Self::serving(handler, Questions::default()).await
    }

    async fn serving(handler: Handler, asked: Questions) -> Self {
        tls::install_provider();
        let folder = tempfile::tempdir().expect("a folder");
        let pki = Files::below(folder.path());
        let names = Names {
            dns: Vec::new(),
            addresses: vec![[127, 0, 0, 1].into()],
        };
        pki.ensure(&names).expect("a writable folder");
        let certificate =
            ServingCertificate::load(&pki.serving_certificate, &pki.serving_key).expect("just made");
        let clients = ClientAuthority::load(&[&pki.ca_certificate]).expect("just made");
        let listener = Listener::bind(([127, 0, 0, 1], 0).into())
            .await
            .expect("a free port");
        let address = listener.address();
        let server = Server {
            tls: Arc::new(tls::server_config(certificate, &clients)),
            handler,
            limits: Connections::default(),
            shutdown: Shutdown::new(),
            load: Load::default(),
        };
        let authority = pki.ca_certificate.display();
        let kubeconfig = format!(
            "clusters: [{{name: c, cluster: {{server: 'https://{address}/images', certificate-authority: {authority}}}}}]\n\
             users: [{{name: u, user: {{token: secret}}}}]\n\
             contexts: [{{name: x, context: {{cluster: c, user: u}}}}]\ncurrent-context: x\n"
        );
        std::fs::write(folder.path().join("kubeconfig"), kubeconfig).expect("written");
        Self {
            folder,
            asked,
            task: tokio::spawn(server.run(listener)),
        }
    }

    fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// As an operator configures it.
    fn file(&self, allows_on_failure: bool) -> Value {
        let path = self.kubeconfig().display().to_string();
        tree!({"imagePolicy": {"kubeConfigFile": path, "retryBackoff": 1i64, "defaultAllow": allows_on_failure}})
    }

    fn plugin(&self) -> ImagePolicyWebhook {
        ImagePolicyWebhook::new(Some(&self.file(false))).expect("a good configuration")
    }

    /// That asks twice at most, and waits so long in all.
    fn impatient(&self, limit: Duration, allows_on_failure: bool) -> ImagePolicyWebhook {
        let configuration = Configuration::read(Some(&self.file(allows_on_failure))).expect("good");
        let kubeconfig = Kubeconfig::read(&configuration.kubeconfig).expect("good");
        let caller = Caller::new(kubeconfig, PATIENCE).expect("a client");
        let caller = caller.with_tries(2, configuration.pause);
        ImagePolicyWebhook::asking(caller, limit, configuration)
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().expect("no panics").clone()
    }

    async fn go_away(&mut self) {
        self.task.abort();
        let ended = (&mut self.task).await;
        assert!(ended.is_err_and(|error| error.is_cancelled()));
    }
}

fn handler(answers: Answers, asked: Questions) -> Handler {
    handler_fn(move |request: Request| {
        let (answers, asked) = (answers.clone(), asked.clone());
        async move {
            assert_eq!(request.uri().path(), "/images");
            assert_eq!(request.headers()["authorization"], "Bearer secret");
            let body = read_body(request.into_body(), 1_000_000).await.expect("a body");
            asked
                .lock()
                .expect("no panics")
                .push(json::parse(&body).expect("JSON"));
            let mut answers = answers.lock().expect("no panics");
            let answer = match answers.len() {
                1 => answers.front().cloned(),
                _ => answers.pop_front(),
            };
            let (code, text) = answer.expect("there is always one");
            text_response(StatusCode::from_u16(code).expect("a code"), text)
        }
    })
}

const ALLOWED: (u16, &str) = (
    200,
    r#"{"apiVersion":"imagepolicy.k8s.io/v1alpha1","kind":"ImageReview","status":{"allowed":true,"auditAnnotations":{"seen":"yes","not a key":"x"}}}"#,
);
const DENIED: (u16, &str) = (
    200,
    r#"{"status":{"allowed":false,"reason":"bad image","auditAnnotations":{"why":"bad"}}}"#,
);
const GARBAGE: (u16, &str) = (200, "<html>");

fn pod(image: &str) -> Value {
    tree!({
        "metadata": {"name": "p", "namespace": "ns", "annotations": {"x.image-policy.k8s.io/ticket": "1", "y": "2"}},
        "spec": {"containers": [{"image": image}], "ephemeralContainers": [{"image": "debug"}]},
    })
}

async fn create(plugin: &ImagePolicyWebhook, image: &str) -> (Option<String>, Told) {
    validated(plugin, Write::create("", "pods", pod(image))).await
}

async fn validated(plugin: &ImagePolicyWebhook, write: Write<'_>) -> (Option<String>, Told) {
    let (verdict, told) = write.validate(plugin, &Objects::default()).await;
    (verdict.err().map(|status| status.message), told)
}

fn notes(told: &Told) -> Vec<(&str, &str)> {
    let notes = told.annotations.iter();
    notes.map(|(key, text)| (key.as_str(), text.as_str())).collect()
}

#[tokio::test]
async fn the_webhook_decides() {
    let webhook = Webhook::answering(&[ALLOWED, DENIED, (201, "{}")]).await;
    let plugin = webhook.plugin();
    let (refused, told) = create(&plugin, "a").await;
    assert_eq!(refused, None);
    assert_eq!(
        notes(&told),
        [("imagepolicywebhook.image-policy.k8s.io/seen", "yes")]
    );
    assert_eq!(
        webhook.asked(),
        [tree!({
            "apiVersion": "imagepolicy.k8s.io/v1alpha1",
            "kind": "ImageReview",
            "metadata": {},
            "spec": {
                "containers": [{"image": "a"}],
                "annotations": {"x.image-policy.k8s.io/ticket": "1"},
                "namespace": "ns",
            },
            "status": {"allowed": false},
        })]
    );
    let (refused, told) = create(&plugin, "b").await;
    assert_eq!(
        refused.as_deref(),
        Some("pods \"p\" is forbidden: image policy webhook backend denied one or more images: bad image")
    );
    assert_eq!(
        notes(&told),
        [("imagepolicywebhook.image-policy.k8s.io/why", "bad")]
    );
    let (refused, _) = create(&plugin, "c").await;
    assert_eq!(
        refused.as_deref(),
        Some("pods \"p\" is forbidden: one or more images rejected by webhook backend")
    );
}

#[tokio::test]
async fn answers_are_remembered_with_their_notes_and_failures_are_not() {
    let webhook = Webhook::answering(&[GARBAGE, ALLOWED, DENIED]).await;
    let plugin = webhook.plugin();
    assert!(create(&plugin, "a").await.0.is_some());
    let first = create(&plugin, "a").await;
    assert_eq!(first.0, None);
    assert_eq!(create(&plugin, "a").await, first);
    assert_eq!(webhook.asked().len(), 2);
    let denied = create(&plugin, "b").await;
    assert!(denied.0.is_some());
    assert_eq!(create(&plugin, "b").await, denied);
    assert_eq!(webhook.asked().len(), 3);
    // What is too long is asked about each time.
    let long = "i".repeat(IMAGE_REVIEW_BYTES_MAX);
    create(&plugin, &long).await;
    create(&plugin, &long).await;
    assert_eq!(webhook.asked().len(), 5);
}

#[tokio::test]
async fn nothing_is_remembered_where_the_time_is_none() {
    let webhook = Webhook::answering(&[ALLOWED]).await;
    let mut plugin = webhook.plugin();
    plugin.configuration.allowed_for = Duration::ZERO;
    create(&plugin, "a").await;
    create(&plugin, "a").await;
    assert_eq!(webhook.asked().len(), 2);
}

#[tokio::test]
async fn only_pods_and_their_ephemeral_containers_are_asked_about() {
    let webhook = Webhook::answering(&[DENIED]).await;
    let plugin = webhook.plugin();
    let update = || Write::update("", "pods", pod("a"), pod("a"));
    for ignored in [
        update().through("status"),
        update().through("resize"),
        Write::delete("", "pods", pod("a")),
        Write::create("", "configmaps", pod("a")),
    ] {
        assert_eq!(validated(&plugin, ignored).await.0, None);
    }
    assert!(webhook.asked().is_empty());
    assert!(validated(&plugin, update()).await.0.is_some());
    assert!(validated(&plugin, update().through(EPHEMERAL)).await.0.is_some());
    let images: Vec<Value> = webhook
        .asked()
        .iter()
        .filter_map(|asked| asked.at(&["spec", "containers"]).cloned())
        .collect();
    assert_eq!(images, [tree!([{"image": "a"}]), tree!([{"image": "debug"}])]);
}

#[tokio::test]
async fn errors_that_may_pass_are_asked_about_again() {
    let webhook = Webhook::answering(&[(503, ""), (429, ""), ALLOWED]).await;
    assert_eq!(create(&webhook.plugin(), "a").await.0, None);
    assert_eq!(webhook.asked().len(), 3);
}

/// Refused, or with the other setting allowed and noted.
async fn fails(webhook: &Webhook, limit: Duration, why: &str) {
    let (refused, told) = create(&webhook.impatient(limit, false), "a").await;
    let refused = refused.expect("nothing is allowed");
    assert!(refused.starts_with("pods \"p\" is forbidden: "), "{refused}");
    assert!(refused.contains(why), "{refused}");
    assert!(notes(&told).is_empty());
    let (refused, told) = create(&webhook.impatient(limit, true), "a").await;
    assert_eq!(refused, None);
    assert_eq!(
        notes(&told),
        [("imagepolicywebhook.image-policy.k8s.io/failed-open", "true")]
    );
}

#[tokio::test]
async fn a_webhook_that_fails_refuses_unless_configured() {
    let webhook = Webhook::answering(&[GARBAGE]).await;
    fails(&webhook, PATIENCE, "the answer cannot be read").await;
    let other = (200, r#"{"kind":"Pod","status":{"allowed":true}}"#);
    let webhook = Webhook::answering(&[other]).await;
    fails(&webhook, PATIENCE, "it is no ImageReview").await;
    let webhook = Webhook::answering(&[(404, "")]).await;
    fails(&webhook, PATIENCE, "status 404").await;
    assert_eq!(webhook.asked().len(), 2);
}

#[tokio::test]
async fn a_webhook_that_is_late_or_away_fails() {
    fails(&Webhook::silent().await, SOON, "no answer within 100ms").await;
    let mut webhook = Webhook::answering(&[ALLOWED]).await;
    webhook.go_away().await;
    fails(&webhook, PATIENCE, "refused").await;
}

#[tokio::test]
async fn a_webhook_of_another_authority_fails() {
    let (webhook, other) = (Webhook::silent().await, Webhook::silent().await);
    let authority = |webhook: &Webhook| Files::below(webhook.folder.path()).ca_certificate;
    std::fs::copy(authority(&other), authority(&webhook)).expect("written");
    fails(&webhook, PATIENCE, "certificate").await;
}

#[test]
fn what_is_configured_must_be_there() {
    let problem = |file: Option<&Value>| ImagePolicyWebhook::new(file).err().unwrap_or_default();
    assert_eq!(problem(None), "no config specified");
    let missing = tree!({"imagePolicy": {"kubeConfigFile": "/no/such/file"}});
    assert!(problem(Some(&missing)).contains("/no/such/file"));
}
