//! A member's record: a `Lease` in a namespace of its own, so that `kubectl get leases` shows the tiers. Only the form is known here.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use schema::time::Time;
use schema::{Value, tree};
use smol_str::SmolStr;

use crate::assignment::Policy;
use crate::limits::{LEASE_DURATION, UNITS_PER_MEMBER_MAX, WEIGHT_MAX};
use crate::members::{Member, State, Tier};
use crate::unit::Unit;

/// The namespace of the records.
pub const NAMESPACE: &str = "shardplane-system";
/// Where they are at a frontend.
pub const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/shardplane-system/leases";

/// Which tier; a label, to select by.
const TIER: &str = "shardplane.io/tier";
const ADDRESS: &str = "shardplane.io/address";
const WEIGHT: &str = "shardplane.io/weight";
const STATE: &str = "shardplane.io/state";
const READY: &str = "shardplane.io/ready";
const BEHIND: &str = "shardplane.io/behind";
const REPLICAS: &str = "shardplane.io/replicas";
const OVERRIDES: &str = "shardplane.io/replica-overrides";

/// A member and its last sign of life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who.
    pub member: Member,
    /// When it was renewed, by the clock of whoever wrote it.
    pub renewed: SmolStr,
}

/// The name of the record of a member of a tier at an address: the same after a restart.
pub fn name(tier: Tier, address: &str) -> SmolStr {
    let plain = |letter: char| match letter.is_ascii_alphanumeric() || letter == '.' {
        true => letter.to_ascii_lowercase(),
        false => '-',
    };
    let address: String = address.chars().map(plain).collect();
    format!("{tier}-{}", address.trim_matches(['-', '.'])).into()
}

impl Record {
    /// The Lease of a member that is alive now.
    pub fn lease(member: &Member) -> Value {
        let list = |units: &BTreeSet<Unit>| {
            let names: Vec<&str> = units.iter().map(Unit::as_str).collect();
            SmolStr::from(names.join(","))
        };
        let overrides = member.policy.overrides.iter();
        let overrides: Vec<String> = overrides
            .map(|(unit, replicas)| format!("{unit}={replicas}"))
            .collect();
        let mut lease = tree!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": (member.name.as_str()),
                "namespace": NAMESPACE,
            },
            "spec": {
                "holderIdentity": (member.run.as_str()),
                "leaseDurationSeconds": (LEASE_DURATION.as_secs() as i64),
                "renewTime": (Time::now().format_micro()),
            },
        });
        if let Some(map) = lease.as_map_mut() {
            let metadata = map.map_at("metadata");
            metadata.map_at("labels").insert(TIER, member.tier.as_str());
            let notes = metadata.map_at("annotations");
            notes.insert(ADDRESS, member.address.as_str());
            notes.insert(STATE, member.state.as_str());
            if member.tier == Tier::WatchCache {
                notes.insert(WEIGHT, SmolStr::from(member.weight.to_string()));
                notes.insert(READY, list(&member.ready));
                notes.insert(BEHIND, list(&member.behind));
                notes.insert(REPLICAS, SmolStr::from(member.policy.replicas.to_string()));
                notes.insert(OVERRIDES, SmolStr::from(overrides.join(",")));
            }
        }
        lease
    }

    /// Of a Lease.
    ///
    /// # Errors
    /// What is wrong with it. Whoever writes in the namespace may have written anything.
    pub fn of(lease: &Value) -> Result<Self, String> {
        let metadata = |path: &[&str]| lease.at(&["metadata"]).and_then(|found| found.str_at(path));
        let note = |name: &str| metadata(&["annotations", name]).unwrap_or_default();
        let text = |found: Option<&str>, what: &str| match found {
            Some(found) if !found.is_empty() => Ok(SmolStr::new(found)),
            _ => Err(format!("a lease has no {what}")),
        };
        let name = text(metadata(&["name"]), "name")?;
        let within = |why: String| format!("lease {name}: {why}");
        let tier: Tier = text(metadata(&["labels", TIER]), TIER)?.parse().map_err(within)?;
        Ok(Self {
            member: Member {
                run: text(lease.str_at(&["spec", "holderIdentity"]), "holder").map_err(within)?,
                tier,
                address: address(note(ADDRESS)).map_err(within)?,
                weight: weight(note(WEIGHT)).map_err(within)?,
                state: state(note(STATE)).map_err(within)?,
                ready: units(note(READY)).map_err(within)?,
                behind: units(note(BEHIND)).map_err(within)?,
                policy: policy(note(REPLICAS), note(OVERRIDES)).map_err(within)?,
                name: name.clone(),
            },
            renewed: text(lease.str_at(&["spec", "renewTime"]), "renewTime").map_err(within)?,
        })
    }

    /// How long ago it was renewed, if the clocks agree. A renewal in the future is one of now.
    pub fn age(&self, now: SystemTime) -> Duration {
        let renewed = Time::parse_micro(&self.renewed).ok();
        let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let renewed = renewed
            .and_then(|time| u64::try_from(time.seconds).ok())
            .unwrap_or(0);
        since_epoch.saturating_sub(Duration::from_secs(renewed))
    }
}

