//! Changes of a kind as a member of the watch tier tells them: a watch like that of any client, as protobuf.

use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::{Buf, BytesMut};
use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::BodyExt;
use kinds::Resource;
use router::frontends::head_to;
use router::members::Members;
use router::unit::Unit;
use router::upstream::Upstreams;
use schema::{SmolStr, Types, envelope, json};
use serve::http::{Body, read_body};
use storage::Revision;
use tokio::sync::watch;

use super::changes::{Batch, Change, Changes, End};

/// What is asked for.
const ACCEPT: HeaderValue = HeaderValue::from_static("application/vnd.kubernetes.protobuf;stream=watch");
/// The most bytes of an event: more than any object that is stored has.
const EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most bytes that are read of a refusal.
const REFUSAL_BYTES_MAX: usize = 64 * 1024;
/// What an event's length is told in.
const LENGTH_BYTES: usize = 4;

/// Who the members are and how they are reached.
#[derive(Clone)]
pub struct WatchTier {
    pub members: watch::Receiver<Arc<Members>>,
    pub upstreams: Upstreams,
    /// Headers that name this process.
    pub named: Arc<ArcSwap<HeaderMap>>,
}

/// A watch at a member.
pub struct Followed {
    body: Body,
    read: BytesMut,
    resource: Arc<Resource>,
    unit: Unit,
    address: SmolStr,
    members: watch::Receiver<Arc<Members>>,
}

fn unit(resource: &Resource) -> Unit {
    Unit::new(resource.qualified_name())
}

impl WatchTier {
    /// Whether a member is ready for a resource.
    pub fn has(&self, resource: &Resource) -> bool {
        !self.members.borrow().ready_for(&unit(resource)).is_empty()
    }

    /// Waits until one is.
    pub async fn appears(&self, resource: &Resource) {
        let (mut members, unit) = (self.members.clone(), unit(resource));
        if members
            .wait_for(|members| !members.ready_for(&unit).is_empty())
            .await
            .is_err()
        {
            std::future::pending().await
        }
    }

    /// Follows a resource at one of them, after a revision.
    pub async fn follow(&self, resource: &Arc<Resource>, after: Revision) -> Result<Changes, String> {
        let unit = unit(resource);
        let members = self.members.borrow().clone();
        let way = self.upstreams.to_one_of(members.ready_for(&unit));
        let way = way.ok_or("nobody is ready for it")?;
        let group = match resource.group.as_str() {
            "" => format!("api/{}", resource.version),
            group => format!("apis/{group}/{}", resource.version),
        };
        let path = format!(
            "/{group}/{}?watch=true&allowWatchBookmarks=true&resourceVersion={}",
            resource.resource, after.0
        );
        let mut head = head_to(way.address(), Method::GET, &path, &self.named.load());
        head.headers.insert(header::ACCEPT, ACCEPT);
        let asked = way.exchange(&self.upstreams, &head, Body::empty(), true);
        let response = asked.await.map_err(|failed| failed.error.to_string())?;
        let (code, body) = (response.status(), response.into_body());
        if !code.is_success() {
            let why = read_body(body, REFUSAL_BYTES_MAX).await.unwrap_or_default();
            return Err(format!("{} answers {code}: {}", way.address(), message(&why)));
        }
        Ok(Changes::Member(Box::new(Followed {
            body,
            read: BytesMut::new(),
            resource: resource.clone(),
            unit,
            address: way.address().clone(),
            members: self.members.clone(),
        })))
    }
}

fn message(refusal: &[u8]) -> String {
    let status = json::parse(refusal).unwrap_or_default();
    status.str_at(&["message"]).unwrap_or_default().to_owned()
}

impl Followed {
    /// The next event. What is read of one stays when this is given up.
    pub async fn next(&mut self) -> Result<Batch, End> {
        loop {
            if let Some(event) = self.event()? {
                return Ok(event);
            }
            let frame = tokio::select! {
                frame = self.body.frame() => frame,
                () = unready(&mut self.members, &self.unit, &self.address) => return Err(End::Elsewhere),
            };
            match frame {
                Some(Ok(frame)) => self
                    .read
                    .extend_from_slice(&frame.into_data().unwrap_or_default()),
                Some(Err(_)) | None => return Err(End::Elsewhere),
            }
        }
    }

    /// An event that is read to its end.
    fn event(&mut self) -> Result<Option<Batch>, End> {
        let Some(length) = self.read.first_chunk::<LENGTH_BYTES>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*length) as usize;
        if length > EVENT_BYTES_MAX {
            return Err(End::Lost(format!("an event of {length} bytes")));
        }
        if self.read.len() < LENGTH_BYTES + length {
            return Ok(None);
        }
        self.read.advance(LENGTH_BYTES);
        let event = self.read.split_to(length);
        let batch = batch(&self.resource, &event).map_err(End::Lost)?;
        Ok(Some(batch))
    }
}

/// What an event tells.
fn batch(resource: &Resource, event: &[u8]) -> Result<Batch, String> {
    let unreadable = |error: schema::Error| error.to_string();
    let (kind, object) = envelope::watch_event(event).map_err(unreadable)?;
    let object = envelope::split(object).map_err(unreadable)?;
    let is_gone = match kind {
        b"ADDED" | b"MODIFIED" | b"BOOKMARK" => false,
        b"DELETED" => true,
        _ => return Err(format!("the watch ends with {}", object.kind)),
    };
    let object = envelope::decode(Types::builtin(), resource.type_id, &object).map_err(unreadable)?;
    let text = |name: &str| object.str_at(&["metadata", name]).unwrap_or_default();
    let revision = text("resourceVersion").parse().map(Revision);
    let revision = revision.map_err(|_| "an object has no revision".to_owned())?;
    let changes = match kind {
        b"BOOKMARK" => Vec::new(),
        _ => vec![Change {
            namespace: text("namespace").into(),
            name: text("name").into(),
            object: (!is_gone).then(|| object.clone()),
        }],
    };
    Ok(Batch { revision, changes })
}

