#!/usr/bin/env python3
"""Watches as a running server serves them: shared out by shards, over WebSocket, and to their end when the server stops.

    run.py --store embedded|etcd
"""
import argparse, json, os, pathlib, signal, ssl, sys, threading, time, urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
from cluster import STOP_SECONDS_MAX, TOKEN, TOOLS, Failure, cluster, insecure

try:
    import websocket
except ImportError:
    # The client is in the tools' environment.
    python = TOOLS / "venv" / "bin" / "python"
    if pathlib.Path(sys.prefix) == TOOLS / "venv":
        raise
    os.execv(python, [str(python), *sys.argv])

MAPS = "/api/v1/namespaces/default/configmaps"
SPREAD_SECONDS = 3
WATCHERS = 24
BOUNDS = [0, 0x3000000000000000, 0x9000000000000000, 2**64]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=["embedded", "etcd"], default="embedded")
    options = parser.parse_args()
    with cluster(options.store) as server:
        shards_are_ignored_without_their_gate(server)
    extra = ["--feature-gates", "ShardedListAndWatch=true",
             f"--shutdown-watch-termination-grace-period={SPREAD_SECONDS}s"]
    with cluster(options.store, extra) as server:
        for number in range(40):
            create(server, f"m{number}")
        shards_share_everything_out(server)
        shards_share_changes_out(server)
        web_sockets_carry_events(server)
        watches_end_one_after_the_other(server)
    print(f"{options.store}: ok")


def create(server, name):
    code, _, body = server.request("POST", MAPS, {"metadata": {"name": name}})
    expect(code == 201, f"creating {name}: {code} {body}")
    return json.loads(body)


def shard(start, end):
    return urllib.parse.quote(f"shardRange(object.metadata.uid, '0x{start:016x}', '0x{end:016x}')")


def fnv(text):
    number = 14695981039346656037
    for byte in text.encode():
        number = (number ^ byte) * 1099511628211 % 2**64
    return number


def shards_are_ignored_without_their_gate(server):
    create(server, "one")
    whole = listed(server, "")
    halved = listed(server, f"?shardSelector={shard(0, 1)}")
    expect("shardInfo" not in halved["metadata"], "shardInfo without the gate")
    expect(len(whole["items"]) == len(halved["items"]) > 0, "a shard without the gate")


def listed(server, query):
    code, _, body = server.request("GET", MAPS + query)
    expect(code == 200, f"list{query}: {code} {body}")
    return json.loads(body)


def shards_share_everything_out(server):
    everything = {item["metadata"]["uid"] for item in listed(server, "")["items"]}
    seen = []
    for start, end in zip(BOUNDS, BOUNDS[1:]):
        selector = shard(start, end)
        found, token = [], ""
        while True:
            page = listed(server, f"?shardSelector={selector}&limit=5&continue={token}")
            expect(page["metadata"]["shardInfo"] == {"selector": urllib.parse.unquote(selector)}, f"shardInfo: {page['metadata']}")
            found += [item["metadata"]["uid"] for item in page["items"]]
            token = page["metadata"].get("continue", "")
            if not token:
                break
        expect(all(start <= fnv(uid) < end for uid in found), f"strangers in the shard from {start:x}")
        query = f"{MAPS}?watch=1&timeoutSeconds=1&shardSelector={selector}"
        _, _, body = server.request("GET", query)
        watched = [json.loads(line)["object"]["metadata"]["uid"] for line in body.splitlines()]
        expect(sorted(watched) == sorted(found), "a watch and a list of a shard differ")
        seen += found
    expect(sorted(seen) == sorted(everything), "the shards are not everything, or overlap")
    code, _, body = server.request("GET", f"{MAPS}?shardSelector=shardRange(object.metadata.uid,'0x0','0x1')")
    expect(code == 400 and b"invalid shard selector: hexStart must be" in body, f"a bad selector: {code} {body}")


def shards_share_changes_out(server):
    begin = listed(server, "")["metadata"]["resourceVersion"]
    shards = list(zip(BOUNDS, BOUNDS[1:]))
    # Of all namespaces, where a watch reads what is in its shards and little else.
    path = "/api/v1/configmaps"
    sockets = [connect(server, f"&resourceVersion={begin}&shardSelector={shard(*bounds)}", path) for bounds in shards]
    made = [create(server, f"shared-{number}")["metadata"]["uid"] for number in range(20)]
    for (start, end), socket in zip(shards, sockets):
        wanted = [uid for uid in made if start <= fnv(uid) < end]
        told = [json.loads(socket.recv())["object"]["metadata"]["uid"] for _ in wanted]
        expect(told == wanted, f"the changes of the shard from {start:x}: {told}, not {wanted}")
        socket.close()


