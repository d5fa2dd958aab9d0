"""Clients of the watch tier's tests: writers that put down what they are told, and followers that list, watch and resume as
real ones do. They judge nothing.
"""
import http.client, json, random, threading, time

from cluster import TOKEN, Failure, insecure

NAMESPACE = "watched"
OBJECTS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
ANSWER_SECONDS_MAX = 20
RETRY_SECONDS = 0.05
# What a server answers that cannot now, and may be asked again.
NOT_NOW = (429, 500, 502, 503, 504)
ENDED = (OSError, http.client.HTTPException)
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


class Writer(threading.Thread):
    """Creates, updates and deletes names of its own, until told to stop. What fails may have happened."""

    def __init__(self, server, number):
        super().__init__(daemon=True)
        self.server, self.number, self.random = server, number, random.Random(number)
        self.stopping = threading.Event()
        # Revisions that were acknowledged, the names of acknowledged deletions, and every value that was sent.
        self.written, self.deleted, self.sent, self.unexpected = [], [], set(), []
        self.existing = {}

    def run(self):
        session = self.server.session()
        count = 0
        while not self.stopping.is_set():
            count += 1
            try:
                self.write(session, f"w{self.number}-{self.random.randrange(6)}", f"{self.number}.{count}")
            except ENDED:
                time.sleep(RETRY_SECONDS)
        session.close()

    def write(self, session, name, value):
        # What is not known is tried either way.
        exists = self.existing.get(name, False)
        if exists and self.random.random() < 0.2:
            self.existing[name] = False
            status, _, answer = session.request("DELETE", f"{OBJECTS}/{name}")
            if status == 200:
                self.deleted.append(name)
        else:
            self.sent.add(value)
            body = {"metadata": {"name": name}, "data": {"value": value}}
            method, path = ("PUT", f"{OBJECTS}/{name}") if exists else ("POST", OBJECTS)
            self.existing[name] = True
            status, _, answer = session.request(method, path, body)
            if status in (200, 201):
                self.written.append((int(json.loads(answer)["metadata"]["resourceVersion"]), name, value))
            elif status == 404:
                self.existing[name] = False
        if status not in (200, 201, 404, 409, 429) and status < 500:
            self.unexpected.append((status, answer))

    @property
    def acknowledged(self):
        return len(self.written) + len(self.deleted)

    def finish(self):
        self.stopping.set()
        self.join(ANSWER_SECONDS_MAX * 3)
        if self.is_alive():
            raise Failure("a writer does not end")


class Follower(threading.Thread):
    """Lists once, then watches from where it was, whatever breaks; it lists again only when it is told 410."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.stopping = server, threading.Event()
        # Objects by name as (revision, value); events as (revision, type, name, value) since the last list.
        self.state, self.events, self.lists, self.watches, self.bookmarks = {}, [], 0, 0, 0
        self.revision, self.seen, self.problems, self.connection = None, set(), [], None

    def run(self):
        while not self.stopping.is_set():
            try:
                if self.revision is None:
                    self.list()
                self.watch()
            except ENDED:
                time.sleep(RETRY_SECONDS)
            except Exception as error:  # It is told to whoever checks.
                self.problems.append(repr(error))
                return

    def list(self):
        status, _, body = self.server.request("GET", OBJECTS, timeout=ANSWER_SECONDS_MAX)
        if status in NOT_NOW:
            raise OSError("not now")
        if status != 200:
            raise Failure(f"a list: {status} {body}")
        self.state, self.revision = listed(body)
        self.seen = {(revision, name) for name, (revision, _) in self.state.items()}
        self.events, self.lists = [], self.lists + 1

    def watch(self):
        self.connection = http.client.HTTPSConnection(self.server.host, self.server.port, timeout=None, context=insecure())
        try:
            query = f"watch=1&allowWatchBookmarks=true&resourceVersion={self.revision}"
            self.connection.request("GET", f"{OBJECTS}?{query}", headers=HEADERS)
            answer = self.connection.getresponse()
            if answer.status != 200:
                raise OSError("not now")
            self.watches += 1
            while (line := answer.readline()).endswith(b"\n"):
                self.event(json.loads(line))
                if self.revision is None:
                    return
        finally:
            self.connection.close()

    def event(self, event):
        kind, found = event["type"], event["object"]
        if kind == "ERROR":
            if found.get("code") != 410:
                raise Failure(f"a watch from {self.revision} ends with {found}")
            self.revision = None
            return
        revision, name = int(found["metadata"]["resourceVersion"]), found["metadata"].get("name")
        if kind == "BOOKMARK":
            self.bookmarks += 1
            if revision < self.revision:
                self.problems.append(f"a bookmark of {revision} after {self.revision}")
        else:
            # Those of one transaction share a revision.
            if revision < self.revision or (revision, name) in self.seen:
                self.problems.append(f"{kind} {name} of {revision} after {self.revision}")
            self.seen.add((revision, name))
            if (name in self.state) == (kind == "ADDED"):
                self.problems.append(f"{kind} {name} of {revision}, which was {self.state.get(name)}")
            value = found.get("data", {}).get("value")
            self.events.append((revision, kind, name, value))
            if kind == "DELETED":
                self.state.pop(name, None)
            else:
                self.state[name] = (revision, value)
        self.revision = revision

    def finish(self):
        self.stopping.set()
        sock = self.connection and self.connection.sock
        if sock:
            try:
                sock.shutdown(2)
            except OSError:
                pass
        self.join(ANSWER_SECONDS_MAX)


def listed(body):
    """A list's objects by name, and its revision."""
    found = json.loads(body)
    items = {item["metadata"]["name"]: (int(item["metadata"]["resourceVersion"]), item.get("data", {}).get("value"))
             for item in found["items"]}
    return items, int(found["metadata"]["resourceVersion"])
