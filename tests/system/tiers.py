"""The tiers as processes of their own over one etcd: frontends, members of the watch tier, routers. They share a folder of
certificates and find each other by their leases.

It starts and stops processes and asks a router what it knows; what is tested is the suites' affair.
"""
import contextlib, json, pathlib, shutil, sys, tempfile, time

from cluster import START_SECONDS_MAX, Etcd, Failure, Server, binary, free_port, tail, token_file, wait_until


class Tier(Server):
    """One process of a tier."""

    def __init__(self, system, tier, name, extra):
        self.folder, self.port = system.folder / name, free_port()
        self.folder.mkdir()
        self.name, self.url, self.etcd = name, f"https://127.0.0.1:{self.port}", system.etcd
        self.log = self.folder / "server.log"
        self.command = [
            str(binary()), tier, "--data-dir", str(self.folder / "data"), "--cert-dir", str(system.folder / "pki"),
            "--bind-address", "127.0.0.1", "--secure-port", str(self.port), *extra,
        ]
        self.launch()

    def wait(self):
        wait_until(f"{self.name} is ready", lambda: self.request("GET", "/readyz")[0] == 200, self.process, self.log)

    def start(self):
        self.launch()
        self.wait()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"


class System:
    """An etcd and the tiers over it."""

    def __init__(self, folder, member_flags=(), frontend_flags=()):
        self.folder, self.member_flags, self.frontend_flags = pathlib.Path(folder), member_flags, frontend_flags
        self.frontends, self.members, self.routers, self.made = [], [], [], 0
        tokens = token_file(self.folder)
        self.etcd = Etcd(self.folder)
        self.stored = ["--etcd-servers", self.etcd.url, "--token-auth-file", str(tokens), "--service-cluster-ip-range", "10.96.0.0/16"]

    def start(self, frontends=2, members=2, routers=1):
        for number in range(frontends):
            self.frontends.append(Tier(self, "apiserver", f"frontend-{number}", [*self.stored, *self.frontend_flags]))
        self.seeds = ",".join(frontend.address for frontend in self.frontends)
        for _ in range(members):
            self.add_member()
        for number in range(routers):
            self.routers.append(Tier(self, "router", f"router-{number}", ["--frontends", self.seeds]))
        for process in self.processes:
            process.wait()
        for router in self.routers:
            self.until("the router knows everybody", lambda: self.is_complete(router))

    @property
    def processes(self):
        return [*self.frontends, *self.members, *self.routers]

    def add_member(self):
        """One more of the watch tier; it is not waited for."""
        self.made += 1
        member = Tier(self, "watchcache", f"member-{self.made}", [*self.stored, "--frontends", self.seeds, *self.member_flags])
        self.members.append(member)
        return member

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
        """Everybody is known, and whoever is to have something is ready for it."""
        status = self.status(router)
        known = {one["address"] for one in status["members"]}
        everybody = {process.address for process in [*self.frontends, *self.members] if process.alive()}
        units = status["units"]
        return known == everybody and len(units) > 40 and all(sorted(one["asked"]) == sorted(one["assigned"]) for one in units)

    def until(self, what, holds, seconds=START_SECONDS_MAX):
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError):
                if holds():
                    return
            if time.monotonic() > end:
                raise Failure(f"not within {seconds} s: {what}")
            time.sleep(0.05)

    def stop(self):
        for process in [*self.routers, *self.members, *self.frontends]:
            # They have nothing to hand over to anybody any more.
            process.process.kill()
            process.process.wait()
        self.etcd.stop()


@contextlib.contextmanager
def system(member_flags=(), frontend_flags=(), **counts):
    """A running system; everything is gone afterwards."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="shardplane-tiers-"))
    running = None
    try:
        running = System(folder, member_flags, frontend_flags)
        running.start(**counts)
        yield running
    except BaseException:
        for log in sorted(folder.glob("*/server.log")):
            print(f"--- end of the log of {log.parent.name}\n{tail(log, 25)}", file=sys.stderr)
        raise
    finally:
        if running:
            running.stop()
        shutil.rmtree(folder, ignore_errors=True)
