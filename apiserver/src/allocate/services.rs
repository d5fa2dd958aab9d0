//! What a Service's write does beside the Service: it takes the addresses and ports that the new form needs, and frees
//! those of the old form once the write has happened, or the new ones if it has not.

mod checks;

use async_trait::async_trait;
use object::field::{self, Path, Printed};
use render::errors;
use schema::{SmolStr, Value};
use serve::status::Status;
use std::net::IpAddr;
use std::sync::Arc;

use super::addresses::AddressRange;
use super::cluster_ips::{ClusterIps, Refusal};
use super::node_ports::{self, NodePorts, PortRange};
use crate::effects::{Effects, Undo};
use crate::objects::Objects;
use crate::strategy::WriteContext;
use crate::strategy::services::families::{ClusterFamilies, families, resolve};
use crate::strategy::services::{self, HEADLESS, update};

/// Allocation for Services.
#[derive(Clone)]
pub struct ServiceEffects {
    ips: ClusterIps,
    ports: NodePorts,
    families: ClusterFamilies,
    default_ranges: Vec<AddressRange>,
}

/// What a write holds: addresses and ports of one Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Holdings {
    pub(super) ips: Vec<IpAddr>,
    pub(super) ports: Vec<u16>,
}

/// What to free, depending on what becomes of the write.
struct Change {
    effects: ServiceEffects,
    owner: (String, String),
    taken: Holdings,
    let_go: Holdings,
    dry_run: bool,
}

impl ServiceEffects {
    /// Over the cluster's objects; `default_ranges` are those of the server's flag, `node_ports` its port range.
    pub fn new(objects: Arc<Objects>, default_ranges: Vec<AddressRange>, node_ports: PortRange) -> Self {
        let ports = NodePorts::new(objects.store().clone(), objects.keys().prefix(), node_ports);
        let first_is_ipv4 = default_ranges.first().is_none_or(AddressRange::is_ipv4);
        let families = ClusterFamilies {
            default_is_ipv4: first_is_ipv4,
            dual: default_ranges
                .iter()
                .any(|range| range.is_ipv4() != first_is_ipv4),
        };
        Self {
            ips: ClusterIps::new(objects),
            ports,
            families,
            default_ranges,
        }
    }

    /// The cluster addresses.
    pub fn cluster_ips(&self) -> &ClusterIps {
        &self.ips
    }

    /// The node ports.
    pub fn node_ports(&self) -> &NodePorts {
        &self.ports
    }

    async fn take(
        &self,
        write: &Write<'_>,
        service: &mut Value,
        old: Option<&Value>,
    ) -> Result<Holdings, Status> {
        let mut taken = Holdings::default();
        let done = self.take_all(write, service, old, &mut taken).await;
        if done.is_err() && !write.dry_run {
            self.free(&taken, write.owner()).await;
        }
        done.map(|()| taken)
    }

    async fn take_all(
        &self,
        write: &Write<'_>,
        service: &mut Value,
        old: Option<&Value>,
        taken: &mut Holdings,
    ) -> Result<(), Status> {
        self.take_ips(write, service, old, taken).await?;
        self.take_ports(write, service, old, taken).await?;
        self.take_health_check_port(write, service, old, taken).await
    }

    /// An address for each family: the given one, or any.
    async fn take_ips(
        &self,
        write: &Write<'_>,
        service: &mut Value,
        old: Option<&Value>,
        taken: &mut Holdings,
    ) -> Result<(), Status> {
        if !services::needs_cluster_ip(service) || services::is_headless(service) {
            return Ok(());
        }
        let held = old.map(held_ips).unwrap_or_default();
        let given: Vec<SmolStr> = services::cluster_ips(service)
            .into_iter()
            .map(SmolStr::new)
            .collect();
        let mut ranges: Option<Vec<AddressRange>> = None;
        let mut ips = Vec::new();
        for (at, family) in families(service).iter().enumerate() {
            let wanted: Option<IpAddr> = given.get(at).and_then(|text| text.parse().ok());
            if let Some(address) = wanted.filter(|address| held.contains(address)) {
                ips.push(SmolStr::from(address.to_string()));
                continue;
            }
            if ranges.is_none() {
                ranges = Some(self.ranges().await?);
            }
            let of_family: Vec<AddressRange> = ranges
                .iter()
                .flatten()
                .copied()
                .filter(|range| range.is_ipv4() == (family == "IPv4"))
                .collect();
            let address = self.take_ip(write, &of_family, wanted).await?;
            taken.ips.push(address);
            ips.push(SmolStr::from(address.to_string()));
        }
        services::set_cluster_ips(service, ips);
        Ok(())
    }

