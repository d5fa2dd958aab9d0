//! Resource lists: no amount is finer than a thousandth. Which fields are resource lists is decided here too.

use schema::quantity::Quantity;
use schema::{Map, SmolStr, Value};

/// The power of ten of a thousandth.
const MILLI: i32 = -3;

/// Whether a map of quantities in `message` is a core ResourceList (device capacities are not).
pub(super) fn is_resource_list(message: &str) -> bool {
    !message.starts_with("io.k8s.api.resource.")
}

/// Rounds every amount up to milli units.
pub(super) fn round_up_to_milli(list: &mut Map) {
    for value in list.values_mut() {
        let Value::String(text) = value else { continue };
        if is_finer_than_milli(text)
            && let Some(rounded) = rounded(text)
        {
            *value = Value::from(rounded);
        }
    }
}

/// Canonical text has the suffix `u` or `n`, or a negative exponent, below milli.
fn is_finer_than_milli(text: &str) -> bool {
    text.ends_with(['u', 'n']) || text.contains("e-") || text.contains("E-")
}

fn rounded(text: &str) -> Option<SmolStr> {
    Some(Quantity::parse(text).ok()?.rounded_up(MILLI).canonical())
}
