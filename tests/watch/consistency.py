"""Consistent reads beside concurrent writers (invariants I3 and I7): whoever is asked, a list that begins after an acknowledged
write shows it, and the pages of a list are one state.
"""
import json, threading

from cluster import Failure
from clients import OBJECTS

WRITERS, ROUNDS = 4, 60
OBJECTS_OF_EACH, PAGE = 5, 3


def reads_see_acknowledged_writes(server, readers):
    """Each of some threads writes and then lists at each of the readers in turn; another reads pages all the while."""
    problems, done, counts = [], threading.Event(), {"lists": 0, "pages": 0}
    workers = [threading.Thread(target=guarded, args=(problems, work, server, readers, number, problems, counts)) for number in range(WRITERS)]
    pager = threading.Thread(target=guarded, args=(problems, pages, readers, done, problems, counts))
    for thread in [*workers, pager]:
        thread.start()
    for worker in workers:
        worker.join()
    done.set()
    pager.join()
    if problems:
        raise Failure(f"{len(problems)} reads were wrong\n" + "\n".join(problems[:10]))
    if counts["lists"] < WRITERS * ROUNDS or counts["pages"] < 3:
        raise Failure(f"too little was read: {counts}")
    return counts


def guarded(problems, work, *arguments):
    try:
        work(*arguments)
    except Exception as error:  # A thread's end must not look like success.
        problems.append(repr(error))


def work(server, readers, number, problems, counts):
    session, sessions = server.session(), [reader.session() for reader in readers]
    revisions = {}
    for count in range(ROUNDS):
        name = f"consistent-{number}-{count % OBJECTS_OF_EACH}"
        body = {"metadata": {"name": name, "labels": {"writer": str(number)}}, "data": {"value": str(count)}}
        method, path = ("PUT", f"{OBJECTS}/{name}") if name in revisions else ("POST", OBJECTS)
        status, _, answer = session.request(method, path, body)
        if status not in (200, 201):
            raise Failure(f"{method} {name}: {status} {answer}")
        revisions[name] = int(json.loads(answer)["metadata"]["resourceVersion"])
        query = [f"?labelSelector=writer%3D{number}", "", f"?limit=500&labelSelector=writer%3D{number}"][count % 3]
        found = get(sessions[count % len(sessions)], f"{OBJECTS}{query}")
        seen = {item["metadata"]["name"]: int(item["metadata"]["resourceVersion"]) for item in found["items"]
                if item["metadata"]["name"].startswith(f"consistent-{number}-")}
        counts["lists"] += 1
        if seen != revisions or int(found["metadata"]["resourceVersion"]) < revisions[name]:
            problems.append(f"I7: after {revisions}, a list at {found['metadata']['resourceVersion']} shows {seen}")


def pages(readers, done, problems, counts):
    sessions = [reader.session() for reader in readers]
    while not done.is_set():
        session = sessions[counts["pages"] % len(sessions)]
        found = get(session, f"{OBJECTS}?limit={PAGE}")
        revision, items = found["metadata"]["resourceVersion"], found["items"]
        while token := found["metadata"].get("continue"):
            found = get(session, f"{OBJECTS}?limit={PAGE}&continue={token}")
            items += found["items"]
            if found["metadata"]["resourceVersion"] != revision:
                problems.append(f"I3: a page of {revision} is of {found['metadata']['resourceVersion']}")
        whole = get(session, f"{OBJECTS}?resourceVersion={revision}&resourceVersionMatch=Exact")
        if whole["items"] != items:
            problems.append(f"I3: pages at {revision} differ from the list at that revision")
        counts["pages"] += 1


def get(session, path):
    status, _, body = session.request("GET", path)
    if status != 200:
        raise Failure(f"{path}: {status} {body}")
    return json.loads(body)
