"""What the suites of tests/access share: requests with any credentials, certificates, and waiting for a state."""
import hashlib, http.client, json, ssl, subprocess, time

from cluster import TOKEN, TOOLS, Failure

REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
WAIT_SECONDS_MAX = 30


def call(server, method, path, body=None, token=TOKEN, headers=None, certificate=None):
    """Status and body of one request; the body is a tree where it is JSON."""
    context = ssl._create_unverified_context()
    if certificate:
        context.load_cert_chain(*map(str, certificate))
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=60)
    try:
        sent = {"Content-Type": "application/json", **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text
    finally:
        connection.close()


def made(server, path, body):
    """Creates an object."""
    code, answer = call(server, "POST", path, body)
    hold(f"create below {path}", (code, answer if code != 201 else None), (201, None))
    return answer


def user(server, **how):
    """Who one is by these credentials, or the code of the refusal."""
    code, review = call(server, "POST", REVIEWS, {}, **how)
    return review["status"]["userInfo"] if code == 201 else code


def hold(what, found, wanted):
    if found != wanted:
        raise Failure(f"{what}: {found!r}, not {wanted!r}")


def wait_for(what, holds, seconds=WAIT_SECONDS_MAX):
    """Waits for a state; how long it took."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > seconds:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(0.02)
    return time.monotonic() - begun


def bind(server, name, subject, role="cluster-admin"):
    """A binding in the cluster for one subject; deleted by its path."""
    made(server, f"{RBAC}/clusterrolebindings", {
        "metadata": {"name": name}, "subjects": [{"apiGroup": "rbac.authorization.k8s.io", **subject}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}})
    return f"{RBAC}/clusterrolebindings/{name}"


def sign(pki, authority, subject, folder, days="1", usage="clientAuth", key_of=None):
    """A certificate of an authority of the server's data folder, and its key."""
    name = "".join(char for char in f"{authority}{subject}{days}{usage}" if char.isalnum())
    key, request, certificate, extension = (folder / f"{name}.{end}" for end in ("key", "csr", "crt", "usage"))
    extension.write_text(f"extendedKeyUsage={usage}\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", subject)
    openssl("x509", "-req", "-in", request, "-CA", pki / f"{authority}.crt", "-CAkey", pki / f"{authority}.key", "-days", days,
            "-set_serial", "7", "-out", certificate, "-extfile", extension)
    return certificate, key


def credential(certificate):
    """What users are told to have shown with a certificate."""
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    return {"authentication.kubernetes.io/credential-id": ["X509SHA256=" + hashlib.sha256(der).hexdigest()]}


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"openssl {arguments[0]}: {done.stderr}")


class Kubectl:
    """kubectl with a kubeconfig: code and output of a command."""

    def __init__(self, kubeconfig):
        self.kubeconfig = kubeconfig

    def __call__(self, *arguments, stdin=None):
        command = [TOOLS / "bin" / "kubectl", "--kubeconfig", self.kubeconfig, *arguments]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120, input=stdin)
        return done.returncode, (done.stdout if done.returncode == 0 else done.stdout + done.stderr).strip()


class Watch:
    """An open watch that is read line by line; `ended` waits for its end."""

    def __init__(self, server, path, token=TOKEN, certificate=None, timeout=WAIT_SECONDS_MAX):
        context = ssl._create_unverified_context()
        if certificate:
            context.load_cert_chain(*map(str, certificate))
        self.connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=timeout)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()
        hold(f"the watch {path}", self.answer.status, 200)

    def shows(self, name):
        """Whether it comes to an event of an object of this name before it ends."""
        try:
            while line := self.answer.readline():
                if json.loads(line)["object"]["metadata"]["name"] == name:
                    return True
            return False
        finally:
            self.connection.close()

    def ended(self):
        """Whether it comes to an end within its time; what comes until then is passed over."""
        try:
            while self.answer.readline():
                pass
            return True
        except TimeoutError:
            return False
        finally:
            self.connection.close()
