#!/usr/bin/env python3
"""Routers and members of the watch tier beside another API server, on its etcd, of which they may only read.

    run.py            needs openssl

`shardplane serve` stands in for kube-apiserver: it knows nothing of tiers. Its etcd has what the reference was recorded to store, its
secrets are encrypted with a key that members do not have, and members ask it who a client is and what it may.
"""
import contextlib, json, pathlib, shutil, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), *(str(HERE.parent / folder) for folder in ["watch", "system", "access"])]
from beside import writes_are_followed
from calls import call, hold, sign, user, wait_for
from cluster import TOKEN, Failure, Process, Server, binary, free_port, tail, wait_until
from clients import NAMESPACE, OBJECTS
from etcd import SecuredEtcd, flags, load

RECORDED = HERE.parent / "golden" / "etcd"
SYSTEM = "shardplane-system"
KEY = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="
FOLLOWERS, WRITES = 8, 60
MEMBERS = 2


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="shardplane-offload-"))
    beside = None
    try:
        beside = Beside(folder)
        for test in [members_join, everything_is_the_same, secrets_are_left_to_who_can_read_them, clients_are_who_they_are, writes_are_seen,
                     what_can_be_read_is_theirs_again, nothing_was_tried]:
            begun = time.monotonic()
            said = test(beside)
            print(f"{test.__name__}: {said or 'ok'} in {time.monotonic() - begun:.1f} s", flush=True)
    except BaseException:
        for log in sorted(folder.rglob("*log")):
            print(f"--- end of {log.relative_to(folder)}\n{tail(log, 25)}", file=sys.stderr)
        raise
    finally:
        if beside:
            beside.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Piece(Process):
    """A router, or a member of the watch tier."""

    host = "127.0.0.1"
    request, session = Server.request, Server.session

    def __init__(self, folder, tier, *arguments):
        self.folder, self.port, self.log = folder, free_port(), folder.parent / f"{folder.name}.log"
        self.command = [binary(), tier, "--data-dir", folder, "--bind-address", "127.0.0.1", "--secure-port", self.port, *arguments]
        self.launch()

    def wait(self, path):
        wait_until(f"{self.folder.name} is ready", lambda: self.request("GET", path, token=None)[0] == 200, self.process, self.log)


