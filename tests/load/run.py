#!/usr/bin/env python3
"""`watchload` against the server that is built: a short fan-out, of which every event must arrive, and what either side spends on it.

The share is printed; only a tool that spends as much as the server fails here, for a debug build and a busy machine say no more. That an event
costs no more instructions than it may is for `cargo bench -p shardplane-load`, and a third of a release build's CPU for `tools/bench load`.
"""
import json, pathlib, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
from cluster import Failure, binary, cluster

WATCHERS, RATE, SECONDS = 200, 20, 5
RUN_SECONDS_MAX = 240
SHARE_MAX = 1


def main():
    with tempfile.TemporaryDirectory(prefix="shardplane-load-") as folder, cluster("embedded") as server:
        result = pathlib.Path(folder) / "result.json"
        command = [
            binary().parent / "watchload", "fanout", "--kubeconfig", server.kubeconfig, "--server-pid", server.process.pid,
            "--watchers", WATCHERS, "--rate", RATE, "--seconds", SECONDS, "--json", result,
        ]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=RUN_SECONDS_MAX)
        if done.returncode != 0:
            raise Failure(f"watchload ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        measures = {key: measure["value"] for key, measure in json.loads(result.read_text())["measures"].items()}
    if not measures["received"] == measures["expected"] == WATCHERS * RATE * SECONDS:
        raise Failure(f"{measures['received']} events of {WATCHERS * RATE * SECONDS} arrived")
    print(
        f"{measures['received']:.0f} events: the server spent {measures['million_events_server_cpu']:.1f} CPU-s per million, "
        f"watchload's reading {measures['own_reading_cpu']:.1f}, which is {measures['own_share']:.2f} of it"
    )
    if measures["own_share"] >= SHARE_MAX:
        raise Failure("watchload spends as much as the server: what it tells is of itself")


if __name__ == "__main__":
    begin = time.monotonic()
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
    print(f"in {time.monotonic() - begin:.0f} s")
