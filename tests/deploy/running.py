"""What the chart renders is what runs: its pods are started as they were admitted, used, and replaced while clients watch."""
import base64, concurrent.futures, json, pathlib, sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [*(str(HERE.parent / folder) for folder in ["kubectl", "system", "watch"]), str(HERE)]
import run as kubectl_script
from chart import CHART
from clients import NAMESPACE, OBJECTS, Follower, Writer, listed
from cluster import Server
from commands import Command, expect, same
from judgement import check
from release import RELEASE, SPACE, Entry, until, wait_all

TIERS = ["frontends", "watchcache", "router"]
FOLLOWERS, WRITERS, WRITES = 6, 2, 40
PIECES = {"ca", "front-proxy-ca", "router-tls", "frontends-tls", "watchcache-tls", "front-proxy-client", "watchcache-client", "admin", "monitoring",
          "service-account"}


def serve(folder, _):
    """The cluster that the chart is installed in has nothing to do with the one that it serves."""
    return Server(folder)


def it_installs(release):
    release.prepare()
    release.install("-f", str(HERE / "values.yaml"))


def certificates_are_made(release):
    """By the job, as its service account: once, and no more when they are good."""
    job = release.node.named("jobs", f"{RELEASE}-certificates-1", "apis/batch/v1")
    for wanted in ["is made", "is good"]:
        said = release.run_job(job["spec"]["template"], "certificates")
        same({line.partition(" ")[::2] for line in said.splitlines()}, {(piece, wanted) for piece in PIECES})
    selector = "app.kubernetes.io/part-of=shardplane"
    kept = {one["metadata"]["name"]: one["data"] for one in release.kubectl.json("get", "secrets", "-n", SPACE, "-l", selector)["items"]}
    same(set(kept), {f"{RELEASE}-{piece}" for piece in PIECES})
    keys = {data["tls.key"] for data in kept.values()}
    same(len(keys), len(PIECES))


def lost_certificates_are_renewed(release):
    """One that is gone comes back; authorities stay."""
    read = lambda name: release.kubectl("get", "secret", f"{RELEASE}-{name}", "-n", SPACE, "-o", r"jsonpath={.data.tls\.crt}")
    before, authority = read("monitoring"), read("ca")
    release.kubectl("delete", "secret", f"{RELEASE}-monitoring", "-n", SPACE)
    cron = release.node.named("cronjobs", f"{RELEASE}-certificates", "apis/batch/v1")
    said = release.run_job(cron["spec"]["jobTemplate"]["spec"]["template"], "renewal")
    expect(said, r"^monitoring is made$", r"^ca is good$")
    same((read("ca"), read("monitoring") != before), (authority, True))


def all_pods_get_ready(release):
    etcd = release.node.named("statefulsets", f"{RELEASE}-etcd", "apis/apps/v1")
    template = etcd["spec"]["template"]
    claims = [{"name": claim["metadata"]["name"], "emptyDir": {}} for claim in etcd["spec"]["volumeClaimTemplates"]]
    template["spec"].setdefault("volumes", []).extend(claims)
    release.node.start(template, f"{RELEASE}-etcd").wait()
    wait_all(release.start("frontends"))
    wait_all([*release.start("watchcache"), *release.start("router")])


def entry(release):
    """With the administrator's kubeconfig that the job made. There are no Services' addresses here: a router is asked by its own."""
    kept = release.node.named("secrets", f"{RELEASE}-admin")["data"]["kubeconfig"]
    text = base64.b64decode(kept).decode()
    server = f"https://{RELEASE}.{SPACE}.svc"
    expect(text, rf"^    server: {server}$")
    path = release.folder / "admin.kubeconfig"
    found = Entry(release.node, release.node.named("services", RELEASE)["spec"]["selector"], path)
    path.write_text(text.replace(f"server: {server}", f"server: https://{found.host}:{found.port}\n    tls-server-name: {RELEASE}.{SPACE}.svc"))
    path.chmod(0o600)
    return found


def kubectl_works(release):
    kubectl = Command("kubectl", entry(release), release.folder)
    for step in kubectl_script.STEPS:
        step(kubectl)
    return f"{len(kubectl_script.STEPS)} scripts"


