//! Cluster addresses: an `IPAddress` object stands for each that is taken, and whoever creates it has the address.
//! Which Service wants which address is [`super::services`]'s affair.

use object::time::Time;
use render::Shape;
use schema::{Value, tree};
use serve::status::Status;
use std::net::IpAddr;
use std::sync::Arc;

use super::addresses::AddressRange;
use crate::loopback::MANAGER;
use crate::objects::{Objects, Outcome};
use crate::write::managed_fields;

/// How many addresses are tried before the range counts as full.
const TRIES_MAX: usize = 4_096;

/// The addresses of a cluster's Services.
#[derive(Clone)]
pub struct ClusterIps {
    objects: Arc<Objects>,
}

/// Why an address is not to be had. The texts are those of the reference.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Somebody has it.
    #[error("provided IP is already allocated")]
    Taken,
    /// It is of none of the ranges.
    #[error("the provided IP ({0}) is not in the valid range. The range of valid IPs is {1}")]
    OutOfRange(IpAddr, String),
    /// All are taken.
    #[error("range is full")]
    Full,
    /// The store, or a range that cannot be read.
    #[error("{0}")]
    Failed(Status),
}

impl ClusterIps {
    /// Over the cluster's objects.
    pub fn new(objects: Arc<Objects>) -> Self {
        Self { objects }
    }

    /// Takes a certain address for a Service.
    pub async fn take(
        &self,
        address: IpAddr,
        ranges: &[AddressRange],
        owner: (&str, &str),
        dry_run: bool,
    ) -> Result<(), Refusal> {
        if !ranges.iter().any(|range| range.contains(address)) {
            let known = ranges.iter().filter(|range| range.is_ipv4() == address.is_ipv4());
            let texts: Vec<String> = known.map(|range| range.net().to_string()).collect();
            return Err(Refusal::OutOfRange(address, texts.join(",")));
        }
        match self.create(address, owner, dry_run).await? {
            true => Ok(()),
            false => Err(Refusal::Taken),
        }
    }

    /// Takes any free address of these ranges. `random` is any number.
    pub async fn take_any(
        &self,
        ranges: &[AddressRange],
        owner: (&str, &str),
        random: u128,
        dry_run: bool,
    ) -> Result<IpAddr, Refusal> {
        for address in ranges
            .iter()
            .flat_map(|range| range.candidates(random))
            .take(TRIES_MAX)
        {
            if self.create(address, owner, dry_run).await? {
                return Ok(address);
            }
        }
        Err(Refusal::Full)
    }

    /// Marks an address as a Service's that uses it, whatever range it is of; nothing changes if it is marked already.
    pub async fn mark(&self, address: IpAddr, owner: (&str, &str)) -> Result<(), Status> {
        self.objects
            .create(resource(), "", &address.to_string(), &ip_address(address, owner))
            .await
            .map(drop)
    }

    /// Frees an address if this Service has it.
    pub async fn free(&self, address: IpAddr, owner: (&str, &str)) -> Result<(), Status> {
        let resource = resource();
        let name = address.to_string();
        let Some(found) = self.objects.get(resource, "", &name).await? else {
            return Ok(());
        };
        let parent = |field: &str| {
            found
                .object
                .str_at(&["spec", "parentRef", field])
                .unwrap_or_default()
        };
        if (parent("namespace"), parent("name")) == owner {
            self.objects.delete(resource, "", &name, &found).await?;
        }
        Ok(())
    }

    /// The ranges that are ready for use.
    pub async fn ranges(&self) -> Result<Vec<AddressRange>, Status> {
        let cidrs =
            crate::admission::Reader::list(&*self.objects, "networking.k8s.io", "servicecidrs", "").await?;
        Ok(cidrs
            .iter()
            .filter(|cidr| object::meta::of(cidr).deletion_timestamp().is_none())
            .flat_map(|cidr| cidr.list_at(&["spec", "cidrs"]))
            .filter_map(|text| text.as_str()?.parse().ok())
            .map(AddressRange::new)
            .collect())
    }

    async fn create(&self, address: IpAddr, owner: (&str, &str), dry_run: bool) -> Result<bool, Refusal> {
        let name = address.to_string();
        if dry_run {
            let found = self
                .objects
                .get(resource(), "", &name)
                .await
                .map_err(Refusal::Failed)?;
            return Ok(found.is_none());
        }
        let object = ip_address(address, owner);
        match self
            .objects
            .create(resource(), "", &name, &object)
            .await
            .map_err(Refusal::Failed)?
        {
            Outcome::Written(_) => Ok(true),
            Outcome::Raced(_) => Ok(false),
        }
    }
}

fn resource() -> &'static kinds::Resource {
    kinds::Catalog::builtin()
        .resource("networking.k8s.io", "v1", "ipaddresses")
        .expect("a built-in resource")
}

/// The object that stands for an address.
fn ip_address(address: IpAddr, (namespace, name): (&str, &str)) -> Value {
    let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
    let now = Time::now().format();
    let mut object = tree!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IPAddress",
        "metadata": {
            "name": (address.to_string()),
            "uid": (uuid::Uuid::new_v4().to_string()),
            "creationTimestamp": (now.as_str()),
            "labels": {
                "ipaddress.kubernetes.io/ip-family": family,
                "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
            },
        },
        "spec": {"parentRef": {"resource": "services", "namespace": namespace, "name": name}},
    });
    managed_fields::track_new(&Shape::of(resource()), &mut object, MANAGER, "", &now);
    object
}
