#!/usr/bin/env python3
"""Custom resources as their clients meet them: a definition comes, its objects are made, read, watched and changed, and all of it goes.

    run.py --store embedded|etcd|tiers

On tiers, a member of the watch tier is killed and writes go to two frontends at once.
"""
import argparse, contextlib, json, os, pathlib, subprocess, sys, tempfile, threading, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]
from cluster import START_SECONDS_MAX, TOKEN, TOOLS, Failure, cluster
from commands import Command, expect, same
from tiers import STORES, system

DEFINITION = (HERE / "definition.yaml").read_text()
NAME, GROUP, NAMESPACE = "shelves.shop.example.com", "/apis/shop.example.com", "shop"
SHELVES = f"{GROUP}/v1/namespaces/{NAMESPACE}/shelves"
# A frontend alone answers no whole list.
LIMITED = f"{SHELVES}?limit=1"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
PYTHON_SECONDS_MAX = 120


class World:
    """Who is asked: a server, or a router and all who stand behind it."""

    def __init__(self, server, folder, tiers=None):
        self.server, self.folder, self.tiers = server, pathlib.Path(folder), tiers
        self.kubectl = Command("kubectl", server, folder)

    @property
    def everybody(self):
        return [self.server, *(self.tiers.frontends if self.tiers else [])]

    def until(self, what, holds):
        end = time.monotonic() + START_SECONDS_MAX
        while True:
            with contextlib.suppress(OSError):
                if holds():
                    return
            if time.monotonic() > end:
                raise Failure(f"not within {START_SECONDS_MAX} s: {what}")
            time.sleep(0.02)

    def until_everybody(self, what, path, wanted):
        for server in self.everybody:
            self.until(what, lambda: server.request("GET", path)[0] == wanted)

    def get(self, path):
        status, _, body = self.server.request("GET", path)
        if status != 200:
            raise Failure(f"{path}: {status} {body}")
        return json.loads(body)


def shelf(name, wood="oak", version="v1", **spec):
    return json.dumps({"apiVersion": f"shop.example.com/{version}", "kind": "Shelf", "metadata": {"name": name}, "spec": {"wood": wood, **spec}})


def define(world):
    kubectl = world.kubectl
    kubectl("create", "namespace", NAMESPACE)
    expect(kubectl("get", "shelves", "-n", NAMESPACE, fails=True), r"doesn't have a resource type")
    expect(kubectl("apply", "-f", "-", stdin=DEFINITION), r"shelves.shop.example.com created")
    kubectl("wait", "--for=condition=Established", f"crd/{NAME}", "--timeout=30s")
    world.until_everybody("the resource is served", LIMITED, 200)
    world.until("it is discovered", lambda: "shop.example.com/v1" in kubectl("api-versions").split())
    expect(kubectl("api-resources", "--api-group=shop.example.com"), r"^shelves +sh +shop.example.com/v1 +true +Shelf$")
    world.until_everybody("it has an APIService", f"{SERVICES}/v1.shop.example.com", 200)
    service = world.get(f"{SERVICES}/v1.shop.example.com")
    same(service["metadata"]["labels"], {"kube-aggregator.kubernetes.io/automanaged": "true"})
    same((service["spec"]["groupPriorityMinimum"], service["spec"]["versionPriority"]), (1000, 100))


def create_and_read(world):
    kubectl = world.kubectl
    expect(kubectl("create", "-n", NAMESPACE, "-f", "-", stdin=shelf("a", boards=5, note="high")), r"shelf.shop.example.com/a created")
    kubectl("create", "-n", NAMESPACE, "-f", "-", stdin=shelf("b", "ash"))
    expect(kubectl("get", "shelves", "-n", NAMESPACE), r"^NAME +WOOD +BOARDS$", r"^a +oak +5$", r"^b +ash +3$")
    expect(kubectl("get", "sh", "-n", NAMESPACE, "-o", "wide"), r"^NAME +WOOD +BOARDS +NOTE$", r"^a +oak +5 +high$")
    expect(kubectl("get", "goods", "-n", NAMESPACE, "-o", "name"), r"^shelf.shop.example.com/a$")
    same(kubectl("get", "sh", "-n", NAMESPACE, "--field-selector=spec.wood=ash", "-o", "name").split(), ["shelf.shop.example.com/b"])
    same(kubectl("get", "shelf", "a", "-n", NAMESPACE, "-o", "jsonpath={.metadata.generation} {.spec.boards}"), "1 5")
    expect(kubectl("get", "shelves.v1beta1.shop.example.com", "a", "-n", NAMESPACE, "-o", "yaml"), r"^apiVersion: shop.example.com/v1beta1$")
    expect(kubectl("create", "-n", NAMESPACE, "-f", "-", stdin=shelf("c", "elm"), fails=True), r'spec.wood: Unsupported value: "elm"')
    expect(kubectl("create", "-n", NAMESPACE, "-f", "-", stdin=shelf("c", color="red"), fails=True), r'unknown field "spec.color"')
    status, _, body = world.server.request("GET", f"{SHELVES}/a", headers={"Accept": "application/vnd.kubernetes.protobuf"})
    same((status, body[:4]), (406, b"k8s\0"))


