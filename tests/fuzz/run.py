#!/usr/bin/env python3
"""Malformed input over sockets: bodies, patches, queries, tokens, headers and framing, close to what is right and far from it.

    run.py --store embedded|etcd [--seed N] [--seconds N]
    run.py --store embedded --seed N --case N       that case alone, with its answer

Every answer is a Status or one of the few plain answers that the reference has; none takes long; the server lives, has not
panicked, has not grown beyond a limit, and can still read all that it stored.
"""
import argparse, collections, http.client, itertools, json, os, pathlib, random, re, sys, threading, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]
import protobuf, stubs
from cluster import TOKEN, TOOLS, Failure, cluster, insecure

sys.path += map(str, TOOLS.glob("venv/lib/python3*/site-packages"))
import attacks, wire

SECONDS, SECONDS_FULL = 40, 900
WORKERS = 4
# With fewer cases nothing was seen: on a slow machine the time is prolonged, so many times.
CASES_MIN = 1_000
PROLONGED_MAX = 10
# Each unknown field is warned of in a header of its own.
http.client._MAXHEADERS = 1_000
# A debug build on a busy machine; what hangs takes for ever.
ANSWER_SECONDS_MAX = 30
# How long a stream is read before it is left.
STREAM_SECONDS = 0.3
PEAK_BYTES_MAX = 700_000_000
GROWTH_BYTES_MAX = 250_000_000
FINDINGS_MAX = 20
# Answered before it is read to its end.
CUT_BYTES = 3 * 1024 * 1024
STREAM = "stream"
# What the reference answers with a bare 500 when a request is wrong: applies that do not fit the schema, directives of strategic
# merge patches that make no sense, and versions where none may be. Any other 500 is ours.
SERVER_ERRORS = [
    "failed to create typed patch object", "unknown patch type: ", "expected a .*, but received a ", "invalid patch format of ", "The order in patch list:",
    "does not contain declared merge key", "resourceVersion should not be set on objects to be created", 'resourceVersion: Invalid value: ', "unable to find api field in struct",
    "delete patch type with no merge key defined", "no merge key found", "the spec replicas field", "no endpoints available for service",
    # Times of an applied object are read after the merge.
    "parsing time ",
    # Not a bare 500: a revision that has not come yet (504), a node that is not there (503).
    "Too large resource version", "node .* cannot be reached",
]
# Answers that are not a Status: code, and what the body is.
PLAIN = [(404, r"404 page not found\n"), (400, r"400 Bad Request.*\s*"), *((code, "") for code in (400, 405, 413, 414, 431))]


class Finding(Exception):
    """An answer that should not be."""


class Fuzzer:
    """Sends cases by their numbers and judges what comes back."""

    def __init__(self, server, attacker, seed):
        self.server, self.attacker, self.seed = server, attacker, seed
        self.numbers, self.codes, self.findings = itertools.count(), collections.Counter(), {}

    def case(self, number):
        return self.attacker.case(random.Random(f"{self.seed}/{number}"))

    def work(self, begin, seconds):
        """Cases one after the other, until the time is over and there were enough, or enough was found."""
        connection = self.connect()
        while len(self.findings) < FINDINGS_MAX:
            passed = time.monotonic() - begin
            if passed > seconds and (self.codes.total() >= CASES_MIN or passed > PROLONGED_MAX * seconds):
                break
            number = next(self.numbers)
            case = self.case(number)
            try:
                self.codes[self.send(connection, case)] += 1
            except Finding as finding:
                self.findings.setdefault(re.sub(r"\d+", "0", str(finding))[:160], (number, case, finding))
            if connection.sock is None or case.streams:
                connection.close()
        connection.close()

    def connect(self):
        return http.client.HTTPSConnection("127.0.0.1", self.server.port, timeout=ANSWER_SECONDS_MAX, context=insecure())

    def send(self, connection, case):
        """Sends one case; returns the code of its answer."""
        if case.raw is not None:
            return self.send_raw(case)
        try:
            status, media, body = self.exchange(connection, case)
        except TimeoutError:
            connection.close()
            raise Finding(f"no answer within {ANSWER_SECONDS_MAX} s") from None
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            # A body that is too long is cut off, and HTTP/1.1 has no word for it but the end.
            if len(case.body or b"") > CUT_BYTES:
                return "cut"
            raise Finding(f"no answer: {type(error).__name__} {error}") from None
        if media == STREAM:
            return STREAM
        judge(case, status, media, body)
        return status

    def exchange(self, connection, case):
        """Code, media type and body of the answer. A connection that the server had left is opened again, once."""
        kept = connection.sock is not None
        try:
            connection.request(case.method, case.path, body=case.body, headers={"Authorization": f"Bearer {TOKEN}", **case.headers})
            answer = connection.getresponse()
            if case.streams and answer.status == 200:
                return answer.status, self.leave(connection, answer), b""
            return answer.status, answer.getheader("Content-Type", ""), answer.read()
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException):
            connection.close()
            if not kept:
                raise
            return self.exchange(connection, case)

    def leave(self, connection, answer):
        """A stream is read for a moment."""
        try:
            if connection.sock:
                connection.sock.settimeout(STREAM_SECONDS)
            answer.read(65_536)
        except OSError:
            pass
        connection.close()
        return STREAM

    def send_raw(self, case):
        try:
            answer = wire.send(self.server.port, case.raw, case.http2)
        except TimeoutError:
            raise Finding(f"the connection did not end within {wire.ANSWER_SECONDS_MAX} s") from None
        if case.http2:
            return "HTTP/2"
        return int(answer[9:12]) if answer.startswith(b"HTTP/1") else "closed"


