"""What kubectl shows of users and rights, and how it comes in: plugins, and certificates of the certificates API."""
import base64, json, re, stat

from calls import Kubectl, bind, call, credential, hold, made, openssl, user

ROLE = """apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reconciled}
rules:
- {apiGroups: [""], resources: [%s], verbs: [get]}
"""
CSRS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"


def run(server, folder):
    kubectl = Kubectl(server.kubeconfig)
    rights(server, kubectl)
    who(kubectl)
    reconcile(kubectl)
    tokens(server, kubectl)
    by_plugin(server, folder)
    by_certificate(server, kubectl, folder)


def rights(server, kubectl):
    hold("can-i", kubectl("auth", "can-i", "create", "pods"), (0, "yes"))
    hold("can-i as joe", kubectl("auth", "can-i", "create", "pods", "--as", "joe"), (1, "no"))
    hold("a role", kubectl("create", "clusterrole", "makes-pods", "--verb=create", "--resource=pods")[0], 0)
    hold("a binding", kubectl("create", "clusterrolebinding", "b", "--clusterrole=makes-pods", "--user=joe")[0], 0)
    hold("can-i as joe, bound", kubectl("auth", "can-i", "create", "pods", "--as", "joe"), (0, "yes"))
    code, listed = kubectl("auth", "can-i", "--list", "--as", "joe")
    hold("can-i --list", code, 0)
    for line in [r"^pods +\[\] +\[\] +\[create\]", r"^selfsubjectreviews.authentication.k8s.io +\[\] +\[\] +\[create\]",
                 r" +\[/healthz\] +\[\] +\[get\]", r" +\[/api/\*\] +\[\] +\[get\]"]:
        hold(f"can-i --list has {line}", bool(re.search(line, listed, re.M)), True)
    hold("as joe", kubectl("get", "pods", "--as", "joe")[0], 1)
    hold("as a group", kubectl("get", "pods", "--as", "joe", "--as-group", "system:masters")[0], 0)
    code, told = kubectl("get", "pods", "--as", "joe", "--as-group", "others")
    hold("as another group", (code, 'User "joe" cannot list resource "pods"' in told), (1, True))


def who(kubectl):
    code, told = kubectl("auth", "whoami", "-o", "json")
    hold("whoami", code, 0)
    info = json.loads(told)["status"]["userInfo"]
    hold("the administrator's groups", "system:masters" in info["groups"], True)
    code, told = kubectl("auth", "whoami", "-o", "json", "--as", "joe", "--as-group", "g", "--as-uid", "7")
    hold("whoami as joe", (code, json.loads(told)["status"]["userInfo"]),
         (0, {"username": "joe", "uid": "7", "groups": ["g", "system:authenticated"]}))
    hold("whoami as a table", bool(re.search(r"^Username +\S", kubectl("auth", "whoami")[1], re.M)), True)


def reconcile(kubectl):
    hold("reconcile, new", kubectl("auth", "reconcile", "-f", "-", stdin=ROLE % "pods")[0], 0)
    hold("reconcile, more", kubectl("auth", "reconcile", "-f", "-", stdin=ROLE % "services")[0], 0)
    code, told = kubectl("get", "clusterrole", "reconciled", "-o", "json")
    resources = [rule["resources"] for rule in json.loads(told)["rules"]]
    hold("what was reconciled", (code, resources), (0, [["pods"], ["services"]]))


def tokens(server, kubectl):
    hold("an account", kubectl("create", "serviceaccount", "builder", "-n", "kube-public")[0], 0)
    code, token = kubectl("create", "token", "builder", "-n", "kube-public", "--duration", "15m")
    hold("create token", code, 0)
    hold("whose token", user(server, token=token)["username"], "system:serviceaccount:kube-public:builder")
    code, token = kubectl("create", "token", "builder", "-n", "kube-public", "--audience", "others")
    hold("a token for others", (code, user(server, token=token)), (0, 401))


def by_plugin(server, folder):
    """A kubeconfig whose user is told by a program."""
    plugin = folder / "plugin"
    credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "admintoken"}}
    plugin.write_text(f"#!/bin/sh\necho '{json.dumps(credential)}'\n")
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    told = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin), "interactiveMode": "Never"}}
    kubectl = Kubectl(kubeconfig(server, folder, "plugin.kubeconfig", told))
    hold("by a plugin", kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"), (0, "admin"))


def by_certificate(server, kubectl, folder):
    """A request of the certificates API that is approved and signed, as the controller manager would."""
    key, request, certificate = (folder / f"sue.{end}" for end in ("key", "csr", "crt"))
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", "/O=devs/CN=sue")
    encoded = lambda path: base64.b64encode(path.read_bytes()).decode()
    made(server, CSRS, {"metadata": {"name": "sue"}, "spec": {
        "request": encoded(request), "signerName": "kubernetes.io/kube-apiserver-client", "usages": ["client auth"]}})
    hold("certificate approve", kubectl("certificate", "approve", "sue")[0], 0)
    code, csr = call(server, "GET", f"{CSRS}/sue")
    hold("it is approved", [one["type"] for one in csr["status"]["conditions"]], ["Approved"])
    usage, pki = folder / "sue.usage", server.folder / "data" / "pki"
    usage.write_text("extendedKeyUsage=clientAuth\n")
    openssl("x509", "-req", "-in", request, "-CA", pki / "ca.crt", "-CAkey", pki / "ca.key", "-days", "1", "-set_serial", "9",
            "-out", certificate, "-extfile", usage)
    csr["status"]["certificate"] = encoded(certificate)
    hold("it is signed", call(server, "PUT", f"{CSRS}/sue/status", csr)[0], 200)
    issued = call(server, "GET", f"{CSRS}/sue")[1]["status"]["certificate"]
    sue = Kubectl(kubeconfig(server, folder, "sue.kubeconfig", {"client-certificate-data": issued, "client-key-data": encoded(key)}))
    code, told = sue("auth", "whoami", "-o", "json")
    info = json.loads(told)["status"]["userInfo"]
    hold("by certificate", (code, info), (0, {"username": "sue", "groups": ["devs", "system:authenticated"], "extra": credential(certificate)}))
    hold("sue may not yet", sue("get", "nodes")[0], 1)
    bind(server, "devs", {"kind": "Group", "name": "devs"}, "reconciled")
    hold("sue may by her group", sue("auth", "can-i", "get", "services", "-A"), (0, "yes"))


def kubeconfig(server, folder, name, told):
    admin = json.loads(Kubectl(server.kubeconfig)("config", "view", "--raw", "--flatten", "-o", "json")[1])
    path = folder / name
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "clusters": [{"name": "c", "cluster": admin["clusters"][0]["cluster"]}],
        "users": [{"name": "u", "user": told}], "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x"}))
    return path
