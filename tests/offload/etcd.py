"""An etcd as clusters run it: TLS, users by their certificates, and one of them may only read."""
import base64, http.client, json, pathlib, ssl, subprocess

from cluster import TOOLS, Process, ask_gateway, free_port, wait_until

PREFIX = "/registry/"
# Everything below the prefix.
PREFIX_END = "/registry0"


class SecuredEtcd(Process):
    def __init__(self, folder):
        self.folder, self.host, self.client, peer = folder, "127.0.0.1", free_port(), free_port()
        self.url = f"https://{self.host}:{self.client}"
        folder.mkdir()
        self.authority, self.authority_key = folder / "ca.crt", folder / "ca.key"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.authority_key, "-out", self.authority, "-days", "2", "-subj", "/CN=etcd-ca")
        certificate, key = self.certificate("server", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n")
        peers = f"http://{self.host}:{peer}"
        self.command = [
            TOOLS / "bin" / "etcd", "--name", "etcd", "--data-dir", folder / "data", "--log-level", "error",
            "--listen-client-urls", self.url, "--advertise-client-urls", self.url, "--client-cert-auth", "--trusted-ca-file", self.authority,
            "--cert-file", certificate, "--key-file", key,
            "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", f"etcd={peers}",
        ]
        self.log = folder / "log"
        self.launch()
        self.root = self.certificate("root")
        wait_until("etcd is healthy", lambda: self.call("maintenance/status", {}), self.process, self.log)

    def certificate(self, name, extension="extendedKeyUsage=clientAuth\n"):
        """A certificate of a user, and its key."""
        certificate, key, request, extra = (self.folder / f"{name}.{end}" for end in ("crt", "key", "csr", "ext"))
        extra.write_text(extension)
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", request, "-CA", self.authority, "-CAkey", self.authority_key, "-days", "2", "-CAcreateserial",
                "-out", certificate, "-extfile", extra)
        return certificate, key

    def call(self, path, body):
        """A request to the JSON gateway, which knows no users: before there are any."""
        context = ssl.create_default_context(cafile=self.authority)
        context.load_cert_chain(*self.root)
        return ask_gateway(http.client.HTTPSConnection(self.host, self.client, timeout=30, context=context), path, body)

    def put(self, key, value_b64):
        self.call("kv/put", {"key": encoded(key), "value": value_b64})

    def count(self):
        """How many keys it has below the prefix."""
        return int(self.call("kv/range", {"key": encoded(PREFIX), "range_end": encoded(PREFIX_END), "count_only": True}).get("count", 0))

    def make_users(self):
        """`root` may everything, `reader` may read below the prefix. From now on others may nothing."""
        for name in ["root", "reader"]:
            self.call("auth/user/add", {"name": name, "options": {"no_password": True}})
            self.call("auth/role/add", {"name": name})
            self.call("auth/user/grant", {"user": name, "role": name})
        self.call("auth/role/grant", {"name": "reader", "perm": {"permType": "READ", "key": encoded(PREFIX), "range_end": encoded(PREFIX_END)}})
        self.call("auth/enable", {})
        return self.certificate("reader")


def flags(etcd, certificate, key):
    return ["--etcd-servers", etcd.url, "--etcd-cafile", etcd.authority, "--etcd-certfile", certificate, "--etcd-keyfile", key]


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"openssl {arguments[0]}: {done.stderr}")


def load(etcd, path):
    """Puts recorded keys; how many."""
    lines = [json.loads(line) for line in pathlib.Path(path).read_text().split("\n") if line]
    stored = {line["key"]: line["value_b64"] for line in lines if line.get("key") and line.get("value_b64")}
    for key, value in stored.items():
        etcd.put(key, value)
    return len(stored)
