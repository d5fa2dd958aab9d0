//! The order of plugins, and what becomes of what they take.

use std::sync::Mutex;

use async_trait::async_trait;
use kinds::Catalog;

use super::*;
use crate::admission::Operation;
use crate::effects::Undo;

/// The plugins of the reference, in its order.
const ORDER: &[&str] = &[
    "AlwaysAdmit",
    "NamespaceAutoProvision",
    "NamespaceLifecycle",
    "NamespaceExists",
    "LimitPodHardAntiAffinityTopology",
    "LimitRanger",
    "ServiceAccount",
    "NodeRestriction",
    "TaintNodesByCondition",
    "AlwaysPullImages",
    "ImagePolicyWebhook",
    "PodSecurity",
    "PodNodeSelector",
    "Priority",
    "DefaultTolerationSeconds",
    "PodTolerationRestriction",
    "EventRateLimit",
    "ExtendedResourceToleration",
    "DefaultStorageClass",
    "StorageObjectInUseProtection",
    "PodGroupProtection",
    "OwnerReferencesPermissionEnforcement",
    "PersistentVolumeClaimResize",
    "RuntimeClass",
    "CertificateApproval",
    "CertificateSigning",
    "ClusterTrustBundleAttest",
    "CertificateSubjectRestriction",
    "DefaultIngressClass",
    "DenyServiceExternalIPs",
    "PodTopologyLabels",
    "PodGroupWorkloadExists",
    "NodeDeclaredFeatureValidator",
    "JobValidation",
    "PodResizeValidator",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionWebhook",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
    "ResourceQuota",
    "AlwaysDeny",
];

#[test]
fn plugins_stand_in_the_order_of_the_reference() {
    let places: Vec<_> = KNOWN
        .iter()
        .map(|known| ORDER.iter().position(|name| *name == known.name))
        .collect();
    assert!(places.iter().all(Option::is_some), "{places:?}");
    assert!(places.is_sorted(), "{places:?}");
}

/// What operators read.
const DOCUMENT: &str = include_str!("../../../../docs/admission.md");

#[test]
fn the_documentation_has_every_plugin_in_order() {
    let rows = DOCUMENT.lines().filter_map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let (name, default) = (cells.next()?, cells.next()?);
        matches!(default, "on" | "off").then(|| (name.to_owned(), default == "on"))
    });
    let known = KNOWN
        .iter()
        .map(|known| (known.name.to_owned(), known.default_on));
    assert_eq!(rows.collect::<Vec<_>>(), known.collect::<Vec<_>>());
}

type Log = Arc<Mutex<Vec<&'static str>>>;

/// Takes one thing and tells what becomes of it, or refuses.
struct Taker(Log);
struct Refuser;
struct Taken(Log);

#[async_trait]
impl Plugin for Taker {
    fn name(&self) -> &'static str {
        "Taker"
    }

    async fn hold(
        &self,
        _attributes: &Attributes<'_>,
        _reader: &dyn Reader,
    ) -> Result<Option<Box<dyn Undo>>, Status> {
        self.0.lock().expect("a log").push("taken");
        Ok(Some(Box::new(Taken(self.0.clone()))))
    }
}

/// What is served.
const COMPATIBILITY: &str = include_str!("../../../../docs/compatibility.md");

#[test]
fn the_documentation_names_every_plugin_that_is_missing() {
    let row = COMPATIBILITY
        .lines()
        .find(|line| line.starts_with("| admission |"));
    let row = row.expect("a row");
    for name in ORDER {
        // That policies and webhooks are not called is said in words.
        let is_missing = !KNOWN.iter().any(|known| known.name == *name) && !name.contains("Admission");
        assert_eq!(row.contains(name), is_missing, "{name}");
    }
}

#[async_trait]
impl Plugin for Refuser {
    fn name(&self) -> &'static str {
        "Refuser"
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _reader: &dyn Reader,
        told: &mut Told,
    ) -> Result<(), Status> {
        told.warn("no");
        Err(attributes.forbidden("no"))
    }
}

#[async_trait]
impl Undo for Taken {
    async fn undo(self: Box<Self>) {
        self.0.lock().expect("a log").push("given back");
    }

    async fn commit(self: Box<Self>) {
        self.0.lock().expect("a log").push("kept");
    }
}

struct Nothing;

#[async_trait]
impl Reader for Nothing {
    async fn get(&self, _: &str, _: &str, _: &str, _: &str) -> Result<Option<Arc<Value>>, Status> {
        Ok(None)
    }

    async fn list(&self, _: &str, _: &str, _: &str) -> Result<Vec<Arc<Value>>, Status> {
        Ok(Vec::new())
    }
}

async fn validated(plugins: Vec<Box<dyn Plugin>>) -> (Result<Held, Status>, Told) {
    let resource = Catalog::builtin()
        .resource("", "v1", "configmaps")
        .expect("built in");
    let user = auth::User::anonymous();
    let attributes = Attributes {
        operation: Operation::Create,
        resource,
        subresource: None,
        namespace: "a",
        name: "b",
        object: Value::Null,
        old: None,
        user: &user,
        dry_run: false,
    };
    let mut told = Told::default();
    let own = Late::default();
    let with_times = plugins.into_iter().map(|plugin| (plugin, Times::default()));
    let chain = Chain {
        plugins: with_times.collect(),
        own,
        numbers: Numbers::default(),
    };
    let done = chain.validate(&attributes, &Nothing, &mut told).await;
    (done, told)
}

#[tokio::test]
async fn what_was_taken_is_given_back_when_a_later_plugin_refuses() {
    let log = Log::default();
    let (done, told) = validated(vec![Box::new(Taker(log.clone())), Box::new(Refuser)]).await;
    assert!(done.is_err());
    assert_eq!(told.warnings, ["no"]);
    assert_eq!(*log.lock().expect("a log"), ["taken", "given back"]);
}

#[tokio::test]
async fn what_was_taken_is_kept_once_the_store_was_asked() {
    let log = Log::default();
    let (done, _) = validated(vec![Box::new(Taker(log.clone()))]).await;
    let mut held = done.unwrap_or_default();
    held.ask();
    drop(held);
    tokio::task::yield_now().await;
    assert_eq!(*log.lock().expect("a log"), ["taken"]);
}

#[tokio::test]
async fn a_request_that_goes_away_before_gives_it_back() {
    let log = Log::default();
    let (done, _) = validated(vec![Box::new(Taker(log.clone()))]).await;
    drop(done.unwrap_or_default());
    while log.lock().expect("a log").len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(*log.lock().expect("a log"), ["taken", "given back"]);
}
