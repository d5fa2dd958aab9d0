"""The measurements of the tiers apart: what a router costs and adds, how soon watches resume when a member dies, and how capacity grows
with members. It starts systems with `shardplane up`, runs `watchload` against them, and prints one table.

No process is held to a share of the CPUs: costs are CPU seconds of the processes that are named, read from the system before and after.
"""
import contextlib, json, os, pathlib, statistics, subprocess, sys, tempfile, threading, time

REPO = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / "tests" / folder) for folder in ["system", "watch"]]
import measure
from tiers import system

HOT = ["--unit-replicas-overrides", "configmaps=all"]
WATCHERS = 1000
CONNECTION = "100"
# Threads with a connection each, which take their share of the CPUs too.
FOLLOWERS = 300


def main(quick, only):
    program = measure.build(quick)
    rows = []
    for part in [router_cost, added_latency, idle_watches, a_stalled_client, resumed_watches, growth_of_one_resource, growth_by_resources]:
        if not only or any(word in part.__name__ for word in only):
            rows += [(part.__name__, *row) for row in part(program, quick)]
    print(f"\n### tiers apart, {'debug' if quick else 'release'} build, {os.cpu_count()} CPUs, {time.strftime('%Y-%m-%d')}\n")
    print("| work | figure | ours | asked |\n|---|---|---|---|")
    print("\n".join(f"| {title.replace('_', ' ')} | {figure} | {value} | {asked} |" for title, figure, value, asked in rows), flush=True)
    return True


class Load:
    """`watchload` against a system."""

    def __init__(self, program, quick):
        self.program, self.quick = program, quick

    def run(self, scenario, at, processes=(), writes_at=None, **options):
        with tempfile.TemporaryDirectory() as folder:
            result = pathlib.Path(folder) / "result.json"
            command = [self.program, scenario, "--kubeconfig", at.kubeconfig, "--json", result]
            if processes:
                command += ["--server-pid", ",".join(str(process.process.pid) for process in processes)]
            if writes_at:
                command += ["--write-kubeconfig", writes_at.kubeconfig]
            command += [part for name, value in options.items() for part in [f"--{name.replace('_', '-')}", value]]
            print("+", *map(str, command), flush=True)
            done = subprocess.run(list(map(str, command)), timeout=measure.RUN_SECONDS_MAX)
            if done.returncode != 0:
                sys.exit(f"watchload ended with {done.returncode}")
            return {name: one["value"] for name, one in json.loads(result.read_text())["measures"].items()}

    def fanout(self, at, processes=(), repeats=3, watchers=WATCHERS, rate=10, **options):
        if self.quick:
            repeats, watchers = 1, watchers // 10
        return [self.run("fanout", at, processes, watchers=watchers, rate=rate, streams_per_connection=CONNECTION, **options)
                for _ in range(repeats)]


def figure(runs, name, scale=1.0):
    return measure.spread([run[name] * scale for run in runs])


def router_cost(program, quick):
    with system(frontends=1, members=1) as tiers:
        runs = Load(program, quick).fanout(tiers.routers[0], tiers.routers)
    return [(f"CPU s of the router per million events, {WATCHERS} watchers x 10/s, writes through it too", figure(runs, measure.CPU), "4")]


