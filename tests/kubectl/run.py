#!/usr/bin/env python3
"""kubectl 1.36 against a running server: what people type, with what it must print.

    run.py --store embedded|etcd|tiers
"""
import argparse, json, pathlib, sys, tempfile, threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]
from cluster import Failure
from commands import Command, expect, same
from tiers import STORES, served
import server_side

MANIFESTS = HERE / "manifests"
SILENCE_SECONDS_MAX = 60


def discovery(kubectl):
    expect(kubectl("cluster-info"), r"control plane.* is running at")
    expect(kubectl("version"), r"Server Version: v1\.36")
    expect(kubectl("api-versions"), r"^apps/v1$", r"^v1$", r"^autoscaling/v2$", r"^resource\.k8s\.io/v1$")
    expect(kubectl("api-resources"), r"^pods +po +v1 +true +Pod$", r"^deployments +deploy +apps/v1 +true +Deployment$")
    expect(kubectl("api-resources", "--namespaced=false", "-o", "name"), r"^nodes$", r"^clusterroles\.rbac\.authorization\.k8s\.io$")
    expect(kubectl("explain", "pod.spec.containers.image"), r"KIND: +Pod", r"FIELD: image <string>", r"Container image name")
    expect(kubectl("explain", "deployments", "--recursive"), r"replicas\s+<integer>", r"maxSurge\s+<IntOrString>")
    expect(kubectl("get", "--raw", "/readyz?verbose"), r"readyz check passed")


def create_and_get(kubectl):
    kubectl("create", "namespace", "work")
    kubectl("create", "configmap", "settings", "-n", "work", "--from-literal=color=blue")
    kubectl("create", "secret", "generic", "key", "-n", "work", "--from-literal=password=x")
    # The controller manager would make it.
    kubectl("create", "serviceaccount", "default", "-n", "work")
    kubectl("create", "deployment", "web", "-n", "work", "--image=registry.example/web:1", "--replicas=2")
    kubectl("create", "-f", "-", "-n", "work", stdin=(MANIFESTS / "pod.yaml").read_text())
    same(kubectl("get", "configmap", "settings", "-n", "work", "-o", "jsonpath={.data.color}"), "blue")
    expect(kubectl("get", "deployments", "-n", "work"), r"NAME +READY +UP-TO-DATE +AVAILABLE +AGE", r"^web +0/2 ")
    expect(kubectl("get", "pods", "-A", "-o", "wide"), r"NAMESPACE +NAME +READY +STATUS +RESTARTS +AGE +IP +NODE", r"^work +single +0/1 +Pending ")
    expect(kubectl("get", "pod", "single", "-n", "work", "-o", "yaml"), r"^kind: Pod$", r"serviceAccountName: default")
    names = kubectl("get", "configmaps,secrets", "-n", "work", "-o", "name").split()
    same(sorted(name for name in names if "kube-root" not in name), ["configmap/settings", "secret/key"])
    columns = kubectl("get", "pods", "-n", "work", "-o", "custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[0].image")
    expect(columns, r"^single +registry.example/app:1$")
    expect(kubectl("get", "configmap", "missing", "-n", "work", fails=True), r'configmaps "missing" not found')
    expect(kubectl("create", "configmap", "settings", "-n", "work", fails=True), r'configmaps "settings" already exists')
    expect(kubectl("describe", "pod", "single", "-n", "work"), r"^Name: +single$", r"^Status: +Pending$")
    expect(kubectl("describe", "deployment", "web", "-n", "work"), r"^Replicas: +2 desired")


def select_and_sort(kubectl):
    for number, color in enumerate(["red", "green", "blue"]):
        kubectl("create", "configmap", f"item-{number}", "-n", "work", f"--from-literal=rank={9 - number}")
        kubectl("label", "configmap", f"item-{number}", "-n", "work", f"color={color}", "set=items")
    same(kubectl("get", "configmaps", "-n", "work", "-l", "color=red", "-o", "name").split(), ["configmap/item-0"])
    same(kubectl("get", "configmaps", "-n", "work", "-l", "set,color notin (red,blue)", "-o", "name").split(), ["configmap/item-1"])
    same(kubectl("get", "configmaps", "-n", "work", "--field-selector=metadata.name=item-2", "-o", "name").split(), ["configmap/item-2"])
    same(kubectl("get", "pods", "-A", "--field-selector=spec.nodeName=nowhere", "-o", "name"), "")
    by_rank = kubectl("get", "configmaps", "-n", "work", "-l", "set", "--sort-by=.data.rank", "-o", "name").split()
    same(by_rank, ["configmap/item-2", "configmap/item-1", "configmap/item-0"])
    kubectl("annotate", "configmap", "item-0", "-n", "work", "note=first")
    same(kubectl("get", "configmap", "item-0", "-n", "work", "-o", "jsonpath={.metadata.annotations.note}"), "first")
    expect(kubectl("label", "configmap", "item-0", "-n", "work", "color=pink", fails=True), r"--overwrite")


