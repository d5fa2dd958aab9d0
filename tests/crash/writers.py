"""Clients for the crash test: writers that put down what they are told, and watches. They judge nothing; the ledger does."""
import http.client, json, random, socket, threading

from cluster import TOKEN, Failure, insecure
from ledger import ABSENT, Event, fingerprint

NAMESPACE = "/api/v1/namespaces/crash"
OBJECTS = f"{NAMESPACE}/configmaps"
SHARED = "shared"
NAMES_PER_WRITER = 6
# Longer than the server waits for its store: an answer, if there is one, is waited for.
ANSWER_SECONDS_MAX = 45
ENDED = (OSError, http.client.HTTPException)


class Client:
    """One connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=ANSWER_SECONDS_MAX, context=insecure())

    def send(self, method, path, body=None):
        """Status and object; raises one of ENDED if the connection breaks before the answer is whole."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        self.connection.request(method, path, body=json.dumps(body) if body else None, headers=headers)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def close(self):
        self.connection.close()


class Writer(threading.Thread):
    """Creates, updates and deletes names of its own and updates the shared one, until told to stop or cut off."""

    def __init__(self, port, ledger, number, seed, stop):
        super().__init__(daemon=True)
        self.client, self.ledger, self.number, self.stop = Client(port), ledger, number, stop
        self.random, self.count, self.problems, self.seed = random.Random(seed), 0, [], seed

    def run(self):
        try:
            while not self.stop.is_set():
                if self.random.random() < 0.2:
                    more = self.update_shared()
                else:
                    more = self.write(f"w{self.number}-{self.random.randrange(NAMES_PER_WRITER)}")
                if not more:
                    return
        except ENDED:
            return
        finally:
            self.client.close()

    def write(self, name):
        current = self.ledger.current.get(name)
        if current is None:
            return self.put("POST", OBJECTS, name, self.data())
        if self.random.random() < 0.25:
            return self.delete(name)
        # With the revision, and without one: both ways to update.
        revision = current[0] if self.random.random() < 0.5 else None
        return self.put("PUT", f"{OBJECTS}/{name}", name, self.data(), revision)

    def update_shared(self):
        status, found = self.client.send("GET", f"{OBJECTS}/{SHARED}")
        if status != 200:
            return self.unexpected("get of the shared object", status, found)
        data = {**found["data"], **self.data(), f"writer-{self.number}": str(self.count)}
        return self.put("PUT", f"{OBJECTS}/{SHARED}", SHARED, data, int(found["metadata"]["resourceVersion"]))

    def put(self, method, path, name, data, revision=None):
        content = fingerprint(data)
        metadata = {"name": name, **({"resourceVersion": str(revision)} if revision else {})}
        self.ledger.sent(name, content)
        status, answer = self.client.send(method, path, {"metadata": metadata, "data": data})
        if status in (200, 201):
            if fingerprint(answer["data"]) != content:
                self.problems.append(f"{name}: sent {content}, answered {fingerprint(answer['data'])}")
            self.problems += self.ledger.written(name, content, int(answer["metadata"]["resourceVersion"]))
            return True
        if status == 409 and name == SHARED:
            self.ledger.refused(name, content)
            return True
        return self.unexpected(f"{method} {name}", status, answer)

    def delete(self, name):
        self.ledger.sent(name, ABSENT)
        status, answer = self.client.send("DELETE", f"{OBJECTS}/{name}")
        if status == 200:
            self.ledger.deleted(name)
            return True
        return self.unexpected(f"DELETE {name}", status, answer)

    def unexpected(self, what, status, answer):
        """The store may be away, and then the write may have happened; a definite no is an error."""
        if status < 429:
            self.problems.append(f"{what}: {status} {answer.get('message')}")
        return False

    def data(self):
        self.count += 1
        # Now and then one that spans many pages.
        size = 200_000 if self.random.random() < 0.02 else self.random.randrange(1, 3_000)
        return {"seq": f"{self.seed}.{self.count}", "text": f"{self.random.getrandbits(4 * size):x}"}


class Watch(threading.Thread):
    """Reads events from a revision on, until the connection ends."""

    def __init__(self, port, revision):
        super().__init__(daemon=True)
        self.events, self.ended, self.expired = [], threading.Event(), False
        self.client, self.revision = Client(port), revision

    def run(self):
        try:
            self.client.connection.request(
                "GET", f"{OBJECTS}?watch=1&resourceVersion={self.revision}", headers={"Authorization": f"Bearer {TOKEN}"})
            answer = self.client.connection.getresponse()
            if answer.status != 200:
                self.expired = answer.status == 410
                return
            while (line := answer.readline()).endswith(b"\n"):
                if not self.take(json.loads(line)):
                    return
        except (*ENDED, ValueError):
            return
        finally:
            self.ended.set()

    def take(self, event):
        if event["type"] == "ERROR":
            self.expired = event["object"].get("code") == 410
            return False
        meta = event["object"]["metadata"]
        content = fingerprint(event["object"].get("data") or {})
        self.events.append(Event(int(meta["resourceVersion"]), event["type"], meta["name"], content))
        return True

    def finish(self):
        """Ends it from outside."""
        sock = self.client.connection.sock
        if sock:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.join(ANSWER_SECONDS_MAX)
        if self.is_alive():
            raise Failure("a watch does not end")
