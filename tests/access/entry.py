"""Who comes in: bootstrap tokens, client certificates in every state, front proxies, and who spoofs their headers."""
import base64, datetime

from calls import call, hold, openssl, sign, user

# With a limit: frontends that have members behind them answer no others.
SECRETS = "/api/v1/secrets?limit=1"
SPOOFED = {"X-Remote-User": "joe", "X-Remote-Uid": "7", "X-Remote-Group": "system:masters", "X-Remote-Extra-a%2fb": "c"}
# Other spellings, and what other proxies say: none of it may name anybody.
OTHERS = [
    {"x-remote-user": "joe", "x-remote-group": "system:masters"},
    {"X-Forwarded-User": "joe", "X-Forwarded-Groups": "system:masters"},
    {"X-Auth-Request-User": "joe", "X-Auth-Request-Groups": "system:masters"},
    {"X_Remote_User": "joe", "X_Remote_Group": "system:masters"},
]

# For certificates whose times are chosen.
CONFIG = """[ca]
default_ca = it
[it]
database = {index}
serial = {serial}
new_certs_dir = {folder}
default_md = sha256
policy = any
x509_extensions = usage
unique_subject = no
[any]
organizationName = optional
commonName = optional
[usage]
extendedKeyUsage = clientAuth
"""


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


def spoofed_headers(server, who="the server"):
    """Without a proxy's certificate headers name nobody, whatever else is shown."""
    for headers in [SPOOFED, *OTHERS]:
        hold(f"{who}: {list(headers)} alone", call(server, "GET", SECRETS, token=None, headers=headers)[0], 403)
        hold(f"{who}: {list(headers)} and a bad token", call(server, "GET", SECRETS, token="bad", headers=headers)[0], 401)
        code, answer = call(server, "GET", "/api/v1/pods?watch=1&timeoutSeconds=1", token=None, headers=headers)
        hold(f"{who}: {list(headers)} on a watch", (code, "system:anonymous" in answer["message"]), (403, True))


def odd_headers(server, who="the server"):
    """Bytes that are no text, in headers that name somebody: refused, and never passed over."""
    code = lambda headers, **how: call(server, "GET", SECRETS, headers=headers, **how)[0]
    odd = "\u00ff\u00fe"
    hold(f"{who}: a token that is no text", code({"Authorization": f"Bearer {odd}"}, token=None), 401)
    hold(f"{who}: another scheme", code({"Authorization": "Basic eDp5"}, token=None), 403)
    for headers in [{"Impersonate-User": odd}, {"Impersonate-User": "joe", "Impersonate-Group": odd}, {"Impersonate-User": "joe", "Impersonate-Uid": odd},
                    {"Impersonate-User": "joe", "Impersonate-Extra-a": odd}, {"Impersonate-Group": "system:masters"}]:
        hold(f"{who}: {list(headers)}", code(headers), 400)
    hold(f"{who}: somebody who may not", code({"Impersonate-User": "joe"}), 403)
    hold(f"{who}: groups in vain", code({"Impersonate-User": "joe", "Impersonate-Group": "system:unauthenticated"}), 403)


def front_proxies(server, pki, folder, who="the server"):
    """A proxy names users, if its certificate is of the proxies' authority and its name allowed."""
    cases = [
        ("/CN=front-proxy-client", "front-proxy-ca", 200),
        ("/CN=someone-else", "front-proxy-ca", 401),
        # Of the clients' authority: a user as any other, whose headers count for nothing.
        ("/CN=front-proxy-client", "ca", 403),
    ]
    for subject, authority, wanted in cases:
        certificate = sign(pki, authority, subject, folder)
        found = call(server, "GET", SECRETS, token=None, headers=SPOOFED, certificate=certificate)[0]
        hold(f"{who}: {subject} of {authority}", found, wanted)


def proxied_users(server, folder):
    named = {"username": "joe", "uid": "7", "groups": ["system:masters", "system:authenticated"], "extra": {"a/b": ["c"]}}
    certificate = sign(server.folder / "data" / "pki", "front-proxy-ca", "/CN=front-proxy-client", folder)
    hold("a user that a proxy names", user(server, token=None, headers=SPOOFED, certificate=certificate), named)


def client_certificates(server, pki, folder, who="the server"):
    """Good, expired, not yet valid, of another authority, for another use, without a name, signed by itself."""
    other = folder / "other"
    other.mkdir(exist_ok=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", other / "ca.key", "-out", other / "ca.crt",
            "-subj", "/CN=shardplane-ca", "-days", "1")
    masters = "/O=system:masters/CN=root"
    code = lambda certificate, **how: call(server, "GET", SECRETS, certificate=certificate, **{"token": None, **how})[0]
    good = sign(pki, "ca", masters, folder)
    hold(f"{who}: a good certificate", code(good), 200)
    hold(f"{who}: a good one of nobody special", code(sign(pki, "ca", "/CN=nobody", folder)), 403)
    bad = {
        "expired": dated(pki, masters, folder, -3, -1),
        "not yet valid": dated(pki, masters, folder, 1, 3),
        "of another authority": sign(other, "ca", masters, folder),
        "for servers": sign(pki, "ca", masters, folder, usage="serverAuth"),
        "without a name": sign(pki, "ca", "/O=system:masters", folder),
        "the other authority itself": (other / "ca.crt", other / "ca.key"),
        "of the proxies' authority": sign(pki, "front-proxy-ca", masters, folder),
    }
    for what, certificate in bad.items():
        hold(f"{who}: a certificate {what}", code(certificate), 401)
        hold(f"{who}: a certificate {what} and a bad token", code(certificate, token="bad"), 401)
        hold(f"{who}: a certificate {what} and a good token", code(certificate, token="admintoken"), 200)


def dated(pki, subject, folder, first, last):
    """A certificate that is good from one day to another, counted from today."""
    return between(pki, subject, folder, datetime.timedelta(days=first), datetime.timedelta(days=last))


def dated_seconds(pki, subject, folder, seconds):
    """A certificate that ends so soon."""
    return between(pki, subject, folder, datetime.timedelta(days=-1), datetime.timedelta(seconds=seconds))


def between(pki, subject, folder, first, last):
    name = f"dated{int(first.total_seconds())}x{int(last.total_seconds())}"
    key, request, certificate, config, index, serial = (
        folder / f"{name}.{end}" for end in ("key", "csr", "crt", "cnf", "index", "serial"))
    index.write_text("")
    serial.write_text("0A\n")
    config.write_text(CONFIG.format(index=index, serial=serial, folder=folder))
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", subject)
    now = datetime.datetime.now(datetime.timezone.utc)
    first, last = ((now + time).strftime("%Y%m%d%H%M%SZ") for time in (first, last))
    openssl("ca", "-batch", "-config", config, "-in", request, "-out", certificate, "-cert", pki / "ca.crt", "-keyfile", pki / "ca.key",
            "-startdate", first, "-enddate", last, "-notext")
    return certificate, key
