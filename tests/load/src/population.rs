//! What a scenario needs to be there before it begins: namespaces, configmaps, pods with a status. It measures nothing.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use http::Method;

use crate::api::{Api, Request};
use crate::objects::{self, PodShape};
use crate::progress::Progress;
use crate::writer::Part;
use crate::{Error, limits};

/// How many requests that make objects are under way at a time.
const AT_ONCE: usize = 32;
/// The sizes that pods are filled up to, as JSON with all that the server adds.
pub const POD_JSON_BYTES: usize = 8_000;

/// What pods are to be there.
#[derive(Clone, Debug)]
pub struct Pods {
    /// How many.
    pub count: usize,
    /// Over how many namespaces they are spread, `NAME-0` and so on; one namespace has the bare name.
    pub namespaces: usize,
    /// Over how many nodes.
    pub nodes: usize,
    /// One of how many has the label that lists select by.
    pub selected_one_of: usize,
}

/// How large a pod came out, as the server gives it back.
#[derive(Clone, Copy, Debug)]
pub struct PodSize {
    /// As JSON.
    pub json_bytes: usize,
    /// As protobuf.
    pub protobuf_bytes: usize,
}

/// The namespace of a pod.
pub fn namespace_of(namespace: &str, pods: &Pods, number: usize) -> String {
    match pods.namespaces {
        0 | 1 => namespace.to_owned(),
        count => format!("{namespace}-{}", number % count),
    }
}

/// Makes a namespace and the service account that pods in it need, where they are missing.
pub async fn namespace(api: &Api, name: &str) -> Result<(), Error> {
    let body = format!(r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"{name}"}}}}"#);
    api.expect(Request::with(Method::POST, "/api/v1/namespaces", body), &[409])
        .await?;
    let body = r#"{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}"#.to_owned();
    let path = format!("/api/v1/namespaces/{name}/serviceaccounts");
    api.expect(Request::with(Method::POST, &path, body), &[409])
        .await?;
    Ok(())
}

/// Makes configmaps in a namespace, where they are missing.
pub async fn config_maps(api: &Api, namespace: &str, count: usize, bytes: usize) -> Result<(), Error> {
    let path = &format!("/api/v1/namespaces/{namespace}/configmaps");
    let create = |number| async move {
        let body = objects::config_map(number, bytes, 0);
        api.expect(Request::with(Method::POST, path, body), &[409])
            .await
            .map(drop)
    };
    each(0..count, create).await
}

/// Makes objects of so many resources in a namespace, in turn, where they are missing.
pub async fn kinds(
    api: &Api,
    namespace: &str,
    resources: usize,
    count: usize,
    bytes: usize,
) -> Result<(), Error> {
    let create = |number| async move {
        let path = objects::of_kind(number % resources, namespace);
        let body = objects::object(number % resources, number, bytes);
        api.expect(Request::with(Method::POST, &path, body), &[409])
            .await
            .map(drop)
    };
    each(0..count, create).await
}

/// Makes parts of a cluster, where they are missing.
pub async fn parts(api: &Api, namespace: &str, part: Part, count: usize) -> Result<(), Error> {
    let path = &part.path(namespace);
    let create = |number| async move {
        api.expect(Request::with(Method::POST, path, part.object(number)), &[409])
            .await
            .map(drop)
    };
    each(0..count, create).await
}

/// Makes pods and their status, where they are missing.
pub async fn pods(api: &Arc<Api>, name: &str, pods: &Pods, progress: &Progress) -> Result<PodSize, Error> {
    if pods.count == 0 || pods.count > limits::OBJECTS_MAX {
        return Err(Error::Options(format!(
            "pods: 1 to {} are possible",
            limits::OBJECTS_MAX
        )));
    }
    for number in 0..pods.namespaces.max(1) {
        namespace(api, &namespace_of(name, pods, number)).await?;
    }
    let filling_bytes = filling(api, name, pods).await?;
    let create = |number| async move {
        pod(api, name, pods, number, filling_bytes).await?;
        progress.step(number);
        Ok(())
    };
    each(0..pods.count, create).await?;
    size(api, &format!("{}/{}", pods_path(name, pods, 0), objects::name(0))).await
}

