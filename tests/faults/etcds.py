"""The store: its members die, its leader changes, all of it restarts, and its history is compacted while a member is cut off."""
import json

from clients import OBJECTS


def an_etcd_dies(load):
    """The leader: another is elected."""
    leader = load.system.etcd.leader()
    leader.kill()
    load.goes_on()
    leader.start()


def the_leader_changes(load):
    """In order, without anybody's death."""
    etcd = load.system.etcd
    leader = etcd.leader()
    others = [int(one.call("maintenance/status", {})["header"]["member_id"]) for one in etcd.members if one is not leader]
    leader.call("maintenance/transfer-leadership", {"targetID": str(others[0])})
    load.system.until("another leads", lambda: etcd.leader() is not leader)


def all_etcds_restart(load):
    """Nothing is acknowledged meanwhile, and nothing that was is lost."""
    members = load.system.etcd.members
    for member in members:
        member.kill()
    for member in members:
        member.launch()
    for member in members:
        member.wait()


def listed_revision(system):
    """That of a list, as soon as one is answered: who is asked may be the one that is cut off, and say that it does not know."""
    found = []

    def is_answered():
        status, _, body = system.routers[0].request("GET", f"{OBJECTS}?limit=1")
        if status == 200:
            found.append(json.loads(body)["metadata"]["resourceVersion"])
        return found

    system.until("a list is answered", is_answered)
    return found[0]


def compacted_while_a_member_is_cut_off(load):
    """It comes back to a store that no longer tells what it missed."""
    system = load.system
    member = load.holders()[0].name
    with system.net.cut(*[(member, name) for name in system.net.addresses if name.startswith("etcd")]):
        load.goes_on()
        revision = listed_revision(system)
        load.goes_on()
        system.etcd.leader().call("kv/compaction", {"revision": revision, "physical": True})
        load.goes_on()


FAULTS = [an_etcd_dies, the_leader_changes, all_etcds_restart, compacted_while_a_member_is_cut_off]