def everybody_takes_part(release):
    kubectl = Command("kubectl", entry(release), release.folder)
    leases = kubectl.json("get", "leases", "-n", "shardplane-system")["items"]
    tiers = [lease["metadata"]["labels"]["shardplane.io/tier"] for lease in leases]
    same(sorted(tiers), ["frontend"] * 2 + ["watchcache"] * 2)


def monitoring_may_read_metrics(release):
    """With the certificate that the ServiceMonitors show, and nothing else."""
    kubectl = Command("kubectl", entry(release), release.folder)
    kept = release.node.named("secrets", f"{RELEASE}-monitoring")["data"]
    for name in ["tls.crt", "tls.key"]:
        (release.folder / name).write_bytes(base64.b64decode(kept[name]))
    shown = [f"--client-certificate={release.folder}/tls.crt", f"--client-key={release.folder}/tls.key"]
    expect(kubectl("get", "--raw", "/router/metrics", *shown), r"^shardplane_router_requests_total")
    expect(kubectl("get", "--raw", "/metrics", *shown), r"^apiserver_request_total")
    expect(kubectl("get", "pods", "-A", *shown, fails=True), r"forbidden")


def service_accounts_are_known_everywhere(release):
    """A token that a frontend signed is good at frontends and at members, who have the public part of the key only."""
    served = entry(release)
    kubectl = Command("kubectl", served, release.folder)
    token = kubectl("create", "token", "default", "-n", "work").strip()
    status, _, body = served.request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}, token=token)
    same((status, json.loads(body)["status"]["userInfo"]["username"]), (201, "system:serviceaccount:work:default"))
    same(served.request("GET", "/api/v1/namespaces/work/configmaps", token=token)[0], 403)
    same(served.request("GET", "/api/v1/namespaces/work/configmaps", token=token[:-4] + "AAAA")[0], 401)


def a_change_rolls_with_no_list(release):
    """Every process is replaced while clients watch and write, as an upgrade does it."""
    served = entry(release)
    same(served.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})[0], 201)
    before = {tier: release.deployment(tier)["spec"]["template"] for tier in TIERS}
    followers = [Follower(served) for _ in range(FOLLOWERS)]
    writers = [Writer(served, number) for number in range(WRITERS)]
    for thread in followers:
        thread.start()
    until("followers watch", lambda: all(one.watches or one.problems for one in followers))
    for thread in writers:
        thread.start()
    until("much is written", lambda: all(writer.acknowledged >= WRITES for writer in writers))
    tokens = r'admintoken\,admin\,admin\,"system:masters"'
    more = [f"--set={tier}.verbosity=2" for tier in TIERS] + [f"--set=frontends.configFiles.more={tokens}"]
    out = release.helm("upgrade", RELEASE, str(CHART), "-n", SPACE, "--reuse-values", *more)
    expect(out, r"REVISION: 2")
    checksum = lambda template: template["metadata"]["annotations"]["checksum/config"]
    after = {tier: release.deployment(tier)["spec"]["template"] for tier in TIERS}
    same([checksum(before[tier]) != checksum(after[tier]) for tier in TIERS], [True, False, False])
    # All Deployments at a time: nobody tells them to wait for each other.
    with concurrent.futures.ThreadPoolExecutor(len(TIERS)) as pool:
        list(pool.map(release.roll, TIERS))
    for writer in writers:
        writer.finish()
    state, _ = listed(served.request("GET", OBJECTS)[2])
    until("followers have come to what is there", lambda: all(one.state == state or one.problems for one in followers))
    for follower in followers:
        follower.finish()
        check(follower, writers, lists=1)
    return f"{sum(writer.acknowledged for writer in writers)} acknowledged writes, {sum(one.watches for one in followers)} watches of {FOLLOWERS} followers, no list again"


STEPS = [it_installs, certificates_are_made, lost_certificates_are_renewed, all_pods_get_ready, everybody_takes_part, kubectl_works,
         monitoring_may_read_metrics, service_accounts_are_known_everywhere, a_change_rolls_with_no_list]
