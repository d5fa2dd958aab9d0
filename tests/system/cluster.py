"""Real servers for system tests: a shardplane process, and an etcd where one is wanted. Each has its own ports and folder.

It starts and stops processes and knows where they are; what is tested is the suites' affair.
"""
import contextlib, functools, http.client, json, os, pathlib, shutil, signal, socket, ssl, subprocess, sys, tempfile, time

REPO = pathlib.Path(__file__).resolve().parents[2]
TOOLS = pathlib.Path(os.environ.get("SHARDPLANE_TOOLS") or pathlib.Path.home() / ".cache" / "shardplane-tools")
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
TOKEN = "admintoken"
# A user of the same name who may what roles say, and is in no group that may all.
BOUND_TOKEN, BOUND_GROUP = "boundtoken", "bound"


class Failure(Exception):
    """A test that did not hold."""


def binary():
    """The program under test: $SHARDPLANE_BINARY, or the debug build."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or REPO / "target")
    return pathlib.Path(os.environ.get("SHARDPLANE_BINARY") or target / "debug" / "shardplane")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A process and its log; how it is started and when it is ready are its kind's affair."""

    def launch(self):
        """Starts it and waits for nothing."""
        self.process = subprocess.Popen(list(map(str, self.command)), stdout=self.log.open("a"), stderr=subprocess.STDOUT)

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        stop(self.process)

    def kill(self):
        self.process.kill()
        self.process.wait()

    @contextlib.contextmanager
    def paused(self):
        with paused(self.process):
            yield


class Etcd(Process):
    """One etcd: alone, or one of a cluster; on this host, or on another by what its command begins with."""

    def __init__(self, folder, name="etcd", host="127.0.0.1", on=(), peer=None, cluster=None):
        self.name, self.host, self.client, peer = name, host, free_port(), peer or free_port()
        self.url = f"http://{host}:{self.client}"
        self.command = [
            *on, TOOLS / "bin" / "etcd", "--name", name, "--data-dir", folder / name, "--log-level", "error",
            "--listen-client-urls", self.url, "--advertise-client-urls", self.url,
            "--listen-peer-urls", f"http://{host}:{peer}", "--initial-advertise-peer-urls", f"http://{host}:{peer}",
            "--initial-cluster", cluster or f"{name}=http://{host}:{peer}",
        ]
        self.log = folder / f"{name}.log"
        self.launch()
        if not cluster:
            # One of several is not healthy without the others.
            self.wait()

    def start(self):
        self.launch()
        self.wait()

    def wait(self):
        wait_until(f"{self.name} is healthy", lambda: self.healthy(), self.process, self.log)

    def healthy(self):
        connection = http.client.HTTPConnection(self.host, self.client, timeout=2)
        connection.request("GET", "/health")
        return b'"true"' in connection.getresponse().read()

    def call(self, path, body):
        """A request to the JSON gateway, as `kv/range`."""
        return ask_gateway(http.client.HTTPConnection(self.host, self.client, timeout=30), path, body)