/// Waits until a member is not ready for a unit any more.
async fn unready(members: &mut watch::Receiver<Arc<Members>>, unit: &Unit, address: &SmolStr) {
    let is_unready = |members: &Arc<Members>| {
        !members
            .ready_for(unit)
            .iter()
            .any(|member| member.address == *address)
    };
    if members.wait_for(is_unready).await.is_err() {
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use futures_util::stream;
    use kinds::Catalog;
    use schema::{Value, tree};

    fn pods() -> Arc<Resource> {
        let catalog = Catalog::builtin();
        let found = catalog.versions("", "pods").next().expect("pods are built in");
        catalog.hub(found).clone()
    }

    /// A field of a message.
    fn field(number: u32, content: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        envelope::put_field_head(number, content.len(), &mut out);
        out.extend_from_slice(content);
        out
    }

    fn event(kind: &str, object: &Value) -> Vec<u8> {
        let stored = envelope::encode(Types::builtin(), pods().type_id, object);
        let message = [field(1, kind.as_bytes()), field(2, &field(1, &stored))].concat();
        [&(message.len() as u32).to_be_bytes()[..], &message].concat()
    }

    fn pod(name: &str, revision: &str) -> Value {
        tree!({"apiVersion": "v1", "kind": "Pod",
               "metadata": {"namespace": "a", "name": name, "resourceVersion": revision}, "spec": {"nodeName": "n"}})
    }

    fn followed(chunks: Vec<Vec<u8>>, members: watch::Receiver<Arc<Members>>) -> Followed {
        let chunks = chunks
            .into_iter()
            .map(|chunk| Ok::<_, serve::http::BodyError>(Bytes::from(chunk)));
        Followed {
            body: Body::stream(stream::iter(chunks)),
            read: BytesMut::new(),
            resource: pods(),
            unit: Unit::new("pods"),
            address: "m:1".into(),
            members,
        }
    }

    fn ready() -> Arc<Members> {
        use router::assignment::Policy;
        use router::members::{Member, State, Tier};
        Arc::new(Members::new(vec![Arc::new(Member {
            name: "m".into(),
            run: "1".into(),
            tier: Tier::WatchCache,
            address: "m:1".into(),
            weight: 1,
            state: State::Serving,
            ready: [Unit::new("pods")].into(),
            behind: std::collections::BTreeSet::new(),
            policy: Policy::default(),
        })]))
    }

    /// What comes until the end: revisions, with the names of who is there (`+`) or gone (`-`).
    async fn all(followed: &mut Followed) -> (Vec<(i64, String)>, End) {
        let mut seen = Vec::new();
        loop {
            match followed.next().await {
                Ok(batch) => {
                    let told = batch.changes.iter().map(|change| {
                        format!(
                            "{}{}/{}",
                            if change.object.is_some() { "+" } else { "-" },
                            change.namespace,
                            change.name
                        )
                    });
                    seen.push((batch.revision.0, told.collect::<String>()));
                }
                Err(end) => return (seen, end),
            }
        }
    }

    #[tokio::test]
    async fn events_are_read_wherever_chunks_end() {
        let bytes = [
            event("ADDED", &pod("p", "7")),
            event(
                "BOOKMARK",
                &tree!({"apiVersion": "v1", "kind": "Pod", "metadata": {"resourceVersion": "9"}}),
            ),
            event("DELETED", &pod("p", "12")),
        ]
        .concat();
        let members = watch::Sender::new(ready());
        for size in [1, 5, 100, bytes.len()] {
            let chunks = bytes.chunks(size).map(<[u8]>::to_vec).collect();
            let (seen, end) = all(&mut followed(chunks, members.subscribe())).await;
            let expected = [(7, "+a/p"), (9, ""), (12, "-a/p")].map(|(at, told)| (at, told.to_owned()));
            assert_eq!(seen, expected, "chunks of {size}");
            assert!(matches!(end, End::Elsewhere));
        }
    }

    #[tokio::test]
    async fn what_is_no_event_ends_it() {
        let members = watch::Sender::new(ready());
        let status = tree!({"apiVersion": "v1", "kind": "Status", "message": "too old", "code": 410});
        let garbage = [&3u32.to_be_bytes()[..], &[255; 3]].concat();
        for (what, chunk) in [
            ("an error", event("ERROR", &status)),
            ("garbage", garbage),
            ("too much", u32::MAX.to_be_bytes().to_vec()),
            ("no revision", event("ADDED", &pod("p", ""))),
        ] {
            let (seen, end) = all(&mut followed(vec![chunk], members.subscribe())).await;
            assert!(seen.is_empty() && matches!(end, End::Lost(_)), "{what}");
        }
    }

    #[tokio::test]
    async fn a_member_that_is_not_ready_any_more_is_left() {
        let members = watch::Sender::new(ready());
        let mut silent = followed(Vec::new(), members.subscribe());
        silent.body = Body::stream(stream::pending::<Result<Bytes, serve::http::BodyError>>());
        let (next, ()) = tokio::join!(silent.next(), async {
            members.send_replace(Arc::default());
        });
        assert!(matches!(next, Err(End::Elsewhere)));
    }
}
