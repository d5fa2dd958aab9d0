#!/usr/bin/env python3
"""Kills what keeps the data with SIGKILL at random moments, under concurrent writers, and checks what is there afterwards.

    run.py --checker               tests the checker: it must find planted losses
    run.py --store embedded        the server is killed, with the store in it
    run.py --store etcd            etcd is killed under a running server, now and then the server too

Held against the store after each kill: every acknowledged write is there with its content and revision, no object is torn,
a revision is of one write for ever, the watch history since the last round is exactly what was written. It is a kill of
processes: what the kernel has taken is kept, so a power cut is not tried here (the log's own tests cut its files).
$SHARDPLANE_FULL asks for 200 rounds instead of a dozen; $SHARDPLANE_SEED for other ones.
"""
import argparse, contextlib, os, pathlib, random, subprocess, sys, threading, time, unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]
from cluster import Failure, cluster
from ledger import Ledger, fingerprint
from writers import NAMESPACE, OBJECTS, SHARED, Client, Watch, Writer

WRITERS = 8
ACKNOWLEDGED_MAX = 250
ROUND_SECONDS_MAX = 60
HISTORY_KEPT, HISTORY_DROPPED = "5m", "150ms"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=["embedded", "etcd"])
    parser.add_argument("--checker", action="store_true")
    options = parser.parse_args()
    if options.checker:
        done = unittest.main(module="ledger_test", argv=["ledger_test"], exit=False)
        sys.exit(0 if done.result.wasSuccessful() and done.result.testsRun else 1)
    seed = os.environ.get("SHARDPLANE_SEED", "1")
    rounds = 200 if os.environ.get("SHARDPLANE_FULL") else 12
    print(f"{rounds} rounds, seed {seed}")
    with cluster(options.store, extra=["--etcd-compaction-interval", HISTORY_KEPT]) as server:
        test = Test(server, seed)
        for number in range(rounds):
            test.round(number)
            if (number + 1) % 10 == 0:
                print(f"{number + 1} rounds, {test.acknowledged} acknowledged writes", flush=True)
    print(f"{test.acknowledged} acknowledged writes, {test.unanswered} without an answer, "
          f"{test.histories} histories of {rounds} compared")


