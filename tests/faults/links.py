"""The network between two hosts lets nothing through, one way or both, and nobody is told."""
import time

from load import LASTING_SECONDS

# Longer than a member may hear nothing of the store before it lets others serve, where that is what is cut.
STORE_SECONDS = max(LASTING_SECONDS, 16)


def faults():
    """Each pair of tiers that talk to each other, each way and both."""
    return [fault(one, other, way) for one, other in [("member", "etcd"), ("frontend", "etcd"), ("member", "frontend"), ("router", "member"),
                                                      ("router", "frontend")]
            for way in ["to", "from", "between"]]


def fault(one, other, way):
    def cut(load):
        net, member = load.system.net, load.holders()[0].name
        ours = member if one == "member" else f"{one}-1"
        # From a store or from frontends as a whole; a router from one.
        theirs = [name for name in net.addresses if name.startswith(other)]
        theirs = theirs if one != "router" else [member] if other == "member" else theirs[:1]
        ways = [(ours, name) for name in theirs] if way != "from" else []
        ways += [(name, ours) for name in theirs] if way != "to" else []
        seconds = STORE_SECONDS if other == "etcd" else LASTING_SECONDS
        begin = time.monotonic()
        with net.cut(*ways):
            load.goes_on()
            load.system.until("long enough", lambda: time.monotonic() - begin > seconds, seconds + 10)
            # And not only what was on its way before it was noticed.
            load.goes_on()

    cut.__name__ = f"cut_{one}_{way}_{other}"
    return cut