def ask_gateway(connection, path, body):
    """A request to the JSON gateway of an etcd, over a connection that is for it alone."""
    try:
        connection.request("POST", f"/v3/{path}", body=json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise Failure(f"etcd {path}: {answer.status} {text}")
        return json.loads(text)
    finally:
        connection.close()


class EtcdCluster:
    """Several etcd members that agree with each other."""

    def __init__(self, folder, places):
        """`places` says for each name on which address it listens, and what its command begins with."""
        peers = {name: free_port() for name in places}
        cluster = ",".join(f"{name}=http://{host}:{peers[name]}" for name, (host, _) in places.items())
        self.members = [Etcd(folder, name, host, on, peers[name], cluster) for name, (host, on) in places.items()]
        self.url = ",".join(member.url for member in self.members)

    def wait(self):
        for member in self.members:
            member.wait()

    def leader(self):
        """The member that the others follow."""
        for member in self.members:
            if member.alive():
                status = member.call("maintenance/status", {})
                if status.get("leader") == status["header"]["member_id"]:
                    return member
        raise OSError("no leader")

    def stop(self):
        for member in self.members:
            member.stop()


def token_file(folder):
    path = folder / "tokens.csv"
    path.write_text(f'{TOKEN},admin,admin,"system:masters"\n{BOUND_TOKEN},admin,admin,"{BOUND_GROUP}"\n')
    return path


class Server(Process):
    """A shardplane that serves, on the embedded store or on an etcd."""

    host = "127.0.0.1"

    def __init__(self, folder, etcd=None, extra=()):
        self.folder, self.port, self.etcd = pathlib.Path(folder), free_port(), etcd
        self.url = f"https://127.0.0.1:{self.port}"
        self.log = self.folder / "server.log"
        self.command = [
            str(binary()), "serve", "--data-dir", str(self.folder / "data"), "--secure-port", str(self.port),
            "--bind-address", "127.0.0.1", "--token-auth-file", str(token_file(self.folder)), "--service-cluster-ip-range", "10.96.0.0/16",
            "--service-node-port-range", "30000-32767",
            *(["--etcd-servers", etcd.url] if etcd else []), *extra,
        ]
        self.start()

    def start(self):
        self.launch()
        wait_until("the server is ready", lambda: self.request("GET", "/readyz")[0] == 200, self.process, self.log)

    @property
    def kubeconfig(self):
        return self.folder / "data" / "admin.kubeconfig"

    def request(self, method, path, body=None, headers=None, token=TOKEN, timeout=30):
        """One request; returns status, headers and body."""
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=insecure())
        try:
            sent = {"Authorization": f"Bearer {token}"} if token else {}
            if isinstance(body, (dict, list)):
                body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
            connection.request(method, path, body=body, headers={**sent, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def session(self):
        """A connection that is kept for many requests."""
        return Session(self.port, host=self.host)

    def resident_bytes(self):
        return int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Member(Server):
    """A shardplane of the watch tier alone, over an etcd."""

    def __init__(self, folder, etcd, extra=()):
        self.folder, self.port, self.etcd = pathlib.Path(folder), free_port(), etcd
        self.folder.mkdir()
        self.log = self.folder / "member.log"
        self.command = [
            str(binary()), "watchcache", "--data-dir", str(self.folder / "data"), "--secure-port", str(self.port),
            "--bind-address", "127.0.0.1", "--token-auth-file", str(token_file(self.folder)), "--etcd-servers", etcd.url, *extra,
        ]
        self.start()


class Session:
    """Requests over one connection, which is opened again when it has gone."""

    def __init__(self, port, timeout=30, host="127.0.0.1"):
        self.connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=insecure())

    def request(self, method, path, body=None, headers=None):
        """As `Server.request`, for the user of the token."""
        sent = {"Authorization": f"Bearer {TOKEN}", **(headers or {})}
        if isinstance(body, (dict, list)):
            body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            self.connection.request(method, path, body=body, headers=sent)
            answer = self.connection.getresponse()
            return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
        except BaseException:
            # A connection in the middle of an answer is of no use to the next request.
            self.connection.close()
            raise

    def close(self):
        self.connection.close()


@functools.cache
def insecure(*protocols):
    """Tests reach the server on loopback; its authority is checked by the clients that have the kubeconfig. To make it takes tens of
    milliseconds."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


@contextlib.contextmanager
def cluster(store, extra=()):
    """A running server on `embedded` or `etcd`; everything is gone afterwards."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="shardplane-test-"))
    etcd = server = None
    try:
        etcd = Etcd(folder) if store == "etcd" else None
        server = Server(folder, etcd, extra)
        yield server
        if not server.alive():
            raise Failure(f"the server ended with {server.process.returncode}")
    except BaseException:
        if server or (folder / "server.log").exists():
            print("--- end of the server's log\n" + tail(folder / "server.log"), file=sys.stderr)
        raise
    finally:
        for part in [server, etcd]:
            if part:
                part.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def paused(process):
    """The process does nothing meanwhile, and does not know."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def wait_until(what, holds, process, log, seconds=START_SECONDS_MAX):
    """Waits for a state, and fails at once if the process ends."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Failure(f"{what}: the process ended with {process.returncode}\n{tail(log)}")
        try:
            if holds():
                return
        except OSError:
            pass
        time.sleep(0.05)
    # Nobody has it yet who would stop it.
    stop(process)
    raise Failure(f"{what}: not within {seconds} s\n{tail(log)}")


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def tail(path, lines=40):
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""
