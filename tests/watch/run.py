#!/usr/bin/env python3
"""Lists and watches as clients see them while things go wrong: run.py --store embedded|etcd

On both stores: consistent reads beside concurrent writers. On etcd there are two members of the watch tier beside the server that
writes: what each answers, resuming from before its start, and followers of both while members and etcd are killed, stopped and
compacted. Every watch is held against what was acknowledged.
"""
import argparse, contextlib, json, pathlib, sys, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]
import consistency, protobuf
from cluster import TOKEN, Failure, Member, cluster, tail
from clients import NAMESPACE, OBJECTS, Follower, Writer, listed
from commands import Command, expect, same
from judgement import check
from link import Link

WAIT_SECONDS_MAX = 60
WRITERS = 3
# Acknowledged writes between one blow and the next.
WRITES_BETWEEN = 25
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=["embedded", "etcd"], required=True)
    store = parser.parse_args().store
    with cluster(store, extra=["--etcd-compaction-interval", "0"]) as server:
        status, _, body = server.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        if status != 201:
            raise Failure(f"the namespace: {status} {body}")
        if store == "embedded":
            step(consistent, server, [server])
            return
        before = write(server, "early", "1")
        write(server, "early", "2")
        with contextlib.closing(Link(server.etcd.client)) as link, members(server, [server.etcd, link]) as both:
            step(answers, server, both[0], before)
            step(consistent, server, [server, *both])
            step(survives, server, both)
            step(loses_its_place_to_a_compaction, server, both, link)


def step(test, *arguments):
    begin = time.monotonic()
    said = test(*arguments)
    print(f"{test.__name__}: {said} in {time.monotonic() - begin:.1f} s", flush=True)


@contextlib.contextmanager
def members(server, ways):
    """One for each way to the server's etcd."""
    both = []
    try:
        for number, way in enumerate(ways):
            both.append(Member(server.folder / f"member-{number}", way))
        yield both
        for member in both:
            if not member.alive():
                raise Failure(f"a member ended with {member.process.returncode}")
    except BaseException:
        for member in both:
            print(f"--- end of a member's log\n{tail(member.log)}", file=sys.stderr)
        raise
    finally:
        for member in both:
            member.stop()


def write(server, name, value):
    """Creates or updates; the revision."""
    body = {"metadata": {"name": name}, "data": {"value": value}}
    status, _, answer = server.request("PUT", f"{OBJECTS}/{name}", body)
    if status == 404:
        status, _, answer = server.request("POST", OBJECTS, body)
    if status not in (200, 201):
        raise Failure(f"{name}: {status} {answer}")
    return int(json.loads(answer)["metadata"]["resourceVersion"])


def until(what, holds):
    end = time.monotonic() + WAIT_SECONDS_MAX
    while not holds():
        if time.monotonic() > end:
            raise Failure(f"not within {WAIT_SECONDS_MAX} s: {what}")
        time.sleep(0.02)


def consistent(server, readers):
    counts = consistency.reads_see_acknowledged_writes(server, readers)
    return f"{counts['lists']} lists after writes, {counts['pages']} lists in pages"


def answers(server, member, before):
    """What a member answers, in which forms, and what it refuses."""
    kubectl = Command("kubectl", member, server.folder)
    expect(kubectl("get", "configmaps", "-n", NAMESPACE), r"^NAME +DATA +AGE$", r"^early +1 ")
    same(kubectl.json("get", "configmap", "early", "-n", NAMESPACE)["data"], {"value": "2"})
    watched(server, kubectl)
    table = get(member, OBJECTS, TABLE)
    same((table["kind"], [row["cells"][0] for row in table["rows"] if row["cells"][0] == "early"]), ("Table", ["early"]))
    metadata = get(member, OBJECTS, METADATA)
    same((metadata["kind"], any("data" in item for item in metadata["items"])), ("PartialObjectMetadataList", False))
    status, headers, body = member.request("GET", OBJECTS, headers={"Accept": protobuf.MEDIA})
    same((status, headers["content-type"], body[:4]), (200, protobuf.MEDIA, protobuf.MAGIC))
    # As the server's own cache has it, to the byte.
    at = f"{OBJECTS}?resourceVersion={get(member, OBJECTS)['metadata']['resourceVersion']}&resourceVersionMatch=Exact"
    for accept in [protobuf.MEDIA, METADATA, "application/json"]:
        bodies = [of.request("GET", at, headers={"Accept": accept})[2] for of in (member, server)]
        if bodies[0] != bodies[1]:
            raise Failure(f"as {accept}, {bodies[0][:500]} is not {bodies[1][:500]}")
    same(table["columnDefinitions"], get(server, OBJECTS, TABLE)["columnDefinitions"])
    refuses(member)
    same(member.request("GET", "/readyz")[0], 200)
    same(member.request("GET", "/readyz/watchcache/pods")[0], 200)
    metrics(member)
    resumes_from_before_its_start(member, before)
    return "forms, refusals, health, metrics, resumption"


def watched(server, kubectl):
    process = kubectl.background("get", "configmaps", "-n", NAMESPACE, "--watch", "-o", "name")
    try:
        same(process.stdout.readline().strip(), "configmap/early")
        write(server, "late", "1")
        same(process.stdout.readline().strip(), "configmap/late")
    finally:
        process.kill()
        process.wait()