class Test:
    def __init__(self, server, seed):
        self.server, self.seed, self.random = server, seed, random.Random(seed)
        self.ledger = Ledger(shared=[SHARED])
        self.acknowledged = self.unanswered = self.histories = 0
        # Whether history since the last round may have been compacted.
        self.may_expire = False
        client = Client(server.port)
        for path, body in [("/api/v1/namespaces", {"metadata": {"name": NAMESPACE.rsplit("/", 1)[1]}}),
                           (OBJECTS, {"metadata": {"name": SHARED}, "data": {"seq": "0"}})]:
            status, answer = client.send("POST", path, body)
            if status != 201:
                raise Failure(f"{path}: {status} {answer}")
        self.ledger.sent(SHARED, fingerprint({"seq": "0"}))
        self.ledger.written(SHARED, fingerprint({"seq": "0"}), int(answer["metadata"]["resourceVersion"]))
        self.base = self.state()
        self.ledger.check_list(*self.base)
        self.ledger.settle()

    def round(self, number):
        watch = Watch(self.server.port, self.base[0])
        watch.start()
        problems = self.write_and_kill(number)
        self.acknowledged += self.ledger.acknowledgements
        self.unanswered += sum(map(len, self.ledger.open.values()))
        self.bring_back(number)
        watch.finish()
        problems += self.check(number, watch.events)
        if problems:
            listed = "\n".join(problems[:20])
            raise Failure(f"round {number}, seed {self.seed}: {len(problems)} problems\n{listed}")

    def write_and_kill(self, number):
        """Kills when a random number of writes was acknowledged, and then some."""
        stop, enough = threading.Event(), self.random.randrange(1, ACKNOWLEDGED_MAX)
        later = self.random.uniform(0, 0.02)
        writers = [Writer(self.server.port, self.ledger, at, f"{self.seed}.{number}.{at}", stop) for at in range(WRITERS)]
        for writer in writers:
            writer.start()
        end = time.monotonic() + ROUND_SECONDS_MAX
        while self.ledger.acknowledgements < enough and time.monotonic() < end and any(map(Writer.is_alive, writers)):
            time.sleep(0.002)
        time.sleep(later)
        self.kill(number)
        stop.set()
        for writer in writers:
            writer.join(ROUND_SECONDS_MAX)
        problems = [problem for writer in writers for problem in writer.problems]
        if any(map(Writer.is_alive, writers)):
            problems.append("a writer hangs")
        # A slow machine may not come to as many in a round's time; a round without any has tried nothing.
        if not self.ledger.acknowledgements:
            problems.append("no write was acknowledged before the kill")
        return problems

    @property
    def etcd(self):
        return self.server.etcd

    def kill(self, number):
        if not self.etcd or number % 4 == 3:
            kill(self.server.process)
        if self.etcd:
            kill(self.etcd.process)

    def bring_back(self, number):
        if self.etcd:
            self.etcd.start()
        if self.server.alive():
            return self.wait_for_store()
        # In some rounds history is compacted all the time, in some it is killed again while it starts.
        before, after = self.server.command[-1], HISTORY_DROPPED if number % 3 == 1 else HISTORY_KEPT
        self.server.command[-1], self.may_expire = after, HISTORY_DROPPED in (before, after)
        if self.random.random() < 0.3:
            again = subprocess.Popen(self.server.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(self.random.uniform(0, 0.4))
            kill(again)
        self.server.start()

    def wait_for_store(self):
        """The server is there all the time; it must find its store again by itself."""
        end = time.monotonic() + ROUND_SECONDS_MAX
        while self.server.request("GET", "/readyz")[0] != 200:
            if time.monotonic() > end:
                raise Failure(f"the server does not find etcd again within {ROUND_SECONDS_MAX} s")
            time.sleep(0.02)

    def check(self, number, seen):
        ledger, base = self.ledger, self.base
        highest = ledger.highest
        marker = self.mark(number)
        problems = [] if marker > highest else [f"a new write has revision {marker}, but {highest} was told before"]
        now = self.state()
        problems += ledger.check_list(*now)
        history = self.history(base[0], marker)
        if history is not None:
            self.histories += 1
            problems += ledger.check_history(base, history, *now) + ledger.check_seen(ours(seen), history)
        ledger.settle()
        self.base = now
        return problems

    def mark(self, number):
        """The first write after the kill; also tells where to stop reading history."""
        with contextlib.closing(Client(self.server.port)) as client:
            status, answer = client.send("POST", OBJECTS, {"metadata": {"name": f"marker-{number}"}})
        if status != 201:
            raise Failure(f"a write after the kill: {status} {answer}")
        return int(answer["metadata"]["resourceVersion"])

    def state(self):
        with contextlib.closing(Client(self.server.port)) as client:
            status, answer = client.send("GET", OBJECTS)
        if status != 200:
            raise Failure(f"a list after the kill: {status} {answer}")
        found = {item["metadata"]["name"]: (int(item["metadata"]["resourceVersion"]), fingerprint(item.get("data") or {}))
                 for item in answer["items"]}
        return int(answer["metadata"]["resourceVersion"]), {name: one for name, one in found.items() if is_ours(name)}

    def history(self, base, marker):
        """All events after `base` up to the marker's; None if history was compacted, as in some rounds it may be."""
        watch = Watch(self.server.port, base)
        watch.start()
        end = time.monotonic() + ROUND_SECONDS_MAX
        while not watch.ended.is_set() and not (watch.events and watch.events[-1].revision >= marker):
            if time.monotonic() > end:
                raise Failure(f"history from {base} does not reach {marker}")
            time.sleep(0.005)
        watch.finish()
        if watch.expired and self.may_expire:
            return None
        if not (watch.events and watch.events[-1].revision >= marker):
            raise Failure(f"history from {base} ends before {marker}: {watch.events[-1:]}, expired: {watch.expired}")
        return ours(watch.events)


def is_ours(name):
    return not name.startswith("marker-")


def ours(events):
    return [event for event in events if is_ours(event.name)]


def kill(process):
    process.kill()
    process.wait()


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"crash test failed: {failure}")
