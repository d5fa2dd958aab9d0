#!/usr/bin/env python3
"""The three tiers as processes of their own over a real etcd: 2 frontends, 2 members of the watch tier, a router.

    run.py            what goes where, who is who, and what survives: each tier is killed, drained and joined under load

With SHARDPLANE_FULL there are more followers and two routers, of which one is restarted under load, and the recorded behaviour of the
reference is replayed through a router.
"""
import json, os, pathlib, re, signal, statistics, sys, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), *(str(HERE.parent / folder) for folder in ["watch", "golden", "system", "access"])]
from cluster import TOKEN, Failure
from clients import NAMESPACE, OBJECTS, Follower, Writer, listed
from commands import Command, expect, same
from corpus import LINE, replay
from judgement import check
from tiers import system
from watches import ending_certificates

FULL = bool(os.environ.get("SHARDPLANE_FULL"))
WRITERS = 2
FOLLOWERS = 60 if FULL else 24
# Acknowledged writes between one blow and the next.
WRITES_BETWEEN = 20
RESUMED_SECONDS = {"median": 2, "worst": 5}


def main():
    flags = ["--unit-replicas-overrides", "configmaps=all"]
    with system(member_flags=flags, routers=2 if FULL else 1) as tiers:
        router = tiers.routers[0]
        status, _, body = router.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        if status != 201:
            raise Failure(f"the namespace: {status} {body}")
        for test in [kubectl_works, requests_go_where_they_belong, clients_are_who_they_are, watches_end_with_certificates,
                     leases_show_the_tiers, survives]:
            step(test, tiers, router)
        if FULL:
            step(behaves_as_recorded, tiers, router)


def step(test, *arguments):
    begin = time.monotonic()
    said = test(*arguments)
    print(f"{test.__name__}: {said or 'ok'} in {time.monotonic() - begin:.1f} s", flush=True)


def kubectl_works(tiers, router):
    """With the certificate that the router's kubeconfig has: only a front proxy's headers tell the tiers who that is."""
    kubectl = Command("kubectl", router, tiers.folder)
    expect(kubectl("auth", "whoami"), r"^Username +kubernetes-admin$", r"system:masters")
    expect(kubectl("api-resources"), r"^pods +po +v1 +true +Pod$")
    kubectl("create", "configmap", "typed", "-n", NAMESPACE, "--from-literal=color=blue")
    expect(kubectl("get", "configmaps", "-n", NAMESPACE), r"^NAME +DATA +AGE$", r"^typed +1 ")
    watching = kubectl.background("get", "configmaps", "-n", NAMESPACE, "--watch", "-o", "name")
    try:
        same(watching.stdout.readline().strip(), "configmap/typed")
        kubectl("create", "configmap", "later", "-n", NAMESPACE)
        same(watching.stdout.readline().strip(), "configmap/later")
    finally:
        watching.kill()
        watching.wait()
    kubectl("create", "deployment", "web", "-n", NAMESPACE, "--image=registry.example/web:1")
    kubectl("scale", "deployment", "web", "-n", NAMESPACE, "--replicas=3")
    same(kubectl("get", "deployment", "web", "-n", NAMESPACE, "-o", "jsonpath={.spec.replicas}"), "3")
    kubectl("wait", "--for=jsonpath={.spec.replicas}=3", "deployment/web", "-n", NAMESPACE, "--timeout=20s")
    kubectl("delete", "deployment", "web", "-n", NAMESPACE, "--wait=false")
    kubectl("delete", "configmap", "typed", "later", "-n", NAMESPACE)


def requests_go_where_they_belong(tiers, router):
    """Seen by the numbers of the tiers themselves."""
    before = counts(tiers)
    name = f"{OBJECTS}/counted"
    revision = json.loads(router.request("POST", OBJECTS, {"metadata": {"name": "counted"}})[2])["metadata"]["resourceVersion"]
    for method, path, body in [
        ("GET", OBJECTS, None), ("GET", f"{OBJECTS}?limit=5", None), ("GET", f"{OBJECTS}?watch=1&timeoutSeconds=1", None),
        ("GET", f"{name}?resourceVersion={revision}", None), ("GET", name, None),
        ("PUT", name, {"metadata": {"name": "counted"}, "data": {"a": "1"}}), ("DELETE", name, None),
    ]:
        same((method, path, router.request(method, path, body)[0]), (method, path, 200))
    after = counts(tiers)
    asked = {key: after.get(key, 0) - before.get(key, 0) for key in after}
    asked = {key: count for key, count in asked.items() if count}
    wanted = {("members", "LIST"): 2, ("members", "WATCH"): 1, ("members", "GET"): 1,
              ("frontends", "GET"): 1, ("frontends", "POST"): 1, ("frontends", "PUT"): 1, ("frontends", "DELETE"): 1}
    same(asked, wanted)
    # What the tiers tell routers of themselves is not for clients.
    told = [name for name in router.request("GET", OBJECTS)[1] if name.startswith("shardplane")]
    same(told, [])
    # Without a ready member of its own a resource is a frontend's: it reads one object or a page, and no more.
    frontend = tiers.frontends[0]
    same(frontend.request("GET", f"{OBJECTS}?limit=5")[0], 200)
    for path in [OBJECTS, f"{OBJECTS}?watch=1"]:
        status, headers, _ = frontend.request("GET", path)
        same((path, status, headers.get("retry-after")), (path, 429, "1"))


