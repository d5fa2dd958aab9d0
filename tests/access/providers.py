"""An OpenID Connect provider over HTTPS and webhooks over HTTP, which also answer garbage, are late and go away."""
import base64, http.server, json, ssl, subprocess, threading, time

from calls import openssl

# How long a late webhook takes; who asks has given up before.
LATE_SECONDS = 15


class Service:
    """A server on a free port; how it answers is said by `mode`."""

    def __init__(self, context=None):
        self.mode, self.asked, self.lock = "good", [], threading.Lock()
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.answer(None)

            def do_POST(self):
                self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def answer(self, body):
                with service.lock:
                    service.asked.append((self.path, body))
                if service.mode == "away":
                    self.close_connection = True
                    return
                if service.mode == "late":
                    service.ended.wait(LATE_SECONDS)
                code, text = {"good": lambda: (200, json.dumps(service.say(self.path, body))), "broken": lambda: (500, "{}"),
                              "garbage": lambda: (200, "<html>"), "late": lambda: (200, "{}")}[service.mode]()
                self.send_response(code)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.ended = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def address(self):
        return "127.0.0.1:%d" % self.server.server_address[1]


class Provider(Service):
    """An issuer of tokens with a key that can be exchanged."""

    def __init__(self, folder):
        self.folder, self.keys = folder, 0
        self.new_key()
        self.authority = folder / "issuer-ca.crt"
        super().__init__(self.context())
        self.url = f"https://{self.address}"

    def context(self):
        at = lambda name: self.folder / f"issuer-{name}"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", at("ca.key"), "-out", self.authority, "-subj", "/CN=issuer-ca", "-days", "1")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", at("tls.key"), "-out", at("tls.csr"), "-subj", "/CN=issuer")
        at("names").write_text("subjectAltName=IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", at("tls.csr"), "-CA", self.authority, "-CAkey", at("ca.key"), "-days", "1", "-set_serial", "2",
                "-out", at("tls.crt"), "-extfile", at("names"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(at("tls.crt"), at("tls.key"))
        return context

    def new_key(self):
        self.keys += 1
        self.key = self.folder / f"issuer-{self.keys}.pem"
        openssl("genrsa", "-out", self.key, "2048")
        self.kid = f"key-{self.keys}"

    def say(self, path, _):
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        return {"keys": [self.jwk()]}

    def jwk(self):
        modulus = subprocess.run(["openssl", "rsa", "-in", self.key, "-noout", "-modulus"], capture_output=True, text=True, check=True)
        number = bytes.fromhex(modulus.stdout.strip().partition("=")[2])
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": encoded(number), "e": "AQAB"}

    def token(self, key=None, header=None, **changed):
        """A token of these claims, good for ten minutes unless they say otherwise; None takes a claim out."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": "us", "sub": "joe", "iat": now, "exp": now + 600, "tenant": "a", "id": "7", **changed}
        claims = {name: value for name, value in claims.items() if value is not None}
        signed = ".".join(encoded(json.dumps(part).encode()) for part in [header or {"alg": "RS256", "kid": self.kid}, claims])
        made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key or self.key, "-binary"], input=signed.encode(), capture_output=True, check=True)
        return f"{signed}.{encoded(made.stdout)}"


class Webhook(Service):
    """Answers reviews with what a function makes of their specs."""

    def __init__(self, status):
        self.status = status
        super().__init__()

    def say(self, _, review):
        return {"apiVersion": review["apiVersion"], "kind": review["kind"], "status": self.status(review["spec"])}

    def specs(self):
        with self.lock:
            return [review["spec"] for _, review in self.asked]

    def kubeconfig(self, path):
        """Where it is, as servers are told."""
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "clusters": [{"name": "c", "cluster": {"server": f"http://{self.address}/review"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c"}}], "current-context": "x"}))
        return path


def encoded(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