    async fn take_ip(
        &self,
        write: &Write<'_>,
        ranges: &[AddressRange],
        wanted: Option<IpAddr>,
    ) -> Result<IpAddr, Status> {
        let path = Path::root("spec").child("clusterIPs");
        let Some(address) = wanted else {
            let found = self
                .ips
                .take_any(ranges, write.owner(), rand::random(), write.dry_run)
                .await;
            return found.map_err(|refusal| match refusal {
                Refusal::Failed(status) => status,
                refusal => Status::internal(&format!("failed to allocate a serviceIP: {refusal}")),
            });
        };
        match self.ips.take(address, ranges, write.owner(), write.dry_run).await {
            Ok(()) => Ok(address),
            Err(Refusal::Failed(status)) => Err(status),
            Err(refusal) => {
                let printed = Printed::raw(format!("[\"{address}\"]"));
                let why = format!("failed to allocate IP {address}: {refusal}");
                Err(write.invalid(&[field::Error::invalid(&path, printed, why)]))
            }
        }
    }

    /// Ranges in the store; on a cluster that is just being made, those of the flag.
    async fn ranges(&self) -> Result<Vec<AddressRange>, Status> {
        let stored = self.ips.ranges().await?;
        Ok(if stored.is_empty() {
            self.default_ranges.clone()
        } else {
            stored
        })
    }

    async fn take_ports(
        &self,
        write: &Write<'_>,
        service: &mut Value,
        old: Option<&Value>,
        taken: &mut Holdings,
    ) -> Result<(), Status> {
        let wants_any = services::needs_node_ports(service);
        let held: Vec<u16> = old.map(held_ports).unwrap_or_default();
        let given = |port: &Value| port.int_at(&["nodePort"]).filter(|number| *number != 0);
        let ports = service.list_at(&["spec", "ports"]);
        let requests: Vec<(usize, Option<u16>)> = ports
            .iter()
            .enumerate()
            .filter_map(|(at, port)| match given(port) {
                Some(number) => {
                    let number = u16::try_from(number).ok()?;
                    (!held.contains(&number)).then_some((at, Some(number)))
                }
                None => wants_any.then_some((at, None)),
            })
            .collect();
        if services::kind(service) == services::Kind::ExternalName {
            return Ok(());
        }
        let wanted: Vec<Option<u16>> = requests.iter().map(|(_, port)| *port).collect();
        let numbers = self.ports.take(&wanted, write.dry_run).await.map_err(|error| {
            write.port_error(
                error,
                |at| {
                    Path::root("spec")
                        .child("ports")
                        .index(requests[at].0)
                        .child("nodePort")
                },
                &wanted,
            )
        })?;
        taken.ports.extend(&numbers);
        set_node_ports(service, &requests, &numbers);
        Ok(())
    }

    async fn take_health_check_port(
        &self,
        write: &Write<'_>,
        service: &mut Value,
        old: Option<&Value>,
        taken: &mut Holdings,
    ) -> Result<(), Status> {
        if !services::needs_health_check_port(service) {
            return Ok(());
        }
        let given = health_check_port(service);
        if given.is_some() && given == old.and_then(health_check_port) {
            return Ok(());
        }
        let numbers = self.ports.take(&[given], write.dry_run).await.map_err(|error| {
            write.port_error(
                error,
                |_| Path::root("spec").child("healthCheckNodePort"),
                &[given],
            )
        })?;
        taken.ports.extend(&numbers);
        if let (Some(number), Some(spec)) = (numbers.first(), services::spec_mut(service)) {
            spec.insert("healthCheckNodePort", i64::from(*number));
        }
        Ok(())
    }

    /// What cannot be freed now is freed by the repair loops.
    async fn free(&self, holdings: &Holdings, owner: (&str, &str)) {
        for address in &holdings.ips {
            if let Err(error) = self.ips.free(*address, owner).await {
                tracing::warn!(%address, %error, "a cluster address could not be freed");
            }
        }
        if let Err(error) = self.ports.free(&holdings.ports).await {
            tracing::warn!(ports = ?holdings.ports, %error, "node ports could not be freed");
        }
    }
}

