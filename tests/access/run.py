#!/usr/bin/env python3
"""Who comes in, on a running server: bootstrap tokens, front proxies and who spoofs them, the audit log, kubectl's view of rights.

    run.py --store embedded|etcd      needs openssl and kubectl
"""
import argparse, base64, http.client, json, pathlib, ssl, subprocess, sys, tempfile, time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
from cluster import TOKEN, TOOLS, Failure, cluster

POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: RequestResponse, resources: [{group: "", resources: [configmaps]}], verbs: [create]}
- {level: Metadata, resources: [{group: "", resources: [secrets]}]}
- {level: None}
"""
REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
SPOOFED = {"X-Remote-User": "joe", "X-Remote-Group": "system:masters", "X-Remote-Extra-a%2fb": "c"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=["embedded", "etcd"], default="embedded")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "policy.yaml").write_text(POLICY)
        log = folder / "audit.log"
        flags = ["--audit-policy-file", folder / "policy.yaml", "--audit-log-path", log, "--enable-bootstrap-token-auth"]
        with cluster(options.store, extra=tuple(map(str, flags))) as server:
            bootstrap_tokens(server)
            front_proxies(server, folder)
            audit(server, log)
            kubectl(server)
    print("access: all held")


def call(server, method, path, body=None, token=TOKEN, headers=None, certificate=None):
    context = ssl._create_unverified_context()
    if certificate:
        context.load_cert_chain(*map(str, certificate))
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=60)
    sent = {"Content-Type": "application/json", **(headers or {})}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    connection.request(method, path, None if body is None else json.dumps(body), sent)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def hold(what, found, wanted):
    if found != wanted:
        raise Failure(f"{what}: {found!r}, not {wanted!r}")


def user(server, **how):
    code, review = call(server, "POST", REVIEWS, {}, **how)
    return review["status"]["userInfo"] if code == 201 else code


def bootstrap_tokens(server):
    encoded = lambda text: base64.b64encode(text.encode()).decode()
    data = {"token-id": "abcdef", "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true"}
    secret = {"metadata": {"name": "bootstrap-token-abcdef"}, "type": "bootstrap.kubernetes.io/token",
              "data": {key: encoded(text) for key, text in data.items()}}
    path = "/api/v1/namespaces/kube-system/secrets"
    hold("a token's secret", call(server, "POST", path, secret)[0], 201)
    groups = ["system:bootstrappers", "system:authenticated"]
    hold("a bootstrap token", user(server, token="abcdef.0123456789abcdef"),
         {"username": "system:bootstrap:abcdef", "groups": groups})
    hold("another secret", user(server, token="abcdef.0123456789abcdee"), 401)


def front_proxies(server, folder):
    hold("headers without a certificate", user(server, token=None, headers=SPOOFED), 403)
    named = {"username": "joe", "groups": ["system:masters", "system:authenticated"], "extra": {"a/b": ["c"]}}
    own = {"username": "front-proxy-client", "groups": ["system:authenticated"]}
    cases = [
        ("front-proxy-client", "front-proxy-ca", named),
        ("someone-else", "front-proxy-ca", 401),
        # Of the clients' authority: a user as any other, whose headers count for nothing.
        ("front-proxy-client", "ca", own),
    ]
    for name, authority, wanted in cases:
        certificate = sign(server.folder / "data" / "pki", authority, name, folder)
        found = user(server, token=None, headers=SPOOFED, certificate=certificate)
        hold(f"{name} of {authority}", found, wanted)


def sign(pki, authority, name, folder):
    key, request, certificate, usage = (folder / end for end in ("k.pem", "r.pem", "c.pem", "usage"))
    usage.write_text("extendedKeyUsage=clientAuth\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
    openssl("x509", "-req", "-in", request, "-CA", pki / f"{authority}.crt", "-CAkey", pki / f"{authority}.key", "-days", "1",
            "-set_serial", "7", "-out", certificate, "-extfile", usage)
    return certificate, key


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def audit(server, log):
    body = {"metadata": {"name": "told"}}
    hold("a config map", call(server, "POST", "/api/v1/namespaces/default/configmaps", body)[0], 201)
    for _ in range(600):
        events = [json.loads(line) for line in log.read_text().splitlines()]
        found = [event for event in events if event["objectRef"]["resource"] == "configmaps"]
        if found:
            break
        time.sleep(0.05)
    hold("events of the config map", len(found), 1)
    hold("its level", found[0]["level"], "RequestResponse")
    hold("its request", found[0]["requestObject"]["metadata"]["name"], "told")
    hold("its answer", found[0]["responseObject"]["kind"], "ConfigMap")
    hold("its decision", found[0]["annotations"]["authorization.k8s.io/decision"], "allow")
    levels = {event["level"] for event in events if event["objectRef"]["resource"] == "secrets"}
    hold("the level of secrets", levels, {"Metadata"})


def kubectl(server):
    def run(*arguments):
        command = [TOOLS / "bin" / "kubectl", "--kubeconfig", server.folder / "data" / "admin.kubeconfig", *arguments]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout.strip()

    hold("can-i", run("auth", "can-i", "create", "pods"), (0, "yes"))
    hold("can-i as joe", run("auth", "can-i", "create", "pods", "--as", "joe"), (1, "no"))
    hold("a role", run("create", "clusterrole", "makes-pods", "--verb=create", "--resource=pods")[0], 0)
    hold("a binding", run("create", "clusterrolebinding", "b", "--clusterrole=makes-pods", "--user=joe")[0], 0)
    hold("can-i as joe, bound", run("auth", "can-i", "create", "pods", "--as", "joe"), (0, "yes"))
    hold("an account", run("create", "serviceaccount", "builder", "-n", "kube-public")[0], 0)
    code, token = run("create", "token", "builder", "-n", "kube-public")
    hold("create token", code, 0)
    hold("whose token", user(server, token=token)["username"], "system:serviceaccount:kube-public:builder")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
