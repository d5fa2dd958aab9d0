"""What the chart renders, for every profile and way of certificates, and what it refuses."""
import json, pathlib, shutil, tempfile

from chart import CERTIFICATES, CHART, CUSTOM, ENDPOINTS, MONITORED, PROFILES, helm, of_kind, render
from cluster import Failure
from commands import expect, same

# A wrong value, of JSON after :=, and what is said of it.
WRONG = [
    ("mode=half", r"'/mode': value must be one of 'full', 'offload'"),
    ("router.replicas=x", r"'/router/replicas': got string, want integer"),
    ("router.replicas=-1", r"'/router/replicas': minimum: got -1, want 0"),
    ("router.replica=3", r"'/router': additional properties 'replica' not allowed"),
    ("router.service.type=Ingress", r"'/router/service/type': value must be one of"),
    ("router.service.port=70000", r"'/router/service/port': maximum: got 70,?000, want 65,?535"),
    ("router.goawayChance:=0.5", r"'/router/goawayChance': maximum: got 0\.5, want 0\.02"),
    ("router.shutdownDelay=1h", r"'/router/shutdownDelay': '1h' does not match pattern"),
    ("router.terminationGraceSeconds=60", r"router\.terminationGraceSeconds is 60: stopping may take 70 s"),
    ("watchcache.terminationGraceSeconds=90", r"watchcache\.terminationGraceSeconds is 90: stopping may take 95 s"),
    ("watchcache.unitReplicas=none", r"'/watchcache/unitReplicas': 'none' does not match pattern"),
    ("watchcache.unitReplicasOverrides={pods}", r"'/watchcache/unitReplicasOverrides/0': 'pods' does not match pattern"),
    ("watchcache.historyMegabytes=0", r"'/watchcache/historyMegabytes': minimum: got 0, want 1"),
    ("frontends.extraArgs={verbose}", r"'/frontends/extraArgs/0': 'verbose' does not match pattern"),
    ("frontends.autoscaling.minReplicas=0", r"'/frontends/autoscaling/minReplicas': minimum: got 0, want 1"),
    ("etcd.endpoints={etcd:2379}", r"'/etcd/endpoints/0': 'etcd:2379' does not match pattern"),
    ("etcd.endpoints={https://etcd:2379}", r"etcd\.tlsSecret is empty, and https://etcd:2379 needs certificates"),
    ("etcd.bundled.enabled=true", r"etcd\.endpoints and etcd\.bundled\.enabled exclude each other"),
    ("certificates.source=vault", r"'/certificates/source': value must be one of"),
    ("certificates.source=supplied", r"certificates\.supplied\.router is empty: with certificates\.source=supplied it must be named"),
    ("cluster.serviceClusterIPRange=all", r"'/cluster/serviceClusterIPRange': 'all' does not match pattern"),
    ("cluster.requestheaderAllowedNames={a b}", r"'/cluster/requestheaderAllowedNames/0': 'a b' does not match pattern"),
    ("image.digest=sha256:1", r"'/image/digest': 'sha256:1' does not match pattern"),
    ("mode=offload", r"offload\.authoritiesConfigMap is empty: docs/offload\.md says how"),
    ("monitoring.serviceMonitor.interval=often", r"'/monitoring/serviceMonitor/interval': 'often' does not match pattern"),
    ("networkPolicy.etcdPorts={0}", r"'/networkPolicy/etcdPorts/0': minimum: got 0, want 1"),
    ("typo=1", r"additional properties 'typo' not allowed"),
]
# Tiers and the paths of their probes: start, life, readiness.
PROBES = {
    "router": ["/router/livez", "/router/livez", "/router/readyz"],
    "frontends": ["/livez?exclude=etcd", "/livez?exclude=etcd", "/readyz"],
    "watchcache": ["/livez?exclude=etcd", "/livez?exclude=etcd", "/readyz"],
}
# Keys of Secrets that a tier must not find among its files.
KEPT_AWAY = {"router": {"service-account"}, "watchcache": {"front-proxy-client", "frontends-tls", "admin"}, "frontends": {"admin", "ca"}}


def combinations():
    for profile, flags in PROFILES.items():
        for way, more in CERTIFICATES.items():
            yield f"{profile}, {way}", profile, [*flags, *more, *MONITORED]


def every_profile_passes_the_linter():
    for title, _, flags in combinations():
        done = helm("lint", "--strict", CHART, *flags)
        if done.returncode != 0:
            raise Failure(f"{title}: {done.stdout}{done.stderr}")
    return f"{len(list(combinations()))} combinations"


def every_profile_is_whole():
    for title, profile, flags in combinations():
        found = render(*flags)
        deployments = of_kind(found, "Deployment")
        tiers = {"router", "watchcache"} | ({"frontends"} if profile != "offload" else set())
        same((title, set(deployments)), (title, {f"shardplane-{tier}" for tier in tiers}))
        for tier in tiers:
            pod = deployments[f"shardplane-{tier}"]["spec"]["template"]["spec"]
            pod_is_whole(title, tier, pod)
        kinds = {one["kind"] for one in found}
        same((title, "ServiceMonitor" in kinds, "Certificate" in kinds, "Job" in kinds),
             (title, True, "cert-manager" in title, title.endswith("own")))
        same((title, "StatefulSet" in kinds), (title, profile == "dev"))
        same((title, "HorizontalPodAutoscaler" in kinds), (title, profile == "ha"))


