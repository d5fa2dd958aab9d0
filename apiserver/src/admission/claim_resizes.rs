//! PersistentVolumeClaimResize: which claims may grow. The plugin reads the storage class.

use std::cmp::Ordering;

use schema::Value;
use schema::quantity::Quantity;

use super::default_classes::CLAIMS;

const NOT_BOUND: &str = "Only bound persistent volume claims can be expanded";
/// The class does not let claims grow, or is not known.
pub const NOT_EXPANDABLE: &str = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";

/// Whether an update asks for more; then the class that must allow it, or why it may not be.
pub fn class_to_ask<'a>(claim: &'a Value, old: &'a Value) -> Result<Option<&'a str>, &'static str> {
    if size(claim).cmp(&size(old)) != Ordering::Greater {
        return Ok(None);
    }
    if old.str_at(&["status", "phase"]) != Some("Bound") {
        return Err(NOT_BOUND);
    }
    match (CLAIMS.of(claim), CLAIMS.of(old)) {
        (new, old) if new == old && !new.is_empty() => Ok(Some(new)),
        _ => Err(NOT_EXPANDABLE),
    }
}

fn size(claim: &Value) -> Quantity {
    let text = claim.str_at(&["spec", "resources", "requests", "storage"]);
    text.and_then(|text| Quantity::parse(text).ok())
        .unwrap_or(Quantity::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    fn claim(size: &str, class: &str, phase: &str) -> Value {
        tree!({
            "metadata": {},
            "spec": {"storageClassName": class, "resources": {"requests": {"storage": size}}},
            "status": {"phase": phase},
        })
    }

    #[test]
    fn growth_asks_the_class() {
        let old = claim("1Gi", "gold", "Bound");
        assert_eq!(
            class_to_ask(&claim("2Gi", "gold", "Bound"), &old),
            Ok(Some("gold"))
        );
        assert_eq!(class_to_ask(&claim("1024Mi", "gold", "Bound"), &old), Ok(None));
        assert_eq!(class_to_ask(&claim("1Mi", "gold", "Bound"), &old), Ok(None));
    }

    #[test]
    fn unbound_claims_and_changed_classes_do_not_grow() {
        let grown = claim("2Gi", "gold", "Bound");
        assert_eq!(
            class_to_ask(&grown, &claim("1Gi", "gold", "Pending")),
            Err(NOT_BOUND)
        );
        assert_eq!(
            class_to_ask(&grown, &claim("1Gi", "", "Bound")),
            Err(NOT_EXPANDABLE)
        );
        let unclassed = claim("2Gi", "", "Bound");
        assert_eq!(
            class_to_ask(&unclassed, &claim("1Gi", "", "Bound")),
            Err(NOT_EXPANDABLE)
        );
    }
}