def judge(case, code, media, body):
    """Refusals are told as the reference tells them."""
    if code < 400 or case.method == "HEAD":
        return
    text = body.decode(errors="replace")
    if code == 404 and not text and case.path.startswith("/openapi/v3/"):
        return  # a group version without a document: the reference writes the code only
    if code >= 500 and not any(re.search(known, text) for known in SERVER_ERRORS):
        raise Finding(f"{code} {text[:300]}")
    if media.startswith(protobuf.MEDIA):
        kind = protobuf.envelope(body)[1]
    elif media.startswith("application/yaml"):
        kind = "Status" if re.search(r"^kind: Status$", text, re.MULTILINE) and re.search(rf"^code: {code}$", text, re.MULTILINE) else ""
    elif media.startswith("application/json"):
        status = json.loads(text)
        kind = status["kind"] if status.get("code") == code else ""
    else:
        kind = "Status" if any(code == known and re.fullmatch(pattern, text) for known, pattern in PLAIN) else ""
    if kind != "Status":
        raise Finding(f"{code} {media or 'no type'} is no Status: {text[:300]!r}")


def prepare(server):
    """An object of every kind, and what is stored of each."""
    stubs.make_namespace(server)
    kinds, stored, messages, session = stubs.kinds(server), {}, {}, server.session()
    for kind in kinds:
        status, _, body = session.request("POST", kind.collection, kind.object)
        if status != 201:
            raise Failure(f"POST {kind.collection}: {status} {body[:300]!r}")
        stored[kind] = json.loads(body)
        messages[kind] = session.request("GET", kind.path, headers={"Accept": protobuf.MEDIA})[2]
    for name in ["a", "b", "c"]:
        session.request("POST", f"/api/v1/namespaces/{stubs.NAMESPACE}/configmaps", {"metadata": {"name": name}})
    token = json.loads(session.request("GET", f"/api/v1/namespaces/{stubs.NAMESPACE}/configmaps?limit=1")[2])["metadata"]["continue"]
    session.close()
    return attacks.Attacker(kinds, stored, messages, token)


def readable(server, kinds):
    """All that is stored can be read, in every form."""
    session = server.session()
    for kind in kinds:
        for accept in attacks.ACCEPTS[:3] + attacks.ACCEPTS[6:7]:
            status, _, body = session.request("GET", kind.collection, headers={"Accept": accept})
            if status != 200:
                raise Failure(f"after the fuzz: GET {kind.collection} as {accept}: {status} {body[:300]!r}")
    session.close()


def peak_bytes(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024


def fuzz(server, seed, seconds):
    attacker = prepare(server)
    fuzzer, before = Fuzzer(server, attacker, seed), server.resident_bytes()
    begin = time.monotonic()
    workers = [threading.Thread(target=fuzzer.work, args=[begin, seconds]) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    told = ", ".join(f"{code}: {count}" for code, count in sorted(fuzzer.codes.items(), key=str))
    after, peak = server.resident_bytes(), peak_bytes(server)
    print(f"seed {seed}: {fuzzer.codes.total()} cases ({told}); memory {before / 1e6:.0f} MB, then {after / 1e6:.0f} MB, at most {peak / 1e6:.0f} MB", flush=True)
    for number, case, finding in fuzzer.findings.values():
        print(f"--seed {seed} --case {number}: {case.method} {case.path[:200]} {case.headers}\n  {(case.body or case.raw or b'')[:300]!r}\n  {finding}")
    if fuzzer.findings:
        raise Failure(f"{len(fuzzer.findings)} findings")
    if fuzzer.codes.total() < CASES_MIN:
        raise Failure(f"fewer than {CASES_MIN} cases")
    if "panicked" in server.log.read_text(errors="replace"):
        raise Failure("the server panicked")
    if peak > PEAK_BYTES_MAX or after - before > GROWTH_BYTES_MAX:
        raise Failure(f"memory: more than {PEAK_BYTES_MAX} bytes at most, or {GROWTH_BYTES_MAX} bytes of growth")
    readable(server, attacker.kinds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=["embedded", "etcd"], default="embedded")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=SECONDS_FULL if os.environ.get("SHARDPLANE_FULL") else SECONDS)
    parser.add_argument("--case", type=int)
    options = parser.parse_args()
    with cluster(options.store) as server:
        if options.case is None:
            return fuzz(server, options.seed, options.seconds)
        fuzzer = Fuzzer(server, prepare(server), options.seed)
        case = fuzzer.case(options.case)
        print(f"{case}\n{case.body}")
        print(fuzzer.send(fuzzer.connect(), case))


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
