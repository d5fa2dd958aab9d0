"""The measurements of the load that `peers.md` describes: starts servers, runs `watchload` against them, and prints one table.

What each number means is watchload's affair; how the reference does is carried here as it was measured, beside what issue 4 asks.
"""
import contextlib, json, os, pathlib, resource, statistics, subprocess, sys, tempfile, time

REPO = pathlib.Path(__file__).resolve().parents[2]
RESTART_SIGNAL = "restart the server now"
STORES = ["embedded", "etcd"]
RUN_SECONDS_MAX = 1800
SHARE_EVENTS_MIN = 50_000

CPU = "million_events_server_cpu"
SHARE, SHARE_MAX = "own_share", 1 / 3
MARGINAL = "marginal_million_events_server_cpu"


def fanout(title, arguments, reference, limit="", p99="", p99_limit="", repeats=3):
    """A run of `fanout` with the figures that all of them have."""
    figures = [
        (CPU, "CPU s per million events", reference, limit),
        (MARGINAL, "the same without the writes' cost", "", ""),
        ("events_per_second", "events/s", "", ""),
        ("latency_p99_ms", "p99 ms", p99, p99_limit),
        ("streams_ended", "streams ended", "", ""),
        ("own_reading_cpu", "watchload's reading, CPU s per million", "", ""),
        (SHARE, "the same as a part of the server's", "", "0.33"),
    ]
    return {"title": title, "arguments": ["fanout", *arguments], "figures": figures, "repeats": repeats}


# Each group has a server of its own. Figures: watchload's key, title, the reference's figure, the limit.
FULL = [
    [
        fanout("100 watchers x 50/s", ["--watchers", "100", "--rate", "50", "--baseline"], "71 (59-73)", p99="39"),
        fanout("1,000 x 10/s", ["--watchers", "1000", "--rate", "10", "--baseline"], "36.3 (35.7-37.7)", "2.5, aim 1.3", "61"),
        fanout("1,000 x 10/s, protobuf", ["--watchers", "1000", "--rate", "10", "--media", "protobuf"], "37.5", p99="68"),
        fanout("1,000 x 10/s, HTTP/1.1", ["--watchers", "1000", "--rate", "10", "--http1"], "32.9", p99="80"),
        fanout("1,000 x 40/s", ["--watchers", "1000", "--rate", "40"], "16.9 (13-30)", p99="344"),
        fanout("1,000 x 80/s", ["--watchers", "1000", "--rate", "80"], "17", "sustained, none ended", "6,685", "250"),
        fanout("1,000 x 10/s, one stream a connection",
               ["--watchers", "1000", "--rate", "10", "--streams-per-connection", "1"], "49.6", "18", "225"),
        fanout("5,000 x 4/s", ["--watchers", "5000", "--rate", "4"], "36", p99="3,408"),
    ],
    [
        fanout("1,000 x 20/s, none stalled", ["--watchers", "1000", "--rate", "20", "--stream-window", "65535"], "32.4 (24-40)"),
        fanout("1,000 x 20/s, a tenth stalled",
               ["--watchers", "1000", "--rate", "20", "--stream-window", "65535", "--stalled", "0.1"], "", p99_limit="+5% of none stalled"),
    ],
    [{"title": "10,000 idle, 100 a connection", "arguments": ["idle", "--watchers", "10000"], "repeats": 1,
      "figures": [("bytes_per_watch", "bytes per watch", "53,000", "4,000, aim 2,000")]}],
    [{"title": "10,000 idle, own connections", "arguments": ["idle", "--watchers", "10000", "--streams-per-connection", "1"],
      "repeats": 1, "figures": [("bytes_per_watch", "bytes per watch", "106,000", "38,000")]}],
    [
        {"title": "10,000 pods", "arguments": ["lists", "--pods", "10000", "--keep"], "repeats": 1, "figures": [
            ("pod_json_bytes", "a pod as JSON, bytes", "8,000", ""),
            ("pod_protobuf_bytes", "a pod as protobuf, bytes", "5,600", ""),
            ("bytes_per_pod", "memory per pod, bytes", "74,600", "9,000"),
            *[(f"{way}_{media}_{count}_thousand_server_cpu", f"{title}, {media}, {count}: CPU ms per 1,000", *told)
              for way, title, media, one, eight, limit in [
                  ("full", "full", "json", "154", "125", "25, aim 15"), ("full", "full", "protobuf", "71", "69", "10, aim 6"),
                  ("consistent", "consistent", "json", "137", "113", ""), ("consistent", "consistent", "protobuf", "86", "74", ""),
                  ("paged", "paged", "json", "131", "110", ""), ("paged", "paged", "protobuf", "85", "60", ""),
                  ("namespace", "one namespace", "json", "136", "147", ""), ("namespace", "one namespace", "protobuf", "84", "84", "")]
              for count, told in [(1, (one, limit)), (8, (eight, limit))]],
            *[(f"selected_{media}_{count}_request_server_cpu", f"by a label of 1%, {media}, {count}: CPU ms a request", told, "3")
              for media, count, told in [("json", 1, "30"), ("json", 8, "31"), ("protobuf", 1, "23"), ("protobuf", 8, "24")]],
            ("full_json_1_growth", "full, json, 1: memory grew by MB", "", "16"),
            ("full_json_8_growth", "full, json, 8: memory grew by MB", "653", "16"),
        ]},
        {"title": "restart with 1,000 watchers", "arguments": ["restart", "--watchers", "1000", "--pods", "10000", "--keep"], "repeats": 3,
         "figures": [("resumed", "resumed", "0", "1,000"), ("told_410", "told 410", "1,000", "0"), ("relists", "lists again", "1,000", "0"),
                     ("down_ms", "down until ready, ms", "10,900", ""), ("resumed_ms", "all open after readiness, ms", "", "1,000"),
                     ("confirmed_ms", "all had an event after readiness, ms", "", "")]},
    ],
    [{"title": f"{count:,} kubelets, 10,000 pods", "repeats": 3,
      "arguments": ["kubelets", "--watchers", str(count), "--pods", "10000", "--rate", "50", "--keep", "--baseline"],
      "figures": [("event_server_cpu", "CPU ms per event with its write", told, limit), ("latency_p99_ms", "p99 ms", p99, "")]}
     for count, told, limit, p99 in [(1000, "11.3", "", "135"), (5000, "7.6", "10% of that of 1,000", "705")]],
    [{"title": "writes", "arguments": ["writes"], "repeats": 1, "figures": [
        (f"{operation}_{count}_server_cpu", f"{operation}, {count} at a time: CPU s per 10,000", told, "")
        for operation, all_told in [("create", "26.4 11.1 9.4"), ("update", "25.7 11.7 12.8"), ("patch", "31 11.5 13"), ("delete", "26.6 8.7 7.5")]
        for count, told in zip([1, 16, 64], all_told.split())]}],
]