/// The write that something is allocated for.
struct Write<'a> {
    cx: &'a WriteContext<'a>,
    namespace: String,
    name: String,
    dry_run: bool,
}

impl Write<'_> {
    fn owner(&self) -> (&str, &str) {
        (&self.namespace, &self.name)
    }

    fn invalid(&self, errors: &[field::Error]) -> Status {
        errors::invalid(self.cx.resource, &self.name, errors)
    }

    fn port_error(
        &self,
        error: node_ports::Error,
        path: impl Fn(usize) -> Path,
        wanted: &[Option<u16>],
    ) -> Status {
        match error {
            node_ports::Error::Refused(at, refusal) => match wanted.get(at).copied().flatten() {
                Some(port) => {
                    let value = Printed::raw(port.to_string());
                    self.invalid(&[field::Error::invalid(&path(at), value, refusal.to_string())])
                }
                None => Status::internal(&format!("failed to allocate a nodePort: {refusal}")),
            },
            node_ports::Error::Store(error) => errors::store(error),
            node_ports::Error::Contended => Status::internal(&error.to_string()),
        }
    }
}

#[async_trait]
impl Effects for ServiceEffects {
    async fn begin(
        &self,
        cx: &WriteContext<'_>,
        service: &mut Value,
        old: Option<&Value>,
        dry_run: bool,
    ) -> Result<Box<dyn Undo>, Status> {
        let meta = object::meta::of(service);
        let write = Write {
            cx,
            namespace: meta.namespace().to_owned(),
            name: meta.name().to_owned(),
            dry_run,
        };
        match old {
            Some(old) => update::reconcile(service, old),
            None => services::prepare_create(service),
        }
        let mut errors = checks::addresses(service, old);
        if errors.is_empty() {
            errors = resolve(service, old, self.families);
        }
        if !errors.is_empty() {
            return Err(write.invalid(&errors));
        }
        let taken = self.take(&write, service, old).await?;
        let let_go = old
            .map(|old| held(old).without(&held(service)))
            .unwrap_or_default();
        let owner = (write.namespace, write.name);
        Ok(Box::new(Change {
            effects: self.clone(),
            owner,
            taken,
            let_go,
            dry_run,
        }))
    }

    async fn deleted(&self, service: &Value) {
        let meta = object::meta::of(service);
        self.free(&held(service), (meta.namespace(), meta.name())).await;
    }
}

#[async_trait]
impl Undo for Change {
    async fn undo(self: Box<Self>) {
        if !self.dry_run {
            self.effects
                .free(&self.taken, (&self.owner.0, &self.owner.1))
                .await;
        }
    }

    async fn commit(self: Box<Self>) {
        if !self.dry_run {
            self.effects
                .free(&self.let_go, (&self.owner.0, &self.owner.1))
                .await;
        }
    }
}

impl Holdings {
    fn without(mut self, kept: &Holdings) -> Self {
        self.ips.retain(|address| !kept.ips.contains(address));
        self.ports.retain(|port| !kept.ports.contains(port));
        self
    }
}

/// All that a Service holds.
pub(super) fn held(service: &Value) -> Holdings {
    let mut ports = held_ports(service);
    ports.extend(health_check_port(service));
    Holdings {
        ips: held_ips(service),
        ports,
    }
}

fn held_ips(service: &Value) -> Vec<IpAddr> {
    services::cluster_ips(service)
        .into_iter()
        .filter(|text| *text != HEADLESS)
        .filter_map(|text| text.parse().ok())
        .collect()
}

fn held_ports(service: &Value) -> Vec<u16> {
    services::node_ports(service)
        .into_iter()
        .filter_map(|(_, port)| u16::try_from(port).ok())
        .collect()
}

fn health_check_port(service: &Value) -> Option<u16> {
    let port = service
        .int_at(&["spec", "healthCheckNodePort"])
        .filter(|port| *port != 0)?;
    u16::try_from(port).ok()
}

fn set_node_ports(service: &mut Value, requests: &[(usize, Option<u16>)], numbers: &[u16]) {
    let Some(ports) = service.at_mut(&["spec", "ports"]).and_then(Value::as_list_mut) else {
        return;
    };
    for ((at, _), number) in requests.iter().zip(numbers) {
        if let Some(port) = ports.get_mut(*at).and_then(Value::as_map_mut) {
            port.insert("nodePort", i64::from(*number));
        }
    }
}