def connect(server, query, path=MAPS, **options):
    url = f"wss://127.0.0.1:{server.port}{path}?watch=1{query}"
    headers = [f"Authorization: Bearer {TOKEN}", *options.pop("header", [])]
    return websocket.create_connection(url, timeout=20, header=headers, sslopt={"cert_reqs": ssl.CERT_NONE}, **options)


def web_sockets_carry_events(server):
    begin = listed(server, "")["metadata"]["resourceVersion"]
    socket = connect(server, f"&resourceVersion={begin}", subprotocols=["json.test"])
    expect(socket.getsubprotocol() == "json.test", "the subprotocol is agreed to")
    made = create(server, "over-web-socket")
    event = json.loads(socket.recv())
    expect((event["type"], event["object"]["metadata"]["uid"]) == ("ADDED", made["metadata"]["uid"]), f"{event}")
    socket.ping("there?")
    expect(socket.recv_data(control_frame=True) == (websocket.ABNF.OPCODE_PONG, b"there?"), "a pong")
    socket.close()
    protobuf = connect(server, f"&resourceVersion={begin}", header=["Accept: application/vnd.kubernetes.protobuf;stream=watch"])
    code, message = protobuf.recv_data()
    expect(code == websocket.ABNF.OPCODE_BINARY and message.startswith(b"\n\x05ADDED"), f"protobuf: {code} {message[:20]}")
    protobuf.close()
    ended = connect(server, "&resourceVersion=" + listed(server, "")["metadata"]["resourceVersion"] + "&timeoutSeconds=1")
    code, message = ended.recv_data()
    expect((code, message) == (websocket.ABNF.OPCODE_CLOSE, b"\x03\xe8"), f"the end: {code} {message}")
    try:
        connect(server, "&resourceVersionMatch=odd")
        raise Failure("a bad watch is upgraded")
    except websocket.WebSocketBadStatusException as refused:
        expect(refused.status_code == 422, f"a bad watch: {refused.status_code}")


def watches_end_one_after_the_other(server):
    begin = listed(server, "")["metadata"]["resourceVersion"]
    ends, opened = [], threading.Barrier(WATCHERS + 1)

    def read(number):
        query = f"&resourceVersion={begin}&allowWatchBookmarks=1"
        try:
            lines = by_socket(query) if number % 4 == 0 else by_stream(query)
            ends.append((time.monotonic(), lines))
        except Exception as error:
            ends.append((time.monotonic(), error))

    def by_stream(query):
        import http.client
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=30, context=insecure())
        connection.request("GET", f"{MAPS}?watch=1{query}", headers={"Authorization": f"Bearer {TOKEN}"})
        answer = connection.getresponse()
        opened.wait()
        # An unclean end is an exception.
        return answer.read().splitlines()

    def by_socket(query):
        socket = connect(server, query)
        opened.wait()
        lines = []
        while True:
            code, message = socket.recv_data()
            if code == websocket.ABNF.OPCODE_CLOSE:
                expect(message == b"\x03\xe8", f"closed with {message}")
                return lines
            lines.append(message)

    readers = [threading.Thread(target=read, args=[number]) for number in range(WATCHERS)]
    for reader in readers:
        reader.start()
    opened.wait()
    last = create(server, "last")["metadata"]["resourceVersion"]
    told = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    for reader in readers:
        reader.join()
    expect(server.process.wait(STOP_SECONDS_MAX) == 0, "the server's exit code")
    for _, lines in ends:
        expect(isinstance(lines, list), f"a watch broke off: {lines!r}")
        kinds = [json.loads(line)["type"] for line in lines]
        expect(kinds == ["ADDED", "BOOKMARK"], f"a watch was told {kinds}")
        until = json.loads(lines[-1])["object"]["metadata"]["resourceVersion"]
        expect(int(until) >= int(last), f"a bookmark at {until} before {last}")
    seconds = sorted(at - told for at, _ in ends)
    in_thirds = [sum(third <= at * 3 / SPREAD_SECONDS < third + 1 for at in seconds) for third in range(4)]
    expect(min(in_thirds[:3]) >= WATCHERS / 6, f"ends are not spread: {seconds}")
    expect(seconds[-1] < SPREAD_SECONDS + 15, f"the last end is late: {seconds}")
    # A client that comes back finds nothing missing.
    server.start()
    create(server, "after")
    _, _, body = server.request("GET", f"{MAPS}?watch=1&timeoutSeconds=1&resourceVersion={until}")
    names = [json.loads(line)["object"]["metadata"].get("name") for line in body.splitlines()]
    expect(names == ["after"], f"a resumed watch was told {names}")


def expect(holds, what):
    if not holds:
        raise Failure(what)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