def counts(tiers):
    """Requests for configmaps by tier and verb."""
    found = {}
    pattern = re.compile(r'apiserver_request_total\{verb="(\w+)",[^}]*resource="configmaps"[^}]*\} (\d+)')
    for tier, processes in [("frontends", tiers.frontends), ("members", tiers.members)]:
        for process in processes:
            for verb, count in pattern.findall(process.request("GET", "/metrics")[2].decode()):
                found[tier, verb] = found.get((tier, verb), 0) + int(count)
    return found


def clients_are_who_they_are(tiers, router):
    review = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    spoofed = {"X-Remote-User": "root", "X-Remote-Group": "system:masters", "X-Remote-Extra-Scopes": "all"}

    def who(**request):
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        status, _, answer = router.request("POST", review, body, **request)
        return status, json.loads(answer)["status"]["userInfo"]["username"] if status == 201 else None

    same(who(), (201, "admin"))
    same(who(headers=spoofed), (201, "admin"))
    same(who(token="wrong"), (401, None))
    for path, status in [("/version", 200), (OBJECTS, 403), ("/statusz", 403), ("/metrics", 403), ("/router/metrics", 403), ("/livez", 200),
                         ("/router/livez", 200), ("/router/readyz", 200)]:
        same((path, router.request("GET", path, token=None, headers=spoofed)[0]), (path, status))
    # The tiers themselves believe nobody without a proxy's certificate.
    for process in [tiers.frontends[0], tiers.members[0]]:
        same(process.request("GET", f"{OBJECTS}?limit=1", token=None, headers=spoofed)[0], 403)
    page = router.request("GET", "/statusz", headers={"Accept": "text/html"})[2].decode()
    expect(page, r"<td>configmaps</td>")
    expect(router.request("GET", "/router/metrics")[2].decode(), r'shardplane_router_requests_total\{tier="watchcache",code="200"\}',
           r'shardplane_router_upstream_open\{member="127\.0\.0\.1:')


def watches_end_with_certificates(tiers, router):
    """The tiers behind a router do not see the certificate that a watch was opened with."""
    ending_certificates(router, tiers.folder / "pki", tiers.folder, router, "a router")


def leases_show_the_tiers(tiers, router):
    kubectl = Command("kubectl", router, tiers.folder)
    leases = kubectl.json("get", "leases", "-n", "shardplane-system")["items"]
    found = sorted(lease["metadata"]["labels"]["shardplane.io/tier"] for lease in leases)
    same(found, ["frontend", "frontend", "watchcache", "watchcache"])
    ready = [lease["metadata"]["annotations"].get("shardplane.io/ready", "") for lease in leases]
    same(sum("configmaps" in units.split(",") for units in ready), 2)


def behaves_as_recorded(tiers, router):
    """The whole corpus, as well as one process matches it."""
    reached = replay(router)
    fell = {group: (reached.get(group), least) for group, least in json.loads(LINE.read_text()).items() if reached.get(group, (0, 0))[0] < least}
    same(fell, {})
    return f"{sum(matched for matched, _ in reached.values())} of {sum(total for _, total in reached.values())} steps"


