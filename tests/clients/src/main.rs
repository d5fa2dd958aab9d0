//! A workload for the crate kube: the typed and the dynamic API, a reflector, and a controller that reconciles.
//! It talks to the server of `$KUBECONFIG` and fails loudly.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use kube::api::{ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::controller::Action;
use kube::runtime::reflector::{self, ObjectRef};
use kube::runtime::{Controller, WatchStreamExt, watcher};
use kube::{Api, Client, Resource, ResourceExt};

const NAMESPACE: &str = "kube-rs";
/// A state that is waited for comes long before this.
const WAIT_MAX: Duration = Duration::from_secs(60);

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let client = Client::try_default().await?;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.create(&PostParams::default(), &serde_json::from_value(named(NAMESPACE))?).await?;
    typed(client.clone()).await?;
    untyped(client.clone()).await?;
    reflected(client.clone()).await?;
    reconciled(client).await?;
    println!("kube: all passed");
    Ok(())
}

fn named(name: &str) -> serde_json::Value {
    serde_json::json!({"metadata": {"name": name}})
}

async fn typed(client: Client) -> Result<(), Failure> {
    let maps: Api<ConfigMap> = Api::namespaced(client, NAMESPACE);
    for at in 0..12 {
        let map = serde_json::json!({"metadata": {"name": format!("m-{at:02}"), "labels": {"of": "typed"}}, "data": {"at": at.to_string()}});
        maps.create(&PostParams::default(), &serde_json::from_value(map)?).await?;
    }
    let page = maps.list(&ListParams::default().labels("of=typed").limit(5)).await?;
    let token = page.metadata.continue_.ok_or("a page of several has a token")?;
    let rest = maps.list(&ListParams::default().labels("of=typed").continue_token(&token)).await?;
    assert_eq!((page.items.len(), rest.items.len()), (5, 7));
    let patch = Patch::Merge(serde_json::json!({"data": {"at": null, "new": "x"}}));
    let patched = maps.patch("m-00", &PatchParams::default(), &patch).await?;
    assert_eq!(patched.data.unwrap_or_default().into_iter().collect::<Vec<_>>(), [("new".to_owned(), "x".to_owned())]);
    match maps.get("missing").await {
        Err(kube::Error::Api(status)) => assert_eq!((status.code, status.reason.as_str()), (404, "NotFound")),
        other => return Err(format!("expected 404, got {other:?}").into()),
    }
    let metadata = maps.list_metadata(&ListParams::default().labels("of=typed")).await?;
    assert_eq!(metadata.items.len(), 12);
    maps.delete_collection(&DeleteParams::default(), &ListParams::default().labels("of=typed")).await?;
    Ok(())
}

async fn untyped(client: Client) -> Result<(), Failure> {
    let discovery = kube::discovery::Discovery::new(client.clone()).run_aggregated().await?;
    assert!(discovery.has_group("apps") && discovery.has_group("resource.k8s.io"));
    let resource = ApiResource::erase::<k8s_openapi::api::coordination::v1::Lease>(&());
    let leases: Api<DynamicObject> = Api::namespaced_with(client, NAMESPACE, &resource);
    let lease = DynamicObject::new("l", &resource).data(serde_json::json!({"spec": {"holderIdentity": "me"}}));
    leases.create(&PostParams::default(), &lease).await?;
    let read = leases.get("l").await?;
    assert_eq!(read.data["spec"]["holderIdentity"], "me");
    Ok(())
}

/// A reflector's copy follows what is written.
async fn reflected(client: Client) -> Result<(), Failure> {
    let maps: Api<ConfigMap> = Api::namespaced(client, NAMESPACE);
    let (reader, writer) = reflector::store::<ConfigMap>();
    let stream = watcher(maps.clone(), watcher::Config::default()).default_backoff().reflect(writer).touched_objects();
    let follow = tokio::spawn(async move { stream.try_for_each(|_| async { Ok(()) }).await });
    tokio::time::timeout(WAIT_MAX, reader.wait_until_ready()).await??;
    maps.create(&PostParams::default(), &serde_json::from_value(named("mirrored"))?).await?;
    let key = ObjectRef::new("mirrored").within(NAMESPACE);
    until(|| reader.get(&key).is_some()).await?;
    maps.delete("mirrored", &DeleteParams::default()).await?;
    until(|| reader.get(&key).is_none()).await?;
    follow.abort();
    Ok(())
}

/// A controller that keeps a secret for each config map.
async fn reconciled(client: Client) -> Result<(), Failure> {
    let (maps, secrets): (Api<ConfigMap>, Api<Secret>) =
        (Api::namespaced(client.clone(), NAMESPACE), Api::namespaced(client.clone(), NAMESPACE));
    let controller = Controller::new(maps.clone(), watcher::Config::default().labels("secret=wanted"))
        .owns(secrets.clone(), watcher::Config::default())
        .run(reconcile, |_, _, _| Action::requeue(Duration::from_millis(100)), Arc::new(client));
    let run = tokio::spawn(controller.for_each(|_| async {}));
    let map = serde_json::json!({"metadata": {"name": "source", "labels": {"secret": "wanted"}}, "data": {"key": "1"}});
    maps.create(&PostParams::default(), &serde_json::from_value(map)?).await?;
    until_value(&secrets, "1").await?;
    let patch = Patch::Merge(serde_json::json!({"data": {"key": "2"}}));
    maps.patch("source", &PatchParams::default(), &patch).await?;
    until_value(&secrets, "2").await?;
    // What somebody takes away comes back.
    secrets.delete("source", &DeleteParams::default()).await?;
    until_value(&secrets, "2").await?;
    run.abort();
    Ok(())
}

async fn reconcile(map: Arc<ConfigMap>, client: Arc<Client>) -> Result<Action, kube::Error> {
    let secrets: Api<Secret> = Api::namespaced((*client).clone(), NAMESPACE);
    let wanted = Secret {
        metadata: kube::api::ObjectMeta {
            name: Some(map.name_any()),
            owner_references: map.controller_owner_ref(&()).map(|owner| vec![owner]),
            ..Default::default()
        },
        string_data: map.data.clone(),
        ..Default::default()
    };
    match secrets.create(&PostParams::default(), &wanted).await {
        Err(kube::Error::Api(status)) if status.code == 409 => {
            let patch = Patch::Merge(serde_json::json!({"stringData": map.data}));
            secrets.patch(&map.name_any(), &PatchParams::default(), &patch).await?;
        }
        done => drop(done?),
    }
    Ok(Action::await_change())
}

async fn until(holds: impl Fn() -> bool) -> Result<(), Failure> {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    Ok(tokio::time::timeout(WAIT_MAX, wait).await?)
}

async fn until_value(secrets: &Api<Secret>, wanted: &str) -> Result<(), Failure> {
    let wait = async {
        loop {
            let found = secrets.get_opt("source").await?;
            let data = found.and_then(|secret| secret.data).unwrap_or_default();
            if data.get("key").is_some_and(|value| value.0 == wanted.as_bytes()) {
                return Ok::<(), kube::Error>(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    Ok(tokio::time::timeout(WAIT_MAX, wait).await??)
}