def apply(kubectl):
    manifest = MANIFESTS / "web.yaml"
    expect(kubectl("apply", "-f", str(manifest)), r"service/shop created", r"deployment.apps/shop created")
    expect(kubectl("apply", "-f", str(manifest)), r"service/shop unchanged", r"deployment.apps/shop unchanged")
    changed = manifest.read_text().replace("replicas: 2", "replicas: 5").replace("shop:1", "shop:2")
    kubectl("diff", "-f", "-", stdin=changed, code=1)
    expect(kubectl("apply", "-f", "-", stdin=changed), r"service/shop unchanged", r"deployment.apps/shop configured")
    same(kubectl("get", "deployment", "shop", "-n", "work", "-o", "jsonpath={.spec.replicas} {.metadata.generation}"), "5 2")
    kubectl("diff", "-f", "-", stdin=changed, code=0)
    expect(kubectl("apply", "-f", "-", stdin=changed.replace("replicas: 5", "replicass: 5"), fails=True), r'unknown field "spec.replicass"')
    expect(kubectl("apply", "--dry-run=server", "-f", "-", stdin=changed.replace("replicas: 5", "replicas: 7")), r"configured \(server dry run\)")
    same(kubectl("get", "deployment", "shop", "-n", "work", "-o", "jsonpath={.spec.replicas}"), "5")
    kubectl("replace", "-f", "-", stdin=changed.split("---")[0])
    expect(kubectl("apply", "-k", str(MANIFESTS / "kustomization")), r"configmap/base-.* created", r"deployment.apps/base-worker created")
    same(kubectl("get", "deployment", "base-worker", "-n", "work", "-o", "jsonpath={.spec.replicas}"), "3")


def change(kubectl):
    expect(kubectl("scale", "deployment/web", "-n", "work", "--replicas=4"), r"scaled")
    same(kubectl("get", "deployment", "web", "-n", "work", "-o", "jsonpath={.spec.replicas}"), "4")
    kubectl("set", "image", "deployment/web", "-n", "work", "web=registry.example/web:2")
    same(kubectl("get", "deployment", "web", "-n", "work", "-o", "jsonpath={.spec.template.spec.containers[0].image}"), "registry.example/web:2")
    expect(kubectl("rollout", "history", "deployment/web", "-n", "work"), r"deployment.apps/web")
    kubectl("patch", "deployment", "web", "-n", "work", "--type=merge", "-p", '{"spec":{"paused":true}}')
    kubectl("patch", "deployment", "web", "-n", "work", "--type=json", "-p", '[{"op":"remove","path":"/spec/paused"}]')
    kubectl("patch", "deployment", "web", "-n", "work", "-p", '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"registry.example/side:1"}]}}}}')
    images = kubectl("get", "deployment", "web", "-n", "work", "-o", "jsonpath={.spec.template.spec.containers[*].name}")
    same(sorted(images.split()), ["side", "web"])
    kubectl("edit", "configmap", "settings", "-n", "work")
    same(kubectl("get", "configmap", "settings", "-n", "work", "-o", "jsonpath={.data.color}"), "green")


def watch_and_wait(kubectl):
    kubectl("create", "configmap", "seen", "-n", "work")
    kubectl("label", "configmap", "seen", "-n", "work", "watched=yes")
    watch = kubectl.background("get", "configmaps", "-n", "work", "-w", "--output-watch-events", "-l", "watched")
    # A watch that stays silent ends, and with it the reading.
    guard = threading.Timer(SILENCE_SECONDS_MAX, watch.kill)
    guard.start()
    try:
        event(watch, "ADDED")
        kubectl("annotate", "configmap", "seen", "-n", "work", "note=x")
        event(watch, "MODIFIED")
        kubectl("delete", "configmap", "seen", "-n", "work")
        event(watch, "DELETED")
    finally:
        guard.cancel()
        watch.kill()
        watch.wait()
    kubectl("patch", "pod", "single", "-n", "work", "--subresource=status", "--type=merge", "-p",
            '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}')
    expect(kubectl("wait", "pod/single", "-n", "work", "--for=condition=Ready", "--timeout=10s"), r"condition met")
    kubectl("wait", "pod/single", "-n", "work", "--for=jsonpath={.spec.restartPolicy}=Always", "--timeout=10s")


def event(watch, kind):
    """The next line of a watch tells this event of the object; its header is passed over."""
    line = watch.stdout.readline().split()
    if line[:1] == ["EVENT"]:
        line = watch.stdout.readline().split()
    same(line[:2], [kind, "seen"])


def many(kubectl):
    kubectl("create", "namespace", "many")
    documents = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"n-{at:03}"}, "data": {"at": str(at)}} for at in range(300)]
    kubectl("create", "-n", "many", "-f", "-", stdin="\n---\n".join(json.dumps(document) for document in documents))
    names = kubectl("get", "configmaps", "-n", "many", "--chunk-size=37", "-o", "name").split()
    same(len([name for name in names if name.startswith("configmap/n-")]), 300)
    same(names, sorted(names))


def delete(kubectl):
    expect(kubectl("delete", "configmap", "settings", "-n", "work"), r"deleted")
    kubectl("get", "configmap", "settings", "-n", "work", fails=True)
    kubectl("delete", "deployment", "web", "-n", "work", "--wait=false")
    kubectl("delete", "pod", "single", "-n", "work", "--grace-period=0", "--force")
    kubectl("delete", "configmaps", "-n", "work", "-l", "set=items")
    same(kubectl("get", "configmaps", "-n", "work", "-l", "set=items", "-o", "name"), "")
    expect(kubectl("delete", "namespace", "default", fails=True), r"this namespace may not be deleted")
    expect(kubectl("auth", "whoami"), r"kubernetes-admin", r"system:masters")


STEPS = [discovery, create_and_get, select_and_sort, apply, change, watch_and_wait, many, *server_side.STEPS, delete]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=STORES, default="embedded")
    with served(parser.parse_args().store) as server, tempfile.TemporaryDirectory() as folder:
        kubectl = Command("kubectl", server, folder)
        for step in STEPS:
            step(kubectl)
            print(f"kubectl {step.__name__}: passed", flush=True)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
