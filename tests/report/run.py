#!/usr/bin/env python3
"""The HTML pages of `watchload`, opened in headless Chromium: results of short runs against a real server, two results side by side, and
one of a server that did things wrong.

    run.py                       on a laptop's and a phone's screen, light and dark
    run.py --screenshots FOLDER  keeps a picture of each
"""
import argparse, json, os, pathlib, shutil, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
from cluster import TOOLS, Failure, binary, cluster

WATCHLOAD = binary().parent / "watchload"
RUN_SECONDS_MAX = 240
RUNS = {
    "fanout": ["--watchers", "40", "--rate", "20", "--seconds", "3"],
    "storm": ["--clients", "4", "--pods", "40", "--seconds", "2"],
    "cluster": ["--nodes", "5", "--pods", "20", "--busy", "20", "--seconds", "3"],
}
LONG_NOTE = "watch 1: lost: revision " + "123456789" * 30 + " </script><img src=x onerror=alert(1)> & more"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--screenshots", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shardplane-report-") as folder:
        folder = pathlib.Path(folder)
        pages = make(folder)
        if options.screenshots:
            options.screenshots.mkdir(parents=True, exist_ok=True)
        found = open_all(pages, options.screenshots)
    wrong = [f"{page}: {what}" for page, all_of_it in found.items() for what in all_of_it]
    if wrong:
        raise Failure("\n".join(wrong))
    print(f"{len(found)} views of {len(pages)} pages are right")


def make(folder):
    """Runs `watchload` and gives the pages that it made."""
    pages, begin = [], time.monotonic()
    with cluster("embedded") as server:
        for scenario, arguments in RUNS.items():
            result, page = folder / f"{scenario}.json", folder / f"{scenario}.html"
            watchload(scenario, "--kubeconfig", server.kubeconfig, "--server-pid", server.process.pid, "--json", result, "--html", page, *arguments)
            pages.append(page)
    print(f"{len(pages)} runs in {time.monotonic() - begin:.0f} s", flush=True)
    both = folder / "compare.html"
    watchload("compare", folder / "fanout.json", folder / "cluster.json", "--html", both)
    return [*pages, both, wrong_result(folder)]


def wrong_result(folder):
    """The page of a result in which things are wrong, with the longest and worst texts."""
    result = json.loads((folder / "fanout.json").read_text())
    result["right"] = False
    result["notes"] = [LONG_NOTE, *result["notes"]]
    result["measures"]["lost"]["value"] = 123456789
    result["options"]["namespace"] = "a-very-long-name-of-a-namespace-" * 6
    content, page = folder / "wrong.json", folder / "wrong.html"
    content.write_text(json.dumps(result))
    watchload("page", content, page)
    return page


def watchload(*arguments):
    done = subprocess.run([str(part) for part in [WATCHLOAD, *arguments]], capture_output=True, text=True, timeout=RUN_SECONDS_MAX)
    if done.returncode != 0:
        raise Failure(f"watchload {arguments[0]} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def open_all(pages, screenshots):
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        raise Failure("chromium is not there: tests/tools/fetch brings it")
    # Modules are looked up beside the script: it is handed to a node that stands beside them.
    command = ["node", "--input-type=module", "--eval", (HERE / "page.mjs").read_text(), program, str(screenshots.resolve()) if screenshots else "", *map(str, pages)]
    done = subprocess.run(command, cwd=TOOLS / "node", capture_output=True, text=True, timeout=RUN_SECONDS_MAX)
    if done.returncode != 0:
        raise Failure(f"the browser: {done.stderr[-4000:]}")
    return json.loads(done.stdout)


if __name__ == "__main__":
    begin = time.monotonic()
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
    print(f"in {time.monotonic() - begin:.0f} s")