def survives(tiers, router):
    """Followers through the router lose nothing, see nothing twice and never list again, whatever happens behind it."""
    followers = [Follower(router) for _ in range(FOLLOWERS)]
    for follower in followers:
        follower.start()
    tiers.until("the followers watch", lambda: all(follower.watches for follower in followers))
    writers = [Writer(router, number) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    load = Load(tiers, router, followers, writers)
    said = []
    for blow in [a_member_dies, a_frontend_dies, a_member_is_drained, a_member_joins, *([a_member_stands_still, a_router_restarts] if FULL else [])]:
        said.append(blow(load))
        load.goes_on()
    for writer in writers:
        writer.finish()
    state, _ = listed(router.request("GET", OBJECTS)[2])
    tiers.until("the followers have come to what is listed", lambda: all(one.state == state or one.problems for one in followers))
    for follower in followers:
        follower.finish()
        check(follower, writers, lists=1)
    written = sum(writer.acknowledged for writer in writers)
    return f"{written} acknowledged writes, {FOLLOWERS} followers; " + "; ".join(said)


class Load:
    """What goes on while something happens."""

    def __init__(self, tiers, router, followers, writers):
        self.tiers, self.router, self.followers, self.writers = tiers, router, followers, writers

    def goes_on(self):
        """More is acknowledged, and everybody hears of more."""
        counts = [len(follower.events) for follower in self.followers]
        acknowledged = self.acknowledged
        self.tiers.until("writes are acknowledged", lambda: self.acknowledged >= acknowledged + WRITES_BETWEEN)
        self.tiers.until("followers hear of them", lambda: all(
            len(one.events) >= count + WRITES_BETWEEN // 2 or one.problems for one, count in zip(self.followers, counts)))

    @property
    def acknowledged(self):
        return sum(writer.acknowledged for writer in self.writers)

    def watches_of(self, process):
        return (self.tiers.of_member(self.router, process) or {"watches": 0})["watches"]


def a_member_dies(load):
    tiers, member = load.tiers, load.tiers.members[0]
    had = {follower: follower.watches for follower in load.followers}
    count = load.watches_of(member)
    if not count:
        raise Failure("no watch is at the member that is to die")
    begin = time.monotonic()
    member.kill()
    resumed = []
    while len(resumed) < count:
        resumed += [time.monotonic() - begin for one in load.followers if had.get(one, one.watches) < one.watches]
        had = {one: watches for one, watches in had.items() if one.watches == watches}
        if time.monotonic() - begin > 20:
            raise Failure(f"{len(resumed)} of {count} watches resumed in 20 s")
        time.sleep(0.01)
    median, worst = (statistics.median(resumed), max(resumed)) if resumed else (0, 0)
    if median > RESUMED_SECONDS["median"] or worst > RESUMED_SECONDS["worst"]:
        raise Failure(f"watches resumed after {median:.2f} s, {worst:.2f} s at the worst")
    tiers.until("it is out", lambda: tiers.of_member(load.router, member) is None, seconds=15)
    member.start()
    tiers.until("it is back", lambda: tiers.is_complete(load.router))
    return f"{count} watches of a killed member resumed after {median:.2f} s, {worst:.2f} s at the worst"


def a_frontend_dies(load):
    frontend = load.tiers.frontends[1]
    frontend.kill()
    load.goes_on()
    frontend.start()
    load.tiers.until("it is back", lambda: load.tiers.is_complete(load.router))
    return "writes went on without a frontend"


def a_member_is_drained(load):
    """It says when it goes: its watches end cleanly and its lease is gone."""
    tiers, member = load.tiers, load.tiers.members[1]
    count = load.watches_of(member)
    member.process.send_signal(signal.SIGTERM)
    tiers.until("it is out", lambda: tiers.of_member(load.router, member) is None)
    same(member.process.wait(60), 0)
    load.goes_on()
    return f"{count} watches of a drained member went elsewhere"


def a_member_joins(load):
    """It loads, and then takes its share of the watches that are there."""
    tiers = load.tiers
    tiers.members.pop(1)
    member = tiers.add_member()
    member.wait()
    tiers.until("routers ask it", lambda: member_name(tiers, load.router, member) in tiers.unit(load.router, "configmaps")["asked"])
    share = FOLLOWERS // 4
    tiers.until("it has its share", lambda: load.watches_of(member) >= share, seconds=30)
    return f"a new member has {load.watches_of(member)} of {FOLLOWERS} watches"


def member_name(tiers, router, process):
    return (tiers.of_member(router, process) or {}).get("name")


def a_member_stands_still(load):
    """It answers nothing and closes nothing: its watches are given up, and go on elsewhere."""
    tiers, member = load.tiers, load.tiers.members[0]
    count = load.watches_of(member)
    with member.paused():
        tiers.until("it is out", lambda: tiers.of_member(load.router, member) is None, seconds=15)
        load.goes_on()
    tiers.until("it is back", lambda: tiers.is_complete(load.router))
    return f"{count} watches of a member that stood still went elsewhere"


def a_router_restarts(load):
    router = load.router
    router.stop()
    router.start()
    load.tiers.until("it is back", lambda: load.tiers.is_complete(router))
    return "a router was restarted"


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
