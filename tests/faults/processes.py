"""Processes die, stand still, and come and go."""
import contextlib, signal, time

from load import LASTING_SECONDS


def each_tier_dies(load):
    """One process of each tier in turn, without a word."""
    for process in [load.holders()[0], load.system.frontends[0], load.system.routers[1]]:
        process.kill()
        load.goes_on()
        process.start()
        load.system.until("it is back", lambda: load.system.is_complete(load.system.routers[0]))


def a_member_dies_while_it_loads(load):
    member = load.holders()[0]
    count = load.watched_at(member)
    member.kill()
    for _ in range(3):
        member.launch()
        load.system.until("it has begun", lambda: member.request("GET", "/livez")[0] == 200)
        member.kill()
    load.goes_on()
    member.start()
    return f"{count} watches were there"


def two_die_at_once(load):
    """Of each pair of tiers, and two of the watch tier."""
    system = load.system
    for pair in [lambda: (load.holders()[0], system.frontends[1]), lambda: (system.frontends[0], system.routers[0]), lambda: load.holders()[:2]]:
        pair = pair()
        for process in pair:
            process.kill()
        load.goes_on()
        for process in pair:
            process.start()
        system.until("they are back", lambda: all(map(system.is_complete, system.routers)))


def each_tier_stands_still(load):
    """They answer nothing, close nothing, and come back without knowing."""
    for process in [load.holders()[0], load.system.frontends[1]]:
        with process.paused():
            begin = time.monotonic()
            load.goes_on()
            # It is given up and missed by then, however long that took.
            load.system.until("long enough", lambda: time.monotonic() - begin > LASTING_SECONDS, LASTING_SECONDS + 10)
        load.system.until("it is back", lambda: load.system.is_complete(load.system.routers[0]))


def all_are_restarted_one_by_one(load):
    """As an upgrade does; clients that ask for bookmarks do not list again, which is counted at the end."""
    for process in load.system.processes:
        process.process.send_signal(signal.SIGTERM)
        if process.process.wait(90) != 0:
            raise OSError(f"{process.name} ended with {process.process.returncode}")
        process.start()
        load.system.until("it is back", lambda: all(map(load.system.is_complete, load.system.routers)))
    load.goes_on()


def a_member_comes_and_goes(load):
    """Again and again, with and without a word."""
    member = load.holders()[0]
    for number in range(6):
        member.process.send_signal(signal.SIGKILL if number % 2 else signal.SIGTERM)
        with contextlib.suppress(OSError):
            member.process.wait(90)
        member.start()
    load.goes_on()


FAULTS = [each_tier_dies, a_member_dies_while_it_loads, two_die_at_once, each_tier_stands_still, all_are_restarted_one_by_one,
          a_member_comes_and_goes]
