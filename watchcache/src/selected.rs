//! What a call selects of a unit's objects.

use render::options::ListOptions;
use render::{Call, Selection};
use serve::status::Status;

use crate::unit::Unit;

/// The selectors of a list or a watch. A call that heeds shards finds a cache that does not only where a server was put together wrong;
/// nothing would be in any shard then, which must not pass for an answer.
pub fn by(unit: &Unit, call: &Call, options: &ListOptions) -> Result<Selection, Status> {
    let selection = Selection::new(call, options)?;
    match selection.shards() {
        Some(_) if !unit.maker().heeds_shards() => Err(Status::internal(
            "the cache was made without hashes for shard selectors",
        )),
        _ => Ok(selection),
    }
}
