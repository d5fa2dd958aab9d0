//! How many members, routers and frontends a cluster needs: the fewest that the simulation finds to hold what is wanted, with one of
//! them gone.

use super::costs::{self, Costs};
use super::simulation::{Outcome, Tier, simulate};
use super::workload::{Unit, Workload};
use crate::{Error, limits};

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Cores of each server.
    pub cores: f64,
    /// The part of them that may be in use with one server gone. The rest is for bursts, upkeep, and a member that reads what it is to
    /// hold after a rebalance.
    pub utilization: f64,
    /// p99 from a change to its delivery, in milliseconds.
    pub p99_ms: f64,
    /// Until watches that lost their member are open again and nothing waits.
    pub caught_up_seconds: f64,
    /// The most watches of a member with one gone, which bounds its memory and what comes at once when it goes.
    pub watches_max: f64,
    /// Clients come through routers, which share their connections to members.
    pub routers: bool,
}

/// What one tier needs.
#[derive(Clone, Copy, Debug)]
pub struct Servers {
    /// How many, one of which may be gone.
    pub count: usize,
    /// CPUs that all use together.
    pub cpus: f64,
    /// Memory of each, with one gone.
    pub bytes: f64,
}

/// A plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The members.
    pub tier: Tier,
    /// How they do.
    pub outcome: Outcome,
    /// The routers, if there are some.
    pub routers: Option<Servers>,
    /// The request frontends, for the writes alone.
    pub frontends: Servers,
}

impl Plan {
    /// Finds it.
    pub fn find(workload: &Workload, costs: &Costs, wanted: &Wanted) -> Result<Self, Error> {
        // Clients of members have connections of their own, which several of their watches share.
        let own = if wanted.routers {
            0.0
        } else {
            workload.connections / workload.watchers().max(1.0)
        };
        let of = |shared, alone| costs.get(shared) + (costs.get(alone) - costs.get(shared)).max(0.0) * own;
        let delivery = if wanted.routers {
            costs::DELIVERY_SHARED_US
        } else {
            costs::DELIVERY_OWN_US
        };
        let tier = Tier {
            members: 2,
            cores: wanted.cores,
            replicas: Vec::new(),
            delivery: costs.get(delivery) / 1e6,
            open: of(costs::OPEN_SHARED_US, costs::OPEN_OWN_US) / 1e6,
            watch_bytes: of(costs::WATCH_SHARED_BYTES, costs::WATCH_OWN_BYTES),
        };
        check_tails(workload, costs, wanted)?;
        let (tier, outcome) = members(workload, costs, wanted, tier)?;
        Ok(Self {
            tier,
            outcome,
            routers: wanted.routers.then(|| routers(workload, costs, wanted)),
            frontends: frontends(workload, costs, wanted),
        })
    }
}

/// More members do not help where one cannot take the changes of a resource.
fn check_tails(workload: &Workload, costs: &Costs, wanted: &Wanted) -> Result<(), Error> {
    let too_much =
        |unit: &&Unit| unit.changes * costs.get(costs::EVENT_US) / 1e6 > wanted.cores * wanted.utilization;
    match workload.units.iter().find(too_much) {
        Some(unit) => Err(Error::Options(format!(
            "{:.0} changes a second of {} are more than a member of {} cores can take, however many there are",
            unit.changes, unit.name, wanted.cores
        ))),
        None => Ok(()),
    }
}

/// Grows from what the mean load asks for until the simulation is content.
fn members(
    workload: &Workload,
    costs: &Costs,
    wanted: &Wanted,
    mut tier: Tier,
) -> Result<(Tier, Outcome), Error> {
    let room = wanted.cores * wanted.utilization;
    let event = costs.get(costs::EVENT_US) / 1e6;
    let cpus = |unit: &Unit| unit.deliveries() * tier.delivery + unit.changes * event;
    let spread = |load: f64| (load / room).ceil() as usize + 1;
    let hold = |watches: f64| (watches / wanted.watches_max).ceil() as usize + 1;
    // A resource that is watched much is held by as many as its load asks for, and one more.
    let replicas = |unit: &Unit| spread(cpus(unit)).max(hold(unit.watchers)).max(2) as f64;
    let mut replicas: Vec<f64> = workload.units.iter().map(replicas).collect();
    let all: f64 = workload.units.iter().map(cpus).sum();
    tier.members = spread(all).max(hold(workload.watchers())).max(2);
    loop {
        tier.replicas = replicas
            .iter()
            .map(|count| (count.round() as usize).min(tier.members))
            .collect();
        let outcome = simulate(workload, &tier, costs);
        if holds(&outcome, wanted) {
            return Ok((tier, outcome));
        }
        if tier.members >= limits::PLANNED_MEMBERS_MAX {
            return Err(Error::Options(format!(
                "not even {} members hold what is wanted",
                tier.members
            )));
        }
        let grown = (tier.members / 20).max(1);
        let factor = (tier.members + grown) as f64 / tier.members as f64;
        tier.members += grown;
        replicas
            .iter_mut()
            .for_each(|count| *count = (*count * factor).max(*count + 0.5));
    }
}

