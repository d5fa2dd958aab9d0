//! Whether a write fits into the quotas of its namespace, and what it is charged to each. It decides on what it is given.

use schema::{SmolStr, Value};
use serve::status::Status;

use super::configuration::Limited;
use super::scopes::Scope;
use super::usage::{self, Kind};
use super::{Quota, Write};
use kinds::amounts::Amounts;

/// Why a write is not charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is forbidden for this reason.
    Forbidden(String),
    /// It is in limited scopes for which there is no quota. The reference has only a text for this: neither a reason nor an object.
    Uncovered(String),
}

impl Refusal {
    /// As the client is told.
    pub fn status(self, write: &Write) -> Status {
        match self {
            Self::Forbidden(why) => Status::forbidden(&write.group, &write.resource, &write.name, &why),
            Self::Uncovered(why) => Status::failure(500, "", why),
        }
    }
}

/// What a write is charged to quotas, by their place in the list; empty if none concerns it.
pub fn charges(
    quotas: &[Quota],
    write: &Write,
    limited: &[Limited],
) -> Result<Vec<(usize, Amounts)>, Refusal> {
    let concerned = concerned(quotas, write).map_err(Refusal::Forbidden)?;
    if let Some(negative) = negative(&write.usage) {
        let why = format!("quota usage is negative for resource(s): {negative}");
        return Err(Refusal::Forbidden(why));
    }
    let mut deltas: Vec<(usize, Amounts)> = Vec::new();
    for &(at, _) in &concerned {
        // What was not counted here before is counted whole.
        let counted = !write.is_update || matches_scopes(&quotas[at], write.kind, write.old.as_ref());
        let delta = if counted { &write.grown } else { &write.usage };
        deltas.push((at, delta.clone().without_zeros()));
    }
    deltas.retain(|(_, delta)| !delta.is_empty());
    let changes_nothing = match concerned.is_empty() {
        true => write.grown.iter().all(|(_, amount)| amount.is_zero()),
        false => deltas.is_empty(),
    };
    if changes_nothing {
        return Ok(Vec::new());
    }
    check_covered(quotas, write, limited, &concerned)?;
    let mut charged = Vec::new();
    for (at, delta) in deltas {
        let quota = &quotas[at];
        let delta = delta.only(|name| quota.hard.get(name).is_some());
        check_fits(quota, write, &delta).map_err(Refusal::Forbidden)?;
        if !delta.is_empty() {
            charged.push((at, delta));
        }
    }
    Ok(charged)
}

/// The quotas that count such objects, with the names that they limit of them.
fn concerned(quotas: &[Quota], write: &Write) -> Result<Vec<(usize, Vec<SmolStr>)>, String> {
    let mut concerned = Vec::new();
    for (at, quota) in quotas.iter().enumerate() {
        let names = quota.hard.names();
        let names = names.filter(|name| usage::concerns(write.kind, &write.group, &write.resource, name));
        let names: Vec<SmolStr> = names.cloned().collect();
        if names.is_empty() || !matches_scopes(quota, write.kind, write.object.as_ref()) {
            continue;
        }
        let pod = write.object.as_ref().filter(|_| write.kind == Kind::Pods);
        let unsaid = pod.and_then(|pod| usage::unsaid(pod, &names));
        if let Some(why) = unsaid {
            return Err(format!("failed quota: {}: {why}", quota.name));
        }
        if names.iter().any(|name| quota.used.get(name).is_none()) {
            let names = names.join(",");
            return Err(format!(
                "status unknown for quota: {}, resources: {names}",
                quota.name
            ));
        }
        concerned.push((at, names));
    }
    Ok(concerned)
}

fn matches_scopes(quota: &Quota, kind: Kind, object: Option<&Value>) -> bool {
    let holds = |scope: &Scope| object.is_some_and(|object| scope.matches(kind, object));
    quota.scopes.iter().all(holds)
}

/// Names of what is less than nothing, which a negative request would be.
fn negative(usage: &Amounts) -> Option<String> {
    let names = usage.iter().filter(|(_, amount)| amount.signum() < 0);
    let names: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
    (!names.is_empty()).then(|| names.join(","))
}

/// What is limited by configuration is only used where a quota covers it.
fn check_covered(
    quotas: &[Quota],
    write: &Write,
    limited: &[Limited],
    concerned: &[(usize, Vec<SmolStr>)],
) -> Result<(), Refusal> {
    let of_resource = limited
        .iter()
        .filter(|one| one.group == write.group && one.resource == write.resource);
    let mut bare: Vec<&str> = Vec::new();
    for one in of_resource {
        let used = write.usage.iter().filter(|(_, amount)| amount.signum() > 0);
        let named = used.filter(|(name, _)| one.contains.iter().any(|part| name.contains(part.as_str())));
        bare.extend(named.map(|(name, _)| name.as_str()));
    }
    bare.retain(|name| {
        !concerned
            .iter()
            .any(|(_, names)| names.iter().any(|has| has == name))
    });
    bare.sort_unstable();
    bare.dedup();
    if !bare.is_empty() {
        let why = format!("insufficient quota to consume: {}", bare.join(","));
        return Err(Refusal::Forbidden(why));
    }
    let Some(object) = &write.object else {
        return Ok(());
    };
    let matching = |scope: &&Scope| scope.matches(write.kind, object);
    let covering: Vec<&Scope> = quotas
        .iter()
        .flat_map(|quota| &quota.scopes)
        .filter(matching)
        .collect();
    let limiting = limited.iter().flat_map(|one| &one.scopes).filter(matching);
    let bare: Vec<String> = limiting
        .filter(|scope| !covering.iter().any(|has| has.name == scope.name))
        .map(Scope::to_string)
        .collect();
    match bare.is_empty() {
        true => Ok(()),
        false => Err(Refusal::Uncovered(format!(
            "insufficient quota to match these scopes: [{}]",
            bare.join(" ")
        ))),
    }
}

fn check_fits(quota: &Quota, write: &Write, delta: &Amounts) -> Result<(), String> {
    if write.is_status {
        return Ok(());
    }
    let mut next = quota.used.clone();
    next.add(delta);
    let exceeded = |name: &str| match (delta.get(name), next.get(name), quota.hard.get(name)) {
        (Some(_), Some(next), Some(hard)) => next > hard,
        _ => false,
    };
    let requested = delta.only(exceeded);
    if requested.is_empty() {
        return Ok(());
    }
    Err(format!(
        "exceeded quota: {}, requested: {}, used: {}, limited: {}",
        quota.name,
        requested.printed(),
        quota.used.only(exceeded).printed(),
        quota.hard.only(exceeded).printed(),
    ))
}

#[cfg(test)]
mod tests;
