//! What must hold of a Service's address fields before anything is allocated. Full validation comes later; these are the
//! mistakes that would make allocation meaningless.

use object::field::{Error, Path, Printed};
use schema::Value;

use crate::strategy::services::families::families;
use crate::strategy::services::{HEADLESS, cluster_ips, needs_cluster_ip};

/// Errors of the address fields, in the words of the reference.
pub fn addresses(service: &Value, old: Option<&Value>) -> Vec<Error> {
    let path = Path::root("spec").child("clusterIPs");
    let ips = cluster_ips(service);
    if !needs_cluster_ip(service) {
        return Vec::new();
    }
    if let Some(error) = changed_once_set(&ips, old, &path) {
        return vec![error];
    }
    let families = families(service);
    let mismatch = |(at, ip): (usize, &&str)| {
        let family = families.get(at)?;
        let actual = if ip.contains(':') { "IPv6" } else { "IPv4" };
        (*ip != HEADLESS && family != actual).then(|| {
            let why = format!("expected an {family} value as indicated by `ipFamilies[{at}]`");
            Error::invalid(&path.index(at), *ip, why)
        })
    };
    ips.iter().enumerate().filter_map(mismatch).collect()
}

/// The first address stays as long as the Service needs one.
fn changed_once_set(ips: &[&str], old: Option<&Value>, path: &Path) -> Option<Error> {
    let old = old.filter(|old| needs_cluster_ip(old))?;
    let before = cluster_ips(old);
    let (first, first_before) = (ips.first()?, before.first()?);
    (first != first_before).then(|| {
        let printed = Printed::raw(format!("[\"{}\"]", ips.join("\",\"")));
        Error::invalid(&path.index(0), printed, "may not change once set")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    #[test]
    fn the_first_address_stays() {
        let old = tree!({"spec": {"type": "ClusterIP", "clusterIPs": ["10.96.0.2"]}});
        let new = tree!({"spec": {"type": "ClusterIP", "clusterIPs": ["10.96.1.1"]}});
        let errors = addresses(&new, Some(&old));
        assert_eq!(
            errors[0].to_string(),
            "spec.clusterIPs[0]: Invalid value: [\"10.96.1.1\"]: may not change once set"
        );
    }

    #[test]
    fn addresses_agree_with_families() {
        let service =
            tree!({"spec": {"type": "ClusterIP", "clusterIPs": ["10.96.0.2"], "ipFamilies": ["IPv6"]}});
        let errors = addresses(&service, None);
        assert_eq!(
            errors[0].to_string(),
            "spec.clusterIPs[0]: Invalid value: \"10.96.0.2\": expected an IPv6 value as indicated by `ipFamilies[0]`"
        );
    }
}
