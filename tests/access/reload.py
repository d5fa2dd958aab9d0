"""Keys, authorities and configuration files count anew when they change; what cannot be used does not."""
import json, re

from calls import call, hold, made, openssl, sign, user, wait_for

ACCOUNTS = "/api/v1/namespaces/kube-public/serviceaccounts"
AUTHENTICATION = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration", "jwt": []}
AUTHORIZATION = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthorizationConfiguration",
                 "authorizers": [{"type": "Node", "name": "node"}, {"type": "RBAC", "name": "rbac"}]}


class Files:
    """The files of a server that reads them again."""

    def __init__(self, folder):
        self.folder = folder / "reloaded"
        self.folder.mkdir()
        self.signing, self.checking, self.authentication, self.authorization, self.clients = (
            self.folder / name for name in ("signing.pem", "checking.pem", "authentication.yaml", "authorization.yaml", "clients.crt"))
        self.new_key(self.signing)
        self.checking.write_bytes(self.signing.read_bytes())
        self.authentication.write_text(json.dumps(AUTHENTICATION))
        self.authorization.write_text(json.dumps(AUTHORIZATION))
        self.authority("first")
        self.authority("second")
        self.clients.write_bytes((self.folder / "first" / "ca.crt").read_bytes())

    def flags(self):
        return ("--service-account-signing-key-file", self.signing, "--service-account-key-file", self.checking,
                "--authentication-config", self.authentication, "--authorization-config", self.authorization, "--client-ca-file", self.clients)

    def new_key(self, path):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)

    def authority(self, name):
        (self.folder / name).mkdir()
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.folder / name / "ca.key",
                "-out", self.folder / name / "ca.crt", "-subj", f"/CN={name}", "-days", "1")


def run(server, files):
    keys(server, files)
    authorities(server, files)
    # Keys are looked at before authorities: by now the broken file was.
    token = made(server, f"{ACCOUNTS}/holder/token", {"spec": {}})["status"]["token"]
    hold("the key before the broken one", user(server, token=token) != 401, True)
    configuration(server, files)


def keys(server, files):
    made(server, ACCOUNTS, {"metadata": {"name": "holder"}})
    token = lambda: made(server, f"{ACCOUNTS}/holder/token", {"spec": {}})["status"]["token"]
    key_ids = lambda: {key["kid"] for key in call(server, "GET", "/openid/v1/jwks")[1]["keys"]}
    old, before = token(), key_ids()
    hold("the old token", user(server, token=old)["username"], "system:serviceaccount:kube-public:holder")
    files.new_key(files.signing)
    wait_for("the new key is published", lambda: len(key_ids()) == 2 and before < key_ids())
    new = token()
    hold("a token of the new key", user(server, token=new)["username"], "system:serviceaccount:kube-public:holder")
    hold("one of the old key, which still counts", user(server, token=old) != 401, True)
    files.checking.write_bytes(files.signing.read_bytes())
    wait_for("the old key is gone", lambda: user(server, token=old) == 401)
    hold("the new token", user(server, token=new) != 401, True)
    files.signing.write_text("no key")


def authorities(server, files):
    code = lambda certificate: call(server, "GET", "/api/v1/nodes", token=None, certificate=certificate)[0]
    subject = "/O=system:masters/CN=root"
    first, second = (sign(files.folder / name, "ca", subject, files.folder / name) for name in ("first", "second"))
    hold("the first authority", (code(first), code(second)), (200, 401))
    files.clients.write_bytes((files.folder / "second" / "ca.crt").read_bytes())
    wait_for("the second authority", lambda: (code(first), code(second)) == (401, 200))


def configuration(server, files):
    """Success and failure are told in metrics under the names of the reference."""
    def number(of, end, status):
        text = call(server, "GET", "/metrics")[1].decode()
        found = re.search(rf'^apiserver_{of}_config_controller_{end}{{status="{status}",[^}}]*}} (\S+)$', text, re.M)
        return float(found[1]) if found else 0.0

    reloads = lambda of, status: number(of, "automatic_reloads_total", status)
    files.authentication.write_text("{")
    wait_for("a broken file", lambda: reloads("authentication", "failure") == 1)
    issuer = {"issuer": {"url": "https://issuer.example", "audiences": ["us"]}, "claimMappings": {"username": {"claim": "sub", "prefix": ""}}}
    files.authentication.write_text(json.dumps({**AUTHENTICATION, "jwt": [issuer]}))
    wait_for("a good file", lambda: reloads("authentication", "success") == 1)
    hold("when", number("authentication", "automatic_reload_last_timestamp_seconds", "success") > 1.6e9, True)
    only = {**AUTHORIZATION, "authorizers": [{"type": "AlwaysAllow", "name": "all"}]}
    files.authorization.write_text(json.dumps(only))
    wait_for("other authorizers are refused", lambda: reloads("authorization", "failure") == 1)
    hold("nothing is opened by it", call(server, "GET", "/api/v1/nodes", token=None)[0], 403)
    turned = {**AUTHORIZATION, "authorizers": AUTHORIZATION["authorizers"][::-1]}
    files.authorization.write_text(json.dumps(turned))
    wait_for("another order is taken", lambda: reloads("authorization", "success") == 1)
