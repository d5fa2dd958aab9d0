//! Open watches keep the rights that they began with: who lost them, by a change of roles or because a credential ended, is sent
//! home. Each distinct question of users is asked again once, however many watches depend on it, and not faster than the limits
//! say. The reference asks only when a watch begins.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use auth::authorize::{Attributes, Chain};
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::Instant;

use super::authentication::GoodUntil;
use super::authorization::Asked;
use crate::filter::{Answer, Filter, Next};
use crate::http::Request;
use crate::limits::{RIGHTS_ASKED_AT_ONCE, RIGHTS_INTERVAL, RIGHTS_PAUSE, RIGHTS_ROUND_PAUSE};
use crate::request_info::RequestInfo;
use crate::shutdown::Shutdown;

/// Notes the rights of watches. It stands before authorization: a right that is lost in the very moment is not missed.
/// Clones share what is noted.
#[derive(Clone, Debug)]
pub struct Rights {
    chain: Arc<Chain>,
    open: Arc<Open>,
}

/// The rights that open watches depend on.
#[derive(Debug, Default)]
struct Open(Mutex<HashMap<Key, Weak<Right>>>);

/// One user's right to what some watches show.
#[derive(Debug)]
pub struct Right {
    asked: Arc<Asked>,
    lost: Shutdown,
    open: Arc<Open>,
}

/// A question as a key: equal where authorizers cannot tell a difference.
#[derive(Clone, Debug)]
struct Key(Arc<Asked>);

/// What keeps a watch open, in the extensions of its answer: [`super::EndLongRunning`] ends it.
#[derive(Clone, Debug)]
pub struct Held {
    /// `None` where others authorize.
    right: Option<Arc<Right>>,
    until: Option<Instant>,
}

impl Held {
    /// By a credential alone: others authorize, who do not see its end.
    pub fn by(credential: GoodUntil) -> Self {
        Self {
            right: None,
            until: at(credential.0),
        }
    }

    /// Signals when the right is lost, if there is one to lose.
    pub(super) fn lost(&self) -> Option<&Shutdown> {
        self.right.as_ref().map(|right| &right.lost)
    }

    /// When the watch ends, as far as that is known.
    pub(super) fn ends_at(&self) -> Option<Instant> {
        let lost = self.lost().and_then(Shutdown::draining_since);
        lost.into_iter().chain(self.until).min()
    }

    /// When its credential ends.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }
}

impl Rights {
    /// As these authorizers decide.
    pub fn new(chain: Arc<Chain>) -> Self {
        Self {
            chain,
            open: Arc::default(),
        }
    }

    /// Asks again whenever roles change and now and then, for as long as the server runs.
    pub async fn keep(self, mut changes: watch::Receiver<u64>) {
        loop {
            // Nobody tells any more: then only time does.
            if let Ok(Err(_)) = tokio::time::timeout(RIGHTS_INTERVAL, changes.changed()).await {
                tokio::time::sleep(RIGHTS_INTERVAL).await;
            }
            self.ask_all().await;
            tokio::time::sleep(RIGHTS_ROUND_PAUSE).await;
        }
    }

    /// One round: each right is asked about once.
    async fn ask_all(&self) {
        for some in self.open.rights().chunks(RIGHTS_ASKED_AT_ONCE) {
            // One that waits for a webhook does not keep the others waiting.
            let asked = some.iter().filter_map(Weak::upgrade).map(|right| {
                let chain = self.chain.clone();
                async move { right.ask(&chain).await }
            });
            join_all(asked).await;
            tokio::time::sleep(RIGHTS_PAUSE).await;
        }
    }

    fn hold(&self, request: &Request) -> Option<Held> {
        let asked = Asked::of(request).ok()?;
        let until = request.extensions().get::<GoodUntil>();
        Some(Held {
            right: Some(self.open.right(asked)),
            until: until.and_then(|until| at(until.0)),
        })
    }
}

impl Filter for Rights {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        let is_watch = RequestInfo::of(&request).is_ok_and(|info| info.is_resource && info.verb == "watch");
        let Some(held) = is_watch.then(|| self.hold(&request)).flatten() else {
            return next.run(request);
        };
        Box::pin(async move {
            let mut response = next.run(request).await;
            if response.status().is_success() {
                response.extensions_mut().insert(held);
            }
            response
        })
    }
}

impl Open {
    fn right(self: &Arc<Self>, asked: Asked) -> Arc<Right> {
        let asked = Arc::new(asked);
        let key = Key(asked.clone());
        let mut open = self.lock();
        let known = open.get(&key).and_then(Weak::upgrade);
        match known {
            Some(known) if known.is_held() => known,
            // What was lost stays lost: who has the right again gets another.
            gone => {
                let right = Arc::new(Right {
                    asked,
                    lost: Shutdown::new(),
                    open: self.clone(),
                });
                open.insert(key, Arc::downgrade(&right));
                // Should it be the last of its kind, it takes the lock to leave.
                drop(open);
                drop(gone);
                right
            }
        }
    }

