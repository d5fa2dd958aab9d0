//! Writes of roles and bindings: nobody gives rights that they do not have. The rule itself is `auth`'s.

use auth::authorize::rbac::{self, Escalation, Kind};
use render::Call;
use serve::status::Status;

use crate::admission::{Attributes, Operation};
use crate::api::Api;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Refuses a role or a binding that would give more than its writer has.
pub(super) async fn check(api: &Api, call: &Call, write: &Attributes<'_>) -> Result<(), Status> {
    let is_write =
        matches!(write.operation, Operation::Create | Operation::Update) && write.subresource.is_none();
    let kind = Kind::ALL
        .into_iter()
        .find(|kind| is_write && write.is(GROUP, kind.resource()));
    let Some(kind) = kind else {
        return Ok(());
    };
    let place = (write.namespace, call.name());
    let access = &api.access;
    match rbac::confirm_write(
        &access.chain,
        &access.rbac,
        write.user,
        kind,
        place,
        &write.object,
    )
    .await
    {
        Ok(()) => Ok(()),
        Err(Escalation::NotHeld(why)) => Err(write.forbidden(&why)),
        Err(Escalation::NoSuchRole(name)) => Err(Status::not_found(GROUP, kind.resource(), &name)),
    }
}
