//! What the cache's answers cost, in instructions, which noise does not touch, and how that grows with objects and watchers.
//! `cargo bench -p shardplane-watchcache`. It fails where a cost grows that should not. Needs valgrind. `SHARDPLANE_FULL=1` goes
//! on to a million objects, which takes an hour: filling the cache is not counted, but runs under valgrind too. A word after `--`
//! picks those cases whose names have it.

#[path = "../../tests/histories/bodies.rs"]
mod bodies;
#[path = "../../tests/histories/memory.rs"]
#[allow(dead_code, reason = "the histories break its streams and forget its past")]
mod memory;
mod world;

use world::{Media, SHARDS_CHANGED, Traits, World};

/// What counts: this function and what is below it.
const COUNTED: &str = "*counted_stretch*";
/// By how much a cost may grow from a thousand objects or watchers on: the ways to a place in a tree are longer.
const GROWTH_MAX: f64 = 1.5;

/// What is measured, with how many objects and watchers. The count is of one `per`.
struct Case {
    what: What,
    objects: usize,
    watchers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    /// A change until it is visible, beside watchers of other objects.
    Publish,
    /// A change until one watcher of its shard has seen it, beside watchers of other shards.
    Share,
    /// A version of 5 KB that is superseded and kept as what it differs in.
    Fold,
    /// A change that all watchers see, for each of them: wake, read, share the frame.
    Deliver(Media),
    /// A change that no watcher's label selector has, for each of them.
    PassOver,
    /// One list of 500 objects, for each of them.
    Page(Media),
    /// A list of all objects, for each of them.
    List(Media),
    /// A list by a label that one in a hundred has, for each object that is there.
    Select,
    /// A watch's initial events, for each of them.
    Initial,
}

const PAGE_ITEMS: usize = 500;
/// Versions that are folded in one stretch, with the cache's ticks that come by.
const FOLDED: usize = 160;
const THOUSAND: usize = 1_000;
const MILLION: usize = 1_000_000;

fn cases() -> Vec<Case> {
    let case = |what, objects, watchers| Case {
        what,
        objects,
        watchers,
    };
    let mut objects = vec![THOUSAND, 10_000, 100_000];
    if std::env::var_os("SHARDPLANE_FULL").is_some() {
        objects.push(MILLION);
    }
    let watchers = [1, 100, THOUSAND, 10_000, 100_000];
    let mut cases = Vec::new();
    cases.extend(objects.iter().map(|objects| case(What::Publish, *objects, 0)));
    cases.extend(watchers.map(|watchers| case(What::Publish, THOUSAND, watchers)));
    cases.push(case(What::Fold, THOUSAND, 0));
    cases.push(case(What::Share, THOUSAND, 0));
    cases.extend(watchers.map(|watchers| case(What::Share, THOUSAND, SHARDS_CHANGED.len() + watchers)));
    cases.extend(watchers.map(|watchers| case(What::Deliver(Media::Json), THOUSAND, watchers)));
    cases.extend([1, THOUSAND].map(|watchers| case(What::Deliver(Media::Protobuf), THOUSAND, watchers)));
    cases.extend(watchers.map(|watchers| case(What::PassOver, THOUSAND, watchers)));
    for media in [Media::Json, Media::Protobuf] {
        cases.extend(objects.iter().map(|objects| case(What::Page(media), *objects, 0)));
        cases.extend([THOUSAND, 10_000, 100_000].map(|objects| case(What::List(media), objects, 0)));
    }
    cases.extend(objects.iter().map(|objects| case(What::Select, *objects, 0)));
    cases.extend(objects.iter().map(|objects| case(What::Initial, *objects, 0)));
    cases
}

impl Case {
    fn name(&self) -> String {
        format!(
            "{:?}, {} objects, {} watchers",
            self.what, self.objects, self.watchers
        )
    }

    /// How often it is run to be counted.
    fn times(&self) -> u64 {
        match self.what {
            What::Publish | What::Share => 200,
            What::Deliver(_) | What::PassOver => (20_000 / self.watchers).clamp(2, 200) as u64,
            What::Page(_) | What::Fold => 10,
            What::List(_) | What::Select | What::Initial => (20_000 / self.objects).clamp(1, 10) as u64,
        }
    }

    /// What one run is divided by.
    fn per(&self) -> usize {
        match self.what {
            What::Publish | What::Share => 1,
            What::Deliver(_) | What::PassOver => self.watchers,
            What::Page(_) => PAGE_ITEMS,
            What::Fold => FOLDED,
            What::List(_) | What::Select | What::Initial => self.objects,
        }
    }

    fn traits(&self) -> Traits {
        let is_fold = self.what == What::Fold;
        Traits {
            heeds_shards: self.what == What::Share,
            text_bytes: if is_fold { 5_000 } else { 200 },
        }
    }

