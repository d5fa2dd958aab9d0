#!/usr/bin/env python3
"""The chart, the kustomize overlays and the image: what they render, that our own server takes it, and that it runs as it stands there.

    run.py            needs root, for namespaces of networks and mounts
"""
import pathlib, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]
from cluster import Failure, cluster
import accepted, image, offloading, operators, rendering, running
from release import release


def main():
    take(rendering.STEPS)
    take(image.STEPS)
    with cluster("embedded") as server, tempfile.TemporaryDirectory() as folder:
        clients = accepted.Clients(server, folder)
        take([*accepted.STEPS, *operators.STEPS], clients)
    for suite in [offloading, running]:
        with release(suite.serve) as installed:
            take(suite.STEPS, installed)


def take(steps, *given):
    for step in steps:
        begun = time.monotonic()
        said = step(*given)
        print(f"{step.__name__}: {said or 'ok'} in {time.monotonic() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
