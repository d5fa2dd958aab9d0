"""The tiers as processes of their own over one etcd: frontends, members of the watch tier, routers. `shardplane up` starts and stops
them; what ends meanwhile is the suites' to start again.

What is tested is the suites' affair.
"""
import collections, contextlib, json, os, pathlib, re, shutil, signal, subprocess, sys, tempfile, time

from cluster import (START_SECONDS_MAX, STOP_SECONDS_MAX, Etcd, EtcdCluster, Failure, Process, Server, binary, cluster, free_port, stop, tail,
                     token_file, wait_until)


class Adopted:
    """A process that `shardplane up` started, seen as one of ours."""

    def __init__(self, up, name, pid):
        self.up, self.name, self.pid, self.returncode = up, name, pid, None

    def poll(self):
        if self.returncode is None and not pathlib.Path(f"/proc/{self.pid}").exists():
            said = re.findall(rf"{self.name} ended: (exit status|signal): (\d+)", self.up.log.read_text())
            if said:
                how, number = said[-1]
                self.returncode = int(number) if how == "exit status" else -int(number)
            elif not self.up.alive():
                # Of those that it stopped itself it says nothing.
                self.returncode = 0
        return self.returncode

    def wait(self, timeout=STOP_SECONDS_MAX):
        end = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(self.name, timeout)
            time.sleep(0.02)
        return self.returncode

    def send_signal(self, number):
        os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            self.send_signal(signal.SIGKILL)


class Tier(Server):
    """One process of a tier. Where it is ours, its standard input is, too: it stops when that ends."""

    def __init__(self, system, name, tier, address, command, process=None):
        self.name, self.tier, self.address, self.command = name, tier, address, command
        self.host, _, port = address.rpartition(":")
        self.url, self.port, self.etcd = f"https://{address}", int(port), system.etcd
        self.folder = system.folder / name
        self.folder.mkdir(exist_ok=True)
        self.log = self.folder / "log"
        self.process = process or self.launch()

    @property
    def kubeconfig(self):
        return self.folder / "admin.kubeconfig"

    def launch(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=self.log.open("a"), stderr=subprocess.STDOUT)
        return self.process

    def wait(self):
        wait_until(f"{self.name} is ready", lambda: self.request("GET", "/readyz")[0] == 200, self.process, self.log)

    def start(self):
        self.launch()
        self.wait()


class Up(Process):
    """`shardplane up`."""

    def __init__(self, folder, arguments):
        self.log = folder / "up.log"
        self.command = [binary(), "up", "--data-dir", folder, "--secure-port", "0", "--restart", "false", *arguments]
        self.launch()
        wait_until("all tiers work together", lambda: self.told(folder), self.process, self.log, seconds=3 * START_SECONDS_MAX)

    def told(self, folder):
        return "Next:" in self.log.read_text() and json.loads((folder / "system.json").read_text())

    def stop(self):
        """All in order, as at Ctrl-C."""
        stop(self.process)
        if self.process.returncode != 0:
            raise Failure(f"`shardplane up` ended with {self.process.returncode}\n{tail(self.log)}")


class System:
    """Processes of all tiers over an etcd. How they were started is the affair of its kinds."""

    def __init__(self, folder, etcd):
        self.folder, self.etcd, self.pieces = pathlib.Path(folder), etcd, collections.defaultdict(list)
        self.access = ["--token-auth-file", str(token_file(self.folder)), "--service-cluster-ip-range", "10.96.0.0/16"]

    @property
    def frontends(self):
        return self.pieces["apiserver"]

    @property
    def members(self):
        return self.pieces["watchcache"]

    @property
    def routers(self):
        return self.pieces["router"]

    @property
    def processes(self):
        return [*self.frontends, *self.members, *self.routers]

    def status(self, router):
        """What a router says of everybody."""
        code, _, body = router.request("GET", "/statusz")
        if code != 200:
            raise OSError(f"/statusz: {code} {body}")
        return json.loads(body)

    def of_member(self, router, process):
        """What a router says of a process; None if it does not know it."""
        return next((one for one in self.status(router)["members"] if one["address"] == process.address), None)

    def unit(self, router, name):
        return next((one for one in self.status(router)["units"] if one["unit"] == name), {"asked": [], "assigned": []})

    def is_complete(self, router):
        """Everybody is known, whoever is to have something is ready for it, and nobody is still behind the store."""
        status = self.status(router)
        known = {one["address"] for one in status["members"]}
        everybody = {process.address for process in [*self.frontends, *self.members] if process.alive()}
        are_abreast = not any(one["behindUnits"] for one in status["members"])
        return known == everybody and len(status["units"]) > 40 and status["settled"] and are_abreast

    def until(self, what, holds, seconds=START_SECONDS_MAX):
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError):
                if holds():
                    return
            if time.monotonic() > end:
                raise Failure(f"not within {seconds} s: {what}")
            time.sleep(0.05)