def explain(world):
    kubectl = world.kubectl
    world.until("its schema is published", lambda: "apis/shop.example.com/v1" in json.loads(kubectl("get", "--raw", "/openapi/v3"))["paths"])
    expect(kubectl("explain", "shelf"), r"^GROUP: +shop.example.com$", r"^KIND: +Shelf$", r"^VERSION: +v1$")
    expect(kubectl("explain", "shelf.spec.wood"), r"FIELD: wood <string>", r"What it is made of\.")
    expect(kubectl("explain", "shelves", "--recursive"), r"boards\s+<integer>", r"labels\s+<map\[string\]string>", r"resourceVersion\s+<string>")


def change(world):
    kubectl = world.kubectl
    kubectl("patch", "shelf", "a", "-n", NAMESPACE, "--type=merge", "-p", '{"spec":{"note":"low"}}')
    kubectl("patch", "shelf", "a", "-n", NAMESPACE, "--type=json", "-p", '[{"op":"replace","path":"/spec/boards","value":6}]')
    expect(kubectl("patch", "shelf", "a", "-n", NAMESPACE, "--type=strategic", "-p", "{}", fails=True), r"application/merge-patch\+json")
    expect(kubectl("patch", "shelf", "a", "-n", NAMESPACE, "--type=merge", "-p", '{"spec":{"wood":"ash"}}', fails=True), r"wood stays wood")
    kubectl("scale", "shelf/a", "-n", NAMESPACE, "--replicas=2")
    same(kubectl("get", "shelf", "a", "-n", NAMESPACE, "-o", "jsonpath={.spec.note} {.spec.boards} {.metadata.generation}"), "low 2 4")
    kubectl("patch", "shelf", "a", "-n", NAMESPACE, "--subresource=status", "--type=merge", "-p", '{"status":{"boards":2},"spec":{"boards":9}}')
    same(kubectl("get", "shelf", "a", "-n", NAMESPACE, "-o", "jsonpath={.status.boards} {.spec.boards} {.metadata.generation}"), "2 2 4")
    applied = shelf("a", boards=7)
    expect(kubectl("apply", "--server-side", "-n", NAMESPACE, "-f", "-", stdin=applied, fails=True), r"conflict")
    kubectl("apply", "--server-side", "--force-conflicts", "-n", NAMESPACE, "-f", "-", stdin=applied)
    same(kubectl("get", "shelf", "a", "-n", NAMESPACE, "-o", "jsonpath={.spec.boards}"), "7")


def watch(world):
    kubectl = world.kubectl
    watching = kubectl.background("get", "shelves", "-n", NAMESPACE, "-w", "--output-watch-events", "--field-selector=metadata.name=seen")
    guard = threading.Timer(START_SECONDS_MAX, watching.kill)
    guard.start()
    try:
        kubectl("create", "-n", NAMESPACE, "-f", "-", stdin=shelf("seen"))
        line(watching, "ADDED")
        kubectl("patch", "shelf", "seen", "-n", NAMESPACE, "--type=merge", "-p", '{"spec":{"note":"x"}}')
        line(watching, "MODIFIED")
        kubectl("delete", "shelf", "seen", "-n", NAMESPACE)
        line(watching, "DELETED")
    finally:
        guard.cancel()
        watching.kill()
        watching.wait()


def line(watching, kind):
    """The next event; its header is passed over."""
    said = watching.stdout.readline().split()
    if said[:1] == ["EVENT"]:
        said = watching.stdout.readline().split()
    same(said[:2], [kind, "seen"])


def python_client(world):
    command = [TOOLS / "venv" / "bin" / "python", HERE / "python" / "workload.py"]
    environment = {**os.environ, "KUBECONFIG": str(world.server.kubeconfig)}
    done = subprocess.run(list(map(str, command)), env=environment, timeout=PYTHON_SECONDS_MAX, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"python: exit code {done.returncode}\n{done.stdout}{done.stderr}")


