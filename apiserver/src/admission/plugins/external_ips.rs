//! DenyServiceExternalIPs: no service takes traffic to addresses that it names itself (CVE-2020-8554); those it had stay.

use async_trait::async_trait;
use serve::status::Status;

use crate::admission::{Attributes, Plugin, Reader, Told};

/// See the module.
#[derive(Debug)]
pub struct DenyServiceExternalIPs;

#[async_trait]
impl Plugin for DenyServiceExternalIPs {
    fn name(&self) -> &'static str {
        "DenyServiceExternalIPs"
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        _reader: &dyn Reader,
        _told: &mut Told,
    ) -> Result<(), Status> {
        let path = ["spec", "externalIPs"];
        let had = attributes.old.map(|old| old.list_at(&path)).unwrap_or_default();
        let mut addresses = attributes.object.list_at(&path).iter();
        let adds = attributes.writes("", "services") && addresses.any(|one| !had.contains(one));
        attributes.require(!adds, "Use of external IPs is denied by admission control")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::fixtures::{Objects, Write};
    use schema::{Value, tree};

    fn service(addresses: Value) -> Value {
        tree!({"metadata": {"name": "s"}, "spec": {"externalIPs": addresses}})
    }

    #[tokio::test]
    async fn addresses_may_go_and_not_come() {
        let one = || service(tree!(["192.0.2.1"]));
        let none = || service(tree!([]));
        let cases = [
            (Write::create("", "services", one()), false),
            (Write::create("", "services", none()), true),
            (Write::update("", "services", one(), one()), true),
            (Write::update("", "services", none(), one()), true),
            (Write::update("", "services", one(), none()), false),
        ];
        for (write, is_allowed) in cases {
            let done = write
                .validate(&DenyServiceExternalIPs, &Objects::default())
                .await
                .0;
            assert_eq!(done.is_ok(), is_allowed, "{done:?}");
        }
    }
}
