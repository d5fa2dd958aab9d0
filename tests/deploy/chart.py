"""The chart, as helm renders it."""
import json, subprocess, sys

from cluster import REPO, TOOLS, Failure

sys.path += map(str, TOOLS.glob("venv/lib/python3*/site-packages"))
import yaml

CHART = REPO / "deploy" / "helm" / "shardplane"
KUSTOMIZE = REPO / "deploy" / "kustomize"
ENDPOINTS = ["--set", "etcd.endpoints={http://etcd.example:2379}"]
PROFILES = {
    "dev": ["-f", str(CHART / "profiles" / "dev.yaml")],
    "ha": ["-f", str(CHART / "profiles" / "ha.yaml"), *ENDPOINTS],
    "offload": ["-f", str(CHART / "profiles" / "offload.yaml"), *ENDPOINTS],
}
SUPPLIED = ["router", "frontends", "watchcache", "frontProxyClient", "watchcacheClient", "serviceAccount", "monitoring", "serverName"]
CERTIFICATES = {
    "own": [],
    "cert-manager": ["--set", "certificates.source=cert-manager"],
    "supplied": ["--set", "certificates.source=supplied", *(f"--set=certificates.supplied.{name}=mine-{name.lower()}" for name in SUPPLIED)],
}
MONITORED = [f"--set=monitoring.{kind}.enabled=true" for kind in ["serviceMonitor", "rules", "dashboards"]]
# Kinds that other operators bring.
CUSTOM = {"Certificate", "Issuer", "ServiceMonitor", "PrometheusRule"}


def helm(*arguments):
    return subprocess.run([TOOLS / "bin" / "helm", *map(str, arguments)], capture_output=True, text=True)


def render(*arguments, name="shardplane", namespace="shardplane", chart=CHART):
    done = helm("template", name, chart, "-n", namespace, *arguments)
    if done.returncode != 0:
        raise Failure(f"helm template {arguments}: {done.stderr}")
    return documents(done.stdout)


def documents(text):
    return [one for one in yaml.safe_load_all(text) if one]


def identity(document):
    return document["kind"], document["metadata"].get("namespace", ""), document["metadata"]["name"]


def of_kind(found, kind):
    return {one["metadata"]["name"]: one for one in found if one["kind"] == kind}


def as_list(found):
    """For kubectl."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": found})