def redefine(world):
    """A field of the schema goes: reads do not show it any more, and watches that are open end."""
    kubectl = world.kubectl
    events = Events(world, f"{SHELVES}?watch=1&timeoutSeconds=60&resourceVersion=0")
    events.until("the watch tells of all", lambda: len(events.names) >= 2)
    kubectl("apply", "-f", "-", stdin=DEFINITION.replace("              note: {type: string}\n", ""))
    events.until("the watch ends", lambda: events.is_over)
    gone = lambda: all("note" not in one["spec"] for one in world.get(SHELVES)["items"])
    world.until("nobody has a note", gone)
    expect(kubectl("get", "shelf", "a", "-n", NAMESPACE, "-o", "yaml"), r"wood: oak")


def a_member_dies(world):
    """Lists, watches and writes go on without it, and it comes back to the definition as it is then."""
    if not world.tiers:
        return
    tiers, router = world.tiers, world.server
    asked = tiers.unit(router, NAME)["asked"]
    if not asked:
        raise Failure("no member is ready for the unit")
    victim = next(one for one in tiers.members if tiers.of_member(router, one)["name"] in asked)
    victim.process.kill()
    victim.process.wait()
    for at in range(20):
        world.kubectl("create", "-n", NAMESPACE, "-f", "-", stdin=shelf(f"late-{at}"))
    world.until("the list has all", lambda: len([one for one in world.get(SHELVES)["items"] if one["metadata"]["name"].startswith("late-")]) == 20)
    victim.launch()
    victim.wait()
    tiers.until("it is asked again", lambda: tiers.of_member(router, victim)["name"] in tiers.unit(router, NAME)["asked"])


def two_frontends(world):
    """One defines, the other is asked at once; both write, and neither loses what the other wrote."""
    if not world.tiers:
        return
    one, other = world.tiers.frontends[:2]
    for at in range(40):
        server = [one, other][at % 2]
        status, _, body = server.request("POST", SHELVES, json.loads(shelf(f"both-{at}")))
        same((status, json.loads(body)["metadata"].get("name")), (201, f"both-{at}"))
        status, _, body = [other, one][at % 2].request("GET", f"{SHELVES}/both-{at}")
        same(status, 200)
    second = json.loads(json.dumps(definition_of("crates", "Crate")))
    same(one.request("POST", DEFINITIONS, second)[0], 201)
    rival = definition_of("boxes", "Crate")
    same(other.request("POST", DEFINITIONS, rival)[0], 201)
    world.until("one of them has the kind", lambda: {accepted(world, "crates"), accepted(world, "boxes")} == {"True", "False"})
    for name in ["crates", "boxes"]:
        one.request("DELETE", f"{DEFINITIONS}/{name}.shop.example.com")
    world.until_everybody("it is gone", f"{DEFINITIONS}/crates.shop.example.com", 404)


def definition_of(plural, kind):
    return {"metadata": {"name": f"{plural}.shop.example.com"}, "spec": {
        "group": "shop.example.com", "scope": "Cluster", "names": {"plural": plural, "kind": kind},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}]}}


def accepted(world, plural):
    conditions = world.get(f"{DEFINITIONS}/{plural}.shop.example.com")["status"].get("conditions") or []
    return next((one["status"] for one in conditions if one["type"] == "NamesAccepted"), None)


CRATES = "/apis/shop.example.com/v1/crates"
CRATE_DEFINITION = f"{DEFINITIONS}/crates.shop.example.com"


def forgiven(world):
    """A rule that comes later is no reason to refuse an object that broke it before it came; the client is warned."""
    server = world.server
    same(server.request("POST", DEFINITIONS, crates())[0], 201)
    world.until_everybody("crates are served", f"{CRATES}?limit=1", 200)
    old = {"apiVersion": "shop.example.com/v1", "kind": "Crate", "metadata": {"name": "old"}, "spec": {"size": 1}}
    same(server.request("POST", CRATES, old)[0], 201)
    rule = {"rule": "self.size > 5", "message": "too small"}
    redefine_crates(world, rules=[rule])
    world.until("the rule counts", lambda: server.request("POST", f"{CRATES}?dryRun=All", {**old, "metadata": {"name": "new"}})[0] == 422)
    labelled = {"metadata": {"labels": {"a": "b"}}}
    status, headers, body = server.request("PATCH", f"{CRATES}/old", labelled, {"Content-Type": "application/merge-patch+json"})
    same((status, json.loads(body)["metadata"].get("labels")), (200, {"a": "b"}))
    expect(headers.get("warning", ""), r"too small")