    fn run(&self, times: u64) {
        let mut world = World::new(self.objects, self.traits());
        match self.what {
            What::Publish => {
                let _parked = world.park(self.watchers, Media::Json, |at| {
                    format!("&fieldSelector=metadata.name%3Dother-{at}")
                });
                counted(times, &mut world, |world| world.change(), World::arrive);
            }
            What::Fold => {
                let change = |world: &mut World| {
                    (0..FOLDED).for_each(|_| world.change());
                    world.arrive();
                };
                counted(times, &mut world, change, World::rest);
            }
            What::Share => {
                let mut parked = world.park(self.watchers, Media::Json, shard_selector);
                let read = |world: &mut World| {
                    world.arrive();
                    let of_shard = parked.iter_mut().take(SHARDS_CHANGED.len());
                    let told = of_shard.filter_map(|body| Some(world.read(body)).filter(|read| *read > 0));
                    assert_eq!(told.count(), self.watchers.min(1));
                };
                counted(times, &mut world, |world| world.change(), read);
            }
            What::Deliver(media) => {
                let mut parked = world.park(self.watchers, media, |_| String::new());
                let read = |world: &mut World| {
                    world.arrive();
                    parked.iter_mut().for_each(|body| assert!(world.read(body) > 0));
                };
                counted(times, &mut world, |world| world.change(), read);
            }
            What::PassOver => {
                let mut parked = world.park(self.watchers, Media::Json, |_| {
                    "&labelSelector=rare%3Dno".to_owned()
                });
                let read = |world: &mut World| {
                    world.arrive();
                    parked.iter_mut().for_each(|body| assert_eq!(world.read(body), 0));
                };
                counted(times, &mut world, |world| world.change(), read);
            }
            What::Page(media) => {
                let query = format!("limit={PAGE_ITEMS}");
                counted(
                    times,
                    &mut world,
                    |_| {},
                    |world| assert!(world.list(&query, media) > 0),
                );
            }
            What::List(media) => {
                counted(
                    times,
                    &mut world,
                    |_| {},
                    |world| assert!(world.list("", media) > 0),
                );
            }
            What::Select => {
                let query = "labelSelector=rare%3Dyes";
                counted(
                    times,
                    &mut world,
                    |_| {},
                    |world| {
                        assert!(world.list(query, Media::Json) > 0);
                    },
                );
            }
            What::Initial => {
                counted(times, &mut world, |_| {}, |world| assert!(world.initial() > 0));
            }
        }
    }
}

/// One of 256 shards: for the first watchers those of the objects, for all others other ones.
fn shard_selector(at: usize) -> String {
    let others: Vec<usize> = (0..256).filter(|shard| !SHARDS_CHANGED.contains(shard)).collect();
    let shard = SHARDS_CHANGED
        .get(at)
        .unwrap_or_else(|| &others[at % others.len()]);
    let start = (*shard as u128) << 56;
    let end = start + (1 << 56);
    format!("&shardSelector=shardRange(object.metadata.uid,'0x{start:016x}','0x{end:016x}')")
}

/// Runs `prepare`, which does not count, and `run`, which does, by turns.
fn counted(
    times: u64,
    world: &mut World,
    mut prepare: impl FnMut(&mut World),
    mut run: impl FnMut(&mut World),
) {
    for _ in 0..times {
        prepare(world);
        counted_stretch(world, &mut run);
    }
}

#[inline(never)]
fn counted_stretch(world: &mut World, run: &mut dyn FnMut(&mut World)) {
    run(world);
}

fn main() {
    let cases = cases();
    if let Some((name, times)) = measure::asked() {
        let case = cases.iter().find(|case| case.name() == name);
        return case.expect("a case").run(times);
    }
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let is_wanted = |case: &&Case| {
        wanted
            .as_ref()
            .is_none_or(|word| case.name().contains(word.as_str()))
    };
    let mut first: Option<(What, f64)> = None;
    let mut grown = Vec::new();
    for case in cases.iter().filter(is_wanted) {
        let counted = measure::instructions_of(&case.name(), case.times(), COUNTED);
        let each = counted.map(|counted| counted as f64 / case.per() as f64);
        let told = each.map_or_else(|| measure::told(None), |each| format!("{each:.0} instructions"));
        println!("{:60} {told}", case.name());
        let Some(each) = each else { continue };
        match first {
            Some((what, least)) if what == case.what => {
                // One watcher pays alone what many share.
                first = Some((what, least.min(each)));
                if each > least * GROWTH_MAX && case.objects.max(case.watchers) > THOUSAND {
                    grown.push(case.name());
                }
            }
            _ => first = Some((case.what, each)),
        }
    }
    assert!(grown.is_empty(), "these cost more than they should: {grown:?}");
}