fn holds(outcome: &Outcome, wanted: &Wanted) -> bool {
    let failure = &outcome.failure;
    failure.cpus <= wanted.cores * wanted.utilization
        && outcome.p99_ms <= wanted.p99_ms
        && failure
            .caught_up_seconds
            .is_some_and(|seconds| seconds <= wanted.caught_up_seconds)
}

/// A router passes each delivery on, and to clients that have connections of their own that costs what it costs a member.
fn routers(workload: &Workload, costs: &Costs, wanted: &Wanted) -> Servers {
    let own = costs.get(costs::DELIVERY_OWN_US) - costs.get(costs::DELIVERY_SHARED_US);
    let connection = costs.get(costs::WATCH_OWN_BYTES) - costs.get(costs::WATCH_SHARED_BYTES);
    let cpus = workload.deliveries() * (costs.get(costs::ROUTER_DELIVERY_US) + own.max(0.0)) / 1e6;
    let bytes = workload.watchers() * costs.get(costs::ROUTER_WATCH_BYTES)
        + workload.connections * connection.max(0.0);
    servers(cpus, bytes, costs, wanted)
}

fn frontends(workload: &Workload, costs: &Costs, wanted: &Wanted) -> Servers {
    let write = |unit: &Unit| {
        unit.changes
            * costs.get(if unit.large {
                costs::WRITE_POD_US
            } else {
                costs::WRITE_SMALL_US
            })
            / 1e6
    };
    servers(workload.units.iter().map(write).sum(), 0.0, costs, wanted)
}

fn servers(cpus: f64, bytes: f64, costs: &Costs, wanted: &Wanted) -> Servers {
    let needed = (cpus / (wanted.cores * wanted.utilization)).ceil().max(1.0);
    Servers {
        count: needed as usize + 1,
        cpus,
        bytes: costs.get(costs::BASE_BYTES) + bytes / needed,
    }
}

#[cfg(test)]
mod tests {
    use super::super::workload::Asked;
    use super::*;

    const WANTED: Wanted = Wanted {
        cores: 8.0,
        utilization: 0.6,
        p99_ms: 100.0,
        caught_up_seconds: 5.0,
        watches_max: 1e6,
        routers: true,
    };

    fn cluster(nodes: f64, slice_watchers: Option<f64>) -> Workload {
        Workload::of(&Asked {
            nodes,
            slice_watchers,
            controllers: 3.0,
            ..Asked::default()
        })
    }

    #[test]
    fn a_plan_holds_what_is_wanted_and_is_not_far_above_its_load() {
        let (workload, costs) = (cluster(50_000.0, None), Costs::default());
        let plan = Plan::find(&workload, &costs, &WANTED).expect("a plan");
        assert!(holds(&plan.outcome, &WANTED), "{plan:?}");
        let work = workload.deliveries() * costs.get(costs::DELIVERY_SHARED_US) / 1e6;
        let least = work / (WANTED.cores * WANTED.utilization);
        let count = plan.tier.members as f64;
        assert!(
            (least..=least * 1.6 + 3.0).contains(&count),
            "{count} for {least}"
        );
    }

    #[test]
    fn a_small_cluster_needs_two_of_everything() {
        let plan = Plan::find(&cluster(100.0, None), &Costs::default(), &WANTED).expect("a plan");
        let routers = plan.routers.expect("routers").count;
        assert_eq!((plan.tier.members, routers, plan.frontends.count), (2, 2, 2));
    }

    #[test]
    fn what_no_number_of_members_can_do_is_said() {
        let error =
            Plan::find(&cluster(10_000_000.0, Some(0.0)), &Costs::default(), &WANTED).expect_err("no plan");
        assert!(error.to_string().contains("leases"), "{error}");
    }

    #[test]
    fn no_member_has_more_watches_than_it_may() {
        let workload = cluster(100_000.0, Some(0.0));
        let plan = Plan::find(&workload, &Costs::default(), &WANTED).expect("a plan");
        let least = workload.watchers() / WANTED.watches_max;
        assert!(
            plan.tier.members as f64 > least,
            "{} for {least}",
            plan.tier.members
        );
        let idle = workload
            .units
            .iter()
            .zip(&plan.tier.replicas)
            .max_by(|one, other| one.0.watchers.total_cmp(&other.0.watchers));
        let (unit, replicas) = idle.expect("units");
        assert!(
            unit.watchers / (replicas - 1) as f64 <= WANTED.watches_max,
            "{replicas}"
        );
    }
}
