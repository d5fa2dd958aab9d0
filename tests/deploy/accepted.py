"""What is deployed is taken by our own server with strict validation: the chart's objects, helm's way through a release, the overlays."""
import json, subprocess, sys

from chart import CHART, CUSTOM, KUSTOMIZE, MONITORED, PROFILES, CERTIFICATES, as_list, documents, identity, of_kind, render
from cluster import REPO, Failure, binary
from commands import Command, expect, same

SPACE = "shardplane"
LEASES = "shardplane-system"
STRICT = ["--server-side", "--validate=strict", "--warnings-as-errors"]


class Clients:
    def __init__(self, server, folder):
        self.server = server
        self.helm, self.kubectl = (Command(program, server, folder) for program in ("helm", "kubectl"))
        for name in [SPACE, LEASES]:
            self.kubectl("create", "namespace", name)
            self.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted", "pod-security.kubernetes.io/warn=restricted")

    def left(self):
        """What is still there of a release, Secrets and claims of volumes aside."""
        kinds = "deployments,statefulsets,services,configmaps,serviceaccounts,jobs,cronjobs,roles,rolebindings,networkpolicies,hpa,pdb"
        found = self.kubectl("get", kinds, "-n", SPACE, "-l", "app.kubernetes.io/part-of=shardplane", "-o", "name")
        return found.split()


def every_object_is_taken(clients):
    """Those of kinds that other operators bring are in `operators`."""
    count = 0
    for profile, flags in PROFILES.items():
        for more in CERTIFICATES.values():
            found = render(*flags, *more, *MONITORED)
            ours = [one for one in found if one["kind"] not in CUSTOM]
            out = clients.kubectl("apply", *STRICT, "--dry-run=server", "-f", "-", stdin=as_list(ours))
            same(out.count("serverside-applied (server dry run)"), len(ours))
            count += len(ours)
    return f"{count} objects"


def restricted_is_enforced(clients):
    """Pods as the chart has them are let in where only restricted ones are, and one that may more is not."""
    account = clients.kubectl.json("get", "serviceaccounts", "-n", SPACE)["items"]
    for tier in ["router", "frontends", "watchcache", "certificates"]:
        if not any(one["metadata"]["name"] == f"shardplane-{tier}" for one in account):
            clients.kubectl("create", "serviceaccount", f"shardplane-{tier}", "-n", SPACE)
    for one in render(*PROFILES["dev"]):
        if one["kind"] not in ("Deployment", "Job"):
            continue
        template = one["spec"]["template"]
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {**template["metadata"], "name": "probe", "namespace": SPACE}, "spec": template["spec"]}
        clients.kubectl("apply", *STRICT, "--dry-run=server", "-f", "-", stdin=json.dumps(pod))
        pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
        said = clients.kubectl("apply", *STRICT, "--dry-run=server", "-f", "-", stdin=json.dumps(pod), fails=True)
        expect(said, r'violates PodSecurity "restricted:latest": allowPrivilegeEscalation')
    for tier in ["router", "frontends", "watchcache", "certificates"]:
        clients.kubectl("delete", "serviceaccount", f"shardplane-{tier}", "-n", SPACE)


def a_release_lives(clients):
    """Installed, upgraded, rolled back and gone."""
    replicas = lambda: clients.kubectl("get", "deployment", "shardplane-router", "-n", SPACE, "-o", "jsonpath={.spec.replicas}")
    jobs = lambda: clients.kubectl("get", "jobs", "-n", SPACE, "-o", "name").split()
    out = clients.helm("install", "shardplane", str(CHART), "-n", SPACE, *PROFILES["dev"])
    expect(out, r"STATUS: deployed", r"rollout status deployment/shardplane-router", r"kubectl -n shardplane logs job/shardplane-certificates-1")
    same((replicas(), jobs()), ("1", ["job.batch/shardplane-certificates-1"]))
    out = clients.helm("upgrade", "shardplane", str(CHART), "-n", SPACE, *PROFILES["ha"])
    expect(out, r"STATUS: deployed", r"REVISION: 2")
    same(jobs(), ["job.batch/shardplane-certificates-2"])
    same(clients.kubectl("get", "hpa", "-n", SPACE, "-o", "name").split(), [f"horizontalpodautoscaler.autoscaling/shardplane-{tier}" for tier in ["frontends", "router", "watchcache"]])
    same(clients.kubectl("get", "statefulsets", "-n", SPACE, "-o", "name"), "")
    expect(clients.helm("rollback", "shardplane", "1", "-n", SPACE), r"Rollback was a success")
    same((clients.kubectl("get", "hpa", "-n", SPACE, "-o", "name"), replicas()), ("", "1"))
    expect(clients.helm("uninstall", "shardplane", "-n", SPACE), r"uninstalled")
    same(clients.left(), [])
    for profile in ["ha", "offload"]:
        # The namespace of leases is there already.
        flags = [*PROFILES[profile], "--set", "offload.createNamespace=false"]
        expect(clients.helm("install", "beside", str(CHART), "-n", SPACE, *flags), r"STATUS: deployed")
        clients.helm("uninstall", "beside", "-n", SPACE)
        same(clients.left(), [])


