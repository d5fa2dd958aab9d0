//! Keeps up whether APIServices are available, as Services and EndpointSlices come and go.
//! What their state means is decided in [`service_availability`].

mod numbers;

use std::collections::BTreeMap;

use object::time::Time;
use schema::Value;

use super::{Hooks, text, typed};
use crate::bootstrap::conditions::{self, Condition};
use crate::bootstrap::service_availability as availability;

pub(super) use numbers::Numbers;

const API_SERVICES: &str = "/apis/apiregistration.k8s.io/v1/apiservices";
/// The most slices of a Service that are looked at: one ready endpoint is enough. With a limit a frontend, which does not follow
/// slices, reads them from the store.
const SLICES_MAX: u32 = 500;
const API_SERVICE_KEYS: &str = "apiregistration.k8s.io/apiservices";

impl Hooks {
    /// Follows APIServices, and Services and slices of the namespaces that they name, until the server stops.
    pub(super) async fn keep_availability(&self) {
        let prefixes = vec![API_SERVICE_KEYS.to_owned()];
        self.follow(
            &self.availability,
            "availability of APIServices",
            prefixes,
            || self.mark_api_services(),
        )
        .await;
    }

    async fn mark_api_services(&self) -> Result<Vec<String>, String> {
        let list = self.loopback.get(API_SERVICES).await.map_err(text)?;
        let services = list.list_at(&["items"]);
        let (mut done, mut unavailable) = (Ok(()), BTreeMap::new());
        for service in services {
            let name = object::meta::of(service).name().to_owned();
            // One that cannot be written holds up no other.
            let marked = self.mark_api_service(service).await;
            let is_available = match &marked {
                Ok(condition) => condition.status == "True",
                Err(_) => is_available(service),
            };
            unavailable.insert(name, !is_available);
            done = marked.map(drop).and(done);
        }
        self.unavailable.show(unavailable);
        done?;
        let mut namespaces: Vec<&str> = services
            .iter()
            .filter_map(|service| availability::target(service).map(|target| target.namespace))
            .collect();
        namespaces.sort_unstable();
        namespaces.dedup();
        let mut prefixes = vec![API_SERVICE_KEYS.to_owned()];
        for namespace in namespaces {
            prefixes.push(format!("services/specs/{namespace}"));
            prefixes.push(format!("endpointslices/{namespace}"));
        }
        Ok(prefixes)
    }

    /// What is said of it from now on.
    async fn mark_api_service(&self, api_service: &Value) -> Result<Condition, String> {
        let condition = match availability::target(api_service) {
            None => availability::local(),
            Some(target) => {
                let (service, slices) = self.behind(target).await?;
                availability::remote(target, service.as_ref(), &slices)
            }
        };
        let mut next = typed(api_service, "apiregistration.k8s.io/v1", "APIService");
        let before = next.clone();
        conditions::set(&mut next, &condition, &Time::now().format());
        if next == before {
            return Ok(condition);
        }
        let name = object::meta::of(api_service).name();
        let path = format!("{API_SERVICES}/{name}/status");
        self.loopback.update(&path, &next).await.map_err(text)?;
        if is_available(api_service) && condition.status != "True" {
            self.unavailable.became_unavailable(name, condition.reason);
        }
        Ok(condition)
    }

    /// A Service and its slices.
    async fn behind(&self, target: availability::Target<'_>) -> Result<(Option<Value>, Vec<Value>), String> {
        let availability::Target { namespace, name, .. } = target;
        let path = format!("/api/v1/namespaces/{namespace}/services/{name}");
        let service = match self.loopback.get(&path).await {
            Ok(service) => Some(service),
            Err(status) if status.is_not_found() => return Ok((None, Vec::new())),
            Err(status) => return Err(text(status)),
        };
        let path = format!(
            "/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices?limit={SLICES_MAX}&labelSelector=kubernetes.io%2Fservice-name%3D{name}"
        );
        let slices = self.loopback.get(&path).await.map_err(text)?;
        Ok((service, slices.list_at(&["items"]).to_vec()))
    }
}

fn is_available(api_service: &Value) -> bool {
    conditions::find(api_service, "Available").is_some_and(|found| found.str_at(&["status"]) == Some("True"))
}