class Local(System):
    """A system that `shardplane up` starts and stops."""

    def __init__(self, folder, member_flags=(), frontend_flags=(), router_flags=(), etcds=1, frontends=2, members=2, routers=1):
        names = [f"etcd-{number}" for number in range(1, etcds + 1)]
        super().__init__(folder, Etcd(folder) if etcds == 1 else EtcdCluster(folder, {name: ("127.0.0.1", ()) for name in names}))
        self.up, self.made = None, 0
        self.arguments = ["--apiservers", frontends, "--watchcaches", members, "--routers", routers, "--etcd-servers", self.etcd.url]
        for tier, flags in [("apiserver", frontend_flags), ("watchcache", member_flags)]:
            self.arguments += [f"--{tier}-arg={flag}" for flag in [*self.access, *flags]]
        self.arguments += [f"--router-arg={flag}" for flag in router_flags]

    def start(self):
        self.etcd.wait()
        self.up = Up(self.folder, self.arguments)
        for told in json.loads((self.folder / "system.json").read_text())["processes"]:
            process = Adopted(self.up, told["name"], told["pid"])
            tier = Tier(self, told["name"], told["tier"], told["address"], told["command"], process)
            self.pieces[told["tier"]].append(tier)
        for router in self.routers:
            self.until("the router knows everybody", lambda: self.is_complete(router))

    def add_member(self):
        """One more of the watch tier; it is not waited for."""
        self.made += 1
        model, name, address = self.members[0], f"member-more-{self.made}", f"127.0.0.1:{free_port()}"
        own = {str(model.folder): str(self.folder / name), str(model.port): address.rpartition(":")[2]}
        self.members.append(Tier(self, name, "watchcache", address, [own.get(part, part) for part in model.command]))
        return self.members[-1]

    def stop(self):
        """In order, and nothing is left of it."""
        for process in [process.process for of_tier in self.pieces.values() for process in of_tier]:
            if isinstance(process, subprocess.Popen):
                process.kill()
                process.wait()
        try:
            if self.up:
                self.up.stop()
                left = [one.name for one in self.processes if one.alive()]
                if left:
                    raise Failure(f"left behind: {left}")
        finally:
            self.etcd.stop()


@contextlib.contextmanager
def system(**wanted):
    """A running system; everything is gone afterwards."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="shardplane-tiers-"))
    running = None
    try:
        running = Local(folder, **wanted)
        running.start()
        yield running
    except BaseException:
        for log in sorted([*folder.glob("*/log"), folder / "up.log"]):
            print(f"--- end of the log of {log.parent.name}\n{tail(log, 25)}", file=sys.stderr)
        raise
    finally:
        if running:
            running.stop()
        shutil.rmtree(folder, ignore_errors=True)


# What the suites of clients are run against.
STORES = ["embedded", "etcd", "tiers"]


@contextlib.contextmanager
def served(store):
    """A server on a store; or one of two routers before 2 frontends and 3 members of the watch tier over 3 etcds."""
    if store != "tiers":
        with cluster(store) as server:
            yield server
        return
    with system(members=3, routers=2, etcds=3) as tiers:
        yield tiers.routers[1]
        dead = [process.name for process in tiers.processes if not process.alive()]
        if dead:
            raise Failure(f"ended by themselves: {dead}")
