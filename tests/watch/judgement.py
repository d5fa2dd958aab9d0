"""Whether what followers heard is what writers wrote."""
from cluster import Failure
from commands import same


def check(follower, writers, lists):
    """What a follower heard is what was written: all that was acknowledged, once, and nothing that was not sent."""
    if follower.problems:
        raise Failure("\n".join(follower.problems[:10]))
    same((follower.lists, "lists"), (lists, "lists"))
    heard = {revision: (name, value) for revision, kind, name, value in follower.events if kind != "DELETED"}
    sent = set().union(*(writer.sent for writer in writers))
    for writer in writers:
        same(writer.unexpected, [])
        missing = [written for written in writer.written if heard.get(written[0]) != written[1:]]
        same(("acknowledged and not heard of", missing), ("acknowledged and not heard of", []))
        for name in set(writer.deleted):
            deletions = sum(kind == "DELETED" and name == of for _, kind, of, _ in follower.events)
            if deletions < writer.deleted.count(name):
                raise Failure(f"{name} was deleted {writer.deleted.count(name)} times, heard {deletions}")
    values = [value for _, value in heard.values()]
    same((len(values), set(values) - sent), (len(set(values)), set()))
