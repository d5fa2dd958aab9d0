//! The address fields of a service: families, policy, cluster addresses.
//! Which addresses the cluster has is for the allocator.

use object::field::{Error, Path};
use schema::Value;

use super::external_name;
use crate::strategy::Errors;
use crate::strategy::services::{HEADLESS, Kind, is_headless, kind};
use crate::validation::addresses::{NOT_AN_IP, parse};
use crate::validation::place::Place;

const POLICIES: [&str; 3] = ["PreferDualStack", "RequireDualStack", "SingleStack"];
const NOT_FOR_ALIASES: &str = "may not be set for ExternalName services";
const ONCE: &str = "may not change once set";

/// What the type demands or excludes.
pub fn by_type(object: &Value, spec: &Place<'_>, errors: &mut Errors) {
    match kind(object) {
        Kind::NodePort | Kind::LoadBalancer if is_headless(object) => {
            let detail = format!(
                "may not be set to 'None' for {} services",
                spec.field("type").text()
            );
            errors.push(Error::invalid(
                &spec.field("clusterIPs").path().index(0),
                HEADLESS,
                detail,
            ));
        }
        Kind::ExternalName => {
            for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                if !spec.field(field).is_empty() {
                    errors.push(spec.field(field).forbidden(NOT_FOR_ALIASES));
                }
            }
            external_name(spec, errors);
        }
        _ => {}
    }
}

/// Whether the address fields agree.
pub fn related(object: &Value, spec: &Place<'_>, errors: &mut Errors) {
    if kind(object) == Kind::ExternalName {
        return;
    }
    let [single, ips, families] = ["clusterIP", "clusterIPs", "ipFamilies"].map(|field| spec.field(field));
    let before = errors.len();
    let first = ips.texts().first().copied();
    match (single.text(), first) {
        ("", Some(_)) => errors.push(ips.invalid("must be empty when `clusterIP` is not specified")),
        (text, Some(first)) if text != first => {
            errors.push(ips.invalid("first value must match `clusterIP`"));
        }
        (text, None) if !text.is_empty() => errors.push(ips.required("")),
        _ => {}
    }
    family_fields(&families, errors);
    spec.field("ipFamilyPolicy").one_of_if_set(&POLICIES, errors);
    each_address(&ips, errors);
    if errors.len() == before && first != Some(HEADLESS) {
        agree(&ips, &families, errors);
    }
}

fn family_fields(families: &Place<'_>, errors: &mut Errors) {
    let mut seen = Vec::new();
    for family in families.items() {
        family.one_of(&["IPv4", "IPv6"], errors);
        if seen.contains(&family.text()) {
            errors.push(family.duplicate());
        }
        seen.push(family.text());
    }
}

fn each_address(ips: &Place<'_>, errors: &mut Errors) {
    let count = ips.list().len();
    for (at, ip) in ips.items().enumerate() {
        let excused = at == 0 && (ip.text() == HEADLESS || ip.text().is_empty());
        if at == 0 && ip.text() == HEADLESS && count > 1 {
            errors.push(ips.invalid("'None' must be the first and only value"));
        }
        if !excused && parse(ip.text()).is_none() {
            errors.push(ip.invalid_text(NOT_AN_IP));
        }
    }
    if count > 2 {
        errors.push(ips.invalid("may only hold up to 2 values"));
    }
    let kinds: Vec<_> = ips
        .texts()
        .into_iter()
        .filter_map(parse)
        .map(|ip| ip.is_ipv4())
        .collect();
    if kinds.len() == 2 && kinds[0] == kinds[1] {
        errors.push(ips.invalid("may specify no more than one IP for each IP family"));
    }
}

fn agree(ips: &Place<'_>, families: &Place<'_>, errors: &mut Errors) {
    for (at, (ip, family)) in ips.items().zip(families.texts()).enumerate() {
        let Some(address) = parse(ip.text()) else { continue };
        if address.is_ipv4() != (family == "IPv4") {
            let detail = format!("expected an {family} value as indicated by `ipFamilies[{at}]`");
            errors.push(ip.invalid_text(detail));
        }
    }
}

/// The first address and family stay, while the service has one.
pub fn changed(object: &Value, old: &Value, errors: &mut Errors) {
    if kind(object) == Kind::ExternalName || kind(old) == Kind::ExternalName {
        return;
    }
    let of = |object, field| Place::root(object, "spec").field(field);
    for field in ["clusterIPs", "ipFamilies"] {
        if field == "ipFamilies" && is_headless(object) {
            continue;
        }
        let (now, before) = (of(object, field), of(old, field));
        let path: &Path = &now.path().index(0);
        match (now.texts().first(), before.texts().first()) {
            (_, None) => {}
            (Some(a), Some(b)) if a == b => second_changed(&now, &before, object, errors),
            (None, Some(_)) if field == "clusterIPs" => {
                errors.push(Error::invalid(
                    path,
                    now.value(),
                    "primary clusterIP can not be unset",
                ));
            }
            (None, Some(_)) => errors.push(Error::invalid(
                path,
                now.value(),
                "primary ipFamily can not be unset",
            )),
            (Some(_), Some(_)) => errors.push(Error::invalid(path, now.value(), ONCE)),
        }
    }
}

/// The second one may come and go, but not change.
fn second_changed(now: &Place<'_>, before: &Place<'_>, object: &Value, errors: &mut Errors) {
    let (now_second, before_second) = (now.texts().get(1).copied(), before.texts().get(1).copied());
    let path = now.path().index(1);
    match (now_second, before_second) {
        (Some(a), Some(b)) if a != b => errors.push(Error::invalid(&path, now.value(), ONCE)),
        (None, Some(_)) if object.str_at(&["spec", "ipFamilyPolicy"]) != Some("SingleStack") => {
            let detail =
                "`ipFamilyPolicy` must be set to 'SingleStack' when releasing the secondary clusterIP";
            errors.push(Error::invalid(&path, now.value(), detail));
        }
        _ => {}
    }
}
