//! The watch tier as members with queues: the steady state, and the seconds after one of them is gone, when its watches come to the
//! others all at once. It judges one number of members; to find the right one is for `search`.

use super::assignment::{members_of, spread};
use super::costs::{self, Costs};
use super::queue::{Arrival, Queue, Random, load};
use super::workload::Workload;

/// How the tier is built.
#[derive(Clone, Debug)]
pub struct Tier {
    /// Members.
    pub members: usize,
    /// Of how many cores each.
    pub cores: f64,
    /// How many members hold each unit, in the order of the workload.
    pub replicas: Vec<usize>,
    /// CPU seconds of one delivery.
    pub delivery: f64,
    /// CPU seconds of opening one watch.
    pub open: f64,
    /// Memory of one watch.
    pub watch_bytes: f64,
}

/// How one number of members does.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// CPUs that the busiest member uses.
    pub cpus: f64,
    /// CPUs that all use together.
    pub cpus_all: f64,
    /// Memory of the fullest member.
    pub bytes: f64,
    /// p50 and p99 of deliveries, in milliseconds, in the busiest member.
    pub p50_ms: f64,
    /// p99.
    pub p99_ms: f64,
    /// The busiest member after another one is gone: CPUs, memory, and seconds until it has caught up.
    pub failure: Failure,
}

/// After one member is gone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Failure {
    /// CPUs of the busiest that is left.
    pub cpus: f64,
    /// Memory of the fullest that is left.
    pub bytes: f64,
    /// Seconds until the watches that moved are open and nothing waits any more; nothing when that never comes.
    pub caught_up_seconds: Option<f64>,
}

const SEED: u64 = 20_261_128;
/// Simulated time of the steady state, and the most events of it.
const SECONDS: f64 = 120.0;
const EVENTS_MAX: u64 = 300_000;
/// Clients that lose their member come back within a second.
const RETURN_SECONDS: f64 = 1.0;
/// A step of the time after a failure, and how long it is followed.
const STEP_SECONDS: f64 = 0.1;
const FAILURE_SECONDS_MAX: f64 = 60.0;

/// What each member has: watches by unit, or nothing of a unit that it does not hold.
struct Loads {
    watches: Vec<Vec<Option<f64>>>,
}

impl Loads {
    fn of(workload: &Workload, tier: &Tier, members: usize, random: &mut Random) -> Self {
        let mut watches = vec![vec![None; workload.units.len()]; members];
        for (number, unit) in workload.units.iter().enumerate() {
            let holders = members_of(unit.name, tier.replicas[number].min(members), members);
            for (holder, count) in holders.iter().zip(spread(unit.watchers, holders.len(), random)) {
                watches[*holder][number] = Some(count);
            }
        }
        Self { watches }
    }

    /// A member tails all changes of what it holds, and delivers its watches' share of them.
    fn arrivals(&self, member: usize, workload: &Workload, tier: &Tier, costs: &Costs) -> Vec<Arrival> {
        let fixed = costs.get(costs::EVENT_US) / 1e6;
        let units = workload.units.iter().zip(&self.watches[member]);
        let held = units.filter_map(|(unit, watches)| Some((unit, (*watches)?)));
        held.filter(|(unit, _)| unit.changes > 0.0)
            .map(|(unit, watches)| Arrival {
                rate: unit.changes,
                fixed,
                deliveries: unit.matching * watches / unit.watchers.max(1.0),
                each: tier.delivery,
            })
            .collect()
    }

    fn bytes(&self, member: usize, workload: &Workload, tier: &Tier, costs: &Costs) -> f64 {
        let of = |(unit, watches): (&super::workload::Unit, &Option<f64>)| {
            let object = costs.get(if unit.large {
                costs::POD_BYTES
            } else {
                costs::SMALL_BYTES
            });
            watches.map_or(0.0, |watches| unit.objects * object + watches * tier.watch_bytes)
        };
        costs.get(costs::BASE_BYTES)
            + workload
                .units
                .iter()
                .zip(&self.watches[member])
                .map(of)
                .sum::<f64>()
    }

    fn count(&self, member: usize) -> f64 {
        self.watches[member].iter().flatten().sum()
    }
}

/// Simulates one tier.
pub fn simulate(workload: &Workload, tier: &Tier, costs: &Costs) -> Outcome {
    let mut random = Random(SEED);
    let loads = Loads::of(workload, tier, tier.members, &mut random);
    let arrivals = |member| loads.arrivals(member, workload, tier, costs);
    let cpus: Vec<f64> = (0..tier.members).map(|member| load(&arrivals(member))).collect();
    let busiest = (0..tier.members)
        .max_by(|one, other| cpus[*one].total_cmp(&cpus[*other]))
        .unwrap_or(0);
    let mut queue = Queue::new(tier.cores);
    queue.run(&arrivals(busiest), SECONDS, EVENTS_MAX, &mut random);
    let bytes = |member| loads.bytes(member, workload, tier, costs);
    let quantile = |quantile| queue.latency.value_at_quantile(quantile) as f64 / 1e3;
    Outcome {
        cpus: cpus[busiest],
        cpus_all: cpus.iter().sum(),
        bytes: (0..tier.members).map(bytes).fold(0.0, f64::max),
        p50_ms: quantile(0.5),
        p99_ms: quantile(0.99),
        failure: fail(workload, tier, costs, &loads, &mut random),
    }
}

/// The member with the most watches is gone: the others open them again within [`RETURN_SECONDS`], beside what they do anyway. A member
/// that comes to hold a resource only now has read it before it is asked, which costs it time but nobody's watches.
fn fail(workload: &Workload, tier: &Tier, costs: &Costs, before: &Loads, random: &mut Random) -> Failure {
    if tier.members < 2 {
        return Failure::default();
    }
    let lost = (0..tier.members)
        .map(|member| before.count(member))
        .fold(0.0, f64::max);
    let left = tier.members - 1;
    let loads = Loads::of(workload, tier, left, random);
    let arrivals = |member| loads.arrivals(member, workload, tier, costs);
    let cpus = |member: usize| load(&arrivals(member));
    let busiest = (0..left)
        .max_by(|one, other| cpus(*one).total_cmp(&cpus(*other)))
        .unwrap_or(0);
    let all: f64 = (0..left).map(|member| loads.count(member)).sum();
    let opened = lost * loads.count(busiest) / all.max(1.0);
    let mut queue = Queue::new(tier.cores);
    let (mut time, mut caught_up) = (0.0, None);
    while time < FAILURE_SECONDS_MAX && caught_up.is_none() {
        if time < RETURN_SECONDS {
            queue.add(opened * tier.open * STEP_SECONDS / RETURN_SECONDS);
        }
        queue.run(&arrivals(busiest), STEP_SECONDS, EVENTS_MAX, random);
        time += STEP_SECONDS;
        // What is there to be done within a step is the usual.
        let usual = queue.backlog() <= tier.cores * STEP_SECONDS;
        caught_up = (time >= RETURN_SECONDS && usual).then_some(time);
    }
    Failure {
        cpus: cpus(busiest),
        bytes: (0..left)
            .map(|member| loads.bytes(member, workload, tier, costs))
            .fold(0.0, f64::max),
        caught_up_seconds: caught_up,
    }
}