def refuses(member):
    body = {"metadata": {"name": "no"}}
    for method, path in [("POST", OBJECTS), ("PUT", f"{OBJECTS}/early"), ("DELETE", f"{OBJECTS}/early"), ("DELETE", OBJECTS)]:
        status, _, answer = member.request(method, path, body)
        found = json.loads(answer)
        same((method, status, found["reason"], found["code"]), (method, 405, "MethodNotAllowed", 405))
        same(found["message"], "the server does not allow this method on the requested resource")
    same(member.request("GET", OBJECTS, token=None)[0], 403)
    same(member.request("GET", OBJECTS, token="wrong")[0], 401)


def metrics(member):
    text = member.request("GET", "/metrics")[2].decode()
    numbers = {key: float(value) for key, _, value in (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))}

    def of(name):
        key = f'{name}{{resource="configmaps"}}'
        return numbers[key] if key in numbers else numbers[f'{name}{{group="",resource="configmaps"}}']

    same(of("shardplane_watchcache_ready"), 1.0)
    for name in ["apiserver_storage_objects", "apiserver_watch_cache_resource_version", "shardplane_watchcache_object_bytes",
                 "shardplane_watchcache_ring_events", "shardplane_watchcache_ring_bytes"]:
        if of(name) <= 0:
            raise Failure(f"{name} is {of(name)}")
    for name in ["overruns", "reloads", "digest_mismatches"]:
        same((name, of(f"shardplane_watchcache_{name}_total")), (name, 0.0))
    # It hears of progress at least every five seconds.
    if not 0 <= of("shardplane_watchcache_lag_seconds") < 15:
        raise Failure(f"the lag is {of('shardplane_watchcache_lag_seconds')} s")


def resumes_from_before_its_start(member, before):
    """The first event after a revision from before the member was there, and no 410."""
    status, _, body = member.request("GET", f"{OBJECTS}?watch=1&resourceVersion={before}&timeoutSeconds=1")
    events = [json.loads(line) for line in body.splitlines()]
    first = events[0]
    same((status, first["type"], first["object"]["metadata"].get("name"), first["object"].get("data")), (200, "MODIFIED", "early", {"value": "2"}))


def get(member, path, accept="application/json"):
    status, _, body = member.request("GET", path, headers={"Accept": accept})
    if status != 200:
        raise Failure(f"{path}: {status} {body}")
    return json.loads(body)


def survives(server, both):
    """Followers of both members lose nothing and see nothing twice, whatever is stopped or killed."""
    followers = [Follower(member) for member in both]
    for follower in followers:
        follower.start()
    until("the followers watch", lambda: all(follower.watches for follower in followers))
    writers = [Writer(server, number) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    etcd = server.etcd
    goes_on(writers, followers)
    with etcd.paused():
        # The stop is noticed by nobody until somebody has waited for an answer.
        stands_still(writers)
    goes_on(writers, followers)
    etcd.kill()
    etcd.start()
    goes_on(writers, followers)
    for member, follower in zip(both, followers):
        watches = follower.watches
        member.kill()
        member.start()
        until("its follower resumes", lambda: follower.watches > watches)
        goes_on(writers, followers)
    for writer in writers:
        writer.finish()
    agree(server, both, followers)
    for follower in followers:
        follower.finish()
        check(follower, writers, lists=1)
    return f"{sum(writer.acknowledged for writer in writers)} acknowledged writes, {[len(follower.events) for follower in followers]} events"


def goes_on(writers, followers):
    """More is acknowledged, and everybody hears of more."""
    counts = [len(follower.events) for follower in followers]
    acknowledged = sum(writer.acknowledged for writer in writers)
    until("writes are acknowledged", lambda: sum(writer.acknowledged for writer in writers) >= acknowledged + WRITES_BETWEEN)
    until("followers hear of them", lambda: all(len(follower.events) >= count + WRITES_BETWEEN // 2 for follower, count in zip(followers, counts)))


def stands_still(writers):
    """No write was acknowledged for two seconds."""
    last, since = None, time.monotonic()

    def still():
        nonlocal last, since
        now = [writer.acknowledged for writer in writers]
        if now != last:
            last, since = now, time.monotonic()
        return time.monotonic() - since > 2

    until("writes stand still", still)


def agree(server, both, followers):
    """Everybody comes to the state that the server lists."""
    status, _, body = server.request("GET", OBJECTS)
    same(status, 200)
    state, _ = listed(body)
    until("the followers have come to the server's state", lambda: all(follower.state == state or follower.problems for follower in followers))
    for member in both:
        same(listed(member.request("GET", OBJECTS)[2])[0], state)


def loses_its_place_to_a_compaction(server, both, link):
    """What a member has not seen is compacted while it is cut off: its watchers hear 410, those of the other do not, and lists are right."""
    followers = [Follower(member) for member in both]
    for follower in followers:
        follower.start()
    until("the followers watch", lambda: all(follower.watches for follower in followers))
    write(server, "missed", "1")
    until("they follow", lambda: all("missed" in follower.state for follower in followers))
    with link.cut():
        # A compaction keeps what was written at its revision itself.
        write(server, "missed", "2")
        revision = int(write(server, "missed", "3"))
        until("the other member follows", lambda: followers[0].revision and int(followers[0].revision) >= revision)
        server.etcd.call("kv/compaction", {"revision": str(revision), "physical": True})
    until("the follower has listed again", lambda: followers[1].lists > 1 or followers[1].problems)
    last = write(server, "after", "1")
    agree(server, both, followers)
    for follower, lists in zip(followers, [1, 2]):
        follower.finish()
        same((follower.problems, follower.lists), ([], lists))
    same(followers[1].state["after"][0], last)
    return "410 for one member's watchers alone"


if __name__ == "__main__":
    main()