def pod_is_whole(title, tier, pod):
    container, = pod["containers"]
    probes = [container[kind]["httpGet"] for kind in ["startupProbe", "livenessProbe", "readinessProbe"]]
    same((title, tier, probes), (title, tier, [{"path": path, "port": "https", "scheme": "HTTPS"} for path in PROBES[tier]]))
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]} | {"/var/run/secrets/kubernetes.io/serviceaccount"}
    for argument in container["args"]:
        value = argument.partition("=")[2]
        if value.startswith("/") and "-prefix" not in argument and not any(value == path or value.startswith(path + "/") for path in mounted):
            raise Failure(f"{title}: {tier} is told {argument}, which nothing is mounted for")
    same((title, tier, pod["automountServiceAccountToken"]), (title, tier, title.startswith("offload") and tier == "watchcache"))
    secrets = {volume["secret"]["secretName"]: {item["key"] for item in volume["secret"]["items"]} for volume in pod["volumes"] if "secret" in volume}
    for name, keys in secrets.items():
        if "tls.key" in keys and any(name.endswith(kept) for kept in KEPT_AWAY[tier]):
            raise Failure(f"{title}: {tier} is given the key of {name}")


def wrong_values_are_refused_by_name():
    for value, why in WRONG:
        flag = "--set-json" if ":=" in value else "--set"
        done = helm("template", "x", CHART, *ENDPOINTS, flag, value.replace(":=", "="))
        if done.returncode == 0:
            raise Failure(f"--set {value} is taken")
        expect(done.stderr, why)
    done = helm("template", "x", CHART)
    expect(done.stderr, r"etcd\.endpoints is empty: set it to the URLs of your etcd .*or set etcd\.bundled\.enabled=true for a trial")
    return f"{len(WRONG) + 1} wrong values"


def names_follow_the_release():
    """Whatever the release is called, names that are told are names that are there."""
    for name, full in [("shardplane", "shardplane"), ("x", "x-shardplane")]:
        found = render(*PROFILES["dev"], name=name, namespace="other")
        services = set(of_kind(found, "Service"))
        same(services, {full, f"{full}-frontends", f"{full}-watchcache", f"{full}-etcd"})
        args = json.dumps([one["spec"]["template"]["spec"]["containers"][0]["args"] for one in of_kind(found, "Deployment").values()])
        expect(args, rf"--frontends={full}-frontends\.other\.svc:6443", rf"--etcd-servers=http://{full}-etcd\.other\.svc:2379",
               rf"--tier-server-name={full}-tiers\.other\.svc")
        job = of_kind(found, "Job")[f"{full}-certificates-1"]["spec"]["template"]["spec"]["containers"][0]["args"]
        same([one for one in job if "--name" in one], [f"--name={full}", "--namespace=other"])


def custom_kinds_are_well_formed():
    """Those of other operators name what is there: no definition of theirs says that."""
    found = render(*PROFILES["ha"], *CERTIFICATES["cert-manager"], *MONITORED)
    same({one["kind"] for one in found} & CUSTOM >= {"Certificate", "Issuer", "ServiceMonitor"}, True)
    certificates, issuers = of_kind(found, "Certificate"), of_kind(found, "Issuer")
    made = {one["spec"]["secretName"] for one in certificates.values()}
    for name, one in certificates.items():
        same((name, one["spec"]["issuerRef"]["name"] in issuers), (name, True))
        same((name, bool(one["spec"].get("dnsNames"))), (name, name.endswith("-tls")))
    for name, one in issuers.items():
        secret = one["spec"].get("ca", {}).get("secretName")
        same((name, secret is None or secret in made), (name, True))
    mounted = {volume["secret"]["secretName"] for one in of_kind(found, "Deployment").values()
               for volume in one["spec"]["template"]["spec"]["volumes"] if "secret" in volume}
    same(mounted <= made, True)
    for name, one in of_kind(found, "ServiceMonitor").items():
        tls = one["spec"]["endpoints"][0]["tlsConfig"]
        same((name, {tls["ca"]["secret"]["name"], tls["keySecret"]["name"]} <= made), (name, True))


def files_become_dashboards_and_rules():
    """Whatever is in the chart's folders of dashboards and rules is deployed as it stands there."""
    with tempfile.TemporaryDirectory() as folder:
        chart = pathlib.Path(folder) / "shardplane"
        shutil.copytree(CHART, chart)
        rules = {"groups": [{"name": "g", "rules": [{"alert": "A", "expr": "up == 0", "annotations": {"summary": "{{ $labels.job }}"}}]}]}
        for kind, name, content in [("dashboards", "one.json", {"title": "{{ not a template }}"}), ("rules", "two.yaml", rules)]:
            path = chart / "files" / kind / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content))
        found = render(*PROFILES["dev"], *MONITORED, chart=chart)
    dashboard = of_kind(found, "ConfigMap")["shardplane-dashboard-one"]
    same((dashboard["metadata"]["labels"]["grafana_dashboard"], json.loads(dashboard["data"]["one.json"])), ("1", {"title": "{{ not a template }}"}))
    same(of_kind(found, "PrometheusRule")["shardplane-two"]["spec"], rules)


STEPS = [every_profile_passes_the_linter, every_profile_is_whole, wrong_values_are_refused_by_name, names_follow_the_release,
         custom_kinds_are_well_formed, files_become_dashboards_and_rules]
