"""The profile offload as it is rendered: routers and members as pods of the cluster whose lists and watches they answer.

`shardplane serve` stands in for kube-apiserver: it knows nothing of tiers.
"""
import json, pathlib, sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "watch"), str(HERE.parent / "system"), str(HERE)]
from beside import writes_are_followed
from chart import CHART
from clients import NAMESPACE, OBJECTS
from cluster import Etcd, Server
from commands import expect, same
from hosts import CLIENT
from release import RELEASE, SPACE, Entry, until, wait_all

FOLLOWERS, WRITES = 4, 30
LEASES = "shardplane-system"


class Reachable(Server):
    """A server that pods reach, over an etcd that they reach."""

    def __init__(self, folder, net):
        self.address = net.addresses[CLIENT]
        super().__init__(folder, Etcd(folder, host=self.address))

    def start(self):
        self.command[self.command.index("--bind-address") + 1] = "0.0.0.0"
        self.command += ["--advertise-address", self.address]
        super().start()

    def stop(self):
        super().stop()
        self.etcd.stop()


serve = Reachable


def it_installs_beside(release):
    """With what docs/offload.md says is to be made before."""
    release.prepare()
    pki = release.cluster.folder / "data" / "pki"
    release.kubectl("create", "configmap", "shardplane-authorities", "-n", SPACE, f"--from-file=client-ca.crt={pki}/ca.crt",
                    f"--from-file=requestheader-ca.crt={pki}/front-proxy-ca.crt")
    release.kubectl("create", "secret", "tls", "shardplane-front-proxy", "-n", SPACE, f"--cert={pki}/front-proxy-client.crt", f"--key={pki}/front-proxy-client.key")
    release.install("-f", str(CHART / "profiles" / "offload.yaml"), "--set", f"etcd.endpoints={{{release.cluster.etcd.url}}}",
                    "--set", f"offload.frontends={{{release.cluster.address}:{release.cluster.port}}}",
                    *(f"--set={tier}.{value}" for tier in ["router", "watchcache"] for value in ["replicas=2", "shutdownDelay=1s", "watchGrace=1s"]))
    job = release.node.named("jobs", f"{RELEASE}-certificates-1", "apis/batch/v1")
    said = release.run_job(job["spec"]["template"], "certificates")
    same(set(said.splitlines()), {f"{piece} is made" for piece in ["ca", "front-proxy-ca", "router-tls", "watchcache-tls"]})


def members_and_routers_get_ready(release):
    wait_all([*release.start("watchcache"), *release.start("router")])
    leases = release.kubectl.json("get", "leases", "-n", LEASES)["items"]
    same([lease["metadata"]["labels"]["shardplane.io/tier"] for lease in leases], ["watchcache"] * 2)


def lists(member):
    """How many lists of config maps a member answered."""
    lines = Direct(member).request("GET", "/metrics")[2].decode().splitlines()
    lines = [line for line in lines if line.startswith("apiserver_request_total{") and 'verb="LIST"' in line and 'resource="configmaps"' in line]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


class Direct:
    """A process by its own address."""

    port, request = 6443, Server.request

    def __init__(self, pod):
        self.host = pod.address


def entry(release):
    return Entry(release.node, release.node.named("services", RELEASE)["spec"]["selector"], None)


def members_answer_what_is_there(release):
    served = entry(release)
    path = "/api/v1/configmaps"
    until("members are ready for it", lambda: read(served, "/statusz")["settled"])
    revision = json.loads(release.cluster.request("GET", path)[2])["metadata"]["resourceVersion"]
    before = sum(lists(pod) for pod in release.pods["watchcache"])
    query = f"{path}?resourceVersion={revision}&resourceVersionMatch=Exact"
    same(read(served, query), read(release.cluster, query))
    same(sum(lists(pod) for pod in release.pods["watchcache"]), before + 1)
    same(served.request("GET", path, token="wrong")[0], 401)
    same(served.request("GET", path, token=None)[0], 403)


def read(server, path):
    status, _, body = server.request("GET", path)
    same((path, status), (path, 200))
    return json.loads(body)


def writes_are_seen_while_pods_are_replaced(release):
    served = entry(release)
    same(release.cluster.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})[0], 201)
    return writes_are_followed(served, [release.cluster, served], FOLLOWERS, WRITES, until, lambda: release.roll("watchcache"))


def it_goes_and_leaves_nothing(release):
    for pod in [*release.pods["router"], *release.pods["watchcache"]]:
        pod.end()
    expect(release.helm("uninstall", RELEASE, "-n", SPACE), r"uninstalled")
    same(release.cluster.request("GET", OBJECTS)[0], 200)
    same(release.kubectl("get", "clusterrolebindings", "-l", "app.kubernetes.io/part-of=shardplane", "-o", "name"), "")


STEPS = [it_installs_beside, members_and_routers_get_ready, members_answer_what_is_there, writes_are_seen_while_pods_are_replaced,
         it_goes_and_leaves_nothing]