fn address(text: &str) -> Result<SmolStr, String> {
    let authority: Result<http::uri::Authority, _> = text.parse();
    match authority {
        Ok(authority) if authority.port().is_some() && !text.contains('@') => Ok(text.into()),
        _ => Err(format!("{text:?} is not host:port")),
    }
}

fn weight(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(weight) if weight <= WEIGHT_MAX => Ok(weight),
        _ if text.is_empty() => Ok(1),
        _ => Err(format!("{text:?} is not a weight up to {WEIGHT_MAX}")),
    }
}

fn state(text: &str) -> Result<State, String> {
    [State::Serving, State::Draining]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| format!("{text:?} is no state"))
}

fn units(text: &str) -> Result<BTreeSet<Unit>, String> {
    let units = || text.split(',').filter(|unit| !unit.is_empty());
    if units().count() > UNITS_PER_MEMBER_MAX {
        return Err(format!("more than {UNITS_PER_MEMBER_MAX} units"));
    }
    Ok(units().map(Unit::new).collect())
}

fn policy(replicas: &str, overrides: &str) -> Result<Policy, String> {
    let policy = match replicas {
        "" => Policy::default(),
        replicas => Policy::uniform(replicas.parse()?),
    };
    let mut overrides = overrides.split(',').filter(|one| !one.is_empty());
    overrides.try_fold(policy, |policy, one| policy.with_override(one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::tests::{cache, frontend};

    #[test]
    fn what_is_written_is_read() {
        let mut member = cache("watchcache-10.0.0.1-6444", &["pods", "deployments.apps"]);
        member.address = "10.0.0.1:6444".into();
        member.weight = 3;
        member.state = State::Draining;
        member.policy = Policy::default().with_override("pods=all").expect("well formed");
        let lease = Record::lease(&member);
        let read = Record::of(&lease).expect("well formed");
        assert_eq!(read.member, member);
        assert!(read.age(SystemTime::now()) < Duration::from_secs(60));
        let frontend = frontend("frontend-a-6443");
        let read = Record::of(&Record::lease(&frontend)).expect("well formed");
        assert_eq!(
            (read.member.tier, &read.member.address),
            (Tier::Frontend, &frontend.address)
        );
    }

    #[test]
    fn anything_else_is_an_error() {
        let lease = Record::lease(&cache("a", &["pods"]));
        for (note, value) in [
            (ADDRESS, ""),
            (ADDRESS, "a"),
            (ADDRESS, "user@a:1"),
            (ADDRESS, "a b:1"),
            (WEIGHT, "-1"),
            (WEIGHT, "1000000"),
            (STATE, "asleep"),
            (REPLICAS, "none"),
            (OVERRIDES, "pods"),
        ] {
            let mut wrong = lease.clone();
            let notes = wrong
                .as_map_mut()
                .expect("an object")
                .map_at("metadata")
                .map_at("annotations");
            notes.insert(note, value);
            assert!(Record::of(&wrong).is_err(), "{note} {value}");
        }
        assert!(Record::of(&tree!({})).is_err());
    }

    #[test]
    fn names_are_names_of_objects() {
        assert_eq!(name(Tier::Frontend, "10.0.0.1:6443"), "frontend-10.0.0.1-6443");
        assert_eq!(
            name(Tier::WatchCache, "[fd00::1]:6444"),
            "watchcache-fd00--1--6444"
        );
    }
}
