//! A cluster with one service account, and whoever knows its tokens.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::ProptestConfig;
use schema::{Value, json, tree};
use shardplane_auth::authenticate::service_account::ServiceAccounts;
use shardplane_auth::authenticate::service_account::mint::{Bound, Minter};
use shardplane_auth::authenticate::{Authenticator, Tokens, unix_seconds};
use shardplane_auth::jwt::keys::{KeySet, SigningKey};
use shardplane_auth::objects::{Kind, Objects};
use smol_str::SmolStr;

pub const ISSUER: &str = "https://kubernetes.default.svc";

#[derive(Default)]
pub struct Cluster {
    objects: Mutex<HashMap<(Kind, String, String), Value>>,
    fails: AtomicBool,
}

#[async_trait]
impl Objects for Cluster {
    async fn get(&self, kind: Kind, namespace: &str, name: &str) -> Result<Option<Value>, String> {
        if self.fails.load(Ordering::SeqCst) {
            return Err("the store is away".to_owned());
        }
        let objects = self.objects.lock().expect("no panics");
        Ok(objects
            .get(&(kind, namespace.to_owned(), name.to_owned()))
            .cloned())
    }
}

impl Cluster {
    /// Whether reads fail from now on.
    pub fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }

    pub fn put(&self, kind: Kind, namespace: &str, name: &str, uid: &str) -> Value {
        let object = tree!({"metadata": {"namespace": namespace, "name": name, "uid": uid}});
        self.set(kind, namespace, name, Some(object.clone()));
        object
    }

    pub fn set(&self, kind: Kind, namespace: &str, name: &str, object: Option<Value>) {
        let mut objects = self.objects.lock().expect("no panics");
        let key = (kind, namespace.to_owned(), name.to_owned());
        match object {
            Some(object) => drop(objects.insert(key, object)),
            None => drop(objects.remove(&key)),
        }
    }
}

pub struct World {
    pub cluster: Arc<Cluster>,
    pub account: Value,
    pub pem: String,
    pub key: SigningKey,
    pub tokens: Tokens,
}

pub fn pem() -> String {
    rcgen::KeyPair::generate().expect("a key").serialize_pem()
}

pub fn world() -> World {
    let cluster = Arc::new(Cluster::default());
    let account = cluster.put(Kind::ServiceAccount, "n", "sa", "u1");
    let pem = pem();
    let key = SigningKey::of_pem(pem.as_bytes()).expect("a good key");
    let keys = Arc::new(KeySet::new(vec![key.public().clone()]));
    let accounts = ServiceAccounts::new(vec![ISSUER.into()], keys, cluster.clone());
    let tokens = Tokens::new(
        vec![Authenticator::ServiceAccounts(accounts)],
        vec![ISSUER.into()],
    );
    World {
        cluster,
        account,
        pem,
        key,
        tokens,
    }
}

impl World {
    pub fn mint(&self, bound: Bound<'_>, audiences: &[&str]) -> String {
        let minter = Minter::new(ISSUER, self.key.clone(), true);
        let audiences: Vec<SmolStr> = audiences.iter().map(SmolStr::new).collect();
        minter
            .mint(&self.account, bound, &audiences, 3_600, unix_seconds())
            .expect("signed")
            .token
    }

    pub fn good(&self) -> String {
        self.mint(Bound::default(), &[ISSUER])
    }

    /// The claims of a good token, changed, signed by the same key.
    pub fn changed(&self, change: impl FnOnce(&mut schema::Map)) -> String {
        let good = self.good();
        let claims = good.split('.').nth(1).expect("three parts");
        let mut claims = json::parse(&URL_SAFE_NO_PAD.decode(claims).expect("base64")).expect("JSON");
        change(claims.as_map_mut().expect("a map"));
        self.key.token(&claims).expect("signed")
    }

    pub async fn error(&self, token: &str) -> String {
        self.tokens.user(token).await.expect_err("a bad token")
    }
}

pub fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json::to_string(value))
}

/// As secrets have it.
pub fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

/// So many cases, and many times more where there is time.
pub fn config(sample: u32) -> ProptestConfig {
    let full = std::env::var_os("SHARDPLANE_FULL").is_some();
    ProptestConfig::with_cases(if full { 100 * sample } else { sample })
}