QUICK = [
    [
        fanout("20 x 10/s", ["--watchers", "20", "--streams-per-connection", "5", "--rate", "10", "--seconds", "3", "--baseline"], "", repeats=1),
        fanout("20 x 10/s, protobuf", ["--watchers", "20", "--rate", "10", "--seconds", "3", "--media", "protobuf"], "", repeats=1),
        fanout("20 x 10/s, HTTP/1.1", ["--watchers", "20", "--rate", "10", "--seconds", "3", "--http1"], "", repeats=1),
        {"title": "twenty resources", "arguments": ["resources", "--watchers", "40", "--rate", "20", "--seconds", "3"], "repeats": 1,
         "figures": [("latency_p99_ms", "p99 ms", "", "")]},
        {"title": "idle", "arguments": ["idle", "--watchers", "200"], "repeats": 1, "figures": [("bytes_per_watch", "bytes per watch", "", "")]},
        {"title": "writes", "arguments": ["writes", "--operations", "100", "--concurrency", "8"], "repeats": 1,
         "figures": [("create_8_server_cpu", "create: CPU s per 10,000", "", "")]},
    ],
    [
        {"title": "kubelets", "arguments": ["kubelets", "--watchers", "20", "--nodes", "10", "--pods", "50", "--rate", "20", "--seconds", "3"],
         "repeats": 1, "figures": [("event_server_cpu", "CPU ms per event", "", "")]},
        {"title": "lists", "arguments": ["lists", "--pods", "100", "--repeat", "1", "--concurrency", "2", "--keep"], "repeats": 1,
         "figures": [("full_json_2_thousand_server_cpu", "full: CPU ms per 1,000", "", "")]},
        {"title": "restart", "arguments": ["restart", "--watchers", "20", "--pods", "100"], "repeats": 1, "figures": [("resumed", "resumed", "", "")]},
    ],
]


