#!/usr/bin/env python3
"""Replays the recorded behaviour of the reference against a running server and holds the line that was reached.

    run.py --store embedded|etcd|tiers [--bound] [--raise]
        --bound   as a user who is in no group that may all, bound to cluster-admin
        --raise   writes the groups that got better into line.json
"""
import argparse, json, pathlib, sys, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]
from cluster import BOUND_GROUP, BOUND_TOKEN, TOKEN, Failure
from corpus import LINE, replay
from tiers import STORES, served

# To the bound user some answers tell who asks (groups in reviews of oneself and in requests for certificates) or by which role; all
# others must be the same.
BOUND_LINE = HERE / "line-bound.json"
BIND_SECONDS_MAX = 10


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=STORES, default="embedded")
    parser.add_argument("--bound", action="store_true")
    parser.add_argument("--raise", dest="raises", action="store_true")
    options = parser.parse_args()
    path, token = (BOUND_LINE, BOUND_TOKEN) if options.bound else (LINE, TOKEN)
    line = json.loads(path.read_text())
    with served(options.store) as server:
        if options.bound:
            bind(server)
        reached = replay(server, line, token)
    fell = []
    for group, least in line.items():
        matched, total = reached.get(group, (0, 0))
        print(f"{group}: {matched}/{total} ({100 * matched / max(total, 1):.1f} %), line {least}")
        if matched < least:
            fell.append(group)
        elif matched > least and options.raises:
            line[group] = matched
    if options.raises:
        path.write_text(json.dumps(line, indent=2) + "\n")
    if fell:
        raise Failure(f"fell below the line: {', '.join(fell)}")


def bind(server):
    """Gives the bound user all rights by roles, and waits until they count."""
    binding = {"metadata": {"name": "bound"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
               "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": BOUND_GROUP}]}
    status, _, body = server.request("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
    if status != 201:
        raise Failure(f"the binding: {status} {body}")
    end = time.monotonic() + BIND_SECONDS_MAX
    while server.request("GET", "/api/v1/nodes", token=BOUND_TOKEN)[0] != 200:
        if time.monotonic() > end:
            raise Failure("the binding does not count")
        time.sleep(0.02)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