    fn rights(&self) -> Vec<Weak<Right>> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Weak<Right>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Right {
    fn is_held(&self) -> bool {
        self.lost.draining_since().is_none()
    }

    /// A refusal ends the watches; that somebody could not be asked does not.
    async fn ask(&self, chain: &Chain) {
        let decision = chain.decide(&self.asked.user, &self.asked.attributes()).await;
        if !decision.is_allowed() && decision.error.is_none() && self.is_held() {
            tracing::info!(
                user = %self.asked.user.name,
                resource = self.asked.attributes().resource,
                namespace = self.asked.attributes().namespace,
                "watches end: their user lost the right to them"
            );
            self.lost.drain();
        }
    }
}

impl Drop for Right {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        let key = Key(self.asked.clone());
        // Another of the same question may have taken its place.
        if open.get(&key).is_some_and(|right| right.strong_count() == 0) {
            open.remove(&key);
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.user == other.0.user && self.0.attributes().asks_as(&other.0.attributes())
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The path says nothing of a resource, and watches are of resources only.
        let without_path = Attributes {
            path: "",
            ..self.0.attributes()
        };
        (&self.0.user, without_path).hash(state);
    }
}

/// A time of the calendar as one of the clock; `None` if it is too far away to matter.
fn at(unix_seconds: i64) -> Option<Instant> {
    let end = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(unix_seconds).ok()?))?;
    let left = end.duration_since(SystemTime::now()).unwrap_or_default();
    Instant::now().checked_add(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth::User;
    use auth::authorize::Authorizer;
    use auth::authorize::rbac::{Kind, Rbac};
    use http_body_util::BodyExt;
    use schema::tree;

    use crate::feed::tests::Scripted;
    use crate::filter::{answer, handler_fn};
    use crate::filters::EndLongRunning;
    use crate::http::{Body, Handler, Response};

    struct World {
        rbac: Arc<Rbac>,
        rights: Rights,
        handler: Handler,
    }

    /// `joe` and `sue` may watch; everything is let through to a watch without events.
    fn world() -> World {
        let rbac = Arc::new(Rbac::default());
        rbac.put(
            Kind::ClusterRole,
            &tree!({"metadata": {"name": "r"}, "rules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]}),
        );
        for name in ["joe", "sue"] {
            rbac.put(
                Kind::ClusterRoleBinding,
                &tree!({"metadata": {"name": name}, "roleRef": {"kind": "ClusterRole", "name": "r"},
                    "subjects": [{"kind": "User", "name": name}]}),
            );
        }
        let chain = Arc::new(Chain::new(vec![Authorizer::Rbac(rbac.clone())]));
        let rights = Rights::new(chain);
        let ending = EndLongRunning::new(Shutdown::new());
        let watch =
            handler_fn(|_| async { Response::new(Body::feed(Scripted::default().with_farewell("bye"))) });
        let filters: Vec<Box<dyn Filter>> = vec![Box::new(ending), Box::new(rights.clone())];
        World {
            rbac,
            rights,
            handler: crate::filter::Chain::new(filters, watch).into_handler(),
        }
    }

    async fn watch(world: &World, name: &str, path: &str, until: Option<i64>) -> Body {
        let mut request = http::Request::builder()
            .uri(path)
            .body(Body::empty())
            .expect("a request");
        request.extensions_mut().insert(User::new(name, "", &[]));
        if let Some(until) = until {
            request.extensions_mut().insert(GoodUntil(until));
        }
        answer(world.handler.clone(), request).await.into_body()
    }

    #[tokio::test(start_paused = true)]
    async fn who_loses_the_right_is_sent_home_and_others_stay() {
        let world = world();
        let (changed, changes) = watch::channel(0);
        tokio::spawn(world.rights.clone().keep(changes));
        let joes = [
            watch(&world, "joe", "/api/v1/pods?watch=1", None).await,
            watch(&world, "joe", "/api/v1/pods?watch=1&timeoutSeconds=9", None).await,
            watch(&world, "joe", "/apis/apps/v1/deployments?watch=1", None).await,
        ];
        let sue = watch(&world, "sue", "/api/v1/pods?watch=1", None).await;
        assert_eq!(world.rights.open.rights().len(), 3, "one for each question");
        world.rbac.remove(Kind::ClusterRoleBinding, "", "joe");
        changed.send_modify(|count| *count += 1);
        for body in joes {
            assert_eq!(body.collect().await.expect("a clean end").to_bytes(), "bye");
        }
        let sue = tokio::time::timeout(Duration::from_secs(120), sue.collect()).await;
        assert!(sue.is_err(), "the other watch goes on");
        assert_eq!(world.rights.open.rights().len(), 0, "nothing is left behind");
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_ends_with_its_credential() {
        let world = world();
        let now = auth::authenticate::unix_seconds();
        let body = watch(&world, "joe", "/api/v1/pods?watch=1", Some(now + 5)).await;
        let begun = Instant::now();
        assert_eq!(body.collect().await.expect("a clean end").to_bytes(), "bye");
        assert!(
            (3..=6).contains(&begun.elapsed().as_secs()),
            "{:?}",
            begun.elapsed()
        );
        let ended = watch(&world, "joe", "/api/v1/pods?watch=1", Some(now - 5)).await;
        ended.collect().await.expect("a clean end");
        let far = watch(&world, "joe", "/api/v1/pods?watch=1", Some(i64::MAX)).await;
        assert!(
            tokio::time::timeout(Duration::from_secs(60), far.collect())
                .await
                .is_err()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_right_that_comes_back_is_another_one() {
        let world = world();
        let lost = watch(&world, "joe", "/api/v1/pods?watch=1", None).await;
        let binding = tree!({"metadata": {"name": "joe"}, "roleRef": {"kind": "ClusterRole", "name": "r"},
            "subjects": [{"kind": "User", "name": "joe"}]});
        world.rbac.remove(Kind::ClusterRoleBinding, "", "joe");
        world.rights.ask_all().await;
        world.rbac.put(Kind::ClusterRoleBinding, &binding);
        let again = watch(&world, "joe", "/api/v1/pods?watch=1", None).await;
        lost.collect().await.expect("a clean end");
        world.rights.ask_all().await;
        assert!(
            tokio::time::timeout(Duration::from_secs(60), again.collect())
                .await
                .is_err()
        );
    }
}
