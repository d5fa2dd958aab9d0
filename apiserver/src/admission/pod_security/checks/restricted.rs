//! What level restricted asks beyond baseline.

use std::collections::BTreeSet;

use schema::Value;

use super::containers::{named, plural, quoted, setters, uses};
use super::{Pod, Violation};

/// Sources of volumes that anybody may use.
const VOLUMES: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

pub(super) fn privilege_escalation(pod: &Pod<'_>) -> Option<Violation> {
    let names = pod.names_where(|container| {
        container.bool_at(&["securityContext", "allowPrivilegeEscalation"]) != Some(false)
    });
    let detail = format!(
        "{} must set securityContext.allowPrivilegeEscalation=false",
        named(&names)?
    );
    Some(Violation::new("allowPrivilegeEscalation != false", detail))
}

pub(super) fn capabilities(pod: &Pod<'_>) -> Option<Violation> {
    let list = |container: &'_ Value, which: &str| -> Vec<String> {
        let listed = container.list_at(&["securityContext", "capabilities", which]);
        let texts = listed.iter().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    };
    let keeping = pod.names_where(|container| !list(container, "drop").iter().any(|one| one == "ALL"));
    let mut added = BTreeSet::new();
    let adding = pod.names_where(|container| {
        let before = list(container, "add");
        let forbidden = before.into_iter().filter(|one| one != "NET_BIND_SERVICE");
        let forbidden: Vec<String> = forbidden.collect();
        let any = !forbidden.is_empty();
        added.extend(forbidden);
        any
    });
    let keeping =
        named(&keeping).map(|who| format!("{who} must set securityContext.capabilities.drop=[\"ALL\"]"));
    let adding = named(&adding).map(|who| {
        let added = quoted(&added);
        format!("{who} must not include {added} in securityContext.capabilities.add")
    });
    let details: Vec<String> = keeping.into_iter().chain(adding).collect();
    (!details.is_empty()).then(|| Violation::new("unrestricted capabilities", details.join("; ")))
}

pub(super) fn volumes(pod: &Pod<'_>) -> Option<Violation> {
    let volumes = pod.spec.list_at(&["volumes"]);
    let source = |volume: &'_ Value| -> String {
        let keys = volume.as_map().into_iter().flat_map(schema::Map::keys);
        let found = keys.map(|key| key.as_str()).find(|key| *key != "name");
        found.unwrap_or("unknown").to_owned()
    };
    let restricted: Vec<&Value> = volumes
        .iter()
        .filter(|volume| !VOLUMES.iter().any(|allowed| volume.get(allowed).is_some()))
        .collect();
    let sources: BTreeSet<String> = restricted.iter().map(|volume| source(volume)).collect();
    let names: Vec<&str> = restricted
        .iter()
        .map(|volume| volume.str_at(&["name"]).unwrap_or_default())
        .collect();
    (!names.is_empty()).then(|| {
        let detail = format!(
            "{} {} {} {} {}",
            plural(names.len(), "volume"),
            quoted(&names),
            uses(names.len()),
            plural(sources.len(), "restricted volume type"),
            quoted(&sources)
        );
        Violation::new("restricted volume types", detail)
    })
}

pub(super) fn run_as_non_root(pod: &Pod<'_>) -> Option<Violation> {
    let said = |holder: &Value| holder.bool_at(&["securityContext", "runAsNonRoot"]);
    let of_pod = said(pod.spec);
    let refusing = pod.names_where(|container| said(container) == Some(false));
    let detail = match setters(of_pod == Some(false), &refusing) {
        Some(who) => format!("{who} must not set securityContext.runAsNonRoot=false"),
        None => {
            let silent = pod.names_where(|container| of_pod.is_none() && said(container).is_none());
            format!(
                "pod or {} must set securityContext.runAsNonRoot=true",
                named(&silent)?
            )
        }
    };
    Some(Violation::new("runAsNonRoot != true", detail))
}

pub(super) fn run_as_user(pod: &Pod<'_>) -> Option<Violation> {
    let is_root = |holder: &Value| holder.int_at(&["securityContext", "runAsUser"]) == Some(0);
    let who = setters(
        is_root(pod.spec),
        &pod.names_where(|container| is_root(container)),
    )?;
    let detail = format!("{who} must not set runAsUser=0");
    Some(Violation::new("runAsUser=0", detail))
}