/// Makes the first pod without filling, looks how large it is, and makes it again with what is missing.
async fn filling(api: &Api, name: &str, pods: &Pods) -> Result<usize, Error> {
    let path = format!("{}/{}", pods_path(name, pods, 0), objects::name(0));
    if api.call(Request::new(Method::GET, &path)).await?.status == 200 {
        return Ok(0);
    }
    pod(api, name, pods, 0, 0).await?;
    let missing = POD_JSON_BYTES.saturating_sub(size(api, &path).await?.json_bytes);
    api.expect(
        Request::new(Method::DELETE, &format!("{path}?gracePeriodSeconds=0")),
        &[],
    )
    .await?;
    Ok(missing)
}

async fn size(api: &Api, path: &str) -> Result<PodSize, Error> {
    let json = api.expect(Request::new(Method::GET, path), &[]).await?;
    let mut request = Request::new(Method::GET, path);
    request.accept = crate::watch::Media::Protobuf.accept();
    let protobuf = api.expect(request, &[]).await?;
    Ok(PodSize {
        json_bytes: json.body.len(),
        protobuf_bytes: protobuf.body.len(),
    })
}

async fn pod(api: &Api, name: &str, pods: &Pods, number: usize, filling_bytes: usize) -> Result<(), Error> {
    let path = pods_path(name, pods, number);
    let shape = PodShape {
        node: number % pods.nodes.max(1),
        selected: number.is_multiple_of(pods.selected_one_of.max(1)),
        filling_bytes,
    };
    let made = api
        .expect(
            Request::with(Method::POST, &path, objects::pod(number, &shape)),
            &[409],
        )
        .await?;
    if made.status == 409 {
        return Ok(());
    }
    let path = format!("{path}/{}/status", objects::name(number));
    let mut request = Request::with(Method::PATCH, &path, objects::kubelet_status(number, 0));
    request.content_type = "application/merge-patch+json";
    api.expect(request, &[]).await.map(drop)
}

/// The path of the pods in the namespace of one of them.
pub fn pods_path(name: &str, pods: &Pods, number: usize) -> String {
    format!("/api/v1/namespaces/{}/pods", namespace_of(name, pods, number))
}

/// Removes all configmaps or pods of a namespace.
pub async fn remove(api: &Api, namespace: &str, resource: &str) -> Result<(), Error> {
    remove_all(
        api,
        &format!("/api/v1/namespaces/{namespace}/{resource}?gracePeriodSeconds=0"),
    )
    .await
}

/// Removes all of a collection, or what is selected of it. The answer, which lists all that is gone, is read and not kept.
pub async fn remove_all(api: &Api, path: &str) -> Result<(), Error> {
    let mut beginning = Vec::new();
    let keep = |bytes: &[u8]| {
        let missing = limits::REFUSAL_BYTES.saturating_sub(beginning.len());
        beginning.extend_from_slice(&bytes[..bytes.len().min(missing)]);
        Ok(())
    };
    let (status, _) = api.stream(Request::new(Method::DELETE, path), keep).await?;
    match status {
        200..300 | 404 => Ok(()),
        _ => Err(Error::Status {
            request: format!("DELETE {path}"),
            status,
            body: String::from_utf8_lossy(&beginning).into_owned(),
        }),
    }
}

/// The revision of the whole of a resource now.
pub async fn revision(api: &Api, path: &str) -> Result<u64, Error> {
    let separator = if path.contains('?') { '&' } else { '?' };
    let answer = api
        .expect(
            Request::new(Method::GET, &format!("{path}{separator}limit=1")),
            &[],
        )
        .await?;
    Ok(answer.revision())
}

async fn each<F: Future<Output = Result<(), Error>>>(
    numbers: std::ops::Range<usize>,
    make: impl Fn(usize) -> F,
) -> Result<(), Error> {
    stream::iter(numbers)
        .map(make)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}
