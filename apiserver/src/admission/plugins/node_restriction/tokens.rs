//! Tokens that a kubelet asks for: for audiences that its pods name, that their drivers want, or that it is granted.

use auth::authorize;
use schema::Value;
use serve::status::Status;

use super::Restricted;
use crate::admission::Operation;
use crate::admission::node_restriction::tokens;

impl Restricted<'_> {
    pub(super) async fn token(&self) -> Result<(), Status> {
        if self.write.operation != Operation::Create {
            return Ok(());
        }
        let request = &self.write.object;
        let (name, uid) = tokens::bound_pod(request).map_err(|why| self.write.forbidden(why))?;
        let pod = self.pod_named(name).await?;
        self.judged(tokens::check_pod(self.node, &pod, uid))?;
        let audience = tokens::audience(request).map_err(|why| self.write.forbidden(why))?;
        if tokens::projects(&pod, audience)
            || self.driver_wants(&pod, audience).await?
            || self.is_granted(audience).await
        {
            return Ok(());
        }
        self.refuse(&format!(
            "audience \"{audience}\" not found in pod spec volume, {} is not authorized to request tokens for this audience",
            self.write.user.name
        ))
    }

    async fn driver_wants(&self, pod: &Value, audience: &str) -> Result<bool, Status> {
        for driver in tokens::drivers(pod) {
            let name = match driver {
                tokens::Driver::Named(name) => Some(name),
                tokens::Driver::OfClaim(claim) => self.driver_of(&claim).await?,
            };
            let Some(name) = name else { continue };
            let driver = self.reader.get("storage.k8s.io", "csidrivers", "", &name).await?;
            if driver.is_some_and(|driver| tokens::driver_wants(&driver, audience)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn driver_of(&self, claim: &str) -> Result<Option<String>, Status> {
        let namespace = self.write.namespace;
        let claim = self
            .reader
            .get("", "persistentvolumeclaims", namespace, claim)
            .await?;
        let volume = claim
            .as_ref()
            .and_then(|claim| claim.str_at(&["spec", "volumeName"]));
        let Some(volume) = volume else {
            return Ok(None);
        };
        let volume = self.reader.get("", "persistentvolumes", "", volume).await?;
        let driver = volume
            .as_ref()
            .and_then(|volume| volume.str_at(&["spec", "csi", "driver"]));
        Ok(driver.map(str::to_owned))
    }

    async fn is_granted(&self, audience: &str) -> bool {
        let question = authorize::Attributes::resource(
            "request-serviceaccounts-token-audience",
            "",
            audience,
            self.write.namespace,
            self.write.name,
        );
        self.authorizer
            .decide(self.write.user, &question)
            .await
            .is_allowed()
    }
}
