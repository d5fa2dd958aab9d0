"""What goes on while something fails: writers, followers that list once and watch, and readers that list again and again, on both
routers. What they saw is checked at the end."""
import os, threading, time

from clients import ENDED, NOT_NOW, OBJECTS, Follower, Writer, listed
from cluster import Failure
from judgement import check

FULL = bool(os.environ.get("SHARDPLANE_FULL"))
WRITERS, READERS = 3, 2
# Acknowledged writes between one fault and the next, and how long they may take.
WRITES_BETWEEN = 20
GOES_ON_SECONDS_MAX = 60
# How long a fault lasts that lasts.
LASTING_SECONDS = 30 if FULL else 8


class EitherRouter:
    """A server to clients that go to the other router when one does not answer, as behind a load balancer."""

    def __init__(self, routers, first):
        self.routers, self.at = routers, first % len(routers)

    @property
    def here(self):
        if not self.routers[self.at].alive():
            self.at = (self.at + 1) % len(self.routers)
        return self.routers[self.at]

    @property
    def host(self):
        return self.here.host

    @property
    def port(self):
        return self.here.port

    def request(self, *arguments, **named):
        return self.here.request(*arguments, **named)

    def session(self):
        return Sessions(self)


class Sessions:
    """A session with whichever router it is."""

    def __init__(self, server):
        self.server, self.router, self.session = server, None, None

    def request(self, *arguments, **named):
        if self.router is not self.server.here:
            self.close()
            self.router = self.server.here
            self.session = self.router.session()
        return self.session.request(*arguments, **named)

    def close(self):
        if self.session:
            self.session.close()


class Reader(threading.Thread):
    """Lists from the newest state: no answer may be older than what was acknowledged or read before it was asked for."""

    def __init__(self, server, writers):
        super().__init__(daemon=True)
        self.server, self.writers, self.stopping = server, writers, threading.Event()
        self.answers, self.newest, self.problems = 0, 0, []

    def run(self):
        session = self.server.session()
        while not self.stopping.is_set():
            wanted = max([self.newest, *(writer.written[-1][0] for writer in self.writers if writer.written)])
            try:
                status, _, body = session.request("GET", OBJECTS)
            except ENDED:
                time.sleep(0.05)
                continue
            if status == 200:
                self.newest = listed(body)[1]
                self.answers += 1
                if self.newest < wanted:
                    self.problems.append(f"a list of {self.newest} after {wanted} was known")
            elif status not in NOT_NOW:
                self.problems.append(f"a list: {status} {body[:200]}")
            time.sleep(0.05)
        session.close()

    def finish(self):
        self.stopping.set()
        self.join(60)
        if self.problems or self.is_alive():
            raise Failure("\n".join(self.problems[:10]) or "a reader does not end")


class Load:
    """All of them, running."""

    def __init__(self, system, followers):
        self.system = system
        either = lambda number: EitherRouter(system.routers, number)
        self.writers = [Writer(either(number), number) for number in range(WRITERS)]
        self.followers = [Follower(either(number)) for number in range(followers)]
        self.readers = [Reader(either(number), self.writers) for number in range(READERS)]
        for follower in self.followers:
            follower.start()
        system.until("the followers watch", lambda: all(follower.watches for follower in self.followers))
        for thread in [*self.writers, *self.readers]:
            thread.start()
        self.goes_on()

    @property
    def acknowledged(self):
        return sum(writer.acknowledged for writer in self.writers)

    def goes_on(self):
        """More is acknowledged, everybody hears of more, and lists are answered."""
        counts, answers = [len(follower.events) for follower in self.followers], [reader.answers for reader in self.readers]
        acknowledged = self.acknowledged
        until = lambda what, holds: self.system.until(what, holds, GOES_ON_SECONDS_MAX)
        until("writes are acknowledged", lambda: self.acknowledged >= acknowledged + WRITES_BETWEEN)
        until("followers hear of them", lambda: all(
            len(one.events) >= count + WRITES_BETWEEN // 2 or one.problems for one, count in zip(self.followers, counts)))
        until("lists are answered", lambda: all(one.answers > count or one.problems for one, count in zip(self.readers, answers)))

    def watched_at(self, process):
        """How many watches the routers have at a member."""
        return sum((self.system.of_member(router, process) or {"watches": 0})["watches"] for router in self.system.routers if router.alive())

    def holders(self):
        """The members that are asked for what the followers watch, those with the most watches first: who of others dies nobody notices."""
        asked = self.system.unit(self.system.routers[0], "configmaps")["asked"]
        is_asked = lambda process: (self.system.of_member(self.system.routers[0], process) or {}).get("name") in asked
        found = sorted(filter(is_asked, self.system.members), key=self.watched_at, reverse=True)
        if not found or not self.watched_at(found[0]):
            raise Failure("no member has watches: there is nothing to be seen")
        return found

    def finish(self):
        """Checks what everybody saw; says how much that was."""
        for writer in self.writers:
            writer.finish()
        state, _ = listed(self.system.routers[0].request("GET", OBJECTS)[2])
        self.system.until("the followers have come to what is listed",
                          lambda: all(one.state == state or one.problems for one in self.followers), GOES_ON_SECONDS_MAX)
        for reader in self.readers:
            reader.finish()
        for follower in self.followers:
            follower.finish()
            check(follower, self.writers, lists=1)
        lists, watches = sum(reader.answers for reader in self.readers), sum(follower.watches for follower in self.followers)
        return (f"{self.acknowledged} acknowledged writes, {len(self.followers)} followers that listed once and watched {watches} times, "
                f"{lists} lists: nothing lost, doubled, or out of order")
