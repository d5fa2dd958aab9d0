//! IP families of a Service (KEP-563): which address families it asks for, and which it gets on this cluster.
//! It does not choose addresses.

use object::field::{self, Path};
use schema::{SmolStr, Value};

use super::{HEADLESS, Kind, cluster_ips, is_headless, kind, spec_mut};

/// The address families of the cluster's Service ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterFamilies {
    /// The family of the first range.
    pub default_is_ipv4: bool,
    /// Whether there is a range of the other family.
    pub dual: bool,
}

const SINGLE: &str = "SingleStack";
const REQUIRE_DUAL: &str = "RequireDualStack";

impl ClusterFamilies {
    fn default_family(self) -> &'static str {
        if self.default_is_ipv4 { "IPv4" } else { "IPv6" }
    }

    fn has(self, family: &str) -> bool {
        self.dual || family == self.default_family()
    }
}

/// Fills `ipFamilyPolicy` and `ipFamilies`. Errors are those that depend on what this cluster has.
pub fn resolve(service: &mut Value, old: Option<&Value>, cluster: ClusterFamilies) -> Vec<field::Error> {
    if kind(service) == Kind::ExternalName {
        return Vec::new();
    }
    if let Some(old) = old.filter(|old| kind(old) != Kind::ExternalName) {
        if keeps_preference(service, old) {
            return Vec::new();
        }
        trim_to_single(service, old);
    }
    families_from_addresses(service);
    let selectorless = service
        .map_at(&["spec", "selector"])
        .is_none_or(|selector| selector.is_empty());
    let free_form = is_headless(service) && selectorless;
    if policy(service).is_none() {
        set_policy(service, if free_form { REQUIRE_DUAL } else { SINGLE });
    }
    if free_form {
        fill(service, cluster.default_family(), true);
        return Vec::new();
    }
    let errors = unmet(service, cluster);
    if errors.is_empty() {
        fill(service, cluster.default_family(), cluster.dual);
    }
    errors
}

/// A PreferDualStack Service whose address fields are untouched is neither given nor denied a second address.
fn keeps_preference(service: &Value, old: &Value) -> bool {
    policy(service) == Some("PreferDualStack")
        && ["ipFamilyPolicy", "ipFamilies", "clusterIPs", "type"]
            .iter()
            .all(|field| service.at(&["spec", field]) == old.at(&["spec", field]))
}

/// A change to SingleStack drops the second family and address if the client left them as they were.
fn trim_to_single(service: &mut Value, old: &Value) {
    if policy(service) != Some(SINGLE) {
        return;
    }
    for field in ["clusterIPs", "ipFamilies"] {
        let unchanged = service.at(&["spec", field]) == old.at(&["spec", field]);
        let list = service.at_mut(&["spec", field]).and_then(Value::as_list_mut);
        if let (true, Some(list)) = (unchanged, list) {
            list.truncate(1);
        }
    }
}

fn families_from_addresses(service: &mut Value) {
    let mut families = families(service);
    let known = families.len();
    for ip in cluster_ips(service)
        .into_iter()
        .skip(known)
        .take_while(|ip| *ip != HEADLESS)
    {
        families.push(SmolStr::new(if ip.contains(':') { "IPv6" } else { "IPv4" }));
    }
    if families.len() > known {
        set_families(service, families);
    }
}

fn unmet(service: &Value, cluster: ClusterFamilies) -> Vec<field::Error> {
    let spec = Path::root("spec");
    let mut errors = Vec::new();
    if policy(service) == Some(REQUIRE_DUAL) && !cluster.dual {
        let detail = "this cluster is not configured for dual-stack services";
        errors.push(field::Error::invalid(
            &spec.child("ipFamilyPolicy"),
            REQUIRE_DUAL,
            detail,
        ));
    }
    for (at, family) in families(service)
        .iter()
        .enumerate()
        .filter(|(_, family)| !cluster.has(family))
    {
        let path = spec.child("ipFamilies").index(at);
        errors.push(field::Error::invalid(
            &path,
            family.as_str(),
            "not configured on this cluster",
        ));
    }
    errors
}

/// The default family if there is none, and the second one where the policy wants two.
fn fill(service: &mut Value, default: &str, second_exists: bool) {
    let mut families = families(service);
    if families.is_empty() {
        families.push(default.into());
    }
    if families.len() == 1 && second_exists && policy(service) != Some(SINGLE) {
        families.push(if families[0] == "IPv4" { "IPv6" } else { "IPv4" }.into());
    }
    set_families(service, families);
}

fn policy(service: &Value) -> Option<&str> {
    service.str_at(&["spec", "ipFamilyPolicy"])
}

fn set_policy(service: &mut Value, policy: &str) {
    if let Some(spec) = spec_mut(service) {
        spec.insert("ipFamilyPolicy", policy);
    }
}

/// `spec.ipFamilies`.
pub fn families(service: &Value) -> Vec<SmolStr> {
    service
        .list_at(&["spec", "ipFamilies"])
        .iter()
        .filter_map(Value::as_str)
        .map(SmolStr::new)
        .collect()
}

fn set_families(service: &mut Value, families: Vec<SmolStr>) {
    if let Some(spec) = spec_mut(service) {
        spec.insert(
            "ipFamilies",
            families.into_iter().map(Value::String).collect::<Vec<_>>(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::tree;

    const IPV4_ONLY: ClusterFamilies = ClusterFamilies {
        default_is_ipv4: true,
        dual: false,
    };
    const DUAL: ClusterFamilies = ClusterFamilies {
        default_is_ipv4: true,
        dual: true,
    };

    #[test]
    fn a_plain_service_is_single_stack_in_the_default_family() {
        let mut service = tree!({"spec": {"type": "ClusterIP", "selector": {"a": "b"}}});
        assert!(resolve(&mut service, None, DUAL).is_empty());
        assert_eq!(families(&service), ["IPv4"]);
        assert_eq!(policy(&service), Some("SingleStack"));
    }

    #[test]
    fn preference_takes_what_the_cluster_has() {
        let wanted = tree!({"spec": {"type": "ClusterIP", "selector": {"a": "b"}, "ipFamilyPolicy": "PreferDualStack"}});
        let mut one = wanted.clone();
        assert!(resolve(&mut one, None, IPV4_ONLY).is_empty());
        assert_eq!(families(&one), ["IPv4"]);
        let mut two = wanted;
        assert!(resolve(&mut two, None, DUAL).is_empty());
        assert_eq!(families(&two), ["IPv4", "IPv6"]);
    }

    #[test]
    fn what_the_cluster_lacks_is_refused() {
        let mut service =
            tree!({"spec": {"type": "ClusterIP", "selector": {"a": "b"}, "ipFamilies": ["IPv6"]}});
        let errors = resolve(&mut service, None, IPV4_ONLY);
        assert_eq!(errors.len(), 1);
        assert_eq!(
            errors[0].to_string(),
            "spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster"
        );
    }

    #[test]
    fn headless_without_selector_may_have_both_families_anywhere() {
        let mut service = tree!({"spec": {"type": "ClusterIP", "clusterIP": "None", "clusterIPs": ["None"]}});
        assert!(resolve(&mut service, None, IPV4_ONLY).is_empty());
        assert_eq!(policy(&service), Some("RequireDualStack"));
        assert_eq!(families(&service), ["IPv4", "IPv6"]);
    }
}
