#!/usr/bin/env python3
"""helm 4 against a running server: a release's whole life, on a chart of more than fifteen kinds.

    run.py --store embedded|etcd|tiers

Every step is done with server-side apply, helm's default, and with --server-side=false.
"""
import argparse, json, pathlib, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
from cluster import Failure
from commands import Command, expect, same
from tiers import STORES, served

CHART = str(HERE / "chart")
KINDS_MIN = 15


class Release:
    """One release in a namespace of its own, applied on one side."""

    def __init__(self, helm, kubectl, name, server_side):
        self.helm, self.kubectl, self.name, self.server_side = helm, kubectl, name, server_side
        self.side = f"--server-side={'true' if server_side else 'false'}"
        self.space = ("-n", name)

    def data(self):
        return self.kubectl.json("get", "configmap", f"{self.name}-settings", *self.space)["data"]

    def field(self, kind, name, path):
        return self.kubectl("get", kind, name, *self.space, "-o", f"jsonpath={{{path}}}")

    def install(self):
        dry = self.helm("install", self.name, CHART, *self.space, "--create-namespace", "--dry-run=server", self.side)
        expect(dry, r"STATUS: pending-install", r"kind: Deployment")
        expect(self.kubectl("get", "namespace", self.name, fails=True), r"not found")
        out = self.helm("install", self.name, CHART, *self.space, "--create-namespace", self.side)
        expect(out, r"STATUS: deployed", r"REVISION: 1")
        manifest = self.helm("get", "manifest", self.name, *self.space)
        kinds = {line.split()[1] for line in manifest.splitlines() if line.startswith("kind: ")}
        if len(kinds) < KINDS_MIN:
            raise Failure(f"the chart has {len(kinds)} kinds only: {sorted(kinds)}")
        names = self.kubectl("get", "-f", "-", *self.space, "-o", "name", stdin=manifest).split()
        same(len(names), manifest.count("\nkind: "))
        same(self.data(), {"color": "blue"})

    def owners(self):
        """On the server's side helm owns what it applied; else it is an updater like others."""
        entries = self.kubectl.json("get", "deployment", self.name, *self.space, "--show-managed-fields")["metadata"]["managedFields"]
        same([(entry["manager"], entry["operation"]) for entry in entries], [("helm", "Apply" if self.server_side else "Update")])

    def upgrade(self):
        sets = ("--set", "color=green", "--set", "image=registry.example/shop:2", "--set", "replicas=4", "--set", "extra.size=big")
        dry = self.helm("upgrade", self.name, CHART, *self.space, *sets, "--dry-run=server", self.side)
        expect(dry, r"STATUS: pending-upgrade", r"shop:2")
        same(self.data(), {"color": "blue"})
        expect(self.helm("upgrade", self.name, CHART, *self.space, *sets, self.side), r"STATUS: deployed", r"REVISION: 2")
        same(self.data(), {"color": "green", "size": "big"})
        same(self.field("deployment", self.name, ".spec.replicas"), "4")
        same(self.field("deployment", self.name, ".spec.template.spec.containers[0].image"), "registry.example/shop:2")
        # What the chart no longer says goes.
        sets = (*sets[:-2], "--set", "workloads=false")
        self.helm("upgrade", self.name, CHART, *self.space, *sets, self.side)
        same(self.data(), {"color": "green"})
        expect(self.kubectl("get", "deployment", self.name, *self.space, fails=True), r"not found")

    def roll_back(self):
        expect(self.helm("rollback", self.name, "1", *self.space, self.side), r"Rollback was a success")
        same(self.data(), {"color": "blue"})
        same(self.field("deployment", self.name, ".spec.replicas"), "2")
        history = json.loads(self.helm("history", self.name, *self.space, "-o", "json"))
        same([entry["status"] for entry in history], ["superseded", "superseded", "superseded", "deployed"])
        same(json.loads(self.helm("status", self.name, *self.space, "-o", "json"))["info"]["status"], "deployed")
        same([entry["name"] for entry in json.loads(self.helm("list", *self.space, "-o", "json"))], [self.name])

    def conflict(self):
        """Helm's apply meets what somebody else changed."""
        self.kubectl("patch", "configmap", f"{self.name}-settings", *self.space, "--type=merge", "-p", '{"data":{"color":"pink"}}')
        sets = ("--set", "color=black")
        if self.server_side:
            refused = self.helm("upgrade", self.name, CHART, *self.space, *sets, self.side, fails=True)
            expect(refused, r'conflict with "kubectl-patch" using v1: \.data\.color')
            self.helm("upgrade", self.name, CHART, *self.space, *sets, self.side, "--force-conflicts")
        else:
            self.helm("upgrade", self.name, CHART, *self.space, *sets, self.side)
        same(self.data()["color"], "black")

    def uninstall(self):
        expect(self.helm("uninstall", self.name, *self.space), r"uninstalled")
        # A controller that does not run here lets claims go.
        claim = ("persistentvolumeclaim", f"{self.name}-data", *self.space)
        same(self.kubectl("get", *claim, "-o", "jsonpath={.metadata.finalizers[*]}"), "kubernetes.io/pvc-protection")
        self.kubectl("patch", *claim, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        self.kubectl("get", *claim, fails=True)
        same(self.kubectl("get", "deployments,services,configmaps,roles", *self.space, "-o", "name").split(), [])
        self.kubectl("get", "clusterrole", f"{self.name}-reader", fails=True)

    def wait(self):
        """What needs no pods is ready at once."""
        out = self.helm("install", self.name, CHART, *self.space, "--set", "workloads=false", "--wait", "--timeout=60s", self.side)
        expect(out, r"STATUS: deployed")
        self.helm("uninstall", self.name, *self.space, "--wait", "--timeout=60s")


STEPS = [Release.install, Release.owners, Release.upgrade, Release.roll_back, Release.conflict, Release.uninstall, Release.wait]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=STORES, default="embedded")
    with served(parser.parse_args().store) as server, tempfile.TemporaryDirectory() as folder:
        helm, kubectl = (Command(program, server, folder) for program in ("helm", "kubectl"))
        expect(helm("lint", CHART), r"0 chart\(s\) failed")
        for name, server_side in (("theirs", True), ("ours", False)):
            release = Release(helm, kubectl, name, server_side)
            for step in STEPS:
                step(release)
                print(f"helm {step.__name__}, {release.side}: passed", flush=True)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
