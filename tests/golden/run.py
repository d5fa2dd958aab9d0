#!/usr/bin/env python3
"""Replays the recorded behaviour of the reference against a running server and holds the line that was reached.

    run.py --store embedded|etcd [--raise]      --raise writes the groups that got better into line.json
"""
import argparse, json, pathlib, sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]
from cluster import Failure, cluster
from corpus import LINE, replay


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=["embedded", "etcd"], default="embedded")
    parser.add_argument("--raise", dest="raises", action="store_true")
    options = parser.parse_args()
    line = json.loads(LINE.read_text())
    with cluster(options.store) as server:
        reached = replay(server)
    fell = []
    for group, least in line.items():
        matched, total = reached.get(group, (0, 0))
        print(f"{group}: {matched}/{total} ({100 * matched / max(total, 1):.1f} %), line {least}")
        if matched < least:
            fell.append(group)
        elif matched > least and options.raises:
            line[group] = matched
    if options.raises:
        LINE.write_text(json.dumps(line, indent=2) + "\n")
    if fell:
        raise Failure(f"fell below the line: {', '.join(fell)}")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
