"""A release of the chart in a cluster of our own, and its pods on a node of our own."""
import contextlib, pathlib, shutil, sys, tempfile, time

from chart import CHART
from cluster import Failure, Server, Session, tail
from commands import Command, expect, same
from hosts import Net
from pods import Node

RELEASE, SPACE = "shardplane", "shardplane"


class Entry:
    """A server as clients of the router's Service see it: any router that is ready."""

    port = 6443

    def __init__(self, node, selector, kubeconfig):
        self.node, self.selector, self.kubeconfig = node, selector, kubeconfig

    @property
    def host(self):
        ready = self.node.ready(self.selector)
        if not ready:
            raise OSError("no router is ready")
        return ready[0].address

    request = Server.request

    def session(self):
        return Again(self)


class Again:
    """A session that goes to another router when its own has gone."""

    def __init__(self, entry):
        self.entry, self.open, self.host = entry, None, None

    def request(self, *arguments, **more):
        if self.open is None or self.host != self.entry.host:
            self.close()
            self.host = self.entry.host
            self.open = Session(self.entry.port, host=self.host)
        return self.open.request(*arguments, **more)

    def close(self):
        if self.open:
            self.open.close()


class Release:
    """The chart's release in a cluster, and its pods. What the cluster is, is said by `serve`, which is given a folder and the net."""

    def __init__(self, folder, serve):
        self.folder, self.net, self.cluster, self.node = folder, Net([]), None, None
        try:
            (folder / "cluster").mkdir()
            self.cluster = serve(folder / "cluster", self.net)
            self.helm, self.kubectl = (Command(program, self.cluster, folder) for program in ("helm", "kubectl"))
            self.node = Node(self.cluster, self.net, folder / "pods", SPACE)
        except BaseException:
            self.stop()
            raise
        self.pods = {}

    def stop(self):
        for part in [self.node, self.cluster]:
            if part:
                part.stop()
        self.net.remove()

    def prepare(self):
        """The namespace, where only restricted pods are let in, and what controllers would make in it."""
        self.kubectl("create", "namespace", SPACE)
        self.kubectl("label", "namespace", SPACE, "pod-security.kubernetes.io/enforce=restricted", "pod-security.kubernetes.io/warn=restricted")
        self.kubectl("create", "serviceaccount", "default", "-n", SPACE)
        authority = (self.cluster.folder / "data" / "pki" / "ca.crt").read_text()
        self.kubectl("create", "configmap", "kube-root-ca.crt", "-n", SPACE, f"--from-literal=ca.crt={authority}")

    def install(self, *flags):
        out = self.helm("install", RELEASE, str(CHART), "-n", SPACE, *flags)
        expect(out, r"STATUS: deployed", r"rollout status deployment/shardplane-router")

    def run_job(self, template, name):
        """Runs a pod to its end; what it said."""
        pod = self.node.start(template, name, on_host=True)
        same((pod.process.wait(60), tail(pod.log)), (0, tail(pod.log)))
        self.node.pods.remove(pod)
        return pod.log.read_text()

    def start(self, tier):
        """All pods of a tier; they are not waited for."""
        deployment = self.deployment(tier)
        template = deployment["spec"]["template"]
        self.pods[tier] = [self.node.start(template, f"{RELEASE}-{tier}") for _ in range(deployment["spec"]["replicas"])]
        return self.pods[tier]

    def deployment(self, tier):
        return self.node.named("deployments", f"{RELEASE}-{tier}", "apis/apps/v1")

    def roll(self, tier):
        """As the Deployment says: one more, and when that is ready one less."""
        deployment = self.deployment(tier)
        same(deployment["spec"]["strategy"], {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}})
        template = deployment["spec"]["template"]
        for old in list(self.pods[tier]):
            new = self.node.start(template, f"{RELEASE}-{tier}")
            new.wait()
            old.end()
            self.pods[tier] = [*self.pods[tier][1:], new]


@contextlib.contextmanager
def release(serve):
    """A cluster and a net for a release; everything is gone afterwards."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="shardplane-deploy-"))
    # Processes of another user find their root in it.
    folder.chmod(0o755)
    found = None
    try:
        found = Release(folder, serve)
        yield found
    except BaseException:
        for log in sorted([*folder.glob("*/*.log"), *folder.glob("pods/*/log")]):
            print(f"--- end of {log.relative_to(folder)}\n{tail(log, 20)}", file=sys.stderr)
        raise
    finally:
        if found:
            found.stop()
        shutil.rmtree(folder, ignore_errors=True)


def wait_all(pods):
    for pod in pods:
        pod.wait()


def until(what, holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(0.05)