class Beside:
    """A cluster as it was, and what is put beside it."""

    def __init__(self, folder):
        self.folder, self.pieces = folder, []
        self.etcd = SecuredEtcd(folder / "etcd")
        try:
            self.recorded = load(self.etcd, RECORDED / "system.jsonl") + load(self.etcd, RECORDED / "objects.jsonl")
            reader = self.etcd.make_users()
            self.server = self.other_server()
            self.prepare()
            self.members = [self.member(number, reader) for number in range(MEMBERS)]
            self.router = self.start_router()
        except BaseException:
            self.stop()
            raise

    def other_server(self):
        (self.folder / "server").mkdir()
        encryption = self.folder / "encryption.yaml"
        encryption.write_text("apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n- resources: [secrets]\n"
                              f"  providers: [{{secretbox: {{keys: [{{name: one, secret: {KEY}}}]}}}}, {{identity: {{}}}}]\n")
        arguments = [*flags(self.etcd, *self.etcd.root), "--encryption-provider-config", encryption]
        server = Server(self.folder / "server", extra=list(map(str, arguments)))
        self.pieces.append(server)
        self.pki = server.folder / "data" / "pki"
        return server

    def prepare(self):
        """What whoever installs us makes at the other server: where records are, who writes them, and whose tokens are looked at."""
        rbac = "/apis/rbac.authorization.k8s.io/v1"
        account = {"kind": "ServiceAccount", "name": "watchcache", "namespace": SYSTEM}
        tiers = {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:shardplane:tiers"}
        role = lambda kind, name: {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
        for path, made in [
            ("/api/v1/namespaces", {"metadata": {"name": SYSTEM}}),
            (f"/api/v1/namespaces/{SYSTEM}/serviceaccounts", {"metadata": {"name": "watchcache"}}),
            (f"{rbac}/namespaces/{SYSTEM}/roles", {"metadata": {"name": "tiers"}, "rules": [{
                "apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "list", "watch", "create", "patch", "delete"]}]}),
            (f"{rbac}/namespaces/{SYSTEM}/rolebindings", {"metadata": {"name": "tiers"}, "subjects": [account, tiers], "roleRef": role("Role", "tiers")}),
            (f"{rbac}/clusterrolebindings", {"metadata": {"name": "watchcache-asks"}, "subjects": [account], "roleRef": role("ClusterRole", "system:auth-delegator")}),
            ("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}}),
        ]:
            hold(path, call(self.server, "POST", path, made)[0], 201)
        code, token = call(self.server, "POST", f"/api/v1/namespaces/{SYSTEM}/serviceaccounts/watchcache/token", {"spec": {"expirationSeconds": 3600}})
        hold("a token", code, 201)
        self.token, self.kubeconfig = self.folder / "token", self.folder / "delegated.kubeconfig"
        self.token.write_text(token["status"]["token"])
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": self.server.url, "certificate-authority": str(self.pki / "ca.crt")}}],
            "users": [{"name": "u", "user": {"tokenFile": str(self.token)}}]}))

    def member(self, number, reader):
        member = Piece(
            self.folder / f"member-{number}", "watchcache", *flags(self.etcd, *reader), "--cert-dir", self.folder / "pki",
            "--frontends", f"127.0.0.1:{self.server.port}", "--tier-ca-file", self.pki / "ca.crt", "--tier-token-file", self.token,
            "--authentication-kubeconfig", self.kubeconfig, "--authorization-kubeconfig", self.kubeconfig,
            "--client-ca-file", self.pki / "ca.crt", "--requestheader-client-ca-file", self.pki / "front-proxy-ca.crt", "--requestheader-allowed-names", "front-proxy-client", "--unit-replicas", "1")
        self.pieces.append(member)
        if number == 0:
            # The first one makes the authority that the others share.
            wait_until("the tiers' authority", lambda: (self.folder / "pki" / "ca.key").exists(), member.process, member.log)
        return member

    def start_router(self):
        authorities = self.folder / "tiers.crt"
        authorities.write_text("".join((pki / "ca.crt").read_text() for pki in [self.pki, self.folder / "pki"]))
        router = Piece(
            self.folder / "router", "router", "--cert-dir", self.folder / "pki", "--frontends", f"127.0.0.1:{self.server.port}",
            "--client-ca-file", self.pki / "ca.crt", "--tier-ca-file", authorities,
            "--tier-client-cert-file", self.pki / "front-proxy-client.crt", "--tier-client-key-file", self.pki / "front-proxy-client.key")
        self.pieces.append(router)
        return router

    def status(self):
        code, status = call(self.router, "GET", "/statusz")
        return status if code == 200 else {"members": [], "units": [], "settled": False}

    def unit(self, name):
        return next((one["asked"] for one in self.status()["units"] if one["unit"] == name), [])

    def stop(self):
        for piece in reversed(self.pieces):
            piece.stop()
        self.etcd.stop()


def members_join(beside):
    beside.router.wait("/router/readyz")
    wait_for("the router knows the members", lambda: len(beside.status()["members"]) == MEMBERS)
    wait_for("they have shared out what there is", lambda: len(beside.status()["units"]) > 40 and beside.unit("configmaps"))
    for member in beside.members:
        member.wait("/readyz")
    return f"{len(beside.status()['units'])} resources on {MEMBERS} members, beside {beside.recorded} recorded keys"


def lists(server):
    """The path of every collection, as the server tells."""
    groups = ["/api/v1", *(f"/apis/{one['preferredVersion']['groupVersion']}" for one in call(server, "GET", "/apis")[1]["groups"])]
    for group in groups:
        for resource in call(server, "GET", group)[1]["resources"]:
            if "list" in resource["verbs"]:
                yield f"{group}/{resource['name']}"


def everything_is_the_same(beside):
    """Each list at one revision, and each first event of a watch, as the other server has them."""
    count = 0
    for path in lists(beside.server):
        # What is computed has no revision.
        revision = call(beside.server, "GET", path)[1]["metadata"].get("resourceVersion")
        query = f"{path}?resourceVersion={revision}&resourceVersionMatch=Exact" if revision else path
        direct, routed = (call(server, "GET", query) for server in [beside.server, beside.router])
        hold(query, routed, direct)
        count += len(direct[1].get("items") or [])
        for name, namespace in {(one["metadata"]["name"], one["metadata"].get("namespace")) for one in direct[1]["items"]}:
            if path == "/api/v1/configmaps":
                single = f"/api/v1/namespaces/{namespace}/configmaps/{name}?resourceVersion=0"
                hold(single, call(beside.router, "GET", single), call(beside.server, "GET", single))
    hold("there is much to compare", count > 200, True)
    asked = sum(requests(member, "LIST") for member in beside.members)
    hold("members answered", asked > 40, True)
    return f"{count} objects, {asked} lists by members"


def requests(member, verb, resource=""):
    lines = member.request("GET", "/metrics")[2].decode().splitlines()
    lines = [line for line in lines if line.startswith("apiserver_request_total{") and f'verb="{verb}"' in line and f'resource="{resource}' in line]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def secrets_are_left_to_who_can_read_them(beside):
    """No member answers for what it cannot decrypt: lists and watches of it go to the other server."""
    secrets = f"/api/v1/namespaces/{NAMESPACE}/secrets"
    hold("a secret", call(beside.router, "POST", secrets, {"metadata": {"name": "s"}, "stringData": {"k": "v"}})[0], 201)
    wait_for("nobody is asked for secrets", lambda: not beside.unit("secrets"))
    before = sum(requests(member, verb, "secrets") for member in beside.members for verb in ["LIST", "WATCH"])
    code, listing = call(beside.router, "GET", secrets)
    hold("the list of secrets", (code, [one["data"] for one in listing["items"]]), (200, [{"k": "dg=="}]))
    code, events = call(beside.router, "GET", f"{secrets}?watch=1&timeoutSeconds=1&resourceVersion=0")
    hold("a watch of secrets", (code, events["type"] if isinstance(events, dict) else json.loads(events.splitlines()[0])["type"]), (200, "ADDED"))
    hold("members were not asked", sum(requests(member, verb, "secrets") for member in beside.members for verb in ["LIST", "WATCH"]), before)


def clients_are_who_they_are(beside):
    """By tokens and certificates that the other server knows, through the router and at members themselves."""
    reads = [f"{OBJECTS}?limit=1", f"/api/v1/namespaces/{SYSTEM}/configmaps?limit=1"]
    member = beside.members[0]
    sue = sign(beside.pki, "ca", "/O=devs/CN=sue", beside.folder)
    hold("a certificate of the cluster", user(beside.router, token=None, certificate=sue)["username"], "sue")
    account = beside.token.read_text()
    hold("a token of the cluster", user(beside.router, token=account)["username"], f"system:serviceaccount:{SYSTEM}:watchcache")
    for server in [beside.router, member]:
        for path in reads:
            hold(f"admin: {path}", call(server, "GET", path)[0], 200) if server is beside.router else None
            hold(f"sue: {path}", call(server, "GET", path, token=None, certificate=sue)[0], 403)
            hold(f"an account: {path}", call(server, "GET", path, token=account)[0], 403)
            hold(f"nobody: {path}", call(server, "GET", path, token="wrong")[0], 401)
    call(beside.server, "POST", f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/rolebindings", {
        "metadata": {"name": "sue"}, "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "sue"}],
        "roleRef": {"kind": "ClusterRole", "apiGroup": "rbac.authorization.k8s.io", "name": "cluster-admin"}})
    wait_for("sue may read where she was let in", lambda: call(beside.router, "GET", reads[0], token=None, certificate=sue)[0] == 200)
    hold("and nowhere else", call(beside.router, "GET", reads[1], token=None, certificate=sue)[0], 403)


def writes_are_seen(beside):
    """Who writes at the other server, and who through the router: followers through the router hear of all, once."""
    return writes_are_followed(beside.router, [beside.server, beside.router], FOLLOWERS, WRITES, wait_for)


def what_can_be_read_is_theirs_again(beside):
    """What they could not read is theirs again once it can be read: the secrets go, and with them what was withheld."""
    secrets = f"/api/v1/namespaces/{NAMESPACE}/secrets"
    hold("the secret goes", call(beside.server, "DELETE", f"{secrets}/s")[0], 200)
    others = [one for one in call(beside.server, "GET", "/api/v1/secrets")[1]["items"]]
    for one in others:
        path = f"/api/v1/namespaces/{one['metadata']['namespace']}/secrets/{one['metadata']['name']}"
        hold(f"{path} goes", call(beside.server, "DELETE", path)[0], 200)
    wait_for("members are asked for secrets", lambda: beside.unit("secrets"))
    hold("an empty list", call(beside.router, "GET", "/api/v1/secrets")[1]["items"], [])


def nothing_was_tried(beside):
    """Members of an etcd that they may only read never try more, which it would refuse and they would log."""
    for member in beside.members:
        hold("a member goes on", member.alive(), True)
        refused = [line for line in member.log.read_text().splitlines() if "permission denied" in line or "PermissionDenied" in line]
        hold(f"what etcd refused {member.folder.name}", refused, [])


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
