#!/usr/bin/env python3
"""The three tiers on hosts of their own (network namespaces): 3 etcds, 2 frontends, 3 members of the watch tier, 2 routers. Processes die,
stand still and come back, links are cut, under load; what clients saw is checked from their side.

    run.py            a sample of the faults, the same each time, with 24 watchers
    run.py NAME...    only these
    run.py --list     what there is

With SHARDPLANE_FULL all of them, with 300 watchers and longer faults.
"""
import argparse, os, pathlib, random, sys, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), *(str(HERE.parent / folder) for folder in ["watch", "system"])]
from clients import NAMESPACE
from cluster import Failure
from hosts import hosts
import etcds, links, processes
from load import Load

FULL = bool(os.environ.get("SHARDPLANE_FULL"))
FOLLOWERS = 300 if FULL else 24
# What a run tries that does not try all: of processes and etcds what the suite `tiers` does not, and two cuts.
SAMPLED = ["a_member_dies_while_it_loads", "all_are_restarted_one_by_one", "an_etcd_dies", "compacted_while_a_member_is_cut_off"]
SAMPLED_CUTS = 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    faults = {fault.__name__: fault for fault in [*processes.FAULTS, *etcds.FAULTS, *links.faults()]}
    if options.list:
        return print("\n".join(faults))
    unknown = [name for name in options.names if name not in faults]
    if unknown:
        parser.error(f"unknown: {' '.join(unknown)}")
    with hosts() as system:
        router = system.routers[0]
        system.until("a router knows everybody", lambda: all(map(system.is_complete, system.routers)))
        status, _, body = router.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        if status != 201:
            raise Failure(f"the namespace: {status} {body}")
        load = Load(system, FOLLOWERS)
        for name in options.names or chosen(faults):
            begin = time.monotonic()
            said = faults[name](load)
            load.goes_on()
            system.until("everybody is back", lambda: all(map(system.is_complete, system.routers)))
            print(f"{name}: {said or 'ok'} in {time.monotonic() - begin:.1f} s", flush=True)
        print(load.finish())


def chosen(faults):
    """All of them, or a sample that is the same each time."""
    cuts = [fault.__name__ for fault in links.faults()]
    return faults if FULL else [*SAMPLED, *random.Random(1).sample(cuts, SAMPLED_CUTS)]


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
