"""Several hosts on one machine: network namespaces that reach each other through a hub, where the way from one host to another can be
cut, one way or both. The process that makes them moves into one of its own, and so do its threads and children.
"""
import contextlib, ctypes, os, pathlib, re, shutil, subprocess, sys, tempfile

from cluster import EtcdCluster, Failure, binary, tail
from tiers import System, Tier

CLIENT = "client"
CLONE_NEWNET = 0x40000000
PORT = 6443


class Net:
    """Hosts by name; each has an address."""

    def __init__(self, names):
        sweep()
        self.prefix, self.addresses, self.cuts = f"sp{os.getpid()}-", {}, []
        self.made = []
        self.make("hub")
        for number, name in enumerate([CLIENT, *names], 1):
            self.join(number, name)
        self.run("hub", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        enter(self.prefix + CLIENT)

    def make(self, name):
        ip("netns", "add", self.prefix + name)
        self.made.append(name)
        self.run(name, "ip", "link", "set", "lo", "up")

    def join(self, number, name):
        self.make(name)
        self.addresses[name], gate = f"10.77.{number}.2", f"10.77.{number}.1"
        ip("link", "add", f"h{number}", "netns", self.prefix + "hub", "type", "veth", "peer", "name", "eth0", "netns", self.prefix + name)
        for host, device, address in [("hub", f"h{number}", gate), (name, "eth0", self.addresses[name])]:
            self.run(host, "ip", "addr", "add", f"{address}/30", "dev", device)
            self.run(host, "ip", "link", "set", device, "up")
        self.run(name, "ip", "route", "add", "default", "via", gate)

    def on(self, name):
        """What a command on a host begins with."""
        return ["ip", "netns", "exec", self.prefix + name]

    def run(self, name, *command):
        ip(*self.on(name)[1:], *command)

    @contextlib.contextmanager
    def cut(self, *ways):
        """Nothing goes from the first of each pair to the second meanwhile; nobody is told."""
        rules = [["from", self.addresses[source], "to", self.addresses[sink], "blackhole"] for source, sink in ways]
        for rule in rules:
            self.run("hub", "ip", "rule", "add", *rule)
        try:
            yield
        finally:
            for rule in rules:
                self.run("hub", "ip", "rule", "del", *rule)

    def remove(self):
        for name in self.made:
            ip("netns", "del", self.prefix + name)


def ip(*arguments):
    try:
        done = subprocess.run(["ip", *map(str, arguments)], capture_output=True, text=True)
    except FileNotFoundError:
        raise Failure("`ip` is needed: install Debian's iproute2") from None
    if done.returncode != 0:
        raise Failure(f"ip {' '.join(map(str, arguments))}: {done.stderr.strip()} (network namespaces need root)")


def sweep():
    """Removes what runs left behind that were killed."""
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout if shutil.which("ip") else ""
    for name, pid in re.findall(r"^(sp(\d+)-\S+)", listed, re.MULTILINE):
        if not pathlib.Path(f"/proc/{pid}").exists():
            ip("netns", "del", name)


def enter(name):
    """Moves this thread, and what it starts from now on."""
    with open(f"/run/netns/{name}") as space:
        if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), CLONE_NEWNET) != 0:
            raise Failure(f"cannot enter {name}: {os.strerror(ctypes.get_errno())}")


class Hosts(System):
    """The tiers and three etcds, each process on a host of its own."""

    def __init__(self, folder, frontends=2, members=3, routers=2, etcds=3, member_flags=()):
        counts = {"etcd": etcds, "frontend": frontends, "member": members, "router": routers}
        names = [f"{role}-{number}" for role, count in counts.items() for number in range(1, count + 1)]
        self.net = Net(names)
        of = lambda role: [name for name in names if name.startswith(role)]
        etcd = EtcdCluster(folder, {name: (self.net.addresses[name], self.net.on(name)) for name in of("etcd")})
        super().__init__(folder, etcd)
        seeds = ",".join(f"{self.net.addresses[name]}:{PORT}" for name in of("frontend"))
        stored, found = ["--etcd-servers", etcd.url, *self.access], ["--frontends", seeds]
        for role, tier, flags in [("frontend", "apiserver", stored), ("member", "watchcache", [*stored, *found, *member_flags]),
                                  ("router", "router", found)]:
            self.pieces[tier] = [self.tier(name, tier, flags) for name in of(role)]

    def wait(self):
        self.etcd.wait()
        for process in self.processes:
            process.wait()

    def tier(self, name, tier, flags):
        address = self.net.addresses[name]
        standing = ["--data-dir", self.folder / name, "--cert-dir", self.folder / "pki", "--bind-address", address, "--secure-port", PORT]
        command = [*self.net.on(name), binary(), tier, *standing, "--stop-with-stdin", *flags]
        return Tier(self, name, tier, f"{address}:{PORT}", list(map(str, command)))

    def stop(self):
        for process in self.processes:
            process.kill()
        self.etcd.stop()
        self.net.remove()


@contextlib.contextmanager
def hosts(**counts):
    """A running system on hosts of their own; everything is gone afterwards."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="shardplane-hosts-"))
    running = None
    try:
        running = Hosts(folder, **counts)
        running.wait()
        yield running
    except BaseException:
        for log in sorted(folder.glob("*/log")):
            print(f"--- end of the log of {log.parent.name}\n{tail(log, 15)}", file=sys.stderr)
        raise
    finally:
        if running:
            running.stop()
        shutil.rmtree(folder, ignore_errors=True)
