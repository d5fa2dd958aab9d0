//! The repair loop: what Services use and what is marked as taken are brought together again after a server died between
//! two writes. What looks leaked is freed only when it has looked so for several rounds: a Service may just be on its way.

use schema::Value;
use serve::status::Status;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::services::{ServiceEffects, held};
use crate::admission::Reader;
use crate::objects::Objects;

/// Between rounds, as in the reference.
pub const INTERVAL: Duration = Duration::from_secs(180);
/// For how many rounds something must look leaked before it is freed.
const ROUNDS_BEFORE_FREED: u8 = 3;

/// The repair of Service addresses and node ports.
pub struct Repair {
    objects: Arc<Objects>,
    effects: ServiceEffects,
    ports: Suspects<u16>,
    addresses: Suspects<IpAddr>,
}

/// What a Service owns: its namespace and name.
type Owner = (String, String);

/// How often each thing looked leaked in a row.
#[derive(Debug)]
struct Suspects<T> {
    rounds: HashMap<T, u8>,
}

impl<T> Default for Suspects<T> {
    fn default() -> Self {
        Self {
            rounds: HashMap::new(),
        }
    }
}

impl<T: Copy + Eq + Hash> Suspects<T> {
    /// Counts those that look leaked in this round and forgets the others; returns those that are leaked for sure.
    fn count(&mut self, looks_leaked: impl Iterator<Item = T>) -> Vec<T> {
        let before = std::mem::take(&mut self.rounds);
        self.rounds = looks_leaked
            .map(|one| (one, before.get(&one).copied().unwrap_or(0) + 1))
            .collect();
        let leaked = self
            .rounds
            .iter()
            .filter(|(_, rounds)| **rounds >= ROUNDS_BEFORE_FREED);
        leaked.map(|(one, _)| *one).collect()
    }
}

impl Repair {
    /// Of what these effects allocate.
    pub fn new(objects: Arc<Objects>, effects: ServiceEffects) -> Self {
        Self {
            objects,
            effects,
            ports: Suspects::default(),
            addresses: Suspects::default(),
        }
    }

    /// Repairs until it is dropped.
    pub async fn run(mut self) {
        loop {
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "Service addresses and node ports could not be checked");
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// One round.
    pub async fn round(&mut self) -> Result<(), Status> {
        let services = self.objects.list("", "services", "").await?;
        self.ports_of(&services).await?;
        self.addresses_of(&services).await
    }

    async fn ports_of(&mut self, services: &[Arc<Value>]) -> Result<(), Status> {
        let failed = |error: super::node_ports::Error| Status::internal(&error.to_string());
        self.effects.node_ports().initialize().await.map_err(failed)?;
        let used: BTreeSet<u16> = services.iter().flat_map(|service| held(service).ports).collect();
        let taken: BTreeSet<u16> = self
            .effects
            .node_ports()
            .used()
            .await
            .map_err(failed)?
            .into_iter()
            .collect();
        for port in used.difference(&taken) {
            // A port outside of the range belongs to no bitmap.
            if let Err(error) = self.effects.node_ports().take(&[Some(*port)], false).await {
                tracing::debug!(port, %error, "a node port in use cannot be marked");
            }
        }
        let leaked = self.ports.count(taken.difference(&used).copied());
        self.effects.node_ports().free(&leaked).await.map_err(failed)
    }

    async fn addresses_of(&mut self, services: &[Arc<Value>]) -> Result<(), Status> {
        let used: HashMap<IpAddr, Owner> = services
            .iter()
            .flat_map(|service| {
                held(service)
                    .ips
                    .into_iter()
                    .map(|address| (address, owner_of(service)))
            })
            .collect();
        let objects = self.objects.list("networking.k8s.io", "ipaddresses", "").await?;
        let taken: HashMap<IpAddr, Owner> = objects.iter().filter_map(|object| of_service(object)).collect();
        for (address, owner) in used.iter().filter(|(address, _)| !taken.contains_key(address)) {
            self.effects
                .cluster_ips()
                .mark(*address, (&owner.0, &owner.1))
                .await?;
        }
        let stray = taken
            .iter()
            .filter(|(address, owner)| used.get(address) != Some(owner));
        for address in self.addresses.count(stray.map(|(address, _)| *address)) {
            let owner = &taken[&address];
            self.effects
                .cluster_ips()
                .free(address, (&owner.0, &owner.1))
                .await?;
        }
        Ok(())
    }
}

fn owner_of(service: &Value) -> Owner {
    let meta = object::meta::of(service);
    (meta.namespace().to_owned(), meta.name().to_owned())
}

/// The address and the Service of an `IPAddress` object that allocation made.
fn of_service(object: &Value) -> Option<(IpAddr, Owner)> {
    let meta = object::meta::of(object);
    let ours = meta.label("ipaddress.kubernetes.io/managed-by") == Some("ipallocator.k8s.io");
    let parent = |field: &str| {
        object
            .str_at(&["spec", "parentRef", field])
            .unwrap_or_default()
            .to_owned()
    };
    (ours && parent("resource") == "services")
        .then(|| Some((meta.name().parse().ok()?, (parent("namespace"), parent("name")))))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allocate::addresses::AddressRange;
    use crate::allocate::node_ports::PortRange;
    use kinds::Keys;
    use kinds::decorate::IpFamily;
    use schema::tree;

    #[tokio::test]
    async fn what_no_service_uses_is_freed_after_some_rounds_and_what_one_uses_is_marked() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Arc::new(storage::Embedded::open(folder.path()).expect("a new store"));
        let objects = Arc::new(Objects::new(
            store,
            Keys::default(),
            IpFamily::V4,
            Duration::from_secs(60),
        ));
        let range = AddressRange::new("10.96.0.0/24".parse().expect("a CIDR"));
        let effects = ServiceEffects::new(
            objects.clone(),
            vec![range],
            PortRange {
                first: 30_000,
                last: 30_100,
            },
        );
        let services = kinds::Catalog::builtin()
            .resource("", "v1", "services")
            .expect("a built-in resource");
        let service = tree!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "n"},
            "spec": {"type": "NodePort", "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"], "ports": [{"port": 80i64, "nodePort": 30_005i64}]},
        });
        objects
            .create(services, "n", "a", &service)
            .await
            .expect("stored");
        effects
            .node_ports()
            .take(&[Some(30_050)], false)
            .await
            .expect("free");
        effects
            .cluster_ips()
            .mark("10.96.0.77".parse().expect("an address"), ("n", "gone"))
            .await
            .expect("free");
        let mut repair = Repair::new(objects.clone(), effects.clone());
        repair.round().await.expect("readable");
        assert_eq!(
            effects.node_ports().used().await.expect("readable"),
            [30_005, 30_050]
        );
        for _ in 1..ROUNDS_BEFORE_FREED {
            repair.round().await.expect("readable");
        }
        assert_eq!(effects.node_ports().used().await.expect("readable"), [30_005]);
        let addresses = objects
            .list("networking.k8s.io", "ipaddresses", "")
            .await
            .expect("readable");
        let names: Vec<_> = addresses
            .iter()
            .map(|object| object::meta::of(object).name())
            .collect();
        assert_eq!(names, ["10.96.0.9"]);
    }
}
