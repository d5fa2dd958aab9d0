"""A member of the watch tier decides as the server does: by its own copy of roles, or by asking the server."""
import json

import entry, watches
from calls import RBAC, Kubectl, bind, call, hold, made, sign, wait_for
from cluster import Member

PATH = "/api/v1/configmaps"
# Not the one that servers have by themselves: who asks need not know it.
ISSUER = "https://kubernetes.default.svc.cluster.local"


def run(server, folder):
    pki = server.folder / "data" / "pki"
    shared = ("--client-ca-file", pki / "ca.crt", "--requestheader-client-ca-file", pki / "front-proxy-ca.crt",
              "--requestheader-allowed-names", "front-proxy-client")
    by_itself(server, pki, folder, shared)
    by_asking(server, pki, folder, shared)


def by_itself(server, pki, folder, shared):
    who = "a member"
    keys = ("--service-account-key-file", pki / "sa.key", "--service-account-issuer", ISSUER)
    with member(server, folder / "member", *shared, *keys) as watched:
        entry.spoofed_headers(watched, who)
        entry.front_proxies(watched, pki, folder, who)
        entry.client_certificates(watched, pki, folder, who)
        watches.run(server, pki, folder, watched, who)
        watches.revoked_tokens(server, watched, who)


def by_asking(server, pki, folder, shared):
    """Told to ask the server: it knows no keys and follows no roles, and yet lets in whom the server would."""
    who = "a member that asks"
    kubeconfig = delegate(server, folder)
    asks = ("--authentication-kubeconfig", kubeconfig, "--authorization-kubeconfig", kubeconfig,
            "--authentication-token-webhook-cache-ttl", "1s", "--authorization-webhook-cache-authorized-ttl", "500ms",
            "--authorization-webhook-cache-unauthorized-ttl", "500ms")
    with member(server, folder / "asking", *shared, *asks) as watched:
        entry.spoofed_headers(watched, who)
        # A second here, one for the answer of the server, one there.
        watches.revoked_tokens(server, watched, who, seconds=3)
        certificate = sign(pki, "ca", "/CN=asked", folder)
        code = lambda: call(watched, "GET", PATH, token=None, certificate=certificate)[0]
        hold(f"{who}: not yet", code(), 403)
        made(server, f"{RBAC}/clusterroles", {"metadata": {"name": "reads"}, "rules": [
            {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}]})
        binding = bind(server, "asked", {"kind": "User", "name": "asked"}, "reads")
        wait_for(f"{who}: then", lambda: code() == 200)
        hold(f"{who}: a secret", call(watched, "GET", "/api/v1/secrets", token=None, certificate=certificate)[0], 403)
        hold("the binding is deleted", call(server, "DELETE", binding)[0], 200)
        wait_for(f"{who}: no more", lambda: code() == 403)
        hold(f"{who}: health is for all", call(watched, "GET", "/readyz", token=None)[0], 200)


def delegate(server, folder):
    """A kubeconfig of an account that may ask."""
    account = "/api/v1/namespaces/kube-system/serviceaccounts"
    made(server, account, {"metadata": {"name": "asker"}})
    made(server, f"{RBAC}/clusterrolebindings", {
        "metadata": {"name": "asker"}, "subjects": [{"kind": "ServiceAccount", "name": "asker", "namespace": "kube-system"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"}})
    token = made(server, f"{account}/asker/token", {"spec": {}})["status"]["token"]
    admin = json.loads(Kubectl(server.kubeconfig)("config", "view", "--raw", "--flatten", "-o", "json")[1])
    path = folder / "asker.kubeconfig"
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "clusters": [{"name": "c", "cluster": admin["clusters"][0]["cluster"]}],
        "users": [{"name": "u", "user": {"token": token}}], "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x"}))
    return path


class member:
    """A member for the time of a block."""

    def __init__(self, server, folder, *flags):
        self.made = lambda: Member(folder, server.etcd, tuple(map(str, flags)))

    def __enter__(self):
        self.running = self.made()
        return self.running

    def __exit__(self, *_):
        self.running.stop()
