//! Acting as somebody else: who is wanted, from headers, and whether the one who asks may. Constrained impersonation (KEP-5284)
//! is tried first, by the kind of user that is wanted, then impersonation as it always was.

mod check;
mod mode;
mod wanted;

use std::sync::Arc;
use std::time::{Duration, Instant};

use smol_str::SmolStr;

use crate::User;
use crate::authorize::{Attributes, Chain};
use crate::cache::Cache;
use crate::limits::REMEMBERED_IMPERSONATORS_MAX;

pub use check::Refusal;
pub use wanted::wanted;

use mode::Mode;

/// For how long it is remembered which way led to somebody else last.
const REMEMBERED_FOR: Duration = Duration::from_secs(24 * 3_600);

/// Exchanges users. As in the reference, the way that worked for a user last is tried first: a user that impersonates nodes in
/// the old way goes on doing so, and gets the groups that go with it.
#[derive(Debug)]
pub struct Impersonation {
    chain: Arc<Chain>,
    last: Cache<SmolStr, Mode>,
}

impl Impersonation {
    /// As these authorizers decide.
    pub fn new(chain: Arc<Chain>) -> Self {
        Self {
            chain,
            last: Cache::new(REMEMBERED_IMPERSONATORS_MAX),
        }
    }

    /// The user that a request becomes. The refusal is that of the first way that was tried.
    pub async fn exchange(
        &self,
        asking: &User,
        wanted: &User,
        request: &Attributes<'_>,
    ) -> Result<User, Refusal> {
        let now = Instant::now();
        let last = self.last.get(&asking.name, now);
        let others = Mode::ALL.into_iter().filter(|mode| Some(*mode) != last);
        let mut first = None;
        for mode in last
            .into_iter()
            .chain(others)
            .filter(|mode| mode.applies(asking, wanted))
        {
            match mode.impersonate(&self.chain, asking, wanted, request).await {
                Ok(user) => {
                    self.last
                        .put(asking.name.clone(), mode, now + REMEMBERED_FOR, now);
                    return Ok(user);
                }
                Err(refusal) => drop(first.get_or_insert(refusal)),
            }
        }
        Err(first.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