def main(quick, stores, only):
    """Builds, measures, and prints; tells whether all runs came to a result without wrong deliveries."""
    program = build(quick)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    right = True
    for store in stores:
        rows = []
        for group in QUICK if quick else FULL:
            wanted = [run for run in group if not only or any(word in run["title"] or word == run["arguments"][0] for word in only)]
            if wanted:
                right &= measure_group(program, store, wanted, rows)
        print(f"\n### {store}, {'debug' if quick else 'release'} build, {os.cpu_count()} CPUs, {time.strftime('%Y-%m-%d')}\n")
        print("| work | figure | ours: median (lowest-highest) | reference | asked |\n|---|---|---|---|---|")
        print("\n".join(rows), flush=True)
    return right


def build(quick):
    """Builds what is not given; returns the load program."""
    profile = [] if quick else ["--release"]
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or REPO / "target") / ("debug" if quick else "release")
    given = os.environ.get("SHARDPLANE_BINARY")
    packages = ["-p", "shardplane-load", *([] if given else ["-p", "shardplane"])]
    subprocess.run(["cargo", "build", *profile, "--locked", *packages], cwd=REPO, check=True)
    os.environ["SHARDPLANE_BINARY"] = given or str(target / "shardplane")
    return target / "watchload"


def measure_group(program, store, runs, rows):
    right = True
    with server_on(store) as (server, etcd):
        for run in runs:
            results = []
            for _ in range(run["repeats"]):
                code, result = watchload(program, server, etcd, run["arguments"])
                right &= code == 0
                if result:
                    results.append(result)
            right &= reads_cheaply(run, results)
            rows += table_rows(run, results)
    return right


def reads_cheaply(run, results):
    """A tool that spends as much as the server measures itself. Beside a debug build, or a few events, it says nothing."""
    shares = [result["measures"][SHARE]["value"] for result in results
              if SHARE in result["measures"] and result["measures"]["received"]["value"] >= SHARE_EVENTS_MIN]
    cheap = not shares or statistics.median(shares) <= SHARE_MAX
    if not cheap:
        print(f"! {run['title']}: watchload spends {statistics.median(shares):.2f} of what the server does; at most a third is wanted")
    return cheap


@contextlib.contextmanager
def server_on(store):
    from cluster import Etcd, Server

    with tempfile.TemporaryDirectory(prefix="shardplane-load-") as folder:
        folder = pathlib.Path(folder)
        etcd = Etcd(folder) if store == "etcd" else None
        try:
            server = Server(folder, etcd)
            try:
                yield server, etcd
            finally:
                server.stop()
        finally:
            if etcd:
                etcd.stop()


def watchload(program, server, etcd, arguments):
    """One run; kills and restarts the server when it is asked to. Returns the exit code and the result."""
    with tempfile.TemporaryDirectory() as folder:
        result = pathlib.Path(folder) / "result.json"
        pids = ["--server-pid", str(server.process.pid), *(["--etcd-pid", str(etcd.process.pid)] if etcd else [])]
        pids = [] if arguments[0] == "restart" else pids
        command = [str(program), *arguments, "--kubeconfig", str(server.kubeconfig), "--json", str(result), *pids]
        print("+ watchload " + " ".join(arguments), flush=True)
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            for line in process.stderr:
                sys.stderr.write(line)
                if RESTART_SIGNAL in line:
                    server.process.kill()
                    server.process.wait()
                    server.start()
            code = process.wait(RUN_SECONDS_MAX)
        finally:
            process.kill()
            process.wait()
        return code, json.loads(result.read_text()) if result.exists() else None


def table_rows(run, results):
    rows, title = [], run["title"]
    for key, figure, reference, limit in run["figures"]:
        values = [result["measures"][key]["value"] for result in results if key in result["measures"]]
        if values or not results:
            rows.append(f"| {title} | {figure} | {spread(values)} | {reference} | {limit} |")
            title = ""
    return rows


def spread(values):
    if not values:
        return "no result"
    told = number(statistics.median(values))
    return told if len(values) == 1 else f"{told} ({number(min(values))}-{number(max(values))})"


def number(value):
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"