def overlays_are_the_chart(clients):
    """What kustomize builds is what helm renders, but for what tells who made it."""
    done = subprocess.run([sys.executable, REPO / "tools" / "kustomize", "--check"], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(done.stdout + done.stderr)
    for profile, flags in PROFILES.items():
        built = {identity(one): one for one in documents(clients.kubectl("kustomize", str(KUSTOMIZE / "overlays" / profile)))}
        rendered = {identity(one): one for one in render(*flags, "--set", "monitoring.dashboards.enabled=false")}
        same((profile, set(built) - set(rendered), set(rendered) - set(built)), (profile, {("Namespace", "", SPACE)}, set()))
        for key, one in rendered.items():
            for field in one.keys() - {"metadata"}:
                same((profile, key, field, plain(built[key][field])), (profile, key, field, plain(one[field])))


def the_example_overlay_builds(clients):
    example = documents(clients.kubectl("kustomize", str(KUSTOMIZE / "example")))
    clients.kubectl("apply", *STRICT, "--dry-run=server", "-f", "-", stdin=as_list(example))
    for name, one in of_kind(example, "Deployment").items():
        container = one["spec"]["template"]["spec"]["containers"][0]
        servers = [argument for argument in container["args"] if argument.startswith("--etcd-servers=")]
        same((name, servers), (name, [] if name.endswith("router") else ["--etcd-servers=https://10.0.0.1:2379,https://10.0.0.2:2379"]))
        same((name, container["image"]), (name, "registry.example/shardplane:0.1.0"))


def plain(value):
    """Without the labels of helm."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if key not in ("helm.sh/chart", "app.kubernetes.io/managed-by")}
    return [plain(one) for one in value] if isinstance(value, list) else value


def overlays_are_taken(clients):
    for profile in PROFILES:
        path = str(KUSTOMIZE / "overlays" / profile)
        out = clients.kubectl("apply", *STRICT, "--force-conflicts", "-k", path)
        count = len(documents(clients.kubectl("kustomize", path)))
        same((profile, out.count("serverside-applied")), (profile, count))
        built = clients.kubectl("get", "-k", path, "-o", "name").split()
        same((profile, len(built)), (profile, count))
        # Namespaces stay: nobody empties them here.
        gone = [one for one in documents(clients.kubectl("kustomize", path)) if one["kind"] != "Namespace"]
        same((profile, clients.kubectl("delete", "-f", "-", stdin=as_list(gone)).count(" deleted")), (profile, len(gone)))
        same((profile, clients.left()), (profile, []))


def the_health_check_tells(clients):
    """The image's own: of a server that is well, of a path that is not, and of a server that is not there."""
    data = clients.server.folder / "data"
    probe = lambda *more: subprocess.run([binary(), "probe", "--data-dir", data, *more], capture_output=True, text=True)
    same(probe("--server", clients.server.url).returncode, 0)
    for more, why in [(["--path", "/livez/missing"], r"/livez/missing: the answer has status 40"), (["--server", "https://127.0.0.1:1"], r"refused")]:
        failed = probe("--server", clients.server.url, *more) if "--path" in more else probe(*more)
        same(failed.returncode, 1)
        expect(failed.stderr, why)


STEPS = [the_health_check_tells, every_object_is_taken, restricted_is_enforced, a_release_lives, overlays_are_the_chart, the_example_overlay_builds, overlays_are_taken]
