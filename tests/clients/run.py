#!/usr/bin/env python3
"""Client libraries against a running server: the crate kube, PyPI kubernetes, npm @kubernetes/client-node.

    run.py --store embedded|etcd|tiers
"""
import argparse, os, pathlib, subprocess, sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
from cluster import TOOLS, Failure, binary
from tiers import STORES, served

SECONDS_MAX = 120


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", choices=STORES, default="embedded")
    with served(parser.parse_args().store) as server:
        environment = {**os.environ, "KUBECONFIG": str(server.kubeconfig), "NODE_PATH": str(TOOLS / "node" / "node_modules")}
        for name, command in {
            "kube": [binary().with_name("shardplane-clients")],
            "python": [TOOLS / "venv" / "bin" / "python", HERE / "python" / "workload.py"],
            # Modules are looked up beside the script: it is handed to a node that stands beside them.
            "node": ["node", "--input-type=module", "--eval", (HERE / "node" / "workload.mjs").read_text()],
        }.items():
            folder = TOOLS / "node" if name == "node" else HERE
            done = subprocess.run(list(map(str, command)), env=environment, cwd=folder, timeout=SECONDS_MAX, capture_output=True, text=True)
            if done.returncode != 0:
                raise Failure(f"{name}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
            print(f"client {name}: passed", flush=True)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
