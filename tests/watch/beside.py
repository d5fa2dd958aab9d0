"""Writes at two servers of one cluster while followers listen at one of them."""
from clients import OBJECTS, Follower, Writer, listed
from judgement import check


def writes_are_followed(served, written, count, writes, until, meanwhile=lambda: None):
    """`count` followers of `served` hear, without a second list, of what is written at `written`: a writer at each, of at least so many
    `writes`. The first of them tells in the end what there is. `until(what, holds)` waits; `meanwhile` is done while all are at it."""
    followers = [Follower(served) for _ in range(count)]
    writers = [Writer(server, number) for number, server in enumerate(written)]
    for thread in followers:
        thread.start()
    until("followers watch", lambda: all(one.watches or one.problems for one in followers))
    for thread in writers:
        thread.start()
    meanwhile()
    until("much is written", lambda: all(writer.acknowledged >= writes for writer in writers))
    for writer in writers:
        writer.finish()
    state, _ = listed(written[0].request("GET", OBJECTS)[2])
    until("followers have come to what is there", lambda: all(one.state == state or one.problems for one in followers))
    for follower in followers:
        follower.finish()
        check(follower, writers, lists=1)
    return f"{sum(writer.acknowledged for writer in writers)} acknowledged writes, {count} followers, no list again"
