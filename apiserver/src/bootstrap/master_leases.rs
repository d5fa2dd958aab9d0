//! The master leases: a key per running server, kept by an etcd lease, from which all servers derive the endpoints of the
//! `kubernetes` Service. The protocol and the bytes are kube-apiserver's, so that both kinds may share an etcd.

use bytes::Bytes;
use schema::{TypeId, Types, Value, envelope, proto, tree};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use storage::{Op, Range, Store, Txn, store::prefix_end};

/// How long a server counts after its last renewal.
const LEASE: Duration = Duration::from_secs(15);
/// How often each server renews.
pub const RENEWAL_INTERVAL: Duration = Duration::from_secs(10);

/// The leases of all servers on one store.
#[derive(Clone)]
pub struct MasterLeases {
    store: Arc<dyn Store>,
    prefix: String,
    endpoints: TypeId,
}

impl MasterLeases {
    /// Below the store's key prefix, e.g. `/registry`.
    pub fn new(store: Arc<dyn Store>, key_prefix: &str) -> Self {
        let endpoints = Types::builtin()
            .id("io.k8s.api.core.v1.Endpoints")
            .expect("a built-in type");
        Self {
            store,
            prefix: format!("{key_prefix}/masterleases/"),
            endpoints,
        }
    }

    /// Says that the server at `address` is alive. Each renewal counts the generation up and takes a new lease, as the
    /// reference does.
    pub async fn renew(&self, address: IpAddr) -> Result<(), storage::Error> {
        let key = self.key(address);
        let found = self
            .store
            .range(Range {
                start: key.clone(),
                ..Range::default()
            })
            .await?;
        let generation = found
            .entries
            .first()
            .and_then(|entry| self.decode(&entry.value))
            .and_then(|endpoints| endpoints.int_at(&["metadata", "generation"]))
            .unwrap_or(0);
        let lease = self.store.grant_lease(LEASE).await?;
        let value = self.encode(address, generation + 1);
        self.store
            .txn(Txn {
                then: vec![Op::Put {
                    key,
                    value,
                    lease: Some(lease),
                }],
                ..Txn::default()
            })
            .await?;
        Ok(())
    }

    /// Takes the server out at once.
    pub async fn remove(&self, address: IpAddr) -> Result<(), storage::Error> {
        let key = self.key(address);
        self.store
            .txn(Txn {
                then: vec![Op::Delete(key)],
                ..Txn::default()
            })
            .await?;
        Ok(())
    }

    /// The servers alive, in order of address text.
    pub async fn servers(&self) -> Result<Vec<IpAddr>, storage::Error> {
        let start = Bytes::from(self.prefix.clone());
        let found = self
            .store
            .range(Range {
                end: prefix_end(&start),
                start,
                ..Range::default()
            })
            .await?;
        Ok(found
            .entries
            .iter()
            .filter_map(|entry| self.address(&entry.value))
            .collect())
    }

    fn address(&self, stored: &[u8]) -> Option<IpAddr> {
        let endpoints = self.decode(stored)?;
        let subset = endpoints.list_at(&["subsets"]).first()?;
        subset
            .list_at(&["addresses"])
            .first()?
            .str_at(&["ip"])?
            .parse()
            .ok()
    }

    fn decode(&self, stored: &[u8]) -> Option<Value> {
        let envelope = envelope::split(stored).ok()?;
        proto::decode(Types::builtin(), self.endpoints, envelope.body).ok()
    }

    fn encode(&self, address: IpAddr, generation: i64) -> Bytes {
        let object = tree!({
            "metadata": {"generation": generation},
            "subsets": [{"addresses": [{"ip": (address.to_string())}]}],
        });
        let mut body = Vec::new();
        proto::encode(Types::builtin(), self.endpoints, &object, &mut body);
        Bytes::from(envelope::wrap("v1", "Endpoints", &body))
    }

    fn key(&self, address: IpAddr) -> Bytes {
        Bytes::from(format!("{}{address}", self.prefix))
    }
}