def unserved(world):
    """The end of a definition without a served version is that of its objects."""
    server = world.server
    redefine_crates(world, served=False)
    world.until_everybody("crates are not served", f"{CRATES}?limit=1", 404)
    same(server.request("DELETE", CRATE_DEFINITION)[0], 200)
    world.until_everybody("the definition is gone", CRATE_DEFINITION, 404)
    same(server.request("POST", DEFINITIONS, crates())[0], 201)
    world.until("crates are served", lambda: server.request("GET", CRATES)[0] == 200)
    same(world.get(CRATES)["items"], [])
    same(server.request("DELETE", CRATE_DEFINITION)[0], 200)
    world.until_everybody("the definition is gone", CRATE_DEFINITION, 404)


def crates(served=True, rules=()):
    definition = definition_of("crates", "Crate")
    definition["spec"]["versions"][0]["served"] = served
    spec = {"type": "object", "properties": {"size": {"type": "integer"}}, "x-kubernetes-validations": list(rules)}
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"] = {"spec": spec}
    return definition


def redefine_crates(world, **wanted):
    """Conflicts with who keeps its status are tried again."""
    def written():
        current = world.get(CRATE_DEFINITION)
        return world.server.request("PUT", CRATE_DEFINITION, {**current, "spec": crates(**wanted)["spec"]})[0] == 200
    world.until("the definition is changed", written)


def charged(world):
    """Their number is charged to quotas of their namespace."""
    server, counted = world.server, "count/shelves.shop.example.com"
    quotas, shelves = "/api/v1/namespaces/counted/resourcequotas", f"{GROUP}/v1/namespaces/counted/shelves"
    same(server.request("POST", "/api/v1/namespaces", {"metadata": {"name": "counted"}})[0], 201)
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}, "spec": {"hard": {counted: "1"}}}
    same(server.request("POST", quotas, quota)[0], 201)
    quota = world.get(f"{quotas}/few")
    quota["status"] = {"hard": {counted: "1"}, "used": {counted: "0"}}
    same(server.request("PUT", f"{quotas}/few/status", quota)[0], 200)
    same(server.request("POST", shelves, json.loads(shelf("first")))[0], 201)
    same(world.get(f"{quotas}/few")["status"]["used"], {counted: "1"})
    status, _, body = server.request("POST", shelves, json.loads(shelf("second")))
    same(status, 403)
    expect(json.loads(body)["message"], rf"exceeded quota: few, requested: {counted}=1, used: {counted}=1, limited: {counted}=1")


def undefine(world):
    """The definition goes with its objects: watches see them go, then nobody knows the resource."""
    events = Events(world, f"{SHELVES}?watch=1&timeoutSeconds=60&resourceVersion=0")
    count = len(world.get(SHELVES)["items"])
    events.until("the watch tells of all", lambda: len(events.names) == count)
    world.kubectl("delete", "crd", NAME, "--timeout=60s")
    events.until("the watch sees them go", lambda: events.deleted == events.names)
    world.until_everybody("the resource is gone", LIMITED, 404)
    if world.tiers:
        world.until("no member has it", lambda: not world.tiers.unit(world.server, NAME)["asked"])
    world.until_everybody("its APIService is gone", f"{SERVICES}/v1.shop.example.com", 404)
    expect(world.kubectl("get", "shelves", "-n", NAMESPACE, fails=True), r"the server doesn't have a resource type|could not find")


class Events:
    """What a watch tells, read in the background."""

    def __init__(self, world, path):
        self.world, self.names, self.deleted, self.is_over = world, set(), set(), False
        self.session = world.server.session()
        self.thread = threading.Thread(target=self.read, args=(path,), daemon=True)
        self.thread.start()

    def read(self, path):
        with contextlib.suppress(OSError):
            connection = self.session.connection
            connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
            answer = connection.getresponse()
            while text := answer.readline():
                event = json.loads(text)
                name = event["object"]["metadata"].get("name")
                if event["type"] in ("ADDED", "DELETED"):
                    self.names.add(name)
                if event["type"] == "DELETED":
                    self.deleted.add(name)
        self.is_over = True

    def until(self, what, holds):
        self.world.until(what, holds)


STEPS = [define, create_and_read, explain, change, watch, python_client, redefine, a_member_dies, two_frontends, forgiven, unserved, charged, undefine]


@contextlib.contextmanager
def world(store):
    with tempfile.TemporaryDirectory() as folder:
        if store != "tiers":
            with cluster(store) as server:
                yield World(server, folder)
            return
        with system(members=3) as tiers:
            yield World(tiers.routers[0], folder, tiers)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=STORES, default="embedded")
    with world(parser.parse_args().store) as asked:
        for step in STEPS:
            begin = time.monotonic()
            step(asked)
            print(f"custom {step.__name__}: passed in {time.monotonic() - begin:.1f} s", flush=True)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