def added_latency(program, quick):
    """Writes go straight to the frontend both times, so that only the way of events differs; runs take turns. Half of the load is half of
    the watchers, or half of the writes: then as many events come at once, and the last of them waits as long."""
    load, rows = Load(program, quick), []
    p99 = lambda runs: statistics.median(run["latency_p99_ms"] for run in runs)
    with system(frontends=1, members=1) as tiers:
        for watchers, rate, asked in [(WATCHERS // 2, 10, "2"), (WATCHERS, 5, "2"), (WATCHERS, 10, "")]:
            direct, routed = [], []
            for _ in range(1 if quick else 5):
                direct += load.fanout(tiers.members[0], writes_at=tiers.frontends[0], repeats=1, watchers=watchers, rate=rate)
                routed += load.fanout(tiers.routers[0], writes_at=tiers.frontends[0], repeats=1, watchers=watchers, rate=rate)
            rows += [(f"p99 ms, {watchers} watchers x {rate}/s, straight from the member", figure(direct, "latency_p99_ms"), ""),
                     ("the same through the router", figure(routed, "latency_p99_ms"), ""),
                     ("added at the median of runs, ms", f"{p99(routed) - p99(direct):.2f}", asked)]
    return rows


def idle_watches(program, quick):
    with system(frontends=1, members=1) as tiers:
        run = Load(program, quick).run("idle", tiers.routers[0], tiers.routers, watchers=1000 if quick else 10_000, streams_per_connection=CONNECTION)
    return [("bytes of the router per idle watch", measure.number(run["bytes_per_watch"]), "8,000")]


def a_stalled_client(program, quick):
    """One client of a hundred opens its watches, 100 on a connection, and never reads; runs take turns."""
    load = Load(program, quick)
    with system(frontends=1, members=1) as tiers:
        none, one = [], []
        for _ in range(1 if quick else 5):
            none += load.fanout(tiers.routers[0], repeats=1, stream_window=65_535)
            one += load.fanout(tiers.routers[0], repeats=1, stream_window=65_535, stalled=0.01)
    ratio = statistics.median(run["latency_p99_ms"] for run in one) / statistics.median(run["latency_p99_ms"] for run in none)
    return [("p99 ms of the others, none stalled", figure(none, "latency_p99_ms"), ""),
            ("p99 ms of the others, one in a hundred stalled", figure(one, "latency_p99_ms"), f"+5 %; it is {100 * (ratio - 1):+.0f} %")]


def resumed_watches(program, quick):
    """A member is killed while its watchers follow; how long each of them is without a watch."""
    from clients import NAMESPACE, Follower

    count = 100 if quick else FOLLOWERS
    with system(members=2, member_flags=HOT) as tiers:
        router = tiers.routers[0]
        router.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        threading.stack_size(256 * 1024)
        followers = [Follower(router) for _ in range(count)]
        for follower in followers:
            follower.start()
        tiers.until("all watch", lambda: all(follower.watches for follower in followers))
        had = {follower: follower.watches for follower in followers}
        tiers.until("the member has watches", lambda: tiers.of_member(router, tiers.members[0])["watches"])
        of_member = tiers.of_member(router, tiers.members[0])["watches"]
        begin = time.monotonic()
        tiers.members[0].kill()
        resumed = []
        while len(resumed) < of_member and time.monotonic() - begin < 30:
            back = [one for one, watches in had.items() if one.watches > watches]
            resumed += [time.monotonic() - begin for one in back if had.pop(one)]
            time.sleep(0.005)
        for follower in followers:
            follower.stopping.set()
    if len(resumed) < of_member:
        return [(f"{of_member} of {count} watches were at the killed member", f"{len(resumed)} resumed in 30 s", "5 s")]
    return [(f"{of_member} of {count} watches were at the killed member; resumed after s, median", f"{statistics.median(resumed):.2f}", "2"),
            ("the same, the last of them", f"{max(resumed):.2f}", "5")]


def growth_of_one_resource(program, quick):
    """1,000 watchers for each member, of one resource that all keep: what an event costs the members together. With fewer writes most of that
    would be what a member costs when it does nothing."""
    load = Load(program, quick)
    writes = 5 if quick else 40
    hot = lambda router, members: load.fanout(router, members, watchers=WATCHERS * len(members), rate=writes)
    return grown(f"one hot resource, {writes} writes/s", HOT, lambda tiers: len(tiers.unit(tiers.routers[0], "configmaps")["asked"]), hot)


def growth_by_resources(program, quick):
    """Twenty resources, each kept by two members as soon as there are two. Each member has the same work, however many there are: 160 writes a
    second of what it keeps, each told to 50 watchers."""
    load = Load(program, quick)
    writes = 5 if quick else 160

    def spread(router, members):
        keepers = min(len(members), 2)
        watchers = (WATCHERS // 10 if quick else WATCHERS) * keepers
        return [load.run("resources", router, members, watchers=watchers, rate=writes * len(members) // keepers, streams_per_connection=CONNECTION)
                for _ in range(1 if quick else 3)]

    return grown(f"twenty resources, {writes} writes/s for each", [], lambda tiers: len(tiers.members), spread)


def grown(title, flags, members_of, run):
    """Runs a load on one, two and four members once as many are asked. A CPU that sleeps between two events makes each of them dearer, and few
    members let it sleep more than many: so none sleeps."""
    rows = []
    with awake():
        for count in [1, 2, 4]:
            with system(frontends=1, members=count, member_flags=flags) as tiers:
                tiers.until("all members are asked", lambda: members_of(tiers) == count)
                runs = run(tiers.routers[0], tiers.members)
            per_second = [1e6 / one[measure.CPU] for one in runs]
            rows.append((f"events per CPU second of the members, {title}, {count} of them", measure.spread(per_second),
                         "within 10 % from 1 to 4" if count == 1 else ""))
    return rows


@contextlib.contextmanager
def awake():
    """Keeps all CPUs from sleeping with loops that run when nothing else wants to."""
    loops = [subprocess.Popen([sys.executable, "-c", "import os\nos.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))\nwhile True: pass"])
             for _ in range(os.cpu_count())]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
