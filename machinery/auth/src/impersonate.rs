//! Acting as somebody else: who is wanted, from headers, and whether the one who asks may. Constrained impersonation (KEP-5284)
//! is tried first, by the kind of user that is wanted, then impersonation as it always was.

mod check;
mod mode;
mod wanted;

use crate::User;
use crate::authorize::{Attributes, Chain};

pub use check::Refusal;
pub use wanted::wanted;

use mode::Mode;

/// The user that a request becomes. The refusal is that of the first way that was tried.
pub async fn impersonate(
    chain: &Chain,
    asking: &User,
    wanted: &User,
    request: &Attributes<'_>,
) -> Result<User, Refusal> {
    let mut first = None;
    for mode in Mode::ALL.into_iter().filter(|mode| mode.applies(asking, wanted)) {
        match mode.impersonate(chain, asking, wanted, request).await {
            Ok(user) => return Ok(user),
            Err(refusal) => drop(first.get_or_insert(refusal)),
        }
    }
    Err(first.unwrap_or_default())
}

#[cfg(test)]
mod tests;
