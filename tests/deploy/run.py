#!/usr/bin/env python3
"""The chart, the kustomize overlays and the image: what they render, that our own server takes it, and that it runs as it stands there.

    run.py            needs root, for namespaces of networks and mounts
"""
import contextlib, pathlib, shutil, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]
from cluster import Failure, cluster, tail
import accepted, image, rendering, running


def main():
    take(rendering.STEPS)
    take(image.STEPS)
    with cluster("embedded") as server, tempfile.TemporaryDirectory() as folder:
        take(accepted.STEPS, accepted.Clients(server, folder))
    with release() as running_release:
        take(running.STEPS, running_release)


def take(steps, *given):
    for step in steps:
        begun = time.monotonic()
        said = step(*given)
        print(f"{step.__name__}: {said or 'ok'} in {time.monotonic() - begun:.1f} s", flush=True)


@contextlib.contextmanager
def release():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="shardplane-deploy-"))
    # Processes of another user find their root in it.
    folder.chmod(0o755)
    found = None
    try:
        found = running.Release(folder)
        yield found
    except BaseException:
        for log in sorted([*folder.glob("*/server.log"), *folder.glob("pods/*/log")]):
            print(f"--- end of {log.relative_to(folder)}\n{tail(log, 20)}", file=sys.stderr)
        raise
    finally:
        if found:
            found.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
