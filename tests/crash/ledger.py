"""What writers were told, and what must therefore hold of a store whose process was killed. It decides; it does no I/O.

The writers tell the ledger of each write before they send it and of each answer. After a kill the ledger is shown what the
store says: a list, and the watch history since the list before. Each check returns sentences about what is wrong.
Names are written by one writer at a time, but for those in `shared`, which all write with compare-and-swap.
"""
import collections, hashlib, json, threading

ABSENT = None


def fingerprint(data):
    """A whole object's content, short enough for a message. ABSENT has none."""
    if data is ABSENT:
        return ABSENT
    text = json.dumps(data, sort_keys=True).encode()
    return f"{data.get('seq', '?')}/{hashlib.sha256(text).hexdigest()[:16]}"


Event = collections.namedtuple("Event", "revision kind name content")
"""A change as a watch tells it; the content of a deletion is that of the last state."""


class Ledger:
    def __init__(self, shared=()):
        self.lock = threading.Lock()
        self.shared = set(shared)
        # name -> (revision or None, content) that the store must have, if nothing is open for the name.
        self.current = {}
        # name -> contents that may have been written: the sender got no answer.
        self.open = collections.defaultdict(list)
        # revision -> (name, content): every write whose revision anybody was told.
        self.revisions = {}
        self.highest = 0
        self.begin_round()

    def begin_round(self):
        self.acknowledged, self.deletions = [], collections.Counter()

    @property
    def acknowledgements(self):
        return len(self.acknowledged) + sum(self.deletions.values())

    # What writers report.

    def sent(self, name, content):
        with self.lock:
            self.open[name].append(content)

    def refused(self, name, content):
        """A definite no: the store did not change."""
        with self.lock:
            self.open[name].remove(content)

    def written(self, name, content, revision):
        with self.lock:
            self.open[name].remove(content)
            self.acknowledged.append((revision, name, content))
            if (self.current.get(name) or (0,))[0] < revision:
                self.current[name] = (revision, content)
            return self._tell(revision, name, content)

    def deleted(self, name):
        with self.lock:
            self.open[name].remove(ABSENT)
            self.deletions[name] += 1
            self.current.pop(name, None)

    # What the store says afterwards.

    def check_list(self, revision, found):
        """`found`: name -> (revision, content) of every object there is, at `revision`. The found state is taken over."""
        problems = []
        if revision < self.highest:
            problems.append(f"the store is at revision {revision}, but {self.highest} was told before")
        for name in sorted(self.current.keys() | found.keys() | self.open.keys()):
            problems += self._check_state(name, found.get(name))
        for name, (at, content) in found.items():
            problems += self._tell(at, name, content)
        self.highest = max(self.highest, revision)
        self.current = dict(found)
        return problems

    def _check_state(self, name, found):
        expected, maybe = self.current.get(name), self.open[name]
        if found == expected or self._is_open(found, expected, maybe):
            return []
        if expected and not found:
            return [f"{name}: the acknowledged write {expected[1]} at {expected[0]} is lost: the object is gone"]
        if found and not expected:
            return [f"{name}: it is there with {found[1]} at {found[0]}, which nobody wrote or which was deleted"]
        return [f"{name}: acknowledged {expected[1]} at {expected[0]}, found {found[1]} at {found[0]}"]

    @staticmethod
    def _is_open(found, expected, maybe):
        """A write without an answer may have happened, with a revision of its own."""
        if found is None:
            return ABSENT in maybe
        return found[1] in maybe and found[0] > (expected[0] if expected else 0)

    def check_history(self, base, events, revision, found):
        """`events` since the state `base` must be what was written, in order, and lead to `found` at `revision`."""
        problems, state = [], dict(base[1])
        last = base[0]
        for event in events:
            if event.revision <= last or event.revision > revision:
                problems.append(f"{event.name}: event at {event.revision} between {last} and {revision}")
            last = event.revision
            problems += self._replay(state, event)
        if state != found:
            names = sorted(name for name in state.keys() | found.keys() if state.get(name) != found.get(name))
            problems += [f"{name}: history leads to {state.get(name)}, the list has {found.get(name)}" for name in names]
        return problems + self._check_events(events)

    def _replay(self, state, event):
        before = state.get(event.name)
        if event.kind == "DELETED":
            state.pop(event.name, None)
            if before is None or before[1] != event.content:
                return [f"{event.name}: deleted at {event.revision} as {event.content}, but it was {before}"]
            return self._tell(event.revision, event.name, ABSENT)
        state[event.name] = (event.revision, event.content)
        problems = self._tell(event.revision, event.name, event.content)
        if (event.kind == "ADDED") != (before is None):
            problems.append(f"{event.name}: {event.kind} at {event.revision}, but it was {before}")
        return problems

    def _check_events(self, events):
        """Every acknowledged write once, and beside these only what was sent without an answer."""
        problems, unexplained = [], collections.defaultdict(list)
        at = {event.revision: event for event in events}
        for revision, name, content in self.acknowledged:
            event = at.pop(revision, None)
            if event is None:
                problems.append(f"{name}: no event for the acknowledged write {content} at {revision}")
            elif (event.name, event.content) != (name, content) or event.kind == "DELETED":
                problems.append(f"{name}: written {content} at {revision}, but the event is {event}")
        for event in at.values():
            unexplained[event.name].append(ABSENT if event.kind == "DELETED" else event.content)
        for name in unexplained.keys() | self.deletions.keys():
            extra, maybe = unexplained[name], list(self.open[name])
            deletions = extra.count(ABSENT) - self.deletions[name]
            if deletions < 0:
                problems.append(f"{name}: {self.deletions[name]} acknowledged deletions, but {extra.count(ABSENT)} events")
            extra = [content for content in extra if content is not ABSENT] + [ABSENT] * max(deletions, 0)
            for content in extra:
                if content in maybe:
                    maybe.remove(content)
                else:
                    problems.append(f"{name}: an event with {content}, which nobody sent")
        return problems

    def check_seen(self, seen, events):
        """What a watch showed before the kill is what the history says afterwards."""
        replayed = {event.revision: event for event in events}
        return [f"{event.name}: a watch showed {event}, history has {replayed.get(event.revision)}"
                for event in seen if replayed.get(event.revision) != event]

    def settle(self):
        """After the checks: nothing is open any more, the list was taken over."""
        self.open.clear()
        self.begin_round()

    def _tell(self, revision, name, content):
        """Notes a revision that was told; a revision is of one write for ever."""
        before = self.revisions.setdefault(revision, (name, content))
        self.highest = max(self.highest, revision)
        if before != (name, content):
            return [f"revision {revision} is {before[1]} of {before[0]} and {content} of {name}"]
        return []
